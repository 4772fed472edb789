/**
 * Measures one kernel: the best time in ns a sample, of 40 runs over a megabyte of noise. A run
 * begins with a new source, so coloured noise has its warm-up in the time.
 *
 *     node kernel.js native|INSTRUCTION_SET|wasm|ts|naive [KIND]
 */

import { loadAddon } from '../../dist-lib/backends/addon.js'
import { loadWasmModule } from '../../dist-lib/backends/wasm.js'
import { tsKernels } from '../../dist-lib/core/kernels.js'
import { wasmKernels } from '../../dist-lib/core/kernels-wasm.js'
import { findKind } from '../../dist-lib/core/noise/kinds.js'
import { openGenerated } from '../../dist-lib/core/noise/noise.js'
import { sayReported } from './build.js'

const BLOCK = 4096
const BLOCKS = 64
const RUNS = 40
const [, , name, kind = 'gaussian'] = process.argv
const key = { low: 1, high: 2 }
const parameters = Float64Array.from(findKind(kind).parameters, (parameter) => parameter.default)
const signal = { channels: 1, sampleRate: 48_000, frames: BLOCK * BLOCKS }

/** Like all others, it writes a megabyte, which a core's nearest caches do not hold. */
function fillWith(kernels: typeof tsKernels): () => void {
  const out = kernels.floats(BLOCK * BLOCKS)
  return () => {
    const source = openGenerated({ kind, parameters, key }, signal, kernels)
    for (let at = 0; at < out.length; at += BLOCK) source.fill(0, at, out.subarray(at, at + BLOCK), BLOCK)
  }
}

/** Box and Muller's formula, as many programs have it. */
function naive(): () => void {
  const out = new Float32Array(BLOCK * BLOCKS)
  return () => {
    for (let i = 0; i < out.length; i += 2) {
      const radius = Math.sqrt(-2 * Math.log(1 - Math.random()))
      const angle = 2 * Math.PI * Math.random()
      out[i] = radius * Math.cos(angle)
      out[i + 1] = radius * Math.sin(angle)
    }
  }
}

function kernel(): () => void {
  if (name === 'ts') return fillWith(tsKernels)
  if (name === 'naive') return naive()
  if (name === 'wasm') {
    const loaded = loadWasmModule()
    if ('reason' in loaded) throw new Error(loaded.reason)
    return fillWith(wasmKernels(loaded.module))
  }
  const loaded = loadAddon()
  if ('reason' in loaded) throw new Error(loaded.reason)
  const { addon } = loaded
  if (name !== 'native' && !addon.useInstructionSet(name)) throw new Error(`no ${name} here`)
  const out = new Float32Array(BLOCK * BLOCKS)
  return () => addon.fillNoise(kind, { key, parameters, ...signal }, 0, 0, out)
}

const run = kernel()
let best = Number.POSITIVE_INFINITY
for (let i = 0; i < RUNS; i++) {
  const started = process.hrtime.bigint()
  run()
  best = Math.min(best, Number(process.hrtime.bigint() - started) / (BLOCK * BLOCKS))
}
sayReported({ value: best })

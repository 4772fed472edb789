/**
 * Benchmark of noise generation on one core, in ns per sample. The table "Kernels" compares every
 * kernel with NumPy's float32 standard_normal and with naive JavaScript. The table "Kinds" compares
 * the other kinds of noise with how they are made in NumPy.
 */

import { fileURLToPath } from 'node:url'
import { loadAddon } from '../dist-lib/backends/addon.js'
import { noiseKinds } from '../dist-lib/core/noise/kinds.js'
import { type Contender, compare, report, time } from './harness.js'

const ROUNDS = Number(process.argv[2] ?? 9)

const trial = fileURLToPath(new URL('./kernel-trial.js', import.meta.url))
const inNode = (kernel: string, kind = 'gaussian', name = kernel): Contender => ({
  name,
  run: async () => Number((await time(process.execPath, [trial, kernel, kind])).output),
})

/** Prints the best time of a statement, which makes a megabyte of noise. */
const timed = (statement: string) => `
import time, numpy as np
g, n, best = np.random.default_rng(1), 4096 * 64, 9e9
out = np.empty(n, np.float32)
f = np.maximum(np.fft.rfftfreq(n), 20 / 48000)
for _ in range(40):
    t = time.perf_counter()
    ${statement}
    best = min(best, time.perf_counter() - t)
print(best * 1e9 / n)
`
const inNumPy = (name: string, statement: string): Contender => ({
  name,
  run: async () => Number((await time('python3', ['-c', timed(statement)])).output),
})

/** White noise, whose spectrum is multiplied by the power of the frequency: no other noise can continue it. */
const colored = (slope: number) =>
  `x = np.fft.irfft(np.fft.rfft(g.standard_normal(n)) * f ** ${slope / 2 / (10 * Math.log10(2))}); x /= x.std()`

const statementOf: Readonly<Record<string, string>> = {
  gaussian: 'g.standard_normal(out=out, dtype=np.float32)',
  uniform: 'g.random(out=out, dtype=np.float32); np.subtract(out, 0.5, out=out); np.multiply(out, 12 ** 0.5, out=out)',
  ...Object.fromEntries(
    noiseKinds.flatMap((kind) => ('slope' in kind && kind.slope ? [[kind.name, colored(kind.slope)] as const] : [])),
  ),
  color: colored(-3),
}

const numpy = inNumPy('NumPy standard_normal float32', statementOf.gaussian)
const loaded = loadAddon()
const native = 'addon' in loaded ? loaded.addon.instructionSets() : []
const contenders = [numpy, ...[...native, 'wasm', 'ts', 'Math.random Box-Muller'].map((name) => inNode(name))]
report('Kernels', 'ns a sample', await compare(contenders, ROUNDS), numpy.name)

const kernels = [...native.filter((name) => name === 'avx2' || name === 'neon'), 'wasm', 'ts']
const ofKinds = noiseKinds.flatMap(({ name: kind }) => [
  inNumPy(`${kind}: NumPy`, statementOf[kind]),
  ...kernels.map((kernel) => inNode(kernel, kind, `${kind}: ${kernel}`)),
])
report('Kinds', 'ns a sample', await compare(ofKinds, ROUNDS), `gaussian: ${kernels[0]}`)

/**
 * Benchmark of noise generation on one core, in ns per sample. It compares every kernel with
 * NumPy's float32 standard_normal and with naive JavaScript.
 */

import { fileURLToPath } from 'node:url'
import { loadAddon } from '../dist-lib/backends/addon.js'
import { type Contender, compare, report, time } from './harness.js'

const ROUNDS = Number(process.argv[2] ?? 9)

const trial = fileURLToPath(new URL('./kernel-trial.js', import.meta.url))
const inNode = (name: string): Contender => ({
  name,
  run: async () => Number((await time(process.execPath, [trial, name])).output),
})

const NUMPY = `
import time, numpy as np
g, out, best = np.random.default_rng(1), np.empty(4096 * 64, np.float32), 9e9
for _ in range(40):
    t = time.perf_counter()
    g.standard_normal(out=out, dtype=np.float32)
    best = min(best, time.perf_counter() - t)
print(best * 1e9 / out.size)
`
const numpy: Contender = {
  name: 'NumPy standard_normal float32',
  run: async () => Number((await time('python3', ['-c', NUMPY])).output),
}

const loaded = loadAddon()
const native = 'addon' in loaded ? loaded.addon.instructionSets() : []
const contenders = [numpy, ...[...native, 'wasm', 'ts', 'Math.random Box-Muller'].map(inNode)]
report('Kernels', 'ns a sample', await compare(contenders, ROUNDS), numpy.name)

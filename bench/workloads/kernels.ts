/** Making Gaussian noise on one core: noisemill's kernels, NumPy, and a formula as anyone would write it. */

import { loadAddon } from '../../dist-lib/backends/addon.js'
import { missingAddon, missingPython, missingWasm, nodeProgram, pythonProgram } from '../harness/commands.js'
import type { Contender, Missing, Workload } from '../harness/workload.js'

/** Instruction sets that the addon has kernels for, with their names for people; 64-bit ARM has one. */
const INSTRUCTION_SETS: Readonly<Record<string, string>> =
  process.arch === 'arm64' ? { neon: 'NEON' } : { avx512: 'AVX-512', avx2: 'AVX2', sse2: 'SSE2' }

async function missingInstructionSet(name: string): Promise<Missing | undefined> {
  const loaded = loadAddon()
  if ('reason' in loaded) return missingAddon()
  if (loaded.addon.instructionSets().includes(name)) return undefined
  return { what: `a CPU with ${INSTRUCTION_SETS[name]}`, install: 'This CPU does not have it.' }
}

/** A kernel in a process of its own. */
export const inNode = (
  name: string,
  label: string,
  kernel: string,
  kind: string,
  rest: Pick<Contender, 'missing'> = {},
): Contender => ({
  name,
  label,
  kind: kernel === 'naive' ? 'node' : 'noisemill',
  value: 'reported',
  ...rest,
  command: (place) => nodeProgram(place, 'kernel.js', kernel, kind),
})

export const inNumPy = (name: string, label: string, ...args: readonly string[]): Contender => ({
  name,
  label,
  kind: 'python',
  value: 'reported',
  missing: () => missingPython('numpy'),
  command: () => pythonProgram('numpy_noise.py', ...args),
})

export const kernels: Workload = {
  name: 'kernels',
  title: 'Gaussian noise on one core',
  question: 'What does a sample of noise cost?',
  unit: 'ns a sample',
  reference: 'numpy',
  work: () => 'A megabyte of float32 samples, the best of 40 times in a process',
  needs: () => ({ disk: 0, memory: 2e8 }),
  contenders: () => [
    inNumPy('numpy', 'NumPy, standard_normal in float32', 'gaussian'),
    ...Object.entries(INSTRUCTION_SETS).map(([name, label]) =>
      inNode(name, `C++, ${label}`, name, 'gaussian', { missing: () => missingInstructionSet(name) }),
    ),
    inNode('wasm', 'WebAssembly', 'wasm', 'gaussian', { missing: missingWasm }),
    inNode('ts', 'TypeScript', 'ts', 'gaussian'),
    inNode('naive', "Math.random, Box and Muller's formula", 'naive', 'gaussian'),
  ],
}

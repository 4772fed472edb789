/** Making all kinds of noise on one core, with each kernel and with NumPy. */

import { noiseKinds } from '../../dist-lib/core/noise/kinds.js'
import { missingAddon, missingWasm } from '../harness/commands.js'
import type { Workload } from '../harness/workload.js'
import { inNode, inNumPy } from './kernels.js'

/** Slope of the kind `color`, whose slope may be chosen, in dB an octave. It is noisemill's default. */
const CHOSEN_SLOPE = -3

/** Arguments of numpy_noise.py. */
function numpyArguments(kind: (typeof noiseKinds)[number]): readonly string[] {
  if (kind.name === 'gaussian' || kind.name === 'uniform') return [kind.name]
  return ['color', String('slope' in kind && kind.slope ? kind.slope : CHOSEN_SLOPE)]
}

export const kinds: Workload = {
  name: 'kinds',
  title: 'Kinds of noise on one core',
  question: 'What does a sample of each kind of noise cost?',
  unit: 'ns a sample',
  reference: 'gaussian-native',
  work: () =>
    'A megabyte of float32 samples of each kind, the best of 40 times in a process; C++ uses the best instruction set',
  needs: () => ({ disk: 0, memory: 2e8 }),
  contenders: () =>
    noiseKinds
      .flatMap((kind) => [
        inNumPy(`${kind.name}-numpy`, `${kind.name}: NumPy`, ...numpyArguments(kind)),
        inNode(`${kind.name}-native`, `${kind.name}: C++`, 'native', kind.name, { missing: missingAddon }),
        inNode(`${kind.name}-wasm`, `${kind.name}: WebAssembly`, 'wasm', kind.name, { missing: missingWasm }),
        inNode(`${kind.name}-ts`, `${kind.name}: TypeScript`, 'ts', kind.name),
      ])
      .map((contender) => ({ ...contender, isOnlyInFull: true })),
}

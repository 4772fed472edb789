/** What noise a job adds, as one value that jobs on files and on slices contain, and the source that it stands for. */

import { Failure } from '../failure.js'
import type { Kernels } from '../kernels.js'
import { GeneratedSource } from './generated.js'
import type { NoiseKey } from './keys.js'
import { findKind } from './kinds.js'
import type { NoiseSource, SignalShape } from './source.js'

/**
 * How loud the noise is. `deviation` is the standard deviation of the noise: in units of full scale if `kind` is 'sigma', as a
 * multiple of the signal's RMS if it is 'snr'.
 */
export interface NoiseLevel {
  readonly kind: 'sigma' | 'snr'
  readonly deviation: number
}

/** Plain data that crosses threads. All options are checked and the level is drawn by then. native/core/noise/noise.h is its twin. */
export interface Noise {
  /** Name of the kind, see kinds.ts. */
  readonly kind: string
  /** Values of the kind's parameters, in the order in which it declares them. */
  readonly parameters: Float64Array
  readonly key: NoiseKey
  readonly level: NoiseLevel
  /** Whether float formats are clamped to [-1, 1]; PCM always is clamped to its range. */
  readonly clip: boolean
}

/**
 * Checks what options have checked before, for jobs that come from elsewhere. Throws Failure E_OPTION_INVALID. Native core trusts its callers,
 * so jobs are checked before they cross to it.
 */
export function checkNoise({ kind, parameters }: Noise): void {
  const { length } = findKind(kind).parameters
  if (parameters.length !== length)
    throw new Failure(
      'E_OPTION_INVALID',
      `${parameters.length} parameters of the noise kind ${kind}, which has ${length}`,
    )
}

/** The source of this noise for a signal. Throws Failure E_OPTION_INVALID for a kind that does not exist. */
export function openSource({ kind, parameters, key }: Noise, signal: SignalShape, kernels: Kernels): NoiseSource {
  const { channels, sampleRate, frames } = signal
  return new GeneratedSource(findKind(kind), { key, parameters, channels, sampleRate, frames }, kernels)
}

/**
 * The noise that a job adds, as one value in jobs on files and on slices, and the source that it
 * describes.
 */

import { Failure } from '../failure.js'
import type { Kernels } from '../kernels.js'
import { GeneratedSource } from './generated.js'
import type { NoiseKey } from './keys.js'
import { findKind } from './kinds.js'
import type { NoiseSource, SignalShape } from './source.js'

/**
 * Level of the noise. `deviation` is its standard deviation: in full-scale units if `kind` is
 * 'sigma', as a multiple of the signal's RMS if it is 'snr'.
 */
export interface NoiseLevel {
  readonly kind: 'sigma' | 'snr'
  readonly deviation: number
}

/**
 * The noise of a job, as plain data that crosses threads. Options are already checked and the level
 * is drawn. The twin is native/core/noise/noise.h.
 */
export interface Noise {
  /** Name of the kind; see kinds.ts. */
  readonly kind: string
  /** Values of the kind's parameters, in the order of its declaration. */
  readonly parameters: Float64Array
  readonly key: NoiseKey
  readonly level: NoiseLevel
  /** Whether float formats are clamped to [-1, 1]. PCM is always clamped to its range. */
  readonly clip: boolean
}

/**
 * Checks the noise of a job that may not come from checked options. Throws Failure
 * E_OPTION_INVALID. Native core trusts its callers, so jobs are checked before they cross to it.
 */
export function checkNoise({ kind, parameters }: Noise): void {
  const { length } = findKind(kind).parameters
  if (parameters.length !== length)
    throw new Failure(
      'E_OPTION_INVALID',
      `${parameters.length} parameters of the noise kind ${kind}, which has ${length}`,
    )
}

/**
 * Opens the source of this noise for a signal. Throws Failure E_OPTION_INVALID if the kind does not
 * exist.
 */
export function openSource({ kind, parameters, key }: Noise, signal: SignalShape, kernels: Kernels): NoiseSource {
  const { channels, sampleRate, frames } = signal
  return new GeneratedSource(findKind(kind), { key, parameters, channels, sampleRate, frames }, kernels)
}

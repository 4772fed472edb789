/**
 * What a kind of noise is. A kind gives a pure function from (key, parameters, channel, frame) to
 * samples.
 */

import type { NoiseContext } from './source.js'

/** A parameter of a kind. Checks, command-line flags and help are generated from it. */
export interface NoiseParameter {
  readonly name: string
  readonly summary: string
  readonly unit: string
  readonly minimum: number
  readonly maximum: number
  readonly default: number
}

interface Declaration {
  readonly name: string
  readonly summary: string
  readonly parameters: readonly NoiseParameter[]
  /** Whether an SNR refers to its nominal power, as stream version 1 does, and not to its measured power. */
  readonly isNominal: boolean
  /** Whether the noise depends on the sample rate, as it does with parameters in Hz. */
  readonly needsSampleRate: boolean
}

/**
 * A kind that generates its values from random words: one file in each half of core, and one line
 * in each registry (kinds.ts, kinds.h).
 */
export interface GeneratedKind extends Declaration {
  /**
   * Frames in a block, a multiple of BLOCK_FRAMES. `seed` is called at the start of each block, and
   * random access begins there.
   */
  readonly blockFrames: number
  /** 32-bit words of state for each channel. */
  readonly stateWords: number
  /**
   * Sets `state` for the first frame of a block of `blockFrames`. The earlier content of `state`
   * has no effect.
   */
  seed(state: Uint32Array, context: NoiseContext, channel: number, block: number): void
  /**
   * Writes the next `frames` values of a channel and advances `state`. This is the inner loop, so
   * it exists in WebAssembly too, with the same bits.
   *
   * @param out has room for `frames` rounded up to FILL_FRAMES
   * @param frames a multiple of FILL_FRAMES, except at the end of the signal
   */
  fill(state: Uint32Array, parameters: Float64Array, out: Float32Array, frames: number): void
}

/**
 * A kind whose noise is white Gaussian noise through the filter of color.ts: one line in each
 * registry. Its last parameter is `low`.
 */
export interface ColoredKind extends Declaration {
  /** Slope of the density in dB per octave; undefined if it is the first parameter. */
  readonly slope: number | undefined
}

export type NoiseKind = GeneratedKind | ColoredKind

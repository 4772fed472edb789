/** What makes noise for the frames of one signal. */

import type { NoiseKey } from './keys.js'

/** Frames of a noise block. Files are cut between blocks, so that several threads can work on one. */
export const BLOCK_FRAMES = 4096
/** Noise is made in whole multiples of this many frames: two values from each of the 16 lanes. */
export const FILL_FRAMES = 32

/** The signal that noise is made for, as far as a source may know it. */
export interface SignalShape {
  readonly channels: number
  /** Frames a second; 0 where nobody has said, see `NoiseKind.needsSampleRate`. */
  readonly sampleRate: number
  /** Length of the whole signal. */
  readonly frames: number
}

/** All that generated noise follows from, but for channel and frame. */
export interface NoiseContext extends SignalShape {
  readonly key: NoiseKey
  /** In the order in which the kind declares them. */
  readonly parameters: Float64Array
}

/** Noise with random access. native/core/noise/source.h is its twin. */
export interface NoiseSource {
  /**
   * Writes the noise of one channel for `frames` frames from `frame` on. Going on where the last call for that channel ended is
   * quick; another place costs at most the work of a block more.
   *
   * @param frame a multiple of FILL_FRAMES
   * @param out has room for `frames` rounded up to FILL_FRAMES
   */
  fill(channel: number, frame: number, out: Float32Array, frames: number): void
}

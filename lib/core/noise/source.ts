/** Interface of a source of noise for the frames of one signal. */

import type { NoiseKey } from './keys.js'

/**
 * Frames in a noise block. Files are cut between blocks, so that several threads can work on one
 * file.
 */
export const BLOCK_FRAMES = 4096
/** Noise is generated in multiples of this many frames: two values from each of the 16 lanes. */
export const FILL_FRAMES = 32

/** The properties of a signal on which its noise may depend. */
export interface SignalShape {
  readonly channels: number
  /** Frames per second; 0 if unknown, see `needsSampleRate` of NoiseKind. */
  readonly sampleRate: number
  /** Length of the whole signal. */
  readonly frames: number
}

/** Everything that generated noise depends on, except channel and frame. */
export interface NoiseContext extends SignalShape {
  readonly key: NoiseKey
  /** In the order of the kind's declaration. */
  readonly parameters: Float64Array
}

/** A source of noise with random access. The twin is native/core/noise/source.h. */
export interface NoiseSource {
  /**
   * Writes the noise of `frames` frames of one channel, from `frame` on. It is fast if it continues
   * the last call for that channel. Elsewhere it costs at most one more block.
   *
   * @param frame a multiple of FILL_FRAMES
   * @param out has room for `frames` rounded up to FILL_FRAMES
   */
  fill(channel: number, frame: number, out: Float32Array, frames: number): void
  /** Closes the files that the noise is read from. Only sources of recorded noise have any. */
  close?(): void
}

/** What a generated kind of noise is: a pure function from (key, parameters, channel, frame) to samples. */

import type { NoiseContext } from './source.js'

/** One setting of a kind, from which checks, command-line flags and help are made. */
export interface NoiseParameter {
  readonly name: string
  readonly summary: string
  readonly unit: string
  readonly minimum: number
  readonly maximum: number
  readonly default: number
}

/** A generated kind: one file in each half of core, and a line in each registry (kinds.ts, kinds.h). */
export interface NoiseKind {
  readonly name: string
  readonly summary: string
  readonly parameters: readonly NoiseParameter[]
  /** Whether the noise depends on the sample rate, as with parameters in Hz. */
  readonly needsSampleRate: boolean
  /** Frames after which `seed` is called again: a multiple of BLOCK_FRAMES. Random access starts there. */
  readonly blockFrames: number
  /** 32-bit words of state for one channel. */
  readonly stateWords: number
  /** Puts `state` at the first frame of a block of `blockFrames`. What it holds from before has no effect. */
  seed(state: Uint32Array, context: NoiseContext, channel: number, block: number): void
  /**
   * Writes the next `frames` values of a channel and moves `state` past them. This is the inner loop, so WebAssembly has one
   * too, with the same bits.
   *
   * @param out has room for `frames` rounded up to FILL_FRAMES
   * @param frames a multiple of FILL_FRAMES, except at the end of the signal
   */
  fill(state: Uint32Array, parameters: Float64Array, out: Float32Array, frames: number): void
}

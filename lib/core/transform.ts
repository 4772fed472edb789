/** Adds noise to the frames of a signal, piece by piece, and keeps track of blocks and channels. */

import { type Kernels, tsKernels } from './kernels.js'
import type { MixTally } from './mix.js'
import { type Noise, openSource } from './noise/noise.js'
import { BLOCK_FRAMES, FILL_FRAMES, type NoiseSource } from './noise/source.js'
import { foldBlock } from './sums.js'
import { type FrameLayout, type SampleValues, sampleScratch, swapBytes } from './wav/samples.js'

/** Maximum number of samples in a piece. Together with their noise they stay in a level-2 cache. */
const PIECE_SAMPLES = 16384

/**
 * Returns the number of frames in a piece, which is processed at once. It is a power of two, so
 * that blocks end where pieces end. It is also a multiple of the frames that noise is generated in.
 */
export function pieceFrames(channels: number): number {
  let frames = BLOCK_FRAMES
  while (frames > FILL_FRAMES && frames * channels > PIECE_SAMPLES) frames /= 2
  return frames
}

/** Sums and counts of one part of the frames: the sum of each block, in order. */
export interface PartTally {
  readonly signal: readonly number[]
  readonly noise: readonly number[]
  readonly clipped: number
  readonly nonFinite: number
}

/** Sums of squares and counts of all frames. Parts are added in their order. */
export class FileTally {
  signal = 0
  noise = 0
  clipped = 0
  nonFinite = 0

  add(part: PartTally): void {
    for (const block of part.signal) this.signal += block
    for (const block of part.noise) this.noise += block
    this.clipped += part.clipped
    this.nonFinite += part.nonFinite
  }
}

/** Processes frames in pieces, from the first frame of a block on, and collects their sums. */
export abstract class FrameWalk {
  protected readonly tally: MixTally
  protected readonly scratch: SampleValues
  readonly #pieceFrames: number
  readonly #signal: number[] = []
  readonly #noise: number[] = []

  constructor(
    protected readonly layout: FrameLayout,
    /** The next frame to process. */
    protected frame: number,
    protected readonly kernels: Kernels = tsKernels,
  ) {
    this.#pieceFrames = pieceFrames(layout.channels)
    this.scratch = sampleScratch(layout.format, this.#pieceFrames * layout.channels, kernels)
    this.tally = kernels.tally()
  }

  /**
   * Processes the next frames, in place.
   *
   * @param bytes whole frames, aligned to the sample size (no alignment for PCM 24); in all calls
   *   but the last, whole pieces
   */
  run(bytes: Uint8Array): void {
    const { format, blockAlign, bigEndian, frames: total } = this.layout
    const frames = bytes.length / blockAlign
    for (let done = 0; done < frames; ) {
      const count = Math.min(this.#pieceFrames, frames - done)
      const samples = bytes.subarray(done * blockAlign, (done + count) * blockAlign)
      if (bigEndian) swapBytes(format, samples)
      this.piece(samples, count)
      if (bigEndian) swapBytes(format, samples)
      done += count
      this.frame += count
      if (this.frame % BLOCK_FRAMES === 0 || this.frame === total) {
        this.#signal.push(foldBlock(this.tally.signal))
        this.#noise.push(foldBlock(this.tally.noise))
      }
    }
  }

  /** Returns the sums, once the walk has reached the end of a block or the last frame. */
  takeTally(): PartTally {
    const { clipped, nonFinite } = this.tally
    return { signal: this.#signal, noise: this.#noise, clipped, nonFinite }
  }

  protected abstract piece(bytes: Uint8Array, frames: number): void
}

/** Measures the mean power that an SNR refers to, and changes nothing. */
export class PowerMeter extends FrameWalk {
  protected piece(bytes: Uint8Array, frames: number): void {
    const count = frames * this.layout.channels
    const { format } = this.layout
    this.kernels.measure(this.kernels.decode(format, bytes, count, this.scratch), count, format, this.tally)
  }
}

/** Adds noise to the frames. */
export class NoiseTransform extends FrameWalk {
  readonly #source: NoiseSource
  readonly #noise: Float32Array
  readonly #channelNoise: Float32Array

  /**
   * @param sigma standard deviation of the noise in full-scale units, also if its level is an SNR
   */
  constructor(
    layout: FrameLayout,
    firstFrame: number,
    readonly noise: Noise,
    readonly sigma: number,
    kernels: Kernels = tsKernels,
  ) {
    super(layout, firstFrame, kernels)
    const frames = pieceFrames(layout.channels)
    this.#source = openSource(noise, layout, kernels)
    this.#noise = kernels.floats(frames * layout.channels)
    this.#channelNoise = layout.channels === 1 ? this.#noise : kernels.floats(frames)
  }

  protected piece(bytes: Uint8Array, frames: number): void {
    const { format, channels, validBits } = this.layout
    this.#fillNoise(frames)
    const count = frames * channels
    const values = this.kernels.decode(format, bytes, count, this.scratch)
    this.kernels.mix(values, this.#noise, count, format, validBits, this.sigma, this.noise.clip, this.tally)
    this.kernels.encode(format, values, bytes, count)
  }

  /** Generates noise for the next frames of every channel, interleaved like the samples. */
  #fillNoise(frames: number): void {
    const { channels } = this.layout
    for (let channel = 0; channel < channels; channel++) {
      this.#source.fill(channel, this.frame, this.#channelNoise, frames)
      if (channels === 1) return
      this.kernels.interleave(this.#channelNoise, this.#noise, frames, channel, channels)
    }
  }
}

/** The transform: noise onto the frames of one file, run after run, with blocks and channels kept straight. */

import { type Kernels, tsKernels } from './kernels.js'
import type { MixTally } from './mix.js'
import { BLOCK_FRAMES, FILL_FRAMES, type FileKey, type NoiseKind } from './noise/kinds.js'
import type { WavHeader } from './wav/header.js'
import { type SampleValues, sampleScratch } from './wav/samples.js'

/** Samples that are worked on at once: with what goes with them they stay in a level-2 cache. */
const SLICE_SAMPLES = 16384

/**
 * Frames that are worked on at once: a power of two, so that slices end where blocks end, and a multiple of what noise
 * is made in.
 */
export function sliceFrames(channels: number): number {
  let frames = BLOCK_FRAMES
  while (frames > FILL_FRAMES && frames * channels > SLICE_SAMPLES) frames /= 2
  return frames
}

export interface NoiseSettings {
  readonly kind: NoiseKind
  readonly parameters: Float64Array
  readonly key: FileKey
  /** Standard deviation in full-scale units. */
  readonly sigma: number
  readonly clip: boolean
}

/** Walks the frames of a file in slices, and adds up what it sees. */
abstract class FrameWalk {
  readonly tally: MixTally
  protected readonly scratch: SampleValues
  protected frame = 0
  readonly #sliceFrames: number

  constructor(
    protected readonly header: WavHeader,
    protected readonly kernels: Kernels = tsKernels,
  ) {
    this.#sliceFrames = sliceFrames(header.channels)
    this.scratch = sampleScratch(header.format, this.#sliceFrames * header.channels, kernels)
    this.tally = kernels.tally()
  }

  /**
   * Works on the next frames of the file, in place.
   *
   * @param bytes whole frames; all calls but the last bring whole multiples of a slice
   */
  run(bytes: Uint8Array): void {
    const { blockAlign, frames: total } = this.header
    const frames = bytes.length / blockAlign
    for (let done = 0; done < frames; ) {
      const count = Math.min(this.#sliceFrames, frames - done)
      this.slice(bytes.subarray(done * blockAlign, (done + count) * blockAlign), count)
      done += count
      this.frame += count
      if (this.frame % BLOCK_FRAMES === 0 || this.frame === total) {
        this.tally.signal.endBlock()
        this.tally.noise.endBlock()
      }
    }
  }

  protected abstract slice(bytes: Uint8Array, frames: number): void
}

/** Only measures: the mean power that an SNR refers to. */
export class PowerMeter extends FrameWalk {
  protected slice(bytes: Uint8Array, frames: number): void {
    const count = frames * this.header.channels
    const { format } = this.header
    this.kernels.measure(this.kernels.decode(format, bytes, count, this.scratch), count, format, this.tally)
  }
}

/** Adds noise. */
export class NoiseTransform extends FrameWalk {
  readonly #states: Uint32Array[]
  readonly #noise: Float32Array
  readonly #channelNoise: Float32Array

  constructor(
    header: WavHeader,
    readonly settings: NoiseSettings,
    kernels: Kernels = tsKernels,
  ) {
    super(header, kernels)
    const frames = sliceFrames(header.channels)
    this.#states = Array.from({ length: header.channels }, () => kernels.words(settings.kind.stateWords))
    this.#noise = kernels.floats(frames * header.channels)
    this.#channelNoise = header.channels === 1 ? this.#noise : kernels.floats(frames)
  }

  protected slice(bytes: Uint8Array, frames: number): void {
    const { format, channels } = this.header
    const { sigma, clip } = this.settings
    this.#fillNoise(frames)
    const count = frames * channels
    const values = this.kernels.decode(format, bytes, count, this.scratch)
    this.kernels.mix(values, this.#noise, count, format, sigma, clip, this.tally)
    this.kernels.encode(format, values, bytes, count)
  }

  /** Noise for the next frames of every channel, interleaved like the samples. */
  #fillNoise(frames: number): void {
    const { kind, key, parameters } = this.settings
    const { channels } = this.header
    const block = Math.floor(this.frame / BLOCK_FRAMES)
    for (let channel = 0; channel < channels; channel++) {
      const state = this.#states[channel]
      if (this.frame % BLOCK_FRAMES === 0) kind.seed(state, key, channel, block, parameters)
      this.kernels.fill(kind, state, this.#channelNoise, frames)
      if (channels === 1) return
      this.kernels.interleave(this.#channelNoise, this.#noise, frames, channel, channels)
    }
  }
}

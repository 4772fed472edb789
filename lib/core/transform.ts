/** Adds noise to the frames of a signal, piece by piece, and keeps track of blocks and channels. */

import { ActivityMeter, type ActivityTally } from './activity.js'
import { type Kernels, tsKernels } from './kernels.js'
import type { MixSettings, MixTally } from './mix.js'
import { type LayerLevel, type Noise, type OpenNoise, openDither, openLayer, openNoise } from './noise/noise.js'
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

/** What a pass needs to know of those before it. */
export interface PassSettings {
  /**
   * A walk over all samples of a signal:
   *
   * - 'measure' finds the power of the signal, and that of one layer of noise
   * - 'survey' finds the power and the largest magnitude of the mixture
   * - 'write' makes the output
   */
  readonly pass: 'measure' | 'survey' | 'write'
  /** The layer whose noise the pass 'measure' measures; -1 if none. */
  readonly measured: number
  /** The take of that layer that is measured alone; -1 for the whole layer. */
  readonly take: number
  /** Whether the active level of the signal is measured too, for which its samples must come in order. */
  readonly activity: boolean
  /** The levels of the layers, as far as they are known. */
  readonly levels: readonly LayerLevel[]
  /** Factor of the mixture. */
  readonly gain: number
}

/** What passes that do not measure have. */
export const NOTHING_MEASURED = { measured: -1, take: -1, activity: false } as const

export type Pass = PassSettings['pass']

/** Sums and counts of one part of the frames: the sum of each block, in order. */
export interface PartTally {
  readonly signal: readonly number[]
  readonly noise: readonly number[]
  readonly mixture: readonly number[]
  readonly clipped: number
  readonly nonFinite: number
  readonly peak: number
  /** Only if the whole signal was walked at once, to measure its active level. */
  readonly activity?: ActivityTally
  /** Number of values of stems that the format cannot hold. Only if stems were made. */
  readonly unfit?: number
}

/** Sums of squares and counts of all frames. Parts are added in their order. */
export class FileTally {
  signal = 0
  noise = 0
  mixture = 0
  clipped = 0
  nonFinite = 0
  peak = 0
  unfit = 0
  activity: ActivityTally | undefined

  add(part: PartTally): void {
    for (const block of part.signal) this.signal += block
    for (const block of part.noise) this.noise += block
    for (const block of part.mixture) this.mixture += block
    this.clipped += part.clipped
    this.nonFinite += part.nonFinite
    this.peak = Math.max(this.peak, part.peak)
    this.unfit += part.unfit ?? 0
    if (part.activity) this.activity = part.activity
  }
}

/** Processes frames in pieces, from the first frame of a block on, and collects their sums. */
export abstract class FrameWalk {
  protected readonly tally: MixTally
  protected readonly scratch: SampleValues
  readonly #pieceFrames: number
  readonly #signal: number[] = []
  readonly #noise: number[] = []
  readonly #mixture: number[] = []

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
        this.#mixture.push(foldBlock(this.tally.mixture))
      }
    }
  }

  /** Returns the sums, once the walk has reached the end of a block or the last frame. */
  takeTally(): PartTally {
    const { clipped, nonFinite, peak } = this.tally
    return { signal: this.#signal, noise: this.#noise, mixture: this.#mixture, clipped, nonFinite, peak }
  }

  /** Closes the files that noise is read from. */
  close(): void {}

  protected abstract piece(bytes: Uint8Array, frames: number): void
}

/** Opens the walk of a pass, from the first frame of a block on. */
export function openWalk(
  layout: FrameLayout,
  firstFrame: number,
  noise: Noise,
  { pass, measured, take, activity: isActivityMeasured, levels, gain }: PassSettings,
  kernels: Kernels = tsKernels,
): FrameWalk {
  const opened = () => openNoise(noise, levels, layout, kernels)
  if (pass === 'write')
    return gain === 1 && levels.every(({ sigma }) => sigma === 0)
      ? new PowerMeter(layout, firstFrame, undefined, kernels)
      : new NoiseTransform(layout, firstFrame, noise, opened(), gain, kernels)
  if (pass === 'survey') return new MixtureMeter(layout, firstFrame, opened(), undefined, kernels)
  const activity = isActivityMeasured ? new ActivityMeter(layout.channels, layout.sampleRate) : undefined
  if (measured < 0) return new PowerMeter(layout, firstFrame, activity, kernels)
  const source = openLayer(noise.layers[measured], levels[measured], take, layout, kernels)
  return new MixtureMeter(layout, firstFrame, { source, sigma: 1 }, activity, kernels)
}

/** Measures a signal, and changes nothing. */
class PowerMeter extends FrameWalk {
  constructor(
    layout: FrameLayout,
    firstFrame: number,
    readonly activity: ActivityMeter | undefined,
    kernels: Kernels,
  ) {
    super(layout, firstFrame, kernels)
  }

  protected piece(bytes: Uint8Array, frames: number): void {
    const { channels, format } = this.layout
    const count = frames * channels
    const values = this.kernels.decode(format, bytes, count, this.scratch)
    this.measure(values, count, frames)
    this.activity?.add(values, count)
  }

  protected measure(values: SampleValues, count: number, _frames: number): void {
    this.kernels.measure(values, count, this.layout.format, this.tally)
  }

  override takeTally(): PartTally {
    const { activity } = this
    return activity === undefined ? super.takeTally() : { ...super.takeTally(), activity: activity.tally }
  }
}

/** Writes a source for the next frames of every channel, interleaved like the samples. */
class InterleavedSource {
  readonly values: Float32Array
  readonly #channelValues: Float32Array

  constructor(
    readonly source: NoiseSource,
    readonly channels: number,
    readonly kernels: Kernels,
  ) {
    const frames = pieceFrames(channels)
    this.values = kernels.floats(frames * channels)
    this.#channelValues = channels === 1 ? this.values : kernels.floats(frames)
  }

  close(): void {
    this.source.close?.()
  }

  fill(frame: number, frames: number): Float32Array {
    const { channels, values } = this
    for (let channel = 0; channel < channels; channel++) {
      this.source.fill(channel, frame, this.#channelValues, frames)
      if (channels > 1) this.kernels.interleave(this.#channelValues, values, frames, channel, channels)
    }
    return values
  }
}

/** Measures a signal, its noise and their mixture, and changes nothing. */
class MixtureMeter extends PowerMeter {
  readonly #noise: InterleavedSource
  readonly #sigma: number

  constructor(
    layout: FrameLayout,
    firstFrame: number,
    { source, sigma }: OpenNoise,
    activity: ActivityMeter | undefined,
    kernels: Kernels,
  ) {
    super(layout, firstFrame, activity, kernels)
    this.#noise = new InterleavedSource(source, layout.channels, kernels)
    this.#sigma = sigma
  }

  override close(): void {
    this.#noise.close()
  }

  protected override measure(values: SampleValues, count: number, frames: number): void {
    const noise = this.#noise.fill(this.frame, frames)
    this.kernels.survey(values, noise, count, this.layout.format, this.#sigma, this.tally)
  }
}

/** Makes the output: adds noise to the frames. */
class NoiseTransform extends FrameWalk {
  readonly #noise: InterleavedSource
  readonly #dither: InterleavedSource | undefined
  readonly #settings: MixSettings

  constructor(
    layout: FrameLayout,
    firstFrame: number,
    noise: Noise,
    { source, sigma }: OpenNoise,
    gain: number,
    kernels: Kernels,
  ) {
    super(layout, firstFrame, kernels)
    const { channels, format } = layout
    this.#noise = new InterleavedSource(source, channels, kernels)
    if (noise.mixing.dither && !format.float)
      this.#dither = new InterleavedSource(openDither(noise, layout, kernels), channels, kernels)
    this.#settings = { sigma, gain, clip: noise.mixing.clip !== 'none', dither: this.#dither?.values }
  }

  override close(): void {
    this.#noise.close()
  }

  protected piece(bytes: Uint8Array, frames: number): void {
    const { format, channels, validBits } = this.layout
    const noise = this.#noise.fill(this.frame, frames)
    this.#dither?.fill(this.frame, frames)
    const count = frames * channels
    const values = this.kernels.decode(format, bytes, count, this.scratch)
    this.kernels.mix(values, noise, count, format, validBits, this.#settings, this.tally)
    this.kernels.encode(format, values, bytes, count)
  }
}

/**
 * Recorded noise: pieces of the files of a bank. Files and positions are drawn from the key of the
 * layer. docs/numerics.md specifies the draws and every operation. The twin is
 * native/core/noise/recorded.cc.
 */

import { Failure } from '../failure.js'
import { type Balance, type Bank, openBank, type Selection } from './bank.js'
import { draw, type NoiseKey, Purpose } from './keys.js'
import { type Downmix, Recording } from './recording.js'
import type { SignalShape } from './source.js'
import { WindowSource } from './window.js'

const fround = Math.fround

/** What is done with a recording that is shorter than the signal: it is looped, or heard once. */
export type Fit = 'loop' | 'once'

/** The ways, in the order of native/core/noise/recorded.h. */
export const fits: readonly Fit[] = ['loop', 'once']

/** What is drawn evenly, in the order of native/core/noise/bank.h. */
export const balances: readonly Balance[] = ['file', 'folder']

/** How noise is made of the files of a bank, as plain data that crosses threads. */
export interface Recorded {
  /** Path of the index of the bank. */
  readonly bank: string
  readonly fit: Fit
  readonly balance: Balance
  readonly downmix: Downmix
  /** Number of different files that are heard at the same time, with equal RMS. */
  readonly voices: number
  /** Range of the gaps between events, in seconds; undefined if the noise goes on without gaps. */
  readonly gap: readonly [low: number, high: number] | undefined
}

/** Numbers of voices. */
export const VOICES = { minimum: 1, maximum: 16 }
/** Gaps between events, in seconds. */
export const GAP = { minimum: 0.05, maximum: 3600 }

/** Longest crossfade of a loop, in parts of a second. */
const CROSSFADES_PER_SECOND = 2

/** Times that a silent piece is drawn again. */
export const REDRAWS = 20
/** Noise of less power is silent: 90 dB below full scale. */
export const SILENT_POWER = 1e-9

/** The failure if all pieces that were drawn are silent. */
export const silentNoise = () => new Failure('E_NOISE_SILENT', `${1 + REDRAWS} pieces one after the other`)

/** Where a recording is heard in a signal. */
export interface Placement {
  /** Number of the file in its bank. */
  readonly file: number
  /** Frame of the recording that is heard first. */
  readonly from: number
  /** Frame of the signal at which it is heard first. */
  readonly at: number
  /** Number of frames of the signal in which it is heard. */
  readonly frames: number
  /** Frames of the crossfade, if the recording is looped; otherwise undefined. */
  readonly crossfade: number | undefined
}

/** The bank of a layer, and the files of it that can be drawn for a signal. */
export interface OpenBank {
  readonly bank: Bank
  readonly selection: Selection
}

/** Opens the bank of a layer for a signal. Throws Failure E_NOISE_BANK, E_NOISE_RATE or E_NOISE_CHANNELS. */
export function openBankFor(recorded: Recorded, { sampleRate, channels }: SignalShape): OpenBank {
  const bank = openBank(recorded.bank)
  return { bank, selection: bank.select(sampleRate, channels) }
}

/** Returns a whole number from 0 to `count` - 1. */
export const drawBelow = (count: number, key: NoiseKey, n: number) =>
  Math.floor(draw(key, Purpose.noiseOffset, n) * count)

/** Returns the file and the position of draw `n`. All positions are equally likely. */
export function placementOf(
  { fit, balance }: Recorded,
  { bank, selection }: OpenBank,
  key: NoiseKey,
  n: number,
  signal: SignalShape,
): Placement {
  const file = selection.draw(key, n, balance)
  const length = bank.frames(file)
  const { frames, sampleRate } = signal
  if (length >= frames) {
    const from = drawBelow(length - frames + 1, key, n)
    return { file, from, at: 0, frames, crossfade: undefined }
  }
  if (fit === 'once') {
    const at = drawBelow(frames - length + 1, key, n)
    return { file, from: 0, at, frames: length, crossfade: undefined }
  }
  const crossfade = Math.min(Math.floor(sampleRate / CROSSFADES_PER_SECOND), Math.floor(length / 2))
  const from = drawBelow(length - crossfade, key, n)
  return { file, from, at: 0, frames, crossfade }
}

/** A recording at its place in the signal. */
export class RecordedSource extends WindowSource {
  readonly #recording: Recording
  /** What a crossfade ends with. */
  #ending: readonly Float32Array[] = []

  constructor(
    readonly placement: Placement,
    bank: Bank,
    { downmix }: Recorded,
    { channels }: SignalShape,
  ) {
    const recording = new Recording(bank, placement.file, channels, downmix)
    super(recording.channels)
    this.#recording = recording
  }

  protected load(frame: number, frames: number): void {
    const { from, at, frames: heard, crossfade } = this.placement
    if (crossfade !== undefined) {
      this.#loop(frame, frames, crossfade)
      return
    }
    const first = Math.max(frame, at)
    const last = Math.min(frame + frames, at + heard)
    const isWhole = first === frame && last === frame + frames
    if (!isWhole) for (const values of this.window) values.fill(0, 0, frames)
    if (first < last) this.#recording.read(from + first - at, last - first, this.window, first - frame)
  }

  /** Plays the recording round and round. The beginning of each round is faded in over the end of the one before. */
  #loop(frame: number, frames: number, crossfade: number): void {
    const { file, from } = this.placement
    const round = this.#recording.bank.frames(file) - crossfade
    for (let done = 0; done < frames; ) {
      const within = (from + frame + done) % round
      const isFading = within < crossfade
      const count = Math.min(frames - done, (isFading ? crossfade : round) - within)
      this.#recording.read(within, count, this.window, done)
      if (isFading) this.#fade(within, count, done, round, crossfade)
      done += count
    }
  }

  #fade(within: number, count: number, done: number, round: number, crossfade: number): void {
    if ((this.#ending[0]?.length ?? 0) < count)
      this.#ending = this.window.map((values) => new Float32Array(values.length))
    this.#recording.read(round + within, count, this.#ending, 0)
    for (let i = 0; i < count; i++) {
      // The squares of both factors add up to 1, so unrelated sounds keep their power.
      const part = (within + i + 0.5) / crossfade
      const rising = fround(Math.sqrt(part))
      const falling = fround(Math.sqrt(1 - part))
      for (const [channel, values] of this.window.entries())
        values[done + i] = fround(fround(rising * values[done + i]) + fround(falling * this.#ending[channel][i]))
    }
  }

  close(): void {
    this.#recording.close()
  }
}

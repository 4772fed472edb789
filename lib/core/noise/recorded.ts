/**
 * Recorded noise: pieces of the files of a bank. Files and positions are drawn from the key of the
 * layer. docs/numerics.md specifies the draws and every operation. The twin is
 * native/core/noise/recorded.cc.
 */

import { Failure } from '../failure.js'
import { type Balance, type Bank, openBank, type Selection } from './bank.js'
import { draw, type NoiseKey, Purpose } from './keys.js'
import { type Downmix, Recording } from './recording.js'
import type { NoiseSource, SignalShape } from './source.js'

const fround = Math.fround

/** What is done with a recording that is shorter than the signal: it is looped, or heard once. */
export type Fit = 'loop' | 'once'

/** The ways, in the order of native/core/noise/noise.h. */
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

/** Longest crossfade of a loop, in parts of a second. */
const CROSSFADES_PER_SECOND = 2

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
const drawBelow = (count: number, key: NoiseKey, n: number) => Math.floor(draw(key, Purpose.noiseOffset, n) * count)

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

/** Base of the sources that make all channels of some frames at once. */
abstract class WindowSource implements NoiseSource {
  /** The frames that the window has. */
  #frame = Number.NaN
  #frames = 0
  /** The values of each channel, or of all if they hear the same. */
  protected window: readonly Float32Array[]

  constructor(protected readonly channels: number) {
    this.window = this.#windowOf(0)
  }

  #windowOf(frames: number): Float32Array[] {
    return Array.from({ length: this.channels }, () => new Float32Array(frames))
  }

  fill(channel: number, frame: number, out: Float32Array, frames: number): void {
    if (frame !== this.#frame || frames !== this.#frames) {
      if (frames > this.window[0].length) this.window = this.#windowOf(frames)
      this.#frame = Number.NaN
      this.load(frame, frames)
      this.#frame = frame
      this.#frames = frames
    }
    out.set(this.window[this.channels === 1 ? 0 : channel].subarray(0, frames))
  }

  /** Writes the frames from `frame` on to the window. */
  protected abstract load(frame: number, frames: number): void

  abstract close(): void
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

/** Longest event, in seconds. Of a longer file, a piece is heard. */
const EVENT_SECONDS = 10
/** Fades at the ends of an event, in parts of a second. */
const FADES_PER_SECOND = 100
/** Times that a silent piece is drawn again. */
export const REDRAWS = 20
/** Numbers of draws of an event: its own, and those in place of silent ones. */
const EVENT_DRAWS = 1 + REDRAWS
/** Noise of less power is silent: 90 dB below full scale. */
export const SILENT_POWER = 1e-9
/** Frames that are read at once. */
const EVENT_STEP = 4096

/** The failure if all pieces that were drawn are silent. */
export const silentNoise = () => new Failure('E_NOISE_SILENT', `${1 + REDRAWS} pieces one after the other`)

/** An event: when it is heard, and which file is drawn for it at first. */
interface BurstEvent {
  readonly number: number
  readonly at: number
  readonly frames: number
}

/** Returns the frame of the signal at which the first event begins. It may be beyond the end. */
export const firstEventAt = (recorded: Recorded, open: OpenBank, key: NoiseKey, signal: SignalShape): number =>
  eventAfter(recorded, open, key, signal, undefined).at

/** Returns the event after another one; the first after undefined. */
function eventAfter(
  { gap, balance }: Recorded,
  { bank, selection }: OpenBank,
  key: NoiseKey,
  { sampleRate }: SignalShape,
  event: BurstEvent | undefined,
): BurstEvent {
  const number = event === undefined ? 0 : event.number + 1
  const [low, high] = gap!
  const seconds = low + (high - low) * draw(key, Purpose.gap, number)
  const at = (event === undefined ? 0 : event.at + event.frames) + Math.floor(seconds * sampleRate + 0.5)
  const file = selection.draw(key, number * EVENT_DRAWS, balance)
  return { number, at, frames: Math.min(bank.frames(file), EVENT_SECONDS * sampleRate) }
}

/** Events with drawn gaps between them. Each has the RMS 1. */
export class BurstSource extends WindowSource {
  #event: BurstEvent | undefined
  /** The channels of the event that was read last, and its number. */
  #values: readonly Float32Array[] = []
  #read = -1

  constructor(
    readonly recorded: Recorded,
    readonly open: OpenBank,
    readonly key: NoiseKey,
    readonly signal: SignalShape,
  ) {
    super(signal.channels)
  }

  protected load(frame: number, frames: number): void {
    for (const values of this.window) values.fill(0, 0, frames)
    const end = frame + frames
    if (this.#event !== undefined && this.#event.at > frame) this.#event = undefined
    this.#event ??= this.#after(undefined)
    for (let event = this.#event; event.at < end; event = this.#after(event)) {
      this.#event = event
      const first = Math.max(frame, event.at)
      const last = Math.min(end, event.at + event.frames)
      if (first >= last) continue
      this.#readEvent(event)
      for (const [channel, values] of this.window.entries()) {
        const from = this.#values[this.#values.length === 1 ? 0 : channel]
        values.set(from.subarray(first - event.at, last - event.at), first - frame)
      }
    }
  }

  #after(event: BurstEvent | undefined): BurstEvent {
    return eventAfter(this.recorded, this.open, this.key, this.signal, event)
  }

  /** Reads an event. A silent one is drawn again, and the next one is not longer than it. */
  #readEvent({ number, frames }: BurstEvent): void {
    if (this.#read === number) return
    this.#read = -1
    for (let n = number * EVENT_DRAWS; n < (number + 1) * EVENT_DRAWS; n++) {
      if (!this.#readPiece(n, frames)) continue
      this.#read = number
      return
    }
    throw silentNoise()
  }

  /** Reads a piece of the file of draw `n`, with fades and the RMS 1. Returns false if it is silent. */
  #readPiece(n: number, most: number): boolean {
    const { key, recorded, signal } = this
    const { bank, selection } = this.open
    const file = selection.draw(key, n, recorded.balance)
    const frames = Math.min(bank.frames(file), most)
    const from = drawBelow(bank.frames(file) - frames + 1, key, n)
    const recording = new Recording(bank, file, signal.channels, recorded.downmix)
    try {
      this.#values = Array.from({ length: recording.channels }, () => new Float32Array(most))
      for (let done = 0; done < frames; done += EVENT_STEP)
        recording.read(from + done, Math.min(EVENT_STEP, frames - done), this.#values, done)
    } finally {
      recording.close()
    }
    const fade = Math.min(Math.floor(signal.sampleRate / FADES_PER_SECOND), Math.floor(frames / 2))
    let sum = 0
    for (const values of this.#values) {
      for (let i = 0; i < fade; i++) {
        const factor = fround((i + 0.5) / fade)
        values[i] = fround(factor * values[i])
        values[frames - 1 - i] = fround(factor * values[frames - 1 - i])
      }
      for (let i = 0; i < frames; i++) sum += values[i] * values[i]
    }
    const power = sum / (frames * this.#values.length)
    if (power < SILENT_POWER) return false
    const gain = fround(1 / Math.sqrt(power))
    for (const values of this.#values) for (let i = 0; i < frames; i++) values[i] = fround(gain * values[i])
    return true
  }

  close(): void {}
}

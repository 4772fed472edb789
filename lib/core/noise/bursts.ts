/**
 * Noise of single events: pieces of the files of a bank with gaps between them. docs/numerics.md
 * specifies the draws and every operation. The twin is native/core/noise/bursts.cc.
 */

import { draw, type NoiseKey, Purpose } from './keys.js'
import { drawBelow, type OpenBank, REDRAWS, type Recorded, SILENT_POWER, silentNoise } from './recorded.js'
import { Recording } from './recording.js'
import type { SignalShape } from './source.js'
import { WindowSource } from './window.js'

const fround = Math.fround

/** Longest event, in seconds. Of a longer file, a piece is heard. */
const EVENT_SECONDS = 10
/** Fades at the ends of an event, in parts of a second. */
const FADES_PER_SECOND = 100
/** Numbers of draws of an event: its own, and those in place of silent ones. */
const EVENT_DRAWS = 1 + REDRAWS
/** Frames that are read at once. */
const EVENT_STEP = 4096

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

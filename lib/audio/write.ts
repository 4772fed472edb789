/** Writes samples in the format of a file. */

import { Failure } from '../core/failure.js'
import { encode, type FrameLayout, swapBytes } from '../core/wav/samples.js'
import { areFinite, isPlain, nonFiniteIn } from './read.js'

/** Bytes that are encoded and written at once. They stay in a level-2 cache. */
const WRITE_BYTES = 256 * 1024
/** From this magnitude on, every float64 is an integer. Adding and subtracting it rounds smaller values half to even. */
const INTEGERS = 2 ** 52

/** Where the bytes of an output go. */
export interface Output {
  write(position: number, bytes: Uint8Array): void
}

/** Counts what is written. */
export class SampleTally {
  frames = 0
  clipped = 0
  nonFinite = 0
  /** The first sample that is not finite, in words. */
  oddity: string | undefined

  /** Counts samples that are not finite. */
  look(channels: readonly Float32Array[], first: number, count: number): void {
    for (const [channel, samples] of channels.entries()) {
      const part = samples.subarray(first, first + count)
      if (areFinite(part)) continue
      this.nonFinite += nonFiniteIn(part)
      const at = part.findIndex((value) => !Number.isFinite(value))
      this.oddity ??= `${part[at]} in channel ${channel} at frame ${this.frames + at}`
    }
    this.frames += count
  }
}

/** Writes blocks one after the other. */
export class SampleWriter {
  readonly tally: SampleTally
  readonly #output: Output
  readonly #layout: Pick<FrameLayout, 'format' | 'validBits' | 'bigEndian'>
  readonly #channels: number
  #position: number
  readonly #bytes: Uint8Array
  readonly #values: Float32Array | Float64Array

  /** @param start position of the first sample in the output */
  constructor(
    output: Output,
    layout: Pick<FrameLayout, 'format' | 'validBits' | 'bigEndian'>,
    channels: number,
    start: number,
    tally: SampleTally,
  ) {
    const { format } = layout
    this.tally = tally
    this.#output = output
    this.#layout = layout
    this.#channels = channels
    this.#position = start
    const samples = Math.max(1, Math.floor(WRITE_BYTES / (channels * format.bytes))) * channels
    this.#bytes = new Uint8Array(samples * format.bytes)
    if (format.float) {
      const { buffer } = this.#bytes
      this.#values = format.wide ? new Float64Array(buffer) : new Float32Array(buffer)
    } else this.#values = format.wide ? new Float64Array(samples) : new Float32Array(samples)
  }

  /** Throws Failure E_TRANSFORM_RESULT, E_OUTPUT_WRITE or E_VOLUME_FULL. */
  write(channels: readonly Float32Array[]): void {
    const frames = channels[0].length
    const { format, bigEndian } = this.#layout
    const step = this.#values.length / this.#channels
    const isDirect =
      isPlain({ format, channels: this.#channels, bigEndian }) && channels[0].buffer instanceof ArrayBuffer
    for (let first = 0; first < frames; first += step) {
      const count = Math.min(step, frames - first)
      this.tally.look(channels, first, count)
      if (!format.float && this.tally.oddity !== undefined) throw new Failure('E_TRANSFORM_RESULT', this.tally.oddity)
      this.#put(isDirect ? bytesOf(channels[0], first, count) : this.#encoded(channels, first, count))
    }
  }

  #put(bytes: Uint8Array): void {
    this.#output.write(this.#position, bytes)
    this.#position += bytes.length
  }

  #encoded(channels: readonly Float32Array[], first: number, count: number): Uint8Array {
    const { format, validBits, bigEndian } = this.#layout
    const values = this.#values
    for (let channel = 0; channel < this.#channels; channel++) {
      const samples = channels[channel]
      for (let i = 0, at = channel; i < count; i++, at += this.#channels) values[at] = samples[first + i]
    }
    const all = count * this.#channels
    if (!format.float) this.tally.clipped += round(values, all, validBits)
    const bytes = this.#bytes.subarray(0, all * format.bytes)
    encode(format, values, bytes, all)
    if (bigEndian) swapBytes(format, bytes)
    return bytes
  }
}

const bytesOf = ({ buffer, byteOffset }: Float32Array, first: number, count: number) =>
  new Uint8Array(buffer, byteOffset + first * Float32Array.BYTES_PER_ELEMENT, count * Float32Array.BYTES_PER_ELEMENT)

/** Rounds values to the grid of PCM, half to even, and clamps them to its range. Returns how many it clamped. */
function round(values: Float32Array | Float64Array, count: number, validBits: number): number {
  const scale = 2 ** (validBits - 1)
  const [low, high] = [-scale, scale - 1]
  let clipped = 0
  for (let i = 0; i < count; i++) {
    let value = values[i] * scale
    const magic = value < 0 ? -INTEGERS : INTEGERS
    if (value < INTEGERS && value > -INTEGERS) value = value + magic - magic
    if (value < low) {
      value = low
      clipped++
    } else if (value > high) {
      value = high
      clipped++
    }
    values[i] = value / scale
  }
  return clipped
}

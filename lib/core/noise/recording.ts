/** A file of a bank, open for a signal. The twin is native/core/noise/recording.cc. */

import { Failure } from '../failure.js'
import { InputFile } from '../files.js'
import { openSamples, type Readable } from '../wav/decoded.js'
import { decode, type SampleValues, sampleScratch, swapBytes } from '../wav/samples.js'
import type { Bank } from './bank.js'

const fround = Math.fround

/** Target size of one read. */
const READ_BYTES = 64 * 1024

/** Which channels of a recording with more channels than the signal are heard: the first ones, or the mean of all. */
export type Downmix = 'first' | 'mean'

/** The ways, in the order of native/core/noise/recording.h. */
export const downmixes: readonly Downmix[] = ['first', 'mean']

/** The memory for decoded samples, which is ordinary memory for all kernels. */
const memory = {
  floats: (count: number) => new Float32Array(count),
  doubles: (count: number) => new Float64Array(count),
}

/** Reads a recording as the channels of a signal. Close it. */
export class Recording {
  /** 1 if all channels of the signal hear the same, and otherwise the signal's number. */
  readonly channels: number
  readonly #file: InputFile
  readonly #readable: Readable
  /** Frames of the recording that `#bytes` holds. */
  #first = 0
  #frames = 0
  #bytes = new Uint8Array(0)
  #scratch: SampleValues = new Float32Array(0)

  /**
   * Throws Failure E_NOISE_FILE if the file cannot be read, or is not as it was when its bank was indexed.
   *
   * @param channels those of the signal
   */
  constructor(
    readonly bank: Bank,
    readonly file: number,
    channels: number,
    readonly downmix: Downmix,
  ) {
    const own = bank.channels(file)
    this.channels = own === 1 || (own > channels && downmix === 'mean') ? 1 : channels
    this.#file = this.#guard(() => new InputFile(bank.path(file)))
    try {
      const { size, modified } = this.#file
      if (size !== bank.size(file) || modified !== bank.modified(file)) throw this.#failure('it has changed')
      this.#readable = this.#guard(() => openSamples(this.#file))
      const { header } = this.#readable
      if (header.channels !== own || header.frames !== bank.frames(file)) throw this.#failure('it has changed')
    } catch (error) {
      this.close()
      throw error
    }
  }

  #failure(reason: string, errno = ''): Failure {
    return new Failure('E_NOISE_FILE', `${shown(this.bank.name(this.file))}: ${reason}`, errno)
  }

  #guard<T>(work: () => T): T {
    try {
      return work()
    } catch (error) {
      if (error instanceof Failure) throw this.#failure(error.code, error.errno)
      throw error
    }
  }

  /**
   * Writes frames of the recording to the channels of `out`, from `at` on. NaNs and infinities become zeros.
   *
   * @param first number of the first frame; the recording has all of them
   */
  read(first: number, frames: number, out: readonly Float32Array[], at: number): void {
    const { format, channels, blockAlign } = this.#readable.header
    this.#guard(() => this.#load(first, frames))
    const start = (first - this.#first) * blockAlign
    const bytes = this.#bytes.subarray(start, start + frames * blockAlign)
    const count = frames * channels
    if (this.#scratch.length < count) this.#scratch = sampleScratch(format, count, memory)
    const values = decode(format, bytes, count, this.#scratch)
    if (this.channels === 1 && channels > 1 && this.downmix === 'mean') {
      mixDown(values, channels, frames, out[0], at)
      return
    }
    for (let channel = 0; channel < this.channels; channel++) {
      const to = out[channel]
      for (let i = 0, from = channel; i < frames; i++, from += channels) {
        const value = fround(values[from])
        to[at + i] = Number.isFinite(value) ? value : 0
      }
    }
  }

  /** Reads the bytes of frames, and of some more. */
  #load(first: number, frames: number): void {
    if (first >= this.#first && first + frames <= this.#first + this.#frames) return
    const { input, header } = this.#readable
    const { dataOffset, blockAlign, format, bigEndian } = header
    const most = Math.max(frames, Math.floor(READ_BYTES / blockAlign))
    const count = Math.min(most, header.frames - first)
    if (this.#bytes.length < count * blockAlign) this.#bytes = new Uint8Array(most * blockAlign)
    this.#frames = 0
    const bytes = this.#bytes.subarray(0, count * blockAlign)
    input.read(dataOffset + first * blockAlign, bytes)
    if (bigEndian) swapBytes(format, bytes)
    this.#first = first
    this.#frames = count
  }

  close(): void {
    this.#file?.close()
  }
}

function mixDown(values: SampleValues, channels: number, frames: number, out: Float32Array, at: number): void {
  for (let i = 0, from = 0; i < frames; i++) {
    let sum = 0
    for (let channel = 0; channel < channels; channel++) {
      const value = fround(values[from++])
      if (Number.isFinite(value)) sum += value
    }
    out[at + i] = fround(sum / channels)
  }
}

/** A name for messages: bytes that are not UTF-8 as Latin-1. */
const shown = (name: string | Uint8Array) => (typeof name === 'string' ? name : Buffer.from(name).toString('latin1'))

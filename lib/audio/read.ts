/** Reads the samples of an input as an array for each channel. */

import type { WavHeader } from '../core/wav/header.js'
import type { Input } from '../core/wav/reader.js'
import { decode, sampleScratch, swapBytes } from '../core/wav/samples.js'

/** Most bytes of one read. */
const READ_BYTES = 8 * 1024 * 1024
/** Bytes that are decoded at once. They stay in a level-2 cache. */
const DECODE_BYTES = 256 * 1024

/** Makes arrays in the memory of JavaScript, where core's loops for samples may have them. */
const memory = {
  floats: (count: number) => new Float32Array(count),
  doubles: (count: number) => new Float64Array(count),
}

/** Whether samples are in the file as they are in memory. */
export const isPlain = ({ format, channels, bigEndian }: Pick<WavHeader, 'format' | 'channels' | 'bigEndian'>) =>
  format.name === 'float32' && channels === 1 && !bigEndian

/** Reads `frames` frames from frame `first` on. Throws a failure of reading, or E_WAV_DAMAGED. */
export function readFrames(input: Input, header: WavHeader, first: number, frames: number): Float32Array[] {
  const { format, channels, blockAlign, bigEndian, dataOffset } = header
  const start = dataOffset + first * blockAlign
  const signal = Array.from({ length: channels }, () => new Float32Array(frames))
  if (isPlain(header)) {
    const bytes = new Uint8Array(signal[0].buffer)
    for (let done = 0; done < bytes.length; done += READ_BYTES)
      input.read(start + done, bytes.subarray(done, done + READ_BYTES))
    return signal
  }
  const step = Math.max(1, Math.floor(DECODE_BYTES / blockAlign))
  const room = new Uint8Array(Math.min(step, frames) * blockAlign)
  const scratch = sampleScratch(format, Math.min(step, frames) * channels, memory)
  for (let done = 0; done < frames; done += step) {
    const count = Math.min(step, frames - done)
    const bytes = room.subarray(0, count * blockAlign)
    input.read(start + done * blockAlign, bytes)
    if (bigEndian) swapBytes(format, bytes)
    const values = decode(format, bytes, count * channels, scratch)
    for (let channel = 0; channel < channels; channel++) {
      const samples = signal[channel]
      for (let i = 0, at = channel; i < count; i++, at += channels) samples[done + i] = values[at]
    }
  }
  return signal
}

/** Number of NaNs and infinities in an input. */
export function countNonFinite(input: Input, header: WavHeader): number {
  const { format, channels, frames } = header
  if (!format.float) return 0
  const step = Math.max(1, Math.floor(DECODE_BYTES / header.blockAlign))
  let count = 0
  for (let first = 0; first < frames; first += step) {
    const signal = readFrames(input, header, first, Math.min(step, frames - first))
    for (let channel = 0; channel < channels; channel++) count += nonFiniteIn(signal[channel])
  }
  return count
}

/** Number of NaNs and infinities in samples. */
export function nonFiniteIn(samples: Float32Array): number {
  if (areFinite(samples)) return 0
  let count = 0
  for (let i = 0; i < samples.length; i++) if (!Number.isFinite(samples[i])) count++
  return count
}

/**
 * Whether all samples are finite. The product of a number and 0 is a NaN only if the number is not
 * finite. Four sums at the same time take a quarter of the time of one.
 */
export function areFinite(samples: Float32Array): boolean {
  let [a, b, c, d] = [0, 0, 0, 0]
  const whole = samples.length - (samples.length % 4)
  for (let i = 0; i < whole; i += 4) {
    a += samples[i] * 0
    b += samples[i + 1] * 0
    c += samples[i + 2] * 0
    d += samples[i + 3] * 0
  }
  for (let i = whole; i < samples.length; i++) a += samples[i] * 0
  return a + b + c + d === 0
}

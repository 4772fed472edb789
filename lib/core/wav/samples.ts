/**
 * Sample formats: conversion between the bytes of a file and values in full-scale units (1.0 = full
 * scale).
 *
 * PCM of n bits is x / 2^(n-1). It is unsigned for 8 bits and signed above. Values are float32,
 * except for 32-bit PCM and float64: float32 cannot hold these, so their values are float64. The
 * machine is little-endian, and so are all files except RIFX.
 */

import { endianness } from 'node:os'

if (endianness() !== 'LE') throw new Error('noisemill needs a little-endian machine')

/**
 * Name of the format of a sample in a WAV file: PCM integers of 8 bits (unsigned) to 32 bits
 * (signed), or IEEE floats. PCM of another width counts as the next wider format.
 *
 * @example
 * import { addNoiseToFiles, type SampleFormatName } from 'noisemill'
 *
 * const found = new Set<SampleFormatName>()
 * for await (const { format } of addNoiseToFiles('speech', { out: 'noisy', snr: 10 })) if (format) found.add(format)
 * console.log([...found].join()) // -> pcm16
 */
export type SampleFormatName = 'pcm8' | 'pcm16' | 'pcm24' | 'pcm32' | 'float32' | 'float64'

export interface SampleFormat {
  readonly name: SampleFormatName
  readonly bits: number
  readonly bytes: number
  readonly float: boolean
  /** Whether its values are float64. */
  readonly wide: boolean
}

/** Layout of samples, which are interleaved frame by frame. */
export interface FrameLayout {
  readonly format: SampleFormat
  readonly channels: number
  /** Frames per second; 0 if unknown, which only samples in memory may be. */
  readonly sampleRate: number
  /** Bytes of a frame. */
  readonly blockAlign: number
  /** Number of frames of the whole signal, however the work is cut. */
  readonly frames: number
  /** Whether samples have their high byte first, as in RIFX. */
  readonly bigEndian: boolean
  /**
   * Number of valid bits of a sample, counted from the most significant. The other bits are
   * padding; only PCM has any.
   */
  readonly validBits: number
}

const format = (name: SampleFormatName, bits: number, float: boolean, wide: boolean): SampleFormat => ({
  name,
  bits,
  bytes: bits / 8,
  float,
  wide,
})

export const sampleFormats: readonly SampleFormat[] = [
  format('pcm8', 8, false, false),
  format('pcm16', 16, false, false),
  format('pcm24', 24, false, false),
  format('pcm32', 32, false, true),
  format('float32', 32, true, false),
  format('float64', 64, true, true),
]

export type SampleValues = Float32Array | Float64Array

/**
 * The array that `decode` needs for `count` samples. Float formats need none, because they are used
 * in place.
 */
export function sampleScratch(format: SampleFormat, count: number, memory: SampleMemory): SampleValues {
  if (format.float) return memory.floats(0)
  return format.wide ? memory.doubles(count) : memory.floats(count)
}

/** Reverses the bytes of each sample in place, between big-endian and little-endian. */
export function swapBytes(format: SampleFormat, bytes: Uint8Array): void {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  switch (format.bytes) {
    case 2:
      view.swap16()
      return
    case 3:
      for (let at = 0; at < bytes.length; at += 3) {
        const first = bytes[at]
        bytes[at] = bytes[at + 2]
        bytes[at + 2] = first
      }
      return
    case 4:
      view.swap32()
      return
    case 8:
      view.swap64()
      return
    default:
  }
}

interface SampleMemory {
  floats(count: number): Float32Array
  doubles(count: number): Float64Array
}

/**
 * Decodes samples to values in full-scale units. Float formats give a view of the bytes themselves.
 * So samples that are not written keep all their bits, NaN payloads included.
 *
 * @param bytes start at a sample, and are aligned to the sample size (no alignment for PCM 24)
 */
export function decode(format: SampleFormat, bytes: Uint8Array, count: number, scratch: SampleValues): SampleValues {
  switch (format.name) {
    case 'float32':
      return new Float32Array(bytes.buffer, bytes.byteOffset, count)
    case 'float64':
      return new Float64Array(bytes.buffer, bytes.byteOffset, count)
    case 'pcm8':
      for (let i = 0; i < count; i++) scratch[i] = (bytes[i] - 128) / 128
      return scratch
    case 'pcm16': {
      const integers = new Int16Array(bytes.buffer, bytes.byteOffset, count)
      for (let i = 0; i < count; i++) scratch[i] = integers[i] / 32768
      return scratch
    }
    case 'pcm24':
      for (let i = 0, at = 0; i < count; i++, at += 3) {
        // Shifted to the top of a 32-bit integer and back, which extends the sign.
        const integer = ((bytes[at] << 8) | (bytes[at + 1] << 16) | (bytes[at + 2] << 24)) >> 8
        scratch[i] = integer / 8388608
      }
      return scratch
    case 'pcm32': {
      const integers = new Int32Array(bytes.buffer, bytes.byteOffset, count)
      for (let i = 0; i < count; i++) scratch[i] = integers[i] / 2147483648
      return scratch
    }
  }
}

/**
 * Writes values that `decode` returned back to their bytes. PCM values must be on the grid of the
 * format and within its range. Float formats need nothing, because they were changed in place.
 */
export function encode(format: SampleFormat, values: SampleValues, bytes: Uint8Array, count: number): void {
  switch (format.name) {
    case 'pcm8':
      for (let i = 0; i < count; i++) bytes[i] = values[i] * 128 + 128
      return
    case 'pcm16': {
      const integers = new Int16Array(bytes.buffer, bytes.byteOffset, count)
      for (let i = 0; i < count; i++) integers[i] = values[i] * 32768
      return
    }
    case 'pcm24':
      for (let i = 0, at = 0; i < count; i++, at += 3) {
        const integer = values[i] * 8388608
        bytes[at] = integer
        bytes[at + 1] = integer >> 8
        bytes[at + 2] = integer >> 16
      }
      return
    case 'pcm32': {
      const integers = new Int32Array(bytes.buffer, bytes.byteOffset, count)
      for (let i = 0; i < count; i++) integers[i] = values[i] * 2147483648
      return
    }
    default:
  }
}

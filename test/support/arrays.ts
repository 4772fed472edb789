/** Arrays of samples, and WAV files with the same samples. */

import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import {
  type FileResult,
  type NoiseOptions,
  noiseTask,
  type Pool,
  type PoolOptions,
  type SampleFigures,
  type Samples,
} from '../../dist/index.js'
import { temporaryFolder } from './folders.js'
import { jsKernel } from './kernels.js'
import { type formats, HEADER_BYTES, wav } from './wav.js'

type FormatName = (typeof formats)[number]['name']

interface ArrayType {
  readonly name: FormatName
  /** Format tag, as in a header. */
  readonly tag: number
  readonly bits: number
  readonly Type: new (size: number | ArrayBufferLike, offset?: number, length?: number) => Samples
  /** The values of full scale and of zero. */
  readonly scale: number
  readonly zero: number
}

export const arrayTypes: readonly ArrayType[] = [
  { name: 'pcm8', tag: 1, bits: 8, Type: Uint8Array, scale: 128, zero: 128 },
  { name: 'pcm16', tag: 1, bits: 16, Type: Int16Array, scale: 2 ** 15, zero: 0 },
  { name: 'pcm32', tag: 1, bits: 32, Type: Int32Array, scale: 2 ** 31, zero: 0 },
  { name: 'float32', tag: 3, bits: 32, Type: Float32Array, scale: 1, zero: 0 },
  { name: 'float64', tag: 3, bits: 64, Type: Float64Array, scale: 1, zero: 0 },
]

const typeOf = (samples: Samples): ArrayType => arrayTypes.find(({ Type }) => samples instanceof Type)!

/** Makes a tone that is so loud that noise clips, with a different pitch in each channel. */
export function tone({ Type, scale, zero }: ArrayType, frames: number, channels = 1, amplitude = 0.9): Samples {
  const samples = new Type(frames * channels)
  for (let i = 0; i < samples.length; i++) {
    const frame = Math.floor(i / channels)
    const value = amplitude * Math.sin(frame * (0.05 + 0.01 * (i % channels)))
    samples[i] = scale === 1 ? value : Math.round(value * (scale - 1)) + zero
  }
  return samples
}

/** Returns the bytes of an array, without a copy. */
export const bytesOf = ({ buffer, byteOffset, byteLength }: Samples): Buffer =>
  Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength)

export const wavOf = (samples: Samples, channels: number): Buffer =>
  wav({ ...typeOf(samples), channels, data: bytesOf(samples) })

/** Returns the bytes of the samples in a file that `wavOf` made. */
export const dataOf = (file: Uint8Array, samples: Samples): Buffer =>
  Buffer.from(file.subarray(HEADER_BYTES, HEADER_BYTES + samples.byteLength))

/**
 * Runs the noise task on a file with these bytes. Returns the bytes that it wrote (undefined if it failed) and the
 * result.
 */
export async function asFile(
  pool: Pool,
  bytes: Uint8Array,
  { key, ...options }: NoiseOptions & { key: string },
): Promise<{ bytes: Buffer | undefined; result: FileResult }> {
  const folder = temporaryFolder()
  const input = path.join(folder, 'in.wav')
  const output = path.join(folder, 'out.wav')
  writeFileSync(input, bytes)
  const [result] = await pool.map(noiseTask(options), [{ input, key, output }])
  return { bytes: result.status === 'done' ? readFileSync(output) : undefined, result }
}

/** Returns the figures that files and samples in memory have in common. */
export function common(figures: FileResult | SampleFigures) {
  const { format, codec, channels, frames, sigma, snr, clipped, key, seed, stream, warnings } = figures
  return { format, codec, channels, frames, sigma, snr, clipped, key, seed, stream, warnings }
}

/** Options for each combination of backend and kernel that computes noise here. */
export const ways: readonly PoolOptions[] = [
  { backend: 'native' },
  { backend: 'workers', kernel: 'ts' },
  { backend: 'inline', kernel: 'ts' },
  ...(jsKernel === 'wasm'
    ? [{ backend: 'workers', kernel: 'wasm' } as const, { backend: 'inline', kernel: 'wasm' } as const]
    : []),
]

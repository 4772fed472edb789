/** What a function of `transformTask` gets, and what it may return. */

import type { SampleFormatName } from '../core/wav/samples.js'

/**
 * Samples of a file, as a function of `transformTask` gets them: the whole file, or with `blocks` one
 * block after the other. The function changes them, or returns others; see `Transformed`.
 *
 * @example
 * import { type Audio, Pool, transformTask } from 'noisemill'
 *
 * // half.js: export const half = ({ channels }) => channels.map((samples) => samples.map((x) => x / 2))
 * const half = ({ channels }: Audio) => channels.map((samples) => samples.map((x) => x / 2))
 * await using pool = new Pool()
 * const task = transformTask(new URL('./half.js', import.meta.url), half.name, { out: 'softer' })
 * for (const { output } of await pool.map(task, ['speech/a.wav'])) console.log(output) // -> softer/a.wav
 */
// biome-ignore lint/suspicious/noExplicitAny: a function without types keeps what it wants in its state
export interface Audio<State extends object = any> {
  /**
   * Samples of each channel in full-scale units (1.0 = full scale). Samples of 32-bit PCM and of
   * 64-bit floats are rounded to 32-bit floats, which the result's warning W_ROUNDED says.
   */
  channels: Float32Array[]
  /** Frames per second. */
  sampleRate: number
  /** Sample format of the file. */
  readonly format: SampleFormatName
  /** Number of frames of the whole file: samples of one channel. */
  readonly frames: number
  /** Number of the first frame of `channels` in the file, from 0. It is 0 without `blocks`. */
  readonly frame: number
  /** Whether no other block of the file follows. It is true without `blocks`. */
  readonly isLast: boolean
  /** Path of the file, shown as in results; the key if the item has samples. */
  readonly input: string
  /** Key of the output, shown as in results: the path relative to the root, or the key of the item. */
  readonly key: string
  /** Number of the copy, from 1. */
  readonly copy: number
  /** Random numbers that depend on the seed, the key and the copy alone. */
  readonly random: RandomSource
  /**
   * An object that the function may keep values in, from block to block. It is empty at the start of
   * each file.
   */
  readonly state: State
}

/**
 * What a function of `transformTask` may return: nothing, if it changed the samples in `channels`;
 * or other samples, an array for each channel; or an object that has them and their sample rate. All
 * channels have the same number of frames, which may differ from that of the file.
 *
 * @example
 * import { type Audio, Pool, type Transformed, transformTask } from 'noisemill'
 *
 * // slower.js: export const slower = ({ channels, sampleRate }) => ({ channels, sampleRate: sampleRate / 2 })
 * const slower = ({ channels, sampleRate }: Audio): Transformed => ({ channels, sampleRate: sampleRate / 2 })
 * await using pool = new Pool()
 * const task = transformTask(new URL('./slower.js', import.meta.url), slower.name, { out: 'slow' })
 * console.log((await pool.map(task, ['speech/a.wav']))[0].sampleRate) // -> 8000
 */
export type Transformed =
  // biome-ignore lint/suspicious/noConfusingVoidType: a function that returns nothing has this type
  | void
  | readonly Float32Array[]
  | {
      /** Samples of each channel, in full-scale units. */
      readonly channels: readonly Float32Array[]
      /** Frames per second, 1 to 4,294,967,295; that of the file by default. */
      readonly sampleRate?: number
    }

/**
 * Random numbers for one output of a task, from the generators that noise comes from. They depend on
 * the seed, the key and the copy alone: not on threads, the order of files or other outputs.
 *
 * @example
 * import { type Audio, Pool, type RandomSource, transformTask } from 'noisemill'
 *
 * // hiss.js: export function hiss({ channels, random }) {
 * //   const noise = random.gaussian(new Float32Array(channels[0].length))
 * //   for (const samples of channels) noise.forEach((value, i) => { samples[i] += 0.01 * value })
 * // }
 * const draw = (random: RandomSource) => 0.5 + random.next()
 * const gain = ({ channels, random }: Audio) => channels.map((samples) => samples.map((x) => draw(random) * x))
 * await using pool = new Pool()
 * const task = transformTask(new URL('./hiss.js', import.meta.url), 'hiss', { out: 'hissing', seed: 1 })
 * console.log((await pool.map(task, ['speech/a.wav']))[0].output, gain.length) // -> hissing/a.wav 1
 */
export interface RandomSource {
  /** Fills an array with the next values of Gaussian noise of mean 0 and variance 1, and returns it. */
  gaussian(out: Float32Array): Float32Array
  /** Returns the next number that is uniform in [0, 1), like Math.random. */
  next(): number
}

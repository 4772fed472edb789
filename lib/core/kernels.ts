/**
 * The inner loops of core behind one interface, with the memory that they work on. They are in
 * TypeScript here and in WebAssembly in kernels-wasm.ts. Both give the same bits.
 */

import {
  type CountingTally,
  type MixSettings,
  type MixTally,
  measure,
  mixFloat32,
  mixFloat64,
  surveyFloat32,
  surveyFloat64,
} from './mix.js'
import { filter } from './noise/filter.js'
import type { GeneratedKind } from './noise/kind.js'
import { ACCUMULATORS } from './sums.js'
import { decode, encode, type SampleFormat, type SampleValues } from './wav/samples.js'

/**
 * Name of the implementation that computes noise outside the addon: TypeScript or WebAssembly. Both
 * give the same bits.
 *
 * @example
 * import { type KernelName, Pool } from 'noisemill'
 *
 * const kernel: KernelName = 'ts'
 * await using pool = new Pool({ backend: 'workers', kernel })
 * console.log(pool.info.kernel) // -> ts
 */
export type KernelName = 'ts' | 'wasm'

export interface Kernels {
  readonly name: KernelName
  /** Releases all memory that was handed out. Call it before each job. */
  reset(): void
  bytes(count: number): Uint8Array
  words(count: number): Uint32Array
  floats(count: number): Float32Array
  doubles(count: number): Float64Array
  tally(): MixTally

  /** See GeneratedKind.fill. */
  fill(kind: GeneratedKind, state: Uint32Array, parameters: Float64Array, out: Float32Array, frames: number): void
  /** See filter in noise/filter.ts. */
  filter(state: Float64Array, coefficients: Float64Array, values: Float32Array, frames: number): void
  /**
   * Copies the values of one channel to their places among the interleaved values of all channels.
   */
  interleave(from: Float32Array, to: Float32Array, frames: number, channel: number, channels: number): void
  /** See decode and encode in wav/samples.ts. */
  decode(format: SampleFormat, bytes: Uint8Array, count: number, scratch: SampleValues): SampleValues
  encode(format: SampleFormat, values: SampleValues, bytes: Uint8Array, count: number): void
  /** See mix.ts. `survey` and `mix` round sigma and gain to the precision of the format. */
  measure(values: SampleValues, count: number, format: SampleFormat, tally: MixTally): void
  survey(
    values: SampleValues,
    noise: Float32Array,
    count: number,
    format: SampleFormat,
    sigma: number,
    tally: MixTally,
  ): void
  mix(
    values: SampleValues,
    noise: Float32Array,
    count: number,
    format: SampleFormat,
    validBits: number,
    settings: MixSettings,
    tally: MixTally,
  ): void
}

export const tsKernels: Kernels = {
  name: 'ts',
  reset() {},
  bytes: (count) => new Uint8Array(count),
  words: (count) => new Uint32Array(count),
  floats: (count) => new Float32Array(count),
  doubles: (count) => new Float64Array(count),
  tally: (): CountingTally => ({
    signal: new Float64Array(ACCUMULATORS),
    noise: new Float64Array(ACCUMULATORS),
    mixture: new Float64Array(ACCUMULATORS),
    clipped: 0,
    nonFinite: 0,
    peak: 0,
  }),
  fill: (kind, state, parameters, out, frames) => kind.fill(state, parameters, out, frames),
  filter,
  interleave(from, to, frames, channel, channels) {
    for (let i = 0, at = channel; i < frames; i++, at += channels) to[at] = from[i]
  },
  decode,
  encode,
  measure: (values, count, _format, tally) => measure(values, count, tally as CountingTally),
  survey(values, noise, count, _format, sigma, tally) {
    if (values instanceof Float32Array) surveyFloat32(values, noise, count, Math.fround(sigma), tally as CountingTally)
    else surveyFloat64(values, noise, count, sigma, tally as CountingTally)
  },
  mix(values, noise, count, format, validBits, settings, tally) {
    if (values instanceof Float32Array) {
      const rounded = { ...settings, sigma: Math.fround(settings.sigma), gain: Math.fround(settings.gain) }
      mixFloat32(values, noise, count, format, validBits, rounded, tally as CountingTally)
    } else mixFloat64(values, noise, count, format, validBits, settings, tally as CountingTally)
  },
}

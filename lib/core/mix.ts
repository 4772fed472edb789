/**
 * Adds noise to samples: y = gain (x + sigma g), clamped, and rounded for PCM. Also adds up the
 * squares of the signal and of the noise that was really added. There is one loop for each
 * precision; docs/numerics.md specifies the arithmetic.
 */

import { ACCUMULATORS } from './sums.js'
import type { SampleFormat } from './wav/samples.js'

const LANE_MASK = ACCUMULATORS - 1
const fround = Math.fround
/**
 * From this magnitude on, every float32 (float64) is an integer. Adding and subtracting it rounds
 * smaller values half to even.
 */
const INTEGERS_32 = 2 ** 23
const INTEGERS_64 = 2 ** 52
/** The largest finite float32. */
const MAX_32 = (2 - 2 ** -23) * 2 ** 127

/**
 * Sums of squares of one block in progress, and counts. Sample i of a piece goes to accumulator i
 * % ACCUMULATORS. All pieces but the last of a block are therefore whole multiples of ACCUMULATORS
 * samples.
 */
export interface MixTally {
  readonly signal: Float64Array
  readonly noise: Float64Array
  /** Only `survey` adds to it. */
  readonly mixture: Float64Array
  /** Number of values that the clamp changed. */
  readonly clipped: number
  /** Number of NaNs and infinities. They stay as they are and do not count in the sums. */
  readonly nonFinite: number
  /** Largest magnitude that `survey` has seen. */
  readonly peak: number
}

/** A tally that the loops of this file write to. */
export interface CountingTally extends MixTally {
  clipped: number
  nonFinite: number
  peak: number
}

/** How noise is added to samples. */
export interface MixSettings {
  /** Standard deviation of the noise before the gain, in full-scale units. */
  readonly sigma: number
  /** Factor of the mixture. */
  readonly gain: number
  /** Whether float formats are clamped to [-1, 1], else to the finite range; PCM is always clamped to its range. */
  readonly clip: boolean
  /** What is added to each sample of PCM before it is rounded, in steps of the format; interleaved like the samples. */
  readonly dither: Float32Array | undefined
}

/** Adds up the squares of finite samples. */
export function measure(values: ArrayLike<number>, count: number, tally: CountingTally): void {
  const signal = tally.signal
  for (let i = 0; i < count; i++) {
    const x = values[i]
    if (Number.isFinite(x)) signal[i & LANE_MASK] += x * x
    else tally.nonFinite++
  }
}

/**
 * Measures samples, their noise and the mixture x + sigma g in float32, before any gain, rounding and clamp. It changes
 * nothing.
 *
 * @param noise as many values as samples
 * @param sigma a float32
 */
export function surveyFloat32(
  values: Float32Array,
  noise: Float32Array,
  count: number,
  sigma: number,
  tally: CountingTally,
): void {
  const { signal, noise: added, mixture } = tally
  let peak = tally.peak
  for (let i = 0; i < count; i++) {
    const x = values[i]
    if (!Number.isFinite(x)) {
      tally.nonFinite++
      continue
    }
    const n = fround(sigma * noise[i])
    const m = fround(x + n)
    signal[i & LANE_MASK] += x * x
    added[i & LANE_MASK] += n * n
    mixture[i & LANE_MASK] += m * m
    const magnitude = Math.abs(m)
    if (magnitude > peak) peak = magnitude
  }
  tally.peak = peak
}

/** `surveyFloat32` in float64. */
export function surveyFloat64(
  values: Float64Array,
  noise: Float32Array,
  count: number,
  sigma: number,
  tally: CountingTally,
): void {
  const { signal, noise: added, mixture } = tally
  let peak = tally.peak
  for (let i = 0; i < count; i++) {
    const x = values[i]
    if (!Number.isFinite(x)) {
      tally.nonFinite++
      continue
    }
    const n = sigma * noise[i]
    const m = x + n
    signal[i & LANE_MASK] += x * x
    added[i & LANE_MASK] += n * n
    mixture[i & LANE_MASK] += m * m
    const magnitude = Math.abs(m)
    if (magnitude > peak) peak = magnitude
  }
  tally.peak = peak
}

/**
 * Adds noise in float32, in place.
 *
 * @param values samples in full-scale units, interleaved
 * @param noise as many values
 * @param validBits valid bits of the samples; PCM is rounded to the grid of that many bits
 * @param settings sigma and gain are float32
 */
export function mixFloat32(
  values: Float32Array,
  noise: Float32Array,
  count: number,
  format: SampleFormat,
  validBits: number,
  { sigma, gain, clip, dither }: MixSettings,
  tally: CountingTally,
): void {
  const signal = tally.signal
  const error = tally.noise
  const scale = format.float ? 1 : 2 ** (validBits - 1)
  const low = format.float ? (clip ? -1 : -MAX_32) : -scale
  const high = format.float ? (clip ? 1 : MAX_32) : scale - 1
  for (let i = 0; i < count; i++) {
    const x = values[i]
    if (!Number.isFinite(x)) {
      tally.nonFinite++
      continue
    }
    let v = fround(fround(fround(x + fround(sigma * noise[i])) * gain) * scale)
    if (!format.float) {
      if (dither !== undefined) v = fround(v + dither[i])
      if (Math.abs(v) < INTEGERS_32) {
        const magic = v < 0 ? -INTEGERS_32 : INTEGERS_32
        v = fround(fround(v + magic) - magic)
      }
    }
    if (v < low) {
      v = low
      tally.clipped++
    } else if (v > high) {
      v = high
      tally.clipped++
    }
    const y = fround(v / scale)
    values[i] = y
    const difference = y - gain * x
    signal[i & LANE_MASK] += x * x
    error[i & LANE_MASK] += difference * difference
  }
}

/** `mixFloat32` in float64. The noise and the dither are float32 and are widened. */
export function mixFloat64(
  values: Float64Array,
  noise: Float32Array,
  count: number,
  format: SampleFormat,
  validBits: number,
  { sigma, gain, clip, dither }: MixSettings,
  tally: CountingTally,
): void {
  const signal = tally.signal
  const error = tally.noise
  const scale = format.float ? 1 : 2 ** (validBits - 1)
  const low = format.float ? (clip ? -1 : -Number.MAX_VALUE) : -scale
  const high = format.float ? (clip ? 1 : Number.MAX_VALUE) : scale - 1
  for (let i = 0; i < count; i++) {
    const x = values[i]
    if (!Number.isFinite(x)) {
      tally.nonFinite++
      continue
    }
    let v = (x + sigma * noise[i]) * gain * scale
    if (!format.float) {
      if (dither !== undefined) v += dither[i]
      if (Math.abs(v) < INTEGERS_64) {
        const magic = v < 0 ? -INTEGERS_64 : INTEGERS_64
        v = v + magic - magic
      }
    }
    if (v < low) {
      v = low
      tally.clipped++
    } else if (v > high) {
      v = high
      tally.clipped++
    }
    const y = v / scale
    values[i] = y
    const difference = y - gain * x
    signal[i & LANE_MASK] += x * x
    error[i & LANE_MASK] += difference * difference
  }
}

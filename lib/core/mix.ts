/**
 * Adds noise to samples: y = x + sigma g, clamped, and rounded for PCM. Also adds up the squares of
 * the signal and of the noise that was really added. There is one loop for each precision;
 * docs/numerics.md specifies the arithmetic.
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
  /** Number of values that the clamp changed. */
  readonly clipped: number
  /** Number of NaNs and infinities. They stay as they are and do not count in the sums. */
  readonly nonFinite: number
}

/** A tally that the loops of this file write to. */
export interface CountingTally extends MixTally {
  clipped: number
  nonFinite: number
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
 * Adds noise in float32, in place.
 *
 * @param values samples in full-scale units, interleaved
 * @param noise as many values, of mean power 1
 * @param validBits valid bits of the samples; PCM is rounded to the grid of that many bits
 * @param sigma standard deviation in full-scale units, a float32
 * @param clip whether float formats are clamped to [-1, 1], else to the finite range; PCM is always
 *   clamped to its range
 */
export function mixFloat32(
  values: Float32Array,
  noise: Float32Array,
  count: number,
  format: SampleFormat,
  validBits: number,
  sigma: number,
  clip: boolean,
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
    let v = fround(fround(x + fround(sigma * noise[i])) * scale)
    if (!format.float && Math.abs(v) < INTEGERS_32) {
      const magic = v < 0 ? -INTEGERS_32 : INTEGERS_32
      v = fround(fround(v + magic) - magic)
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
    const difference = y - x
    signal[i & LANE_MASK] += x * x
    error[i & LANE_MASK] += difference * difference
  }
}

/** `mixFloat32` in float64. The noise is float32 and is widened. */
export function mixFloat64(
  values: Float64Array,
  noise: Float32Array,
  count: number,
  format: SampleFormat,
  validBits: number,
  sigma: number,
  clip: boolean,
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
    let v = (x + sigma * noise[i]) * scale
    if (!format.float && Math.abs(v) < INTEGERS_64) {
      const magic = v < 0 ? -INTEGERS_64 : INTEGERS_64
      v = v + magic - magic
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
    const difference = y - x
    signal[i & LANE_MASK] += x * x
    error[i & LANE_MASK] += difference * difference
  }
}

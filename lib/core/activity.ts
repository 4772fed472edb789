/**
 * Active speech level and activity factor by Recommendation ITU-T P.56 (12/2011), method B: the
 * power of speech without its pauses. docs/numerics.md specifies the operations and their order.
 *
 * The samples of a signal must come in order, so one thread measures the whole file.
 */

import { logTo2, powerOf2 } from './powers.js'

/** Time constant of the envelope, in seconds. */
const SMOOTHING = 0.03
/** Time for which speech counts as active after the envelope has left a threshold, in seconds. */
const HANGOVER = 0.2
/** Difference between the active level and the threshold of activity, in dB. */
const MARGIN = 15.9
/** Number of thresholds, and the lowest as a power of 2. Each is twice the one before, up to 2^15, in full-scale units. */
const THRESHOLDS = 48
const LOWEST_EXPONENT = -32
const LOWEST = 2 ** LOWEST_EXPONENT
/** An envelope below this is 0, because processors are slow with subnormal numbers. */
const VANISHING = 2 ** -200
/** 10 log10(2): the decibels of a doubled power. */
const DECIBELS_OF_2 = 3.010299956639812

/** What a signal's samples add up to, for each channel. */
export interface ActivityTally {
  /** Number of samples for which threshold j of channel c was active, at `c * THRESHOLDS + j`. */
  readonly active: ArrayLike<number>
  /** Sum of the squares. */
  readonly energy: ArrayLike<number>
}

/** The active level of a signal. */
export interface Activity {
  /** Mean power of the active parts, as a mean over the channels. */
  readonly power: number
  /** Share of the time that is active, from 0 to 1, as a mean over the channels; null if it is not known. */
  readonly factor: number | null
}

/** Follows the envelope of each channel. */
export class ActivityMeter {
  readonly #channels: number
  readonly #smoothing: number
  readonly #hangover: number
  readonly #envelopes: Float64Array
  /** Samples since a threshold was last reached, at the place of `active`. */
  readonly #idle: Float64Array
  readonly tally: { readonly active: Float64Array; readonly energy: Float64Array }

  /** @param sampleRate 0 counts as 1 */
  constructor(channels: number, sampleRate: number) {
    const rate = Math.max(1, sampleRate)
    this.#channels = channels
    this.#smoothing = powerOf2(-1 / (SMOOTHING * rate) / Math.LN2)
    this.#hangover = Math.ceil(HANGOVER * rate)
    this.#envelopes = new Float64Array(2 * channels)
    this.#idle = new Float64Array(channels * THRESHOLDS).fill(this.#hangover)
    this.tally = { active: new Float64Array(channels * THRESHOLDS), energy: new Float64Array(channels) }
  }

  /** Adds the next samples, interleaved. NaN and infinities count as 0. */
  add(values: ArrayLike<number>, count: number): void {
    for (let channel = 0; channel < this.#channels; channel++) this.#follow(channel, values, count)
  }

  #follow(channel: number, values: ArrayLike<number>, count: number): void {
    const { energy } = this.tally
    const keep = this.#smoothing
    const take = 1 - keep
    let sum = energy[channel]
    let p = this.#envelopes[2 * channel]
    let q = this.#envelopes[2 * channel + 1]
    // The envelope is smooth, so it stays between two thresholds for many samples, which are counted at once.
    let reached = 0
    let samples = 0
    let low = 0
    let high = LOWEST
    for (let i = channel; i < count; i += this.#channels) {
      const x = Number.isFinite(values[i]) ? values[i] : 0
      sum += x * x
      p = keep * p + take * Math.abs(x)
      if (p < VANISHING) p = 0
      q = keep * q + take * p
      if (q < VANISHING) q = 0
      if (q < low || q >= high) {
        this.#countSamples(channel, reached, samples)
        samples = 0
        for (reached = 0, high = LOWEST; reached < THRESHOLDS && q >= high; reached++) high *= 2
        low = reached === 0 ? 0 : high / 2
      }
      samples++
    }
    this.#countSamples(channel, reached, samples)
    energy[channel] = sum
    this.#envelopes[2 * channel] = p
    this.#envelopes[2 * channel + 1] = q
  }

  /** Counts the next samples, at which the envelope reaches the first `reached` thresholds and no other. */
  #countSamples(channel: number, reached: number, samples: number): void {
    const { active } = this.tally
    const idle = this.#idle
    const first = channel * THRESHOLDS
    for (let at = first; at < first + reached; at++) {
      active[at] += samples
      idle[at] = 0
    }
    for (let at = first + reached; at < first + THRESHOLDS; at++) {
      const lingering = Math.min(samples, this.#hangover - idle[at])
      active[at] += lingering
      idle[at] += lingering
    }
  }
}

/**
 * Returns the active level. A channel whose level the method cannot tell, because it is too short or
 * only a click, counts with its mean power, and the factor is then null.
 *
 * @param frames number of frames, at least 1
 */
export function activityOf({ active, energy }: ActivityTally, frames: number): Activity {
  const channels = energy.length
  let power = 0
  let factor = 0
  for (let channel = 0; channel < channels; channel++) {
    const mean = energy[channel] / frames
    if (mean === 0) continue
    const found = activePower(active, channel * THRESHOLDS, energy[channel])
    power += found ?? mean
    factor += found === undefined ? Number.NaN : Math.min(1, mean / found)
  }
  return { power: power / channels, factor: Number.isNaN(factor) ? null : factor / channels }
}

/**
 * Returns the power whose level is MARGIN dB above the threshold with that activity, interpolated
 * between two thresholds in decibels. Undefined if no threshold is that far below, or if the energy
 * overflows.
 */
function activePower(active: ArrayLike<number>, first: number, energy: number): number | undefined {
  if (energy === Number.POSITIVE_INFINITY) return undefined
  let level = 0
  let margin = 0
  for (let j = 0; j < THRESHOLDS && active[first + j] > 0; j++) {
    const nextLevel = DECIBELS_OF_2 * logTo2(energy / active[first + j])
    const nextMargin = nextLevel - 2 * DECIBELS_OF_2 * (j + LOWEST_EXPONENT)
    if (nextMargin <= MARGIN) {
      if (j === 0) return undefined
      const found = nextLevel + ((level - nextLevel) * (MARGIN - nextMargin)) / (margin - nextMargin)
      return powerOf2(found / DECIBELS_OF_2)
    }
    level = nextLevel
    margin = nextMargin
  }
  return undefined
}

/**
 * Coloured noise: white Gaussian noise through a filter, so that the density of its power falls or
 * rises by a slope. The declarations of colours, and the coefficients of the filter.
 *
 * The filter is a ladder of sections of the first order. In the variable S = 2 sin(pi f / rate) the
 * response of a section with the pole p is that of an RC filter with the corner (1 - p) / sqrt(p).
 * Corners of poles and of zeros take turns in a geometric series, so the response is a straight
 * line of any slope. docs/numerics.md specifies every operation.
 */

import { Failure } from '../failure.js'
import { powerOf2 } from '../powers.js'
import { LANE_GROUP } from './filter.js'
import type { ColoredKind, NoiseParameter } from './kind.js'
import { BLOCK_FRAMES } from './source.js'

/** Slope of a density that halves in each octave, in dB: 10 log10(2). */
export const OCTAVE = 3.010299956639812

const LOW: NoiseParameter = {
  name: 'low',
  summary: 'lowest frequency that follows the slope',
  unit: 'Hz',
  minimum: 0.001,
  maximum: 1_000_000,
  default: 20,
}

const SLOPE: NoiseParameter = {
  name: 'slope',
  summary: 'slope of the spectrum, negative for more power at low frequencies',
  unit: 'dB/octave',
  minimum: -12,
  maximum: 12,
  default: -3,
}

/** Declares a kind of noise with this slope in dB per octave, or with a slope that users choose. */
export const color = (name: string, summary: string, slope?: number): ColoredKind => ({
  name,
  summary,
  parameters: slope === undefined ? [SLOPE, LOW] : [LOW],
  isNominal: false,
  needsSampleRate: true,
  slope,
})

/** Ratio of the corners of neighbouring poles, and its logarithm to the base 2. */
const SPACING = 5
const LOG2_SPACING = 2.321928094887362
/** The ladder begins at `low` divided by this number. */
const FALLING_BEGIN = 3
const RISING_BEGIN = 5
/** There is less and less power below `low` divided by this number. */
const NO_POWER = 5
/** A pole at `low` divided by this number, and a zero, mend what this end of the ladder changes above `low`. */
const MEND = 4
/** The ladder ends at this corner. It is above the largest S, because the sections beyond bend the line too. */
const TOP = 32
/** Two pairs bend the line from S to the frequency: the pole is -p, and the zero -(p + b (q + r b)). */
const BENDS = [
  { p: 0.06782273813872931, q: 0.04984167892861449, r: 0.005311646241446677 },
  { p: 0.5167987512275825, q: 0.03801228598389989, r: -0.005325429316709107 },
]
const TWO_PI = 6.283185307179586
/** Frames of warm-up times S at `low`, by the number of stages. */
const WARM_UP = [0, 80, 100]
/** Blocks are at least so many times as long as the warm-up, which so costs little. */
const BLOCK_WARM_UPS = 4

/** A filter. Its response is 1 + the sum of c / (z - p) over its lanes, times g, once or twice. */
export interface ColorFilter {
  /** The poles of the lanes, then c g of each, then g. */
  readonly coefficients: Float64Array
  /** Number of times that the filter is applied. */
  readonly stages: number
  /** Frames before each block from which on the filter runs from zero. */
  readonly warmUpFrames: number
  readonly blockFrames: number
}

/** Range of `low` for a sample rate, in millionths of 1 Hz. */
const lowestLow = (sampleRate: number) => Math.max(1000, 20 * sampleRate)
const highestLow = (sampleRate: number) => Math.min(1e12, 250_000 * sampleRate)

/** Throws Failure E_NOISE_LOW if `low` is out of the range that is possible with a sample rate. */
export function checkLow(low: number, sampleRate: number): void {
  const least = lowestLow(sampleRate) / 1e6
  const most = highestLow(sampleRate) / 1e6
  if (!(low >= least && low <= most))
    throw new Failure('E_NOISE_LOW', `the sample rate ${sampleRate} allows ${least} to ${most} Hz`)
}

/** The pole of the section with a corner. */
const poleAt = (corner: number) => 1 / (1 + (corner * corner) / 2 + corner * Math.sqrt(1 + (corner * corner) / 4))

/** Computes the filter for a slope of -12 to 12 dB per octave and a `low` that checkLow accepts. */
export function colorFilter(slope: number, low: number, sampleRate: number): ColorFilter {
  const whole = Math.abs(slope) / OCTAVE
  const stages = whole > 2 ? 2 : 1
  const b = whole / stages
  const lowest = (TWO_PI * low) / sampleRate
  const [poles, zeros] = sections(b, slope > 0, lowest)
  const warmUpFrames = BLOCK_FRAMES * Math.ceil(WARM_UP[stages] / lowest / BLOCK_FRAMES)
  let blockFrames = BLOCK_FRAMES
  while (blockFrames < BLOCK_WARM_UPS * warmUpFrames) blockFrames *= 2
  return { coefficients: coefficients(poles, zeros, stages), stages, warmUpFrames, blockFrames }
}

/** Returns the poles and the zeros of one stage. */
function sections(b: number, isRising: boolean, lowest: number): readonly [poles: number[], zeros: number[]] {
  const poles: number[] = []
  const zeros: number[] = []
  const ratio = powerOf2((b / 2) * LOG2_SPACING)
  let corner = ((lowest / (isRising ? RISING_BEGIN : FALLING_BEGIN)) * SPACING) / ratio
  const missing = (corner * corner * (ratio * ratio - 1)) / (SPACING * SPACING - 1)
  for (; corner < TOP; corner *= SPACING) {
    poles.push(poleAt(corner))
    zeros.push(poleAt(corner * ratio))
  }
  for (const bend of BENDS) {
    poles.push(-bend.p)
    zeros.push(-(bend.p + b * (bend.q + bend.r * b)))
  }
  const [falling, rising] = isRising ? [zeros, poles] : [poles, zeros]
  const noPower = lowest / NO_POWER
  const mend = lowest / MEND
  falling.push(poleAt(mend), poleAt(noPower))
  rising.push(poleAt(Math.sqrt(mend * mend + noPower * noPower + (isRising ? -missing : missing))), 1)
  return [falling, rising]
}

/** Writes the product of the sections as a sum of lanes, whose power for white noise is 1. */
function coefficients(poles: readonly number[], zeros: readonly number[], stages: number): Float64Array {
  const count = poles.length
  const inputs = poles.map((pole, k) => {
    let residue = pole - zeros[k]
    for (let j = 0; j < count; j++) if (j !== k) residue = (residue * (pole - zeros[j])) / (pole - poles[j])
    return residue
  })
  const lanes = Math.ceil(count / LANE_GROUP) * LANE_GROUP
  const gain =
    stages === 1 ? 1 / Math.sqrt(power(poles, inputs)) : 1 / Math.sqrt(Math.sqrt(powerAfterTwo(poles, inputs)))
  const all = new Float64Array(2 * lanes + 1)
  all.set(poles)
  all.set(
    inputs.map((input) => input * gain),
    lanes,
  )
  all[2 * lanes] = gain
  return all
}

/** Power of white noise of the power 1 after one stage. */
function power(poles: readonly number[], inputs: readonly number[]): number {
  let sum = 1
  for (let k = 0; k < poles.length; k++)
    for (let l = 0; l < poles.length; l++) sum += (inputs[k] * inputs[l]) / (1 - poles[k] * poles[l])
  return sum
}

/**
 * The same after two stages: the sum of the squares of the autocorrelation R after one. R at the
 * lag m > 0 is the sum of a p^(m - 1) over the poles.
 */
function powerAfterTwo(poles: readonly number[], inputs: readonly number[]): number {
  const count = poles.length
  const a = poles.map((pole, k) => {
    let sum = 1
    for (let l = 0; l < count; l++) sum += (inputs[l] * pole) / (1 - pole * poles[l])
    return inputs[k] * sum
  })
  const single = power(poles, inputs)
  let sum = 0
  for (let k = 0; k < count; k++) for (let l = 0; l < count; l++) sum += (a[k] * a[l]) / (1 - poles[k] * poles[l])
  return single * single + 2 * sum
}

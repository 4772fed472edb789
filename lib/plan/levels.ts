/** Levels of noise: checks the options `sigma` and `snr`, and draws a level from a range. */

import { draw, type NoiseKey, Purpose } from '../core/noise/keys.js'
import { invalidOption, NoisemillError } from '../errors.js'

/**
 * A level: one value, or the range `[low, high]`, from which a level is drawn uniformly for each file.
 *
 * @example
 * import { addNoise, type LevelOption } from 'noisemill'
 *
 * const snr: LevelOption = [5, 20]
 * const clean = new Float32Array(16_000).fill(0.1)
 * for (const key of ['a.wav', 'b.wav'])
 *   await addNoise(clean, { snr, seed: 1, key, onFigures: ({ snr }) => console.log(key, snr?.toFixed(1)) })
 * // -> a.wav 6.3
 * // -> b.wav 7.7
 */
export type LevelOption = number | readonly [low: number, high: number]

/**
 * The level that the options ask for: `sigma` or `snr`, whichever was given.
 *
 * @example
 * import { type AskedLevel, addNoiseToFiles } from 'noisemill'
 *
 * const show = ({ sigma, snr }: AskedLevel) => (snr === undefined ? `sigma ${sigma}` : `${snr} dB`)
 * for await (const r of addNoiseToFiles('speech/a.wav', { out: 'noisy', snr: 10 })) console.log(show(r.asked)) // -> 10 dB
 */
export interface AskedLevel {
  /** Standard deviation in full-scale units, or a range of standard deviations. */
  readonly sigma?: LevelOption
  /** Signal-to-noise ratio in decibels, or a range of ratios. */
  readonly snr?: LevelOption
}

/**
 * The level that was drawn for one file: `sigma` or `snr`, whichever was asked for.
 *
 * @example
 * import { addNoiseToFiles, type DrawnLevel } from 'noisemill'
 *
 * const inRange = ({ snr }: DrawnLevel) => snr !== undefined && snr >= 5 && snr <= 20
 * const options = { out: 'noisy', snr: [5, 20], seed: 1, dryRun: true } as const
 * for await (const r of addNoiseToFiles('speech/a.wav', options)) console.log(inRange(r.drawn)) // -> true
 */
export interface DrawnLevel {
  /** Standard deviation in full-scale units. */
  readonly sigma?: number
  /** Signal-to-noise ratio in decibels. */
  readonly snr?: number
}

/** Allowed values of `sigma`, in full-scale units. */
const SIGMA_RANGE = { minimum: 0, maximum: 16 } as const
/** Allowed values of `snr`, in decibels. */
const SNR_RANGE = { minimum: -100, maximum: 200 } as const

/** W_SNR_OFF is reported if the SNR achieved differs from the one drawn by more decibels than this. */
export const SNR_TOLERANCE = 0.5

/** W_CLIPPED is reported if clipping changed more than this share of the samples. */
export const CLIPPED_SHARE = 0.01

export interface LevelRange {
  readonly kind: 'sigma' | 'snr'
  readonly low: number
  readonly high: number
}

/** Checks sigma and snr: exactly one, in range, low no greater than high. Throws NoisemillError. */
export function checkLevel(sigma: unknown, snr: unknown): LevelRange {
  if (sigma === undefined && snr === undefined) throw new NoisemillError('E_LEVEL_MISSING')
  if (sigma !== undefined && snr !== undefined) throw new NoisemillError('E_LEVEL_BOTH')
  return sigma === undefined ? rangeOf('snr', snr, SNR_RANGE) : rangeOf('sigma', sigma, SIGMA_RANGE)
}

function rangeOf(
  kind: LevelRange['kind'],
  value: unknown,
  { minimum, maximum }: { minimum: number; maximum: number },
): LevelRange {
  const ends: readonly unknown[] = Array.isArray(value) ? value : [value, value]
  const [low, high] = ends
  const inRange = (end: unknown): end is number => typeof end === 'number' && end >= minimum && end <= maximum
  if (ends.length !== 2 || !inRange(low) || !inRange(high))
    throw invalidOption(
      kind,
      `a number from ${minimum} to ${maximum}, or a range \`[low, high]\` of such numbers`,
      value,
    )
  if (low > high) throw invalidOption(kind, 'a range `[low, high]` with the lower number first', value)
  return { kind, low, high }
}

/** Converts a checked range back to the form of its option. */
export function askedLevel({ kind, low, high }: LevelRange): AskedLevel {
  return { [kind]: low === high ? low : [low, high] }
}

/** Returns the level of one file: the single value, or a draw from the range, which depends on the key alone. */
export function levelFor(level: LevelRange, key: NoiseKey): number {
  return level.low === level.high ? level.low : level.low + (level.high - level.low) * draw(key, Purpose.level, 0)
}

/** Terms of Taylor's series of 2^x. For |x| <= 1/2, the remainder is far smaller than the rounding error. */
const EXP2_TERMS = 17

/**
 * Converts an SNR in decibels to the ratio of noise RMS to signal RMS: 10^(-snr / 20). It uses only sums, products and
 * quotients, because engines differ in Math.pow and every bit of sigma changes the output.
 */
export function noiseGain(snr: number): number {
  const LOG2_10_OVER_20 = 0.16609640474436813
  const exponent = -snr * LOG2_10_OVER_20
  const whole = Math.floor(exponent + 0.5)
  const x = (exponent - whole) * Math.LN2
  let power = 1
  for (let n = EXP2_TERMS - 1; n >= 1; n--) power = 1 + (power * x) / n
  for (let i = 0; i < Math.abs(whole); i++) power *= whole > 0 ? 2 : 0.5
  return power
}

/** Returns the SNR in decibels, from the energies of signal and noise. Null if either energy is zero or not finite. */
export function achievedSnr(signalEnergy: number, noiseEnergy: number): number | null {
  const ratio = signalEnergy / noiseEnergy
  return Number.isFinite(ratio) && ratio > 0 ? 10 * Math.log10(ratio) : null
}

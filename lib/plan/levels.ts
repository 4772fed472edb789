/** Levels of noise and of mixtures: checks their options, and draws a level from a range or a list. */

import { draw, type NoiseKey, type Purpose } from '../core/noise/keys.js'
import type { OutputLevel, OutputLevelKind } from '../core/noise/noise.js'
import { powerOf2 } from '../core/powers.js'
import { describe, invalidOption, NoisemillError } from '../errors.js'

/**
 * A list of levels. One of them is drawn for each file, or with `snrMode: 'each'` each file gets an output for each.
 *
 * @example
 * import { addNoiseToFiles, type LevelList } from 'noisemill'
 *
 * const snr: LevelList = { values: [0, 5, 10] }
 * const outputs: string[] = []
 * for await (const { output } of addNoiseToFiles('speech/a.wav', { out: 'noisy', snr, snrMode: 'each' })) outputs.push(output)
 * console.log(outputs.sort().join(' ')) // -> noisy/a_snr0.wav noisy/a_snr10.wav noisy/a_snr5.wav
 */
export interface LevelList {
  /** The levels: 1 to 1000, all different. */
  readonly values: readonly number[]
}

/**
 * A level: one value; the range `[low, high]`, from which a level is drawn uniformly for each file; or a list of values,
 * of which one is drawn.
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
export type LevelOption = number | readonly [low: number, high: number] | LevelList

/**
 * Level of the mixture: 'keep' leaves it as it is. `rms` and `peak` are the RMS and the largest magnitude that it gets,
 * in decibels of full scale, -120 to 0.
 *
 * @example
 * import { addNoise, type OutputLevelOption } from 'noisemill'
 *
 * const level: OutputLevelOption = { peak: -6 }
 * const loud = await addNoise(new Float32Array(1000).fill(0.5), { sigma: 0.1, level })
 * console.log(Math.max(...loud).toFixed(3)) // -> 0.501
 */
export type OutputLevelOption =
  | 'keep'
  | {
      /** RMS of the mixture, in decibels of full scale. */
      readonly rms: LevelOption
    }
  | {
      /** Largest magnitude of the mixture, in decibels of full scale. */
      readonly peak: LevelOption
    }

/**
 * The levels that were drawn for one output: `sigma`, `snr` or `dbfs`, whichever was asked for, and the level of the
 * mixture if it is not 'keep'.
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
  /** RMS of the noise in decibels of full scale. */
  readonly dbfs?: number
  /** Level of the mixture, in decibels of full scale. */
  readonly level?:
    | {
        /** RMS of the mixture, in decibels of full scale. */
        readonly rms: number
      }
    | {
        /** Largest magnitude of the mixture, in decibels of full scale. */
        readonly peak: number
      }
}

/** Allowed values of the options that set the level of the noise: `sigma` in full-scale units, the others in decibels. */
export const NOISE_LEVELS = {
  sigma: { minimum: 0, maximum: 16 },
  snr: { minimum: -100, maximum: 200 },
  dbfs: { minimum: -200, maximum: 24 },
} as const
/** Allowed levels of the mixture, in decibels of full scale. */
export const OUTPUT_LEVEL = { minimum: -120, maximum: 0 } as const
/** Most values of a list. */
export const MAX_VALUES = 1000

/** W_SNR_OFF is reported if the SNR achieved differs from the one drawn by more decibels than this. */
export const SNR_TOLERANCE = 0.5

/** W_CLIPPED is reported if clipping changed more than this share of the samples. */
export const CLIPPED_SHARE = 0.01

/** A checked LevelOption. */
export type Choice = { readonly low: number; readonly high: number } | LevelList

/** What sets the level of the noise. */
export interface LevelChoice {
  readonly kind: keyof typeof NOISE_LEVELS
  readonly choice: Choice
}

/** What sets the level of the mixture. */
export interface OutputChoice {
  readonly kind: Exclude<OutputLevelKind, 'keep'>
  readonly choice: Choice
}

/** Checks the options that set the level of the noise: exactly one is given, and its values are in range. */
export function checkLevel(options: Readonly<Record<string, unknown>>): LevelChoice {
  const kinds = Object.keys(NOISE_LEVELS) as LevelChoice['kind'][]
  const [kind, ...others] = kinds.filter((kind) => options[kind] !== undefined)
  if (kind === undefined) throw new NoisemillError('E_LEVEL_MISSING')
  if (others.length > 0) throw new NoisemillError('E_LEVEL_BOTH')
  return { kind, choice: checkChoice(kind, options[kind], NOISE_LEVELS[kind]) }
}

/** Checks the option `level`. Undefined for 'keep'. */
export function checkOutputLevel(value: unknown): OutputChoice | undefined {
  if (value === 'keep') return undefined
  const [entry, ...others] = typeof value === 'object' && value !== null ? Object.entries(value) : []
  const [kind, asked] = entry ?? []
  if ((kind !== 'rms' && kind !== 'peak') || others.length > 0)
    throw invalidOption('level', "'keep', or a level in decibels of full scale, `{ rms }` or `{ peak }`", value)
  return { kind, choice: checkChoice('level', asked, OUTPUT_LEVEL) }
}

function checkChoice(
  option: string,
  value: unknown,
  { minimum, maximum }: { minimum: number; maximum: number },
): Choice {
  const inRange = (end: unknown): end is number => typeof end === 'number' && end >= minimum && end <= maximum
  const numbers = `from ${minimum} to ${maximum}`
  if (isList(value)) {
    // A copy, because the caller may change the list. It has a value for each hole, too.
    const values = Object.freeze(Array.from(value.values))
    const refuse = (expected: string, received = describeList(values)) =>
      new NoisemillError('E_OPTION_INVALID', { option, expected, received })
    const others = Object.keys(value).filter((key) => key !== 'values')
    if (others.length > 0) throw refuse('a list `{ values }`', `one that has ${others.join(', ')} too`)
    if (values.length === 0 || values.length > MAX_VALUES || !values.every(inRange))
      throw refuse(`a list of 1 to ${MAX_VALUES} numbers ${numbers}`)
    if (new Set(values).size < values.length) throw refuse('a list of different numbers')
    return Object.freeze({ values })
  }
  const ends: readonly unknown[] = Array.isArray(value) ? value : [value, value]
  const [low, high] = ends
  if (ends.length !== 2 || !inRange(low) || !inRange(high))
    throw invalidOption(option, `a number ${numbers}, or a range \`[low, high]\` of such numbers`, value)
  if (low > high) throw invalidOption(option, 'a range `[low, high]` with the lower number first', value)
  return { low, high }
}

const isList = (value: unknown): value is LevelList =>
  typeof value === 'object' && value !== null && 'values' in value && Array.isArray(value.values)

/** Describes a list for an error message; the command line shows it as it is typed there. */
function describeList(values: readonly unknown[]): string {
  const text = describe(values)
  return text.startsWith('[') ? `{ values: ${text} }` : text
}

/** Converts a checked choice back to the form of its option. */
export function askedChoice(choice: Choice): LevelOption {
  if ('values' in choice) return choice
  return choice.low === choice.high ? choice.low : [choice.low, choice.high]
}

/** Returns the level of one output: the single value, or a draw from the range or list, which depends on the key alone. */
export function drawLevel(choice: Choice, key: NoiseKey, purpose: (typeof Purpose)[keyof typeof Purpose]): number {
  if ('values' in choice) return choice.values[Math.floor(draw(key, purpose, 0) * choice.values.length)]
  const { low, high } = choice
  return low === high ? low : low + (high - low) * draw(key, purpose, 0)
}

const LOG2_10_OVER_20 = 0.16609640474436813

/** Converts decibels to a ratio of amplitudes: 10^(decibels / 20), the same bits on every engine. */
export const amplitudeOf = (decibels: number): number => powerOf2(decibels * LOG2_10_OVER_20)

/** Returns the standard deviation of noise: in full-scale units, or for an SNR as a multiple of the signal's RMS. */
export function deviationOf(kind: LevelChoice['kind'], level: number): number {
  if (kind === 'sigma') return level
  return amplitudeOf(kind === 'snr' ? -level : level)
}

/** The level of mixtures that are left as they are. */
export const KEEP: OutputLevel = { kind: 'keep', target: 0 }

/** Returns the SNR in decibels, from the energies of signal and noise. Null if either energy is zero or not finite. */
export function achievedSnr(signalEnergy: number, noiseEnergy: number): number | null {
  const ratio = signalEnergy / noiseEnergy
  return Number.isFinite(ratio) && ratio > 0 ? 10 * Math.log10(ratio) : null
}

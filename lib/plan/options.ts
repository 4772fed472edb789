/** Checks the options of the noise task, once and before any work starts. */

import { checkBoolean, checkInteger, checkKeys, checkObject, checkOneOf, given } from '../checks.js'
import type { NoiseKind, NoiseParameter } from '../core/noise/kind.js'
import type { Noise, NoiseLevel } from '../core/noise/noise.js'
import { invalidOption } from '../errors.js'
import { type FilePath, pathFromCaller } from '../files/paths.js'
import { fileKey, type Seed } from './keys.js'
import { offeredKinds } from './kinds.js'
import {
  type AskedLevel,
  askedLevel,
  checkLevel,
  type DrawnLevel,
  type LevelOption,
  type LevelRange,
  levelFor,
  noiseGain,
} from './levels.js'

/**
 * Options that describe the noise, for files and for samples in memory. Give exactly one of `sigma` and `snr`.
 *
 * @example
 * import { addNoise, addNoiseToFiles, type NoiseSpec } from 'noisemill'
 *
 * const noise: NoiseSpec = { snr: 10, seed: 'talk', clip: false }
 * await addNoise(new Float32Array(1000).fill(0.5), { ...noise, onFigures: ({ sigma }) => console.log(sigma.toFixed(3)) })
 * for await (const { status } of addNoiseToFiles('speech', { ...noise, out: 'noisy' })) console.log(status)
 * // -> 0.158
 * // -> done
 * // -> done
 */
export interface NoiseSpec {
  /** Standard deviation in full-scale units (1.0 = full scale), 0 to 16, or a range to draw from for each file. */
  readonly sigma?: LevelOption
  /**
   * Signal-to-noise ratio in decibels, -100 to 200, or a range to draw from for each file. It refers to
   * the signal's mean power over all channels.
   */
  readonly snr?: LevelOption
  /** Seed of all noise: an integer or a string without NUL; 0 by default. */
  readonly seed?: Seed
  /** Kind of noise; 'gaussian' by default. */
  readonly kind?: string
  /** Parameters of the kind, by name. Each has a default. */
  readonly parameters?: Readonly<Record<string, number>>
  /** Clip samples of float formats to [-1, 1]; true by default. PCM is always clipped to its range. */
  readonly clip?: boolean
}

/**
 * Options of `noiseTask` and `addNoiseToFiles`.
 *
 * @example
 * import { type NoiseOptions, noiseTask, Pool } from 'noisemill'
 *
 * const options: NoiseOptions = { out: 'noisy', root: 'speech', snr: [5, 20], seed: 1, copies: 2 }
 * await using pool = new Pool()
 * for (const { output } of await pool.map(noiseTask(options), ['speech/a.wav'])) console.log(output)
 * // -> noisy/a.1.wav
 * // -> noisy/a.2.wav
 */
export interface NoiseOptions extends NoiseSpec {
  /** Folder for the outputs, a path or a file: URL. It is created if it does not exist. */
  readonly out?: string | URL
  /** Folder that keys and the paths of outputs are relative to: a path or a file: URL. */
  readonly root?: string | URL
  /** Noisy copies of each file, 1 to 1,000,000; 1 by default. Two or more are numbered: `a.1.wav`, `a.2.wav`. */
  readonly copies?: number
  /** Replace existing outputs; false by default. */
  readonly overwrite?: boolean
  /**
   * Sync each output to the disk: its content before it gets its name, and its name before its result is reported. Slow;
   * false by default. Without it, the file system decides which outputs survive a power cut.
   */
  readonly fsync?: boolean
  /** Check and measure the inputs, but write nothing; false by default. Results then have the status 'planned'. */
  readonly dryRun?: boolean
  /** Fail files whose header has a fault (E_WAV_STRICT) instead of reporting a warning; false by default. */
  readonly strict?: boolean
}

/** A checked NoiseSpec with its defaults. */
export interface NoiseSpecSettings {
  readonly level: LevelRange
  /** The level in the form that results report as `asked`. */
  readonly asked: AskedLevel
  readonly seed: Seed
  readonly kind: NoiseKind
  /** The fields of Noise that are the same for every output. */
  readonly common: Omit<Noise, 'key' | 'level'>
}

/** Checked NoiseOptions with their defaults. */
export interface NoiseSettings {
  readonly noise: NoiseSpecSettings
  readonly out: string | undefined
  readonly root: string | undefined
  readonly copies: number
  readonly overwrite: boolean
  readonly fsync: boolean
  readonly dryRun: boolean
  readonly strict: boolean
}

const MAX_COPIES = 1_000_000
/** Names of the options in NoiseSpec. */
export const SPEC_OPTIONS: readonly string[] = ['sigma', 'snr', 'seed', 'kind', 'parameters', 'clip']
/** Names of the options in NoiseOptions. */
export const NOISE_OPTIONS: readonly string[] = [
  ...SPEC_OPTIONS,
  'out',
  'root',
  'copies',
  'overwrite',
  'fsync',
  'dryRun',
  'strict',
]

function checkFolder(option: string, value: unknown): string | undefined {
  if (value === undefined) return undefined
  const folder = pathFromCaller(value)
  if (typeof folder !== 'string') throw invalidOption(option, 'a path or a file: URL', value)
  return folder
}

function checkSeed(value: unknown): Seed {
  const valid =
    typeof value === 'string' ? !value.includes('\0') : typeof value === 'bigint' || Number.isSafeInteger(value)
  if (!valid) throw invalidOption('seed', 'an integer or a string without NUL', value)
  return value as Seed
}

function checkParameter({ name, minimum, maximum, unit }: NoiseParameter, value: unknown): number {
  if (typeof value !== 'number' || !(value >= minimum && value <= maximum))
    throw invalidOption(name, `a number from ${minimum} to ${maximum} ${unit}`, value)
  return value
}

function checkParameters(kind: NoiseKind, values: unknown): Float64Array {
  checkObject('parameters', values)
  checkKeys(
    values,
    kind.parameters.map((parameter) => parameter.name),
  )
  return Float64Array.from(kind.parameters, (parameter) =>
    checkParameter(parameter, given(values[parameter.name], parameter.default)),
  )
}

/**
 * Checks the options that describe noise. Throws NoisemillError with the invalid option.
 *
 * @param known names of all options that the caller accepts
 */
export function checkNoiseSpec(options: unknown, known: readonly string[]): NoiseSpecSettings {
  checkObject('options', options)
  const kinds = offeredKinds()
  const names = kinds.map(({ name }) => name)
  const name = checkOneOf('kind', given(options.kind, names[0]), names)
  const kind = kinds[names.indexOf(name)]
  checkKeys(options, known)
  const level = checkLevel(options.sigma, options.snr)
  return {
    level,
    asked: askedLevel(level),
    seed: checkSeed(given(options.seed, 0)),
    kind,
    common: {
      kind: kind.name,
      parameters: checkParameters(kind, given(options.parameters, {})),
      clip: checkBoolean('clip', given(options.clip, true)),
    },
  }
}

/** Checks the options of `noiseTask`. Throws NoisemillError with the invalid option. */
export function checkNoiseOptions(options: NoiseOptions): NoiseSettings {
  return {
    noise: checkNoiseSpec(options, NOISE_OPTIONS),
    out: checkFolder('out', options.out),
    root: checkFolder('root', options.root),
    copies: checkInteger('copies', given(options.copies, 1), 1, MAX_COPIES),
    overwrite: checkBoolean('overwrite', given(options.overwrite, false)),
    fsync: checkBoolean('fsync', given(options.fsync, false)),
    dryRun: checkBoolean('dryRun', given(options.dryRun, false)),
    strict: checkBoolean('strict', given(options.strict, false)),
  }
}

/** Returns the settings that decide the bytes of outputs, by option name, for the journal. */
export function recordOf({ noise, copies }: NoiseSettings): Record<string, unknown> {
  const { asked, seed, kind: declared, common } = noise
  const { kind, parameters, ...others } = common
  const values = declared.parameters.map(({ name }, i) => [name, parameters[i]] as const)
  return {
    ...asked,
    seed: String(seed),
    kind,
    ...(values.length > 0 && { parameters: Object.fromEntries(values) }),
    ...others,
    copies,
  }
}

/** The noise of one output, and the level that was drawn for it. */
export interface DrawnNoise {
  readonly noise: Noise
  readonly drawn: DrawnLevel
}

/**
 * Computes the key of one output and draws its level.
 *
 * @param path the path or text that the key is computed from, see `fileKey`
 * @param copy number of the copy, from 1
 */
export function drawNoise(settings: NoiseSpecSettings, path: FilePath, copy: number): DrawnNoise {
  const { level: range, seed } = settings
  const { kind, parameters, clip } = settings.common
  const key = fileKey(seed, path, copy)
  const drawn = levelFor(range, key)
  const isSnr = range.kind === 'snr'
  const level: NoiseLevel = { kind: range.kind, deviation: isSnr ? noiseGain(drawn) : drawn }
  return { noise: { kind, parameters, key, level, clip }, drawn: isSnr ? { snr: drawn } : { sigma: drawn } }
}

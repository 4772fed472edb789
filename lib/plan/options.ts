/** Checks the options of the noise task, once and before any work starts. */

import { checkBoolean, checkInteger, checkKeys, checkObject, checkOneOf, given } from '../checks.js'
import { Purpose } from '../core/noise/keys.js'
import type { NoiseKind, NoiseParameter } from '../core/noise/kind.js'
import {
  type ClipPolicy,
  clipPolicies,
  type Layer,
  type Mixing,
  type Noise,
  type SilentPolicy,
  type SnrReference,
  silentPolicies,
  snrReferences,
} from '../core/noise/noise.js'
import { bothGiven, invalidOption, NoisemillError } from '../errors.js'
import type { Variants } from '../files/outputs.js'
import { type FilePath, pathFromCaller } from '../files/paths.js'
import { fileKey, type Seed } from './keys.js'
import { offeredKinds } from './kinds.js'
import {
  type Asked,
  amplitudeOf,
  askedChoice,
  checkLevel,
  checkOutputLevel,
  type DrawnLevel,
  deviationOf,
  drawLevel,
  KEEP,
  type LevelChoice,
  type LevelOption,
  type OutputChoice,
  type OutputLevelOption,
} from './levels.js'

/**
 * Options that describe the noise and how it is mixed with signals, for files and for samples in memory. Give exactly one
 * of `sigma`, `snr` and `dbfs`.
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
  /** Standard deviation in full-scale units (1.0 = full scale), 0 to 16; or a range or list to draw from for each file. */
  readonly sigma?: LevelOption
  /**
   * Signal-to-noise ratio in decibels, -100 to 200, or a range or list to draw from for each file. It refers to the
   * signal's mean power over all channels. For gaussian noise it is that of the nominal deviation, for all other kinds
   * that of the noise that is added.
   */
  readonly snr?: LevelOption
  /**
   * RMS of the noise in decibels of full scale, -200 to 24, or a range or list to draw from for each file. A square wave
   * of full scale has 0 dB, a sine wave -3.01 dB.
   */
  readonly dbfs?: LevelOption
  /**
   * What is done with a list of SNRs: 'draw' draws one for each file, 'each' makes an output for each, with the same
   * noise, named `a_snr5.wav`. 'draw' by default. Samples in memory have one output, so there it must be 'draw'.
   */
  readonly snrMode?: SnrMode
  /**
   * Power of the signal that an SNR refers to: 'rms', its mean power, or 'active', its active speech level by ITU-T P.56,
   * which leaves out pauses; 'rms' by default. One thread then measures the whole file.
   */
  readonly snrReference?: SnrReference
  /**
   * Whether gaussian noise is scaled by its measured power too, so that the SNR before clipping and rounding is exactly
   * what was drawn; false by default. Other kinds are always scaled so.
   */
  readonly exactSnr?: boolean
  /** Seed of all noise: an integer or a string without NUL; 0 by default. */
  readonly seed?: Seed
  /** Kind of noise; 'gaussian' by default. */
  readonly kind?: string
  /** Parameters of the kind, by name. Each has a default. */
  readonly parameters?: Readonly<Record<string, number>>
  /** Level of the mixture of signal and noise, which one gain sets; 'keep' by default. */
  readonly level?: OutputLevelOption
  /**
   * What happens to values beyond full scale: 'clamp', 'scale', 'error' or 'none'; 'clamp' by default. true is 'clamp',
   * and false is 'none'.
   */
  readonly clip?: boolean | ClipPolicy
  /** Largest magnitude that `clip: 'scale'` leaves, in full-scale units, 0.01 to 1; 0.99 by default. */
  readonly ceiling?: number
  /** Whether PCM gets triangular dither of one step before it is rounded, from the same seed; false by default. */
  readonly dither?: boolean
  /**
   * What is done with a signal without power, if the level is an SNR: 'copy', 'skip' or 'error'; 'copy' by default.
   * Samples in memory cannot be skipped.
   */
  readonly silent?: SilentPolicy
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
  /**
   * Compute the outputs, but write nothing: compare them with the files that have their names; false by default. Results
   * then have the status 'verified', or fail with E_OUTPUT_DIFFERS or E_OUTPUT_MISSING. Not together with `overwrite` and
   * `dryRun`.
   */
  readonly verify?: boolean
  /**
   * Fail files whose header has a fault, or whose active level cannot be measured (E_WAV_STRICT), instead of reporting a
   * warning; false by default.
   */
  readonly strict?: boolean
}

/**
 * What is done with a list of SNRs: 'draw' draws one for each file, 'each' makes an output for each.
 *
 * @example
 * import { addNoiseToFiles, type SnrMode } from 'noisemill'
 *
 * const snrMode: SnrMode = 'each'
 * const outputs: string[] = []
 * for await (const { output } of addNoiseToFiles('speech/a.wav', { out: 'noisy', snr: { values: [0, 5] }, snrMode }))
 *   outputs.push(output)
 * console.log(outputs.sort().join(' ')) // -> noisy/a_snr0.wav noisy/a_snr5.wav
 */
export type SnrMode = 'draw' | 'each'

/** A checked NoiseSpec with its defaults. */
export interface NoiseSpecSettings {
  readonly level: LevelChoice
  /** Undefined if mixtures keep their level. */
  readonly outputLevel: OutputChoice | undefined
  /** The SNRs of which each file gets an output; empty if it gets one. */
  readonly each: readonly number[]
  /** What results report as `asked`. */
  readonly asked: Asked
  readonly seed: Seed
  readonly kind: NoiseKind
  /** Parameters of the kind, by name. */
  readonly parameters: Readonly<Record<string, number>>
  /** The fields of Noise that are the same for every output. */
  readonly common: Pick<Layer, 'kind' | 'parameters' | 'exact'> & Pick<Noise, 'mixing'>
}

/** Checked options of a task that are about its files. */
export interface FileSettings {
  readonly out: string | undefined
  readonly root: string | undefined
  readonly variants: Variants
  readonly overwrite: boolean
  readonly fsync: boolean
  readonly dryRun: boolean
  readonly verify: boolean
  readonly strict: boolean
}

/** Checked NoiseOptions with their defaults. */
export interface NoiseSettings extends FileSettings {
  readonly noise: NoiseSpecSettings
}

const MAX_COPIES = 1_000_000
/** Names of the options in NoiseSpec. */
export const SPEC_OPTIONS: readonly string[] = [
  'sigma',
  'snr',
  'dbfs',
  'snrMode',
  'snrReference',
  'exactSnr',
  'seed',
  'kind',
  'parameters',
  'level',
  'clip',
  'ceiling',
  'dither',
  'silent',
]
/** Names of the options that are about files. */
export const FILE_OPTIONS = ['out', 'root', 'copies', 'overwrite', 'fsync', 'dryRun', 'strict'] as const
type FileOption = (typeof FILE_OPTIONS)[number]
/** Names of the options in NoiseOptions. */
export const NOISE_OPTIONS: readonly string[] = [...SPEC_OPTIONS, ...FILE_OPTIONS, 'verify']

function checkFolder(option: string, value: unknown): string | undefined {
  if (value === undefined) return undefined
  const folder = pathFromCaller(value)
  if (typeof folder !== 'string') throw invalidOption(option, 'a path or a file: URL', value)
  return folder
}

export function checkSeed(value: unknown): Seed {
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

/** Throws E_OPTION_UNKNOWN for a parameter that the kind does not have, and names the kinds that have it. */
function checkParameterNames(kind: NoiseKind, values: object): void {
  const has = ({ parameters }: NoiseKind, key: string) => parameters.some(({ name }) => name === key)
  for (const key of Object.keys(values)) {
    if (has(kind, key)) continue
    const others = offeredKinds().filter((other) => has(other, key))
    const having =
      others.length === 0
        ? ', nor has any other'
        : `; kinds that have it are ${others.map(({ name }) => name).join(', ')}`
    const received = `the kind ${kind.name} has no parameter ${key}${having}`
    throw new NoisemillError('E_OPTION_UNKNOWN', { option: key, received })
  }
}

function checkParameters(kind: NoiseKind, values: unknown): Float64Array {
  checkObject('parameters', values)
  checkParameterNames(kind, values)
  return Float64Array.from(kind.parameters, (parameter) =>
    checkParameter(parameter, given(values[parameter.name], parameter.default)),
  )
}

const DEFAULT_CEILING = 0.99
const MIN_CEILING = 0.01

function checkClip(value: unknown): ClipPolicy {
  if (typeof value === 'boolean') return value ? 'clamp' : 'none'
  return checkOneOf('clip', value, clipPolicies)
}

function checkCeiling(value: unknown, clip: ClipPolicy): number {
  if (value === undefined) return DEFAULT_CEILING
  if (typeof value !== 'number' || !(value >= MIN_CEILING && value <= 1))
    throw invalidOption('ceiling', `a number from ${MIN_CEILING} to 1`, value)
  if (clip !== 'scale') throw invalidOption('ceiling', "`clip` to be 'scale'", clip)
  return value
}

/** Throws if an option that is about SNRs is given and the level is none. */
function checkSnrOptions(options: Readonly<Record<string, unknown>>, { kind }: LevelChoice): void {
  if (kind === 'snr') return
  for (const name of ['snrMode', 'snrReference', 'exactSnr', 'silent'])
    if (options[name] !== undefined) throw invalidOption(name, '`snr` as the level', kind)
}

function checkMixing(options: Readonly<Record<string, unknown>>): Mixing {
  const clip = checkClip(given(options.clip, true))
  return {
    reference: checkOneOf('snrReference', given(options.snrReference, 'rms'), snrReferences),
    clip,
    ceiling: checkCeiling(options.ceiling, clip),
    dither: checkBoolean('dither', given(options.dither, false)),
    silent: checkOneOf('silent', given(options.silent, 'copy'), silentPolicies),
  }
}

/** Returns the SNRs of which each file gets an output. */
function checkEach(snrMode: unknown, { choice }: LevelChoice): readonly number[] {
  if (checkOneOf('snrMode', snrMode, ['draw', 'each']) === 'draw') return []
  if (!('values' in choice))
    throw invalidOption('snrMode', "`snr` to be a list `{ values }` for 'each'", askedChoice(choice))
  return choice.values
}

function askedOf(
  level: LevelChoice,
  outputLevel: OutputChoice | undefined,
  each: readonly number[],
  isExact: boolean,
  { reference, clip, ceiling, dither, silent }: Mixing,
): Asked {
  return {
    [level.kind]: askedChoice(level.choice),
    ...(each.length > 0 && { snrMode: 'each' }),
    ...(reference !== 'rms' && { snrReference: reference }),
    ...(isExact && { exactSnr: true }),
    ...(outputLevel && { level: { [outputLevel.kind]: askedChoice(outputLevel.choice) } as OutputLevelOption }),
    ...(clip !== 'clamp' && { clip }),
    ...(clip === 'scale' && { ceiling }),
    ...(dither && { dither }),
    ...(silent !== 'copy' && { silent }),
  }
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
  const level = checkLevel(options)
  checkSnrOptions(options, level)
  const outputLevel = checkOutputLevel(given(options.level, 'keep'))
  const parameters = checkParameters(kind, given(options.parameters, {}))
  const each = checkEach(given(options.snrMode, 'draw'), level)
  const mixing = checkMixing(options)
  const isExact = checkBoolean('exactSnr', given(options.exactSnr, false))
  return {
    level,
    outputLevel,
    each,
    asked: askedOf(level, outputLevel, each, isExact && kind.isNominal, mixing),
    seed: checkSeed(given(options.seed, 0)),
    kind,
    parameters: Object.fromEntries(kind.parameters.map(({ name }, i) => [name, parameters[i]])),
    common: {
      kind: kind.name,
      parameters,
      exact: isExact || !kind.isNominal,
      mixing,
    },
  }
}

const labelOf = (snr: number) => `_snr${snr}`

/** Returns what tells the outputs of an input apart. The options need not be checked. */
export function variantsOf({ copies = 1, snr, snrMode }: NoiseOptions): Variants {
  const isEach = snrMode === 'each' && typeof snr === 'object' && 'values' in snr && Array.isArray(snr.values)
  return { copies, labels: isEach ? snr.values.map(labelOf) : [] }
}

/** Checks the options of `noiseTask`. Throws NoisemillError with the invalid option. */
export function checkNoiseOptions(options: NoiseOptions): NoiseSettings {
  const noise = checkNoiseSpec(options, NOISE_OPTIONS)
  return { noise, ...checkFileOptions(options, noise.each.map(labelOf)) }
}

/**
 * Checks the options of a task that are about its files.
 *
 * @param labels of the outputs of each input
 */
export function checkFileOptions(
  options: Pick<NoiseOptions, FileOption | 'verify'>,
  labels: readonly string[],
): FileSettings {
  const copies = checkInteger('copies', given(options.copies, 1), 1, MAX_COPIES)
  const overwrite = checkBoolean('overwrite', given(options.overwrite, false))
  const dryRun = checkBoolean('dryRun', given(options.dryRun, false))
  const verify = checkBoolean('verify', given(options.verify, false))
  if (verify && overwrite) throw bothGiven('verify', 'overwrite')
  if (verify && dryRun) throw bothGiven('verify', 'dryRun')
  return {
    out: checkFolder('out', options.out),
    root: checkFolder('root', options.root),
    variants: { copies, labels },
    overwrite,
    fsync: checkBoolean('fsync', given(options.fsync, false)),
    dryRun,
    verify,
    strict: checkBoolean('strict', given(options.strict, false)),
  }
}

/** Returns the settings that decide the bytes of outputs, by option name, for the journal. */
export function recordOf({ noise, variants }: NoiseSettings): Record<string, unknown> {
  const { asked, seed, kind, parameters } = noise
  return {
    ...asked,
    seed: String(seed),
    kind: kind.name,
    ...(kind.parameters.length > 0 && { parameters }),
    copies: variants.copies,
  }
}

/** The noise of one output, and the level that was drawn for it. */
export interface DrawnNoise {
  readonly noise: Noise
  readonly drawn: DrawnLevel
}

/**
 * Computes the key of one output and draws its levels.
 *
 * @param path the path or text that the key is computed from, see `fileKey`
 * @param copy number of the copy, from 1
 * @param snr the SNR of this output, if each of several has an output; otherwise it is drawn
 */
export function drawNoise(settings: NoiseSpecSettings, path: FilePath, copy: number, snr?: number): DrawnNoise {
  const { level, outputLevel, seed } = settings
  const { mixing, ...common } = settings.common
  const key = fileKey(seed, path, copy)
  const value = snr ?? drawLevel(level.choice, key, Purpose.level)
  const deviation = deviationOf(level.kind, value)
  const layer = {
    recorded: undefined,
    ...common,
    key,
    level: { kind: level.kind === 'snr' ? 'snr' : 'sigma', deviation },
  } as const
  const noise = { key, layers: [layer], mixing }
  const drawn = drawnOf(level.kind, value)
  if (outputLevel === undefined) return { noise: { ...noise, output: KEEP }, drawn }
  const decibels = drawLevel(outputLevel.choice, key, Purpose.outputLevel)
  return {
    noise: { ...noise, output: { kind: outputLevel.kind, target: amplitudeOf(decibels) } },
    drawn: { ...drawn, level: outputLevel.kind === 'rms' ? { rms: decibels } : { peak: decibels } },
  }
}

function drawnOf(kind: LevelChoice['kind'], level: number): DrawnLevel {
  if (kind === 'snr') return { snr: level }
  return kind === 'sigma' ? { sigma: level } : { dbfs: level }
}

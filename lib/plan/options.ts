/** Checks the options of the noise task, once and before any work starts. */

import { checkBoolean, checkInteger, checkKeys, checkObject, checkOneOf, given } from '../checks.js'
import { draw, Purpose } from '../core/noise/keys.js'
import {
  type ClipPolicy,
  clipPolicies,
  type Mixing,
  type Noise,
  type SilentPolicy,
  type SnrReference,
  silentPolicies,
  snrReferences,
} from '../core/noise/noise.js'
import { type StemName, stemNames } from '../core/stems.js'
import { bothGiven, invalidOption } from '../errors.js'
import type { Variants } from '../files/outputs.js'
import { type FilePath, pathFromCaller } from '../files/paths.js'
import { type Asked, withoutPlaces } from './asked.js'
import type { IndexedBank } from './bank-index.js'
import { fileKey, type Seed } from './keys.js'
import {
  checkLayers,
  checkSource,
  type DrawnLayer,
  drawLayer,
  isPresent,
  type LayerSettings,
  type LayerSpec,
  type RecordedNoise,
  refuseBeside,
  SOURCE_OPTIONS,
} from './layers.js'
import {
  amplitudeOf,
  askedChoice,
  checkOutputLevel,
  type DrawnLevel,
  drawLevel,
  KEEP,
  type LevelOption,
  type OutputChoice,
  type OutputLevelOption,
} from './levels.js'

/**
 * Options that describe the noise and how it is mixed with signals, for files and for samples in memory. Give exactly one
 * of `sigma`, `snr` and `dbfs`, or `layers`.
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
  /** Recordings that are the noise, in place of `kind`. */
  readonly noise?: RecordedNoise
  /** Several noises that are added up, each with a level of its own; in place of a level and `kind`. */
  readonly layers?: readonly LayerSpec[]
  /** Whether an output has 'all' layers, or 'one' of them, which is drawn; 'all' by default. */
  readonly pick?: 'all' | 'one'
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
  /**
   * Parts of each mixture to write as well, at its scale: 'clean', the signal, and 'noise'. Mixtures are then in the folder
   * `noisy` of `out`, and stems in `clean` and `noise`. In PCM, the mixture is exactly the sum of both. None by default.
   */
  readonly stems?: readonly StemName[]
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
  /** Undefined if mixtures keep their level. */
  readonly outputLevel: OutputChoice | undefined
  /** The SNRs of which each file gets an output; empty if it gets one. */
  readonly each: readonly number[]
  /** What results report as `asked`. */
  readonly asked: Asked
  readonly seed: Seed
  /** Kind of the noise; 'layers' for the option `layers`. */
  readonly kind: string
  /** Parameters of the kind, by name. */
  readonly parameters: Readonly<Record<string, number>>
  /** The noises that are added up. */
  readonly layers: readonly LayerSettings[]
  /** Whether they come from the option `layers`, so that each has a key of its own. */
  readonly isLayered: boolean
  readonly pick: 'all' | 'one'
  readonly mixing: Mixing
}

/** Checked options of a task that are about its files. */
export interface FileSettings {
  readonly out: string | undefined
  readonly root: string | undefined
  readonly variants: Variants
  /** The stems that each output has besides the mixture, in the order of `stemNames`. */
  readonly stems: readonly StemName[]
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

export const COPIES = { minimum: 1, maximum: 1_000_000 } as const
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
  'noise',
  'layers',
  'pick',
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
export const NOISE_OPTIONS: readonly string[] = [...SPEC_OPTIONS, ...FILE_OPTIONS, 'verify', 'stems']

/** Checks the option `copies`, and returns it or its default. */
export const checkCopies = (value: unknown): number =>
  checkInteger('copies', given(value, 1), COPIES.minimum, COPIES.maximum)

export function checkFolder(option: string, value: unknown): string | undefined {
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

const DEFAULT_CEILING = 0.99
export const CEILING = { minimum: 0.01, maximum: 1 } as const

function checkClip(value: unknown): ClipPolicy {
  if (typeof value === 'boolean') return value ? 'clamp' : 'none'
  return checkOneOf('clip', value, clipPolicies)
}

function checkCeiling(value: unknown, clip: ClipPolicy): number {
  if (value === undefined) return DEFAULT_CEILING
  const { minimum, maximum } = CEILING
  if (typeof value !== 'number' || !(value >= minimum && value <= maximum))
    throw invalidOption('ceiling', `a number from ${minimum} to ${maximum}`, value)
  if (clip !== 'scale') throw invalidOption('ceiling', "`clip` to be 'scale'", clip)
  return value
}

/** Throws if an option that is about SNRs is given and no level is one. */
function checkSnrOptions(options: Readonly<Record<string, unknown>>, layers: readonly LayerSettings[]): void {
  if (layers.some(({ level }) => level.kind === 'snr')) return
  for (const name of ['snrMode', 'snrReference', 'silent'])
    if (options[name] !== undefined) throw invalidOption(name, '`snr` as the level', layers[0].level.kind)
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
function checkEach(snrMode: unknown, isLayered: boolean, [{ level }]: readonly LayerSettings[]): readonly number[] {
  if (checkOneOf('snrMode', snrMode, ['draw', 'each']) === 'draw') return []
  if (isLayered) throw invalidOption('snrMode', "'draw' with `layers`", 'each')
  if (!('values' in level.choice))
    throw invalidOption('snrMode', "`snr` to be a list `{ values }` for 'each'", askedChoice(level.choice))
  return level.choice.values
}

function askedMixing({ reference, clip, ceiling, dither, silent }: Mixing): Partial<Asked> {
  return {
    ...(reference !== 'rms' && { snrReference: reference }),
    ...(clip !== 'clamp' && { clip }),
    ...(clip === 'scale' && { ceiling }),
    ...(dither && { dither }),
    ...(silent !== 'copy' && { silent }),
  }
}

/** Returns what the options ask of the noise: of a single one without `layers`, its kind is told elsewhere. */
function askedNoise(layers: readonly LayerSettings[], isLayered: boolean, pick: 'all' | 'one'): Partial<Asked> {
  if (isLayered) return { layers: layers.map(({ asked }) => asked), ...(pick === 'one' && { pick }) }
  const { kind, parameters, ...asked } = layers[0].asked
  return asked as Partial<Asked>
}

/** What is expected of the options that each layer has. */
export const NO_LAYERS = 'no `layers` beside it (give it in the layers)'

/**
 * Checks the options that describe noise. Throws NoisemillError with the invalid option.
 *
 * @param known names of all options that the caller accepts
 */
export function checkNoiseSpec(options: unknown, known: readonly string[]): NoiseSpecSettings {
  checkObject('options', options)
  checkKeys(options, known)
  const isLayered = options.layers !== undefined
  if (isLayered) refuseBeside(options, SOURCE_OPTIONS, NO_LAYERS)
  const layers = isLayered ? checkLayers(options.layers) : [checkSource(options)]
  if (!isLayered && options.pick !== undefined) throw invalidOption('pick', '`layers` beside it', options.pick)
  const pick = checkOneOf('pick', given(options.pick, 'all'), ['all', 'one'])
  checkSnrOptions(options, layers)
  const outputLevel = checkOutputLevel(given(options.level, 'keep'))
  const each = checkEach(given(options.snrMode, 'draw'), isLayered, layers)
  const mixing = checkMixing(options)
  const asked: Asked = {
    ...askedNoise(layers, isLayered, pick),
    ...(each.length > 0 && { snrMode: 'each' }),
    ...(outputLevel && { level: { [outputLevel.kind]: askedChoice(outputLevel.choice) } as OutputLevelOption }),
    ...askedMixing(mixing),
  }
  const seed = checkSeed(given(options.seed, 0))
  const [{ kind, parameters }] = isLayered ? [{ kind: 'layers', parameters: {} }] : layers
  return { outputLevel, each, asked, seed, kind, parameters, layers, isLayered, pick, mixing }
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
  const files = checkFileOptions(options, noise.each.map(labelOf))
  const stems = checkStems(given(options.stems, []))
  if (stems.length > 0 && files.out === undefined)
    throw invalidOption('stems', '`out` beside it, because the folders of stems are in it', stems)
  return { noise, ...files, stems }
}

function checkStems(value: unknown): StemName[] {
  const stems: readonly unknown[] = Array.isArray(value) ? value : [undefined]
  if (!stems.every((stem, i) => stemNames.includes(stem as StemName) && stems.indexOf(stem) === i))
    throw invalidOption('stems', "a list of 'clean' and 'noise', each of them once", value)
  return stemNames.filter((name) => stems.includes(name))
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
  const copies = checkCopies(options.copies)
  const overwrite = checkBoolean('overwrite', given(options.overwrite, false))
  const dryRun = checkBoolean('dryRun', given(options.dryRun, false))
  const verify = checkBoolean('verify', given(options.verify, false))
  if (verify && overwrite) throw bothGiven('verify', 'overwrite')
  if (verify && dryRun) throw bothGiven('verify', 'dryRun')
  return {
    out: checkFolder('out', options.out),
    root: checkFolder('root', options.root),
    variants: { copies, labels },
    stems: [],
    overwrite,
    fsync: checkBoolean('fsync', given(options.fsync, false)),
    dryRun,
    verify,
    strict: checkBoolean('strict', given(options.strict, false)),
  }
}

/**
 * Returns the settings that decide the bytes of outputs, by option name, for the journal.
 *
 * @param banks those of the layers; see indexBanks
 */
export function recordOf({ noise, variants, stems }: NoiseSettings, banks: Banks): Record<string, unknown> {
  const { asked, seed, kind, parameters } = noise
  const noiseFiles = banks.flatMap((bank) => (bank === undefined ? [] : [`${bank.count} with hash ${bank.hash}`]))
  return {
    ...withoutPlaces(asked),
    seed: String(seed),
    kind,
    ...(Object.keys(parameters).length > 0 && { parameters }),
    copies: variants.copies,
    ...(stems.length > 0 && { stems }),
    ...(noiseFiles.length > 0 && { noiseFiles }),
  }
}

/** The noise of one output, and the levels that were drawn for it. */
export interface DrawnNoise {
  readonly noise: Noise
  readonly drawn: DrawnLevel
  /** The layers that the output has. */
  readonly layers: readonly DrawnLayer[]
}

/** The banks of layers, by their place; undefined for those that are generated. */
export type Banks = readonly (IndexedBank | undefined)[]

/**
 * Computes the keys of one output and draws its levels.
 *
 * @param path the path or text that the key is computed from, see `fileKey`
 * @param copy number of the copy, from 1
 * @param banks those of the layers; see indexBanks
 * @param snr the SNR of this output, if each of several has an output; otherwise it is drawn
 */
export function drawNoise(
  settings: NoiseSpecSettings,
  path: FilePath,
  copy: number,
  banks: Banks = [],
  snr?: number,
): DrawnNoise {
  const { outputLevel, seed, mixing, isLayered, layers } = settings
  const key = fileKey(seed, path, copy)
  const all = layers.map((layer, i) => {
    const own = isLayered ? fileKey(seed, path, copy, layer.name) : key
    return { isPresent: isPresent(layer, own), ...drawLayer(layer, banks[i], own, snr) }
  })
  const picked = settings.pick === 'one' ? [all[Math.floor(draw(key, Purpose.pick, 0) * all.length)]] : all
  const present = picked.filter(({ isPresent }) => isPresent)
  const noise = { key, layers: present.map(({ layer }) => layer), mixing }
  const drawnLayers = present.map(({ drawn }) => drawn)
  const drawn = isLayered ? {} : drawnLayers[0].drawn
  if (outputLevel === undefined) return { noise: { ...noise, output: KEEP }, drawn, layers: drawnLayers }
  const decibels = drawLevel(outputLevel.choice, key, Purpose.outputLevel)
  return {
    noise: { ...noise, output: { kind: outputLevel.kind, target: amplitudeOf(decibels) } },
    drawn: { ...drawn, level: outputLevel.kind === 'rms' ? { rms: decibels } : { peak: decibels } },
    layers: drawnLayers,
  }
}

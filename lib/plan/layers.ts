/** Layers of noise: checks their options, and draws what each output gets. */

import { checkBoolean, checkKeys, checkObject, checkOneOf, given } from '../checks.js'
import type { Balance } from '../core/noise/bank.js'
import { draw, type NoiseKey, Purpose } from '../core/noise/keys.js'
import type { NoiseKind, NoiseParameter } from '../core/noise/kind.js'
import type { Layer } from '../core/noise/noise.js'
import { balances, type Fit, fits, GAP, type Recorded, VOICES } from '../core/noise/recorded.js'
import { type Downmix, downmixes } from '../core/noise/recording.js'
import { invalidOption, NoisemillError } from '../errors.js'
import type { IndexedBank } from './bank-index.js'
import { checkSources } from './bank-sources.js'
import { offeredKinds } from './kinds.js'
import {
  askedChoice,
  checkLevel,
  type DrawnLevel,
  deviationOf,
  drawLevel,
  type LevelChoice,
  type LevelOption,
} from './levels.js'

/**
 * Noise from recordings. By default each output gets one piece of one file: a random part of a longer file, and a
 * shorter one in a loop. `voices` makes a babble of several files, and `gap` makes single events.
 *
 * @example
 * import { writeFileSync } from 'node:fs'
 * import { addNoiseToFiles, type RecordedNoise } from 'noisemill'
 *
 * writeFileSync('street.txt', 'speech/b.wav\n')
 * const noise: RecordedNoise = { from: 'street.txt', fit: 'loop' }
 * for await (const { layers } of addNoiseToFiles('speech/a.wav', { out: 'noisy', noise, snr: 10 }))
 *   console.log(layers[0].pieces[0].file) // -> speech/b.wav
 */
export interface RecordedNoise {
  /**
   * Where the noise files are: folders, files, globs, or lists whose names end in .txt, .list, .lst or .scp. Their sample
   * rate must be that of the signal; files of other rates are not drawn for it.
   */
  readonly from: string | URL | readonly (string | URL)[]
  /**
   * What is done with a file that is shorter than the signal: 'loop' repeats it, with crossfades of up to half a second,
   * and 'once' places it somewhere; 'loop' by default. With `voices` it is 'loop'.
   */
  readonly fit?: 'loop' | 'once'
  /** What is equally likely: each 'file', or each 'folder' and then each of its files; 'file' by default. */
  readonly balance?: 'file' | 'folder'
  /** Of files with more channels than the signal, the 'first' are used, or the 'mean' of all; 'first' by default. */
  readonly downmix?: 'first' | 'mean'
  /** Number of different files, 1 to 16, that are heard at the same time with equal RMS, or a range; 1 by default. */
  readonly voices?: number | readonly [low: number, high: number]
  /**
   * Seconds between events, 0.05 to 3600, or a range. Each event is a file, or 10 s of a longer one, with fades of 10 ms,
   * and has the level that is asked for by itself. Without `gap` the noise goes on.
   */
  readonly gap?: number | readonly [low: number, high: number]
}

/**
 * One of several noises that are added up. Give exactly one of `sigma`, `snr` and `dbfs`.
 *
 * @example
 * import { addNoiseToFiles, type LayerSpec } from 'noisemill'
 *
 * const layers: LayerSpec[] = [
 *   { name: 'hum', kind: 'brown', snr: [15, 25] },
 *   { name: 'hiss', kind: 'violet', dbfs: -50, chance: 0.5 },
 * ]
 * for await (const r of addNoiseToFiles('speech/a.wav', { out: 'noisy', layers, seed: 1 }))
 *   console.log(r.layers.map(({ name }) => name).join(' ')) // -> hum hiss
 */
export interface LayerSpec {
  /**
   * Name of the layer, from which its noise follows. By default its place, from '1' on: then its noise changes if layers
   * before it come or go.
   */
  readonly name?: string
  /** Kind of noise; 'gaussian' by default. */
  readonly kind?: string
  /** Parameters of the kind, by name. Each has a default. */
  readonly parameters?: Readonly<Record<string, number>>
  /** Recordings, in place of `kind`. */
  readonly noise?: RecordedNoise
  /** Standard deviation in full-scale units, 0 to 16, or a range or list; of recordings, their RMS. */
  readonly sigma?: LevelOption
  /** Ratio of the clean signal to this layer in decibels, -100 to 200, or a range or list. */
  readonly snr?: LevelOption
  /** RMS of the layer in decibels of full scale, -200 to 24, or a range or list. */
  readonly dbfs?: LevelOption
  /** Whether gaussian noise is scaled by its measured power too; false by default. */
  readonly exactSnr?: boolean
  /** Probability that an output has this layer, 0 to 1; 1 by default. */
  readonly chance?: number
}

/** Names of the options that describe one noise. */
export const SOURCE_OPTIONS = ['kind', 'parameters', 'noise', 'sigma', 'snr', 'dbfs', 'exactSnr'] as const
const LAYER_OPTIONS: readonly string[] = ['name', ...SOURCE_OPTIONS, 'chance']
export const MAX_LAYERS = 16

type Range = readonly [low: number, high: number]

/** A checked RecordedNoise with its defaults. */
export interface RecordedSettings {
  readonly sources: readonly string[]
  readonly fit: Fit
  readonly balance: Balance
  readonly downmix: Downmix
  readonly voices: Range
  readonly gap: Range | undefined
}

/** A checked LayerSpec with its defaults. */
export interface LayerSettings {
  readonly name: string
  /** Name of the kind; for recordings 'recording', 'babble' or 'bursts'. */
  readonly kind: string
  /** Parameters of the kind, by name. */
  readonly parameters: Readonly<Record<string, number>>
  readonly level: LevelChoice
  readonly recorded: RecordedSettings | undefined
  readonly chance: number
  /** Whether the noise depends on the sample rate. */
  readonly needsSampleRate: boolean
  /** What the options ask for, without defaults. */
  readonly asked: LayerSpec
  /** The fields of Layer that are the same for every output. */
  readonly common: Pick<Layer, 'kind' | 'parameters' | 'exact'>
}

/** Calls a function, and adds a place to the option of an error that it throws. */
export function inPlace<T>(place: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof NoisemillError)) throw error
    const { code, expected, received, cause, option } = error
    const full = option === undefined ? place : `${place}.${option}`
    throw new NoisemillError(code, {
      option: full,
      ...(expected !== undefined && { expected }),
      ...(received !== undefined && { received }),
      ...(cause !== undefined && { cause }),
    })
  }
}

/** Checks the option `layers`. Throws NoisemillError with the place of the fault, such as `layers[1].snr`. */
export function checkLayers(value: unknown): LayerSettings[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > MAX_LAYERS)
    throw invalidOption('layers', `an array of 1 to ${MAX_LAYERS} layers`, value)
  const layers = value.map((layer: unknown, i) => inPlace(`layers[${i}]`, () => checkLayer(layer, String(i + 1))))
  for (const [i, { name }] of layers.entries()) {
    if (layers.findIndex((other) => other.name === name) < i)
      throw invalidOption(`layers[${i}].name`, 'a name that no other layer has', name)
  }
  return layers
}

function checkLayer(options: unknown, defaultName: string): LayerSettings {
  checkObject('layer', options)
  checkKeys(options, LAYER_OPTIONS)
  const name: unknown = given(options.name, defaultName)
  if (typeof name !== 'string' || name === '' || name.includes('\0'))
    throw invalidOption('name', 'a text without NUL', name)
  const chance: unknown = given(options.chance, 1)
  if (typeof chance !== 'number' || !(chance >= 0 && chance <= 1))
    throw invalidOption('chance', 'a number from 0 to 1', chance)
  const source = checkSource(options)
  const asked = { name, ...source.asked, ...(chance !== 1 && { chance }) }
  return { ...source, name, chance, asked }
}

/** Throws for the first of these options that is given; of parameters, for the first of them. */
export function refuseBeside(
  options: Readonly<Record<string, unknown>>,
  names: readonly string[],
  expected: string,
): void {
  const name = names.find((one) => options[one] !== undefined)
  if (name === undefined) return
  const [parameter] = name === 'parameters' ? Object.entries(Object(options[name])) : []
  throw invalidOption(parameter?.[0] ?? name, expected, parameter?.[1] ?? options[name])
}

/** Checks the options that describe one noise and its level. */
export function checkSource(options: Readonly<Record<string, unknown>>): LayerSettings {
  const level = checkLevel(options)
  const isExact = checkBoolean('exactSnr', given(options.exactSnr, false))
  if (options.exactSnr !== undefined && level.kind !== 'snr')
    throw invalidOption('exactSnr', '`snr` as the level', level.kind)
  const askedLevel = { [level.kind]: askedChoice(level.choice) }
  const unnamed = { name: '', chance: 1, level }
  if (options.noise === undefined) {
    const kind = checkKind(options.kind)
    const values = checkParameters(kind, given(options.parameters, {}))
    const parameters = Object.fromEntries(kind.parameters.map(({ name }, i) => [name, values[i]]))
    return {
      ...unnamed,
      kind: kind.name,
      parameters,
      recorded: undefined,
      needsSampleRate: kind.needsSampleRate,
      asked: {
        kind: kind.name,
        ...(kind.parameters.length > 0 && { parameters }),
        ...askedLevel,
        ...(isExact && kind.isNominal && { exactSnr: true }),
      },
      common: { kind: kind.name, parameters: values, exact: isExact || !kind.isNominal },
    }
  }
  refuseBeside(options, ['kind', 'parameters', 'exactSnr'], 'no recordings (`noise`) beside it')
  const recorded = inPlace('noise', () => checkRecorded(options.noise))
  const kind = recorded.gap !== undefined ? 'bursts' : recorded.voices[1] > 1 ? 'babble' : 'recording'
  return {
    ...unnamed,
    kind,
    parameters: {},
    recorded,
    needsSampleRate: true,
    asked: { noise: askedRecorded(recorded), ...askedLevel },
    common: { kind, parameters: new Float64Array(), exact: true },
  }
}

const RECORDED_OPTIONS = ['from', 'fit', 'balance', 'downmix', 'voices', 'gap']

function checkRecorded(options: unknown): RecordedSettings {
  checkObject('recordings', options)
  checkKeys(options, RECORDED_OPTIONS)
  const { voices, gap, fit } = options
  const sources = checkSources('from', options.from)
  if (gap !== undefined && voices !== undefined) throw invalidOption('gap', 'no `voices` beside it', gap)
  if (gap !== undefined && fit !== undefined) throw invalidOption('gap', 'no `fit` beside it', gap)
  if (fit === 'once' && voices !== undefined) throw invalidOption('fit', "'loop' with `voices`", fit)
  return {
    sources,
    fit: checkOneOf('fit', given(fit, 'loop'), fits),
    balance: checkOneOf('balance', given(options.balance, 'file'), balances),
    downmix: checkOneOf('downmix', given(options.downmix, 'first'), downmixes),
    voices: checkRange('voices', given(voices, 1), VOICES, Number.isInteger),
    gap: gap === undefined ? undefined : checkRange('gap', gap, GAP, Number.isFinite),
  }
}

function checkRange(
  option: string,
  value: unknown,
  { minimum, maximum }: { readonly minimum: number; readonly maximum: number },
  isOne: (value: unknown) => boolean,
): Range {
  const ends: readonly unknown[] = Array.isArray(value) ? value : [value, value]
  const inRange = (end: unknown): end is number =>
    typeof end === 'number' && isOne(end) && end >= minimum && end <= maximum
  const [low, high] = ends
  if (ends.length !== 2 || !inRange(low) || !inRange(high) || low > high)
    throw invalidOption(option, `a number from ${minimum} to ${maximum}, or a range \`[low, high]\` of them`, value)
  return [low, high]
}

const askedRange = ([low, high]: Range) => (low === high ? low : ([low, high] as const))

function askedRecorded({ sources, fit, balance, downmix, voices, gap }: RecordedSettings): RecordedNoise {
  return {
    from: sources.length === 1 ? sources[0] : sources,
    ...(fit !== 'loop' && { fit }),
    ...(balance !== 'file' && { balance }),
    ...(downmix !== 'first' && { downmix }),
    ...(voices[1] > 1 && { voices: askedRange(voices) }),
    ...(gap && { gap: askedRange(gap) }),
  }
}

function checkKind(value: unknown): NoiseKind {
  const kinds = offeredKinds()
  const names = kinds.map(({ name }) => name)
  const name = checkOneOf('kind', given(value, names[0]), names)
  return kinds[names.indexOf(name)]
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

/** A layer of one output, as its result tells of it. */
export interface DrawnLayer {
  readonly settings: LayerSettings
  readonly drawn: DrawnLevel
  /** The bank of its recordings. */
  readonly bank: IndexedBank | undefined
}

/** Whether an output has a layer, of which it may have none. */
export const isPresent = ({ chance }: LayerSettings, key: NoiseKey): boolean => draw(key, Purpose.chance, 0) < chance

/**
 * Draws the level of a layer.
 *
 * @param snr the SNR, if it is not drawn
 */
export function drawLayer(
  settings: LayerSettings,
  bank: IndexedBank | undefined,
  key: NoiseKey,
  snr?: number,
): { readonly layer: Layer; readonly drawn: DrawnLayer } {
  const { level, common, recorded } = settings
  const value = snr ?? drawLevel(level.choice, key, Purpose.level)
  const layer: Layer = {
    recorded: bank && recorded && recordedOf(recorded, bank, key),
    ...common,
    key,
    level: { kind: level.kind === 'snr' ? 'snr' : 'sigma', deviation: deviationOf(level.kind, value) },
  }
  return { layer, drawn: { settings, drawn: drawnOf(level.kind, value), bank } }
}

const recordedOf = (
  { fit, balance, downmix, voices, gap }: RecordedSettings,
  { index }: IndexedBank,
  key: NoiseKey,
): Recorded => ({ bank: index, fit, balance, downmix, voices: drawVoices(voices, key), gap })

const drawVoices = ([low, high]: Range, key: NoiseKey) =>
  low === high ? low : low + Math.floor(draw(key, Purpose.voices, 0) * (high - low + 1))

function drawnOf(kind: LevelChoice['kind'], level: number): DrawnLevel {
  if (kind === 'snr') return { snr: level }
  return kind === 'sigma' ? { sigma: level } : { dbfs: level }
}

/** Files to add noise to, and their outcomes, as JSON of messages. Paths are relative to the shared folders. */

import type { EtlFigures, EtlJob, EtlOutcome, EtlWarning } from '../core/etl.js'
import type { FailureData } from '../core/failure.js'
import { type ByStem, type StemName, stemNames } from '../core/stems.js'
import { codecs } from '../core/wav/codecs.js'
import { sampleFormats } from '../core/wav/samples.js'
import { errorCodes } from '../error-codes.js'
import { NoisemillError } from '../errors.js'
import type { TemporaryOwner } from '../files/outputs.js'
import { type FilePath, pathFromBytes, pathToBytes, relativeTo, showPath } from '../files/paths.js'
import { ownerOf } from '../files/temporaries.js'
import { warnings } from '../warnings.js'
import { eachOf, type Fields } from './fields.js'
import {
  type CommonNoise,
  commonNoiseToJson,
  MAX_LAYERS,
  ownNoiseToJson,
  readCommonNoise,
  readNoise,
} from './noise-messages.js'
import { fromJson, toJson } from './values.js'

/** The producer's own names of the folders that it shares with the workers. */
export interface SharedFolders {
  readonly read: string | undefined
  readonly write: string | undefined
}

/** What a job asks of a worker. It has no paths of the worker's machine. */
export interface FileRequest extends Pick<EtlJob, 'overwrite' | 'fsync' | 'dryRun' | 'strict' | 'verify' | 'noise'> {
  readonly input: FilePath
  readonly output: FilePath
  readonly stems: ByStem<FilePath> | undefined
  readonly expected: EtlJob['expected']
  /** Whose temporary files the worker writes, so that `resume` of the producer finds those of a worker that died. */
  readonly owner: TemporaryOwner | undefined
}

const MAX_PATH = 8192
/** Results of files with more of them go without. */
const MAX_PIECES = 10_000
const MAX_DETAIL = 10_000
const U32 = 0xffff_ffff
/** Switches that are the same for all files of a run. */
const SWITCHES = ['fsync', 'dryRun', 'strict'] as const

/** What a job says of its files, to whatever is done with them. */
export type FilePlaces = Omit<FileRequest, 'verify' | 'noise' | 'expected'>

/** What all jobs of a message say of their files. */
export interface CommonPlaces extends Pick<FilePlaces, (typeof SWITCHES)[number]> {
  readonly owner: Omit<TemporaryOwner, 'id'> | undefined
}

/** What all jobs of a message that adds noise have in common. */
export interface CommonFiles extends CommonPlaces, CommonNoise, Pick<FileRequest, 'verify'> {}

type PlacedJob = Pick<EtlJob, 'input' | 'output' | 'temporary' | 'stems' | 'overwrite' | (typeof SWITCHES)[number]>

export function commonPlacesToJson({ temporary, fsync, dryRun, strict }: PlacedJob): object {
  const { host, pid } = ownerOf(temporary) ?? {}
  return { fsync, dryRun, strict, ...(host !== undefined && { owner: { host, pid } }) }
}

export const commonFilesToJson = (job: EtlJob): object => ({
  ...commonPlacesToJson(job),
  ...commonNoiseToJson(job.noise),
  verify: job.verify,
})

/** Converts what a job says of its own files to JSON. Throws E_PATH_OUTSIDE. */
export function placesToJson(job: PlacedJob, { read, write }: SharedFolders): object {
  const outputIn = (file: FilePath) => relativeToJson('write', write, file)
  const stems = job.stems && byStem(job.stems, ({ output }) => outputIn(output))
  const owner = ownerOf(job.temporary)
  return {
    input: relativeToJson('read', read, job.input),
    // The samples may be handed on.
    output: job.output.length === 0 ? null : outputIn(job.output),
    ...(stems && { stems }),
    ...(owner && { id: owner.id }),
    overwrite: job.overwrite,
  }
}

/** Converts a job to JSON. Throws E_PATH_OUTSIDE. */
export const fileJobToJson = (job: EtlJob, folders: SharedFolders): object => ({
  ...placesToJson(job, folders),
  ...(job.expected && { expected: job.expected }),
  noise: ownNoiseToJson(job.noise),
})

function byStem<From, To>(stems: ByStem<From>, convert: (from: From) => To): ByStem<To> {
  const present = stemNames.filter((name) => stems[name] !== undefined)
  return Object.fromEntries(present.map((name) => [name, convert(stems[name]!)]))
}

function relativeToJson(option: string, folder: string | undefined, file: FilePath): unknown {
  const outside = (received: string) => new NoisemillError('E_PATH_OUTSIDE', { path: showPath(file), received })
  if (folder === undefined) throw outside(`the producer has no \`${option}\``)
  const relative = relativeTo(folder, file)
  if (relative === undefined || relative.length === 0) throw outside(`\`${option}\` is ${folder}`)
  return typeof relative === 'string' ? relative : { base64: pathToBytes(relative).toString('base64') }
}

/** Reads what all jobs of a message have in common. Throws a MessageFault. */
export function readCommonPlaces(fields: Fields): CommonPlaces {
  const [fsync, dryRun, strict] = SWITCHES.map((name) => fields.flag(name))
  const owner = fields.optional('owner', (name) => {
    const given = fields.object(name)
    const read = { host: given.text('host', 32, /^[\w-]+$/), pid: given.integer('pid', 0, U32) }
    given.end()
    return read
  })
  return { fsync, dryRun, strict, owner }
}

export const readCommonFiles = (fields: Fields): CommonFiles => ({
  ...readCommonPlaces(fields),
  ...readCommonNoise(fields),
  verify: fields.flag('verify'),
})

/** Reads what a job says of its files. The output is '' if its samples are handed on. Throws a MessageFault. */
export function readPlaces(fields: Fields, { owner, fsync, dryRun, strict }: CommonPlaces): FilePlaces {
  const path = (of: Fields) => (name: string) => readPath(of, name)
  const id = fields.optional('id', (name) => fields.text(name, 41, /^[0-9a-z]+-[0-9a-z]+$/))
  return {
    input: readPath(fields, 'input'),
    output: fields.peek('output') === null ? String(fields.any('output') ?? '') : readPath(fields, 'output'),
    stems: fields.optional('stems', (name) => readByStem(fields.object(name), path)),
    owner: owner === undefined || id === undefined ? undefined : { host: owner.host, pid: owner.pid, id },
    overwrite: fields.flag('overwrite'),
    ...{ fsync, dryRun, strict },
  }
}

/** Reads a job. Throws a MessageFault. */
export function readFileRequest(fields: Fields, common: CommonFiles): FileRequest {
  const places = readPlaces(fields, common)
  if (places.output.length === 0) throw fields.fault('output', 'a path')
  return {
    ...places,
    verify: common.verify,
    expected: fields.optional('expected', (name) => readExpected(fields.object(name))),
    noise: readNoise(fields.object('noise'), common),
  }
}

function readByStem<Value>(fields: Fields, read: (fields: Fields) => (name: string) => Value): ByStem<Value> {
  const present = stemNames.filter((name) => fields.has(name))
  const values = Object.fromEntries(present.map((name) => [name, read(fields)(name)]))
  fields.end()
  return values as { [Name in StemName]?: Value }
}

/** Reads a path: text, or base64 of bytes that are not UTF-8. */
function readPath(fields: Fields, name: string): FilePath {
  if (typeof fields.peek(name) === 'string') return fields.text(name, MAX_PATH)
  const coded = fields.object(name)
  const bytes = Buffer.from(coded.text('base64', 2 * MAX_PATH), 'base64')
  coded.end()
  return pathFromBytes(bytes)
}

function readExpected(fields: Fields): NonNullable<EtlJob['expected']> {
  const figure = (name: string) => (fields.peek(name) === null ? (fields.any(name) as null) : fields.number(name))
  const [bytesIn, frames, sigma, noiseRms] = ['bytesIn', 'frames', 'sigma', 'noiseRms'].map(figure)
  fields.end()
  return { bytesIn, frames, sigma, noiseRms }
}

const FORMATS = sampleFormats.map(({ name }) => name)
const CODECS = codecs.map(({ name }) => name)

export function fileOutcomeToJson(outcome: EtlOutcome): unknown {
  if ('failure' in outcome) return { failure: failureToJson(outcome.failure) }
  return { figures: figuresToJson(outcome.figures) }
}

/** Converts figures of a file. The numbers are an array, because their names would be most of a message. */
export function figuresToJson({ format, codec, warnings, layers, ...figures }: EtlFigures): object {
  return {
    ...{ format, codec, warnings, layers: toJson(layers.map(withFewPieces)) },
    numbers: NUMBERS.map((name) => toJson(figures[name])),
  }
}

const withFewPieces = (layer: EtlFigures['layers'][number]) =>
  layer.pieces.length > MAX_PIECES ? { ...layer, pieces: [] } : layer

export function failureToJson({ code, detail, errno, stem, cause }: FailureData): unknown {
  const reason = cause === undefined ? detail : `${detail}${detail === '' ? '' : ': '}${cause.message}`
  return { code, detail: reason.slice(0, MAX_DETAIL), errno, ...(stem !== undefined && { stem }) }
}

/** Reads an outcome. Throws a MessageFault. */
export function readFileOutcome(fields: Fields): EtlOutcome {
  if (fields.has('failure')) return { failure: readFailure(fields.object('failure')) }
  const values = fields.object('figures')
  const figures = readFigures(values)
  values.end()
  return { figures }
}

export function readFailure(fields: Fields): FailureData {
  const failure = {
    code: fields.oneOf('code', errorCodes),
    detail: fields.text('detail', MAX_DETAIL),
    errno: fields.text('errno', 32, /^\w*$/),
    ...(fields.has('stem') && { stem: fields.oneOf('stem', stemNames) }),
  }
  fields.end()
  return failure
}

/** Reads a number. Those that JSON lacks have another form. */
export function readNumber(fields: Fields, name: string): number {
  const value = fields.any(name)
  const restored = typeof value === 'number' ? value : fromJson(value)
  if (typeof restored !== 'number') throw fields.fault(name, 'a number')
  return restored
}

export function readWarnings<Warning extends string>(fields: Fields): Warning[] {
  const codes = fields.list('warnings', 100)
  if (!codes.every((code) => Object.hasOwn(warnings, code as string))) throw fields.fault('warnings', 'known warnings')
  return codes as Warning[]
}

export const readFormat = (fields: Fields) => fields.oneOf('format', FORMATS)

export const readCodec = (fields: Fields) =>
  fields.peek('codec') === null ? (fields.any('codec') as null) : fields.oneOf('codec', CODECS)

/** Reads figures of a file. A literal, because it takes a tenth of the time of an object whose fields are set by name. */
export function readFigures(fields: Fields): EtlFigures {
  const values = fields.list('numbers', NUMBERS.length)
  const orNull = (place: number): number | null => {
    const value = values[place]
    // Those that JSON lacks have another form.
    const restored = typeof value === 'number' || value === null ? value : fromJson(value)
    if (typeof restored !== 'number' && restored !== null) throw fields.fault('numbers', 'numbers')
    return restored
  }
  const number = (place: number): number => {
    const value = orNull(place)
    if (value === null) throw fields.fault('numbers', 'numbers')
    return value
  }
  return {
    format: readFormat(fields),
    codec: readCodec(fields),
    channels: number(0),
    sampleRate: number(1),
    frames: number(2),
    sigma: number(3),
    layers: eachOf(fields.list('layers', MAX_LAYERS), 'layers', readLayerFigures),
    gain: number(4),
    peak: orNull(5),
    activePower: orNull(6),
    activity: orNull(7),
    signalEnergy: number(8),
    noiseEnergy: number(9),
    clipped: number(10),
    nonFinite: number(11),
    bytesIn: number(12),
    modified: number(13),
    bytesOut: number(14),
    seconds: number(15),
    warnings: readWarnings<EtlWarning>(fields),
  }
}

/** Names of the numbers, in the order that `readFigures` reads. */
const NUMBERS = [
  ...(['channels', 'sampleRate', 'frames', 'sigma', 'gain', 'peak', 'activePower', 'activity'] as const),
  ...(['signalEnergy', 'noiseEnergy', 'clipped', 'nonFinite', 'bytesIn', 'modified', 'bytesOut', 'seconds'] as const),
]

const readLayerFigures = (layer: Fields): EtlFigures['layers'][number] => ({
  deviation: readNumber(layer, 'deviation'),
  pieces: eachOf(layer.list('pieces', MAX_PIECES), 'pieces', (piece) => ({
    file: piece.integer('file', 0, Number.MAX_SAFE_INTEGER),
    from: piece.integer('from', 0, Number.MAX_SAFE_INTEGER),
    at: piece.integer('at', 0, Number.MAX_SAFE_INTEGER),
  })),
})

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
import { MAX_LAYERS, noiseToJson, readNoise } from './noise-messages.js'
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
const SWITCHES = ['overwrite', 'fsync', 'dryRun', 'strict'] as const

/** What a job says of its files, to whatever is done with them. */
export type FilePlaces = Omit<FileRequest, 'verify' | 'noise' | 'expected'>

type PlacedJob = Pick<EtlJob, 'input' | 'output' | 'temporary' | 'stems' | (typeof SWITCHES)[number]>

/** Converts what a job says of its files to JSON. Throws E_PATH_OUTSIDE. */
export function placesToJson(job: PlacedJob, { read, write }: SharedFolders): object {
  const outputIn = (file: FilePath) => relativeToJson('write', write, file)
  const stems = job.stems && byStem(job.stems, ({ output }) => outputIn(output))
  const owner = ownerOf(job.temporary)
  return {
    input: relativeToJson('read', read, job.input),
    // The samples may be handed on.
    output: job.output.length === 0 ? null : outputIn(job.output),
    ...(stems && { stems }),
    ...(owner && { owner }),
    ...Object.fromEntries(SWITCHES.map((name) => [name, job[name]])),
  }
}

/** Converts a job to JSON. Throws E_PATH_OUTSIDE. */
export const fileJobToJson = (job: EtlJob, folders: SharedFolders): unknown => ({
  ...placesToJson(job, folders),
  verify: job.verify,
  ...(job.expected && { expected: job.expected }),
  noise: noiseToJson(job.noise),
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

/** Reads what a job says of its files. The output is '' if its samples are handed on. Throws a MessageFault. */
export function readPlaces(fields: Fields): FilePlaces {
  const path = (of: Fields) => (name: string) => readPath(of, name)
  const [overwrite, fsync, dryRun, strict] = SWITCHES.map((name) => fields.flag(name))
  return {
    input: readPath(fields, 'input'),
    output: fields.peek('output') === null ? String(fields.any('output') ?? '') : readPath(fields, 'output'),
    stems: fields.optional('stems', (name) => readByStem(fields.object(name), path)),
    owner: fields.optional('owner', (name) => {
      const owner = fields.object(name)
      const read = {
        host: owner.text('host', 32, /^[\w-]+$/),
        pid: owner.integer('pid', 0, U32),
        id: owner.text('id', 41, /^[0-9a-z]+-[0-9a-z]+$/),
      }
      owner.end()
      return read
    }),
    ...{ overwrite, fsync, dryRun, strict },
  }
}

/** Reads a job. Throws a MessageFault. */
export function readFileRequest(fields: Fields): FileRequest {
  const places = readPlaces(fields)
  if (places.output.length === 0) throw fields.fault('output', 'a path')
  return {
    ...places,
    verify: fields.flag('verify'),
    expected: fields.optional('expected', (name) => readExpected(fields.object(name))),
    noise: readNoise(fields.object('noise')),
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
  const { figures } = outcome
  return { figures: toJson({ ...figures, layers: figures.layers.map(withFewPieces) }) }
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

/** A literal, because it takes a tenth of the time of an object whose fields are set by name. */
export function readFigures(fields: Fields): EtlFigures {
  const number = (name: string) => readNumber(fields, name)
  const orNull = (name: string) => (fields.peek(name) === null ? (fields.any(name) as null) : number(name))
  return {
    format: readFormat(fields),
    codec: readCodec(fields),
    channels: number('channels'),
    sampleRate: number('sampleRate'),
    frames: number('frames'),
    sigma: number('sigma'),
    layers: eachOf(fields.list('layers', MAX_LAYERS), 'layers', readLayerFigures),
    gain: number('gain'),
    peak: orNull('peak'),
    activePower: orNull('activePower'),
    activity: orNull('activity'),
    signalEnergy: number('signalEnergy'),
    noiseEnergy: number('noiseEnergy'),
    clipped: number('clipped'),
    nonFinite: number('nonFinite'),
    bytesIn: number('bytesIn'),
    modified: number('modified'),
    bytesOut: number('bytesOut'),
    seconds: number('seconds'),
    warnings: readWarnings<EtlWarning>(fields),
  }
}

const readLayerFigures = (layer: Fields): EtlFigures['layers'][number] => ({
  deviation: readNumber(layer, 'deviation'),
  pieces: eachOf(layer.list('pieces', MAX_PIECES), 'pieces', (piece) => ({
    file: piece.integer('file', 0, Number.MAX_SAFE_INTEGER),
    from: piece.integer('from', 0, Number.MAX_SAFE_INTEGER),
    at: piece.integer('at', 0, Number.MAX_SAFE_INTEGER),
  })),
})

/** Files to add noise to, and their outcomes, as JSON of messages. Paths are relative to the shared folders. */

import type { EtlFigures, EtlJob, EtlOutcome, EtlWarning } from '../core/etl.js'
import type { FailureData } from '../core/failure.js'
import { type ByStem, stemNames } from '../core/stems.js'
import { codecs } from '../core/wav/codecs.js'
import { sampleFormats } from '../core/wav/samples.js'
import { errorCodes } from '../error-codes.js'
import { NoisemillError } from '../errors.js'
import type { TemporaryOwner } from '../files/outputs.js'
import { type FilePath, pathFromBytes, pathToBytes, relativeTo, showPath } from '../files/paths.js'
import { mapStems } from '../files/stems.js'
import { ownerOf } from '../files/temporaries.js'
import { warnings } from '../warnings.js'
import type { Fields, Part, Row } from './fields.js'
import { MAX_LAYERS, type NoiseTemplate, NoiseWriter, readNoise, readTemplate } from './noise-messages.js'
import { fromJson, toJson } from './values.js'

/** The producer's own names of the folders that it shares with the workers. */
export interface SharedFolders {
  readonly read: string | undefined
  readonly write: string | undefined
}

/** What a job says of its files, to whatever is done with them. It has no paths of the worker's machine. */
export interface FilePlaces extends Pick<EtlJob, 'overwrite' | 'fsync' | 'dryRun' | 'strict'> {
  readonly input: FilePath
  /** '' if the samples are handed on. */
  readonly output: FilePath
  readonly stems: ByStem<FilePath> | undefined
  /** Whose temporary files the worker writes, so that `resume` of the producer finds those of a worker that died. */
  readonly owner: TemporaryOwner | undefined
}

/** What a job that adds noise asks of a worker. */
export interface FileRequest extends Pick<EtlJob, 'verify' | 'expected' | 'noise'> {
  readonly places: FilePlaces
}

const MAX_PATH = 8192
/** Results of files with more of them go without. */
const MAX_PIECES = 10_000
const MAX_DETAIL = 10_000
const U32 = 0xffff_ffff
/** Two for each job of a message, as a transform may have, and two of a job that had no room in it. */
const MAX_NOISES = 4002

/** What all jobs of a message say of their files. */
interface CommonPlaces extends Pick<FilePlaces, 'fsync' | 'dryRun' | 'strict'> {
  readonly verify: boolean
  readonly owner: Omit<TemporaryOwner, 'id'> | undefined
}

/** What all jobs of a message have in common. */
export interface Common extends CommonPlaces {
  readonly noises: readonly NoiseTemplate[]
}

type PlacedJob = Pick<
  EtlJob,
  'input' | 'output' | 'temporary' | 'stems' | 'overwrite' | 'fsync' | 'dryRun' | 'strict'
> & { readonly verify?: boolean }

/** Writes the jobs of a message as JSON, and collects what they have in common. */
export class FileJobWriter {
  readonly noises = new NoiseWriter()
  readonly #folders: SharedFolders
  #common: CommonPlaces | undefined

  constructor(folders: SharedFolders) {
    this.#folders = folders
  }

  /**
   * Returns what a job says of its own files: input, output, stems, id of the owner, and whether it may replace outputs.
   * Throws E_PATH_OUTSIDE. Undefined if the job must go into another message, because it has other things in common.
   */
  places(job: PlacedJob): unknown[] | undefined {
    const { input, output, temporary, stems, overwrite, fsync, dryRun, strict, verify = false } = job
    const owner = ownerOf(temporary)
    const common = { fsync, dryRun, strict, verify, owner: owner && { host: owner.host, pid: owner.pid } }
    if (this.#common !== undefined && !isAlike(common, this.#common)) return undefined
    this.#common ??= common
    const { read } = this.#folders
    const place = (file: FilePath) => relativeToJson('write', this.#folders.write, file)
    return [
      relativeToJson('read', read, input),
      // The samples may be handed on.
      output.length === 0 ? null : place(output),
      stems ? mapStems(stems, ({ output }) => place(output)) : null,
      owner?.id ?? null,
      overwrite,
    ]
  }

  /** Returns what the jobs so far have in common, as JSON text. */
  common(): string {
    return `${JSON.stringify(this.#common).slice(0, -1)},"noises":[${this.noises.texts.join(',')}]}`
  }
}

const isAlike = (a: CommonPlaces, b: CommonPlaces): boolean =>
  a.fsync === b.fsync &&
  a.dryRun === b.dryRun &&
  a.strict === b.strict &&
  a.verify === b.verify &&
  a.owner?.host === b.owner?.host &&
  a.owner?.pid === b.owner?.pid

/**
 * Converts a job to JSON: a row of what it says of its files, its noise, and what is expected of it if anything is. Throws
 * E_PATH_OUTSIDE. Undefined if the job must go into another message.
 */
export function fileJobToJson(job: EtlJob, writer: FileJobWriter): unknown[] | undefined {
  const places = writer.places(job)
  if (places === undefined) return undefined
  const noise = writer.noises.rowOf(job.noise)
  return job.expected ? [...places, noise, job.expected] : [...places, noise]
}

function relativeToJson(option: string, folder: string | undefined, file: FilePath): unknown {
  const outside = (received: string) => new NoisemillError('E_PATH_OUTSIDE', { path: showPath(file), received })
  if (folder === undefined) throw outside(`the producer has no \`${option}\``)
  const relative = relativeTo(folder, file)
  if (relative === undefined || relative.length === 0) throw outside(`\`${option}\` is ${folder}`)
  return typeof relative === 'string' ? relative : { base64: pathToBytes(relative).toString('base64') }
}

/** Reads what all jobs of a message have in common. Throws a MessageFault. */
export const readCommon = (fields: Fields): Common => ({
  fsync: fields.flag('fsync'),
  dryRun: fields.flag('dryRun'),
  strict: fields.flag('strict'),
  verify: fields.flag('verify'),
  owner: fields.optional('owner', (name) => {
    const given = fields.object(name)
    const owner = { host: given.text('host', 32, /^[\w-]+$/), pid: given.integer('pid', 0, U32) }
    given.end()
    return owner
  }),
  noises: fields.objects('noises', MAX_NOISES, readTemplate),
})

/** Reads what a job says of its files. Throws a MessageFault. */
export function readPlaces(row: Row, { owner, fsync, dryRun, strict }: Common): FilePlaces {
  const input = readPath(row, 'input')
  const output = isNull(row, 'output') ? '' : readPath(row, 'output')
  const stems = isNull(row, 'stems') ? undefined : readStems(row.object('stems'))
  const id = isNull(row, 'id') ? undefined : row.text('id', 41, /^[0-9a-z]+-[0-9a-z]+$/)
  return {
    input,
    output,
    stems,
    owner: owner === undefined || id === undefined ? undefined : { host: owner.host, pid: owner.pid, id },
    overwrite: row.flag('overwrite'),
    fsync,
    dryRun,
    strict,
  }
}

/** Reads a job. Throws a MessageFault. */
export function readFileRequest(row: Row, common: Common): FileRequest {
  const places = readPlaces(row, common)
  if (places.output.length === 0) throw row.fault('output', null, 'a path')
  const noise = readNoise(row.row('noise'), common.noises)
  const expected = row.hasMore ? readExpected(row.object('expected')) : undefined
  return { places, verify: common.verify, expected, noise }
}

/** Whether a field is null, which is then read. */
function isNull(part: Part, name: string): boolean {
  if (part.peek(name) !== null) return false
  part.any(name)
  return true
}

function readStems(fields: Fields): ByStem<FilePath> {
  const present = stemNames.filter((name) => fields.has(name))
  const stems = Object.fromEntries(present.map((name) => [name, readPath(fields, name)]))
  fields.end()
  return stems
}

/** Reads a path: text, or base64 of bytes that are not UTF-8. */
function readPath(part: Part, name: string): FilePath {
  if (typeof part.peek(name) === 'string') return part.text(name, MAX_PATH)
  const coded = part.object(name)
  const bytes = Buffer.from(coded.text('base64', 2 * MAX_PATH), 'base64')
  coded.end()
  return pathFromBytes(bytes)
}

function readExpected(fields: Fields): NonNullable<EtlJob['expected']> {
  const figure = (name: string) => (isNull(fields, name) ? null : fields.number(name))
  const [bytesIn, frames, sigma, noiseRms] = ['bytesIn', 'frames', 'sigma', 'noiseRms'].map(figure)
  fields.end()
  return { bytesIn, frames, sigma, noiseRms }
}

const FORMATS = sampleFormats.map(({ name }) => name)
const CODECS = codecs.map(({ name }) => name)

/** A failure is an object, figures are a row. */
export const fileOutcomeToJson = (outcome: EtlOutcome): unknown =>
  'failure' in outcome ? failureToJson(outcome.failure) : figuresToJson(outcome.figures)

/** Converts figures of a file to a row, in the order in which `readFigures` reads it. */
export function figuresToJson(figures: EtlFigures): unknown[] {
  const { format, codec, warnings, layers, channels, sampleRate, frames, sigma, gain, peak, activePower } = figures
  const { activity, signalEnergy, noiseEnergy, clipped, nonFinite, bytesIn, modified, bytesOut, seconds } = figures
  const own = [format, codec, warnings, layers.length === 0 ? layers : toJson(layers.map(withFewPieces))]
  const levels = [sigma, gain, peak, activePower, activity, signalEnergy, noiseEnergy].map(toJson)
  return [...own, channels, sampleRate, frames, ...levels, clipped, nonFinite, bytesIn, modified, bytesOut, seconds]
}

const withFewPieces = (layer: EtlFigures['layers'][number]) =>
  layer.pieces.length > MAX_PIECES ? { ...layer, pieces: [] } : layer

export function failureToJson({ code, detail, errno, stem, cause }: FailureData): unknown {
  const reason = cause === undefined ? detail : `${detail}${detail === '' ? '' : ': '}${cause.message}`
  return { code, detail: reason.slice(0, MAX_DETAIL), errno, ...(stem !== undefined && { stem }) }
}

/** Reads an outcome. Throws a MessageFault. */
export function readFileOutcome(part: Part, name: string): EtlOutcome {
  if (!Array.isArray(part.peek(name))) return { failure: readFailure(part.object(name)) }
  return { figures: readFigures(part.row(name)) }
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
export function readNumber(part: Part, name: string): number {
  const value = part.any(name)
  const restored = typeof value === 'number' ? value : fromJson(value)
  if (typeof restored !== 'number') throw part.fault(name, value, 'a number')
  return restored
}

const readNumberOrNull = (part: Part, name: string): number | null =>
  isNull(part, name) ? null : readNumber(part, name)

export function readWarnings<Warning extends string>(part: Part): Warning[] {
  const codes = part.list('warnings', 100)
  if (!codes.every((code) => Object.hasOwn(warnings, code as string)))
    throw part.fault('warnings', codes, 'known warnings')
  return codes as Warning[]
}

export const readFormat = (part: Part) => part.oneOf('format', FORMATS)

export const readCodec = (part: Part) => (isNull(part, 'codec') ? null : part.oneOf('codec', CODECS))

/** Reads figures of a file. A literal, because it takes a tenth of the time of an object whose fields are set by name. */
export function readFigures(row: Row): EtlFigures {
  const format = readFormat(row)
  const codec = readCodec(row)
  const warnings = readWarnings<EtlWarning>(row)
  const layers = row.objects('layers', MAX_LAYERS, readLayerFigures)
  const figures: EtlFigures = {
    format,
    codec,
    warnings,
    layers,
    channels: readNumber(row, 'channels'),
    sampleRate: readNumber(row, 'sampleRate'),
    frames: readNumber(row, 'frames'),
    sigma: readNumber(row, 'sigma'),
    gain: readNumber(row, 'gain'),
    peak: readNumberOrNull(row, 'peak'),
    activePower: readNumberOrNull(row, 'activePower'),
    activity: readNumberOrNull(row, 'activity'),
    signalEnergy: readNumber(row, 'signalEnergy'),
    noiseEnergy: readNumber(row, 'noiseEnergy'),
    clipped: readNumber(row, 'clipped'),
    nonFinite: readNumber(row, 'nonFinite'),
    bytesIn: readNumber(row, 'bytesIn'),
    modified: readNumber(row, 'modified'),
    bytesOut: readNumber(row, 'bytesOut'),
    seconds: readNumber(row, 'seconds'),
  }
  row.end()
  return figures
}

const readLayerFigures = (layer: Fields): EtlFigures['layers'][number] => ({
  deviation: readNumber(layer, 'deviation'),
  pieces: layer.objects('pieces', MAX_PIECES, (piece) => ({
    file: piece.integer('file', 0, Number.MAX_SAFE_INTEGER),
    from: piece.integer('from', 0, Number.MAX_SAFE_INTEGER),
    at: piece.integer('at', 0, Number.MAX_SAFE_INTEGER),
  })),
})

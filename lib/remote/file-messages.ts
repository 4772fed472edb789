/** Files to add noise to, and their outcomes, as JSON of messages. Paths are relative to the shared folders. */

import type { EtlFigures, EtlJob, EtlOutcome, EtlWarning } from '../core/etl.js'
import type { FailureData } from '../core/failure.js'
import { openBank } from '../core/noise/bank.js'
import { allKinds } from '../core/noise/kinds.js'
import {
  clipPolicies,
  type Layer,
  type Noise,
  outputLevels,
  silentPolicies,
  snrReferences,
} from '../core/noise/noise.js'
import { balances, fits, type Recorded } from '../core/noise/recorded.js'
import { downmixes } from '../core/noise/recording.js'
import { type ByStem, type StemName, stemNames } from '../core/stems.js'
import { codecs } from '../core/wav/codecs.js'
import { sampleFormats } from '../core/wav/samples.js'
import { errorCodes } from '../error-codes.js'
import { NoisemillError } from '../errors.js'
import type { TemporaryOwner } from '../files/outputs.js'
import { type FilePath, pathFromBytes, pathToBytes, relativeTo, showPath } from '../files/paths.js'
import { GAP, VOICES } from '../plan/layers.js'
import { warnings } from '../warnings.js'
import { eachOf, type Fields } from './fields.js'
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
const MAX_LAYERS = 64
const MAX_PARAMETERS = 64
const MAX_PIECES = 100_000
const MAX_DETAIL = 10_000
const U32 = 0xffff_ffff
const SWITCHES = ['overwrite', 'fsync', 'dryRun', 'strict', 'verify'] as const

/** Converts a job to JSON. Throws E_PATH_OUTSIDE, or E_NOISE_BANK if the index of a bank cannot be read. */
export function fileJobToJson(job: EtlJob, { read, write }: SharedFolders): unknown {
  const outputIn = (file: FilePath) => relativeToJson('write', write, file)
  const stems = job.stems && byStem(job.stems, ({ output }) => outputIn(output))
  const owner = ownerOf(job.temporary)
  return {
    input: relativeToJson('read', read, job.input),
    output: outputIn(job.output),
    ...(stems && { stems }),
    ...(owner && { owner }),
    ...Object.fromEntries(SWITCHES.map((name) => [name, job[name]])),
    ...(job.expected && { expected: job.expected }),
    noise: noiseToJson(job.noise),
  }
}

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

/** The ending of a temporary file's name, which says whose it is; see `temporaryName`. */
const OWNED = /\.([\w-]{1,32})\.(\d{1,10})\.([0-9a-z]{1,20}-[0-9a-z]{1,20})\.tmp$/

function ownerOf(temporary: FilePath): TemporaryOwner | undefined {
  const found = OWNED.exec(typeof temporary === 'string' ? temporary : pathToBytes(temporary).toString('latin1'))
  return found === null ? undefined : { host: found[1], pid: Number(found[2]), id: found[3] }
}

export function noiseToJson({ key, layers, output, mixing }: Noise): unknown {
  return {
    key: [key.low, key.high],
    layers: layers.map(({ recorded, kind, parameters, key, level, exact }) => ({
      ...(recorded && { recorded: recordedToJson(recorded) }),
      ...{ kind, parameters: Array.from(parameters), key: [key.low, key.high], level, exact },
    })),
    output,
    mixing,
  }
}

/** A bank crosses as its hash: each machine has an index of its own. */
function recordedToJson({ bank, gap, ...recorded }: Recorded): unknown {
  return { ...recorded, bank: hashOfBank(bank), ...(gap && { gap }) }
}

/** Hashes in hex, by the paths of indexes, which never change. */
const hashes = new Map<string, string>()

function hashOfBank(index: string): string {
  const known = hashes.get(index)
  if (known !== undefined) return known
  const hash = Buffer.from(openBank(index).hash).toString('hex')
  hashes.set(index, hash)
  return hash
}

/** Reads a job. Throws a MessageFault. */
export function readFileRequest(fields: Fields): FileRequest {
  const path = (of: Fields) => (name: string) => readPath(of, name)
  const [overwrite, fsync, dryRun, strict, verify] = SWITCHES.map((name) => fields.flag(name))
  return {
    input: readPath(fields, 'input'),
    output: readPath(fields, 'output'),
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
    ...{ overwrite, fsync, dryRun, strict, verify },
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

/** In recorded layers, `bank` is the hash of the bank. */
export function readNoise(fields: Fields): Noise {
  const output = fields.object('output')
  const mixing = fields.object('mixing')
  const noise: Noise = {
    key: readKey(fields),
    layers: eachOf(fields.list('layers', MAX_LAYERS), 'layers', readLayer),
    output: { kind: output.oneOf('kind', outputLevels), target: output.number('target') },
    mixing: {
      reference: mixing.oneOf('reference', snrReferences),
      clip: mixing.oneOf('clip', clipPolicies),
      ceiling: mixing.number('ceiling', 0, 1),
      dither: mixing.flag('dither'),
      silent: mixing.oneOf('silent', silentPolicies),
    },
  }
  for (const read of [output, mixing, fields]) read.end()
  return noise
}

const KINDS = allKinds.map(({ name }) => name)
const RECORDED_KINDS = ['recording', 'babble', 'bursts']

function readLayer(fields: Fields): Layer {
  const level = fields.object('level')
  const recorded = fields.optional('recorded', (name) => readRecorded(fields.object(name)))
  const layer: Layer = {
    recorded,
    kind: fields.oneOf('kind', recorded === undefined ? KINDS : RECORDED_KINDS),
    parameters: Float64Array.from(readNumbers(fields, 'parameters', MAX_PARAMETERS)),
    key: readKey(fields),
    level: { kind: level.oneOf('kind', ['sigma', 'snr']), deviation: level.number('deviation', 0) },
    exact: fields.flag('exact'),
  }
  level.end()
  return layer
}

function readRecorded(fields: Fields): Recorded {
  const recorded: Recorded = {
    bank: fields.text('bank', 64, /^[0-9a-f]{64}$/),
    fit: fields.oneOf('fit', fits),
    balance: fields.oneOf('balance', balances),
    downmix: fields.oneOf('downmix', downmixes),
    voices: fields.integer('voices', VOICES.minimum, VOICES.maximum),
    gap: fields.optional('gap', (name) => {
      const [low, high] = readNumbers(fields, name, 2)
      if (!(low >= GAP.minimum && low <= high && high <= GAP.maximum)) throw fields.fault(name, 'a range of seconds')
      return [low, high] as const
    }),
  }
  fields.end()
  return recorded
}

function readNumbers(fields: Fields, name: string, most: number): number[] {
  const values = fields.list(name, most)
  if (!values.every((value) => typeof value === 'number')) throw fields.fault(name, 'an array of numbers')
  return values as number[]
}

function readKey(fields: Fields): Noise['key'] {
  const [low, high, ...more] = readNumbers(fields, 'key', 2)
  const isWord = (word: number | undefined) => word !== undefined && Number.isInteger(word) && word >= 0 && word <= U32
  if (!isWord(low) || !isWord(high) || more.length > 0) throw fields.fault('key', 'two words of 32 bits')
  return { low, high }
}

const FORMATS = sampleFormats.map(({ name }) => name)
const CODECS = codecs.map(({ name }) => name)

export function fileOutcomeToJson(outcome: EtlOutcome): unknown {
  if ('figures' in outcome) return { figures: toJson(outcome.figures) }
  const { code, detail, errno, stem, cause } = outcome.failure
  const reason = cause === undefined ? detail : `${detail}${detail === '' ? '' : ': '}${cause.message}`
  return { failure: { code, detail: reason.slice(0, MAX_DETAIL), errno, ...(stem !== undefined && { stem }) } }
}

/** Reads an outcome. Throws a MessageFault. */
export function readFileOutcome(fields: Fields): EtlOutcome {
  if (fields.has('failure')) return { failure: readFailure(fields.object('failure')) }
  const values = fields.object('figures')
  const figures = readFigures(values)
  values.end()
  return { figures }
}

function readFailure(fields: Fields): FailureData {
  const failure = {
    code: fields.oneOf('code', errorCodes),
    detail: fields.text('detail', MAX_DETAIL),
    errno: fields.text('errno', 32, /^\w*$/),
    ...(fields.has('stem') && { stem: fields.oneOf('stem', stemNames) }),
  }
  fields.end()
  return failure
}

/** A literal, because it takes a tenth of the time of an object whose fields are set by name. */
function readFigures(fields: Fields): EtlFigures {
  const number = (name: string): number => {
    const value = fields.any(name)
    // Those that JSON lacks have another form.
    const restored = typeof value === 'number' ? value : fromJson(value)
    if (typeof restored !== 'number') throw fields.fault(name, 'a number')
    return restored
  }
  const orNull = (name: string) => (fields.peek(name) === null ? (fields.any(name) as null) : number(name))
  const codes = fields.list('warnings', 100)
  if (!codes.every((code) => Object.hasOwn(warnings, code as string))) throw fields.fault('warnings', 'known warnings')
  return {
    format: fields.oneOf('format', FORMATS),
    codec: fields.peek('codec') === null ? (fields.any('codec') as null) : fields.oneOf('codec', CODECS),
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
    warnings: codes as EtlWarning[],
  }
}

const readLayerFigures = (layer: Fields): EtlFigures['layers'][number] => ({
  deviation: layer.number('deviation', 0),
  pieces: eachOf(layer.list('pieces', MAX_PIECES), 'pieces', (piece) => ({
    file: piece.integer('file', 0, Number.MAX_SAFE_INTEGER),
    from: piece.integer('from', 0, Number.MAX_SAFE_INTEGER),
    at: piece.integer('at', 0, Number.MAX_SAFE_INTEGER),
  })),
})

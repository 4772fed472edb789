/** The messages of the queue: jobs, which a producer sends, and outcomes, which a worker returns. */

import type { TransformOutcome } from '../audio/job.js'
import type { Outcome } from '../backends/backend.js'
import type { EtlOutcome } from '../core/etl.js'
import { NoisemillError } from '../errors.js'
import { errorToJson, readError } from './error-messages.js'
import { Fields, MessageFault, type Row } from './fields.js'
import { type FileRequest, fileOutcomeToJson, readCommon, readFileOutcome, readFileRequest } from './file-messages.js'
import {
  readTransformOutcome,
  readTransformRequest,
  type TransformRequest,
  transformOutcomeToJson,
} from './transform-messages.js'
import { fromJson, NotJson, toJson } from './values.js'
import { checkVersions, ownVersions } from './versions.js'

/** Most jobs of a message. */
export const MAX_JOBS = 2000
/** Longest text of one job or outcome, in UTF-16 units, and of the jobs of a message together. */
export const MAX_ONE = 1024 * 1024
export const MAX_ALL = 2 * MAX_ONE
/** Most tries to run the jobs of a message, over all workers that died with it. */
export const MAX_TRIES = 9

/** A function of the module of tasks that workers have, by the names of its exports. */
export interface CallRequest {
  readonly name: string
  readonly setup: string | undefined
  readonly teardown: string | undefined
  readonly data: unknown
  readonly strict: boolean
  readonly transferResults: true | string | undefined
  /** What the function is called with; see `ModuleCall`. */
  readonly around: 'audio' | undefined
  /** SHA-256 of the module. */
  readonly module: string
}

/** What all jobs of a message have in common. */
export interface JobHead {
  /** Id of the run of a producer, which no other has. */
  readonly run: string
  readonly chunk: number
  /** When the message becomes invalid, in milliseconds since 1970. */
  readonly expires: number
  /** How often workers may have begun the jobs already, and died. */
  readonly earlier: number
  /** Number of the attempt of the pool, from 1. */
  readonly attempt: number
  readonly concurrency: number
  readonly timeout: number | undefined
}

export interface JobMessage extends JobHead {
  /** Undefined for files. */
  readonly call: CallRequest | undefined
  readonly jobs: JobList
}

/** What the jobs of a message are: files to add noise to, files for transforms, or items of calls. */
export type JobKind = 'files' | 'transforms' | 'calls'

/** The jobs of a message. */
export type JobList =
  | { readonly kind: 'files'; readonly all: readonly FileRequest[] }
  | { readonly kind: 'transforms'; readonly all: readonly TransformRequest[] }
  | { readonly kind: 'calls'; readonly all: readonly unknown[] }

/** Tries of a message before its jobs fail with E_WORKER_DIED. */
const TRIES_OF_MESSAGE = 3

/** Returns how often workers may have begun the jobs of an attempt of the pool before it. */
export const earlierTries = (kind: JobKind, attempt: number): number =>
  kind === 'transforms' ? Math.min(TRIES_OF_MESSAGE * (attempt - 1), MAX_TRIES - 1) : 0

/** Says what the jobs of a call are. Without a call, they are files. */
export const kindOf = (call: { readonly around?: 'audio' | undefined } | undefined): JobKind =>
  call === undefined ? 'files' : call.around === 'audio' ? 'transforms' : 'calls'

/**
 * @param call text that `callToText` made; undefined for files
 * @param common what the jobs have in common, as JSON text; undefined for calls of functions
 * @param jobs each as JSON text
 */
export function writeJob(
  head: JobHead,
  call: string | undefined,
  common: string | undefined,
  jobs: readonly string[],
): string {
  const start = JSON.stringify({ versions: ownVersions, ...head }).slice(0, -1)
  const called = call === undefined ? '' : `,"call":${call}`
  const shared = common === undefined ? '' : `,"common":${common}`
  return `${start}${called}${shared},"jobs":[${jobs.join(',')}]}`
}

/** Throws NotJson. */
export const callToText = ({ data, ...call }: CallRequest): string => JSON.stringify({ ...call, data: toJson(data) })

/** Reads a job whose signature is right. Throws E_MESSAGE_INVALID, or E_MACHINES_DIFFER if its producer has other versions. */
export const readJob = (text: string): JobMessage => read(text, readJobFields)

function readJobFields(fields: Fields): JobMessage {
  // Messages of other versions may have another form.
  checkVersions(fields.text('versions', 1000))
  const call = fields.optional('call', (name) => readCall(fields.object(name)))
  return {
    run: fields.text('run', 64, /^[\w-]+$/),
    chunk: fields.integer('chunk', 0, Number.MAX_SAFE_INTEGER),
    expires: fields.number('expires', 0),
    earlier: fields.integer('earlier', 0, MAX_TRIES),
    attempt: fields.integer('attempt', 1, 1_000_000),
    call,
    concurrency: fields.integer('concurrency', 1, 10_000),
    timeout: fields.optional('timeout', (name) => fields.number(name, 0)),
    jobs: readJobs(fields, kindOf(call)),
  }
}

function readJobs(fields: Fields, kind: JobKind): JobList {
  if (kind === 'calls') return { kind, all: fields.list('jobs', MAX_JOBS).map(fromJson) }
  const shared = fields.object('common')
  const common = readCommon(shared)
  shared.end()
  return kind === 'files'
    ? { kind, all: fields.rows('jobs', MAX_JOBS, (row) => readFileRequest(row, common)) }
    : { kind, all: fields.objects('jobs', MAX_JOBS, (job) => readTransformRequest(job, common)) }
}

function readCall(fields: Fields): CallRequest {
  const name = (field: string) => fields.text(field, 1000, /./s)
  const call = {
    name: name('name'),
    setup: fields.optional('setup', name),
    teardown: fields.optional('teardown', name),
    data: fromJson(fields.any('data')),
    strict: fields.flag('strict'),
    transferResults: fields.optional('transferResults', (field) =>
      fields.peek(field) === true ? (fields.any(field) as true) : name(field),
    ),
    around: fields.optional('around', (field) => fields.oneOf(field, ['audio'] as const)),
    module: fields.text('module', 64),
  }
  fields.end()
  return call
}

/** Parses a message. Throws E_MESSAGE_INVALID. */
function read<Message>(text: string, readFields: (fields: Fields) => Message): Message {
  try {
    const fields = new Fields(JSON.parse(text), 'the message')
    const message = readFields(fields)
    fields.end()
    return message
  } catch (error) {
    if (error instanceof MessageFault) throw new NoisemillError('E_MESSAGE_INVALID', { received: error.message })
    if (error instanceof SyntaxError) throw new NoisemillError('E_MESSAGE_INVALID', { received: 'it is not JSON' })
    throw error
  }
}

/** What a worker has done with a message. */
export interface OutcomeMessage {
  /** Hash of the job's text. */
  readonly job: string
  /** Name of the worker's process. */
  readonly machine: string
  /** Sum of the time that the jobs took on their threads. */
  readonly milliseconds: number
  /** How often workers have begun the jobs now. */
  readonly tries: number
  /** Outcomes by the indexes of jobs. The jobs that have none are to be done again. */
  readonly outcomes: ReadonlyMap<number, Outcome<unknown>>
  /** Whether some of those were begun. */
  readonly isPartial: boolean
  /** Why no job was begun: the worker refuses the message. */
  readonly refused: NoisemillError | undefined
}

/** Converts an outcome to JSON text. A value that cannot cross becomes an error. */
export function outcomeToText(outcome: Outcome<unknown>, kind: JobKind): string {
  const error = (received: string) =>
    JSON.stringify({ error: errorToJson(new NoisemillError('E_NOT_CLONEABLE', { received })) })
  try {
    const text = JSON.stringify(outcomeToJson(outcome, kind))
    if (text.length <= MAX_ONE) return text
    return error(`result: it has ${text.length} characters, and a message has room for ${MAX_ONE}`)
  } catch (caught) {
    if (!(caught instanceof NotJson)) throw caught
    return error(`result${caught.message}`)
  }
}

function outcomeToJson(outcome: Outcome<unknown>, kind: JobKind): unknown {
  if ('error' in outcome) return { error: errorToJson(outcome.error) }
  if (kind === 'files') return fileOutcomeToJson(outcome.value as EtlOutcome)
  if (kind === 'transforms') return transformOutcomeToJson(outcome.value as TransformOutcome)
  const { value, lost } = outcome
  return { value: toJson(value), ...(lost !== undefined && { lost }) }
}

/** Returns an outcome with the index of its job, as JSON text. */
export const indexedText = (index: number, outcome: string): string => `[${index},${outcome}]`

/** @param outcomes as `indexedText` made them */
export function writeOutcome({ refused, outcomes: _, ...head }: OutcomeMessage, outcomes: readonly string[]): string {
  const common = JSON.stringify({ versions: ownVersions, ...head, ...(refused && { refused: errorToJson(refused) }) })
  return `${common.slice(0, -1)},"outcomes":[${outcomes.join(',')}]}`
}

/**
 * Reads an outcome whose signature is right. Throws E_MESSAGE_INVALID.
 *
 * @param jobs number of jobs of the message that it answers
 */
export function readOutcome(text: string, jobs: number, kind: JobKind): OutcomeMessage {
  return read(text, (fields) => {
    fields.text('versions', 1000)
    const outcomes = new Map<number, Outcome<unknown>>()
    for (const [index, outcome] of fields.rows('outcomes', jobs, (row) => readIndexed(row, kind))) {
      if (index >= jobs || outcomes.has(index)) throw new MessageFault(`outcomes have the index ${index}`)
      outcomes.set(index, outcome)
    }
    return {
      job: fields.text('job', 64),
      machine: fields.text('machine', 200),
      milliseconds: fields.number('milliseconds', 0),
      tries: fields.integer('tries', 0, MAX_TRIES),
      isPartial: fields.flag('isPartial'),
      outcomes,
      refused: fields.optional('refused', (name) => readError(fields.object(name))),
    }
  })
}

const readIndexed = (row: Row, kind: JobKind): [number, Outcome<unknown>] => [
  row.integer('index', 0, MAX_JOBS),
  readOne(row, kind),
]

/** The outcome of a file is a row of figures, or an object with its failure. Errors, and outcomes of other kinds, are objects. */
function readOne(row: Row, kind: JobKind): Outcome<unknown> {
  const name = 'outcome'
  if (kind === 'files' && !Object.hasOwn(Object(row.peek(name)), 'error')) return { value: readFileOutcome(row, name) }
  const fields = row.object(name)
  const outcome = readOther(fields, kind)
  fields.end()
  return outcome
}

function readOther(fields: Fields, kind: JobKind): Outcome<unknown> {
  if (kind === 'files' || fields.has('error')) return { error: readError(fields.object('error')) }
  if (kind === 'transforms') return { value: readTransformOutcome(fields) }
  const value = fromJson(fields.any('value'))
  return fields.has('lost') ? { value, lost: fields.text('lost', MAX_ONE) } : { value }
}

/** Returns the code of a failure; undefined for an outcome that is none. */
export function codeOf(outcome: Outcome<unknown>, kind: JobKind): string | undefined {
  if ('error' in outcome) return outcome.error.code
  if (kind === 'calls') return undefined
  const value = outcome.value as EtlOutcome | TransformOutcome
  return 'failure' in value ? value.failure.code : undefined
}

/** Whether a job writes a file. */
export function hasOutput(jobs: JobList, index: number): boolean {
  return jobs.kind !== 'calls' && jobs.all[index].places.output.length > 0
}

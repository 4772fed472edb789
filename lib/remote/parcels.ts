/** Packs the jobs of a chunk into the texts of messages. */

import type { TransformJob } from '../audio/job.js'
import type { CallsChunk, Chunk, Outcome } from '../backends/backend.js'
import { Failure } from '../core/failure.js'
import type { ErrorCode } from '../error-codes.js'
import { isNoisemillError, NoisemillError } from '../errors.js'
import type { ModuleCall } from '../task.js'
import { FileJobWriter, fileJobToJson, type SharedFolders } from './file-messages.js'
import { callToText, type JobKind, kindOf, MAX_ALL, MAX_JOBS, MAX_ONE } from './messages.js'
import { hashOf, readFile } from './signature.js'
import { transformJobToJson } from './transform-messages.js'
import { NotJson, toJson } from './values.js'

/** Jobs that go into a message together. */
export interface Parcel {
  /** Their indexes in the chunk. */
  readonly indexes: readonly number[]
  readonly texts: readonly string[]
  /** What they have in common, as JSON; undefined for calls of functions. */
  readonly common: string | undefined
  /** How often workers may have begun them already, and died. */
  readonly earlier: number
}

const unsupported = (received: string) => new NoisemillError('E_REMOTE_UNSUPPORTED', { received })
const notCloneable = (received: string) => new NoisemillError('E_NOT_CLONEABLE', { received })

/** The texts of calls, which all chunks of a task share. */
const calls = new WeakMap<ModuleCall, string>()

/**
 * Returns the text of the call of a chunk; undefined for files. Throws E_REMOTE_UNSUPPORTED, E_NOT_CLONEABLE, or E_TASK_LOAD
 * if the module cannot be read.
 */
export function callTextOf(chunk: Chunk): string | undefined {
  if (chunk.kind === 'files') return undefined
  if (chunk.kind === 'slices') throw unsupported('samples in memory')
  const known = calls.get(chunk.call)
  if (known !== undefined) return known
  const text = textOfCall(chunk)
  calls.set(chunk.call, text)
  return text
}

function textOfCall({ call }: CallsChunk): string {
  const { url, name, setup, teardown, data, strict = false, transferResults, around } = call
  const request = { name, setup, teardown, data, strict, transferResults, around, module: hashOfModule(url) }
  let text: string
  try {
    text = callToText(request)
  } catch (error) {
    throw error instanceof NotJson ? notCloneable(`data${error.message}`) : error
  }
  if (text.length > MAX_ONE) throw notCloneable(`data: ${tooLong(text)}`)
  return text
}

const tooLong = (text: string) => `it has ${text.length} characters, and a message has room for ${MAX_ONE}`

function hashOfModule(url: string): string {
  try {
    return hashOf(readFile('url', url.startsWith('file:') ? new URL(url) : url))
  } catch {
    throw new NoisemillError('E_TASK_LOAD', { received: `${url} does not exist, or cannot be read` })
  }
}

/** A parcel that jobs are put into. */
class OpenParcel {
  readonly #indexes: number[] = []
  readonly #texts: string[] = []
  readonly #writer: FileJobWriter
  #characters = 0

  constructor(folders: SharedFolders) {
    this.#writer = new FileJobWriter(folders)
  }

  get isEmpty(): boolean {
    return this.#texts.length === 0
  }

  /**
   * Puts a job in. Returns false if it must go into another parcel, and the error of a job that cannot be sent. The first job
   * always has room.
   */
  add(chunk: Chunk, index: number): boolean | NoisemillError {
    if (this.#texts.length === MAX_JOBS) return false
    const text = this.#textOf(chunk, index)
    if (typeof text !== 'string') return text ?? false
    const characters = this.#characters + text.length
    if (!this.isEmpty && characters + this.#writer.noises.characters > MAX_ALL) return false
    this.#indexes.push(index)
    this.#texts.push(text)
    this.#characters = characters
    return true
  }

  /** Returns the job as JSON text; undefined if it must go into another parcel. */
  #textOf(chunk: Chunk, index: number): string | NoisemillError | undefined {
    try {
      const json = jobToJson(chunk, index, this.#writer)
      if (json === undefined) return undefined
      const text = JSON.stringify(json)
      return text.length > MAX_ONE ? notCloneable(`item: ${tooLong(text)}`) : text
    } catch (error) {
      if (error instanceof NotJson) return notCloneable(`item${error.message}`)
      if (isNoisemillError(error)) return error
      if (error instanceof Failure) return new NoisemillError(error.code as ErrorCode, { received: error.detail })
      throw error
    }
  }

  close(kind: JobKind, earlier: number): Parcel {
    const common = kind === 'calls' ? undefined : this.#writer.common()
    return { indexes: this.#indexes, texts: this.#texts, common, earlier }
  }
}

/** Undefined if the job must go into another parcel: never for a value, whose undefined has a form of its own. */
function jobToJson(chunk: Chunk, index: number, writer: FileJobWriter): unknown {
  if (chunk.kind === 'files') return fileJobToJson(chunk.jobs[index], writer)
  const job = chunk.jobs[index]
  const isTransform = chunk.kind === 'calls' && kindOf(chunk.call) === 'transforms'
  return isTransform ? transformJobToJson(job as TransformJob, writer) : toJson(job)
}

/**
 * Packs all jobs of a chunk.
 *
 * @param earlier how often workers may have begun the jobs already
 * @param fail called with each job that cannot be sent
 */
export function parcelsOf(
  chunk: Chunk,
  earlier: number,
  folders: SharedFolders,
  fail: (index: number, outcome: Outcome<never>) => void,
): Parcel[] {
  const kind = kindOf(chunk.kind === 'calls' ? chunk.call : undefined)
  const parcels: Parcel[] = []
  let open = new OpenParcel(folders)
  const close = () => {
    if (!open.isEmpty) parcels.push(open.close(kind, earlier))
    open = new OpenParcel(folders)
  }
  for (let index = 0; index < chunk.jobs.length; index++) {
    let added = open.add(chunk, index)
    if (added === false) {
      close()
      added = open.add(chunk, index)
    }
    if (typeof added !== 'boolean') fail(index, { error: added })
  }
  close()
  return parcels
}

/** Packs the jobs of a chunk into the texts of messages. */

import type { TransformJob } from '../audio/job.js'
import type { CallsChunk, Chunk, Outcome } from '../backends/backend.js'
import { Failure } from '../core/failure.js'
import type { ErrorCode } from '../error-codes.js'
import { isNoisemillError, NoisemillError } from '../errors.js'
import type { ModuleCall } from '../task.js'
import { commonFilesToJson, commonPlacesToJson, fileJobToJson, type SharedFolders } from './file-messages.js'
import { callToText, kindOf, MAX_ALL, MAX_JOBS, MAX_ONE } from './messages.js'
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
  const parcels: { indexes: number[]; texts: string[]; common: string | undefined; earlier: number }[] = []
  let characters = Number.POSITIVE_INFINITY
  for (let index = 0; index < chunk.jobs.length; index++) {
    const text = textOfJob(chunk, index, folders)
    if (typeof text !== 'string') {
      fail(index, { error: text })
      continue
    }
    const common = commonOf(chunk, index)
    const last = parcels.at(-1)
    if (characters + text.length > MAX_ALL || last!.texts.length === MAX_JOBS || last!.common !== common) {
      parcels.push({ indexes: [], texts: [], common, earlier })
      characters = 0
    }
    const parcel = parcels.at(-1)!
    parcel.indexes.push(index)
    parcel.texts.push(text)
    characters += text.length
  }
  return parcels
}

function commonOf(chunk: Chunk, index: number): string | undefined {
  if (chunk.kind === 'files') return JSON.stringify(commonFilesToJson(chunk.jobs[index]))
  if (chunk.kind !== 'calls' || kindOf(chunk.call) !== 'transforms') return undefined
  return JSON.stringify(commonPlacesToJson(chunk.jobs[index] as TransformJob))
}

function jobToJson(chunk: Chunk, index: number, folders: SharedFolders): unknown {
  if (chunk.kind === 'files') return fileJobToJson(chunk.jobs[index], folders)
  const job = chunk.jobs[index]
  const isTransform = chunk.kind === 'calls' && kindOf(chunk.call) === 'transforms'
  return isTransform ? transformJobToJson(job as TransformJob, folders) : toJson(job)
}

function textOfJob(chunk: Chunk, index: number, folders: SharedFolders): string | NoisemillError {
  try {
    const text = JSON.stringify(jobToJson(chunk, index, folders))
    return text.length > MAX_ONE ? notCloneable(`item: ${tooLong(text)}`) : text
  } catch (error) {
    if (error instanceof NotJson) return notCloneable(`item${error.message}`)
    if (isNoisemillError(error)) return error
    if (error instanceof Failure) return new NoisemillError(error.code as ErrorCode, { received: error.detail })
    throw error
  }
}

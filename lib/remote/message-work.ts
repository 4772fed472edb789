/** Does the jobs of a message on a backend of this machine: files, transforms of files, or calls. */

import type { TransformJob, TransformOutcome } from '../audio/job.js'
import type { Backend, Outcome } from '../backends/backend.js'
import type { Cancellation } from '../backends/cancellation.js'
import type { EtlJob, EtlOutcome } from '../core/etl.js'
import type { FailureData } from '../core/failure.js'
import { type FilePath, removeFile } from '../core/files.js'
import { isNoisemillError, NoisemillError } from '../errors.js'
import type { Work } from '../task.js'
import type { FilePlaces, FileRequest } from './file-messages.js'
import { type FileRules, JobMaker, mayBeOwn, temporariesOf } from './file-work.js'
import { codeOf, earlierTries, type JobMessage } from './messages.js'
import { type Feed, type Portion, runPortion } from './portion.js'
import type { Registry } from './registry.js'
import type { TransformRequest } from './transform-messages.js'

/** What a worker allows, and what does its work. */
export interface Means {
  readonly backend: Backend
  /** Undefined if no files may be read and written. */
  readonly files: FileRules | undefined
  /** Undefined if no functions may be called. */
  readonly registry: Registry | undefined
}

/** How the jobs of a message are done. */
export interface Doing {
  readonly message: JobMessage
  /** How often workers have begun the jobs now. */
  readonly tries: number
  readonly cancellation: Cancellation
  readonly mayBegin: () => boolean
  /** Takes the outcomes of jobs that were begun. */
  readonly add: (index: number, outcome: Outcome<unknown>) => void
}

/**
 * Does the jobs of a message. Resolves to the milliseconds that they took on their threads. Throws E_PATH_OUTSIDE or
 * E_TASK_LOAD if the worker does not do such jobs at all.
 */
export function doJobs(means: Means, doing: Doing): Promise<number> {
  const { jobs } = doing.message
  if (jobs.kind === 'files') return addNoise(means, doing, jobs.all)
  if (jobs.kind === 'transforms') return transform(means, doing, jobs.all)
  return runPortion(means.backend, callPortion(means, doing), new Items(jobs.all, doing.add), doing.mayBegin)
}

/** Items of calls. */
class Items implements Feed {
  #next = 0

  constructor(
    readonly items: readonly unknown[],
    readonly settle: Doing['add'],
  ) {}

  get left(): number {
    return this.items.length - this.#next
  }

  take(count: number) {
    const first = this.#next
    const jobs = this.items.slice(first, first + count)
    this.#next += jobs.length
    return { jobs, indexes: jobs.map((_, i) => first + i) }
  }
}

function callPortion({ registry }: Means, { message, tries, cancellation }: Doing): Portion {
  if (registry === undefined)
    throw new NoisemillError('E_TASK_LOAD', { received: 'the worker was started without a module of tasks' })
  const { call, attempt, concurrency, timeout } = message
  const work: Work = { kind: 'calls', call: registry.callOf(call!) }
  // A worker that died may have called the function already.
  const calls = tries - earlierTries(message.jobs.kind, attempt)
  return { work, limits: { concurrency, timeout }, attempt: attempt + Math.max(1, calls) - 1, cancellation }
}

/** How jobs on files are made, and what becomes of their outcomes. */
interface Making<Request, Job> {
  readonly maker: JobMaker
  readonly make: (request: Request) => Job
  /** Adds the outcome of a job, or returns one to do in its place. Throws the error of a job. */
  readonly end: (index: number, outcome: Outcome<unknown>, job: Job) => Job | undefined
}

/**
 * Jobs on files. Each is tried without following a link, because to look at every name first takes longer than to open it. A
 * job whose input is a link is done again with what the link leads to, if that is allowed.
 */
class FileJobs<Request extends { readonly places: FilePlaces }, Job extends { readonly input: FilePath }>
  implements Feed
{
  readonly #requests: readonly Request[]
  readonly #add: Doing['add']
  readonly #making: Making<Request, Job>
  #next = 0
  /** Jobs that are done in the place of others. They come first, so that every message gets on. */
  readonly #again: (readonly [index: number, job: Job])[] = []
  readonly #begun = new Map<number, Job>()
  /** Those whose input was a link. */
  readonly #linked = new Set<number>()

  constructor(requests: readonly Request[], add: Doing['add'], making: Making<Request, Job>) {
    this.#requests = requests
    this.#add = add
    this.#making = making
  }

  get left(): number {
    return this.#again.length + this.#requests.length - this.#next
  }

  take(count: number) {
    const jobs: Job[] = []
    const indexes: number[] = []
    const begin = (index: number, job: Job) => {
      jobs.push(job)
      indexes.push(index)
      this.#begun.set(index, job)
    }
    for (const [index, job] of this.#again.splice(0, count)) begin(index, job)
    const end = Math.min(this.#requests.length, this.#next + count - jobs.length)
    while (this.#next < end) {
      const index = this.#next++
      const job = this.#tried(index, () => this.#making.make(this.#requests[index]))
      if (job !== undefined) begin(index, job)
    }
    return { jobs, indexes }
  }

  settle(index: number, outcome: Outcome<unknown>): void {
    const job = this.#begun.get(index)!
    this.#begun.delete(index)
    const next = this.#tried(index, () => this.#nextOf(index, outcome, job))
    if (next !== undefined) this.#again.push([index, next])
  }

  #nextOf(index: number, outcome: Outcome<unknown>, job: Job): Job | undefined {
    if (!isLinked(outcome) || this.#linked.has(index)) return this.#making.end(index, outcome, job)
    this.#linked.add(index)
    return this.#making.maker.withoutLink(job, this.#requests[index])
  }

  /** Calls a function that may throw the error of a job. */
  #tried(index: number, find: () => Job | undefined): Job | undefined {
    try {
      return find()
    } catch (error) {
      if (!isNoisemillError(error)) throw error
      this.#add(index, { error })
      return undefined
    }
  }
}

/** Whether a job was not done because its input is a link. */
function isLinked(outcome: Outcome<unknown>): boolean {
  const { failure } = ('value' in outcome ? outcome.value : {}) as { readonly failure?: FailureData }
  return failure?.code === 'E_INPUT_UNREADABLE' && failure.errno === 'ELOOP'
}

/** Adds noise. An output that exists and may be that of the job is compared with what the job would write. */
function addNoise(means: Means, doing: Doing, requests: readonly FileRequest[]): Promise<number> {
  const { message, tries, cancellation, mayBegin, add } = doing
  const maker = makerOf(means, requests, tries)
  const portion: Portion = {
    ...{ work: { kind: 'files' }, limits: { concurrency: 1, timeout: undefined } },
    ...{ attempt: message.attempt, cancellation },
  }
  /** Outcomes of jobs whose outputs exist, and are compared. */
  const existing = new Map<number, Outcome<unknown>>()
  const end = (index: number, outcome: Outcome<unknown>, job: EtlJob): EtlJob | undefined => {
    if ('value' in outcome && !job.verify && mayBeOwn(outcome.value as EtlOutcome, requests[index], tries)) {
      existing.set(index, outcome)
      return comparedOr(
        () => maker.compared(job, requests[index]),
        () => add(index, outcome),
      )
    }
    const code = codeOf(outcome, 'files')
    add(index, code === undefined || code === 'E_CANCELLED' ? outcome : (existing.get(index) ?? outcome))
    return undefined
  }
  const jobs = new FileJobs(requests, add, { maker, make: (request) => maker.file(request), end })
  return runPortion(means.backend, portion, jobs, mayBegin)
}

/** Returns the job that compares an output. If nothing can be compared, the output only exists. Throws E_PATH_OUTSIDE. */
function comparedOr(compared: () => EtlJob, otherwise: () => void): EtlJob | undefined {
  try {
    return compared()
  } catch (error) {
    if (!isNoisemillError(error) || error.code === 'E_PATH_OUTSIDE') throw error
    otherwise()
    return undefined
  }
}

/** After these failures a thread may have been ended while it wrote. */
const MAY_BE_LEFT: readonly (string | undefined)[] = ['E_TIMEOUT', 'E_CANCELLED', 'E_WORKER_DIED', 'E_POOL_TERMINATED']

function transform(means: Means, doing: Doing, requests: readonly TransformRequest[]): Promise<number> {
  const { tries, cancellation, mayBegin, add } = doing
  const maker = makerOf(means, requests, tries)
  const end = (index: number, outcome: Outcome<unknown>, job: TransformJob): undefined => {
    if (MAY_BE_LEFT.includes(codeOf(outcome, 'transforms'))) for (const file of temporariesOf(job)) removeFile(file)
    add(index, ownOutput(outcome as Outcome<TransformOutcome>, job, tries))
  }
  const make = (request: TransformRequest) => maker.transform(request, cancellation.flag)
  const jobs = new FileJobs(requests, add, { maker, make, end })
  return runPortion(means.backend, callPortion(means, doing), jobs, mayBegin)
}

/** @param tries how often workers have begun the message now */
function makerOf({ files }: Means, requests: readonly { readonly places: FilePlaces }[], tries: number): JobMaker {
  if (files === undefined)
    throw new NoisemillError('E_PATH_OUTSIDE', { received: 'the worker was started without folders for files' })
  const maker = new JobMaker(files)
  if (tries > 1) maker.removeLeftBehind(requests)
  return maker
}

/**
 * What a function returns need not be the same twice, so an output that exists cannot be compared. After a worker that died
 * it is probably that of the job, which `resume` makes again.
 */
function ownOutput(outcome: Outcome<TransformOutcome>, { overwrite }: TransformJob, tries: number): Outcome<unknown> {
  if (tries === 1 || overwrite || codeOf(outcome, 'transforms') !== 'E_OUTPUT_EXISTS') return outcome
  const received = 'a worker of the queue that died may have written the output, which exists'
  return { error: new NoisemillError('E_WORKER_DIED', { received }) }
}

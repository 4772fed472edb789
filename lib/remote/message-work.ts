/** Does the jobs of a message on a backend of this machine: files, transforms of files, or calls. */

import type { TransformJob, TransformOutcome } from '../audio/job.js'
import type { Backend, Outcome } from '../backends/backend.js'
import type { Cancellation } from '../backends/cancellation.js'
import type { EtlJob, EtlOutcome } from '../core/etl.js'
import type { FailureData } from '../core/failure.js'
import { removeFile } from '../core/files.js'
import { isNoisemillError, NoisemillError } from '../errors.js'
import type { Work } from '../task.js'
import type { FilePlaces, FileRequest } from './file-messages.js'
import { type FileRules, JobMaker, mayBeOwn, temporariesOf } from './file-work.js'
import { codeOf, earlierTries, type JobMessage } from './messages.js'
import { type Portion, runPortion } from './portion.js'
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
  const portion = { ...callPortion(means, doing), count: jobs.all.length }
  const take = (first: number, end: number) => ({ jobs: jobs.all.slice(first, end) })
  return runPortion(means.backend, { ...portion, take }, doing.mayBegin, doing.add)
}

function callPortion({ registry }: Means, { message, tries, cancellation }: Doing) {
  if (registry === undefined)
    throw new NoisemillError('E_TASK_LOAD', { received: 'the worker was started without a module of tasks' })
  const { call, attempt, concurrency, timeout } = message
  const work: Work = { kind: 'calls', call: registry.callOf(call!) }
  // A worker that died may have called the function already.
  const calls = tries - earlierTries(message.jobs.kind, attempt)
  return { work, limits: { concurrency, timeout }, attempt: attempt + Math.max(1, calls) - 1, cancellation }
}

/** Jobs on files, and what becomes of their outcomes. */
interface FileJobs<Request, Job> {
  readonly requests: readonly Request[]
  readonly make: (request: Request) => Job
  /** Settles a job; returns one to do instead. Throws its error. */
  readonly end: (index: number, outcome: Outcome<unknown>, job: Job) => Job | undefined
}

/** Does jobs on files, and then those that take their place, until there are none. */
async function doFileJobs<Request, Job>(
  { backend }: Means,
  { mayBegin, add }: Doing,
  portion: Omit<Portion, 'count' | 'take'>,
  { requests, make, end }: FileJobs<Request, Job>,
): Promise<number> {
  let milliseconds = 0
  let again = new Map<number, Job>()
  /** Calls a function that may throw the error of a job. */
  const tried = (index: number, find: () => Job | undefined): Job | undefined => {
    try {
      return find()
    } catch (error) {
      if (!isNoisemillError(error)) throw error
      add(index, { error })
      return undefined
    }
  }
  const run = async (count: number, jobAt: (place: number) => readonly [index: number, job: Job | undefined]) => {
    const begun = new Map<number, Job>()
    const take = (first: number, end: number) => {
      const jobs: Job[] = []
      const numbers: number[] = []
      for (let place = first; place < end; place++) {
        const [index, job] = jobAt(place)
        if (job === undefined) continue
        jobs.push(job)
        numbers.push(index)
        begun.set(index, job)
      }
      return { jobs, numbers }
    }
    milliseconds += await runPortion(backend, { ...portion, count, take }, mayBegin, (index, outcome) => {
      const job = begun.get(index)!
      begun.delete(index)
      const next = tried(index, () => end(index, outcome, job))
      if (next !== undefined) again.set(index, next)
    })
  }
  await run(requests.length, (index) => [index, tried(index, () => make(requests[index]))])
  while (again.size > 0) {
    const jobs = [...again]
    again = new Map()
    await run(jobs.length, (place) => jobs[place])
  }
  return milliseconds
}

/** Whether a job was not done because its input is a link. */
function isLinked(outcome: Outcome<unknown>): boolean {
  const { failure } = ('value' in outcome ? outcome.value : {}) as { readonly failure?: FailureData }
  return failure?.code === 'E_INPUT_UNREADABLE' && failure.errno === 'ELOOP'
}

function addNoise(means: Means, doing: Doing, requests: readonly FileRequest[]): Promise<number> {
  const { message, tries, cancellation, add } = doing
  const maker = makerOf(means, requests, tries)
  const portion = {
    ...{ work: { kind: 'files' } as const, limits: { concurrency: 1, timeout: undefined } },
    ...{ attempt: message.attempt, cancellation },
  }
  const linked = new Set<number>()
  /** Outcomes of jobs whose outputs exist, and are compared. */
  const existing = new Map<number, Outcome<unknown>>()
  const end = (index: number, outcome: Outcome<unknown>, job: EtlJob): EtlJob | undefined => {
    const request = requests[index]
    if (isLinked(outcome) && !linked.has(index)) {
      linked.add(index)
      return maker.withoutLink(job, request)
    }
    if ('value' in outcome && !job.verify && mayBeOwn(outcome.value as EtlOutcome, request, tries)) {
      existing.set(index, outcome)
      return maker.compared(job, request)
    }
    const code = codeOf(outcome, 'files')
    add(index, code === undefined || code === 'E_CANCELLED' ? outcome : (existing.get(index) ?? outcome))
    return undefined
  }
  return doFileJobs(means, doing, portion, { requests, make: (request) => maker.file(request), end })
}

/** After these failures a thread may have been ended while it wrote. */
const MAY_BE_LEFT: readonly (string | undefined)[] = ['E_TIMEOUT', 'E_CANCELLED', 'E_WORKER_DIED', 'E_POOL_TERMINATED']

function transform(means: Means, doing: Doing, requests: readonly TransformRequest[]): Promise<number> {
  const { tries, cancellation, add } = doing
  const maker = makerOf(means, requests, tries)
  const linked = new Set<number>()
  const end = (index: number, outcome: Outcome<unknown>, job: TransformJob): TransformJob | undefined => {
    if (isLinked(outcome) && !linked.has(index)) {
      linked.add(index)
      return maker.withoutLink(job, requests[index])
    }
    if (MAY_BE_LEFT.includes(codeOf(outcome, 'transforms'))) for (const file of temporariesOf(job)) removeFile(file)
    add(index, ownOutput(outcome as Outcome<TransformOutcome>, job, tries))
    return undefined
  }
  const make = (request: TransformRequest) => maker.transform(request, cancellation.flag)
  return doFileJobs(means, doing, callPortion(means, doing), { requests, make, end })
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

/** Does the jobs of a message on a backend of this machine: files, transforms of files, or calls. */

import type { TransformJob, TransformOutcome } from '../audio/job.js'
import type { Backend, Outcome } from '../backends/backend.js'
import type { Cancellation } from '../backends/cancellation.js'
import type { EtlJob, EtlOutcome } from '../core/etl.js'
import { removeFile } from '../core/files.js'
import { NoisemillError } from '../errors.js'
import type { Work } from '../task.js'
import type { FileRequest } from './file-messages.js'
import { type FileRules, mayBeOwn, type Prepared, prepareFiles, prepareTransforms, temporariesOf } from './file-work.js'
import { codeOf, earlierTries, type JobMessage } from './messages.js'
import { runPortion } from './portion.js'
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
  return runPortion(means.backend, { ...callPortion(means, doing), jobs: jobs.all }, doing.mayBegin, doing.add)
}

function rulesOf({ files }: Means): FileRules {
  if (files !== undefined) return files
  throw new NoisemillError('E_PATH_OUTSIDE', { received: 'the worker was started without folders for files' })
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

/** Reports the jobs that cannot be done. Returns the others, with their indexes. */
function doable<Job>(prepared: readonly Prepared<Job>[], add: Doing['add']) {
  for (const [index, one] of prepared.entries()) if ('error' in one) add(index, one)
  return prepared.flatMap((one, index) => ('job' in one ? [{ index, job: one.job }] : []))
}

async function addNoise(means: Means, doing: Doing, requests: readonly FileRequest[]): Promise<number> {
  const { message, tries, cancellation, mayBegin, add } = doing
  const jobs = doable(prepareFiles(requests, rulesOf(means), tries), add)
  const portion = (list: readonly EtlJob[]) => ({
    ...{ work: { kind: 'files' } as const, limits: { concurrency: 1, timeout: undefined } },
    ...{ attempt: message.attempt, cancellation, jobs: list },
  })
  const again: { readonly index: number; readonly job: EtlJob; readonly outcome: Outcome<unknown> }[] = []
  const all = jobs.map(({ job }) => job)
  const first = await runPortion(means.backend, portion(all), mayBegin, (i, outcome) => {
    const { index, job } = jobs[i]
    if ('value' in outcome && mayBeOwn(outcome.value as EtlOutcome, requests[index], tries))
      again.push({ index, job, outcome })
    else add(index, outcome)
  })
  const compared = again.map(({ job }) => ({ ...job, verify: true }))
  const second = await runPortion(means.backend, portion(compared), mayBegin, (i, outcome) => {
    const { index, outcome: original } = again[i]
    const code = codeOf(outcome, 'files')
    add(index, code === undefined || code === 'E_CANCELLED' ? outcome : original)
  })
  return first + second
}

/** After these failures a thread may have been ended while it wrote. */
const MAY_BE_LEFT: readonly (string | undefined)[] = ['E_TIMEOUT', 'E_CANCELLED', 'E_WORKER_DIED', 'E_POOL_TERMINATED']

function transform(means: Means, doing: Doing, requests: readonly TransformRequest[]): Promise<number> {
  const { tries, cancellation, mayBegin, add } = doing
  const portion = callPortion(means, doing)
  const jobs = doable(prepareTransforms(requests, rulesOf(means), tries, cancellation.flag), add)
  const all = jobs.map(({ job }) => job)
  return runPortion(means.backend, { ...portion, jobs: all }, mayBegin, (i, outcome) => {
    const { index, job } = jobs[i]
    const code = codeOf(outcome, 'transforms')
    if (MAY_BE_LEFT.includes(code)) for (const file of temporariesOf(job)) removeFile(file)
    add(index, ownOutput(outcome as Outcome<TransformOutcome>, job, tries))
  })
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

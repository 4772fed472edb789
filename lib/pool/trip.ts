/**
 * Sends a chunk to a backend and enforces the backend's contract, so that a faulty backend cannot
 * break a run.
 */

import type { Backend, Chunk, ChunkFigures, Outcome } from '../backends/backend.js'
import type { Cancellation } from '../backends/cancellation.js'
import { declareRange } from '../backends/settling.js'
import { type Report, Unsettled } from '../backends/unsettled.js'
import { describe, isNoisemillError, NoisemillError } from '../errors.js'
import type { Work } from '../task.js'

/** Limits of the calls of a run. */
export interface CallLimits {
  /** Most calls that each thread works on at the same time. */
  readonly concurrency: number
  /** Milliseconds that a call may take; undefined for any time. */
  readonly timeout: number | undefined
}

/** A chunk without the functions that settle its jobs. */
interface Unsent {
  readonly work: Work
  readonly limits: CallLimits
  /** How often the jobs were begun before, plus 1. */
  readonly attempt: number
  readonly jobs: readonly unknown[]
  readonly cancellation: Cancellation
}

/**
 * Sends jobs to a backend and reports the outcome of each exactly once. Jobs that the backend
 * leaves unsettled fail with E_BACKEND_FAILED. A second or late outcome of a job is ignored.
 *
 * @returns a promise that never rejects. It resolves after the last job, to the backend's figures,
 * or undefined if it failed.
 */
export async function send(
  backend: Backend,
  { work, limits, attempt, jobs, cancellation }: Unsent,
  report: Report,
): Promise<ChunkFigures | undefined> {
  const unsettled = new Unsettled(jobs.length, report)
  const failure = (what: string, cause?: unknown) =>
    new NoisemillError('E_BACKEND_FAILED', { received: `${backend.name}${what}`, cause })
  const settle = (index: number, outcome: Outcome<unknown>) =>
    unsettled.settle(
      index,
      isOutcome(outcome) ? outcome : { error: failure(` settled a job with ${describe(outcome)}`, outcome) },
    )
  declareRange(settle as Chunk['settle'], (first, values) => unsettled.settleRange(first, values))
  try {
    const figures = await backend.execute({ ...work, ...limits, attempt, jobs, cancellation, settle } as Chunk)
    if (unsettled.left > 0) unsettled.failRest(failure(' ended without settling the job'))
    return figures
  } catch (cause) {
    unsettled.failRest(failure('', cause))
    return undefined
  }
}

function isOutcome(outcome: Outcome<unknown>): boolean {
  if (typeof outcome !== 'object' || outcome === null) return false
  return 'value' in outcome || isNoisemillError(outcome.error)
}

/**
 * Runs the jobs of a message on a backend of this machine, in small chunks, so that it can stop at a deadline and return
 * the jobs that it did not begin.
 */

import type { Backend, Outcome } from '../backends/backend.js'
import type { Cancellation } from '../backends/cancellation.js'
import { Chunker } from '../pool/chunks.js'
import { type CallLimits, send } from '../pool/trip.js'
import type { Work } from '../task.js'

/** What all jobs of a message have in common. */
export interface Portion {
  readonly work: Work
  readonly limits: CallLimits
  readonly attempt: number
  readonly cancellation: Cancellation
}

/** Gives jobs out just before they run. A job that has ended may bring new ones. */
export interface Feed {
  /** How many jobs it has at most. */
  readonly left: number
  /** Takes up to this many jobs out, with their indexes in the message. */
  take(count: number): { readonly jobs: readonly unknown[]; readonly indexes: readonly number[] }
  /** Called once for each job that was taken. */
  settle(index: number, outcome: Outcome<unknown>): void
}

/** Chunks that a thread has at the same time, so that it need not wait for the next. */
const CHUNKS_PER_THREAD = 2

/**
 * Runs jobs, in their order. Resolves to the milliseconds that they took on their threads.
 *
 * @param mayBegin says whether another job may begin
 */
export async function runPortion(
  backend: Backend,
  portion: Portion,
  feed: Feed,
  mayBegin: () => boolean,
): Promise<number> {
  const { threads } = backend
  const chunker = new Chunker('auto', threads, portion.limits.concurrency)
  let milliseconds = 0
  const lane = async () => {
    while (feed.left > 0 && mayBegin()) {
      const { jobs, indexes } = feed.take(chunker.size(feed.left))
      if (jobs.length === 0) continue
      const figures = await send(
        backend,
        { ...portion, jobs },
        {
          settle: (place, outcome) => feed.settle(indexes[place], outcome),
          settleRange(first, values) {
            for (let i = 0; i < values.length; i++) feed.settle(indexes[first + i], { value: values[i] })
          },
        },
      )
      if (figures === undefined) continue
      milliseconds += figures.milliseconds
      chunker.measured(jobs.length, figures.milliseconds)
    }
  }
  // The last jobs may bring new ones when the other lanes have ended.
  while (feed.left > 0 && mayBegin()) await Promise.all(Array.from({ length: CHUNKS_PER_THREAD * threads }, lane))
  return milliseconds
}

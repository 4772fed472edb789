/**
 * Runs the jobs of a message on a backend of this machine, in small chunks, so that it can stop at a deadline and return
 * the jobs that it did not begin.
 */

import type { Backend, Outcome } from '../backends/backend.js'
import type { Cancellation } from '../backends/cancellation.js'
import { Chunker } from '../pool/chunks.js'
import { type CallLimits, send } from '../pool/trip.js'
import type { Work } from '../task.js'

export interface Portion {
  readonly work: Work
  readonly limits: CallLimits
  readonly attempt: number
  readonly jobs: readonly unknown[]
  readonly cancellation: Cancellation
}

/** Chunks that a thread has at the same time, so that it need not wait for the next. */
const CHUNKS_PER_THREAD = 2

/**
 * Runs jobs, in their order. Resolves to the milliseconds that they took on their threads.
 *
 * @param mayBegin says whether another job may begin
 * @param settle called once for each job that was begun
 */
export async function runPortion(
  backend: Backend,
  { work, limits, attempt, jobs, cancellation }: Portion,
  mayBegin: () => boolean,
  settle: (index: number, outcome: Outcome<unknown>) => void,
): Promise<number> {
  const { threads } = backend
  const chunker = new Chunker('auto', threads, limits.concurrency)
  let next = 0
  let milliseconds = 0
  const lane = async () => {
    while (next < jobs.length && mayBegin()) {
      const first = next
      const some = jobs.slice(first, first + chunker.size(jobs.length - first))
      next += some.length
      const unsent = { work, limits, attempt, jobs: some, cancellation }
      const figures = await send(backend, unsent, {
        settle: (index, outcome) => settle(first + index, outcome),
        settleRange(from, values) {
          for (let i = 0; i < values.length; i++) settle(first + from + i, { value: values[i] })
        },
      })
      if (figures === undefined) continue
      milliseconds += figures.milliseconds
      chunker.measured(some.length, figures.milliseconds)
    }
  }
  await Promise.all(Array.from({ length: CHUNKS_PER_THREAD * threads }, lane))
  return milliseconds
}

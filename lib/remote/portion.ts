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
  /** Number of jobs. */
  readonly count: number
  /** Makes jobs just before they run. */
  readonly take: (first: number, end: number) => Taken
  readonly cancellation: Cancellation
}

/** Some jobs. */
export interface Taken {
  readonly jobs: readonly unknown[]
  /** Their numbers, if they do not all follow each other from the first on. */
  readonly numbers?: readonly number[]
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
  { work, limits, attempt, count, take, cancellation }: Portion,
  mayBegin: () => boolean,
  settle: (index: number, outcome: Outcome<unknown>) => void,
): Promise<number> {
  const { threads } = backend
  const chunker = new Chunker('auto', threads, limits.concurrency)
  let next = 0
  let milliseconds = 0
  const lane = async () => {
    while (next < count && mayBegin()) {
      const first = next
      next = Math.min(count, first + chunker.size(count - first))
      const { jobs, numbers } = take(first, next)
      const at = (index: number) => (numbers === undefined ? first + index : numbers[index])
      const unsent = { work, limits, attempt, jobs, cancellation }
      const figures = await send(backend, unsent, {
        settle: (index, outcome) => settle(at(index), outcome),
        settleRange(from, values) {
          for (let i = 0; i < values.length; i++) settle(at(from + i), { value: values[i] })
        },
      })
      if (figures === undefined || jobs.length === 0) continue
      milliseconds += figures.milliseconds
      chunker.measured(jobs.length, figures.milliseconds)
    }
  }
  await Promise.all(Array.from({ length: CHUNKS_PER_THREAD * threads }, lane))
  return milliseconds
}

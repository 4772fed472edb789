/**
 * The backend 'native', which runs jobs in C++ on threads of libuv's pool and, if they are too few,
 * on threads of its own.
 */

import { setImmediate } from 'node:timers/promises'
import { isMainThread } from 'node:worker_threads'
import { checkEtlJob, type EtlJob, type EtlOutcome } from '../core/etl.js'
import { caughtFailure, errnoName, type FailureData } from '../core/failure.js'
import { checkSliceJob, type SettledSlice } from '../core/slice.js'
import { NoisemillError } from '../errors.js'
import type { Addon, NativeCancel, NativeFailure } from './addon.js'
import type { Backend, ChunkFigures, FilesChunk, Outcome, SlicesChunk } from './backend.js'
import { Border } from './border.js'
import { Cancellation } from './cancellation.js'
import { settleRange } from './settling.js'

/** Threads of libuv's pool that are left for other code's file and DNS calls. */
const LIBUV_LEFT = 2
/** How long a batch waits for libuv's threads, which other code can hold for any time. */
const PATIENCE_MILLISECONDS = 10
/** Most jobs of a batch. To pack them takes some milliseconds of the JS thread. */
const BATCH_JOBS = 1000
/** Time between two deliveries of outcomes. One for each short file would cost more than the rest of its report. */
const DELIVERY_MILLISECONDS = 2

/**
 * Batches in progress: the function that cancels the batch, and the function that closes its crew.
 */
const inProgress = new Map<() => void, () => void>()
// Jobs are cancelled at exit, so that no temporary file is left. Crews are closed, which waits for
// their own threads, because Node waits only for libuv's.
process.once('exit', () => {
  for (const cancel of inProgress.keys()) cancel()
  for (const closeCrew of inProgress.values()) closeCrew()
})

export interface NativeBackend extends Backend {
  /** Most threads of libuv's pool that the backend uses; its other threads are its own. */
  readonly libuvThreads: number
}

/** @param workers backend that runs functions; it is closed together with this one */
export function nativeBackend(addon: Addon, size: number, workers: Backend): NativeBackend {
  const limit = libuvLimit(addon, size)
  const crew = addon.createCrew(size, limit)
  const close = () => addon.closeCrew(crew)
  const border = new Border(addon.contract)
  const closing = new Cancellation()
  const chunksInProgress = new Set<Promise<ChunkFigures>>()
  let nextDelivery: NodeJS.Timeout | undefined

  const deliver = () => {
    nextDelivery = undefined
    addon.deliver(crew)
  }

  /**
   * Runs a batch that can be cancelled. If `report` throws, the batch continues to its end, and the
   * error is thrown then.
   */
  async function run<Reported extends unknown[]>(
    cancellation: Cancellation,
    report: (...reported: Reported) => void,
    batch: (nativeCancel: NativeCancel, onSettled: (...reported: Reported) => void) => Promise<number>,
  ): Promise<number> {
    const nativeCancel = addon.createCancel()
    const cancel = () => addon.cancel(crew, nativeCancel)
    const forgets = [
      ...[cancellation, closing].map((each) => each.onCancel(cancel)),
      cancellation.onCancelAt((time) => {
        // The two clocks may have begun at different times. If the process is stopped between the two lines, the time
        // becomes too early, and not too late.
        const start = addon.now()
        const left = time - process.hrtime.bigint()
        addon.cancelAt(nativeCancel, start + left)
      }),
    ]
    let thrown: { readonly reason: unknown } | undefined
    const onSettled = (...reported: Reported) => {
      nextDelivery ??= setTimeout(deliver, DELIVERY_MILLISECONDS)
      try {
        report(...reported)
      } catch (reason) {
        thrown ??= { reason }
      }
    }
    inProgress.set(cancel, close)
    const late = setTimeout(() => addon.relieveCrew(crew), PATIENCE_MILLISECONDS)
    try {
      const milliseconds = await batch(nativeCancel, onSettled)
      if (thrown) throw thrown.reason
      return milliseconds
    } finally {
      clearTimeout(late)
      inProgress.delete(cancel)
      for (const forget of forgets) forget()
    }
  }

  /**
   * Makes the outcome of a job that failed. It is E_POOL_TERMINATED if the job was cancelled
   * because the backend closes.
   */
  function failed<Value>(failure: NativeFailure, as: (failure: FailureData) => Value): Outcome<Value> {
    if (failure.code === 'E_CANCELLED' && closing.isCancelled) return { error: new NoisemillError('E_POOL_TERMINATED') }
    return { value: as(named(failure)) }
  }

  /** @param numbers the indexes of the jobs in the chunk */
  function runBatch(chunk: FilesChunk, jobs: readonly EtlJob[], numbers: readonly number[]): Promise<number> {
    return run<Parameters<Parameters<Addon['runFiles']>[3]>>(
      chunk.cancellation,
      (indexes, figures, failures, layers) => {
        // The values of jobs that follow each other, from the job `first` on.
        let values: EtlOutcome[] = []
        let first = 0
        const settleValues = () => {
          if (values.length > 0) settleRange(chunk, first, values)
          values = []
        }
        for (let i = 0; i < indexes.length; i++) {
          const number = numbers[indexes[i]]
          const failure = failures?.[i]
          if (failure !== undefined) {
            settleValues()
            chunk.settle(
              number,
              failed<EtlOutcome>(failure, (failure) => ({ failure })),
            )
            continue
          }
          if (number !== first + values.length) settleValues()
          if (values.length === 0) first = number
          values.push({ figures: border.figuresOf(figures, i, layers?.[i]) })
        }
        settleValues()
      },
      (cancel, onSettled) => addon.runFiles(crew, border.packFiles(jobs), cancel, onSettled),
    )
  }

  async function runFiles(chunk: FilesChunk): Promise<ChunkFigures> {
    const { jobs, numbers } = checked(chunk.jobs, checkEtlJob, (index, failure) =>
      chunk.settle(index, { value: { failure } }),
    )
    const batches: Promise<number>[] = []
    for (let first = 0; first < jobs.length; first += BATCH_JOBS) {
      if (first > 0) await setImmediate()
      const end = first + BATCH_JOBS
      const batch = runBatch(chunk, jobs.slice(first, end), numbers.slice(first, end))
      // It is awaited below. Until then a rejection must not count as unhandled.
      batch.catch(() => {})
      batches.push(batch)
    }
    const milliseconds = await Promise.all(batches)
    return { milliseconds: milliseconds.reduce((sum, each) => sum + each, 0) }
  }

  async function runSlices({ jobs: all, cancellation, settle }: SlicesChunk): Promise<ChunkFigures> {
    const { jobs, numbers } = checked(all, checkSliceJob, (index, failure) =>
      settle(index, { value: { outcome: { failure }, bytes: all[index].bytes } }),
    )
    const milliseconds = await run<Parameters<Parameters<Addon['runSlices']>[3]>>(
      cancellation,
      (indexes, outcomes) => {
        for (let i = 0; i < indexes.length; i++) {
          const reported = outcomes[i]
          const { bytes } = jobs[indexes[i]]
          const outcome: Outcome<SettledSlice> =
            'code' in reported
              ? failed(reported, (failure) => ({ outcome: { failure }, bytes }))
              : { value: { outcome: { tally: reported }, bytes } }
          settle(numbers[indexes[i]], outcome)
        }
      },
      (cancel, onSettled) => addon.runSlices(crew, border.packSlices(jobs), cancel, onSettled),
    )
    return { milliseconds }
  }

  return {
    name: 'native',
    threads: size,
    libuvThreads: Math.min(size, limit),
    execute(chunk) {
      if (chunk.kind === 'calls') return workers.execute(chunk)
      const ended = chunk.kind === 'files' ? runFiles(chunk) : runSlices(chunk)
      chunksInProgress.add(ended)
      const forget = () => chunksInProgress.delete(ended)
      ended.then(forget, forget)
      return ended
    },
    async close(options) {
      closing.cancel()
      await workers.close(options)
      await Promise.allSettled(chunksInProgress)
      clearTimeout(nextDelivery)
      close()
    },
    ...(workers.workers && { workers: workers.workers }),
  }
}

/**
 * Returns the jobs that pass a check, with their indexes among all jobs. Others must not cross,
 * because C++ trusts its jobs.
 *
 * @param refuse called for each job that does not pass
 */
function checked<Job>(
  all: readonly Job[],
  check: (job: Job) => void,
  refuse: (index: number, failure: FailureData) => void,
): { readonly jobs: readonly Job[]; readonly numbers: readonly number[] } {
  const numbers: number[] = []
  for (let index = 0; index < all.length; index++) {
    try {
      check(all[index])
      numbers.push(index)
    } catch (thrown) {
      refuse(index, caughtFailure(thrown))
    }
  }
  return { jobs: numbers.length === all.length ? all : numbers.map((index) => all[index]), numbers }
}

let asked = 0
let found = 0

/**
 * Returns how many threads of libuv's pool noise may use in the whole process. The pool is
 * measured, because libuv does not expose its size. In a worker thread the limit is 0, because Node
 * waits for libuv's threads before it tells the addon that the worker ends.
 */
function libuvLimit(addon: Addon, size: number): number {
  if (!isMainThread) return 0
  const most = size + LIBUV_LEFT
  if (found === asked && most > asked) {
    asked = most
    // A smaller figure than before means only that some threads were busy.
    found = Math.max(found, addon.measureLibuvPool(most))
  }
  return Math.max(0, found - LIBUV_LEFT)
}

/**
 * Replaces the number of the system's fault with its name. On Windows, C's number is not libuv's.
 */
function named({ code, detail, errno, stem }: NativeFailure): FailureData {
  return { code, detail, errno: errno === 0 ? '' : errnoName(-errno), ...(stem !== '' && { stem }) }
}

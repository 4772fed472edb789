/** Jobs in C++, on threads of the libuv pool and, where those are too few, on some of its own. */

import { setImmediate } from 'node:timers/promises'
import { types } from 'node:util'
import { isMainThread } from 'node:worker_threads'
import { checkEtlJob, type EtlOutcome } from '../core/etl.js'
import { caughtFailure, errnoName, type FailureData } from '../core/failure.js'
import { checkSliceJob, type SettledSlice } from '../core/slice.js'
import type { PartTally } from '../core/transform.js'
import { NoisemillError } from '../errors.js'
import type { Addon, NativeCancel, NativeFailure } from './addon.js'
import type { Backend, ChunkFigures, FilesChunk, Outcome, SlicesChunk } from './backend.js'
import { Border } from './border.js'
import { Cancellation } from './cancellation.js'

/** Threads of the libuv pool that are left to the file system calls and name look-ups of others. */
const LIBUV_LEFT = 2
/** How long a batch waits for libuv's threads, which others may keep for as long as they like. */
const PATIENCE_MILLISECONDS = 10
/** Jobs that cross at once: some milliseconds of this thread. */
const BATCH_JOBS = 1000

/** Batches that are under way: what cancels each, and whose it is. */
const underWay = new Map<() => void, () => void>()
// No temporary file is to be left. Node waits for what is on the libuv pool before it exits, but for no other threads.
process.once('exit', () => {
  for (const cancel of underWay.keys()) cancel()
  for (const closeCrew of underWay.values()) closeCrew()
})

export interface NativeBackend extends Backend {
  /** Threads of the libuv pool that it uses at most; the rest of its threads are its own. */
  readonly libuvThreads: number
}

/** @param workers where functions run; closed with this one */
export function nativeBackend(addon: Addon, size: number, workers: Backend): NativeBackend {
  const limit = libuvLimit(addon, size)
  const crew = addon.createCrew(size, limit)
  const close = () => addon.closeCrew(crew)
  const border = new Border(addon.contract)
  const closing = new Cancellation()
  const chunksUnderWay = new Set<Promise<ChunkFigures>>()

  /** Runs a batch so that it can be cancelled, and ends it whatever `tell` throws: that is thrown after the last job. */
  async function run<Told>(
    cancellation: Cancellation,
    tell: (index: number, told: Told) => void,
    batch: (flag: NativeCancel, onSettled: (index: number, told: Told) => void) => Promise<number>,
  ): Promise<number> {
    const flag = addon.createCancel()
    const cancel = () => addon.cancel(crew, flag)
    const forgets = [cancellation, closing].map((each) => each.onCancel(cancel))
    let thrown: { readonly reason: unknown } | undefined
    const onSettled = (index: number, told: Told) => {
      try {
        tell(index, told)
      } catch (reason) {
        thrown ??= { reason }
      }
    }
    underWay.set(cancel, close)
    const late = setTimeout(() => addon.relieveCrew(crew), PATIENCE_MILLISECONDS)
    try {
      const milliseconds = await batch(flag, onSettled)
      if (thrown) throw thrown.reason
      return milliseconds
    } finally {
      clearTimeout(late)
      underWay.delete(cancel)
      for (const forget of forgets) forget()
    }
  }

  /** The outcome of a job that failed: where it was cancelled because the backend closes, it says that. */
  function failed<Value>(failure: NativeFailure, as: (failure: FailureData) => Value): Outcome<Value> {
    if (failure.code === 'E_CANCELLED' && closing.isCancelled) return { error: new NoisemillError('E_POOL_TERMINATED') }
    return { value: as(named(failure)) }
  }

  function runBatch({ jobs, cancellation, settle }: FilesChunk): Promise<number> {
    return run<Float64Array | NativeFailure>(
      cancellation,
      (index, told) => {
        if (types.isFloat64Array(told)) settle(index, { value: { figures: border.figuresOf(told) } })
        else {
          const outcome = failed<EtlOutcome>(told, (failure) => ({ failure }))
          settle(index, outcome)
        }
      },
      (flag, onSettled) => addon.runFiles(crew, border.packFiles(jobs), flag, onSettled),
    )
  }

  async function runFiles(chunk: FilesChunk): Promise<ChunkFigures> {
    const { jobs, numbers } = checked(chunk.jobs, checkEtlJob, (index, failure) =>
      chunk.settle(index, { value: { failure } }),
    )
    const batches: Promise<number>[] = []
    for (let first = 0; first < jobs.length; first += BATCH_JOBS) {
      if (first > 0) await setImmediate()
      const settle: FilesChunk['settle'] = (i, outcome) => chunk.settle(numbers[first + i], outcome)
      const batch = runBatch({ ...chunk, jobs: jobs.slice(first, first + BATCH_JOBS), settle })
      // Awaited below, which may be some turns later.
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
    const milliseconds = await run<PartTally | NativeFailure>(
      cancellation,
      (index, told) => {
        const { bytes } = jobs[index]
        if ('code' in told) {
          const outcome = failed<SettledSlice>(told, (failure) => ({ outcome: { failure }, bytes }))
          settle(numbers[index], outcome)
        } else settle(numbers[index], { value: { outcome: { tally: told }, bytes } })
      },
      (flag, onSettled) => addon.runSlices(crew, border.packSlices(jobs), flag, onSettled),
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
      chunksUnderWay.add(ended)
      const forget = () => chunksUnderWay.delete(ended)
      ended.then(forget, forget)
      return ended
    },
    async close() {
      closing.cancel()
      await workers.close()
      await Promise.allSettled(chunksUnderWay)
      close()
    },
  }
}

/**
 * The jobs that pass a check, with their numbers among all: C++ trusts what it gets, so others must not cross.
 *
 * @param refuse told of each of the others
 */
function checked<Job>(
  all: readonly Job[],
  check: (job: Job) => void,
  refuse: (index: number, failure: FailureData) => void,
): { readonly jobs: readonly Job[]; readonly numbers: readonly number[] } {
  const numbers: number[] = []
  for (const [index, job] of all.entries()) {
    try {
      check(job)
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
 * Threads of the libuv pool that noise may take, in the whole process. The pool is measured: what its size was set to, and whether in
 * time, cannot be read anywhere. In a worker thread it is none, since Node, ending that thread, waits for libuv before it tells the addon.
 */
function libuvLimit(addon: Addon, size: number): number {
  if (!isMainThread) return 0
  const most = size + LIBUV_LEFT
  if (found === asked && most > asked) {
    asked = most
    // Threads that were busy just now are still there.
    found = Math.max(found, addon.measureLibuvPool(most))
  }
  return Math.max(0, found - LIBUV_LEFT)
}

/** The failure with the name of the system's fault in the place of its number, which on Windows is not the one that libuv has. */
function named({ code, detail, errno }: NativeFailure): FailureData {
  if (errno === 0) return { code, detail, errno: '' }
  return { code, detail, errno: errnoName(-errno) }
}

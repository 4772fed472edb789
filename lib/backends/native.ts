/** Jobs in C++, on threads of the libuv pool and, where those are too few, on some of its own. */

import { setImmediate } from 'node:timers/promises'
import { isMainThread } from 'node:worker_threads'
import { errnoName, type FailureData } from '../core/failure.js'
import { NoisemillError } from '../errors.js'
import type { Addon, NativeFailure } from './addon.js'
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

  /** Runs a batch so that it can be cancelled. */
  async function run(cancellation: Cancellation, batch: (flag: ReturnType<Addon['createCancel']>) => Promise<number>) {
    const flag = addon.createCancel()
    const cancel = () => addon.cancel(crew, flag)
    const forgets = [cancellation, closing].map((each) => each.onCancel(cancel))
    underWay.set(cancel, close)
    const late = setTimeout(() => addon.relieveCrew(crew), PATIENCE_MILLISECONDS)
    try {
      return await batch(flag)
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
    return run(cancellation, (flag) =>
      addon.runFiles(crew, border.packFiles(jobs), flag, (index, outcome) => {
        if (outcome instanceof Float64Array) settle(index, { value: { figures: border.figuresOf(outcome) } })
        else
          settle(
            index,
            failed(outcome, (failure) => ({ failure })),
          )
      }),
    )
  }

  async function runFiles(chunk: FilesChunk): Promise<ChunkFigures> {
    const { jobs } = chunk
    const batches: Promise<number>[] = []
    for (let first = 0; first < jobs.length; first += BATCH_JOBS) {
      if (first > 0) await setImmediate()
      const settle: FilesChunk['settle'] = (i, outcome) => chunk.settle(first + i, outcome)
      batches.push(runBatch({ ...chunk, jobs: jobs.slice(first, first + BATCH_JOBS), settle }))
    }
    const milliseconds = await Promise.all(batches)
    return { milliseconds: milliseconds.reduce((sum, each) => sum + each, 0) }
  }

  async function runSlices({ jobs, cancellation, settle }: SlicesChunk): Promise<ChunkFigures> {
    const milliseconds = await run(cancellation, (flag) =>
      addon.runSlices(crew, border.packSlices(jobs), flag, (index, outcome) => {
        const { bytes } = jobs[index]
        if ('code' in outcome)
          settle(
            index,
            failed(outcome, (failure) => ({ outcome: { failure }, bytes })),
          )
        else settle(index, { value: { outcome: { tally: outcome }, bytes } })
      }),
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
    },
  }
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

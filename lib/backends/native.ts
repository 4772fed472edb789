/** Jobs in C++, on threads of the libuv pool and, where those are too few, on some of its own. */

import { getSystemErrorName } from 'node:util'
import { isMainThread } from 'node:worker_threads'
import type { FailureData } from '../core/failure.js'
import type { Addon, NativeFailure } from './addon.js'
import type { Backend, Cancellation } from './backend.js'

/** Threads of the libuv pool that are left to the file system calls and name look-ups of others. */
const LIBUV_LEFT = 2

/** What cancels the batches that are under way. */
const underWay = new Set<() => void>()
// Node waits for what is on the libuv pool before it exits: let that be soon, and leave no temporary file.
process.once('exit', () => {
  for (const cancel of underWay) cancel()
})

export interface NativeBackend extends Backend {
  /** Threads of the libuv pool that it uses at most; the rest of its threads are its own. */
  readonly libuvThreads: number
}

export function nativeBackend(addon: Addon, size: number): NativeBackend {
  const limit = libuvLimit(addon, size)
  const crew = addon.createCrew(size, limit)

  /** Runs a batch so that it can be cancelled. */
  async function run(cancellation: Cancellation, batch: (flag: ReturnType<Addon['createCancel']>) => Promise<number>) {
    const flag = addon.createCancel()
    const cancel = () => addon.cancel(crew, flag)
    const forget = cancellation.onCancel(cancel)
    underWay.add(cancel)
    try {
      return await batch(flag)
    } finally {
      underWay.delete(cancel)
      forget()
    }
  }

  return {
    name: 'native',
    libuvThreads: Math.min(size, limit),
    files: (jobs, cancellation, settle) =>
      run(cancellation, (flag) =>
        addon.runFiles(crew, jobs, flag, (index, outcome) => settle(index, { value: named(outcome) })),
      ),
    slices: (jobs, cancellation, settle) =>
      run(cancellation, (flag) =>
        addon.runSlices(crew, jobs, flag, (index, outcome) =>
          settle(index, { value: { outcome: named(outcome), bytes: jobs[index].bytes } }),
        ),
      ),
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
    found = addon.measureLibuvPool(most)
  }
  return Math.max(0, found - LIBUV_LEFT)
}

/** The outcome with the system's name for its fault in the place of its number. */
function named<Outcome extends object>(outcome: Outcome | NativeFailure): Outcome | { readonly failure: FailureData } {
  if (!('failure' in outcome)) return outcome
  const { code, detail, errno } = outcome.failure
  return { failure: { code, detail, errno: errno === 0 ? '' : getSystemErrorName(errno) } }
}

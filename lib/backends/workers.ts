/** Jobs in TypeScript on worker threads. Names of files cross, never their samples. */

import { rmSync } from 'node:fs'
import type { EtlJob, EtlOutcome } from '../core/etl.js'
import { type FilePath, fsPath } from '../core/files.js'
import type { SettledSlice } from '../core/slice.js'
import type { Backend, Cancellation, Outcome } from './backend.js'
import type { Threads } from './threads.js'

/** Jobs that are under way, and what cancels each. */
const underWay = new Map<EtlJob, Cancellation>()

// A process that exits takes its threads with it wherever they are: no temporary file is to stay behind.
process.once('exit', () => {
  for (const cancellation of underWay.values()) cancellation.cancel()
  for (const job of underWay.keys()) removeQuietly(job.temporary)
})

export function workersBackend(threads: Threads): Backend {
  return {
    name: 'workers',
    files(jobs, cancellation, settle) {
      for (const job of jobs) underWay.set(job, cancellation)
      return threads.execute({ type: 'files' }, jobs, cancellation, (index, outcome) => {
        const job = jobs[index]
        underWay.delete(job)
        // A thread that died left behind what it was writing.
        if ('error' in outcome) removeQuietly(job.temporary)
        settle(index, outcome as Outcome<EtlOutcome>)
      })
    },
    slices: (jobs, cancellation, settle) =>
      threads.execute({ type: 'slices' }, jobs, cancellation, (index, outcome) =>
        settle(index, outcome as Outcome<SettledSlice>),
      ),
  }
}

/** Whatever stands in the way, it was not there that the file was written. */
function removeQuietly(file: FilePath): void {
  try {
    rmSync(fsPath(file), { force: true })
  } catch {}
}

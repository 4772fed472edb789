/**
 * The backend 'workers', which runs jobs in TypeScript on worker threads. They get names of files,
 * never the samples.
 */

import { rmSync } from 'node:fs'
import type { EtlJob } from '../core/etl.js'
import { type FilePath, fsPath } from '../core/files.js'
import type { Backend, FilesChunk } from './backend.js'
import type { Cancellation } from './cancellation.js'
import { declareRange, settleRange } from './settling.js'
import type { WorkerPool } from './worker-pool.js'

/** Jobs in progress, and the cancellation of each. */
const inProgress = new Map<EtlJob, Cancellation>()

// When the process exits, Node stops its threads at any point. Their temporary files must not stay
// behind.
process.once('exit', () => {
  for (const cancellation of inProgress.values()) cancellation.cancel()
  for (const job of inProgress.keys()) removeQuietly(job.temporary)
})

export function workersBackend(threads: WorkerPool): Backend {
  return {
    name: 'workers',
    get threads() {
      return threads.threads
    },
    execute: (chunk) => threads.execute(chunk.kind === 'files' ? tidied(chunk) : chunk),
    close: (options) => threads.terminate(options),
    workers: () => threads.workers(),
  }
}

/** Returns a chunk that removes the temporary files of its jobs if a thread dies. */
function tidied(chunk: FilesChunk): FilesChunk {
  for (const job of chunk.jobs) inProgress.set(job, chunk.cancellation)
  const settle: FilesChunk['settle'] = (index, outcome) => {
    const job = chunk.jobs[index]
    inProgress.delete(job)
    // A thread that died may have left its temporary file.
    if ('error' in outcome) removeQuietly(job.temporary)
    chunk.settle(index, outcome)
  }
  const range = (first: number, outcomes: ArrayLike<unknown>) => {
    for (let i = 0; i < outcomes.length; i++) inProgress.delete(chunk.jobs[first + i])
    settleRange(chunk, first, outcomes)
  }
  return { ...chunk, settle: declareRange(settle, range) }
}

/**
 * Removes a file if it exists. Errors are ignored, because the job has failed already or the
 * process is exiting.
 */
function removeQuietly(file: FilePath): void {
  try {
    rmSync(fsPath(file), { force: true })
  } catch {}
}

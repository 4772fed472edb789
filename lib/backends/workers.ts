/** Jobs in TypeScript on worker threads. Names of files cross, never their samples. */

import { rmSync } from 'node:fs'
import type { EtlJob } from '../core/etl.js'
import { type FilePath, fsPath } from '../core/files.js'
import type { Backend, FilesChunk } from './backend.js'
import type { Cancellation } from './cancellation.js'
import type { ThreadPool } from './thread-pool.js'

/** Jobs that are under way, and what cancels each. */
const underWay = new Map<EtlJob, Cancellation>()

// A process that exits takes its threads with it wherever they are: no temporary file is to stay behind.
process.once('exit', () => {
  for (const cancellation of underWay.values()) cancellation.cancel()
  for (const job of underWay.keys()) removeQuietly(job.temporary)
})

export function workersBackend(threads: ThreadPool): Backend {
  return {
    name: 'workers',
    get threads() {
      return threads.threads
    },
    execute: (chunk) => threads.execute(chunk.kind === 'files' ? tidied(chunk) : chunk),
    close: () => threads.terminate(),
  }
}

/** The chunk, such that no temporary file of it stays behind. */
function tidied(chunk: FilesChunk): FilesChunk {
  for (const job of chunk.jobs) underWay.set(job, chunk.cancellation)
  return {
    ...chunk,
    settle(index, outcome) {
      const job = chunk.jobs[index]
      underWay.delete(job)
      // A thread that died left behind what it was writing.
      if ('error' in outcome) removeQuietly(job.temporary)
      chunk.settle(index, outcome)
    },
  }
}

/** Whatever stands in the way, it was not there that the file was written. */
function removeQuietly(file: FilePath): void {
  try {
    rmSync(fsPath(file), { force: true })
  } catch {}
}

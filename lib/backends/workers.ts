/** Jobs in TypeScript on worker threads. File names cross, never samples. */

import { rmSync } from 'node:fs'
import type { EtlOutcome } from '../core/etl.js'
import { fsPath } from '../core/files.js'
import type { FileBackend, Outcome } from './backend.js'
import type { Threads } from './threads.js'

export function workersBackend(threads: Threads): FileBackend {
  return {
    name: 'workers',
    execute: (jobs, cancellation, settle) =>
      threads.execute({ type: 'etl' }, jobs, cancellation, (index, outcome) => {
        // A thread that died left behind what it was writing.
        if ('error' in outcome) rmSync(fsPath(jobs[index].temporary), { force: true })
        settle(index, outcome as Outcome<EtlOutcome>)
      }),
  }
}

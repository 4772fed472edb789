/**
 * The five contenders of the demo. Each uses only the public API, so that readers could have
 * written it.
 */

import { type BackendName, moduleTask, noiseTask, Pool, type RunReport } from '../index.js'
import { addNoiseAsync } from './async.js'
import type { EtlData } from './etl.js'

/** Sigma of the noise that all contenders add. */
export const SIGMA = 0.1
const noise = { sigma: SIGMA, seed: 0 }

/** What a contender works with. */
export interface Work {
  readonly files: readonly string[]
  /** Folder of the outputs. */
  readonly out: string
  /** URL of the module `etl.ts`. */
  readonly etl: URL
  readonly signal: AbortSignal
  /** Called for each file that is done. */
  finished(file: string): void
  /** Called with the report of a run on a pool, before the contender ends. */
  onReport(report: RunReport): void
}

/** One way of adding noise to the files. */
export interface Contender {
  readonly name: string
  /** How it works, in a sentence. */
  readonly about: string
  /** Whether it may finish files in an order of its own. */
  readonly isUnordered: boolean
  /** Adds noise to all files. */
  run(work: Work): Promise<void>
}

// The first four compute in JavaScript, so that they differ only in how they run in parallel.
export const contenders: readonly Contender[] = [
  {
    name: 'plain loop',
    about: 'One thread reads a file, adds noise to it and writes it, and then takes the next file.',
    isUnordered: false,
    run: onPool('inline'),
  },
  {
    name: 'async I/O',
    about: 'One thread waits for the reading and writing of several files at a time, but computes one at a time.',
    isUnordered: true,
    run: ({ files, out, finished, signal }) => addNoiseAsync(files, out, noise, finished, signal),
  },
  {
    name: 'worker threads',
    about: 'A pool of threads in the same process. Each thread gets the next file when it is done with one.',
    isUnordered: true,
    run: onPool('workers'),
  },
  {
    name: 'processes',
    about:
      'A pool of child processes, as that of Python. Each process runs a function that reads, computes and writes.',
    isUnordered: true,
    run: inProcesses,
  },
  {
    name: 'native threads',
    about: 'A pool of threads in C++, which read, compute and write without JavaScript.',
    isUnordered: true,
    run: onPool('native'),
  },
]

function onPool(backend: BackendName): Contender['run'] {
  return async ({ files, out, signal, finished, onReport }) => {
    const pool = new Pool({ backend, ...(backend !== 'native' && { kernel: 'ts' }) })
    const task = noiseTask({ out, ...noise })
    try {
      for await (const { input, error } of pool.imapUnordered(task, files, { chunkSize: 1, signal, onReport })) {
        if (error) throw error
        finished(input)
      }
    } finally {
      await pool.terminate()
    }
  }
}

async function inProcesses({ files, out, etl, signal, finished, onReport }: Work): Promise<void> {
  const pool = new Pool({ backend: 'processes' })
  const data: EtlData = { out, noise }
  const task = moduleTask<string, void>(etl, 'default', { setup: 'setup', teardown: 'teardown', data })
  try {
    for await (const { item } of pool.imapUnordered(task, files, { chunkSize: 1, signal, onReport })) finished(item)
  } finally {
    await pool.terminate()
  }
}

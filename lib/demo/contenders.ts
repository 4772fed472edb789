/** The four contenders of the demo, each on the public API: one that its reader could have written. */

import { type BackendName, noiseTask, Pool } from '../index.js'
import { addNoiseAsync } from './async.js'

/** What all contenders add. */
export const SIGMA = 0.1
const noise = { sigma: SIGMA, seed: 0 }

/** One contender of doing it. */
export interface Contender {
  readonly name: string
  /** Whether the order in which files are finished is its own. */
  readonly isUnordered: boolean
  /** Adds noise to files. Calls `finished` with each as it is done. */
  run(files: readonly string[], out: string, finished: (file: string) => void, signal: AbortSignal): Promise<void>
}

export const contenders: readonly Contender[] = [
  { name: 'plain loop', isUnordered: false, run: onPool('inline') },
  {
    name: 'async I/O',
    isUnordered: true,
    run: (files, out, finished, signal) => addNoiseAsync(files, out, noise, finished, signal),
  },
  { name: 'worker threads', isUnordered: true, run: onPool('workers') },
  { name: 'native threads', isUnordered: true, run: onPool('native') },
]

function onPool(backend: BackendName): Contender['run'] {
  return async (files, out, finished, signal) => {
    // The first three contenders compute in JavaScript, so that they differ in nothing but how they go parallel.
    const pool = new Pool({ backend, ...(backend !== 'native' && { kernel: 'ts' }) })
    const task = noiseTask({ out, ...noise })
    try {
      for await (const { input, error } of pool.imapUnordered(task, files, { chunkSize: 1, signal })) {
        if (error) throw error
        finished(input)
      }
    } finally {
      await pool.terminate()
    }
  }
}

/**
 * The four contenders of the demo. Each uses only the public API, so that readers could have
 * written it.
 */

import { type BackendName, noiseTask, Pool } from '../index.js'
import { addNoiseAsync } from './async.js'

/** Sigma of the noise that all contenders add. */
export const SIGMA = 0.1
const noise = { sigma: SIGMA, seed: 0 }

/** One way of adding noise to the files. */
export interface Contender {
  readonly name: string
  /** Whether it may finish files in an order of its own. */
  readonly isUnordered: boolean
  /** Adds noise to files. Calls `finished` for each file that is done. */
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
    // The first three contenders compute in JavaScript, so that they differ only in how they run in
    // parallel.
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

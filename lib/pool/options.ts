/** Options of the runs of a pool. */

import { checkInteger, checkKeys, checkObject, checkOneOf, checkSignal } from '../checks.js'
import type { ErrorPolicy } from '../task.js'
import type { ChunkSize } from './chunks.js'

/**
 * Options of one run: of `map`, `imap` and `imapUnordered`.
 *
 * @example
 * import { noiseTask, Pool, type RunOptions } from 'noisemill'
 *
 * const strict: RunOptions = { errors: 'throw', chunkSize: 1, signal: AbortSignal.timeout(60_000) }
 * await using pool = new Pool()
 * try {
 *   await pool.map(noiseTask({ out: 'noisy', snr: 10 }), ['speech/missing.wav'], strict)
 * } catch (error) {
 *   console.log(String(error)) // -> NoisemillError: speech/missing.wav: no such file (ENOENT). Check the path.
 * }
 */
export interface RunOptions {
  /**
   * Items that go to a thread in one trip, 1 to 1,000,000, or 'auto' (default): measured, so that a trip is worth its
   * overhead. Larger chunks mean fewer trips, and more items held in memory.
   */
  readonly chunkSize?: ChunkSize
  /**
   * Stops the run, which throws the signal's reason and begins no other item. Files in progress are finished or discarded before that. A
   * user's function that is executing goes on, and the run does not wait for it; `pool.close()` does.
   */
  readonly signal?: AbortSignal
  /**
   * 'throw' stops at the first failed item by throwing its error, after the results before it. 'collect' goes on, and gives
   * failures among the results. Noise tasks collect by default, module tasks throw.
   */
  readonly errors?: 'throw' | 'collect'
}

const MAX_CHUNK = 1_000_000

/** The options of a run, checked. */
export interface RunSettings {
  readonly chunkSize: ChunkSize
  readonly signal: AbortSignal | undefined
  readonly errors: ErrorPolicy
}

/** @param errors the policy of the task, where the options have none */
export function checkRunOptions(options: RunOptions, errors: ErrorPolicy): RunSettings {
  checkObject('options', options)
  checkKeys(options, ['chunkSize', 'signal', 'errors'])
  const { chunkSize = 'auto' } = options
  return {
    signal: checkSignal(options.signal),
    errors: checkOneOf('errors', options.errors ?? errors, ['throw', 'collect']),
    chunkSize: chunkSize === 'auto' ? chunkSize : checkInteger('chunkSize', chunkSize, 1, MAX_CHUNK),
  }
}

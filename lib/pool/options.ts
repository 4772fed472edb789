/** Options of a run. */

import { checkInteger, checkKeys, checkObject, checkOneOf, checkSignal } from '../checks.js'
import type { ErrorPolicy } from '../task.js'
import type { ChunkSize } from './chunks.js'
import type { CallLimits } from './trip.js'

/**
 * Options of `map`, `imap` and `imapUnordered`.
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
   * Number of items in a chunk, which a thread gets at once: 1 to 1,000,000, or 'auto' (default).
   * 'auto' chooses the number so that a chunk takes about 50 ms. Larger chunks cost less overhead
   * and more memory.
   */
  readonly chunkSize?: ChunkSize
  /**
   * Signal that stops the run. The run then begins no other item and throws the signal's reason.
   * Before it throws, files in progress are finished or discarded. A user's function that is
   * executing continues: the run does not wait for it, but `pool.close()` does.
   */
  readonly signal?: AbortSignal
  /**
   * What a run does when an item fails. 'throw' gives the results that precede it, then stops and
   * throws the item's error. 'collect' continues, and includes failures in the results. The default
   * is 'collect' for noise tasks and 'throw' for module tasks.
   */
  readonly errors?: 'throw' | 'collect'
  /**
   * Most items that each thread works on at the same time, 1 (default) to 10,000. Use it for
   * functions that wait, for a network or a disk. Functions that compute gain nothing by it. Noise
   * tasks ignore it.
   */
  readonly concurrency?: number
}

const MAX_CHUNK = 1_000_000
const MAX_CONCURRENCY = 10_000

/** The checked options of a run. */
export interface RunSettings {
  readonly chunkSize: ChunkSize
  readonly signal: AbortSignal | undefined
  readonly errors: ErrorPolicy
  readonly limits: CallLimits
}

/** @param errors the task's policy, used if the options have none */
export function checkRunOptions(options: RunOptions, errors: ErrorPolicy): RunSettings {
  checkObject('options', options)
  checkKeys(options, ['chunkSize', 'signal', 'errors', 'concurrency'])
  const { chunkSize = 'auto', concurrency = 1 } = options
  return {
    signal: checkSignal(options.signal),
    errors: checkOneOf('errors', options.errors ?? errors, ['throw', 'collect']),
    chunkSize: chunkSize === 'auto' ? chunkSize : checkInteger('chunkSize', chunkSize, 1, MAX_CHUNK),
    limits: { concurrency: checkInteger('concurrency', concurrency, 1, MAX_CONCURRENCY) },
  }
}

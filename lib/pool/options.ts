/** Options of a run. */

import { checkBoolean, checkInteger, checkKeys, checkObject, checkOneOf, checkSignal } from '../checks.js'
import { invalidOption, NoisemillError } from '../errors.js'
import { type ErrorPolicy, transfersItems, type Work } from '../task.js'
import type { ChunkSize } from './chunks.js'
import type { RunProgress } from './progress.js'
import { checkRetries, MAX_MILLISECONDS, type Retries, type RetryOptions } from './retries.js'
import type { RunReport } from './run-report.js'
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
   * 'auto' chooses the number so that a chunk takes about 20 ms. Larger chunks cost less overhead
   * and more memory.
   */
  readonly chunkSize?: ChunkSize
  /**
   * Signal that stops the run. The run then begins no other item and throws the signal's reason.
   * Before it throws, files in progress are finished or discarded. The run does not wait for a user's
   * function that is executing; `grace` says how long it may continue. `pool.close()` waits for it.
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
   * functions that wait, for a network or a disk. Functions that compute gain nothing by it. Only for
   * module tasks.
   */
  readonly concurrency?: number
  /**
   * Milliseconds that the call for an item may take, from its begin: 1 to 2,147,483,647; by default
   * any time. An item that takes longer fails with E_TIMEOUT. If its function waits, the function's
   * signal is aborted, and its thread goes on with other items. If the function keeps its thread
   * busy, the thread is ended and replaced, within 50 ms and a tenth of the time-out; other items
   * that it had begun (with `concurrency`) fail with E_WORKER_DIED. The backend 'inline' cannot
   * interrupt a function. Only for module tasks.
   */
  readonly timeout?: number
  /**
   * Milliseconds that functions have to end after `signal` was aborted, 0 to 2,147,483,647; 5000 by
   * default. Their own signals are aborted at once. The thread of a function that is executing after
   * this time is ended and replaced. Only for module tasks.
   */
  readonly grace?: number
  /**
   * How often an item that failed is tried again: a number, or an object with more settings. By
   * default an item is tried once. Only for module tasks whose items are not transferred.
   */
  readonly retries?: number | RetryOptions
  /**
   * Most items that may fail in a run with `errors: 'collect'`, from 0; by default any number. If more
   * fail, the run stops with E_TOO_MANY_ERRORS.
   */
  readonly maxErrors?: number
  /**
   * Whether to measure how long items take alone, false by default: `calibration` in the run's report
   * then has the predicted time of a plain loop. For about 0.1 seconds near its begin, the run has only
   * one item in progress. Only for module tasks.
   */
  readonly calibrate?: boolean
  /**
   * Called with the progress of the run about ten times a second while items end, and when all have
   * ended. What it throws ends the run.
   */
  readonly onProgress?: (progress: RunProgress) => void
  /**
   * Called once when the run has ended, however it ended, with what it did and what it spent its time
   * with. `map` resolves, and a loop over `imap` ends, after the call. What it throws, the run throws,
   * unless the run throws something else already. A run that never began has no report.
   */
  readonly onReport?: (report: RunReport) => void
}

const MAX_CHUNK = 1_000_000
const MAX_CONCURRENCY = 10_000

/** The checked options of a run. */
export interface RunSettings {
  readonly chunkSize: ChunkSize
  readonly signal: AbortSignal | undefined
  readonly errors: ErrorPolicy
  readonly limits: CallLimits
  readonly grace: number
  readonly retries: Retries | undefined
  readonly maxErrors: number
  readonly calibrate: boolean
  readonly onProgress: ((progress: RunProgress) => void) | undefined
  readonly onReport: ((report: RunReport) => void) | undefined
}

/** Options that only module tasks have. */
const CALL_OPTIONS = ['concurrency', 'timeout', 'grace', 'retries', 'calibrate'] as const
const CALLBACKS = ['onProgress', 'onReport'] as const
const RUN_OPTIONS = ['chunkSize', 'signal', 'errors', 'maxErrors', ...CALLBACKS, ...CALL_OPTIONS]
const DEFAULT_GRACE = 5000

/** @param task the task's kind of work and its error policy, which is used if the options have none */
export function checkRunOptions(
  options: RunOptions,
  task: { readonly work: Work; readonly errors: ErrorPolicy },
): RunSettings {
  checkObject('options', options)
  checkKeys(options, RUN_OPTIONS)
  const {
    chunkSize = 'auto',
    concurrency = 1,
    timeout,
    grace = DEFAULT_GRACE,
    onProgress,
    onReport,
    maxErrors,
  } = options
  for (const option of CALL_OPTIONS) {
    if (options[option] !== undefined && task.work.kind !== 'calls')
      throw new NoisemillError('E_OPTION_INVALID', { option, received: 'only module tasks have it' })
  }
  for (const option of CALLBACKS) {
    if (options[option] !== undefined && typeof options[option] !== 'function')
      throw invalidOption(option, 'a function', options[option])
  }
  const retries = checkRetries(options.retries)
  if (retries !== undefined && transfersItems(task.work))
    throw new NoisemillError('E_OPTION_INVALID', {
      option: 'retries',
      received: 'the task transfers its items, which can be sent only once',
    })
  const errors = checkOneOf('errors', options.errors ?? task.errors, ['throw', 'collect'])
  if (maxErrors !== undefined && errors === 'throw')
    throw new NoisemillError('E_OPTION_INVALID', {
      option: 'maxErrors',
      received: "with errors: 'throw', the first failure ends the run",
    })
  return {
    signal: checkSignal(options.signal),
    errors,
    chunkSize: chunkSize === 'auto' ? chunkSize : checkInteger('chunkSize', chunkSize, 1, MAX_CHUNK),
    limits: {
      concurrency: checkInteger('concurrency', concurrency, 1, MAX_CONCURRENCY),
      timeout: timeout === undefined ? undefined : checkInteger('timeout', timeout, 1, MAX_MILLISECONDS),
    },
    grace: checkInteger('grace', grace, 0, MAX_MILLISECONDS),
    retries,
    maxErrors: maxErrors === undefined ? Infinity : checkInteger('maxErrors', maxErrors, 0, Number.MAX_SAFE_INTEGER),
    calibrate: checkBoolean('calibrate', options.calibrate ?? false),
    onProgress: onProgress as RunSettings['onProgress'],
    onReport: onReport as RunSettings['onReport'],
  }
}

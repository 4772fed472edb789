/** Decides which failed items of a run are tried again, and when. */

import { checkInteger, checkKeys, checkObject } from '../checks.js'
import { type ErrorCode, errorCodes } from '../error-codes.js'
import { invalidOption, type NoisemillError } from '../errors.js'

/**
 * Which failed items of a run are tried again, and after which time.
 *
 * @example
 * import { moduleTask, Pool, type RetryOptions } from 'noisemill'
 *
 * // shaky.js: export const shaky = (n, _data, { attempt }) => { if (attempt < 3) throw new Error('busy'); return n }
 * const retries: RetryOptions = { attempts: 2, delay: 10, when: ({ cause }) => String(cause).includes('busy') }
 * const shaky = moduleTask<number, number>(new URL('./shaky.js', import.meta.url), 'shaky')
 * await using pool = new Pool()
 * console.log(await pool.map(shaky, [1, 2], { retries })) // -> [ 1, 2 ]
 */
export interface RetryOptions {
  /** How often an item that failed is tried again, 0 to 1000. */
  readonly attempts: number
  /** Milliseconds before the first retry of an item, 0 (default) to 2,147,483,647. */
  readonly delay?: number
  /**
   * Factor by which each further delay of an item is longer than the one before, 1 to 100; 2 by
   * default.
   */
  readonly factor?: number
  /**
   * Codes of the errors after which an item is tried again; by default E_TASK_FAILED, E_TIMEOUT and
   * E_WORKER_DIED.
   */
  readonly codes?: readonly ErrorCode[]
  /**
   * Called with the error of an item whose code is among `codes`, and the number of the attempt that
   * failed, from 1. The item is tried again if it returns true. What it throws ends the run.
   */
  readonly when?: (error: NoisemillError, attempt: number) => boolean
}

const KEYS = ['attempts', 'delay', 'factor', 'codes', 'when']
const DEFAULT_CODES: readonly ErrorCode[] = ['E_TASK_FAILED', 'E_TIMEOUT', 'E_WORKER_DIED']
export const MAX_MILLISECONDS = 2_147_483_647

/** Checked options. */
export interface Retries extends Required<Omit<RetryOptions, 'when'>> {
  readonly when: RetryOptions['when']
}

/** Returns undefined if nothing is to be tried again. */
export function checkRetries(given: unknown): Retries | undefined {
  if (given === undefined) return undefined
  const options: unknown = typeof given === 'number' ? { attempts: given } : given
  checkObject('retries', options)
  checkKeys(options, KEYS)
  const { delay = 0, factor = 2, codes = DEFAULT_CODES, when } = options
  const attempts = checkInteger('retries.attempts', options.attempts, 0, 1000)
  if (typeof factor !== 'number' || !(factor >= 1 && factor <= 100))
    throw invalidOption('retries.factor', 'a number from 1 to 100', factor)
  if (!Array.isArray(codes) || !codes.every((code) => errorCodes.includes(code)))
    throw invalidOption('retries.codes', 'an array of error codes', codes)
  if (when !== undefined && typeof when !== 'function') throw invalidOption('retries.when', 'a function', when)
  const checked: Retries = {
    attempts,
    delay: checkInteger('retries.delay', delay, 0, MAX_MILLISECONDS),
    factor,
    codes: codes as ErrorCode[],
    when: when as RetryOptions['when'],
  }
  return attempts === 0 ? undefined : checked
}

/**
 * Returns the milliseconds after which an item is tried again; undefined if it is not.
 *
 * @param attempt number of the attempt that failed, from 1
 */
export function retryDelay(
  { attempts, delay, factor, codes, when }: Retries,
  error: NoisemillError,
  attempt: number,
): number | undefined {
  if (attempt > attempts || !codes.includes(error.code)) return undefined
  if (when !== undefined && when(error, attempt) !== true) return undefined
  return Math.min(delay * factor ** (attempt - 1), MAX_MILLISECONDS)
}

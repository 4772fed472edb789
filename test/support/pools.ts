/** Pools that end with their test. */

import { describe, onTestFinished } from 'vitest'
import { Pool, type PoolOptions } from '../../dist/index.js'

/**
 * Backends that call a user's functions in workers. The backend native uses the worker threads of `workers`.
 */
const workerBackends = ['workers', 'processes'] as const

export const describeWorkers = describe.each(workerBackends)

/** Backends for a user's functions: the caller's thread or workers. */
export const describePlaces = describe.each(['inline', ...workerBackends] as const)

/** Those that share memory with the test, so that its functions and items can have cells. */
export const describeThreads = describe.each(['inline', 'workers'] as const)

/** Makes a pool of two threads that is terminated when the running test ends. */
export function testPool(options: PoolOptions = {}): Pool {
  const pool = new Pool({ size: 2, ...options })
  onTestFinished(() => pool.terminate())
  return pool
}

/** Pools that end with their test. */

import { describe, onTestFinished } from 'vitest'
import { Pool, type PoolOptions } from '../../dist/index.js'

/**
 * Backends for a user's functions: the caller's thread or worker threads. The backend native also uses worker threads.
 */
export const describePlaces = describe.each(['inline', 'workers'] as const)

/** Makes a pool of two threads that is terminated when the running test ends. */
export function testPool(options: PoolOptions = {}): Pool {
  const pool = new Pool({ size: 2, ...options })
  onTestFinished(() => pool.terminate())
  return pool
}

/** Pools that end with their test. */

import { describe, onTestFinished } from 'vitest'
import { Pool, type PoolOptions } from '../../dist/index.js'

/** Where a user's functions run: the caller's thread, or worker threads, which is so for the backend native too. */
export const describePlaces = describe.each(['inline', 'workers'] as const)

/** A pool of two threads that is gone when the running test is. */
export function testPool(options: PoolOptions = {}): Pool {
  const pool = new Pool({ size: 2, ...options })
  onTestFinished(() => pool.terminate())
  return pool
}

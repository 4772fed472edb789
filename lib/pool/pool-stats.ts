/** The live figures of a pool. */

import type { WorkerFigures } from '../backends/worker-figures.js'
import type { RunReport } from './run-report.js'

/** Sums over all runs of a pool. */
export interface PoolTotals {
  /** Number of runs that have begun. */
  readonly runs: number
  /** Number of items that succeeded. */
  readonly done: number
  /** Number of items that failed. */
  readonly failed: number
  /** Number of chunks that were sent to the backend. */
  readonly chunks: number
}

/**
 * What a pool has done since it was made, and what it does now.
 *
 * @example
 * import { moduleTask, Pool, type PoolStats } from 'noisemill'
 *
 * // square.js: export const square = (n) => n * n
 * const square = moduleTask<number, number>(new URL('./square.js', import.meta.url), 'square')
 * await using pool = new Pool({ size: 2 })
 * await pool.map(square, [1, 2, 3])
 * const stats: PoolStats = pool.stats()
 * console.log(stats.totals.done, stats.runs.length) // -> 3 0
 */
export interface PoolStats {
  /** Milliseconds since the pool was made. */
  readonly milliseconds: number
  /** Most items that the pool works on at the same time, with a `concurrency` of 1. */
  readonly threads: number
  /**
   * Each worker thread that exists, with what it has done since it was created. A worker tells its
   * figures when it ends a load; until then, the time in which it has worked counts as `busy`. Null if
   * the backend does not measure it.
   */
  readonly workers: readonly WorkerFigures[] | null
  /** Each run in progress, with its figures so far. */
  readonly runs: readonly RunReport[]
  /** Sums over all runs since the pool was made. */
  readonly totals: PoolTotals
}

/** What a pool sums up over its runs. */
export interface RunCounts {
  readonly done: number
  readonly failed: number
  readonly chunks: number
}

/** Adds the counts of some runs to the totals of others. */
export function summed(totals: PoolTotals, runs: readonly RunCounts[]): PoolTotals {
  const sums = { ...totals }
  for (const { done, failed, chunks } of runs) {
    sums.runs++
    sums.done += done
    sums.failed += failed
    sums.chunks += chunks
  }
  return sums
}

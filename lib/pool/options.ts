/** Options of a pool and of its runs, and what a pool says of itself. */

import type { BackendName } from '../backends/backend.js'
import type { KernelName } from '../core/kernels.js'
import type { ChunkSize } from './chunks.js'

/**
 * Options of `Pool`.
 *
 * @example
 * import { Pool, type PoolOptions } from 'noisemill'
 *
 * const options: PoolOptions = { size: 4, backend: 'workers' }
 * await using pool = new Pool(options)
 * console.log(pool.info.threads) // -> 4
 */
export interface PoolOptions {
  /** Threads that work at the same time, 1 to 1024; by default one for each CPU that the process may use. */
  readonly size?: number
  /** Where noise tasks run; 'auto' (native where the addon loads, else workers) by default. */
  readonly backend?: BackendName | 'auto'
  /** What workers and inline compute noise with; 'wasm' where it was built, else 'ts', by default. Native has its own. */
  readonly kernel?: KernelName | 'auto'
}

/**
 * What a pool runs on, and why.
 *
 * @example
 * import { Pool, type PoolInfo } from 'noisemill'
 *
 * const show = ({ backend, size, reason }: PoolInfo) => `${size} ${backend}: ${reason}`
 * await using pool = new Pool({ size: 2, backend: 'workers', kernel: 'ts' })
 * console.log(show(pool.info)) // -> 2 workers: asked for
 */
export interface PoolInfo {
  /** Where noise tasks run. */
  readonly backend: BackendName
  /** Why it is this backend, in words. */
  readonly reason: string
  /** What to do to have the addon, in words; null where it is there, or was not asked for. */
  readonly remedy: string | null
  /** The file that the addon is, from the package's folder on; null for other backends. */
  readonly binary: string | null
  /** As it was asked for, or the number of CPUs that the process may use. */
  readonly size: number
  /** What computes the noise: 'c++' in the addon; 'wasm' where it was built, else 'ts', on the other backends. */
  readonly kernel: 'c++' | KernelName
  /** Instruction set that the addon's kernels use; null for other backends. */
  readonly instructionSet: string | null
  /** Threads that work on files at the same time: `size`, or 1 for inline. */
  readonly threads: number
  /**
   * Threads of the libuv pool among them, at most; the others are the pool's own. The libuv pool is measured, and two of its threads
   * are left to the file system calls and name look-ups of others. 0 for other backends than native.
   */
  readonly libuvThreads: number
}

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
  /** Stops the run: it ends by throwing the signal's reason once the files in flight are finished or discarded. */
  readonly signal?: AbortSignal
  /**
   * 'throw' stops at the first failed item by throwing its error, after the results before it. 'collect' goes on, and gives
   * failures among the results. Noise tasks collect by default, module tasks throw.
   */
  readonly errors?: 'throw' | 'collect'
}

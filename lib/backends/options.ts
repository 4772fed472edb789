/** Options of a pool, and what a pool says of itself: both are about its backend. */

import { checkInteger, checkKeys, checkObject, checkOneOf } from '../checks.js'
import type { KernelName } from '../core/kernels.js'
import { usableCpus } from '../cpus.js'
import { NoisemillError } from '../errors.js'
import { type Backend, type BackendName, checkBackend } from './backend.js'

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
  /**
   * Threads that work at the same time, 1 to 1024; by default one for each CPU that the process may use. Not together with a backend
   * object, which has threads of its own.
   */
  readonly size?: number
  /**
   * Where tasks run: a backend's name, 'auto' (native where the addon loads, else workers), which is the default, or a backend object.
   * The pool closes that object when it ends, so it serves one pool only.
   */
  readonly backend?: BackendName | 'auto' | Backend
  /** What workers and inline compute noise with; 'wasm' where it was built, else 'ts', by default. Native has its own. Not together with a backend object. */
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
  /** The name of the backend: a `BackendName`, or that of the backend object. */
  readonly backend: string
  /** Why it is this backend, in words; 'given' for a backend object. */
  readonly reason: string
  /** What to do to have the addon, in words; null where it is there, or was not asked for. */
  readonly remedy: string | null
  /** The file that the addon is, from the package's folder on; null for other backends. */
  readonly binary: string | null
  /** As it was asked for, or the number of CPUs that the process may use; for a backend object as many as it has threads. */
  readonly size: number
  /** What computes the noise: 'c++' in the addon; 'wasm' where it was built, else 'ts', on the other backends; null for a backend object. */
  readonly kernel: 'c++' | KernelName | null
  /** Instruction set that the addon's kernels use; null for other backends. */
  readonly instructionSet: string | null
  /**
   * Jobs that are worked on at the same time: `size`, or 1 for inline. For workers it becomes smaller where the system allows fewer
   * threads; see `shortage`.
   */
  readonly threads: number
  /**
   * Why fewer worker threads than `size` could be started, in words: a limit of processes or of open files. Those that were started do
   * the work. Null as long as all that were needed could be started.
   */
  readonly shortage: string | null
  /**
   * Threads of the libuv pool among them, at most; the others are the pool's own. The libuv pool is measured, and two of its threads
   * are left to the file system calls and name look-ups of others. 0 for other backends than native.
   */
  readonly libuvThreads: number
  /**
   * As many CPUs' time as the quota of the container (its cgroups) grants, 1.5 for example; null if there is none. The default `size` is
   * no larger than this, rounded down.
   */
  readonly cpuQuota: number | null
}

/** The options of a pool, checked. */
export interface PoolSettings {
  readonly size: number
  readonly backend: BackendName | 'auto' | Backend
  readonly kernel: KernelName | 'auto'
}

const MAX_SIZE = 1024

/** @param names of the backends that there are */
export function checkPoolOptions(options: PoolOptions, names: readonly BackendName[]): PoolSettings {
  checkObject('options', options)
  checkKeys(options, ['size', 'backend', 'kernel'])
  const size = checkInteger('size', options.size ?? usableCpus(), 1, MAX_SIZE)
  const kernel = checkOneOf('kernel', options.kernel ?? 'auto', ['auto', 'ts', 'wasm'])
  const asked = options.backend ?? 'auto'
  if (typeof asked !== 'object') {
    const backend = checkOneOf('backend', asked, ['auto', ...names])
    return { size, kernel, backend }
  }
  for (const option of ['size', 'kernel'] as const) {
    if (options[option] !== undefined)
      throw new NoisemillError('E_OPTION_INVALID', { option, received: 'the backend that is given has its own' })
  }
  return { size, kernel, backend: checkBackend(asked) }
}

/** Options of a pool, and its `info`; both describe the pool's backend. */

import { SHARE_ENV } from 'node:worker_threads'
import { checkInteger, checkKeys, checkObject, checkOneOf } from '../checks.js'
import type { KernelName } from '../core/kernels.js'
import { usableCpus } from '../cpus.js'
import { NoisemillError } from '../errors.js'
import { type Backend, type BackendName, checkBackend } from './backend.js'
import { checkWorkerOptions, type WorkerSettings, type WorkerThreadOptions, workerOptions } from './worker-options.js'

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
export interface PoolOptions extends WorkerThreadOptions {
  /**
   * Number of threads that work at the same time, 1 to 1024; by default one for each CPU that the
   * process may use. Not together with a backend object, which has threads of its own.
   */
  readonly size?: number
  /**
   * Where tasks run: the name of a backend, 'auto' (default) or a backend object. 'auto' is native
   * if the addon loads, and workers otherwise. The pool closes a backend object when it ends, so an
   * object serves one pool only.
   */
  readonly backend?: BackendName | 'auto' | Backend
  /**
   * Kernel of the backends workers and inline: 'wasm', 'ts' or 'auto' (default), which is 'wasm' if
   * it was built and 'ts' otherwise. Native has a kernel of its own. Not together with a backend
   * object.
   */
  readonly kernel?: KernelName | 'auto'
}

/**
 * The backend, threads and kernel of a pool, and the reason for the choice.
 *
 * @example
 * import { Pool, type PoolInfo } from 'noisemill'
 *
 * const show = ({ backend, size, reason }: PoolInfo) => `${size} ${backend}: ${reason}`
 * await using pool = new Pool({ size: 2, backend: 'workers', kernel: 'ts' })
 * console.log(show(pool.info)) // -> 2 workers: asked for
 */
export interface PoolInfo {
  /** Name of the backend: a `BackendName`, or the name of the backend object. */
  readonly backend: string
  /** Why this backend was chosen, in words; 'given' for a backend object. */
  readonly reason: string
  /** How to get the addon, in words; null if it is used, or if another backend was asked for. */
  readonly remedy: string | null
  /** Path of the addon's file, relative to the package's folder; null for other backends. */
  readonly binary: string | null
  /**
   * Value of the option `size`, or its default. For a backend object, the number of its threads.
   */
  readonly size: number
  /**
   * Kernel that computes the noise: 'c++' for native, 'wasm' or 'ts' for workers and inline, null
   * for a backend object.
   */
  readonly kernel: 'c++' | KernelName | null
  /** Instruction set that the addon's kernels use; null for other backends. */
  readonly instructionSet: string | null
  /**
   * Number of jobs that are worked on at the same time: `size`, or 1 for inline. For workers it
   * becomes smaller if the system allows fewer threads; see `shortage`.
   */
  readonly threads: number
  /**
   * Why fewer worker threads than `size` could be started, in words, such as a limit of processes
   * or open files. The threads that were started do the work. Null if all threads that were needed
   * could be started.
   */
  readonly shortage: string | null
  /**
   * Most threads of libuv's pool among `threads`; the others are the pool's own. noisemill measures
   * the size of libuv's pool, and leaves two of its threads for other code's file and DNS calls. 0
   * for all backends but native.
   */
  readonly libuvThreads: number
  /**
   * CPU quota of the container (its cgroups), in CPUs, such as 1.5; null if there is none. The
   * default `size` is at most this, rounded down, but at least 1.
   */
  readonly cpuQuota: number | null
}

/** The checked options of a pool. */
export interface PoolSettings {
  readonly size: number
  readonly backend: BackendName | 'auto' | Backend
  readonly kernel: KernelName | 'auto'
  readonly workers: WorkerSettings
}

const MAX_SIZE = 1024

/** @param names names of the package's backends */
export function checkPoolOptions(options: PoolOptions, names: readonly BackendName[]): PoolSettings {
  checkObject('options', options)
  checkKeys(options, ['size', 'backend', 'kernel', ...workerOptions])
  const size = checkInteger('size', options.size ?? usableCpus(), 1, MAX_SIZE)
  const kernel = checkOneOf('kernel', options.kernel ?? 'auto', ['auto', 'ts', 'wasm'])
  const workers = checkWorkerOptions(options)
  const asked = options.backend ?? 'auto'
  if (typeof asked !== 'object') {
    const backend = checkOneOf('backend', asked, ['auto', ...names])
    if (backend === 'processes') checkForProcesses(options)
    if (backend === 'inline') refuse(options, workerOptions, 'the backend inline has no worker threads')
    return { size, kernel, workers, backend }
  }
  refuse(options, ['size', 'kernel', ...workerOptions], 'a backend object has its own')
  return { size, kernel, workers, backend: checkBackend(asked) }
}

function checkForProcesses(options: PoolOptions): void {
  const flags = 'worker processes have limits only by execArgv, for example --max-old-space-size=500'
  refuse(options, ['resourceLimits'], flags)
  if (options.env === SHARE_ENV) refuse(options, ['env'], 'processes cannot share variables')
}

function refuse(options: PoolOptions, refused: readonly (keyof PoolOptions)[], why: string): void {
  for (const option of refused)
    if (options[option] !== undefined) throw new NoisemillError('E_OPTION_INVALID', { option, received: why })
}

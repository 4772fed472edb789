/** The options of a pool that concern its worker threads. */

import { SHARE_ENV, type WorkerOptions } from 'node:worker_threads'
import { checkInteger, checkKeys, checkObject } from '../checks.js'
import { invalidOption } from '../errors.js'

/**
 * Options of `Pool` for its worker threads, which run functions and, with the backend workers, noise
 * tasks. They are refused with the backend inline and with a backend object.
 *
 * @example
 * import { moduleTask, Pool, type WorkerThreadOptions } from 'noisemill'
 *
 * // square.js: export const square = (n) => n * n
 * const square = moduleTask<number, number>(new URL('./square.js', import.meta.url), 'square')
 * const options: WorkerThreadOptions = { recycleAfter: { items: 1000, megabytes: 500 }, name: 'squares' }
 * await using pool = new Pool({ size: 2, ...options })
 * console.log(await pool.map(square, [1, 2, 3])) // -> [ 1, 4, 9 ]
 */
export interface WorkerThreadOptions {
  /**
   * When a worker thread is replaced by a new one: after so many items, or if it has more megabytes of
   * heap and buffers, garbage included, at the end of a chunk. Use it for functions that leak memory.
   * The thread ends when it has finished what it works on, and calls teardowns before. By default,
   * threads stay until the pool ends.
   */
  readonly recycleAfter?:
    | number
    | {
        /** Number of items, 1 or more. */
        readonly items?: number
        /** Megabytes (2^20 bytes) of heap and buffers, 1 or more. */
        readonly megabytes?: number
      }
  /**
   * Limits of the memory of each worker thread, as in Node's `Worker`. A thread that exceeds them dies,
   * and its items fail with E_WORKER_DIED. By default, V8 chooses them.
   */
  readonly resourceLimits?: {
    /** Most megabytes of the heap that V8 keeps long-lived values in. */
    readonly maxOldGenerationSizeMb?: number
    /** Most megabytes of the heap that V8 makes new values in. */
    readonly maxYoungGenerationSizeMb?: number
    /** Megabytes of memory for compiled code. */
    readonly codeRangeSizeMb?: number
    /** Megabytes of the thread's stack; 4 by default. */
    readonly stackSizeMb?: number
  }
  /**
   * Environment variables of worker threads, as in Node's `Worker`: an object, or `SHARE_ENV` of
   * node:worker_threads to share those of the process. By default, each thread gets a copy of those
   * of the process when it starts.
   */
  readonly env?: Readonly<Record<string, string | undefined>> | symbol
  /**
   * Flags of Node for worker threads, as in Node's `Worker`. Items fail with E_WORKER_START if Node
   * refuses them. By default, threads have the flags of the process.
   */
  readonly execArgv?: readonly string[]
  /** Name of worker threads in debuggers and profiles, as in Node's `Worker`; 'noisemill' by default. */
  readonly name?: string
}

/** Names of the options. */
export const workerOptions = ['recycleAfter', 'resourceLimits', 'env', 'execArgv', 'name'] as const

/** When a thread is replaced. */
export interface Recycling {
  /** After how many items. */
  readonly items: number
  /** When it has more than this many bytes. */
  readonly bytes: number
}

/** The checked options. */
export interface WorkerSettings {
  readonly recycling: Recycling
  /** Options for Node's Worker that were given. */
  readonly worker: Pick<WorkerOptions, 'resourceLimits' | 'env' | 'execArgv' | 'name'>
}

/** Workers stay until the pool ends. */
export const defaultRecycling: Recycling = { items: Infinity, bytes: Infinity }

export const defaultWorkerSettings: WorkerSettings = { recycling: defaultRecycling, worker: {} }

const LIMITS = ['maxOldGenerationSizeMb', 'maxYoungGenerationSizeMb', 'codeRangeSizeMb', 'stackSizeMb'] as const
const MEGABYTE = 1024 * 1024
/** More megabytes than any machine has. */
const MAX_MEGABYTES = 1024 * MEGABYTE

export function checkWorkerOptions({
  recycleAfter,
  resourceLimits,
  env,
  execArgv,
  name,
}: WorkerThreadOptions): WorkerSettings {
  if (resourceLimits !== undefined) checkLimits(resourceLimits)
  if (env !== undefined && env !== SHARE_ENV) checkEnv(env)
  if (execArgv !== undefined && !(Array.isArray(execArgv) && execArgv.every((flag) => typeof flag === 'string')))
    throw invalidOption('execArgv', 'an array of flags of Node', execArgv)
  if (name !== undefined && (typeof name !== 'string' || name === ''))
    throw invalidOption('name', 'a text that is not empty', name)
  const worker: WorkerSettings['worker'] = {
    ...(resourceLimits !== undefined && { resourceLimits: { ...resourceLimits } }),
    // A later change of the object does not change the variables of threads.
    ...(env !== undefined && {
      env: env === SHARE_ENV ? (SHARE_ENV as typeof SHARE_ENV) : { ...(env as NodeJS.Dict<string>) },
    }),
    ...(execArgv !== undefined && { execArgv: [...execArgv] }),
    ...(name !== undefined && { name }),
  }
  return { recycling: checkRecycling(recycleAfter), worker }
}

function checkRecycling(after: WorkerThreadOptions['recycleAfter']): Recycling {
  if (after === undefined) return defaultRecycling
  if (typeof after === 'number')
    return { items: checkInteger('recycleAfter', after, 1, Number.MAX_SAFE_INTEGER), bytes: Infinity }
  if (typeof after !== 'object' || after === null || Array.isArray(after))
    throw invalidOption('recycleAfter', 'a number of items, or an object with items or megabytes', after)
  checkKeys(after, ['items', 'megabytes'])
  const { items, megabytes } = after
  return {
    items: items === undefined ? Infinity : checkInteger('recycleAfter.items', items, 1, Number.MAX_SAFE_INTEGER),
    bytes: megabytes === undefined ? Infinity : checkMegabytes('recycleAfter.megabytes', megabytes) * MEGABYTE,
  }
}

function checkLimits(limits: object): void {
  checkObject('resourceLimits', limits)
  checkKeys(limits, LIMITS)
  for (const [key, value] of Object.entries(limits))
    if (value !== undefined) checkMegabytes(`resourceLimits.${key}`, value)
}

function checkMegabytes(option: string, value: unknown): number {
  if (typeof value !== 'number' || !(value > 0 && value <= MAX_MEGABYTES))
    throw invalidOption(option, 'a number of megabytes, more than 0,', value)
  return value
}

function checkEnv(env: unknown): void {
  if (typeof env !== 'object' || env === null || Array.isArray(env))
    throw invalidOption('env', 'an object of texts, or SHARE_ENV of node:worker_threads,', env)
  for (const [name, value] of Object.entries(env))
    if (value !== undefined && typeof value !== 'string') throw invalidOption(`env.${name}`, 'a text', value)
}

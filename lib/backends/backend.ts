/** The interface of backends. docs/architecture.md has the full contract, in "Adding a backend". */

import { checkInteger } from '../checks.js'
import type { EtlJob, EtlOutcome } from '../core/etl.js'
import type { SettledSlice, SliceJob } from '../core/slice.js'
import { invalidOption, type NoisemillError } from '../errors.js'
import type { ModuleCall } from '../task.js'
import type { Cancellation } from './cancellation.js'
import type { ChunkDetails } from './chunk-details.js'
import type { WorkerFigures } from './worker-figures.js'

/**
 * Name of a backend of this package. All write the same bytes.
 *
 * - 'native' runs noise tasks in threads of the C++ addon, and functions in worker threads.
 * - 'workers' runs both in worker threads.
 * - 'processes' runs functions in processes, and noise tasks like native, or like workers without the
 *   addon.
 * - 'inline' runs both in the calling thread, which they block.
 *
 * @example
 * import { type BackendName, Pool } from 'noisemill'
 *
 * const names: BackendName[] = ['workers', 'inline']
 * for (const backend of names) {
 *   await using pool = new Pool({ backend, size: 2 })
 *   console.log(backend, pool.info.threads)
 * }
 * // -> workers 2
 * // -> inline 1
 */
export type BackendName = 'native' | 'workers' | 'processes' | 'inline'

/**
 * A backend: an object that runs the jobs of a pool. Pass one of your own as `new Pool({ backend
 * })`; the pool closes it.
 *
 * @example
 * import { type Backend, moduleTask, Pool } from 'noisemill'
 *
 * // square.js: export const square = (n) => n * n
 * const simple: Backend = {
 *   name: 'simple',
 *   threads: 1,
 *   async execute(chunk) {
 *     if (chunk.kind !== 'calls') throw new Error('it runs functions only')
 *     const begun = performance.now()
 *     const module = await import(chunk.call.url)
 *     for (const [index, job] of chunk.jobs.entries()) chunk.settle(index, { value: await module[chunk.call.name](job) })
 *     return { milliseconds: performance.now() - begun }
 *   },
 *   async close() {},
 * }
 * await using pool = new Pool({ backend: simple })
 * console.log(pool.info.backend) // -> simple
 * console.log(await pool.map(moduleTask(new URL('./square.js', import.meta.url), 'square'), [1, 2, 3])) // -> [ 1, 4, 9 ]
 */
export interface Backend {
  /** Name of the backend, for `pool.info.backend` and for errors. It must not be empty. */
  readonly name: string
  /**
   * How many jobs the backend works on at the same time: an integer, 1 or more. A pool reads it
   * once.
   */
  readonly threads: number
  /** What chunks suit the backend, if a run chooses their size; by default 20 ms and 4096 jobs. */
  readonly chunkLimits?: ChunkLimits
  /**
   * Runs the jobs of a chunk, in any order, as soon as threads are free. It must call
   * `chunk.settle` exactly once for each job, and resolve after the last one. Each run of a pool
   * has up to twice `threads` chunks in progress.
   */
  execute(chunk: Chunk): Promise<ChunkFigures>
  /**
   * Ends all work in progress. It settles the remaining jobs with E_POOL_TERMINATED, and resolves
   * when nothing runs any more. A pool calls it once, and does not call `execute` after it.
   */
  close(options?: CloseOptions): Promise<void>
  /** Returns what each worker has done since it was created, for `pool.stats()`. */
  workers?(): readonly WorkerFigures[]
}

/**
 * Options of a backend's `close`. A pool passes them.
 *
 * @example
 * import { type Backend, type CloseOptions, createBackend, Pool } from 'noisemill'
 *
 * const inner = createBackend({ size: 1 })
 * const backend: Backend = {
 *   name: 'told',
 *   threads: inner.threads,
 *   execute: (chunk) => inner.execute(chunk),
 *   close(options: CloseOptions = {}) {
 *     console.log(options.force)
 *     return inner.close(options)
 *   },
 * }
 * await new Pool({ backend }).terminate() // -> true
 */
export interface CloseOptions {
  /**
   * Whether the pool is terminated. The backend then does not call the teardowns of functions. False
   * by default.
   */
  readonly force?: boolean
  /**
   * Aborts if the pool is terminated while the backend closes without `force`. The backend then does
   * not wait for teardowns any more.
   */
  readonly signal?: AbortSignal
}

/**
 * Jobs that a backend gets together, all of one kind and of one run.
 *
 * @example
 * import { type Backend, type Chunk, createBackend, noiseTask, Pool } from 'noisemill'
 *
 * const show = ({ kind, jobs }: Chunk) => console.log(kind, jobs.length)
 * const inner = createBackend({ size: 2 })
 * const backend: Backend = {
 *   name: 'shown',
 *   threads: inner.threads,
 *   execute(chunk) {
 *     show(chunk)
 *     return inner.execute(chunk)
 *   },
 *   close: () => inner.close(),
 * }
 * await using pool = new Pool({ backend })
 * await pool.map(noiseTask({ out: 'noisy', snr: 10 }), ['speech/a.wav', 'speech/b.wav'], { chunkSize: 2 }) // -> files 2
 */
export type Chunk = FilesChunk | SlicesChunk | CallsChunk

/**
 * A chunk of files to add noise to.
 *
 * @example
 * import { type Backend, createBackend, type FilesChunk, noiseTask, Pool } from 'noisemill'
 *
 * const inputs = ({ jobs }: FilesChunk) => jobs.map(({ input }) => String(input))
 * const inner = createBackend({ size: 1 })
 * const backend: Backend = {
 *   ...inner,
 *   name: 'listing',
 *   execute(chunk) {
 *     if (chunk.kind === 'files') console.log(...inputs(chunk))
 *     return inner.execute(chunk)
 *   },
 * }
 * await using pool = new Pool({ backend })
 * await pool.map(noiseTask({ out: 'noisy', snr: 10 }), ['speech/a.wav']) // -> speech/a.wav
 */
export interface FilesChunk {
  /** Kind of the jobs. */
  readonly kind: 'files'
  /** The files, one or more. */
  readonly jobs: readonly EtlJob[]
  /**
   * Tells whether the jobs are still wanted. A job that was not begun when it was cancelled is
   * settled with E_CANCELLED.
   */
  readonly cancellation: Cancellation
  /** Reports the outcome of the job with this index, from 0. */
  settle(index: number, outcome: Outcome<EtlOutcome>): void
}

/**
 * A chunk of slices of samples in memory to add noise to.
 *
 * @example
 * import { addNoise, type Backend, createBackend, Pool, type SlicesChunk } from 'noisemill'
 *
 * const bytesOf = ({ jobs }: SlicesChunk) => jobs.reduce((sum, { bytes }) => sum + bytes.length, 0)
 * const inner = createBackend({ size: 1 })
 * const backend: Backend = {
 *   ...inner,
 *   name: 'counting',
 *   execute(chunk) {
 *     if (chunk.kind === 'slices') console.log(bytesOf(chunk))
 *     return inner.execute(chunk)
 *   },
 * }
 * await using pool = new Pool({ backend })
 * await addNoise(new Float32Array(1000), { sigma: 0.1, pool }) // -> 4000
 */
export interface SlicesChunk {
  /** Kind of the jobs. */
  readonly kind: 'slices'
  /** The slices, one or more. A backend may work in their memory, or transfer it. */
  readonly jobs: readonly SliceJob[]
  /**
   * Tells whether the jobs are still wanted. A job that was not begun when it was cancelled is
   * settled with E_CANCELLED.
   */
  readonly cancellation: Cancellation
  /** Reports the outcome of the job with this index, from 0. */
  settle(index: number, outcome: Outcome<SettledSlice>): void
}

/**
 * A chunk of calls of a module's function.
 *
 * @example
 * import { type Backend, type CallsChunk, moduleTask, Pool } from 'noisemill'
 *
 * // square.js: export const square = (n) => n * n
 * async function callEach({ call, jobs, settle }: CallsChunk) {
 *   const module = await import(call.url)
 *   for (const [index, item] of jobs.entries()) settle(index, { value: await module[call.name](item) })
 *   return { milliseconds: 0 }
 * }
 * const backend: Backend = {
 *   name: 'calls only',
 *   threads: 1,
 *   execute: async (chunk) => callEach(chunk as CallsChunk),
 *   close: async () => {},
 * }
 * await using pool = new Pool({ backend })
 * console.log(await pool.map(moduleTask(new URL('./square.js', import.meta.url), 'square'), [1, 2, 3])) // -> [ 1, 4, 9 ]
 */
export interface CallsChunk {
  /** Kind of the jobs. */
  readonly kind: 'calls'
  /** The function to call. It is the same object for all chunks of a task. */
  readonly call: ModuleCall
  /** The items, one or more, which are arguments of the function. They may be any values. */
  readonly jobs: readonly unknown[]
  /**
   * Tells whether the jobs are still wanted. A job that was not begun when it was cancelled is
   * settled with E_CANCELLED.
   */
  readonly cancellation: Cancellation
  /** Most calls that each thread may work on at the same time; 1 by default. */
  readonly concurrency?: number
  /**
   * Milliseconds that a call may take; without it, any time. A job whose call takes longer is settled
   * with E_TIMEOUT, and nothing of it may occupy a thread then.
   */
  readonly timeout?: number
  /** How often the jobs were begun before, plus 1; 1 by default. */
  readonly attempt?: number
  /**
   * Reports the outcome of the job with this index, from 0: what the function returned, or an
   * error.
   */
  settle(index: number, outcome: Outcome<unknown>): void
}

/**
 * Outcome of a job: its value, or an error if the backend could not run the job to its end.
 *
 * @example
 * import { NoisemillError, type Outcome } from 'noisemill'
 *
 * const outcomes: Outcome<number>[] = [{ value: 4 }, { error: new NoisemillError('E_WORKER_DIED') }]
 * for (const outcome of outcomes) console.log('value' in outcome ? outcome.value : outcome.error.code)
 * // -> 4
 * // -> E_WORKER_DIED
 */
export type Outcome<Value> =
  | {
      /** The value of the job. */
      readonly value: Value
      /**
       * The first value in a function's result that lost its class, such as 'result.when: a
       * DateTime would arrive as a plain object'.
       */
      readonly lost?: string
    }
  | {
      /** Why the job has no value. */
      readonly error: NoisemillError
    }

/**
 * Figures of a chunk that a backend has finished.
 *
 * @example
 * import { Cancellation, type ChunkFigures, createBackend } from 'noisemill'
 *
 * // square.js: export const square = (n) => n * n
 * const backend = createBackend({ size: 1 })
 * const call = { url: new URL('./square.js', import.meta.url).href, name: 'square', setup: undefined, data: undefined }
 * const figures: ChunkFigures = await backend.execute({
 *   kind: 'calls',
 *   call,
 *   jobs: [1, 2, 3],
 *   cancellation: new Cancellation(),
 *   settle: (_, outcome) => console.log(outcome),
 * })
 * console.log(figures.milliseconds > 0)
 * await backend.close()
 * // -> { value: 1 }
 * // -> { value: 4 }
 * // -> { value: 9 }
 * // -> true
 */
export interface ChunkFigures {
  /**
   * Sum of the milliseconds that the jobs took on their threads, without the time that they waited
   * for a thread; 0 if it was not measured. The pool uses it to choose the size of the next chunks.
   */
  readonly milliseconds: number
  /**
   * What else a backend of this package has measured, for the run's report. A backend that uses one
   * passes it on.
   */
  readonly details?: ChunkDetails
}

/**
 * What chunks suit a backend.
 *
 * @example
 * import { type Backend, type ChunkLimits, createBackend, Pool } from 'noisemill'
 *
 * const chunkLimits: ChunkLimits = { milliseconds: 500, most: 100 }
 * const far: Backend = { ...createBackend({ size: 2 }), name: 'far away', chunkLimits }
 * await using pool = new Pool({ backend: far })
 * console.log(pool.info.backend) // -> far away
 */
export interface ChunkLimits {
  /**
   * Milliseconds that a chunk should take on its thread, more than 0. They should be at least twenty
   * times the time that sending a chunk takes.
   */
  readonly milliseconds: number
  /** Most jobs of a chunk, 1 to 1,000,000. */
  readonly most: number
}

/** Checks the members of an object that a caller gave as a backend. */
export function checkBackend(given: object): Backend {
  const backend = given as Backend
  if (typeof backend.name !== 'string' || backend.name === '')
    throw invalidOption('backend', 'an object with a name', backend.name)
  for (const method of ['execute', 'close'] as const) {
    if (typeof backend[method] !== 'function')
      throw invalidOption('backend', `an object with a method ${method}`, backend[method])
  }
  checkInteger('backend.threads', backend.threads, 1, Number.MAX_SAFE_INTEGER)
  if (backend.chunkLimits !== undefined) {
    const { milliseconds, most } = Object(backend.chunkLimits)
    if (!(milliseconds > 0 && milliseconds < Infinity))
      throw invalidOption('backend.chunkLimits.milliseconds', 'a number above 0', milliseconds)
    checkInteger('backend.chunkLimits.most', most, 1, 1_000_000)
  }
  return backend
}

/** What a pool asks of the place where jobs run. docs/architecture.md has the contract in full: "Adding a backend". */

import { checkInteger } from '../checks.js'
import type { EtlJob, EtlOutcome } from '../core/etl.js'
import type { SettledSlice, SliceJob } from '../core/slice.js'
import { invalidOption, type NoisemillError } from '../errors.js'
import type { ModuleCall } from '../task.js'
import type { Cancellation } from './cancellation.js'

/**
 * A backend of this package: 'native' runs noise in threads of the C++ addon, and functions in worker threads; 'workers' runs both in
 * worker threads; 'inline' runs both in the thread of the caller, which is busy meanwhile. All write the same bytes.
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
export type BackendName = 'native' | 'workers' | 'inline'

/**
 * Where the jobs of a pool run. `new Pool({ backend })` takes an object with these members, and closes it when the pool ends.
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
  /** The name that `pool.info.backend` and errors have: not an empty text. */
  readonly name: string
  /** How many jobs it works on at the same time: an integer, 1 or more. A pool reads it once. */
  readonly threads: number
  /**
   * Runs the jobs of a chunk in any order, as soon as threads are free. A pool calls it up to twice as often as there are threads before
   * the first chunk has ended. It calls `chunk.settle` exactly once for each job, and resolves after the last one.
   */
  execute(chunk: Chunk): Promise<ChunkFigures>
  /**
   * Ends what it has started, whatever that is at. Jobs that are not settled by then are settled with E_POOL_TERMINATED. A pool calls it
   * once, and calls `execute` no more.
   */
  close(): Promise<void>
}

/**
 * Jobs that a backend gets in one trip, all of one kind.
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
 * Files to add noise to.
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
  /** What the jobs are. */
  readonly kind: 'files'
  /** The files, one or more. */
  readonly jobs: readonly EtlJob[]
  /** Whether they are still wanted. A job that was not begun when it was cancelled is settled with E_CANCELLED. */
  readonly cancellation: Cancellation
  /** Tells how the job of a number, from 0, ended. */
  settle(index: number, outcome: Outcome<EtlOutcome>): void
}

/**
 * Slices of samples in memory to add noise to.
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
  /** What the jobs are. */
  readonly kind: 'slices'
  /** The slices, one or more. A backend may work in their memory, or transfer it. */
  readonly jobs: readonly SliceJob[]
  /** Whether they are still wanted. A job that was not begun when it was cancelled is settled with E_CANCELLED. */
  readonly cancellation: Cancellation
  /** Tells how the job of a number, from 0, ended. */
  settle(index: number, outcome: Outcome<SettledSlice>): void
}

/**
 * Items for a function of a module.
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
  /** What the jobs are. */
  readonly kind: 'calls'
  /** The function; the same object for all chunks of a task. */
  readonly call: ModuleCall
  /** The items, one or more: any values. */
  readonly jobs: readonly unknown[]
  /** Whether they are still wanted. A job that was not begun when it was cancelled is settled with E_CANCELLED. */
  readonly cancellation: Cancellation
  /** Tells how the job of a number, from 0, ended: with what the function returned, or with an error. */
  settle(index: number, outcome: Outcome<unknown>): void
}

/**
 * How a job ended: with its value, or with an error because the backend could not run it to its end.
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
      /** What the job gave. */
      readonly value: Value
      /** Of a function's result: what in it lost its class on the way, such as 'result.when: a DateTime would arrive as a plain object'. */
      readonly lost?: string
    }
  | {
      /** Why there is nothing. */
      readonly error: NoisemillError
    }

/**
 * What a backend tells of a chunk that it has finished.
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
   * Milliseconds, 0 or more, that the jobs took on their threads, added up. Time spent waiting for a thread does not count: the size of
   * the next chunks is chosen by this.
   */
  readonly milliseconds: number
}

/** Checks an object that a caller gave for a backend, as far as that can be seen from outside. */
export function checkBackend(given: object): Backend {
  const backend = given as Backend
  if (typeof backend.name !== 'string' || backend.name === '')
    throw invalidOption('backend', 'an object with a name', backend.name)
  for (const method of ['execute', 'close'] as const) {
    if (typeof backend[method] !== 'function')
      throw invalidOption('backend', `an object with a method ${method}`, backend[method])
  }
  checkInteger('backend.threads', backend.threads, 1, Number.MAX_SAFE_INTEGER)
  return backend
}

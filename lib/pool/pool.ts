/** The pool, which runs tasks over items on every core. */

import type { Backend, CloseOptions } from '../backends/backend.js'
import { Cancellation } from '../backends/cancellation.js'
import { chooseBackend } from '../backends/choose.js'
import { noteRun } from '../backends/nesting.js'
import type { PoolInfo, PoolOptions } from '../backends/options.js'
import { invalidOption, NoisemillError, noTask } from '../errors.js'
import { definitionOf, type RunTask, type Task } from '../task.js'
import { abortReason, onAbort } from './abort.js'
import { checkRunOptions, type RunOptions } from './options.js'
import { type PoolStats, type PoolTotals, summed } from './pool-stats.js'
import { Run, terminated } from './run.js'
import type { RunReport } from './run-report.js'
import { type Items, isItems, Source } from './source.js'

/** @inline */
type Collect = RunOptions & { readonly errors: 'collect' }

type AnyRun = Pick<Run<unknown, unknown, unknown, unknown>, 'stop' | 'settled' | 'idle' | 'report' | 'counts'>

type Results<Result> = AsyncGenerator<Result, void, undefined>

/** `imap` for work that the pool has already accepted, so it works while the pool is closing. */
export type AcceptedImap = <I, R, V>(task: Task<I, R, V>, items: Items<I>, options?: RunOptions) => Results<V>

/**
 * Runs tasks over items on several threads.
 *
 * End a pool when you no longer need it. `close()` finishes the work that has begun. `terminate()`,
 * which `await using` calls, does not. Node 24 and later parse `await using`, and TypeScript
 * compiles it for earlier versions. In plain JavaScript on Node 20 and 22, use `try` and `finally`.
 * A pool that you do not end does not keep the process alive after its work is done.
 *
 * A user's function that is executing continues after its run has ended early: to its end, or after
 * an abort until the `grace` time is over. `close()` waits for the function; `terminate()` interrupts
 * it.
 *
 * @example
 * import { noiseTask, Pool } from 'noisemill'
 *
 * const pool = new Pool({ size: 2 })
 * try {
 *   const results = await pool.map(noiseTask({ out: 'noisy', snr: 10, seed: 1 }), ['speech/a.wav', 'speech/b.wav'])
 *   console.log(results.map((r) => r.status)) // -> [ 'done', 'done' ]
 * } finally {
 *   await pool.terminate()
 * }
 */
export class Pool {
  /**
   * The pool's backend, threads and kernel, and the reason for the choice.
   *
   * @example
   * import { Pool } from 'noisemill'
   *
   * await using pool = new Pool({ size: 2, backend: 'inline', kernel: 'ts' })
   * const { size, threads, kernel, instructionSet } = pool.info
   * console.log(size, threads, kernel, instructionSet) // -> 2 1 ts null
   */
  get info(): PoolInfo {
    return Object.freeze(this.#info())
  }

  /**
   * Returns what the pool has done since it was made, and what its workers and runs do now. It costs
   * some microseconds.
   *
   * @example
   * import { moduleTask, Pool } from 'noisemill'
   *
   * // square.js: export const square = (n) => n * n
   * const square = moduleTask<number, number>(new URL('./square.js', import.meta.url), 'square')
   * await using pool = new Pool()
   * const results = pool.imap(square, [1, 2, 3])
   * await results.next()
   * const [run] = pool.stats().runs
   * console.log(run.method, run.items.total, run.ended) // -> imap 3 null
   */
  stats(): PoolStats {
    const runs = [...this.#runs]
    return {
      milliseconds: performance.now() - this.#made,
      threads: this.info.threads,
      workers: this.#backend.workers?.() ?? null,
      runs: runs.map((run) => run.report()),
      totals: summed(
        this.#totals,
        runs.map(({ counts }) => counts),
      ),
    }
  }

  readonly #info: () => PoolInfo
  readonly #backend: Backend
  readonly #runs = new Set<AnyRun>()
  readonly #made = performance.now()
  /** Sums over the runs that have ended. */
  #totals: PoolTotals = { runs: 0, done: 0, failed: 0, chunks: 0 }
  readonly #ended = new Map<() => void, Promise<void>>()
  /** Set when the pool accepts no more work. */
  #closing: Promise<void> | undefined
  #terminating: Promise<void> | undefined
  #backendClosing: Promise<void> | undefined
  /** Aborts when the backend is to close without waiting for teardowns. */
  readonly #force = new AbortController()

  /**
   * Makes a pool and chooses its backend; `info` says which.
   *
   * @throws NoisemillError E_OPTION_INVALID, E_OPTION_UNKNOWN, E_BACKEND_UNAVAILABLE,
   * E_KERNEL_UNAVAILABLE or E_ISA_UNAVAILABLE
   */
  constructor(options: PoolOptions = {}) {
    const { backend, info } = chooseBackend(options)
    this.#backend = backend
    this.#info = info
  }

  /**
   * The name of the pool's backend; `info.reason` says why it was chosen.
   *
   * @example
   * import { Pool } from 'noisemill'
   *
   * await using pool = new Pool({ backend: 'workers' })
   * console.log(pool.backend) // -> workers
   */
  get backend(): string {
    return this.info.backend
  }

  /**
   * Runs a task over items and resolves to an array of all results, in the order of the items. With
   * `errors: 'throw'` it rejects with the error of the first item that failed.
   *
   * @throws NoisemillError (the promise rejects) E_OPTION_INVALID, E_OPTION_UNKNOWN, E_POOL_CLOSED
   * or E_POOL_TERMINATED; also the signal's reason, and what the iterable `items` throws
   * @example
   * import { moduleTask, Pool } from 'noisemill'
   *
   * // square.js: export const square = (n) => n * n
   * const square = moduleTask<number, number>(new URL('./square.js', import.meta.url), 'square')
   * await using pool = new Pool()
   * console.log(await pool.map(square, [1, 2, 3])) // -> [ 1, 4, 9 ]
   */
  map<I, R>(task: Task<I, R, unknown>, items: Items<I>, options: Collect): Promise<R[]>
  map<I, R, V>(task: Task<I, R, V>, items: Items<I>, options?: RunOptions): Promise<V[]>
  async map<I, R>(task: Task<I, R, unknown>, items: Items<I>, options: RunOptions = {}): Promise<unknown[]> {
    return this.#start(task, items, 'map', options).all()
  }

  /**
   * Runs a task over items and yields each result as soon as it is ready, in the order of the
   * items. The run begins when you ask for the first result. Leaving the loop stops the run.
   *
   * @throws NoisemillError E_OPTION_INVALID, E_OPTION_UNKNOWN or E_POOL_CLOSED, thrown by the call
   * itself. The iteration throws E_POOL_TERMINATED, the signal's reason, what the iterable `items`
   * throws, and with `errors: 'throw'` the first item's error.
   * @example
   * import { moduleTask, Pool } from 'noisemill'
   *
   * // square.js: export const square = (n) => n * n
   * const square = moduleTask<number, number>(new URL('./square.js', import.meta.url), 'square')
   * await using pool = new Pool()
   * for await (const value of pool.imap(square, [1, 2, 3])) console.log(value)
   * // -> 1
   * // -> 4
   * // -> 9
   */
  imap<I, R>(task: Task<I, R, unknown>, items: Items<I>, options: Collect): AsyncGenerator<R, void, undefined>
  imap<I, R, V>(task: Task<I, R, V>, items: Items<I>, options?: RunOptions): AsyncGenerator<V, void, undefined>
  imap<I, R>(task: Task<I, R, unknown>, items: Items<I>, options: RunOptions = {}): Results<unknown> {
    return this.#start(task, items, 'imap', options).results()
  }

  /**
   * Runs a task over items and yields results in the order in which they finish. Each result names
   * its item: it is a `FileResult` for noise tasks, and for module tasks a `DoneItem`, or an
   * `ItemRecord` with `errors: 'collect'`.
   *
   * @throws NoisemillError as `imap`
   * @example
   * import { moduleTask, Pool } from 'noisemill'
   *
   * // square.js: export const square = (n) => n * n
   * const square = moduleTask<number, number>(new URL('./square.js', import.meta.url), 'square')
   * const squares = new Map<number, number>()
   * await using pool = new Pool()
   * for await (const { item, value } of pool.imapUnordered(square, [1, 2, 3])) squares.set(item, value)
   * console.log(squares.get(3)) // -> 9
   */
  imapUnordered<I, R>(task: Task<I, R, unknown>, items: Items<I>, options: Collect): AsyncGenerator<R, void, undefined>
  imapUnordered<I, R, D extends R>(
    task: Task<I, R, unknown, D>,
    items: Items<I>,
    options?: RunOptions,
  ): AsyncGenerator<D, void, undefined>
  imapUnordered<I, R>(task: Task<I, R, unknown>, items: Items<I>, options: RunOptions = {}): Results<unknown> {
    return this.#start(task, items, 'imapUnordered', options).results()
  }

  /**
   * Runs a task over one item and resolves to its result, as `map` does for several. If there are
   * many items, `map` and `imap` take less time for each.
   *
   * @throws NoisemillError (the promise rejects) as `map`; E_OPTION_INVALID for a task that gives
   * several results for an item
   * @example
   * import { moduleTask, Pool } from 'noisemill'
   *
   * // square.js: export const square = (n) => n * n
   * const square = moduleTask<number, number>(new URL('./square.js', import.meta.url), 'square')
   * await using pool = new Pool()
   * console.log(await pool.run(square, 3)) // -> 9
   */
  run<I, R>(task: Task<I, R, unknown>, item: I, options: Collect): Promise<R>
  run<I, R, V>(task: Task<I, R, V>, item: I, options?: RunOptions): Promise<V>
  async run<I, R>(task: Task<I, R, unknown>, item: I, options: RunOptions = {}): Promise<unknown> {
    const run = this.#start(task, [item], 'run', options)
    if (run.copies !== 1) throw invalidOption('task', 'a task that gives one result for an item', task)
    const [result] = await run.all()
    return result
  }

  /**
   * Does what `imapUnordered` does for a task that collects failures, and yields several results at a
   * time.
   *
   * @internal
   */
  groups<I, R>(task: Task<I, R>, items: Items<I>, options: RunOptions = {}): AsyncGenerator<R[], void, undefined> {
    return this.#start(task, items, 'imapUnordered', options).groups() as AsyncGenerator<R[], void, undefined>
  }

  /**
   * Runs work that consists of several runs, one after the other. The pool accepts or refuses it as
   * a whole, and `close` waits for all of its runs.
   *
   * @internal
   */
  async accept<T>(work: (imap: AcceptedImap) => Promise<T>): Promise<T> {
    this.#checkOpen(false)
    const end = this.#begin()
    try {
      return await work(
        (task, items, options = {}) => this.#start(task, items, 'imap', options, true).results() as Results<never>,
      )
    } finally {
      end()
    }
  }

  /**
   * @param isAccepted whether the run belongs to work that the pool accepted before it was closed
   */
  #checkOpen(isAccepted: boolean): void {
    if (isAccepted && this.#terminating) throw terminated()
    if (!isAccepted && this.#closing) throw new NoisemillError('E_POOL_CLOSED')
  }

  /** Makes `close` wait until the returned function is called. */
  #begin(): () => void {
    let resolveEnded = () => {}
    const ended = new Promise<void>((resolve) => {
      resolveEnded = resolve
    })
    const end = () => {
      this.#ended.delete(end)
      resolveEnded()
    }
    this.#ended.set(end, ended)
    return end
  }

  /**
   * Checks everything before the run begins, so that a wrong call throws at once. `Task` documents
   * which results each order and error policy give.
   */
  #start<I, R>(
    task: Task<I, R, unknown>,
    items: Items<I>,
    method: RunReport['method'],
    options: RunOptions,
    isAccepted = false,
  ): Run<I, unknown, unknown, R> {
    this.#checkOpen(isAccepted)
    const definition = definitionOf(task)
    if (definition === undefined) throw noTask(task)
    if (!isItems(items)) throw invalidOption('items', 'an iterable or async iterable (not a string)', items)
    const { work, endsWhenCancelled, givesValues } = definition
    const { signal, errors, grace, ...settings } = checkRunOptions(options, definition)
    const pass = definition.start()
    if (Array.isArray(items)) pass.foresee?.(items)
    const inOrder = method !== 'imapUnordered'
    const cancellation = new Cancellation()
    const run: Run<I, unknown, unknown, R> = new Run({
      method,
      source: new Source(items),
      work,
      task: pass,
      prepare: pass.prepare && ((signal) => pass.prepare!(this.#runTask(signal))),
      backend: this.#backend,
      cancellation,
      threads: this.info.threads,
      ...settings,
      inOrder,
      stopAtFailure: errors === 'throw',
      givesValues: givesValues && inOrder && errors === 'throw',
      endsWhenCancelled,
      enter: () => {
        if (work.kind === 'calls') noteRun(cancellation, work.call.url)
        return this.#enter(run, signal, grace, isAccepted)
      },
    })
    return run
  }

  /** Returns what runs other tasks for a run that has begun, until the signal aborts. */
  #runTask(signal: AbortSignal): RunTask {
    return (task, items) => this.#start(task, items, 'imap', { signal }, true).results() as Results<never>
  }

  /** Begins a run. Returns a function that the run calls when its consumer has left. */
  #enter(run: AnyRun, signal: AbortSignal | undefined, grace: number, isAccepted: boolean): () => void {
    this.#checkOpen(isAccepted)
    if (signal?.aborted) throw abortReason(signal)
    // The signal may be that of a polyfill, of which a method may throw.
    const forget = signal && onAbort(signal, () => run.stop(abortReason(signal), 'aborted', grace))
    const end = this.#begin()
    this.#runs.add(run)
    return () => {
      this.#runs.delete(run)
      this.#totals = summed(this.#totals, [run.counts])
      // Functions that are executing continue after their run was stopped. `close` waits for them;
      // the consumer does not.
      run.idle().then(end)
      forget?.()
    }
  }

  /**
   * Accepts no more work, waits for the work that has begun, then ends the threads. It waits until
   * each run that has begun is consumed to its end. It also waits for functions that are still
   * executing after their run ended early, because of an abort, an error, or a consumer that left
   * its loop.
   *
   * Threads call the teardowns of the functions that they have loaded. `close` waits for them, for
   * at most 5 seconds.
   *
   * If a function never returns, or an iterator is not read to its end, `close` waits forever.
   * `terminate` ends both, even after `close` was called.
   *
   * @throws NoisemillError (the promise rejects) E_BACKEND_FAILED if the backend fails to close
   *
   * @example
   * import { noiseTask, Pool } from 'noisemill'
   *
   * const pool = new Pool()
   * const results = pool.map(noiseTask({ out: 'noisy', snr: 10 }), ['speech/a.wav', 'speech/b.wav'])
   * await pool.close()
   * console.log((await results).length) // -> 2
   */
  close(): Promise<void> {
    this.#closing ??= this.#whenRunsEnd()
    return this.#closing
  }

  /**
   * Ends the pool without waiting for the work that has begun. Runs throw E_POOL_TERMINATED, and
   * waiting items are dropped. A file of a noise task is finished or discarded as a whole. A user's
   * function is interrupted wherever it is, for example between two writes, and its teardown is not
   * called. On the backend 'inline', which has no thread to end, the function continues.
   *
   * @throws NoisemillError (the promise rejects) E_BACKEND_FAILED if the backend fails to close
   *
   * @example
   * import { NoisemillError, noiseTask, Pool } from 'noisemill'
   *
   * const pool = new Pool()
   * const results = pool.map(noiseTask({ out: 'noisy', snr: 10 }), ['speech/a.wav', 'speech/b.wav'])
   * results.catch((error) => console.log(error instanceof NoisemillError && error.code))
   * await pool.terminate()
   * // -> E_POOL_TERMINATED
   */
  terminate(): Promise<void> {
    this.#terminating ??= this.#endRuns()
    this.#closing ??= this.#terminating
    return this.#terminating
  }

  async #endRuns(): Promise<void> {
    const runs = [...this.#runs]
    for (const run of runs) run.stop(terminated(), 'terminated')
    await Promise.all(runs.map((run) => run.settled()))
    try {
      await this.#closeBackend(true)
    } finally {
      for (const end of this.#ended.keys()) end()
    }
  }

  /**
   * Calls `terminate` at the end of the block of `await using`, so that an error does not wait for
   * results that nobody will read. If functions that are still executing should finish, call
   * `close` before the block ends.
   *
   * @example
   * import { noiseTask, Pool } from 'noisemill'
   *
   * {
   *   await using pool = new Pool()
   *   const [{ status }] = await pool.map(noiseTask({ out: 'noisy', snr: 10 }), ['speech/a.wav'])
   *   console.log(status) // -> done
   * }
   */
  [Symbol.asyncDispose](): Promise<void> {
    return this.terminate()
  }

  async #whenRunsEnd(): Promise<void> {
    await Promise.all(this.#ended.values())
    await this.#closeBackend(false)
  }

  /** Closes the backend once, however often the pool is closed. */
  #closeBackend(force: boolean): Promise<void> {
    if (this.#backendClosing !== undefined && force) this.#force.abort()
    this.#backendClosing ??= closeBackend(this.#backend, { force, signal: this.#force.signal })
    return this.#backendClosing
  }
}

/** Whether a value is a Pool. It may come from another copy of the package in the process. */
export function isPool(value: unknown): value is Pool {
  const { accept, info } = Object(value)
  return typeof accept === 'function' && typeof Object(info).threads === 'number'
}

async function closeBackend(backend: Backend, options: CloseOptions): Promise<void> {
  try {
    await backend.close(options)
  } catch (cause) {
    throw new NoisemillError('E_BACKEND_FAILED', { received: `${backend.name} could not be closed`, cause })
  }
}

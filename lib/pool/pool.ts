/** The pool: tasks over items, on every core. */

import type { Backend } from '../backends/backend.js'
import { Cancellation } from '../backends/cancellation.js'
import { chooseBackend } from '../backends/choose.js'
import type { PoolInfo, PoolOptions } from '../backends/options.js'
import { invalidOption, NoisemillError } from '../errors.js'
import { definitionOf, type Task } from '../task.js'
import { abortReason, onAbort } from './abort.js'
import { checkRunOptions, type RunOptions } from './options.js'
import { Run, terminated } from './run.js'
import { type Items, isItems, Source } from './source.js'

/** @inline */
type Collect = RunOptions & { readonly errors: 'collect' }

type Order = 'input' | 'completion'

type AnyRun = Pick<Run<unknown, unknown, unknown, unknown>, 'stop' | 'settled'>

type Results<Result> = AsyncGenerator<Result, void, undefined>

/** `imap` in work that was accepted already. */
export type AcceptedImap = <I, R, V>(task: Task<I, R, V>, items: Items<I>, options?: RunOptions) => Results<V>

/**
 * Runs tasks over items on several threads.
 *
 * End it when it is no longer needed. `close()` finishes the work that has begun. `terminate()`, which `await using` calls, does
 * not. Node 24 and later parse `await using`, and TypeScript compiles it for earlier versions. In plain JavaScript on Node 20 and 22
 * use `try` and `finally`. A pool that is neither closed nor terminated does not keep the process alive once its work is done.
 *
 * What happens to a user's function that is executing: an abort rejects its run at once, and the function goes on; `close()` waits for it;
 * `terminate()` cuts it off.
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
   * What it runs on, and why.
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

  readonly #info: () => PoolInfo
  readonly #backend: Backend
  readonly #runs = new Set<AnyRun>()
  readonly #ended = new Map<() => void, Promise<void>>()
  /** Set from when no more work is taken. */
  #closing: Promise<void> | undefined
  #terminating: Promise<void> | undefined
  #backendClosing: Promise<void> | undefined

  /**
   * Chooses what it runs on, which `info` then says.
   *
   * @throws NoisemillError E_OPTION_INVALID, E_OPTION_UNKNOWN, E_BACKEND_UNAVAILABLE, E_KERNEL_UNAVAILABLE or E_ISA_UNAVAILABLE
   */
  constructor(options: PoolOptions = {}) {
    const { backend, info } = chooseBackend(options)
    this.#backend = backend
    this.#info = info
  }

  /**
   * The name of the backend that tasks run on; `info` says why.
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
   * All results, in the order of the items. Rejects with the first error where `errors` is 'throw'.
   *
   * @throws NoisemillError E_OPTION_INVALID, E_OPTION_UNKNOWN or E_POOL_CLOSED; later E_POOL_TERMINATED, the signal's reason, and
   * whatever the items throw
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
    const results: unknown[] = []
    for await (const result of this.#start(task, items, 'input', options)) results.push(result)
    return results
  }

  /**
   * Results as they come, in the order of the items. Begins when first asked for one; stopping to ask stops the rest.
   *
   * @throws NoisemillError E_OPTION_INVALID, E_OPTION_UNKNOWN or E_POOL_CLOSED, where it is called; later E_POOL_TERMINATED, the
   * signal's reason, and whatever the items throw
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
    return this.#start(task, items, 'input', options)
  }

  /**
   * Results as they are finished, so each carries its input: a `FileResult`, a `DoneItem`, or with `errors: 'collect'` an `ItemRecord`.
   *
   * @throws NoisemillError E_OPTION_INVALID, E_OPTION_UNKNOWN or E_POOL_CLOSED, where it is called; later E_POOL_TERMINATED, the
   * signal's reason, and whatever the items throw
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
    return this.#start(task, items, 'completion', options)
  }

  /**
   * Work that takes several runs, one after the other, and is accepted or refused as a whole: `close` waits for all of them.
   *
   * @internal
   */
  async accept<T>(work: (imap: AcceptedImap) => Promise<T>): Promise<T> {
    this.#checkOpen(false)
    const end = this.#begin()
    try {
      return await work(
        (task, items, options = {}) => this.#start(task, items, 'input', options, true) as Results<never>,
      )
    } finally {
      end()
    }
  }

  /** @param isAccepted whether it belongs to work that began before the pool was closed */
  #checkOpen(isAccepted: boolean): void {
    if (isAccepted && this.#terminating) throw terminated()
    if (!isAccepted && this.#closing) throw new NoisemillError('E_POOL_CLOSED')
  }

  /** What `close` waits for from here on, until the function that is returned is called. */
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
   * Checks everything at once, so that a wrong call throws where it is made. What the results are follows from order and policy: see Task.
   */
  #start<I, R>(
    task: Task<I, R, unknown>,
    items: Items<I>,
    order: Order,
    options: RunOptions,
    isAccepted = false,
  ): Results<unknown> {
    this.#checkOpen(isAccepted)
    const definition = definitionOf(task)
    if (definition === undefined) throw invalidOption('task', 'a task of noiseTask or moduleTask', task)
    if (!isItems(items)) throw invalidOption('items', 'an iterable or async iterable (not a string)', items)
    const { work, endsWhenCancelled } = definition
    const { chunkSize, signal, errors } = checkRunOptions(options, definition.errors)
    const pass = definition.start()
    if (Array.isArray(items)) pass.foresee?.(items)
    const run = new Run<I, unknown, unknown, R>({
      source: new Source(items),
      work,
      task: pass,
      backend: this.#backend,
      cancellation: new Cancellation(),
      threads: this.info.threads,
      chunkSize,
      inOrder: order === 'input',
      stopAtFailure: errors === 'throw',
      endsWhenCancelled,
    })
    const givesValues = order === 'input' && errors === 'throw'
    const give = (result: R) => (givesValues ? definition.valueOf(result) : result)
    return this.#results(run, signal, give, isAccepted)
  }

  async *#results<I, R>(
    run: Run<I, unknown, unknown, R>,
    signal: AbortSignal | undefined,
    give: (result: R) => unknown,
    isAccepted: boolean,
  ): Results<unknown> {
    this.#checkOpen(isAccepted)
    if (signal?.aborted) throw abortReason(signal)
    const end = this.#begin()
    const forget = signal && onAbort(signal, () => run.stop(abortReason(signal)))
    this.#runs.add(run)
    try {
      for await (const result of run.results()) yield give(result)
    } finally {
      forget?.()
      this.#runs.delete(run)
      // Functions that were called go on after their run was stopped. `close` waits for them; the consumer does not.
      run.idle().then(end)
    }
  }

  /**
   * Accepts no more work, waits for the work that has begun, then ends the threads. It waits until each run that has begun is
   * consumed to its end. It also waits for functions that are still executing after their run ended early: by an abort, an
   * error, or a consumer that left its loop.
   *
   * A function that never returns, or an iterator that is left half-read, makes `close` wait forever. `terminate` ends both,
   * also after `close` was called.
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
   * Ends the pool without waiting for the work that has begun. Runs throw E_POOL_TERMINATED, and items that wait are dropped. A
   * file of a noise task is finished or discarded as a whole. A user's function is cut off wherever it is, for example between
   * two writes; on the backend 'inline', which has no thread to end, it goes on.
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
    for (const run of runs) run.stop(terminated())
    await Promise.all(runs.map((run) => run.settled()))
    try {
      await this.#closeBackend()
    } finally {
      for (const end of this.#ended.keys()) end()
    }
  }

  /**
   * What `await using` calls at the end of its block: `terminate`, so that an error does not wait for work whose results nobody
   * will read. To let functions finish that are still executing after an abort or an error, call `close` before the block ends.
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
    await this.#closeBackend()
  }

  /** Once, however often the pool is closed. */
  #closeBackend(): Promise<void> {
    this.#backendClosing ??= closeBackend(this.#backend)
    return this.#backendClosing
  }
}

/** Whether a value is a Pool, of this copy of the package or of another one in the process. */
export function isPool(value: unknown): value is Pool {
  const { accept, info } = Object(value)
  return typeof accept === 'function' && typeof Object(info).threads === 'number'
}

async function closeBackend(backend: Backend): Promise<void> {
  try {
    await backend.close()
  } catch (cause) {
    throw new NoisemillError('E_BACKEND_FAILED', { received: `${backend.name} while it was closed`, cause })
  }
}

/** The pool: tasks over items, on every core. */

import { availableParallelism } from 'node:os'
import { type Backend, type BackendName, Cancellation, type Execute, type Outcome } from '../backends/backend.js'
import { inlineCalls } from '../backends/inline.js'
import type { Threads } from '../backends/threads.js'
import { checkInteger, checkKeys, checkObject, checkOneOf } from '../checks.js'
import { invalidOption, NoisemillError } from '../errors.js'
import type { FileItem, NoiseTask } from '../plan/noise-task.js'
import type { FileResult } from '../plan/results.js'
import { definitionOf, type ModuleCall, type Task } from '../task.js'
import { onAbort } from './abort.js'
import { chooseBackend } from './choose.js'
import type { DoneItem, ItemRecord, ModuleTask } from './module-task.js'
import type { PoolInfo, PoolOptions, RunOptions } from './options.js'
import { Run, type RunParts, terminated } from './run.js'
import { type Items, isItems, Source } from './source.js'

/** @inline */
type Collect = RunOptions & { readonly errors: 'collect' }

const MAX_SIZE = 1024
const MAX_CHUNK = 1_000_000

type Order = 'input' | 'completion'

/** `imap` for slices, in work that was accepted already. */
export type SlicesRun = <I, R>(
  task: Task<I, R, 'slices'>,
  items: Items<I>,
  options?: RunOptions,
) => AsyncGenerator<R, void, undefined>

/**
 * Runs tasks over items on several threads.
 *
 * Close it when done (`await using` does): `close()` finishes what was accepted, `terminate()` and disposal do not. A pool that
 * is merely forgotten does not keep the process alive.
 *
 * @example
 * import { noiseTask, Pool } from 'noisemill'
 *
 * const pool = new Pool({ size: 2 })
 * const results = await pool.map(noiseTask({ out: 'noisy', snr: 10, seed: 1 }), ['speech/a.wav', 'speech/b.wav'])
 * console.log(results.map((r) => r.status)) // -> [ 'done', 'done' ]
 * await pool.close()
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
  readonly info: PoolInfo
  readonly #threads: Threads
  readonly #backend: Backend
  readonly #calls = new WeakMap<ModuleCall, Execute<unknown, unknown>>()
  readonly #runs = new Set<Run<unknown, unknown, unknown, unknown>>()
  readonly #ended = new Map<() => void, Promise<void>>()
  /** Set from when no more work is taken. */
  #closing: Promise<void> | undefined
  #terminating: Promise<void> | undefined

  /**
   * Chooses what it runs on, which `info` then says.
   *
   * @throws NoisemillError E_OPTION_INVALID, E_OPTION_UNKNOWN, E_BACKEND_UNAVAILABLE, E_KERNEL_UNAVAILABLE or E_ISA_UNAVAILABLE
   */
  constructor(options: PoolOptions = {}) {
    checkObject('options', options)
    checkKeys(options, ['size', 'backend', 'kernel'])
    const size = checkInteger('size', options.size ?? availableParallelism(), 1, MAX_SIZE)
    const wanted = checkOneOf('backend', options.backend ?? 'auto', ['auto', 'native', 'workers', 'inline'])
    const kernel = checkOneOf('kernel', options.kernel ?? 'auto', ['auto', 'ts', 'wasm'])
    const { threads, backend, info } = chooseBackend(wanted, kernel, size)
    this.#threads = threads
    this.#backend = backend
    this.info = Object.freeze(info)
  }

  /**
   * Where noise tasks run; `info` says why.
   *
   * @example
   * import { Pool } from 'noisemill'
   *
   * await using pool = new Pool({ backend: 'workers' })
   * console.log(pool.backend) // -> workers
   */
  get backend(): BackendName {
    return this.#backend.name
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
  map<I, V>(task: ModuleTask<I, V>, items: Items<I>, options: Collect): Promise<ItemRecord<I, V>[]>
  map<I, V>(task: ModuleTask<I, V>, items: Items<I>, options?: RunOptions): Promise<V[]>
  map(task: NoiseTask, items: Items<FileItem>, options?: RunOptions): Promise<FileResult[]>
  async map(task: Task<never, unknown>, items: Items<never>, options: RunOptions = {}): Promise<unknown[]> {
    const results: unknown[] = []
    for await (const result of this.#start('input', task, items, options)) results.push(result)
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
  imap<I, V>(
    task: ModuleTask<I, V>,
    items: Items<I>,
    options: Collect,
  ): AsyncGenerator<ItemRecord<I, V>, void, undefined>
  imap<I, V>(task: ModuleTask<I, V>, items: Items<I>, options?: RunOptions): AsyncGenerator<V, void, undefined>
  imap(task: NoiseTask, items: Items<FileItem>, options?: RunOptions): AsyncGenerator<FileResult, void, undefined>
  imap(
    task: Task<never, unknown>,
    items: Items<never>,
    options: RunOptions = {},
  ): AsyncGenerator<unknown, void, undefined> {
    return this.#start('input', task, items, options)
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
  imapUnordered<I, V>(
    task: ModuleTask<I, V>,
    items: Items<I>,
    options: Collect,
  ): AsyncGenerator<ItemRecord<I, V>, void, undefined>
  imapUnordered<I, V>(
    task: ModuleTask<I, V>,
    items: Items<I>,
    options?: RunOptions,
  ): AsyncGenerator<DoneItem<I, V>, void, undefined>
  imapUnordered(
    task: NoiseTask,
    items: Items<FileItem>,
    options?: RunOptions,
  ): AsyncGenerator<FileResult, void, undefined>
  imapUnordered(
    task: Task<never, unknown>,
    items: Items<never>,
    options: RunOptions = {},
  ): AsyncGenerator<unknown, void, undefined> {
    return this.#start('completion', task, items, options)
  }

  /**
   * Work that takes several runs, one after the other, and is accepted or refused as a whole: `close` waits for all of them.
   *
   * @internal
   */
  async accept<T>(work: (imap: SlicesRun) => Promise<T>): Promise<T> {
    this.#checkOpen(false)
    const end = this.#begin()
    try {
      return await work(
        (task, items, options = {}) =>
          this.#start('input', task as Task<never, unknown>, items as Items<never>, options, true) as never,
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

  /** Checks everything at once, so that a wrong call throws where it is made. */
  #start(
    order: Order,
    task: Task<never, unknown>,
    items: Items<never>,
    options: RunOptions,
    isAccepted = false,
  ): AsyncGenerator<unknown, void, undefined> {
    this.#checkOpen(isAccepted)
    const definition = definitionOf(task as Task<unknown, unknown>)
    if (definition === undefined) throw invalidOption('task', 'a task of noiseTask or moduleTask', task)
    if (!isItems(items)) throw invalidOption('items', 'an iterable or async iterable (not a string)', items)
    checkObject('options', options)
    checkKeys(options, ['chunkSize', 'signal', 'errors'])
    const { signal } = options
    if (signal !== undefined && !(signal instanceof AbortSignal))
      throw invalidOption('signal', 'an AbortSignal', signal)
    const { chunkSize = 'auto' } = options
    const { lane } = definition
    const errors = checkOneOf('errors', options.errors ?? (lane === 'files' ? 'collect' : 'throw'), [
      'throw',
      'collect',
    ])
    const run = definition.start()
    if (Array.isArray(items)) run.foresee?.(items)
    const parts: RunParts<unknown, unknown, unknown, unknown> = {
      source: new Source<unknown>(items),
      task: run,
      execute:
        lane === 'module'
          ? this.#executeCall(definition.call!)
          : (this.#backend[lane] as unknown as Execute<unknown, unknown>),
      cancellation: new Cancellation(),
      threads: this.info.threads,
      chunkSize: chunkSize === 'auto' ? chunkSize : checkInteger('chunkSize', chunkSize, 1, MAX_CHUNK),
      inOrder: order === 'input',
      stopAtFailure: errors === 'throw',
      cancelsSoon: lane !== 'module',
    }
    const onlyValues = lane === 'module' && order === 'input' && errors === 'throw'
    return this.#results(new Run(parts), signal, onlyValues, isAccepted)
  }

  async *#results(
    run: Run<unknown, unknown, unknown, unknown>,
    signal: AbortSignal | undefined,
    onlyValues: boolean,
    isAccepted: boolean,
  ): AsyncGenerator<unknown, void, undefined> {
    this.#checkOpen(isAccepted)
    signal?.throwIfAborted()
    const end = this.#begin()
    const forget = signal && onAbort(signal, () => run.stop(signal.reason))
    this.#runs.add(run)
    try {
      for await (const result of run.results()) {
        yield onlyValues ? (result as { value: unknown }).value : result
      }
    } finally {
      forget?.()
      this.#runs.delete(run)
      end()
    }
  }

  #executeCall(call: ModuleCall): Execute<unknown, unknown> {
    let execute = this.#calls.get(call)
    if (execute === undefined) {
      const threads = this.#threads
      execute =
        this.backend === 'inline'
          ? inlineCalls(call)
          : (items, cancellation, settle: (index: number, outcome: Outcome<unknown>) => void) =>
              threads.execute({ type: 'call', call }, items, cancellation, settle)
      this.#calls.set(call, execute)
    }
    return execute
  }

  /**
   * Takes no more work, waits until the runs that have begun are consumed to their end, then ends the threads. An iterator left
   * half-read keeps it waiting: leave its loop, or use `terminate`.
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
   * Drops what has not begun, finishes or discards the files in flight, ends the threads. Runs under way end by throwing
   * E_POOL_TERMINATED.
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
    await this.#threads.terminate()
    for (const end of this.#ended.keys()) end()
  }

  /**
   * What `await using` calls: `terminate`, so that an error does not wait for work that nobody will see.
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
    await this.#threads.terminate()
  }
}

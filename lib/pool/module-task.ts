/** The task that calls a user's function, which a module exports, in worker threads. */

import { findLoss, LOOKED_AT } from '../backends/crossing.js'
import { checkBoolean, checkKeys, checkObject, given, isUrl } from '../checks.js'
import { invalidOption, NoisemillError } from '../errors.js'
import { defineTask, type ModuleCall, type Planned, type Task, type TaskRun } from '../task.js'
import { warnProcess } from '../warnings.js'

/**
 * Options of `moduleTask`.
 *
 * @example
 * import { moduleTask, type ModuleTaskOptions, Pool } from 'noisemill'
 *
 * // scale.js: export const prepare = ({ percent }) => percent / 100; export const scale = (n, factor) => n * factor
 * const options: ModuleTaskOptions = { setup: 'prepare', data: { percent: 50 } }
 * const half = moduleTask<number, number>(new URL('./scale.js', import.meta.url), 'scale', options)
 * await using pool = new Pool()
 * console.log(await pool.map(half, [1, 2, 3])) // -> [ 0.5, 1, 1.5 ]
 */
// biome-ignore lint/suspicious/noExplicitAny: options of any item fit a task without types
export interface ModuleTaskOptions<Item = any> {
  /**
   * Name of an exported function that each thread calls once, with `data`, before its first item.
   * Its return value (or what its promise resolves to) becomes the second argument of every call.
   * Use it for what all items share, such as a model.
   */
  readonly setup?: string
  /**
   * Name of an exported function that each thread calls once with the second argument of the
   * function, to close or write what `setup` has opened. A thread calls it when it releases the
   * function: when the task is no longer referenced, when its `data` are released, and when
   * `pool.close()` ends the thread. `pool.terminate()`, at the end of `await using` too, does not
   * call it, nor does a thread that dies. It may be async; `close` waits for at most 5 seconds. If it
   * throws or does not end, a process warning (W_TEARDOWN_FAILED) says so.
   */
  readonly teardown?: string
  /**
   * Value that is cloned to each thread once. It is the argument of `setup`, or without `setup` the
   * second argument of every call. A thread keeps it while the task is referenced and no other task
   * needs the memory: of tasks that no run uses, a thread keeps at most 16 MB of data, those used
   * last. It gets the data of others again, and calls `setup` again, when they are used again.
   */
  readonly data?: unknown
  /**
   * Whether an item fails with E_NOT_CLONEABLE if the item, its result or `data` contains a value
   * that loses its class between threads. A URL, for example, arrives as a plain object. If false
   * (default), the value crosses, and a process warning (W_CLASS_LOST) gives the path of the first
   * one in a run. Only the first 1,000 values in each item, result and `data` are checked then;
   * with `strict`, all are. The rule is the same on every backend.
   */
  readonly strict?: boolean
  /**
   * What leaves its sender instead of being copied, which makes large buffers cross at once. `true`
   * transfers all ArrayBuffers of items and results, also those of typed arrays and those inside
   * plain objects and arrays, among the first 1,000 values. `TransferOptions` chooses them.
   *
   * A transferred item is detached when it is sent: its buffers are empty afterwards, also in the
   * record of the item. It is therefore sent once and alone: `chunkSize` is 1, the item waits until
   * a thread is idle, and it fails with E_WORKER_DIED if that thread dies before it begins. A buffer
   * in two items, or one that was detached before, fails the item with E_NOT_CLONEABLE. A function
   * must not return memory that it uses again. Shared memory stays shared. If a view, such as a small
   * Buffer, has a part of a buffer that others may use too, a copy of that part is transferred.
   */
  readonly transfer?: boolean | TransferOptions<Item>
}

/**
 * What leaves the sender of items and of results, instead of being copied; see `ModuleTaskOptions`.
 *
 * @example
 * import { moduleTask, Pool, type TransferOptions } from 'noisemill'
 *
 * // fill.js: export const fill = ({ samples }) => samples.fill(1)
 * const transfer: TransferOptions<{ samples: Float32Array<ArrayBuffer> }> = {
 *   items: ({ samples }) => [samples.buffer],
 *   results: true,
 * }
 * const fill = moduleTask(new URL('./fill.js', import.meta.url), 'fill', { transfer })
 * const samples = new Float32Array(3)
 * await using pool = new Pool()
 * console.log(await pool.map(fill, [{ samples }])) // -> [ Float32Array(3) [ 1, 1, 1 ] ]
 * console.log(samples.length) // -> 0
 */
// biome-ignore lint/suspicious/noExplicitAny: a function of any item fits a task without types
export interface TransferOptions<Item = any> {
  /**
   * `true` to transfer all ArrayBuffers of an item, or a function that returns the transferable
   * objects of an item.
   */
  readonly items?: true | ((item: Item) => readonly object[])
  /**
   * `true` to transfer all ArrayBuffers of a result, or the name of an exported function that
   * returns the transferable objects of a result.
   */
  readonly results?: true | string
}

/**
 * How one item of a module task ended.
 *
 * @example
 * import { type ItemRecord, moduleTask, Pool } from 'noisemill'
 *
 * // root.js: export const root = (n) => { if (n < 0) throw new RangeError('negative'); return Math.sqrt(n) }
 * const root = moduleTask<number, number>(new URL('./root.js', import.meta.url), 'root')
 * await using pool = new Pool()
 * const records: ItemRecord<number, number>[] = await pool.map(root, [4, -1], { errors: 'collect' })
 * for (const r of records) console.log(r.item, r.status === 'done' ? r.value : r.error.code)
 * // -> 4 2
 * // -> -1 E_TASK_FAILED
 */
export type ItemRecord<Item, Value> = DoneItem<Item, Value> | FailedItem<Item>

/**
 * Record of an item whose call succeeded, with the value that the function returned.
 *
 * @example
 * import { type DoneItem, moduleTask, Pool } from 'noisemill'
 *
 * // square.js: export const square = (n) => n * n
 * const square = moduleTask<number, number>(new URL('./square.js', import.meta.url), 'square')
 * const squares: number[] = []
 * const keep = ({ index, value }: DoneItem<number, number>) => {
 *   squares[index] = value
 * }
 * await using pool = new Pool()
 * for await (const record of pool.imapUnordered(square, [1, 2, 3])) keep(record)
 * console.log(squares) // -> [ 1, 4, 9 ]
 */
export interface DoneItem<Item, Value> {
  /** Number of the item within the run, from 0. */
  readonly index: number
  /** The item as it was given. */
  readonly item: Item
  /** 'done': the function returned. */
  readonly status: 'done'
  /** Copy of the value that the function returned, or that its promise resolved to. */
  readonly value: Value
}

/**
 * Record of an item that failed, with its error.
 *
 * @example
 * import { type FailedItem, moduleTask, Pool } from 'noisemill'
 *
 * // root.js: export const root = (n) => { if (n < 0) throw new RangeError('negative'); return Math.sqrt(n) }
 * const root = moduleTask<number, number>(new URL('./root.js', import.meta.url), 'root')
 * const failed: FailedItem<number>[] = []
 * await using pool = new Pool()
 * for await (const record of pool.imap(root, [4, -1], { errors: 'collect' })) {
 *   if (record.status === 'failed') failed.push(record)
 * }
 * for (const { index, error } of failed) console.log(index, String(error.cause)) // -> 1 RangeError: negative
 */
export interface FailedItem<Item> {
  /** Number of the item within the run, from 0. */
  readonly index: number
  /** The item as it was given. */
  readonly item: Item
  /** 'failed': the function threw, or was never called, or its result could not be returned. */
  readonly status: 'failed'
  /**
   * E_TASK_LOAD, E_TASK_NESTED, E_TASK_FAILED, E_NOT_CLONEABLE, E_WORKER_DIED, E_WORKER_START or
   * E_BACKEND_FAILED. If the function threw, `cause` is a copy of what it threw.
   */
  readonly error: NoisemillError
}

/**
 * A task that calls a user's function. `moduleTask` returns one.
 *
 * @example
 * import { type ModuleTask, moduleTask, Pool } from 'noisemill'
 *
 * // square.js: export const square = (n) => n * n
 * const square: ModuleTask<number, number> = moduleTask(new URL('./square.js', import.meta.url), 'square')
 * await using pool = new Pool()
 * const squares: number[] = await pool.map(square, [1, 2, 3])
 * console.log(squares) // -> [ 1, 4, 9 ]
 */
export type ModuleTask<Item, Value> = Task<Item, ItemRecord<Item, Value>, Value, DoneItem<Item, Value>>

/**
 * Makes a task that calls a function of your own with each item, for `map`, `imap` and
 * `imapUnordered` of `Pool`.
 *
 * The function gets the item and, with `setup` or `data`, a second argument. It may be async.
 * Structured clone copies items and results between threads, so pass the name of a file rather than
 * its content.
 *
 * TypeScript cannot see what the module exports. Give the types of items and results, which are
 * `unknown` otherwise: `moduleTask<string, number>(...)`.
 *
 * @param url file: URL or absolute path of a JavaScript module, such as `new URL('./etl.js',
 * import.meta.url)`
 * @param name name of the exported function, 'default' by default
 * @throws NoisemillError E_OPTION_INVALID or E_OPTION_UNKNOWN. The module is loaded later, so each
 * item fails with E_TASK_LOAD if that is not possible.
 * @example
 * import { moduleTask, Pool } from 'noisemill'
 *
 * // size.js: import { stat } from 'node:fs/promises'; export const size = async (file) => (await stat(file)).size
 * const size = moduleTask<string, number>(new URL('./size.js', import.meta.url), 'size')
 * await using pool = new Pool()
 * console.log(await pool.map(size, ['speech/a.wav', 'speech/b.wav'])) // -> [ 3244, 6444 ]
 */
export function moduleTask<Item = unknown, Value = unknown>(
  url: URL | string,
  name = 'default',
  options: ModuleTaskOptions<Item> = {},
): ModuleTask<Item, Value> {
  const module = checkModule(url)
  if (typeof name !== 'string' || name === '') throw invalidOption('name', 'the name of an exported function', name)
  checkObject('options', options)
  checkKeys(options, ['setup', 'teardown', 'data', 'strict', 'transfer'])
  const setup = checkName('setup', options.setup)
  const teardown = checkName('teardown', options.teardown)
  const strict = checkBoolean('strict', given(options.strict, false))
  const transfer = checkTransfer(options.transfer)
  const call: ModuleCall = { url: module, name, setup, teardown, data: options.data, strict, ...transfer }
  return defineTask({
    work: { kind: 'calls', call },
    errors: 'throw',
    endsWhenCancelled: false,
    givesValues: true,
    start: () => new ModuleRun<Item, Value>(call),
  })
}

function checkTransfer(transfer: unknown): Pick<ModuleCall, 'transferItems' | 'transferResults'> {
  if (transfer === undefined || transfer === false) return {}
  if (transfer === true) return { transferItems: true, transferResults: true }
  if (typeof transfer !== 'object' || transfer === null)
    throw invalidOption('transfer', 'true, false or an object with items or results', transfer)
  checkKeys(transfer, ['items', 'results'])
  const { items, results } = transfer as TransferOptions
  if (items !== undefined && items !== true && typeof items !== 'function')
    throw invalidOption('transfer.items', 'true or a function', items)
  if (results !== undefined && results !== true && (typeof results !== 'string' || results === ''))
    throw invalidOption('transfer.results', 'true or the name of an exported function', results)
  return { transferItems: items, transferResults: results }
}

function checkName(option: string, name: unknown): string | undefined {
  if (name === undefined || (typeof name === 'string' && name !== '')) return name
  throw invalidOption(option, 'the name of an exported function', name)
}

/**
 * Returns the module's URL or path as text. Refuses a relative path, because the module that it is
 * relative to is not known.
 */
function checkModule(url: unknown): string {
  const text = isUrl(url) ? url.href : url
  if (typeof text === 'string') {
    if (/^file:/i.test(text) && URL.canParse(text)) return new URL(text).href
    if (!isUrl(url) && /^(\/|[a-z]:[\\/])/i.test(text)) return text
  }
  const isRelative = typeof text === 'string' && text !== '' && !/^[a-z][a-z\d+.-]*:/i.test(text)
  const quoted = isRelative ? (text.includes("'") ? JSON.stringify(text) : `'${text}'`) : "'./etl.js'"
  throw invalidOption('url', `a file: URL or an absolute path, such as new URL(${quoted}, import.meta.url),`, text)
}

interface PlannedCall<Item, Value> extends Planned<Item, ItemRecord<Item, Value>> {
  readonly index: number
  readonly job: Item
}

class ModuleRun<Item, Value> implements TaskRun<Item, Item, Value, ItemRecord<Item, Value>> {
  readonly copies = 1
  readonly #call: ModuleCall
  /**
   * How many values in an item are looked at to find one that would lose its class; 0 after the run
   * has warned.
   */
  #limit: number
  /** In a strict run, the first value in `data` that would lose its class, in words. */
  readonly #lostData: string | undefined

  constructor(call: ModuleCall) {
    this.#call = call
    this.#limit = call.strict ? Infinity : LOOKED_AT
    const loss = findLoss(call.data, this.#limit)
    if (loss === undefined) return
    if (call.strict) this.#lostData = `data${loss}`
    else this.#warn(`data${loss}`)
  }

  plan(item: Item, index: number): Planned<Item, ItemRecord<Item, Value>> {
    const planned: PlannedCall<Item, Value> = { index, job: item }
    const loss = this.#limit > 0 ? findLoss(item, this.#limit) : undefined
    const lost = this.#lostData ?? (loss === undefined ? undefined : `items[${index}]${loss}`)
    if (lost === undefined) return planned
    if (this.#call.strict)
      return { result: this.#failed(planned, new NoisemillError('E_NOT_CLONEABLE', { received: lost })) }
    this.#warn(lost)
    return planned
  }

  /** Warns once in a run. */
  #warn(lost: string): void {
    if (this.#limit > 0) warnProcess('W_CLASS_LOST', `${this.#call.name} of ${this.#call.url}: ${lost}`)
    this.#limit = 0
  }

  noteLoss(planned: Planned<Item, ItemRecord<Item, Value>>, lost: string): void {
    this.#warn(`item ${(planned as PlannedCall<Item, Value>).index}: ${lost}`)
  }

  result(planned: Planned<Item, ItemRecord<Item, Value>>, value: Value): ItemRecord<Item, Value> {
    const { index, job: item } = planned as PlannedCall<Item, Value>
    return { index, item, status: 'done', value }
  }

  fail(planned: Planned<Item, ItemRecord<Item, Value>>, error: NoisemillError): ItemRecord<Item, Value> {
    const call = planned as PlannedCall<Item, Value>
    if (error.code !== 'E_NOT_CLONEABLE') return this.#failed(call, error)
    // A backend does not know the number of an item within the run, and writes 'item' for it.
    const received = error.received?.replace(/^item(?=[:.[])/, `items[${call.index}]`)
    return this.#failed(call, new NoisemillError(error.code, { cause: error.cause, ...(received && { received }) }))
  }

  #failed({ index, job: item }: PlannedCall<Item, Value>, error: NoisemillError): ItemRecord<Item, Value> {
    const { code, cause, received } = error
    const details = { index, item, cause, ...(received !== undefined && { received }) }
    return { index, item, status: 'failed', error: new NoisemillError(code, details) }
  }

  failureOf(record: ItemRecord<Item, Value>): NoisemillError | undefined {
    return record.status === 'failed' ? record.error : undefined
  }
}

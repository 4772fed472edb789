/** The task for work of your own: a function exported by a module, called in worker threads. */

import { findLoss, findRefusal, LOOKED_AT } from '../backends/crossing.js'
import { checkBoolean, checkKeys, checkObject, given, isUrl } from '../checks.js'
import { invalidOption, NoisemillError } from '../errors.js'
import { defineTask, type ModuleCall, type Planned, type Task, type TaskRun } from '../task.js'
import { warnProcess } from '../warnings.js'

/**
 * Options of `moduleTask`: what its calls share.
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
export interface ModuleTaskOptions {
  /**
   * Name of an exported function that each thread calls once, with `data`, before its first item. What it returns (or
   * resolves to) is the second argument of every call: the place for what all items share.
   */
  readonly setup?: string
  /** Cloned to each thread once: the argument of `setup`, or without it the second argument of every call. */
  readonly data?: unknown
  /**
   * What becomes of an item, `data` or a result with something in it that would lose its class on the way to or from a thread, such as a
   * URL, which arrives as a plain object. False (default): it crosses, and the first of a run is told by a process warning
   * (`W_CLASS_LOST`) with its path, if it is among the first 1,000 values in its item or result. True: it is searched for everywhere, and
   * each such item fails with E_NOT_CLONEABLE. The rule is the same on every backend.
   */
  readonly strict?: boolean
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
 * An item that the function was called with, and what it returned.
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
  /** The function returned. */
  readonly status: 'done'
  /** What it returned, or resolved to, cloned. */
  readonly value: Value
}

/**
 * An item that could not be done.
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
  /** The function threw, or was never called. */
  readonly status: 'failed'
  /** E_TASK_LOAD, E_TASK_NESTED, E_TASK_FAILED, E_NOT_CLONEABLE, E_WORKER_DIED, E_WORKER_START or E_BACKEND_FAILED; `cause` has what the function threw. */
  readonly error: NoisemillError
}

/**
 * A task that calls a user's function: what `moduleTask` makes.
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
 * A task for Pool's map, imap and imapUnordered that calls `name`, exported by the module `url`, with each item (and with
 * what `options` share). The function may be async. Items and results cross threads by structured clone: pass file names
 * rather than their content.
 *
 * The types of items and results are `unknown` unless you give them, because TypeScript cannot see what the module exports:
 * `moduleTask<string, number>(...)`.
 *
 * @param url a file: URL (or an absolute path) of a JavaScript module: `new URL('./etl.js', import.meta.url)`
 * @throws NoisemillError E_OPTION_INVALID or E_OPTION_UNKNOWN; whether the module can be loaded shows when it runs
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
  options: ModuleTaskOptions = {},
): ModuleTask<Item, Value> {
  const module = checkModule(url)
  if (typeof name !== 'string' || name === '') throw invalidOption('name', 'the name of an exported function', name)
  checkObject('options', options)
  checkKeys(options, ['setup', 'data', 'strict'])
  const setup = options.setup as string | undefined
  if (setup !== undefined && typeof setup !== 'string')
    throw invalidOption('setup', 'the name of an exported function', setup)
  const strict = checkBoolean('strict', given(options.strict, false))
  const call: ModuleCall = { url: module, name, setup, data: options.data, strict }
  return defineTask({
    work: { kind: 'calls', call },
    errors: 'throw',
    endsWhenCancelled: false,
    valueOf: ({ value }: DoneItem<Item, Value>) => value,
    start: () => new ModuleRun<Item, Value>(call),
  })
}

/** The module as text. A relative path is refused, because it says nothing of the module that it is relative to. */
function checkModule(url: unknown): string {
  const text = isUrl(url) ? url.href : url
  if (typeof text === 'string' && (isUrl(url) ? /^file:/ : /^(file:|\/|[a-z]:[\\/])/i).test(text)) return text
  const isRelative = typeof text === 'string' && text !== '' && !/^[a-z][a-z\d+.-]*:/i.test(text)
  const quoted = isRelative ? (text.includes("'") ? JSON.stringify(text) : `'${text}'`) : "'./etl.js'"
  throw invalidOption('url', `a file: URL or an absolute path, such as new URL(${quoted}, import.meta.url),`, text)
}

interface PlannedCall<Item, Value> extends Planned<Item, ItemRecord<Item, Value>> {
  readonly index: number
  readonly job: Item
}

class ModuleRun<Item, Value> implements TaskRun<Item, Item, Value, ItemRecord<Item, Value>> {
  readonly #call: ModuleCall
  /** How many values in an item are looked at for what would lose its class; none once a run has warned. */
  #limit: number
  /** In a strict run: what in the data would lose its class. */
  readonly #lostData: string | undefined

  constructor(call: ModuleCall) {
    this.#call = call
    this.#limit = call.strict ? Infinity : LOOKED_AT
    const loss = findLoss(call.data, this.#limit)
    if (loss === undefined) return
    if (call.strict) this.#lostData = `data${loss}`
    else this.#warn(`data${loss}`)
  }

  plan(item: Item, index: number): Planned<Item, ItemRecord<Item, Value>>[] {
    const planned: PlannedCall<Item, Value> = { index, job: item }
    const loss = this.#limit > 0 ? findLoss(item, this.#limit) : undefined
    const lost = this.#lostData ?? (loss === undefined ? undefined : `items[${index}]${loss}`)
    if (lost === undefined) return [planned]
    if (this.#call.strict)
      return [{ result: this.#failed(planned, new NoisemillError('E_NOT_CLONEABLE', { received: lost })) }]
    this.#warn(lost)
    return [planned]
  }

  /** Once in a run. */
  #warn(lost: string): void {
    if (this.#limit > 0) warnProcess('W_CLASS_LOST', `${this.#call.name} of ${this.#call.url}: ${lost}`)
    this.#limit = 0
  }

  settle(planned: Planned<Item, ItemRecord<Item, Value>>, value: Value, lost?: string): ItemRecord<Item, Value> {
    const { index, job: item } = planned as PlannedCall<Item, Value>
    if (lost !== undefined) this.#warn(`item ${index}: ${lost}`)
    return { index, item, status: 'done', value }
  }

  fail(planned: Planned<Item, ItemRecord<Item, Value>>, error: NoisemillError): ItemRecord<Item, Value> {
    const call = planned as PlannedCall<Item, Value>
    if (error.code !== 'E_NOT_CLONEABLE') return this.#failed(call, error)
    // A backend does not know which item of the run it refused.
    const refusal = findRefusal(call.job)
    return this.#failed(
      call,
      refusal === undefined ? error : new NoisemillError(error.code, { received: `items[${call.index}]${refusal}` }),
    )
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

/** The task that calls a user's function, which a module exports, in worker threads. */

import { findLoss, LOOKED_AT } from '../backends/crossing.js'
import { NoisemillError } from '../errors.js'
import { defineTask, type ModuleCall, type Planned, type Task, type TaskRun } from '../task.js'
import { warnProcess } from '../warnings.js'
import { checkCall, type ModuleTaskOptions } from './module-options.js'

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
  /** 'failed': the function threw, took too long or was never called, or its result was lost. */
  readonly status: 'failed'
  /**
   * E_TASK_LOAD, E_TASK_NESTED, E_TASK_FAILED, E_TIMEOUT, E_NOT_CLONEABLE, E_WORKER_DIED,
   * E_WORKER_START or E_BACKEND_FAILED. If the function threw, `cause` is a copy of what it threw.
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

// biome-ignore lint/suspicious/noExplicitAny: any function can be called with an item
type AnyFunction = (item: any, ...more: any[]) => unknown

/** Type of the items of a function. */
type ItemOf<Called> = Called extends (item: infer Item, ...more: never[]) => unknown ? Item : never

/** Type of what a function returns, or of what its promise resolves to. */
type ValueOf<Called> = Called extends (...values: never[]) => infer Value ? Awaited<Value> : never

/** Names of the functions that a module exports. */
type FunctionName<Module> = {
  [Name in keyof Module & string]: Module[Name] extends AnyFunction ? Name : never
}[keyof Module & string]

type IsAny<Type> = 0 extends 1 & Type ? true : false

/** Types of items that have methods, unlike plain objects, and yet are not modules. */
type Builtin =
  | readonly unknown[]
  | ArrayBuffer
  | SharedArrayBuffer
  | ArrayBufferView
  | Date
  | Error
  | RegExp
  | ReadonlyMap<unknown, unknown>
  | ReadonlySet<unknown>
  | URL

/** Whether a type is one text or some texts, but not any text. */
type IsLiteral<Type> = string extends Type ? false : [Type] extends [string] ? true : false

type IsModule<Type> = [Type] extends [Builtin]
  ? false
  : [Type] extends [object]
    ? [FunctionName<Type>] extends [never]
      ? false
      : true
    : false

/** Whether type arguments are a function, or a module and a name, instead of an item and a value. */
type IsInferred<Item, Value> =
  IsAny<Item> extends true
    ? false
    : [Item] extends [AnyFunction]
      ? true
      : IsModule<Item> extends true
        ? IsLiteral<Value>
        : false

/**
 * Makes a task that calls a function of your own with each item, for `map`, `imap` and
 * `imapUnordered` of `Pool`.
 *
 * The function gets the item and, with `setup` or `data`, a second argument. It may be async.
 * Structured clone copies items and results between threads, so pass the name of a file rather than
 * its content.
 *
 * TypeScript cannot see what the module exports. Give the type of the module and the name of the
 * function, `moduleTask<typeof import('./etl.js'), 'etl'>(url, 'etl')`, or the type of the function,
 * `moduleTask<typeof etl>(url, 'etl')`, or the types of items and results,
 * `moduleTask<string, number>(url, 'etl')`. They are `unknown` otherwise.
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
  name?: string,
  options?: ModuleTaskOptions<Item>,
  ...inferred: IsInferred<Item, Value> extends true ? [never] : []
): ModuleTask<Item, Value>
export function moduleTask<Called extends AnyFunction>(
  url: URL | string,
  name?: string,
  options?: ModuleTaskOptions<ItemOf<Called>>,
): ModuleTask<ItemOf<Called>, ValueOf<Called>>
export function moduleTask<Module extends object, Name extends FunctionName<Module>>(
  url: URL | string,
  name: Name,
  options?: ModuleTaskOptions<ItemOf<Module[Name]>>,
): ModuleTask<ItemOf<Module[Name]>, ValueOf<Module[Name]>>
export function moduleTask(
  url: URL | string,
  name = 'default',
  options: ModuleTaskOptions = {},
): ModuleTask<unknown, unknown> {
  const { call, option, prepare } = checkCall(url, name, options)
  return defineTask({
    work: { kind: 'calls', call },
    errors: 'throw',
    endsWhenCancelled: false,
    givesValues: true,
    start() {
      prepare()
      return new ModuleRun<unknown, unknown>(call, option)
    },
  })
}

interface PlannedCall<Item, Value> extends Planned<Item, ItemRecord<Item, Value>> {
  readonly index: number
  readonly job: Item
}

class ModuleRun<Item, Value> implements TaskRun<Item, Item, Value, ItemRecord<Item, Value>> {
  readonly copies = 1
  readonly #call: ModuleCall
  readonly #option: 'data' | 'shared'
  /**
   * How many values in an item are looked at to find one that would lose its class; 0 after the run
   * has warned.
   */
  #limit: number
  #lostClass: string | undefined
  /** In a strict run, the first value in `data` that would lose its class, in words. */
  readonly #lostData: string | undefined

  /** @param option name of the option that `call.data` comes from */
  constructor(call: ModuleCall, option: 'data' | 'shared') {
    this.#call = call
    this.#option = option
    this.#limit = call.strict ? Infinity : LOOKED_AT
    const loss = findLoss(call.data, this.#limit)
    if (loss === undefined) return
    if (call.strict) this.#lostData = `${option}${loss}`
    else this.#warn(`${option}${loss}`)
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

  get lostClass(): string | undefined {
    return this.#lostClass
  }

  /** Warns once in a run. */
  #warn(lost: string): void {
    this.#lostClass ??= lost
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
    // A backend knows neither the number of an item within the run nor the options.
    const received = error.received
      ?.replace(/^item(?=[:.[])/, `items[${call.index}]`)
      .replace(/^data(?=[:.[])/, this.#option)
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

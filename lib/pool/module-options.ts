/** The options of `moduleTask`. */

import { types } from 'node:util'
import { shared as shareBuffers } from '../backends/buffers.js'
import { checkBoolean, checkKeys, checkObject, given, isUrl } from '../checks.js'
import { invalidOption, NoisemillError } from '../errors.js'
import type { ModuleCall } from '../task.js'

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
   * Name of an exported function that each thread calls once for the task, with `data`, before its
   * first item. Its return value (or what its promise resolves to) becomes the second argument of
   * every call. Use it for what all items share, such as a model.
   */
  readonly setup?: string
  /**
   * Name of an exported function that each thread calls once with the second argument of the
   * function, to close or write what `setup` has opened. A thread calls it when it releases the
   * function: when the task is no longer referenced, when its `data` are released, and when
   * `pool.close()` ends the thread. `pool.terminate()`, at the end of `await using` too, does not
   * call it, nor does a thread that dies. It may be async; `close` waits for at most 5 seconds. If it
   * throws, does not end, or ends its thread, a process warning (W_TEARDOWN_FAILED) says so.
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
   * Value instead of `data` whose buffers all threads share: a value, or a function that returns it,
   * which is called once, when the first run begins. Typed arrays and ArrayBuffers, also inside plain
   * objects and arrays, are copied once into shared memory: a view arrives as a view on a
   * SharedArrayBuffer, an ArrayBuffer as a SharedArrayBuffer, and a Buffer as a Uint8Array. All threads
   * see what one of them writes. Everything else is cloned to each thread once. What the function throws
   * is the `cause` of an E_OPTION_INVALID that the run throws.
   */
  readonly shared?: unknown
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

/** The call of a task. */
export interface PreparedCall {
  readonly call: ModuleCall
  /** Name of the option that `call.data` comes from. */
  readonly option: 'data' | 'shared'
  /** Makes `call.data` if a function does, once. Call it before the first run. */
  prepare(): void
}

/**
 * Checks the arguments of `moduleTask`.
 *
 * @param more fields of the call that do not follow from the options
 */
export function checkCall(
  url: unknown,
  name: unknown,
  options: ModuleTaskOptions,
  more: Partial<ModuleCall> = {},
): PreparedCall {
  const module = checkModule(url)
  checkName('name', name)
  checkObject('options', options)
  checkKeys(options, ['setup', 'teardown', 'data', 'shared', 'strict', 'transfer'])
  const { data, shared } = options
  if (data !== undefined && shared !== undefined)
    throw new NoisemillError('E_OPTION_INVALID', { option: 'shared', received: '`data` is given too' })
  let make = typeof shared === 'function' ? (shared as () => unknown) : undefined
  const call = {
    url: module,
    name: name as string,
    setup: checkName('setup', options.setup),
    teardown: checkName('teardown', options.teardown),
    data: make === undefined ? (data ?? shareBuffers(shared)) : undefined,
    strict: checkBoolean('strict', given(options.strict, false)),
    ...checkTransfer(options.transfer),
    ...more,
  }
  return {
    call,
    option: shared === undefined ? 'data' : 'shared',
    prepare() {
      if (make !== undefined) call.data = shareBuffers(made(make))
      make = undefined
    },
  }
}

/** Returns what a function makes that all threads share. */
function made(make: () => unknown): unknown {
  let value: unknown
  try {
    value = make()
  } catch (cause) {
    throw new NoisemillError('E_OPTION_INVALID', { option: 'shared', received: 'the function threw', cause })
  }
  if (types.isPromise(value)) {
    value.catch(() => {})
    throw invalidOption('shared', 'a function that returns the value, not a promise,', value)
  }
  return value
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
  const hint = text === undefined ? ' (a bundle in CommonJS has no import.meta.url)' : ''
  const expected = `a file: URL or an absolute path, such as new URL(${quoted}, import.meta.url)${hint},`
  throw invalidOption('url', expected, text)
}

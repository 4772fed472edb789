/** Loads the function of a module task, and calls it. */

import { existsSync } from 'node:fs'
import type { TransformJob } from '../audio/job.js'
import { transformFile } from '../audio/transform-file.js'
import { type Kernels, tsKernels } from '../core/kernels.js'
import { describe, type NoisemillError } from '../errors.js'
import type { ModuleCall } from '../task.js'
import { type Transfer, transferred, trimmed } from './buffers.js'
import { isCancelled } from './cancellation.js'
import { LOOKED_AT, look, refusalOf } from './crossing.js'
import type { WorkerFailure, WorkerOutcome } from './messages.js'
import { fileOf, type TaskFiles, taskFiles, urlOf } from './nesting.js'
import { packThrown, type Thrown, textOf } from './thrown.js'
import { within } from './within.js'

/** A loaded function, with its second argument bound. */
export interface Call {
  readonly function: (item: unknown, context: TaskContext) => unknown
  readonly strict: boolean
  /** What leaves the thread with a result. */
  readonly transfer?: Transfer
  /** Calls the teardown. */
  readonly teardown?: (() => unknown) | undefined
  /** Names the teardown in messages. */
  readonly teardownName?: string
}

class FailedCall extends Error {
  constructor(readonly failure: WorkerFailure) {
    super(failure.code)
  }
}

/**
 * Returns what a module exports under a name. Node finds the exports of a CommonJS module by
 * reading its text, so it misses those that are computed. They are in `module.exports`, which is
 * the module's default export. If a compiler made the module, marked by `__esModule`, its own
 * default export is there too.
 */
function exportOf(module: Record<string, unknown>, name: string): unknown {
  const whole = Object(module.default) as Record<string, unknown>
  if (name === 'default' && whole.__esModule) return whole.default
  return module[name] ?? (Object.hasOwn(whole, name) ? whole[name] : undefined)
}

/** Most names that an error lists. */
const MAX_NAMES = 20

/**
 * Returns the names of an object's functions. Getters are among them, because they may return
 * functions. They are not called, because they may throw.
 */
function functionNames(object: object): string[] {
  return Reflect.ownKeys(object).filter((name): name is string => {
    if (typeof name !== 'string') return false
    try {
      const { enumerable, get, value } = Object.getOwnPropertyDescriptor(object, name)!
      return enumerable! && (get !== undefined || typeof value === 'function')
    } catch {
      // A module may export a variable that has no value yet.
      return false
    }
  })
}

/** Describes the functions that a module exports. */
function functionsOf(module: Record<string, unknown>): string {
  const functions = [...new Set([module, Object(module.default) as object].flatMap(functionNames))]
  if (functions.length === 0) return 'it exports no function'
  const listed = functions.slice(0, MAX_NAMES).join(', ')
  return `it exports the functions ${listed}${functions.length > MAX_NAMES ? ', …' : ''}`
}

/**
 * Whether the file of the module itself does not exist. Otherwise it may be a module that it
 * imports.
 */
function isMissing(url: string): boolean {
  try {
    return !existsSync(new URL(fileOf(url)))
  } catch {
    return false
  }
}

/**
 * Packs what a module or its setup threw. Undefined becomes an error, because a failure without a
 * cause means that nothing was thrown.
 */
const packReason = (thrown: unknown): Thrown =>
  packThrown(thrown === undefined ? new Error('undefined was thrown') : thrown)

/** What ends an import that waits for itself, for each import in progress. */
const importing = new Set<() => void>()

function endImports(): void {
  for (const end of importing) end()
}

/**
 * Imports a module. With the backend inline, it may be the program, whose top-level await waits for
 * this import. Node then has nothing left to do, and the import fails.
 */
async function imported(url: string): Promise<Record<string, unknown>> {
  let end: () => void
  const stuck = new Promise<never>((_, reject) => {
    const message = 'its top-level await waits for a run that calls it'
    end = () => reject(Object.assign(new Error(message), { code: 'E_AWAITS_ITSELF' }))
  })
  if (importing.size === 0) process.on('beforeExit', endImports)
  importing.add(end!)
  try {
    return await Promise.race([import(urlOf(url)), stuck])
  } finally {
    importing.delete(end!)
    if (importing.size === 0) process.off('beforeExit', endImports)
  }
}

/**
 * Imports the module and runs its setup. It rejects with a FailedCall.
 *
 * @param above in a thread of a pool, the files that it began with
 * @param kernels returns the kernels of the thread
 */
export async function loadCall(
  { url, name, setup, teardown, data, strict = false, transferResults, around }: ModuleCall,
  { above, kernels = () => tsKernels }: { readonly above?: TaskFiles; kernels?(): Kernels } = {},
): Promise<Call> {
  const unusable = (received: string, thrown?: Thrown) =>
    new FailedCall({ code: 'E_TASK_LOAD', received, ...(thrown && { thrown }) })
  let module: Record<string, unknown>
  const { loading, depths } = taskFiles()
  const file = fileOf(url)
  // A thread that is not a pool's has other code, which may use the module in a pool while the backend
  // inline loads it.
  if (above !== undefined) {
    depths.set(file, (above.depths.get(file) ?? 0) + 1)
    loading.push(file)
  }
  try {
    module = await imported(url)
  } catch (cause) {
    // The module threw the error of the pool that it tried to start.
    if ((cause as NoisemillError | undefined)?.code === 'E_TASK_NESTED')
      throw new FailedCall({ code: 'E_TASK_NESTED', received: url })
    throw unusable(`${url} ${isMissing(url) ? 'does not exist' : 'failed while it was loaded'}`, packReason(cause))
  } finally {
    if (above !== undefined) loading.splice(loading.lastIndexOf(file), 1)
  }
  const exported = (wanted: string) => {
    let value: unknown
    try {
      value = exportOf(module, wanted)
    } catch (cause) {
      // It may be a getter.
      throw unusable(`${url} failed while its export "${wanted}" was read`, packReason(cause))
    }
    if (typeof value !== 'function')
      throw unusable(`${url} exports ${describe(value)} as "${wanted}", not a function; ${functionsOf(module)}`)
    return value as (...values: unknown[]) => unknown
  }
  const call = exported(name)
  const end = teardown === undefined ? undefined : exported(teardown)
  const transfer = typeof transferResults === 'string' ? exported(transferResults) : transferResults
  const withArgument = (shared: unknown): Call => ({
    function: (item, context) => {
      if (around !== 'audio') return call(item, shared, context)
      const { attempt, signal } = context
      const own = (audio: unknown) => call(audio, shared, context)
      const { cancelled } = item as TransformJob
      const mayPublish = () => cancelled === undefined || !isCancelled(cancelled)
      return transformFile(item as TransformJob, { call: own, attempt, signal, mayPublish, kernels })
    },
    strict,
    ...(transfer !== undefined && { transfer }),
    ...(end !== undefined && { teardown: () => end(shared), teardownName: `"${teardown}" of ${url}` }),
  })
  if (setup === undefined) return withArgument(data)
  const prepare = exported(setup)
  try {
    return withArgument(await prepare(data))
  } catch (cause) {
    throw unusable(`"${setup}" of ${url} threw`, packReason(cause))
  }
}

/**
 * Calls the teardown of a function if it has one. It never rejects.
 *
 * @param warn called with what the teardown threw, in words
 */
export async function tearDown({ teardown, teardownName }: Call, warn: (what: string) => void): Promise<void> {
  try {
    await teardown?.()
  } catch (thrown) {
    warn(`${teardownName} threw ${textOf(thrown)}`)
  }
}

/** Returns the failure of a function that could not be loaded. */
export const loadFailure = (thrown: unknown): WorkerFailure =>
  thrown instanceof FailedCall ? thrown.failure : { code: 'E_TASK_LOAD', thrown: packReason(thrown) }

const failed = (thrown: unknown): WorkerOutcome => ({
  failure: { code: 'E_TASK_FAILED', thrown: packThrown(thrown) },
})

/** How a function is called. */
export interface CallOptions {
  /** How often the item was begun before, plus 1. */
  readonly attempt: number
  /** Milliseconds that a call may take; undefined for any time. */
  readonly timeout: number | undefined
}

/**
 * What a function learns about its call, as its third argument.
 *
 * @example
 * import { moduleTask, Pool, type TaskContext } from 'noisemill'
 *
 * // page.js: export const page = async (url, _data, { signal }) => (await fetch(url, { signal })).status
 * const first = (_item: string, _data: unknown, { attempt }: TaskContext) => attempt === 1
 * console.log(first('a', undefined, { attempt: 1, signal: new AbortController().signal })) // -> true
 * const page = moduleTask<string, number>(new URL('./page.js', import.meta.url), 'page')
 * await using pool = new Pool()
 * console.log(await pool.map(page, ['data:,a', 'data:,b'], { timeout: 10_000, concurrency: 2 })) // -> [ 200, 200 ]
 */
export interface TaskContext {
  /** Number of the attempt at the item, from 1. It is more than 1 only with the option `retries`. */
  readonly attempt: number
  /**
   * Signal that aborts when the result is no longer wanted: after the `timeout`, or because the run
   * has ended. Pass it to what the function waits for. A function that keeps its thread busy cannot
   * notice it.
   */
  readonly signal: AbortSignal
}

class Context implements TaskContext {
  #controller: AbortController | undefined

  constructor(readonly attempt: number) {}

  // Few functions ask for the signal, and a controller takes longer than a quick call.
  get signal(): AbortSignal {
    this.#controller ??= new AbortController()
    return this.#controller.signal
  }

  abort(reason: unknown): void {
    this.#controller ??= new AbortController()
    this.#controller.abort(reason)
  }
}

/** The calls of one load or chunk. */
export class Calls {
  readonly #call: Call
  readonly #options: CallOptions
  /** Contexts of the calls that have not ended. */
  readonly #inProgress = new Set<Context>()

  constructor(call: Call, options: CallOptions) {
    this.#call = call
    this.#options = options
  }

  /** Aborts the signals of the calls in progress. */
  abort(): void {
    const reason = new DOMException('The run has ended', 'AbortError')
    for (const context of this.#inProgress) context.abort(reason)
  }

  /**
   * Calls the function with an item. It never throws or rejects: the outcome has any failure. The
   * outcome is a promise only if the function returns one, because a promise for each item would
   * take most of the time of quick functions.
   */
  invoke(item: unknown): WorkerOutcome | Promise<WorkerOutcome> {
    const { attempt, timeout } = this.#options
    const context = new Context(attempt)
    const began = timeout === undefined ? 0 : performance.now()
    try {
      const value = this.#call.function(item, context)
      if (isThenable(value)) {
        const outcome = Promise.resolve(value).then((result) => outcomeOf(result, this.#call), failed)
        return this.#follow(context, outcome, began)
      }
      return timeout !== undefined && performance.now() - began > timeout
        ? timedOut(timeout)
        : outcomeOf(value, this.#call)
    } catch (thrown) {
      return failed(thrown)
    }
  }

  async #follow(context: Context, outcome: Promise<WorkerOutcome>, began: number): Promise<WorkerOutcome> {
    const { timeout } = this.#options
    this.#inProgress.add(context)
    try {
      if (timeout === undefined) return await outcome
      return await within(timeout - (performance.now() - began), outcome, () => {
        context.abort(new DOMException(`The call took longer than ${timeout} ms`, 'TimeoutError'))
        return timedOut(timeout)
      })
    } finally {
      this.#inProgress.delete(context)
    }
  }
}

const timedOut = (timeout: number): WorkerOutcome => ({
  failure: { code: 'E_TIMEOUT', received: `${timeout} ms` },
})

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  ((typeof value === 'object' && value !== null) || typeof value === 'function') &&
  typeof (value as PromiseLike<unknown>).then === 'function'

/**
 * Makes the outcome of a result. It checks classes before the result crosses, because structured
 * clone does not keep them.
 */
function outcomeOf(result: unknown, { strict, transfer }: Call): WorkerOutcome {
  if (typeof result !== 'object' && transfer === undefined) return { value: result }
  const { loss, isLarge } = look(result, strict ? Infinity : LOOKED_AT)
  const lost = loss === undefined ? undefined : `result${loss}`
  if (lost !== undefined && strict) return { failure: { code: 'E_NOT_CLONEABLE', received: lost } }
  const more = { ...(lost !== undefined && { lost }), ...(isLarge && { isLarge }) }
  try {
    if (transfer === undefined) return { value: trimmed(result), ...more }
    return { ...transferred(result, transfer), ...more }
  } catch (thrown) {
    return { failure: { code: 'E_NOT_CLONEABLE', received: refusalOf('result', result, thrown) } }
  }
}

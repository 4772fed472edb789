/**
 * Defines what a pool needs to know about a task. The work of a task is plain data, because a
 * closure cannot be copied to another thread.
 */

import type { NoisemillError } from './errors.js'

/**
 * A function of a module and the value that its calls share, as a backend gets them.
 *
 * @example
 * import { type Backend, type ModuleCall, moduleTask, Pool } from 'noisemill'
 *
 * const describe = ({ name, data }: ModuleCall) => `${name} with ${data}`
 * const backend: Backend = {
 *   name: 'describing',
 *   threads: 1,
 *   async execute(chunk) {
 *     if (chunk.kind !== 'calls') throw new Error('it describes functions only')
 *     for (const index of chunk.jobs.keys()) chunk.settle(index, { value: describe(chunk.call) })
 *     return { milliseconds: 0 }
 *   },
 *   async close() {},
 * }
 * await using pool = new Pool({ backend })
 * console.log(await pool.map(moduleTask('/etl.js', 'scale', { data: 2 }), [1])) // -> [ 'scale with 2' ]
 */
export interface ModuleCall {
  /** A file: URL or an absolute path. */
  readonly url: string
  /** Name of the exported function that is called with each item. */
  readonly name: string
  /**
   * Name of the exported function that each thread calls once, with `data`, before its first item.
   */
  readonly setup: string | undefined
  /**
   * Name of the exported function that each thread calls once, with the second argument of the
   * function, when it releases the function.
   */
  readonly teardown?: string | undefined
  /**
   * Argument of `setup`, or without `setup` the second argument of the function itself. It must be
   * cloneable.
   */
  readonly data: unknown
  /**
   * Whether a result fails with E_NOT_CLONEABLE if it contains a value that loses its class between
   * threads; false by default.
   */
  readonly strict?: boolean
  /**
   * What leaves the sender of an item, instead of being copied: all ArrayBuffers, or what a function
   * returns for the item. The items of such a task are sent in chunks of one.
   */
  readonly transferItems?: true | ((item: unknown) => unknown) | undefined
  /**
   * What leaves the thread with a result: all ArrayBuffers, or what the exported function with this
   * name returns for the result.
   */
  readonly transferResults?: true | string | undefined
  /**
   * 'audio' if items are jobs of `transformTask`, and the function gets the samples of their files;
   * undefined if it gets the items themselves.
   */
  readonly around?: 'audio' | undefined
}

/** The kind of a task's jobs: files, slices of samples, or calls of a function. */
export type Work =
  | { readonly kind: 'files' }
  | { readonly kind: 'slices' }
  | { readonly kind: 'calls'; readonly call: ModuleCall }

/** Whether the items of a task leave their sender, so that they can be sent once only. */
export const transfersItems = (work: Work): boolean => work.kind === 'calls' && work.call.transferItems !== undefined

/**
 * What a run does with an item that fails: 'throw' ends the run, 'collect' includes the failure in
 * the results.
 */
export type ErrorPolicy = 'throw' | 'collect'

/** Either a job, or a result that needs no job. */
export interface Planned<Job, Result> {
  readonly job?: Job
  readonly result?: Result
}

/**
 * What becomes of a job that is not sent: its result, or 'later' if the task is to be asked again
 * after a while. Undefined for a job that is sent.
 */
export type Instead<Result> = { readonly result: Result } | 'later' | undefined

/**
 * Runs another task on the same pool, for a task that prepares its run. It yields results in the
 * order of the items.
 */
export type RunTask = <Item, Result, Value>(
  task: Task<Item, Result, Value>,
  items: Iterable<Item> | AsyncIterable<Item>,
) => AsyncIterable<Value>

/** A task's part of one run. It may keep state from item to item. */
export interface TaskRun<Item, Job, JobValue, Result> {
  /** How many jobs, and results, each item gives. */
  readonly copies: number
  /** Called with all items before the first is planned, if they are in an array. */
  foresee?(items: readonly Item[]): void
  /**
   * Called once, before the first item is planned, which waits for it. What it rejects with ends the
   * run.
   *
   * @param run runs other tasks first. It stops when the run is stopped.
   */
  prepare?(run: RunTask): Promise<void>
  /** Returns the bytes of memory that an item occupies, if the pool cannot see that. */
  weigh?(item: Item): number
  /**
   * Returns a job of an item: that of its copy with this number, from 1. It is called for all copies
   * of an item before the next item. A bad item gives a failed result; it does not throw.
   */
  plan(item: Item, index: number, copy: number): Planned<Job, Result>
  /**
   * Called with the jobs of a chunk before they go to a backend. It returns what becomes of each, or
   * undefined if all are sent. What it throws ends the run.
   */
  begin?(planned: readonly Planned<Job, Result>[]): readonly Instead<Result>[] | undefined
  /**
   * Called at once when a job has run. It returns the job's result if the value says that the job
   * failed. What it throws ends the run.
   */
  record?(planned: Planned<Job, Result>, value: JobValue): Result | undefined
  /** The first value of the run that lost its class on its way, in words. */
  readonly lostClass?: string | undefined
  /** Called when a value has lost something on its way. `lost` is that of `Outcome`. */
  noteLoss?(planned: Planned<Job, Result>, lost: string): void
  /** Makes the result of a job that ran, when the consumer takes it. */
  result(planned: Planned<Job, Result>, value: JobValue): Result
  /** Makes the result of a job that could not be run to its end. */
  fail(planned: Planned<Job, Result>, error: NoisemillError): Result
  /** Returns the error of a failed result; undefined for other results. */
  failureOf(result: Result): NoisemillError | undefined
}

/**
 * Defines a task: its work, how a pool treats it, and how a run begins. `Task` documents the types
 * of the results.
 */
export interface TaskDefinition<Item, Job, JobValue, Result, Value, Done extends Result> {
  readonly work: Work
  /** The error policy of runs whose options have none. */
  readonly errors: ErrorPolicy
  /**
   * Whether a job ends soon after it is cancelled. If so, a run that is stopped waits for its jobs
   * and reports those that finish.
   */
  readonly endsWhenCancelled: boolean
  /**
   * Whether an ordered run gives the values of jobs, instead of results, when errors are thrown.
   */
  readonly givesValues: boolean
  /** Never set: it carries the types of what runs give. */
  readonly gives?: { readonly value: Value; readonly done: Done }
  start(): TaskRun<Item, Job, JobValue, Result>
}

/**
 * Key of a task's definition. It is a registered symbol, so that a pool accepts tasks of another
 * copy of the package: test runners load a copy for each test file.
 */
const definition: unique symbol = Symbol.for('noisemill.task')

/**
 * A task that a Pool can run over items. `noiseTask` and `moduleTask` make tasks.
 *
 * With `errors: 'collect'`, a run gives a `Result` for each item, whether it succeeded or failed.
 * Without that option, `map` and `imap` give a `Value` for each item, and `imapUnordered` gives a
 * `Done`.
 *
 * @example
 * import { type FileItem, type FileResult, noiseTask, Pool, type Task } from 'noisemill'
 *
 * const task: Task<FileItem, FileResult> = noiseTask({ out: 'noisy', snr: 10 })
 * await using pool = new Pool()
 * console.log((await pool.map(task, ['speech/a.wav'])).length) // -> 1
 */
export interface Task<Item, Result, Value = Result, Done extends Result = Result> {
  /** @internal */
  readonly [definition]: TaskDefinition<Item, unknown, unknown, Result, Value, Done>
}

export function defineTask<Item, Job, JobValue, Result, Value, Done extends Result>(
  parts: TaskDefinition<Item, Job, JobValue, Result, Value, Done>,
): Task<Item, Result, Value, Done> {
  return Object.freeze({ [definition]: parts as TaskDefinition<Item, unknown, unknown, Result, Value, Done> })
}

/** Returns the definition of a task, or undefined if the value is not a task. */
export function definitionOf<Item, Result, Value, Done extends Result>(
  task: Task<Item, Result, Value, Done>,
): TaskDefinition<Item, unknown, unknown, Result, Value, Done> | undefined {
  return typeof task === 'object' && task !== null ? task[definition] : undefined
}

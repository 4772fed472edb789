/** What a pool needs to know of a task. Tasks are data: a closure could not cross a thread. */

import type { NoisemillError } from './errors.js'

/**
 * A function of a module, and what its calls share.
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
  /** The exported function that is called with each item. */
  readonly name: string
  /** The exported function that each thread calls once, with `data`, before its first item. */
  readonly setup: string | undefined
  /** The argument of `setup`; without it, the second argument of the function itself. It has to be cloneable. */
  readonly data: unknown
  /** Whether a result fails with E_NOT_CLONEABLE if something in it would lose its class on the way; false by default. */
  readonly strict?: boolean
}

/** What the jobs of a task are for a backend: files, slices of samples, or items for a function. */
export type Work =
  | { readonly kind: 'files' }
  | { readonly kind: 'slices' }
  | { readonly kind: 'calls'; readonly call: ModuleCall }

/** What becomes of the first item that fails: it ends the run, or is a result among the others. */
export type ErrorPolicy = 'throw' | 'collect'

/** One piece of work, or a result that needs none. */
export interface Planned<Job, Result> {
  readonly job?: Job
  readonly result?: Result
}

/** One pass over some items: it may remember what it has seen. */
export interface TaskRun<Item, Job, JobValue, Result> {
  /** Called before the first item where all of them are there already. */
  foresee?(items: readonly Item[]): void
  /** Bytes that an item holds on to, where that is not seen from outside. */
  weigh?(item: Item): number
  /** The jobs of an item, in order; each gives one result. Never throws for a bad item: its result says so. */
  plan(item: Item, index: number): Iterable<Planned<Job, Result>>
  /** Called with what goes to a backend next, before it does. What it throws ends the pass. */
  begin?(planned: readonly Planned<Job, Result>[]): void
  /** The result of a job that ran. `lost` says what of the value lost its class on the way: see Outcome. */
  settle(planned: Planned<Job, Result>, value: JobValue, lost?: string): Result
  /** The result of a job that could not be run to its end. */
  fail(planned: Planned<Job, Result>, error: NoisemillError): Result
  /** The error of a failed result. */
  failureOf(result: Result): NoisemillError | undefined
}

/** A task: its work, how a pool treats it, and how a pass over items begins. See Task for the types of what a run gives. */
export interface TaskDefinition<Item, Job, JobValue, Result, Value, Done extends Result> {
  readonly work: Work
  /** The policy for runs that are not given one. */
  readonly errors: ErrorPolicy
  /** Whether a job ends soon after it is cancelled: then a run that is stopped waits for its jobs, and still tells what they finished. */
  readonly endsWhenCancelled: boolean
  /** What results in the order of the items are where errors are thrown. */
  valueOf(done: Done): Value
  start(): TaskRun<Item, Job, JobValue, Result>
}

/** Of the registry of symbols: pools also take the tasks of another copy of the package, as test runners make one for each file. */
const definition: unique symbol = Symbol.for('noisemill.task')

/**
 * A task that a Pool can run over items. Made by `noiseTask` and `moduleTask`.
 *
 * `Result` is what a run with `errors: 'collect'` gives for an item, failures among them. Without that option `map` and `imap` give a
 * `Value` for each item, and `imapUnordered` a `Done`.
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

/** None of what no task is. */
export function definitionOf<Item, Result, Value, Done extends Result>(
  task: Task<Item, Result, Value, Done>,
): TaskDefinition<Item, unknown, unknown, Result, Value, Done> | undefined {
  return typeof task === 'object' && task !== null ? task[definition] : undefined
}

/** What a pool needs to know of a task. Tasks are data: a closure could not cross a thread. */

import type { NoisemillError } from './errors.js'

/** Where the jobs of a task run: files, and slices of samples, on the noise backend; calls of a user's module on worker threads. */
export type Lane = 'files' | 'slices' | 'module'

/** One piece of work, or a result that needs none. */
export interface Planned<Job, Result> {
  readonly job?: Job
  readonly result?: Result
}

/** One pass over some items: it may remember what it has seen. */
export interface TaskRun<Item, Job, Value, Result> {
  /** Called before the first item where all of them are there already. */
  foresee?(items: readonly Item[]): void
  /** Bytes that an item holds on to, where that is not seen from outside. */
  weigh?(item: Item): number
  /** The jobs of an item, in order; each gives one result. Never throws for a bad item: its result says so. */
  plan(item: Item, index: number): Iterable<Planned<Job, Result>>
  /** Called with what goes to a thread next, before it does. What it throws ends the pass. */
  begin?(planned: readonly Planned<Job, Result>[]): void
  /** The result of a job that ran. */
  settle(planned: Planned<Job, Result>, value: Value): Result
  /** The result of a job that could not be run to its end. */
  fail(planned: Planned<Job, Result>, error: NoisemillError): Result
  /** The error of a failed result. */
  failureOf(result: Result): NoisemillError | undefined
}

export interface TaskDefinition<Item, Job, Value, Result, L extends Lane> {
  readonly lane: L
  /** For the lane 'module': what the worker is to call. */
  readonly call?: ModuleCall
  start(): TaskRun<Item, Job, Value, Result>
}

/** A function of a module, and what its threads share. */
export interface ModuleCall {
  readonly url: string
  readonly name: string
  /** Exported function that is called once a thread, before the first item. */
  readonly setup: string | undefined
  /** What `setup` gets; without it, the second argument of the function itself. */
  readonly data: unknown
}

const definition = Symbol('noisemill.task')

/**
 * A task that a Pool can run over items. Made by `noiseTask` ('files') and `moduleTask` ('module').
 *
 * @example
 * import { type FileItem, type FileResult, noiseTask, Pool, type Task } from 'noisemill'
 *
 * const task: Task<FileItem, FileResult, 'files'> = noiseTask({ out: 'noisy', snr: 10 })
 * await using pool = new Pool()
 * console.log((await pool.map(task, ['speech/a.wav'])).length) // -> 1
 */
export interface Task<Item, Result, L extends Lane = Lane> {
  /** @internal */
  readonly [definition]: TaskDefinition<Item, unknown, unknown, Result, L>
}

export function defineTask<Item, Job, Value, Result, L extends Lane>(
  parts: TaskDefinition<Item, Job, Value, Result, L>,
): Task<Item, Result, L> {
  return Object.freeze({ [definition]: parts as TaskDefinition<Item, unknown, unknown, Result, L> })
}

export function definitionOf<Item, Result, L extends Lane>(
  task: Task<Item, Result, L>,
): TaskDefinition<Item, unknown, unknown, Result, L> | undefined {
  return typeof task === 'object' && task !== null ? task[definition] : undefined
}

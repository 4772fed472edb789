/** The entries that a run plans and sends together, with their outcomes until the consumer takes them. */

import type { Planned } from '../task.js'

/** How far an entry is. */
export const State = {
  /** Its job has not ended. */
  waiting: 0,
  /** The entry has the value of its job. */
  value: 1,
  /** The entry has a result, because its job failed or it needed none. */
  result: 2,
} as const

/** One job, or one result that needs no job, within a run. */
export class Batch<Job, Result> {
  readonly planned: Planned<Job, Result>[] = []
  /** For each entry, its value or its result, according to its state. */
  readonly values: unknown[] = []
  readonly states: number[] = []
  #jobs: Job[] = []
  /**
   * The entry of each job, if some entries have no job; otherwise a job has the index of its entry.
   */
  #entries: number[] | undefined
  /** Bytes of memory that the items of the entries occupy; undefined if none has any. */
  #weights: number[] | undefined
  /** Whether no more entries are added. */
  isComplete = false

  get length(): number {
    return this.planned.length
  }

  /** How many jobs were added and not yet taken by `takeJobs`. */
  get jobCount(): number {
    return this.#jobs.length
  }

  /**
   * Returns the jobs, once. Their chunk has them from then on, so that they do not stay in memory
   * until the consumer has taken all entries.
   */
  takeJobs(): Job[] {
    const jobs = this.#jobs
    this.#jobs = []
    return jobs
  }

  /** Keeps the jobs for which `isKept` returns true, by their places. The others will not be taken. */
  keepJobs(isKept: (job: number) => boolean): void {
    this.#entries = (this.#entries ?? [...this.#jobs.keys()]).filter((_, job) => isKept(job))
    this.#jobs = this.#jobs.filter((_, job) => isKept(job))
  }

  /** @param weight bytes of memory that the entry's item occupies */
  add(planned: Planned<Job, Result>, weight: number): void {
    const at = this.planned.push(planned) - 1
    if (weight > 0) {
      this.#weights ??= []
      this.#weights[at] = weight
    }
    if ('result' in planned) {
      this.#entries ??= this.#jobs.map((_, i) => i)
      this.values.push(planned.result)
      this.states.push(State.result)
      return
    }
    this.#entries?.push(at)
    this.values.push(undefined)
    this.states.push(State.waiting)
    this.#jobs.push(planned.job as Job)
  }

  /** Returns the entry of a job. */
  entryOf(job: number): number {
    return this.#entries === undefined ? job : this.#entries[job]
  }

  /** Whether the jobs have the indexes of their entries. */
  get hasOnlyJobs(): boolean {
    return this.#entries === undefined
  }

  /** Returns the entries that have jobs. The consumer may have taken others already. */
  plannedJobs(): readonly Planned<Job, Result>[] {
    return this.#entries === undefined ? this.planned : this.#entries.map((entry) => this.planned[entry])
  }

  /** Returns the weight of all entries from `from` to before `to`. */
  weightOf(from: number, to: number): number {
    let sum = 0
    if (this.#weights !== undefined) for (let i = from; i < to; i++) sum += this.#weights[i] ?? 0
    return sum
  }

  /** Forgets the items of entries that have ended, if only their values are wanted. */
  forgetItems(from: number, to: number): void {
    this.planned.fill(NOTHING, from, to)
  }

  /**
   * Forgets an entry that was taken. Its memory is free when its chunk has returned, before that of
   * the batch.
   */
  forget(entry: number): void {
    this.planned[entry] = NOTHING
    this.values[entry] = undefined
  }
}

const NOTHING: Planned<never, never> = Object.freeze({})

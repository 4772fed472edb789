/** Keeps track of the jobs of a chunk that are not settled yet. */

import type { NoisemillError } from '../errors.js'
import type { Outcome } from './backend.js'

/** Receives the outcomes of jobs, as `Chunk` does. */
export interface Report {
  settle(index: number, outcome: Outcome<unknown>): void
  settleRange(first: number, values: ArrayLike<unknown>): void
}

/** The unsettled jobs of a chunk. Only the first outcome of each job is passed on. */
export class Unsettled {
  readonly #isSettled: Uint8Array
  readonly #report: Report
  #left: number
  #end = () => {}
  /** Resolves when all jobs are settled. */
  readonly ended: Promise<void>

  constructor(jobs: number, report: Report) {
    this.#isSettled = new Uint8Array(jobs)
    this.#report = report
    this.#left = jobs
    this.ended = new Promise((resolve) => {
      this.#end = resolve
    })
  }

  /** Number of jobs that are not settled. */
  get left(): number {
    return this.#left
  }

  /** Settles a job. Does nothing if the job is settled already, or if no job has this index. */
  settle(index: number, outcome: Outcome<unknown>): void {
    if (this.#isSettled[index] !== 0) return
    this.#isSettled[index] = 1
    this.#left--
    this.#report.settle(index, outcome)
    if (this.#left === 0) this.#end()
  }

  /** Settles jobs that follow each other with their values. */
  settleRange(first: number, values: ArrayLike<unknown>): void {
    const end = first + values.length
    if (!this.#isUnsettled(first, end)) {
      for (let i = 0; i < values.length; i++) this.settle(first + i, { value: values[i] })
      return
    }
    this.#isSettled.fill(1, first, end)
    this.#left -= values.length
    this.#report.settleRange(first, values)
    if (this.#left === 0) this.#end()
  }

  /** Whether these are indexes of jobs, none of which is settled. */
  #isUnsettled(first: number, end: number): boolean {
    if (!Number.isInteger(first) || first < 0 || end > this.#isSettled.length) return false
    for (let index = first; index < end; index++) if (this.#isSettled[index] !== 0) return false
    return true
  }

  /** Settles all remaining jobs with an error. */
  failRest(error: NoisemillError): void {
    for (let index = 0; this.#left > 0; index++) this.settle(index, { error })
  }
}

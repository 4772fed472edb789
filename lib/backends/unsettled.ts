/** Keeps track of the jobs of a chunk that are not settled yet. */

import type { NoisemillError } from '../errors.js'
import type { Outcome } from './backend.js'

/** The unsettled jobs of a chunk. Only the first outcome of each job is passed on. */
export class Unsettled {
  readonly #isSettled: Uint8Array
  readonly #report: (index: number, outcome: Outcome<unknown>) => void
  #left: number
  #end = () => {}
  /** Resolves when all jobs are settled. */
  readonly ended: Promise<void>

  constructor(jobs: number, report: (index: number, outcome: Outcome<unknown>) => void) {
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
    this.#report(index, outcome)
    if (this.#left === 0) this.#end()
  }

  /** Settles all remaining jobs with an error. */
  failRest(error: NoisemillError): void {
    for (let index = 0; this.#left > 0; index++) this.settle(index, { error })
  }
}

/** What is left of a chunk. */

import type { NoisemillError } from '../errors.js'
import type { Outcome } from './backend.js'

/** The jobs of a chunk that are not settled yet: each is told once, whoever settles it. */
export class Unsettled {
  readonly #isSettled: Uint8Array
  readonly #tell: (index: number, outcome: Outcome<unknown>) => void
  #left: number
  #end = () => {}
  /** Resolves once none is left. */
  readonly ended: Promise<void>

  constructor(jobs: number, tell: (index: number, outcome: Outcome<unknown>) => void) {
    this.#isSettled = new Uint8Array(jobs)
    this.#tell = tell
    this.#left = jobs
    this.ended = new Promise((resolve) => {
      this.#end = resolve
    })
  }

  /** How many are left. */
  get left(): number {
    return this.#left
  }

  /** Does nothing for a job that is settled already, or for a number that no job has. */
  settle(index: number, outcome: Outcome<unknown>): void {
    if (this.#isSettled[index] !== 0) return
    this.#isSettled[index] = 1
    this.#left--
    this.#tell(index, outcome)
    if (this.#left === 0) this.#end()
  }

  /** Fails all that are left. */
  failRest(error: NoisemillError): void {
    for (let index = 0; this.#left > 0; index++) this.settle(index, { error })
  }
}

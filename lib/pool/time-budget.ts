/**
 * Limits how long a run occupies the JS thread before the event loop serves timers, sockets and
 * files.
 */

import { setImmediate } from 'node:timers/promises'

/** Long enough to make progress, and too short for the users of a server to notice the delay. */
const MAX_MILLISECONDS = 4

export class TimeBudget {
  #began = performance.now()

  /** Starts the budget again. Call it when work continues after it has waited for something. */
  restart(): void {
    this.#began = performance.now()
  }

  get isSpent(): boolean {
    return performance.now() - this.#began > MAX_MILLISECONDS
  }

  /** Lets the event loop serve timers, sockets and files, then starts the budget again. */
  async yield(): Promise<void> {
    await setImmediate()
    this.restart()
  }
}

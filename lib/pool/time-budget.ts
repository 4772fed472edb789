/**
 * Limits how long a run occupies the JS thread before the event loop serves timers, sockets and
 * files.
 */

import { setImmediate } from 'node:timers/promises'

/** Long enough to make progress, and too short for the users of a server to notice the delay. */
const MAX_MILLISECONDS = 3

/**
 * It begins anew only after a turn of the event loop. To wait for a promise is not enough: promises
 * of the same run can resolve each other for a long time without such a turn.
 */
export class TimeBudget {
  #began = performance.now()

  get isSpent(): boolean {
    return performance.now() - this.#began > MAX_MILLISECONDS
  }

  /** Lets the event loop serve timers, sockets and files, then starts the budget again. */
  async yield(): Promise<void> {
    await setImmediate()
    this.#began = performance.now()
  }
}

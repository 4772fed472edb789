/** One stretch of work on the JS thread, which others wait for. */

import { setImmediate } from 'node:timers/promises'

/** Long enough to get on, short beside what a server's other users would notice. */
const MAX_MILLISECONDS = 4

export class Turn {
  #began = performance.now()

  /** To be called where the work goes on after it has waited for something. */
  begin(): void {
    this.#began = performance.now()
  }

  get isLong(): boolean {
    return performance.now() - this.#began > MAX_MILLISECONDS
  }

  /** Lets timers, sockets and files have their turn. */
  async end(): Promise<void> {
    await setImmediate()
    this.begin()
  }
}

/** Waits for the teardowns of users' functions, which may never end. */

import { warnProcess } from '../warnings.js'
import { within } from './within.js'

/** Teardowns that have not ended. */
export class Teardowns {
  readonly #pending = new Set<Promise<void>>()

  /** @param teardown promise that never rejects */
  add(teardown: Promise<void>): void {
    const pending: Promise<void> = teardown.then(() => {
      this.#pending.delete(pending)
    })
    this.#pending.add(pending)
  }

  async ended(): Promise<void> {
    await Promise.all(this.#pending)
  }
}

/** Longest wait for teardowns before their thread is ended. */
const TEARDOWN_MILLISECONDS = 5000

/** Waits for teardowns, but not for ever. */
export const awaitTeardowns = (ended: Promise<void>): Promise<void> =>
  within(TEARDOWN_MILLISECONDS, ended, () =>
    warnOfTeardown(`a teardown did not end within ${TEARDOWN_MILLISECONDS / 1000} s`),
  )

/** @param what what a teardown did, in words */
export const warnOfTeardown = (what: string): void => warnProcess('W_TEARDOWN_FAILED', what)

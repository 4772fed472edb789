/** Waits for the teardowns of users' functions, which may never end. */

import { warnProcess } from '../warnings.js'

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

/** Resolves to whether a promise settles within some time. Rejects if it rejects by then. */
export async function within(ended: Promise<unknown>, milliseconds: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), milliseconds)
  })
  try {
    return await Promise.race([ended.then(() => true), late])
  } finally {
    clearTimeout(timer)
  }
}

/** Waits for teardowns, but not for ever. */
export async function awaitTeardowns(ended: Promise<unknown>): Promise<void> {
  if (await within(ended, TEARDOWN_MILLISECONDS)) return
  warnOfTeardown(`a teardown did not end within ${TEARDOWN_MILLISECONDS / 1000} s`)
}

/** @param what what a teardown did, in words */
export const warnOfTeardown = (what: string): void => warnProcess('W_TEARDOWN_FAILED', what)

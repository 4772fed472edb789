/** Waits for events elsewhere, without a time limit of its own. */

import { setImmediate, setTimeout } from 'node:timers/promises'
import { hasEnded, type Running } from './programs.js'

/**
 * Resolves once the condition is met. The limit is that of the test, or of the child process that it waits for: if the child ends
 * first, this throws.
 */
export async function until(condition: () => boolean | Promise<boolean>, running?: Running): Promise<void> {
  while (!(await condition())) {
    if (running && hasEnded(running)) throw new Error('the child process ended before')
    await setTimeout(1)
  }
}

/**
 * Makes attempts with more and more work until one is in time, which is any that does not give undefined. On a busy machine
 * this process may be late: when it has read the first line of a run, and sends its signal, the run may be done. Or what
 * is measured may have waited for a CPU.
 *
 * @param count how much work the first attempt has
 */
export async function inTime<T>(count: number, attempt: (count: number) => Promise<T | undefined>): Promise<T> {
  for (const factor of [1, 2, 4, 8, 16]) {
    const outcome = await attempt(factor * count)
    if (outcome !== undefined) return outcome
  }
  throw new Error('every attempt was too late')
}

/** Waits for some turns of the event loop. */
export async function turns(count = 50): Promise<void> {
  for (let turn = 0; turn < count; turn++) await setImmediate()
}

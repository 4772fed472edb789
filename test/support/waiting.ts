/** Waits for events elsewhere, without a time limit of its own. */

import { setImmediate, setTimeout } from 'node:timers/promises'
import type { Running } from './programs.js'

/**
 * Resolves once the condition is met. The limit is that of the test, or of the child process that it waits for: if the child ends
 * first, this throws.
 */
export async function until(condition: () => boolean, running?: Running): Promise<void> {
  while (!condition()) {
    if (running && (running.child.exitCode !== null || running.child.signalCode !== null))
      throw new Error('the child process ended before')
    await setTimeout(1)
  }
}

/** Waits for some turns of the event loop. */
export async function turns(count = 50): Promise<void> {
  for (let turn = 0; turn < count; turn++) await setImmediate()
}

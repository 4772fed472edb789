/** Jobs in C++ on the libuv thread pool, off the JS thread. */

import { getSystemErrorName } from 'node:util'
import type { EtlOutcome } from '../core/etl.js'
import type { Addon, NativeOutcome } from './addon.js'
import type { FileBackend } from './backend.js'
import { Slots } from './slots.js'

/** What cancels the batches that are under way. */
const underWay = new Set<() => void>()
// Node waits for what is on the libuv pool before it exits: let that be soon, and leave no temporary file.
process.once('exit', () => {
  for (const cancel of underWay) cancel()
})

export function nativeBackend(addon: Addon, size: number): FileBackend {
  const slots = new Slots(size)
  return {
    name: 'native',
    execute: (jobs, cancellation, settle) =>
      slots.run(cancellation, async () => {
        const flag = addon.createCancel()
        const cancel = () => addon.cancel(flag)
        const forget = cancellation.onCancel(cancel)
        underWay.add(cancel)
        try {
          return await addon.runBatch(jobs, flag, (index, outcome) => settle(index, { value: named(outcome) }))
        } finally {
          underWay.delete(cancel)
          forget()
        }
      }),
  }
}

/** The outcome with the system's name for its fault in the place of its number. */
function named(outcome: NativeOutcome): EtlOutcome {
  if ('figures' in outcome) return outcome
  const { code, detail, errno } = outcome.failure
  return { failure: { code, detail, errno: errno === 0 ? '' : getSystemErrorName(errno) } }
}

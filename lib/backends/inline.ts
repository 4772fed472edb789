/** The plain loop: one job after the other on the calling thread. The baseline, and blind to everything else meanwhile. */

import { setImmediate } from 'node:timers/promises'
import { runEtl } from '../core/etl.js'
import type { Kernels } from '../core/kernels.js'
import { NoisemillError } from '../errors.js'
import type { ModuleCall } from '../pool/task.js'
import type { Execute, FileBackend } from './backend.js'
import { callWith, loadCall } from './calls.js'
import { asError } from './messages.js'
import { Slots } from './slots.js'

export function inlineBackend(kernels: Kernels): FileBackend {
  const slots = new Slots(1)
  return {
    name: 'inline',
    execute: (jobs, cancellation, settle) =>
      slots.run(cancellation, async () => {
        let milliseconds = 0
        for (const [index, job] of jobs.entries()) {
          const started = performance.now()
          settle(index, { value: runEtl(job, () => cancellation.isCancelled, kernels) })
          milliseconds += performance.now() - started
          // Between files others have their turn, or nothing could ever cancel.
          await setImmediate()
        }
        return milliseconds
      }),
  }
}

/** A user's function on the calling thread. */
export function inlineCalls(call: ModuleCall): Execute<unknown, unknown> {
  const slots = new Slots(1)
  const loading = loadCall(call)
  // Its failure is told with the first item.
  loading.catch(() => {})
  return (items, cancellation, settle) =>
    slots.run(cancellation, async () => {
      const started = performance.now()
      for (const [index, item] of items.entries()) {
        if (cancellation.isCancelled) {
          settle(index, { error: new NoisemillError('E_CANCELLED') })
          continue
        }
        const outcome = await callWith(loading, item)
        settle(index, 'value' in outcome ? outcome : { error: asError(outcome.failure) })
        await setImmediate()
      }
      return performance.now() - started
    })
}

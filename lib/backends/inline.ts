/** The plain loop: one job after the other on the calling thread. The baseline, and blind to everything else meanwhile. */

import { setImmediate } from 'node:timers/promises'
import { type IsCancelled, runEtl } from '../core/etl.js'
import type { Kernels } from '../core/kernels.js'
import { runSlice } from '../core/slice.js'
import { NoisemillError } from '../errors.js'
import type { ModuleCall } from '../task.js'
import type { Backend, Execute } from './backend.js'
import { callWith, loadCall } from './calls.js'
import { asError } from './messages.js'
import { Slots } from './slots.js'

export function inlineBackend(kernels: Kernels): Backend {
  const slots = new Slots(1)
  const oneByOne =
    <Job, Value>(work: (job: Job, isCancelled: IsCancelled) => Value): Execute<Job, Value> =>
    (jobs, cancellation, settle) =>
      slots.run(cancellation, async () => {
        let milliseconds = 0
        for (const [index, job] of jobs.entries()) {
          const started = performance.now()
          settle(index, { value: work(job, () => cancellation.isCancelled) })
          milliseconds += performance.now() - started
          // Between jobs others have their turn, or nothing could ever cancel.
          await setImmediate()
        }
        return milliseconds
      })
  return {
    name: 'inline',
    files: oneByOne((job, isCancelled) => runEtl(job, isCancelled, kernels)),
    slices: oneByOne((job, isCancelled) => ({ outcome: runSlice(job, isCancelled, kernels), bytes: job.bytes })),
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

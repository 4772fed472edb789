/** The task that adds noise to slices of samples in memory. */

import type { SettledSlice, SliceJob } from '../core/slice.js'
import type { PartTally } from '../core/transform.js'
import type { ErrorCode } from '../error-codes.js'
import { NoisemillError } from '../errors.js'
import { defineTask, type Task } from '../task.js'

interface DoneSlice {
  readonly bytes: Uint8Array
  readonly tally: PartTally
}

/** Adds noise to slices. The pool throws the error of the first slice that fails. */
export const sliceTask: Task<SliceJob, DoneSlice | NoisemillError, DoneSlice> = defineTask({
  work: { kind: 'slices' },
  errors: 'throw',
  endsWhenCancelled: true,
  givesValues: false,
  start: () => ({
    copies: 1,
    weigh: ({ bytes }) => bytes.length,
    plan: (job) => ({ job }),
    record(_planned, { outcome }: SettledSlice) {
      if ('tally' in outcome) return undefined
      const { code, detail, cause } = outcome.failure
      return new NoisemillError(code as ErrorCode, { ...(detail === '' ? {} : { received: detail }), cause })
    },
    result: (_planned, { outcome, bytes }) => ({ bytes, tally: (outcome as { readonly tally: PartTally }).tally }),
    fail: (_planned, error) => error,
    failureOf: (result) => (result instanceof NoisemillError ? result : undefined),
  }),
})

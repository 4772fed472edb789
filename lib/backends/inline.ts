/**
 * The backend 'inline', which runs one job after the other on the calling thread. It is the
 * baseline of benchmarks.
 */

import { setImmediate } from 'node:timers/promises'
import { runEtl } from '../core/etl.js'
import type { Kernels } from '../core/kernels.js'
import { runSlice } from '../core/slice.js'
import { NoisemillError } from '../errors.js'
import type { ModuleCall } from '../task.js'
import type { Backend, Chunk, ChunkFigures, Outcome } from './backend.js'
import { type Call, invoke, loadCall, loadFailure } from './calls.js'
import { copyOf, refusalOf } from './crossing.js'
import { asError } from './messages.js'
import { settleRange } from './settling.js'
import { Slots } from './slots.js'
import { type Report, Unsettled } from './unsettled.js'

/** How the jobs of a chunk are run. */
interface ChunkWork {
  /**
   * The slots that chunks of the same kind or function share, so that they run one after the other.
   */
  readonly slots: Slots
  readonly run: (index: number) => Outcome<unknown> | Promise<Outcome<unknown>>
}

export function inlineBackend(kernels: Kernels): Backend {
  const noiseSlots = new Slots(1)
  const functions = new WeakMap<ModuleCall, InlineFunction>()
  const inProgress = new Set<Unsettled>()

  function functionOf(call: ModuleCall): InlineFunction {
    const known = functions.get(call) ?? new InlineFunction(call)
    functions.set(call, known)
    return known
  }

  function workOf(chunk: Chunk): ChunkWork {
    const isCancelled = () => chunk.cancellation.isCancelled
    switch (chunk.kind) {
      case 'files':
        return { slots: noiseSlots, run: (index) => ({ value: runEtl(chunk.jobs[index], isCancelled, kernels) }) }
      case 'slices':
        return {
          slots: noiseSlots,
          run: (index) => {
            const job = chunk.jobs[index]
            return { value: { outcome: runSlice(job, isCancelled, kernels), bytes: job.bytes } }
          },
        }
      case 'calls': {
        const known = functionOf(chunk.call)
        return { slots: known.slots, run: (index) => known.run(chunk.jobs[index]) }
      }
    }
  }

  return {
    name: 'inline',
    threads: 1,
    async execute(chunk) {
      const jobs = new Unsettled(chunk.jobs.length, reportTo(chunk))
      inProgress.add(jobs)
      try {
        return await runEach(chunk, jobs, workOf(chunk))
      } finally {
        inProgress.delete(jobs)
      }
    },
    async close() {
      for (const jobs of inProgress) jobs.failRest(new NoisemillError('E_POOL_TERMINATED'))
    },
  }
}

const reportTo = (chunk: Chunk): Report => ({
  settle: (index, outcome) => chunk.settle(index, outcome as never),
  settleRange: (first, values) => settleRange(chunk, first, values),
})

async function runEach(chunk: Chunk, jobs: Unsettled, { slots, run }: ChunkWork): Promise<ChunkFigures> {
  let milliseconds = 0
  const each = slots.run(chunk.cancellation, async () => {
    for (const index of chunk.jobs.keys()) {
      if (chunk.cancellation.isCancelled) jobs.failRest(new NoisemillError('E_CANCELLED'))
      if (jobs.left === 0) return
      const started = performance.now()
      const outcome = await run(index)
      milliseconds += performance.now() - started
      jobs.settle(index, outcome)
      // The event loop has its turn between jobs, because otherwise nothing could cancel them.
      await setImmediate()
    }
  })
  // A function may never return. `close` settles its jobs, and the chunk then ends without it.
  await Promise.race([each, jobs.ended])
  return { milliseconds }
}

/**
 * A user's function on the calling thread. Arguments and results are copied as for other threads,
 * so that a task behaves the same on every backend, and a function cannot change the caller's
 * values.
 */
class InlineFunction {
  readonly slots = new Slots(1)
  readonly #loading: Promise<Call> | undefined
  /** The error if `data` cannot be copied. */
  readonly #refused: NoisemillError | undefined

  constructor(call: ModuleCall) {
    const data = copied('data', call.data)
    if ('error' in data) this.#refused = data.error
    else {
      this.#loading = loadCall({ ...call, data: data.value })
      // `run` awaits it and reports a failure with the first item.
      this.#loading.catch(() => {})
    }
  }

  async run(item: unknown): Promise<Outcome<unknown>> {
    if (this.#loading === undefined) return { error: this.#refused! }
    const own = copied('item', item)
    if ('error' in own) return own
    let call: Call
    try {
      call = await this.#loading
    } catch (thrown) {
      return { error: asError(loadFailure(thrown)) }
    }
    const outcome = await invoke(call, own.value)
    if ('failure' in outcome) return { error: asError(outcome.failure) }
    const result = copied('result', outcome.value)
    return 'error' in result ? result : { ...result, ...(outcome.lost !== undefined && { lost: outcome.lost }) }
  }
}

function copied(name: string, value: unknown): Outcome<unknown> {
  try {
    return { value: copyOf(value) }
  } catch (error) {
    return { error: new NoisemillError('E_NOT_CLONEABLE', { received: refusalOf(name, value, error) }) }
  }
}

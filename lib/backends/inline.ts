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
import { type Crossing, type Transfer, transferred, trimmed } from './buffers.js'
import { type Call, type CallOptions, Calls, loadCall, loadFailure, tearDown } from './calls.js'
import { copyOf, refusalOf } from './crossing.js'
import { LoadedFunctions, type PoolFunction, PoolFunctions } from './functions.js'
import { Histogram } from './histogram.js'
import { asError } from './messages.js'
import { settleRange } from './settling.js'
import { Slots } from './slots.js'
import { awaitTeardowns, Teardowns, warnOfTeardown } from './teardown.js'
import { type Report, Unsettled } from './unsettled.js'

/** How the jobs of a chunk are run. */
interface ChunkWork {
  /** The slots that jobs of the same kind or function share. */
  readonly slots: Slots
  /** Most jobs that are in progress at the same time. */
  readonly concurrency: number
  readonly run: (index: number) => Outcome<unknown> | Promise<Outcome<unknown>>
  /** Tells jobs in progress that they are no longer wanted. */
  readonly abort?: () => void
}

export function inlineBackend(kernels: Kernels): Backend {
  const noiseSlots = new Slots()
  // Made here, because a loaded function holds it, and all that its scope has.
  const kernelsOfThread = () => kernels
  const functions = new PoolFunctions({
    collected: release,
    begun: () => {
      for (const own of loaded.evict()) release(own)
    },
  })
  const loaded = new LoadedFunctions()
  const inlineFunctions = new Map<PoolFunction, InlineFunction>()
  const inProgress = new Set<Unsettled>()
  const teardowns = new Teardowns()

  function functionOf(own: PoolFunction, call: ModuleCall): InlineFunction {
    loaded.use(own)
    const failed = () => {
      own.hasFailed = true
    }
    const known = inlineFunctions.get(own) ?? new InlineFunction(call, kernelsOfThread, failed)
    inlineFunctions.set(own, known)
    return known
  }

  function release(own: PoolFunction): void {
    loaded.delete(own)
    const known = inlineFunctions.get(own)
    inlineFunctions.delete(own)
    if (known !== undefined) teardowns.add(known.tearDown())
  }

  function workOf(chunk: Chunk, own: PoolFunction | undefined): ChunkWork {
    const isCancelled = () => chunk.cancellation.isCancelled
    switch (chunk.kind) {
      case 'files':
        return {
          slots: noiseSlots,
          concurrency: 1,
          run: (index) => ({ value: runEtl(chunk.jobs[index], isCancelled, kernels) }),
        }
      case 'slices':
        return {
          slots: noiseSlots,
          concurrency: 1,
          run: (index) => {
            const job = chunk.jobs[index]
            return { value: { outcome: runSlice(job, isCancelled, kernels), bytes: job.bytes } }
          },
        }
      case 'calls': {
        const known = functionOf(own!, chunk.call)
        const { concurrency = 1, attempt = 1, timeout } = chunk
        const calls = new InlineCalls(known, { attempt, timeout })
        return {
          slots: known.slots,
          concurrency,
          run: (index) => calls.run(chunk.jobs[index]),
          abort: () => calls.abort(),
        }
      }
    }
  }

  return {
    name: 'inline',
    threads: 1,
    // A chunk costs no message, and its results reach the consumer when it has ended.
    chunkLimits: { milliseconds: 10, most: 256 },
    async execute(chunk) {
      const jobs = new Unsettled(chunk.jobs.length, reportTo(chunk))
      const own = chunk.kind === 'calls' ? functions.begin(chunk) : undefined
      inProgress.add(jobs)
      try {
        return await runEach(chunk, jobs, workOf(chunk, own))
      } finally {
        inProgress.delete(jobs)
        if (own !== undefined) own.chunks--
      }
    },
    async close({ force = false, signal } = {}) {
      const isWorking = inProgress.size > 0
      for (const jobs of inProgress) jobs.failRest(new NoisemillError('E_POOL_TERMINATED'))
      if (force || isWorking) {
        // Otherwise teardowns would be called when the garbage collector finds their tasks.
        inlineFunctions.clear()
        return
      }
      for (const own of inlineFunctions.keys()) release(own)
      const forced = new Promise<void>((resolve) => {
        signal?.addEventListener('abort', () => resolve())
      })
      await awaitTeardowns(Promise.race([teardowns.ended(), forced]))
    },
  }
}

const reportTo = (chunk: Chunk): Report => ({
  settle: (index, outcome) => chunk.settle(index, outcome as never),
  settleRange: (first, values) => settleRange(chunk, first, values),
})

async function runEach(
  chunk: Chunk,
  jobs: Unsettled,
  { slots, concurrency, run, abort }: ChunkWork,
): Promise<ChunkFigures> {
  const sent = performance.now()
  const times = new Histogram()
  let queued: number | null = null
  let next = 0
  const runNext = async () => {
    if (next === chunk.jobs.length || jobs.left === 0 || chunk.cancellation.isCancelled) return
    const index = next++
    const started = performance.now()
    queued ??= started - sent
    const outcome = await run(index)
    times.add(performance.now() - started)
    jobs.settle(index, outcome)
    // The event loop has its turn between jobs, because otherwise nothing could cancel them.
    await setImmediate()
  }
  const runSome = async () => {
    while (next < chunk.jobs.length && jobs.left > 0 && !chunk.cancellation.isCancelled)
      // A function may never return. Its job is settled when it is given up, and its slot is free.
      await slots.run(concurrency, chunk.cancellation, () => Promise.race([runNext(), jobs.ended]))
  }
  let timer: NodeJS.Timeout | undefined
  const forget = chunk.cancellation.onCancel(() => {
    abort?.()
    const { grace } = chunk.cancellation
    if (grace !== undefined) timer = setTimeout(() => jobs.failRest(new NoisemillError('E_CANCELLED')), grace)
  })
  await Promise.all(Array.from({ length: Math.min(concurrency, chunk.jobs.length) }, runSome))
  if (jobs.left > 0) jobs.failRest(new NoisemillError('E_CANCELLED'))
  forget()
  clearTimeout(timer)
  const details = { queued, posting: null, takenBack: 0, times: [times.take()], shares: null, bytes: null }
  return { milliseconds: details.times[0].total, details }
}

/**
 * A user's function on the calling thread. Arguments and results are copied as for other threads,
 * so that a task behaves the same on every backend, and a function cannot change the caller's
 * values.
 */
class InlineFunction {
  readonly slots = new Slots()
  readonly #loading: Promise<Call> | undefined
  /** The error if `data` cannot be copied. */
  readonly #refused: NoisemillError | undefined

  readonly #transfer: Transfer | undefined
  readonly #hasTeardown: boolean

  readonly #failed: () => void

  /**
   * @param kernels returns those of the thread
   * @param failed called if the function cannot be loaded
   */
  constructor(call: ModuleCall, kernels: () => Kernels, failed: () => void) {
    this.#failed = failed
    this.#hasTeardown = call.teardown !== undefined
    this.#transfer = call.transferItems
    const data = crossed('data', () => ({ value: call.data }))
    if ('error' in data) this.#refused = data.error
    else {
      this.#loading = loadCall({ ...call, data: data.value }, { kernels })
      // `run` awaits it and reports a failure with the first item.
      this.#loading.catch(() => {})
    }
  }

  /** Resolves to the function, or to the error of the calls if it cannot be loaded. */
  async load(): Promise<Call | NoisemillError> {
    if (this.#loading === undefined) return this.#refused!
    try {
      return await this.#loading
    } catch (thrown) {
      this.#failed()
      return asError(loadFailure(thrown))
    }
  }

  /** Returns what crosses of an item. */
  crossing(item: unknown): Crossing {
    return this.#transfer === undefined ? { value: trimmed(item), transfer: [] } : transferred(item, this.#transfer)
  }

  /** Calls the teardown, if there is one and the function was loaded. Never rejects. */
  async tearDown(): Promise<void> {
    // Its setup may never end.
    if (!this.#hasTeardown) return
    const call = await this.#loading?.catch(() => undefined)
    if (call !== undefined) await tearDown(call, warnOfTeardown)
  }
}

/** The calls of a chunk. */
class InlineCalls {
  readonly #function: InlineFunction
  readonly #options: CallOptions
  #calls: Calls | undefined

  constructor(called: InlineFunction, options: CallOptions) {
    this.#function = called
    this.#options = options
  }

  abort(): void {
    this.#calls?.abort()
  }

  async run(item: unknown): Promise<Outcome<unknown>> {
    const own = crossed('item', () => this.#function.crossing(item))
    if ('error' in own) return own
    const call = await this.#function.load()
    if (call instanceof NoisemillError) return { error: call }
    this.#calls ??= new Calls(call, this.#options)
    const outcome = await this.#calls.invoke(own.value)
    if ('failure' in outcome) return { error: asError(outcome.failure) }
    const result = crossed('result', () => outcome)
    return 'error' in result ? result : { ...result, ...(outcome.lost !== undefined && { lost: outcome.lost }) }
  }
}

/** Copies or transfers a value as if it went to another thread. */
function crossed(
  name: string,
  crossing: () => { value: unknown; transfer?: readonly ArrayBuffer[] },
): Outcome<unknown> {
  let value: unknown
  try {
    const prepared = crossing()
    value = prepared.value
    return { value: copyOf(value, prepared.transfer) }
  } catch (error) {
    return { error: new NoisemillError('E_NOT_CLONEABLE', { received: refusalOf(name, value, error) }) }
  }
}

/**
 * The entry of a worker thread. It runs the jobs of one chunk after the other, and posts their
 * outcomes.
 */

import { setImmediate } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { type EtlJob, runEtl } from '../core/etl.js'
import { type Kernels, tsKernels } from '../core/kernels.js'
import { wasmKernels } from '../core/kernels-wasm.js'
import { runSlice, type SliceJob } from '../core/slice.js'
import { type Call, callWith, loadCall } from './calls.js'
import { isCancelled } from './cancellation.js'
import { refusalOf } from './crossing.js'
import type { FromThread, ThreadChunk, ThreadData, ThreadKernels, ThreadOutcome, ToThread } from './messages.js'
import { inheritFiles } from './nesting.js'
import { outputCrossed } from './output.js'
import { packThrown, textOf } from './thrown.js'

/**
 * Outcomes of calls are collected for up to this time and posted together. The time is short,
 * because a consumer may be waiting.
 */
const FLUSH_MILLISECONDS = 10
/**
 * The outcome of an item that took this long is posted at once, because a message costs little
 * compared with that.
 */
const SLOW_MILLISECONDS = 1

const port = parentPort!
const { begun, wasm, files } = workerData as ThreadData
const calls = new Map<number, Promise<Call>>()
inheritFiles(files)

let ownKernels: Kernels | undefined

/**
 * Returns the thread's kernels, which the first file or slice makes. Throws if the caller asked for
 * WebAssembly kernels and they cannot be made.
 */
function kernels(): Kernels {
  ownKernels ??= wasm === undefined ? tsKernels : instanceOf(wasm)
  return ownKernels
}

function instanceOf({ module, isRequired }: ThreadKernels): Kernels {
  try {
    return wasmKernels(module)
  } catch (error) {
    if (isRequired) throw error
    post({ type: 'fallback', reason: textOf(error) })
    return tsKernels
  }
}

const post = (message: FromThread, handedOver: ArrayBuffer[] = []) => port.postMessage(message, handedOver)

/** Posts outcomes. A value that cannot be cloned is replaced by a failure. */
function postSettled(outcomes: [number, ThreadOutcome][]): void {
  try {
    post({ type: 'settled', outcomes })
  } catch (error) {
    if (outcomes.length > 1) {
      for (const outcome of outcomes) postSettled([outcome])
      return
    }
    const [[index, outcome]] = outcomes
    // A failure is plain data and can always be cloned, so this outcome is a value.
    const received = refusalOf('result', 'value' in outcome ? outcome.value : undefined, error)
    post({ type: 'settled', outcomes: [[index, { failure: { code: 'E_NOT_CLONEABLE', received } }]] })
  }
}

function withKernels(run: (own: Kernels) => unknown): ThreadOutcome {
  let own: Kernels
  try {
    own = kernels()
  } catch (error) {
    return { failure: { code: 'E_KERNEL_UNAVAILABLE', received: textOf(error) } }
  }
  return { value: run(own) }
}

function runFiles(jobs: readonly EtlJob[], cancelled: Int32Array): void {
  for (const [index, job] of jobs.entries()) {
    Atomics.store(begun, 0, index)
    const outcome = withKernels((own) => runEtl(job, () => isCancelled(cancelled), own))
    post({ type: 'settled', outcomes: [[index, outcome]] })
  }
}

function runSlices(jobs: readonly SliceJob[], cancelled: Int32Array): void {
  for (const [index, job] of jobs.entries()) {
    Atomics.store(begun, 0, index)
    const { bytes } = job
    const outcome = withKernels((own) => ({ outcome: runSlice(job, () => isCancelled(cancelled), own), bytes }))
    // The bytes came as a copy, because another thread needs the slice if this one dies. On the way
    // back they are transferred.
    post({ type: 'settled', outcomes: [[index, outcome]] }, [bytes.buffer as ArrayBuffer])
  }
}

async function callEach(id: number, items: readonly unknown[], cancelled: Int32Array): Promise<void> {
  let waiting: [number, ThreadOutcome][] = []
  let flushed = performance.now()
  const flush = () => {
    if (waiting.length > 0) postSettled(waiting)
    waiting = []
    flushed = performance.now()
  }
  const timer = setInterval(flush, FLUSH_MILLISECONDS)
  for (const [index, item] of items.entries()) {
    if (isCancelled(cancelled)) break
    Atomics.store(begun, 0, index)
    const started = performance.now()
    const outcome = await callWith(calls.get(id)!, item)
    waiting.push([index, outcome])
    const now = performance.now()
    // After a slow item the next may be slower still, and the timer cannot fire while a function
    // blocks the thread.
    if (now - started >= SLOW_MILLISECONDS || now - flushed >= FLUSH_MILLISECONDS) flush()
  }
  clearInterval(timer)
  flush()
}

function runChunk(chunk: ThreadChunk): void | Promise<void> {
  switch (chunk.kind) {
    case 'files':
      return runFiles(chunk.jobs, chunk.cancelled)
    case 'slices':
      return runSlices(chunk.jobs, chunk.cancelled)
    case 'calls':
      return callEach(chunk.id, chunk.jobs, chunk.cancelled)
  }
}

// An uncaught error is also posted here, because Node itself keeps less of it than packThrown, and
// nothing of a DOMException.
process.on('uncaughtExceptionMonitor', (thrown) => post({ type: 'uncaught', thrown: packThrown(thrown) }))

port.on('message', async (message: ToThread) => {
  if (message.kind === 'module') {
    const call = loadCall(message.call, files)
    // `callWith` awaits it and reports a failure with the first item.
    call.catch(() => {})
    calls.set(message.id, call)
    return
  }
  if (message.kind === 'flush') {
    // Functions may print in callbacks that are still pending in this turn of the event loop. Those
    // run first.
    await setImmediate()
    await outputCrossed()
    post({ type: 'flushed' })
    return
  }
  const started = performance.now()
  await runChunk(message)
  const milliseconds = performance.now() - started
  await outputCrossed()
  post({ type: 'done', milliseconds })
})

post({ type: 'ready' })

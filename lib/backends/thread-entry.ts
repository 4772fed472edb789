/** The entry of a worker thread. It receives loads, and makes the work that they need. */

import { setImmediate } from 'node:timers/promises'
import { getHeapStatistics } from 'node:v8'
import { workerData } from 'node:worker_threads'
import { runEtl } from '../core/etl.js'
import { type Kernels, tsKernels } from '../core/kernels.js'
import { wasmKernels } from '../core/kernels-wasm.js'
import { runSlice } from '../core/slice.js'
import { Calls } from './calls.js'
import { isCancelled } from './cancellation.js'
import { sharedTime } from './clock.js'
import type { FromThread, ThreadData, ThreadKernels, ThreadLoad, ThreadOutcome, ToThread } from './messages.js'
import { inheritFiles } from './nesting.js'
import { outputCrossed } from './output.js'
import { OwnFunctions } from './own-functions.js'
import { markPoolWorker } from './place.js'
import { help, type PassOffer, sharedBy } from './sharing.js'
import { ThreadLoads, type Work } from './thread-loads.js'
import { packThrown, textOf } from './thrown.js'

const { port, claims, wasm, files, weighs } = workerData as ThreadData
// Users' modules can read `workerData`. With the port, a function could post outcomes of other jobs.
for (const name of Object.keys(workerData)) delete workerData[name]
const loads = new ThreadLoads(port, claims, () => (weighs ? weight() : 0))
const functions = new OwnFunctions(files, (what) => post({ type: 'teardownFailed', what }))
inheritFiles(files)
markPoolWorker()

/** Returns the bytes of the thread's heap and buffers. */
function weight(): number {
  const { used_heap_size: heap, external_memory: external } = getHeapStatistics()
  return heap + external
}

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

const post = (message: FromThread) => port.postMessage(message)

function withKernels(run: (own: Kernels) => unknown): ThreadOutcome {
  let own: Kernels
  try {
    own = kernels()
  } catch (error) {
    return { failure: { code: 'E_KERNEL_UNAVAILABLE', received: textOf(error) } }
  }
  return { value: run(own) }
}

/** Helps another thread with its file. Without kernels it cannot. */
function helpWith(offer: PassOffer, helper: number): void {
  withKernels((own) => help(offer, helper, own))
  post({ type: 'helped' })
}

function workOf(given: ThreadLoad): Work {
  switch (given.kind) {
    case 'files': {
      const { jobs, cancelled } = given
      const runParts = sharedBy(cancelled, (offer) => post({ type: 'offer', offer }))
      const run = (index: number) =>
        withKernels((own) => runEtl(jobs[index], () => isCancelled(cancelled), own, runParts))
      return { concurrency: 1, run }
    }
    case 'slices': {
      const { jobs, cancelled } = given
      const run = (index: number) => {
        const { bytes } = jobs[index]
        const outcome = withKernels((own) => ({
          outcome: runSlice(jobs[index], () => isCancelled(cancelled), own),
          bytes,
        }))
        // The bytes came as a copy, because another thread needs the slice if this one dies. On the
        // way back they are transferred.
        return 'value' in outcome ? { ...outcome, transfer: [bytes.buffer as ArrayBuffer] } : outcome
      }
      return { concurrency: 1, run }
    }
    case 'calls': {
      const { jobs, id, concurrency, attempt, timeout, deadlines } = given
      const own = functions.get(id)
      let calls: Calls | undefined
      const run = (index: number) => {
        if (own.call === undefined) return { failure: own.failure! }
        calls ??= new Calls(own.call, { attempt, timeout })
        return calls.invoke(jobs[index])
      }
      const limit = deadlines && { timeout: timeout!, deadlines }
      return { concurrency, run, ready: own.loaded, limit, abort: () => calls?.abort() }
    }
  }
}

// An uncaught error is also posted here, because Node itself keeps less of it than packThrown, and
// nothing of a DOMException.
process.on('uncaughtExceptionMonitor', (thrown) => {
  loads.post()
  post({ type: 'uncaught', thrown: packThrown(thrown) })
})
// What has ended must not be lost if a user's function ends the thread.
process.on('exit', () => loads.post())

port.on('message', async (message: ToThread) => {
  if (message.kind === 'module') {
    loads.timesheet.setup(1)
    await functions.load(message.id, message.call)
    loads.timesheet.setup(-1)
  } else if (message.kind === 'release') functions.release(message.id, message.bytes)
  else if (message.kind === 'abort') loads.abort(message.load)
  else if (message.kind === 'help') helpWith(message.offer, message.helper)
  else if (message.kind === 'flush') {
    if (message.tearsDown) await functions.close()
    // Functions may print in callbacks that are still pending in this turn of the event loop. Those
    // run first.
    await setImmediate()
    await outputCrossed()
    post({ type: 'flushed' })
  } else loads.add(message.load, message.jobs.length, message.claims, workOf(message))
})

post({ type: 'ready', at: sharedTime(loads.timesheet.begin()) })

/** What a worker does: it receives loads, and makes the work that they need. */

import { setImmediate } from 'node:timers/promises'
import { Calls } from './calls.js'
import { sharedTime } from './clock.js'
import type { CpuMeter } from './cpu-use.js'
import type { WorkerLedger } from './ledger.js'
import type { FromWorker, LoadMessage, ThreadKernels, ToWorker } from './messages.js'
import { inheritFiles, type TaskFiles } from './nesting.js'
import { NoiseWork } from './noise-work.js'
import { outputCrossed } from './output.js'
import { OwnFunctions } from './own-functions.js'
import { markPoolWorker } from './place.js'
import type { Port } from './reports.js'
import { packThrown } from './thrown.js'
import { type Work, WorkerLoads } from './worker-loads.js'

/** What a worker is started with. */
export interface Served {
  readonly port: Port & {
    /** Calls a function with each message of the pool. */
    listen(receive: (message: ToWorker) => void): void
  }
  readonly ledger: WorkerLedger
  /** Kernels for files and slices; undefined to use the TypeScript kernels. */
  readonly wasm: ThreadKernels | undefined
  /** Files of task modules, as the thread that started this worker knew them. */
  readonly files: TaskFiles
  /** Whether it reports how many bytes it has. */
  readonly weighs: boolean
  /** Measures its process; undefined if that is the pool's process. */
  readonly meter: CpuMeter | undefined
}

/** Begins to serve the pool. Call it once in a worker. */
export function serve({ port, ledger, wasm, files, weighs, meter }: Served): void {
  const post = (message: FromWorker) => port.post(message, [])
  const loads = new WorkerLoads(port, ledger, () => ({ weight: weighs ? weight() : 0, used: meter?.take() }))
  const noise = new NoiseWork(wasm, post)
  const warn = (what: string) => post({ type: 'teardownFailed', what })
  const functions = new OwnFunctions(files, () => noise.kernels(), warn)
  inheritFiles(files)
  markPoolWorker()

  function workOf(given: LoadMessage): Work {
    if (given.kind === 'files') return noise.files(given)
    if (given.kind === 'slices') return noise.slices(given)
    const { jobs, id, concurrency, attempt, timeout, deadlines } = given
    const own = functions.get(id)
    let calls: Calls | undefined
    const run = (index: number) => {
      if (own.call === undefined) return { failure: own.failure! }
      calls ??= new Calls(own.call, { attempt, timeout })
      return calls.invoke(jobs[index])
    }
    const limit = deadlines === undefined ? undefined : { timeout: timeout!, deadlines: ledger.deadlines(deadlines) }
    return { concurrency, run, ready: own.loaded, limit, abort: () => calls?.abort() }
  }

  async function receive(message: ToWorker): Promise<void> {
    if (message.kind === 'module') {
      loads.timesheet.setup(1)
      await functions.load(message.id, message.call)
      loads.timesheet.setup(-1)
    } else if (message.kind === 'release') functions.release(message.id, message.bytes)
    else if (message.kind === 'abort') loads.abort(message.load)
    else if (message.kind === 'help') noise.help(message.offer, message.helper)
    else if (message.kind === 'flush') {
      if (message.tearsDown) await functions.close()
      // Functions may print in callbacks that are still pending in this turn of the event loop. Those
      // run first.
      await setImmediate()
      await outputCrossed()
      post({ type: 'flushed' })
    } else loads.add(message.load, message.jobs.length, message.at, workOf(message))
  }

  // An uncaught error is also posted here, because Node itself keeps less of it than packThrown, and
  // nothing of a DOMException.
  process.on('uncaughtExceptionMonitor', (thrown) => {
    loads.post()
    post({ type: 'uncaught', thrown: packThrown(thrown) })
  })
  // What has ended must not be lost if a user's function ends the worker.
  process.on('exit', () => loads.post())
  port.listen(receive)
  post({ type: 'ready', at: sharedTime(loads.timesheet.begin()) })
}

/** Returns the bytes of the thread's heap and buffers. */
function weight(): number {
  const { used_heap_size: heap, external_memory: external } = process.getBuiltinModule('node:v8').getHeapStatistics()
  return heap + external
}

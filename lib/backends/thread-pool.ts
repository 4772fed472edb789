/** A pool of worker threads: started as they are needed, replaced when they die, no reason for the process to stay alive. */

import { stat } from 'node:fs'
import { Worker } from 'node:worker_threads'
import { isError, NoisemillError } from '../errors.js'
import { packageFile } from '../package-files.js'
import type { ModuleCall } from '../task.js'
import type { Chunk, ChunkFigures, Outcome } from './backend.js'
import { isNested, loadingFiles } from './calls.js'
import { findRefusal } from './crossing.js'
import { threadsWithRoom } from './descriptors.js'
import {
  asError,
  type FromThread,
  type ThreadChunk,
  type ThreadData,
  type ThreadKernels,
  type ToThread,
} from './messages.js'
import { passOnOutput } from './output.js'
import { type Thrown, unpackThrown } from './thrown.js'

/** Longest wait for the output of a thread that is to end: one in an endless loop never answers. */
const FLUSH_MILLISECONDS = 500

/** A chunk on its way. */
interface Trip {
  readonly chunk: Chunk
  /** Numbers of the jobs that are still to be run. */
  readonly remaining: Set<number>
  readonly settle: (index: number, outcome: Outcome<unknown>) => void
  readonly resolve: (figures: ChunkFigures) => void
  milliseconds: number
  /** Why a result could not be read: then the jobs go one by one, to find whose it was. */
  unreadable: Error | undefined
  /** Whether a thread has died with it before it began a job. */
  hasDiedUnbegun: boolean
  /** Takes back what cancelling would do. */
  forget: () => void
}

interface Thread {
  readonly worker: Worker
  readonly begun: Int32Array
  readonly modules: Set<number>
  isReady: boolean
  trip: Trip | undefined
  /** Numbers of the jobs that it was given, in their order. */
  given: number[]
  /** What ended it, as Node passes it on. */
  failure: { readonly thrown: unknown } | undefined
  /** The last error that nothing caught, as the thread passed it on. A handler of the thread's own may have kept the thread alive. */
  uncaught: Thrown | undefined
  /** Called once what it has printed is there, or it has ended. */
  flushed: () => void
}

/** Flags that a thread from a file must not inherit: they carry a program of their own. */
const EVAL_FLAGS = /^(-e|--eval|-p|--print|-pe|--input-type(=.*)?)$/

function threadFlags(): string[] {
  const flags: string[] = []
  const given = process.execArgv
  for (let i = 0; i < given.length; i++) {
    if (!EVAL_FLAGS.test(given[i])) flags.push(given[i])
    else if (!given[i].startsWith('--input-type=')) i++
  }
  return flags
}

const moduleIds = new WeakMap<ModuleCall, number>()
let lastModuleId = 0

function moduleId(call: ModuleCall): number {
  let id = moduleIds.get(call)
  if (id === undefined) {
    id = ++lastModuleId
    moduleIds.set(call, id)
  }
  return id
}

/** Flags are inherited, and not checked, unless some must be left out; then others may turn out not to be for threads. */
function startWorker(entry: URL, workerData: ThreadData): Worker {
  const options = { workerData, name: 'noisemill' }
  const flags = threadFlags()
  if (flags.length === process.execArgv.length) return new Worker(entry, options)
  try {
    return new Worker(entry, { ...options, execArgv: flags })
  } catch {
    return new Worker(entry, { ...options, execArgv: [] })
  }
}

function causeOfDeath({ failure, uncaught }: Thread, exitCode: number): unknown {
  if (failure === undefined) return new Error(`the thread exited with code ${exitCode}`)
  return uncaught === undefined ? failure.thrown : unpackThrown(uncaught)
}

export class ThreadPool {
  readonly #threads = new Set<Thread>()
  #queue: Trip[] = []
  #isTerminated = false
  #hasToldFallback = false
  #isPrepared = false
  /** How many threads there may be. */
  #most: number
  #shortage: string | undefined

  constructor(
    readonly size: number,
    /** Replaced in tests that need a thread to fail. */
    readonly entry = packageFile('dist/thread-entry.js'),
    readonly wasm: ThreadKernels | undefined = undefined,
  ) {
    this.#most = size
  }

  /** How many jobs it works on at the same time: `size`, or as many as threads can be started. */
  get threads(): number {
    return this.#most
  }

  /** Why they are fewer than `size`, in words, once that is so. */
  get shortage(): string | undefined {
    return this.#shortage
  }

  /** See Backend. */
  execute(chunk: Chunk): Promise<ChunkFigures> {
    return new Promise((resolve) => {
      const trip: Trip = {
        chunk,
        remaining: new Set(chunk.jobs.keys()),
        settle: (index, outcome) => chunk.settle(index, outcome as never),
        resolve,
        milliseconds: 0,
        unreadable: undefined,
        hasDiedUnbegun: false,
        forget: () => {},
      }
      if (this.#isTerminated) {
        this.#failRemaining(trip, new NoisemillError('E_POOL_TERMINATED'))
        return
      }
      if (chunk.kind === 'calls' && isNested(chunk.call.url)) {
        this.#failRemaining(trip, new NoisemillError('E_TASK_NESTED', { received: chunk.call.url }))
        return
      }
      this.#queue.push(trip)
      trip.forget = chunk.cancellation.onCancel(() => {
        const at = this.#queue.indexOf(trip)
        if (at < 0) return
        this.#queue.splice(at, 1)
        this.#failRemaining(trip, new NoisemillError('E_CANCELLED'))
      })
      this.#assign()
    })
  }

  /**
   * Ends all threads, whatever they are at, and starts no more. What they have not settled by the time they have ended is settled as
   * terminated: not before, because until then they write.
   */
  async terminate(): Promise<void> {
    this.#isTerminated = true
    const queued = this.#queue
    this.#queue = []
    for (const trip of queued) this.#failRemaining(trip, new NoisemillError('E_POOL_TERMINATED'))
    await Promise.all(Array.from(this.#threads, (thread) => this.#end(thread)))
  }

  /** Ends a thread after what it has printed is there. Noise prints nothing, and a thread that is busy with it answers late. */
  async #end(thread: Thread): Promise<void> {
    const { worker, trip } = thread
    if (thread.isReady && (trip === undefined || trip.chunk.kind === 'calls')) {
      await new Promise<void>((resolve) => {
        const late = setTimeout(resolve, FLUSH_MILLISECONDS)
        thread.flushed = () => {
          clearTimeout(late)
          resolve()
        }
        worker.postMessage({ kind: 'flush' } satisfies ToThread)
      })
    }
    await worker.terminate()
  }

  /** Before the first thread is started. */
  #prepare(): void {
    this.#isPrepared = true
    // libuv starts its threads at the first call that needs one, and ends the process where it cannot. They are to be there first.
    stat(this.entry, () => {})
    const room = threadsWithRoom(this.size, this.entry)
    if (room < this.size) this.#limit(room, 'too many open files (EMFILE)')
  }

  #limit(threads: number, why: string): void {
    this.#most = threads
    this.#shortage ??= `fewer than ${this.size} worker threads can be started: ${why}`
  }

  #assign(): void {
    while (this.#queue.length > 0) {
      const idle = Array.from(this.#threads).find((thread) => thread.trip === undefined)
      if (idle === undefined && this.#threads.size >= this.#most) return
      const trip = this.#queue.shift()!
      if (trip.chunk.cancellation.isCancelled) {
        this.#failRemaining(trip, new NoisemillError('E_CANCELLED'))
        continue
      }
      let thread = idle
      try {
        thread ??= this.#start()
      } catch (cause) {
        // The system has no room for another, or Node's permission model forbids threads.
        this.#notStarted(trip, cause)
        continue
      }
      this.#give(thread, trip)
    }
  }

  /**
   * The jobs of a thread that could not be started go to the threads that there are. No more threads than these are tried again: each
   * attempt takes from the system what the others may need.
   */
  #notStarted(trip: Trip, cause: unknown): void {
    const threads = this.#threads.size
    if (threads === 0) this.#failRemaining(trip, new NoisemillError('E_WORKER_START', { cause }))
    else {
      this.#limit(threads, isError(cause) ? cause.message : String(cause))
      this.#queue.unshift(trip)
    }
  }

  #start(): Thread {
    if (!this.#isPrepared) this.#prepare()
    const begun = new Int32Array(new SharedArrayBuffer(4))
    const worker = startWorker(this.entry, { begun, wasm: this.wasm, loading: loadingFiles() })
    const thread: Thread = {
      worker,
      begun,
      modules: new Set(),
      isReady: false,
      trip: undefined,
      given: [],
      failure: undefined,
      uncaught: undefined,
      flushed: () => {},
    }
    this.#threads.add(thread)
    passOnOutput(worker)
    worker.on('message', (message: FromThread) => this.#receive(thread, message))
    worker.on('messageerror', (error) => {
      if (thread.trip) thread.trip.unreadable = error
    })
    worker.on('error', (error) => {
      thread.failure = { thrown: error }
    })
    worker.on('exit', (code) => this.#died(thread, code))
    return thread
  }

  #give(thread: Thread, trip: Trip): void {
    thread.trip = trip
    thread.given = trip.unreadable ? [...trip.remaining].slice(0, 1) : [...trip.remaining]
    thread.worker.ref()
    Atomics.store(thread.begun, 0, -1)
    try {
      thread.worker.postMessage(this.#message(thread, trip.chunk))
    } catch (error) {
      this.#release(thread)
      this.#refuse(trip, isError(error) ? error : new Error(String(error)))
    }
  }

  /** The jobs that the thread was given; before them what it needs to know of their function. */
  #message(thread: Thread, chunk: Chunk): ThreadChunk {
    const cancelled = chunk.cancellation.flag
    const jobs = thread.given.map((index) => chunk.jobs[index])
    if (chunk.kind !== 'calls') return { kind: chunk.kind, jobs: jobs as never[], cancelled }
    const { kind, call } = chunk
    const id = moduleId(call)
    if (!thread.modules.has(id)) thread.worker.postMessage({ kind: 'module', id, call } satisfies ToThread)
    thread.modules.add(id)
    return { kind, jobs, id, cancelled }
  }

  /** Something in a chunk could not be cloned: fails those items, and queues the others again. */
  #refuse(trip: Trip, error: Error): void {
    const failure = (received: string) => new NoisemillError('E_NOT_CLONEABLE', { received })
    const ofData = trip.chunk.kind === 'calls' ? findRefusal(trip.chunk.call.data) : undefined
    if (ofData !== undefined) {
      this.#failRemaining(trip, failure(`data${ofData}`))
      return
    }
    const before = trip.remaining.size
    for (const index of trip.remaining) {
      const refusal = findRefusal(trip.chunk.jobs[index])
      if (refusal === undefined) continue
      trip.remaining.delete(index)
      trip.settle(index, { error: failure(`item${refusal}`) })
    }
    // Nothing was found: then nothing would be different the next time.
    if (trip.remaining.size === before) this.#failRemaining(trip, failure(error.message))
    this.#continue(trip)
  }

  #receive(thread: Thread, message: FromThread): void {
    // A user's module may post on the same port; what it says is not for here.
    if (typeof message?.type !== 'string') return
    const { trip } = thread
    if (message.type === 'ready') thread.isReady = true
    if (message.type === 'uncaught') thread.uncaught = message.thrown
    if (message.type === 'flushed') thread.flushed()
    if (message.type === 'fallback') this.#tellFallback(message.reason)
    if (trip === undefined) return
    if (message.type === 'settled') {
      thread.uncaught = undefined
      for (const [at, outcome] of message.outcomes) {
        const index = thread.given[at]
        trip.remaining.delete(index)
        trip.settle(index, 'value' in outcome ? outcome : { error: asError(outcome.failure) })
      }
    } else if (message.type === 'done') {
      trip.milliseconds += message.milliseconds
      this.#release(thread)
      if (trip.unreadable && !trip.chunk.cancellation.isCancelled) {
        if (thread.given.length === 1 && trip.remaining.delete(thread.given[0]))
          trip.settle(thread.given[0], {
            error: new NoisemillError('E_NOT_CLONEABLE', { received: `the result: ${trip.unreadable.message}` }),
          })
        this.#continue(trip)
        return
      }
      this.#failRemaining(trip, new NoisemillError('E_CANCELLED'))
      this.#assign()
    }
  }

  /** A user learns once why noise is slower than it might be. */
  #tellFallback(reason: string): void {
    if (this.#hasToldFallback) return
    this.#hasToldFallback = true
    process.emitWarning(
      `some threads add noise in TypeScript, because they get no wasm kernel: ${reason}`,
      'NoisemillWarning',
    )
  }

  #release(thread: Thread): void {
    thread.trip = undefined
    // A thread that is being ended stays a reason for the process to wait.
    if (!this.#isTerminated) thread.worker.unref()
  }

  #died(thread: Thread, exitCode: number): void {
    if (!this.#threads.delete(thread)) return
    thread.flushed()
    const { trip, given, begun } = thread
    if (trip === undefined) return
    if (this.#isTerminated) {
      this.#failRemaining(trip, new NoisemillError('E_POOL_TERMINATED'))
      return
    }
    const cause = causeOfDeath(thread, exitCode)
    if (!thread.isReady) {
      this.#notStarted(trip, cause)
      this.#assign()
      return
    }
    const index = Atomics.load(begun, 0)
    if (index < 0 && !trip.hasDiedUnbegun) {
      // It may have died of what it did before; a second time it is of what it was given.
      trip.hasDiedUnbegun = true
      this.#continue(trip)
      return
    }
    const victim = given[Math.max(0, index)]
    if (trip.remaining.delete(victim)) {
      trip.settle(victim, { error: new NoisemillError('E_WORKER_DIED', { cause }) })
    }
    this.#continue(trip)
  }

  /** Runs what remains of a trip before all others. */
  #continue(trip: Trip): void {
    if (trip.remaining.size === 0) {
      trip.forget()
      trip.resolve({ milliseconds: trip.milliseconds })
    } else if (this.#isTerminated) this.#failRemaining(trip, new NoisemillError('E_POOL_TERMINATED'))
    else this.#queue.unshift(trip)
    this.#assign()
  }

  #failRemaining(trip: Trip, error: NoisemillError): void {
    trip.forget()
    const failed = [...trip.remaining]
    trip.remaining.clear()
    for (const index of failed) trip.settle(index, { error })
    trip.resolve({ milliseconds: trip.milliseconds })
  }
}

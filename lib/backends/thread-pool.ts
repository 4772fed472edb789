/**
 * A pool of worker threads. It starts threads when they are needed and replaces those that die.
 * Idle threads do not keep the process alive.
 */

import { stat } from 'node:fs'
import type { Worker } from 'node:worker_threads'
import { isError, NoisemillError } from '../errors.js'
import { packageFile } from '../package-files.js'
import type { ModuleCall } from '../task.js'
import { warnProcess } from '../warnings.js'
import type { Chunk, ChunkFigures, Outcome } from './backend.js'
import { findRefusal, refusalOf } from './crossing.js'
import { threadsWithRoom } from './descriptors.js'
import { asError, type FromThread, type ThreadChunk, type ThreadKernels, type ToThread } from './messages.js'
import { isNested, taskFiles } from './nesting.js'
import { passOnOutput } from './output.js'
import { startWorker } from './start-worker.js'
import { type Thrown, textOf, unpackThrown } from './thrown.js'

/**
 * Longest wait for the output of a thread before it is ended. A thread in an endless loop never
 * answers.
 */
const FLUSH_MILLISECONDS = 500

/** A chunk in progress. */
interface Trip {
  readonly chunk: Chunk
  /** Indexes of the jobs that are not settled. */
  readonly remaining: Set<number>
  readonly settle: (index: number, outcome: Outcome<unknown>) => void
  readonly resolve: (figures: ChunkFigures) => void
  milliseconds: number
  /**
   * Why a result could not be read, if one could not. The jobs are then sent one by one, to find
   * the one at fault.
   */
  unreadable: Error | undefined
  /** Whether a thread that had this chunk died before it began a job of it. */
  hasDiedUnbegun: boolean
  /** Removes the cancellation listener. */
  forget: () => void
}

interface Thread {
  readonly worker: Worker
  readonly begun: Int32Array
  readonly modules: Set<number>
  isReady: boolean
  trip: Trip | undefined
  /** Indexes of the jobs that the thread was given, in order. */
  given: number[]
  /** The error that ended the thread, as Node passes it on. */
  failure: { readonly thrown: unknown } | undefined
  /**
   * The last uncaught error, as the thread posted it. The thread lives on if it has a handler for
   * such errors.
   */
  uncaught: Thrown | undefined
  /** Called when everything that the thread has printed has arrived, or when it has ended. */
  flushed: () => void
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

function causeOfDeath({ failure, uncaught }: Thread, exitCode: number): unknown {
  if (failure === undefined) return new Error(`the thread exited with code ${exitCode}`)
  const { thrown } = failure
  const posted = uncaught && unpackThrown(uncaught)
  return uncaught && isSameError(thrown, posted) ? posted : thrown
}

/**
 * Whether the error that the thread posted is the one that Node says ended it. A handler in the
 * thread may have caught the posted one, and something else, such as a lack of memory, ended the
 * thread later. Node passes on some errors without their message.
 */
function isSameError(ended: unknown, posted: unknown): boolean {
  const { code, message } = Object(ended)
  if (typeof code === 'string' && code.startsWith('ERR_WORKER_')) return false
  return typeof message !== 'string' || !isError(posted) || message === posted.message
}

export class ThreadPool {
  readonly #threads = new Set<Thread>()
  #queue: Trip[] = []
  #isTerminated = false
  #hasWarnedOfFallback = false
  #isPrepared = false
  /** The current limit of threads. */
  #most: number
  #shortage: string | undefined

  constructor(
    readonly size: number,
    /** Tests replace it to make threads fail. */
    readonly entry = packageFile('dist/thread-entry.js'),
    readonly wasm: ThreadKernels | undefined = undefined,
  ) {
    this.#most = size
  }

  /**
   * Number of jobs that the pool works on at the same time: `size`, or fewer if the system allows
   * fewer threads.
   */
  get threads(): number {
    return this.#most
  }

  /** Why there are fewer threads than `size`, in words; undefined if there are not. */
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
   * Ends all threads, also those that are working, and starts no more. Unsettled jobs are settled
   * with E_POOL_TERMINATED only when their thread has ended, because it may write files until then.
   */
  async terminate(): Promise<void> {
    this.#isTerminated = true
    const queued = this.#queue
    this.#queue = []
    for (const trip of queued) this.#failRemaining(trip, new NoisemillError('E_POOL_TERMINATED'))
    await Promise.all(Array.from(this.#threads, (thread) => this.#end(thread)))
  }

  /**
   * Ends a thread after its output has arrived. It does not wait for threads that add noise, which
   * print nothing and answer late.
   */
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

  /** Prepares the process for the first thread. */
  #prepare(): void {
    this.#isPrepared = true
    // libuv starts its threads at the first call that needs them, and ends the process if it
    // cannot. This call starts them before worker threads use up the system's limit.
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
        // The system refuses another thread, or Node's permission model forbids threads.
        this.#notStarted(trip, cause)
        continue
      }
      this.#give(thread, trip)
    }
  }

  /**
   * Gives the jobs of a thread that could not be started to the existing threads, or fails the jobs
   * if there are none. The pool does not try to start more threads later, because each attempt uses
   * resources that the existing threads may need.
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
    const worker = startWorker(this.entry, { begun, wasm: this.wasm, files: taskFiles() })
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
      this.#refuse(trip, thread.given, error)
    }
  }

  /**
   * Makes the message with the thread's jobs. If the thread does not know their function yet, it is
   * posted before.
   */
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

  /** Fails those of the given items that cannot be cloned, and queues the others again. */
  #refuse(trip: Trip, given: readonly number[], error: unknown): void {
    const failure = (received: string) => new NoisemillError('E_NOT_CLONEABLE', { received })
    const ofData = trip.chunk.kind === 'calls' ? findRefusal('data', trip.chunk.call.data) : undefined
    if (ofData !== undefined) {
      this.#failRemaining(trip, failure(ofData))
      return
    }
    const before = trip.remaining.size
    for (const index of given) {
      const job = trip.chunk.jobs[index]
      // A single item is at fault itself. Of several, each is copied to find out.
      const refusal = given.length === 1 ? refusalOf('item', job, error) : findRefusal('item', job)
      if (refusal === undefined) continue
      trip.remaining.delete(index)
      trip.settle(index, { error: failure(refusal) })
    }
    // If no item is at fault, another attempt would fail in the same way.
    if (trip.remaining.size === before) this.#failRemaining(trip, failure(textOf(error)))
    this.#continue(trip)
  }

  #receive(thread: Thread, message: FromThread): void {
    // A user's module may post messages on the same port. They are ignored.
    if (typeof message?.type !== 'string') return
    const { trip } = thread
    if (message.type === 'ready') thread.isReady = true
    if (message.type === 'uncaught') thread.uncaught = message.thrown
    if (message.type === 'flushed') thread.flushed()
    if (message.type === 'fallback') this.#warnOfFallback(message.reason)
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
            error: new NoisemillError('E_NOT_CLONEABLE', { received: `result: ${trip.unreadable.message}` }),
          })
        this.#continue(trip)
        return
      }
      this.#failRemaining(trip, new NoisemillError('E_CANCELLED'))
      this.#assign()
    }
  }

  /** Warns once that noise is slower than it could be, and why. */
  #warnOfFallback(reason: string): void {
    if (this.#hasWarnedOfFallback) return
    this.#hasWarnedOfFallback = true
    const what = `some threads add noise in TypeScript, because they cannot load the wasm kernel: ${reason}`
    warnProcess('W_KERNEL_FALLBACK', what)
  }

  #release(thread: Thread): void {
    thread.trip = undefined
    // A thread that is being ended keeps the process alive until it has ended.
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
      // The first time, the cause may be earlier work of the thread. If it happens again, the cause
      // is this chunk.
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

  /**
   * Puts the remaining jobs of a trip at the front of the queue, or ends the trip if none are left.
   */
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

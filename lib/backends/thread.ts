/** A worker thread, as the pool that owns it sees it. */

import { type MessagePort, receiveMessageOnPort, type Worker } from 'node:worker_threads'
import { isError } from '../errors.js'
import type { ModuleCall } from '../task.js'
import { copied } from './buffers.js'
import type { Cancellation } from './cancellation.js'
import { ClaimWords } from './claims.js'
import { LoadedFunctions, type PoolFunction } from './functions.js'
import { type AcceptedChunk, type Jobs, Load } from './load.js'
import type { Done, FromThread, LoadFigures, ThreadKernels, ThreadLoad, ToThread } from './messages.js'
import { taskFiles } from './nesting.js'
import { passOnOutput } from './output.js'
import { packItems } from './packing.js'
import type { PassOffer } from './sharing.js'
import { startWorker } from './start-worker.js'
import { awaitTeardowns, warnOfTeardown } from './teardown.js'
import { type Thrown, unpackThrown } from './thrown.js'
import { within } from './within.js'
import { type WorkerFigures, WorkerTally } from './worker-figures.js'
import type { Recycling, WorkerSettings } from './worker-options.js'

/**
 * Longest wait for the output of a thread before it is ended. A thread in an endless loop never
 * answers.
 */
const FLUSH_MILLISECONDS = 500

/** Most loads of a thread. It needs many only for calls that wait, in small chunks. */
const MAX_LOADS = 16_384

/** A job is slow if it takes this many times as long as usual. */
const SLOW_FACTOR = 4

/** What a pool does when something happens in a thread. */
export interface ThreadEvents {
  /** The thread has no more work on a load, whose jobs are settled unless a message was lost. */
  done(load: Load, figures: LoadFigures): void
  /** The thread offers to share a pass. */
  offered(offer: PassOffer): void
  /** The thread has stopped helping another one. */
  helped(): void
  /** The thread uses the TypeScript kernels. */
  fallback(reason: string): void
  /** The thread has ended. */
  died(exitCode: number): void
}

export class Thread {
  /** What it was given and has not finished, in order. */
  readonly loads: Load[] = []
  /** Whether its own code has started. */
  isReady = false
  /** Whether it has been with a job for longer than usual. */
  isStalled = false
  /** How many jobs it had begun when `watch` last saw that it had begun more, and when that was. */
  #begunBefore = -1
  #begunAt = 0
  /** The run of its last load, and the mean time of a job of that. */
  #usual: { readonly run: Cancellation; readonly milliseconds: number } | undefined
  /** How many jobs of loads that have ended it has begun. */
  #begunEarlier = 0
  /** Why a message of the thread could not be read, if that happened. */
  unreadable: Error | undefined
  readonly #worker: Worker
  readonly #port: MessagePort
  readonly #functions = new LoadedFunctions()
  readonly #claims = new ClaimWords(MAX_LOADS)
  readonly #events: ThreadEvents
  readonly #tally = new WorkerTally()
  /** Node's number of the thread, which its `Worker` loses when it ends. */
  readonly id: number
  readonly #recycling: Recycling
  /** Bytes that the thread had at the end of its last load. */
  #weight = 0
  /** The error that ended the thread, as Node passes it on. */
  #failure: { readonly thrown: unknown } | undefined
  /**
   * The last uncaught error, as the thread posted it. The thread lives on if it has a handler for
   * such errors.
   */
  #uncaught: Thrown | undefined
  #flushed = () => {}
  #isEnding = false
  #isKilled = false
  /** Whether it has been given a function that has a teardown. */
  #hasTeardowns = false

  /** Throws if the system refuses another thread, or Node's permission model forbids threads. */
  constructor(
    entry: URL,
    wasm: ThreadKernels | undefined,
    { recycling, worker: options }: WorkerSettings,
    events: ThreadEvents,
  ) {
    this.#events = events
    this.#recycling = recycling
    const weighs = Number.isFinite(recycling.bytes)
    const data = { claims: this.#claims.words, wasm, files: taskFiles(), weighs }
    const { worker, port } = startWorker(entry, data, options)
    this.#worker = worker
    this.id = worker.threadId
    this.#port = port
    passOnOutput(worker)
    port.on('message', (message: FromThread) => this.#receive(message))
    port.on('messageerror', (error) => {
      this.unreadable = error
    })
    worker.on('error', (thrown) => {
      this.#failure = { thrown }
    })
    worker.on('exit', (code) => this.#ended(code))
    // Only jobs keep the process alive.
    worker.unref()
    port.unref()
  }

  /** Asks the thread to help with the file of another, as the helper with this number. */
  help(offer: PassOffer, helper: number): void {
    this.#port.postMessage({ kind: 'help', offer, helper } satisfies ToThread)
  }

  /** Gives jobs to the thread. Throws if they cannot be cloned; then the thread does not have them. */
  give({ accepted, first, count }: Jobs): Load {
    const load = new Load(accepted, first, count, this.#claims.take())
    try {
      this.#post(load)
    } catch (error) {
      this.#claims.free(load.claims)
      accepted.ended(load)
      throw error
    }
    return load
  }

  #post(load: Load): void {
    const began = performance.now()
    const { message, transfer } = this.#message(load)
    this.#port.postMessage(message, transfer)
    const { tally } = load.accepted
    tally.posting += performance.now() - began
    tally.bytes.sent.add(message.jobs)
    if (this.loads.push(load) > 1) return
    this.#worker.ref()
    this.#port.ref()
  }

  /** Whether it has begun a job of a load that has not ended. */
  get isWorking(): boolean {
    return this.loads.length > 0 && this.loads[0].begun > 0
  }

  /** Whether it can have no more loads, however small they are. */
  get isFull(): boolean {
    return this.#claims.isFull
  }

  figures(): WorkerFigures {
    return this.#tally.figures(this.id, this.isWorking)
  }

  /** How many more jobs it may be given before it is replaced. */
  get room(): number {
    if (this.#weight > this.#recycling.bytes) return 0
    return this.#recycling.items - this.loads.reduce((sum, load) => sum + load.count, this.#begunEarlier)
  }

  /** How many jobs it has not begun. */
  get unbegun(): number {
    return this.loads.reduce((sum, load) => sum + load.count - load.begun, 0)
  }

  /** How many jobs it has not settled. */
  get unsettled(): number {
    return this.loads.reduce((sum, load) => sum + load.count - load.settled, 0)
  }

  /**
   * Finds out whether the thread is stalled.
   *
   * @param patience milliseconds from which on a job may be slow
   */
  watch(patience: number): void {
    const begun = this.#begunEarlier + this.loads.reduce((sum, load) => sum + load.begun, 0)
    const now = performance.now()
    if (begun !== this.#begunBefore) this.#begunAt = now
    this.#begunBefore = begun
    this.isStalled = this.isWorking && now - this.#begunAt >= Math.max(patience, SLOW_FACTOR * this.#usualTime())
  }

  /** Returns the usual milliseconds of a job of the run that it works for; 0 if they are not known. */
  #usualTime(): number {
    const [current] = this.loads
    return this.#usual?.run === current?.accepted.chunk.cancellation ? (this.#usual?.milliseconds ?? 0) : 0
  }

  #message({ number, claims, first, count, accepted, deadlines }: Load): {
    message: ThreadLoad
    transfer: readonly ArrayBuffer[]
  } {
    const { chunk } = accepted
    const jobs = first === 0 && count === chunk.jobs.length ? chunk.jobs : chunk.jobs.slice(first, first + count)
    const load = { load: number, claims: claims.at }
    if (chunk.kind !== 'calls')
      return {
        message: { ...load, kind: chunk.kind, jobs: jobs as never[], cancelled: chunk.cancellation.flag },
        transfer: [],
      }
    const own = accepted.own!
    if (this.#load(own, chunk.call)) accepted.tally.bytes.data.add([chunk.call.data])
    const { concurrency, timeout } = accepted
    const { attempt = 1 } = chunk
    const { packed, transfer } = packItems(jobs, chunk.call.transferItems)
    return {
      message: { ...load, kind: 'calls', jobs: packed, id: own.id, concurrency, attempt, timeout, deadlines },
      transfer,
    }
  }

  /** Whether it has a load of a chunk. */
  has(accepted: AcceptedChunk): boolean {
    return this.loads.some((load) => load.accepted === accepted)
  }

  /** Whether it cannot begin other jobs because of a chunk: its calls, or the setup that they need. */
  isHeldUpBy(accepted: AcceptedChunk): boolean {
    if (!this.isReady) return false
    return this.loads.some((load, at) => load.accepted === accepted && (at === 0 || load.begun > 0))
  }

  /** Tells the calls of a chunk that they are no longer wanted. */
  abort(accepted: AcceptedChunk): void {
    for (const { number, accepted: own } of this.loads)
      if (own === accepted) this.#port.postMessage({ kind: 'abort', load: number } satisfies ToThread)
  }

  /** Whether the pool ends the thread. */
  get isEnding(): boolean {
    return this.#isEnding || this.#isKilled
  }

  /** Whether `kill` was called. */
  get isKilled(): boolean {
    return this.#isKilled
  }

  /** Ends the thread in the middle of its work. */
  kill(): void {
    // Each call would add a listener to the worker.
    if (!this.#isKilled) this.#worker.terminate()
    this.#isKilled = true
  }

  /** Posts a function if the thread does not know it. Returns whether it did. */
  #load(own: PoolFunction, call: ModuleCall): boolean {
    if (!this.#functions.use(own)) return false
    this.#hasTeardowns ||= own.hasTeardown
    try {
      const { value: data, transfer } = copied(call.data)
      this.#port.postMessage(
        { kind: 'module', id: own.id, call: { ...call, data, transferItems: undefined } } satisfies ToThread,
        transfer,
      )
      return true
    } catch (error) {
      this.#functions.delete(own)
      throw error
    }
  }

  /** Makes the thread release a function if it has loaded it. */
  release(own: PoolFunction): void {
    if (this.#functions.delete(own)) this.#release(own)
  }

  /** Makes the thread release functions that no run uses, if their data are large. */
  releaseIdle(): void {
    for (const own of this.#functions.evict()) this.#release(own)
  }

  #release({ id, reachable }: PoolFunction): void {
    this.#port.postMessage({ kind: 'release', id, bytes: reachable } satisfies ToThread)
  }

  /**
   * Ends the thread after its output has arrived. It does not wait for threads that add noise, which
   * print nothing and answer late.
   *
   * @param force whether it ends without calling teardowns, as it does if it is working
   */
  async end(force: boolean): Promise<void> {
    this.#isEnding = true
    const tearsDown = this.#hasTeardowns && !force && this.unsettled === 0
    // A thread may be at work although its first message has not been received yet.
    const mayAnswer = this.isReady || this.loads.length > 0 || tearsDown
    if (mayAnswer && this.loads.every(({ accepted }) => accepted.chunk.kind === 'calls')) {
      const flushed = new Promise<void>((resolve) => {
        this.#flushed = resolve
      })
      this.#port.postMessage({ kind: 'flush', tearsDown } satisfies ToThread)
      await (tearsDown ? awaitTeardowns(flushed) : within(FLUSH_MILLISECONDS, flushed, () => {}))
    }
    await this.#worker.terminate()
  }

  #receive(message: FromThread): void {
    switch (message.type) {
      case 'ready':
        this.isReady = true
        this.#tally.ready(message.at)
        break
      case 'settled':
        this.#uncaught = undefined
        this.loads.find(({ number }) => number === message.load)?.settle(message)
        break
      case 'done':
        this.#done(message)
        break
      case 'offer':
        this.#events.offered(message.offer)
        break
      case 'helped':
        this.#events.helped()
        break
      case 'uncaught':
        this.#uncaught = message.thrown
        break
      case 'flushed':
        this.#flushed()
        break
      case 'teardownFailed':
        warnOfTeardown(message.what)
        break
      case 'fallback':
        this.#events.fallback(message.reason)
        break
    }
  }

  #done({ load: number, figures, last }: Done): void {
    this.#weight = figures.weight
    const at = this.loads.findIndex((load) => load.number === number)
    const [load] = this.loads.splice(at, 1)
    if (last !== undefined) load.settle(last)
    this.#claims.free(load.claims)
    this.#begunEarlier += load.count
    this.#tally.done(figures, load.count)
    const { tally, chunk } = load.accepted
    if (load.count > 0)
      this.#usual = { run: chunk.cancellation, milliseconds: (figures.ended - figures.began) / load.count }
    tally.done(figures, { worker: this.id, start: this.#tally.takeStart(), items: load.count })
    this.isStalled = false
    // A thread that is being ended keeps the process alive until it has ended.
    if (this.loads.length === 0 && !this.#isEnding) {
      this.#worker.unref()
      this.#port.unref()
    }
    this.#events.done(load, figures)
  }

  #ended(exitCode: number): void {
    // Node may report the end of a thread before its last messages.
    for (;;) {
      const last = receiveMessageOnPort(this.#port)
      if (last === undefined) break
      this.#receive(last.message as FromThread)
    }
    this.#port.close()
    this.#flushed()
    this.#events.died(exitCode)
  }

  /** Returns why the thread has ended. */
  causeOfDeath(exitCode: number): unknown {
    if (this.#failure === undefined) return new Error(`the thread exited with code ${exitCode}`)
    const { thrown } = this.#failure
    const posted = this.#uncaught && unpackThrown(this.#uncaught)
    return this.#uncaught && isSameError(thrown, posted) ? posted : thrown
  }
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

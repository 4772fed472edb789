/** A worker thread, as the pool that owns it sees it. */

import { setImmediate } from 'node:timers/promises'
import { isError } from '../errors.js'
import type { ModuleCall } from '../task.js'
import { copied } from './buffers.js'
import type { Cancellation } from './cancellation.js'
import { LoadedFunctions, type PoolFunction } from './functions.js'
import type { Host, HostEnd, Hosts } from './host.js'
import { type AcceptedChunk, type Jobs, Load } from './load.js'
import type { Done, FromWorker, LoadFigures, LoadMessage, Settled, ToWorker } from './messages.js'
import { type Packed, packItems } from './packing.js'
import type { PassOffer } from './sharing.js'
import { awaitTeardowns, warnOfTeardown } from './teardown.js'
import { type Thrown, textOf, unpackThrown } from './thrown.js'
import { within } from './within.js'
import { type WorkerFigures, WorkerTally } from './worker-figures.js'
import type { Recycling } from './worker-options.js'

/**
 * Longest wait for the output of a worker before it is ended. A worker in an endless loop never
 * answers.
 */
const FLUSH_MILLISECONDS = 500

/** A job is slow if it takes this many times as long as usual. */
const SLOW_FACTOR = 4

/** What a pool does when something happens in a worker. */
export interface WorkerEvents {
  /** The worker has no more work on a load, whose jobs are settled unless a message was lost. */
  done(load: Load, figures: LoadFigures, unbegun: Jobs): void
  /** The worker may begin more jobs than before. */
  freed(): void
  /** The worker offers to share a pass. */
  offered(offer: PassOffer): void
  /** The worker has stopped helping another one. */
  helped(): void
  /** The worker uses the TypeScript kernels. */
  fallback(reason: string): void
  /** The worker has ended. */
  died(end: HostEnd): void
}

export class PoolWorker {
  /** What it was given and has not finished, in order. */
  readonly loads: Load[] = []
  /** Whether its own code has started. */
  isReady = false
  /** Whether it has been with a job for longer than usual. */
  isStalled = false
  /**
   * Whether it has not begun jobs that it could have, because a call keeps it busy. It gets no others
   * until it is heard of.
   */
  isBlocked = false
  /** How many jobs it had begun when `watch` last saw that it had begun more, and when that was. */
  #begunBefore = -1
  #begunAt = 0
  /** The run of its last load, and the mean time of a job of that. */
  #usual: { readonly run: Cancellation; readonly milliseconds: number } | undefined
  /** How many jobs of loads that have ended it has begun. */
  #begunEarlier = 0
  /** Why a message of the worker could not be read, if that happened. */
  unreadable: Error | undefined
  readonly #host: Host
  readonly #functions = new LoadedFunctions()
  readonly #events: WorkerEvents
  readonly #tally = new WorkerTally()
  readonly #recycling: Recycling
  /** Bytes that the worker had at the end of its last load. */
  #weight = 0
  /**
   * The last uncaught error, as the worker posted it. The worker lives on if it has a handler for
   * such errors.
   */
  #uncaught: Thrown | undefined
  #flushed = () => {}
  /** Whether the pool waits for its teardowns. */
  #isTearingDown = false
  #isEnding = false
  #ending: Promise<void> | undefined
  #isKilled = false
  /** Whether it has been given a function that has a teardown. */
  #hasTeardowns = false

  /** Throws if the system refuses another worker, or Node's permission model forbids it. */
  constructor(hosts: Hosts, recycling: Recycling, events: WorkerEvents) {
    this.#events = events
    this.#recycling = recycling
    this.#host = hosts.start({
      message: (message) => this.#receive(message),
      unreadable: (error) => {
        this.unreadable = error
      },
      ended: (end) => {
        this.#tally.ended()
        for (const [number, index, outcome] of this.#host.ledger.noted())
          this.loads.find((load) => load.number === number)?.settleNoted(index, outcome)
        if (this.#isTearingDown)
          warnOfTeardown(`a worker ended while it called teardowns: ${textOf(this.causeOfDeath(end))}`)
        this.#flushed()
        events.died(end)
      },
    })
  }

  /** Number of its thread or process. */
  get id(): number {
    return this.#host.id
  }

  #send(message: ToWorker): void {
    this.#host.post(message, [])
  }

  /** Asks the worker to help with the file of another, as the helper with this number. */
  help(offer: PassOffer, helper: number): void {
    this.#send({ kind: 'help', offer, helper })
  }

  /** Gives jobs to the worker. Throws if they cannot be cloned; then the worker does not have them. */
  give({ accepted, first, count }: Jobs): Load {
    const load = new Load(accepted, first, count, this.#host.ledger)
    try {
      this.#post(load)
    } catch (error) {
      load.free()
      accepted.ended(load)
      throw error
    }
    return load
  }

  #post(load: Load): void {
    const began = performance.now()
    const { message, transfer, counted } = this.#message(load)
    const { tally } = load.accepted
    // Buffers that have left this thread without a copy have no bytes any more.
    const count = () => tally.bytes.sent.add(counted)
    if (!this.#host.moves) count()
    this.#host.post(message, transfer)
    if (this.#host.moves) count()
    tally.posting += performance.now() - began
    if (this.loads.push(load) === 1) this.#host.ref()
  }

  /** Whether it has begun a job of a load that has not ended. */
  get isWorking(): boolean {
    return this.loads.length > 0 && this.loads[0].begun > 0
  }

  /** Whether it can have no more loads, however small they are. */
  get isFull(): boolean {
    return this.#host.ledger.isFull
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
   * Finds out whether the worker is stalled.
   *
   * @param patience milliseconds from which on a job may be slow
   */
  watch(patience: number): void {
    const begun = this.#begunEarlier + this.loads.reduce((sum, load) => sum + load.begun, 0)
    const now = performance.now()
    if (begun !== this.#begunBefore) this.#begunAt = now
    this.#begunBefore = begun
    this.isStalled = this.isWorking && now - this.#begunAt >= Math.max(patience, SLOW_FACTOR * this.#usualTime())
    const [current] = this.loads
    if (this.isStalled && this.unbegun > 0 && current.begun - current.settled < current.accepted.concurrency)
      this.isBlocked = true
  }

  /** Returns the usual milliseconds of a job of the run that it works for; 0 if they are not known. */
  #usualTime(): number {
    const [current] = this.loads
    return this.#usual?.run === current?.accepted.chunk.cancellation ? (this.#usual?.milliseconds ?? 0) : 0
  }

  #message({ number, at, first, count, accepted, deadlines }: Load): {
    message: LoadMessage
    transfer: readonly ArrayBuffer[]
    /** The jobs, of which those bytes are counted that are copied. */
    counted: Packed
  } {
    const { chunk } = accepted
    const jobs = first === 0 && count === chunk.jobs.length ? chunk.jobs : chunk.jobs.slice(first, first + count)
    const load = { load: number, at }
    if (chunk.kind !== 'calls')
      return {
        message: { ...load, kind: chunk.kind, jobs: jobs as never[], cancelled: chunk.cancellation.flag },
        transfer: [],
        counted: jobs,
      }
    const own = accepted.own!
    if (this.#load(own, chunk.call)) accepted.tally.bytes.data.add([chunk.call.data])
    const { concurrency, timeout } = accepted
    const { attempt = 1 } = chunk
    const { packed, transfer } = packItems(jobs, chunk.call.transferItems, this.#host.moves)
    return {
      message: {
        ...load,
        kind: 'calls',
        jobs: packed,
        id: own.id,
        concurrency,
        attempt,
        timeout,
        deadlines: deadlines?.place,
      },
      transfer,
      // Copies leave this thread, and the items that they were made of do not.
      counted: ArrayBuffer.isView(packed) || accepted.isTransferred ? packed : jobs,
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
      if (own === accepted) this.#send({ kind: 'abort', load: number })
  }

  /** Whether the pool ends the worker. */
  get isEnding(): boolean {
    return this.#isEnding || this.#isKilled
  }

  /** Whether `kill` was called. */
  get isKilled(): boolean {
    return this.#isKilled
  }

  /** Ends the worker in the middle of its work. */
  kill(): void {
    // Each call would add a listener to the worker.
    if (!this.#isKilled) this.#host.kill()
    this.#isKilled = true
  }

  /** Posts a function if the worker does not know it. Returns whether it did. */
  #load(own: PoolFunction, call: ModuleCall): boolean {
    if (!this.#functions.use(own)) return false
    this.#hasTeardowns ||= own.hasTeardown
    try {
      const { value: data, transfer } = copied(call.data)
      this.#host.post({ kind: 'module', id: own.id, call: { ...call, data, transferItems: undefined } }, transfer)
      return true
    } catch (error) {
      this.#functions.delete(own)
      throw error
    }
  }

  /** Makes the worker release a function if it has loaded it. */
  release(own: PoolFunction): void {
    if (this.#functions.delete(own)) this.#release(own)
  }

  /** Makes the worker release functions that no run uses, if their data are large. */
  releaseIdle(): void {
    for (const own of this.#functions.evict()) this.#release(own)
  }

  #release({ id, reachable }: PoolFunction): void {
    this.#send({ kind: 'release', id, bytes: reachable })
  }

  /**
   * Ends the worker after its output has arrived. It does not wait for workers that add noise, which
   * print nothing and answer late.
   *
   * @param force whether it ends without calling teardowns, as it does if it is working
   */
  end(force: boolean): Promise<void> {
    // Whoever forces the end does not wait any more.
    if (force) {
      this.#isTearingDown = false
      this.#flushed()
    }
    this.#ending ??= this.#end(force)
    return this.#ending
  }

  async #end(force: boolean): Promise<void> {
    this.#isEnding = true
    const tearsDown = this.#hasTeardowns && !force && this.unsettled === 0
    // A worker may be at work although its first message has not been received yet.
    const mayAnswer = this.isReady || this.loads.length > 0 || tearsDown
    if (mayAnswer && this.loads.every(({ accepted }) => accepted.chunk.kind === 'calls')) {
      const flushed = new Promise<void>((resolve) => {
        this.#flushed = resolve
      })
      this.#isTearingDown = tearsDown
      this.#send({ kind: 'flush', tearsDown })
      const isCut = force && this.unsettled > 0
      if (tearsDown) await awaitTeardowns(flushed)
      else await within(FLUSH_MILLISECONDS, isCut ? Promise.race([flushed, this.#silent()]) : flushed, () => {})
      this.#isTearingDown = false
    }
    await this.#host.kill()
  }

  /** Resolves soon if the worker has printed nothing; otherwise never. */
  async #silent(): Promise<void> {
    // What a worker prints first arrives without its help, in one of the next turns of the event loop.
    await setImmediate()
    await setImmediate()
    if (this.#host.hasPrinted) await new Promise(() => {})
  }

  #receive(message: FromWorker): void {
    this.#handle(message)
    if (!this.isBlocked) return
    this.isBlocked = false
    this.#events.freed()
  }

  #handle(message: FromWorker): void {
    switch (message.type) {
      case 'ready':
        this.isReady = true
        this.#tally.ready(message.at)
        break
      case 'settled':
        this.#uncaught = undefined
        this.#settled(message)
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
        this.#isTearingDown = false
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

  #settled(message: Settled): void {
    const load = this.loads.find(({ number }) => number === message.load)
    load?.settle(message)
    // The worker may begin others in their place.
    if (load !== undefined && load.accepted.concurrency > 1) this.#events.freed()
  }

  #done({ load: number, figures, last }: Done): void {
    this.#weight = figures.weight
    const at = this.loads.findIndex((load) => load.number === number)
    const [load] = this.loads.splice(at, 1)
    if (last !== undefined) load.settle(last)
    const rest = load.stopped()
    load.free()
    this.#begunEarlier += load.count
    this.#tally.done(figures, load.count)
    const { tally, chunk } = load.accepted
    if (load.count > 0)
      this.#usual = { run: chunk.cancellation, milliseconds: (figures.ended - figures.began) / load.count }
    tally.done(figures, { worker: this.id, life: this.#tally.life, start: this.#tally.takeStart(), items: load.count })
    this.isStalled = false
    // A worker that is being ended keeps the process alive until it has ended.
    if (this.loads.length === 0 && !this.#isEnding) this.#host.unref()
    this.#events.done(load, figures, rest)
  }

  /** Returns why the worker has ended. */
  causeOfDeath({ reason, failure, isByError }: HostEnd): unknown {
    const posted = this.#uncaught && unpackThrown(this.#uncaught)
    if (failure === undefined) return (isByError && posted) || new Error(reason)
    const { thrown } = failure
    return this.#uncaught && isSameError(thrown, posted) ? posted : thrown
  }
}

/**
 * Whether the error that the worker posted is the one that Node says ended it. A handler in the
 * worker may have caught the posted one, and something else, such as a lack of memory, ended the
 * worker later. Node passes on some errors without their message.
 */
function isSameError(ended: unknown, posted: unknown): boolean {
  const { code, message } = Object(ended)
  if (typeof code === 'string' && code.startsWith('ERR_WORKER_')) return false
  return typeof message !== 'string' || !isError(posted) || message === posted.message
}

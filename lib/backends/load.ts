/** The chunks of a WorkerPool, and the parts of them that its workers work on. */

import { NoisemillError } from '../errors.js'
import { transfersItems } from '../task.js'
import type { Chunk, ChunkFigures, Outcome } from './backend.js'
import { ChunkTally } from './chunk-tally.js'
import type { PoolFunction } from './functions.js'
import type { Ledger, PoolDeadlines } from './ledger.js'
import { asError, type Settled, type WorkerOutcome } from './messages.js'
import { settleRange } from './settling.js'

/** A chunk that a WorkerPool has accepted, until all of its jobs are settled. */
export class AcceptedChunk {
  /** Milliseconds that workers have worked on it. */
  milliseconds = 0
  readonly tally: ChunkTally
  readonly #loads = new Set<Load>()
  /** Whether a worker died before it began any of the jobs that it had. */
  hasDiedUnbegun = false
  /** Removes the cancellation listener. */
  forget = () => {}
  readonly #isSettled: Uint8Array
  #left: number
  readonly #resolve: (figures: ChunkFigures) => void

  constructor(
    readonly chunk: Chunk,
    /** The function of calls. */
    readonly own: PoolFunction | undefined,
    resolve: (figures: ChunkFigures) => void,
  ) {
    this.#isSettled = new Uint8Array(chunk.jobs.length)
    this.#left = chunk.jobs.length
    this.#resolve = resolve
    this.tally = new ChunkTally(chunk.cancellation)
  }

  /** Most jobs that a worker works on at the same time. */
  get concurrency(): number {
    return this.chunk.kind === 'calls' ? (this.chunk.concurrency ?? 1) : 1
  }

  /** Milliseconds that each job may take; undefined for any time. */
  get timeout(): number | undefined {
    return this.chunk.kind === 'calls' ? this.chunk.timeout : undefined
  }

  /** Whether its jobs leave this worker, so that they cannot be taken back. */
  get isTransferred(): boolean {
    return transfersItems(this.chunk)
  }

  /** Settles one job. Does nothing if it is settled already. */
  settle(index: number, outcome: Outcome<unknown>): void {
    if (this.#isSettled[index] === 1) return
    this.#isSettled[index] = 1
    this.#left--
    this.chunk.settle(index, outcome as never)
    this.#endIfDone()
  }

  /** Settles jobs that follow each other, none of which is settled or has failed. */
  settleRange(first: number, values: ArrayLike<unknown>): void {
    this.#isSettled.fill(1, first, first + values.length)
    this.#left -= values.length
    settleRange(this.chunk, first, values)
    this.#endIfDone()
  }

  /** Settles those of some jobs that are not settled with an error. */
  fail({ first, count }: Jobs, error: NoisemillError): void {
    for (let index = first; index < first + count; index++) this.settle(index, { error })
  }

  /** Loads with jobs of this chunk that workers have. */
  get loads(): ReadonlySet<Load> {
    return this.#loads
  }

  given(load: Load): void {
    this.#loads.add(load)
  }

  /** Notes that a worker has finished a load, or does not have it. Its jobs may still be waiting. */
  ended(load: Load): void {
    if (this.#loads.delete(load)) this.#endIfDone()
  }

  #endIfDone(): void {
    if (this.#left > 0 || this.#loads.size > 0) return
    this.forget()
    this.#resolve({ milliseconds: this.milliseconds, details: this.tally.details() })
  }
}

/** Jobs of a chunk that follow each other. */
export interface Jobs {
  readonly accepted: AcceptedChunk
  readonly first: number
  readonly count: number
}

const timeoutError = (timeout: number) => new NoisemillError('E_TIMEOUT', { received: `${timeout} ms` })

let lastNumber = 0

/**
 * How late a worker may be with ending a call whose time is up. Later than that, it is assumed to be
 * in a loop that does not let it.
 */
const LATE_MILLISECONDS = 50

/** Jobs of a chunk that were given to a worker. */
export class Load implements Jobs {
  /** Number of the load, by which its worker names it. */
  readonly number = ++lastNumber
  /** Undefined if its jobs may take any time. */
  readonly deadlines: PoolDeadlines | undefined
  /** Its place in the ledger. */
  readonly at: number
  /** How many of its jobs are settled. */
  settled = 0
  #count: number
  #isClosed = false
  readonly #ledger: Ledger

  constructor(
    readonly accepted: AcceptedChunk,
    readonly first: number,
    count: number,
    ledger: Ledger,
  ) {
    this.#count = count
    this.#ledger = ledger
    this.at = ledger.take()
    this.deadlines = accepted.timeout === undefined ? undefined : ledger.deadlines(count)
    accepted.given(this)
  }

  /** How many jobs the worker has; after `close`, how many it has begun. */
  get count(): number {
    return this.#count
  }

  /** How many jobs were begun so far. */
  get begun(): number {
    return this.#isClosed ? this.#count : this.#ledger.begun(this.at, this.#count)
  }

  /** Whether the worker should have ended a job long ago, and so cannot. */
  get isOverdue(): boolean {
    return this.deadlines !== undefined && this.deadlines.overdue(0, this.begun) > LATE_MILLISECONDS
  }

  /**
   * Fails the jobs that were begun and not settled when the worker ended.
   *
   * @param wasKilled whether the pool ended it because of jobs whose time was up
   */
  failBegun(error: NoisemillError, wasKilled: boolean): void {
    for (let at = 0; at < this.count; at++) {
      const isLate = wasKilled && this.deadlines !== undefined && this.deadlines.overdue(at, at + 1) > 0
      this.accepted.settle(this.first + at, isLate ? { error: timeoutError(this.accepted.timeout!) } : { error })
    }
  }

  /** Takes all jobs back that the worker has not begun, and lets it begin no more. */
  close(): Jobs {
    return this.#keep((count) => (this.#isClosed ? count : this.#ledger.close(this.at, count)))
  }

  /**
   * Takes the jobs back that the worker has not begun, when it has stopped to work on the load. Among
   * them may be one that `close` counted as begun.
   */
  stopped(): Jobs {
    return this.#keep((count) => Math.min(count, this.#ledger.begun(this.at, count)))
  }

  /** Gives up the load's place in the ledger. */
  free(): void {
    this.deadlines?.free()
    this.#ledger.free(this.at)
  }

  /** Leaves the worker the jobs that it has begun. Returns the others. */
  #keep(begunOf: (count: number) => number): Jobs {
    const count = this.#count
    this.#count = begunOf(count)
    this.#isClosed = true
    // The worker may notice late that it has nothing to do.
    if (this.#count === 0) this.accepted.ended(this)
    return { accepted: this.accepted, first: this.first + this.#count, count: count - this.#count }
  }

  /** Settles a job whose outcome the worker had noted when it died, unless that was reported. */
  settleNoted(index: number, outcome: WorkerOutcome): void {
    if ('failure' in outcome) this.accepted.settle(this.first + index, { error: asError(outcome.failure) })
    else {
      const { value, lost } = outcome
      this.accepted.settle(this.first + index, { value, ...(lost !== undefined && { lost }) })
    }
  }

  settle({ at, values, moved, failures, lost }: Settled): void {
    const { accepted, first } = this
    this.settled += values.length
    accepted.tally.bytes.received.add(values, moved)
    if (typeof at === 'number' && failures === undefined && lost === undefined) {
      accepted.settleRange(first + at, values)
      return
    }
    const failed = new Map(failures)
    const losses = new Map(lost)
    for (let position = 0; position < values.length; position++) {
      const index = first + (typeof at === 'number' ? at + position : at[position])
      const failure = failed.get(position)
      const loss = losses.get(position)
      if (failure !== undefined) {
        if (failure.code === 'E_TASK_LOAD') accepted.own!.hasFailed = true
        accepted.settle(index, { error: asError(failure) })
      } else accepted.settle(index, { value: values[position], ...(loss !== undefined && { lost: loss }) })
    }
  }
}

/**
 * Runs one task over some items. It pulls and plans them, sends them to a backend in chunks, and
 * gives their results to the consumer, in order if that is wanted.
 */

import type { Backend, ChunkFigures, Outcome } from '../backends/backend.js'
import type { Cancellation } from '../backends/cancellation.js'
import { NoisemillError } from '../errors.js'
import type { TaskRun, Work } from '../task.js'
import { Bell } from './bell.js'
import { Chunker, type ChunkSize } from './chunks.js'
import { type Entry, LATE, Puller } from './pull.js'
import { ReadyResults } from './ready.js'
import type { Source } from './source.js'
import { TimeBudget } from './time-budget.js'
import { send } from './trip.js'
import { Window } from './window.js'

export interface RunParts<Item, Job, JobValue, Result> {
  readonly source: Source<Item>
  readonly work: Work
  readonly task: TaskRun<Item, Job, JobValue, Result>
  readonly backend: Backend
  readonly cancellation: Cancellation
  readonly threads: number
  readonly chunkSize: ChunkSize
  readonly inOrder: boolean
  readonly stopAtFailure: boolean
  /** Whether jobs end soon after they are cancelled, so that stopping can wait for them. */
  readonly endsWhenCancelled: boolean
}

const MICROTASKS = 16

export class Run<Item, Job, JobValue, Result> {
  readonly #parts: RunParts<Item, Job, JobValue, Result>
  readonly #chunker: Chunker
  readonly #puller: Puller<Item, Job, Result>
  readonly #window: Window
  readonly #ready: ReadyResults<Result>
  readonly #trips = new Set<Promise<void>>()
  readonly #budget = new TimeBudget()
  readonly #pumpBell = new Bell()
  readonly #consumerBell = new Bell()
  #pumpHasEnded = false
  /** Why the run was stopped. */
  #error: { readonly reason: unknown } | undefined

  constructor(parts: RunParts<Item, Job, JobValue, Result>) {
    this.#parts = parts
    this.#chunker = new Chunker(parts.chunkSize, parts.threads)
    this.#puller = new Puller(parts.source, parts.task)
    this.#window = new Window(parts.threads)
    this.#ready = new ReadyResults(parts.inOrder)
  }

  /**
   * Runs the task and yields its results, in order or as they finish. It throws what the source
   * throws and the reason that `stop` was called with. With `stopAtFailure` it also throws the
   * error of an item that failed.
   */
  async *results(): AsyncGenerator<Result, void, undefined> {
    const pump = this.#pump()
    try {
      for (;;) {
        const ready = this.#ready.take()
        if (ready !== undefined) {
          this.#window.leave(ready.weight)
          this.#pumpBell.ring()
          const failure = this.#parts.stopAtFailure ? this.#parts.task.failureOf(ready.result) : undefined
          if (failure) throw failure
          if (this.#budget.isSpent) await this.#budget.yield()
          yield ready.result
        } else if (this.#error && !(this.#givesTheRest && this.#trips.size > 0)) {
          throw this.#error.reason
        } else if (!this.#error && this.#pumpHasEnded && this.#trips.size === 0 && this.#ready.isEmpty) {
          if (this.#puller.error) throw this.#puller.error.reason
          return
        } else {
          await this.#consumerBell.wait()
          this.#budget.restart()
        }
      }
    } finally {
      await this.#finish(pump)
    }
  }

  /**
   * Ends the run early: it begins no more jobs, and `results` throws `reason`. If results have no
   * order and jobs end soon after they are cancelled, the results of finished jobs are given first.
   * Their files exist, and a caller may record them.
   */
  stop(reason: unknown): void {
    this.#error ??= { reason }
    this.#halt()
    if (!this.#givesTheRest) this.#ready.clear()
    this.#consumerBell.ring()
  }

  /** Whether a run that was stopped still gives the results of jobs that finish. */
  get #givesTheRest(): boolean {
    return this.#parts.endsWhenCancelled && !this.#parts.inOrder
  }

  /**
   * Resolves when the jobs in progress have ended, or at once if they may not end soon after they
   * are cancelled.
   */
  async settled(): Promise<void> {
    if (this.#parts.endsWhenCancelled) await this.idle()
  }

  /**
   * Resolves when no job is in progress, however long jobs take to end after the run was stopped.
   */
  async idle(): Promise<void> {
    await Promise.all(this.#trips)
  }

  /** Cancels the run's jobs, so that no more of them begin. */
  #halt(): void {
    this.#parts.cancellation.cancel()
    this.#pumpBell.ring()
  }

  get #isHalted(): boolean {
    return this.#parts.cancellation.isCancelled
  }

  async #finish(pump: Promise<void>): Promise<void> {
    this.#halt()
    // Closing the source is not awaited, because a source that never answers must not delay a
    // consumer that has left.
    this.#puller.close().catch(() => {})
    await this.settled()
    if (!this.#puller.isWaitingForSource) await pump
  }

  /**
   * Pulls items and sends chunks whenever the window and the threads have room, until the source
   * ends or the run is stopped.
   */
  async #pump(): Promise<void> {
    try {
      while (!this.#isHalted) {
        if (!this.#hasRoom()) {
          await this.#pumpBell.wait()
          this.#budget.restart()
          continue
        }
        const chunk = await this.#collect()
        if (chunk.length > 0) this.#send(chunk)
        else if (this.#puller.hasEnded) break
        // All entries had results already. The event loop must still have its turn, for example to
        // deliver an abort.
        else await this.#budget.yield()
      }
    } catch (reason) {
      this.stop(reason)
    }
    this.#puller.end()
    this.#pumpHasEnded = true
    this.#consumerBell.ring()
  }

  #isFull(): boolean {
    return this.#window.isFull(this.#chunker.size(undefined))
  }

  #hasRoom(): boolean {
    // Each thread may have two chunks, one that runs and one that waits, so that it is never idle
    // between chunks.
    return this.#trips.size < 2 * this.#parts.threads && !this.#isFull()
  }

  /** Collects the next chunk. It is empty at the end, or if all entries had results already. */
  async #collect(): Promise<Entry<Job, Result>[]> {
    const size = this.#chunker.size(this.#puller.remaining)
    const chunk: Entry<Job, Result>[] = []
    while (chunk.length < size && !this.#isHalted) {
      if (this.#budget.isSpent) await this.#budget.yield()
      const maySendEarly = chunk.length > 0 && this.#chunker.isAuto
      const entry = await this.#puller.next(maySendEarly ? (arrived) => this.#isLate(arrived) : undefined)
      if (entry === LATE || entry === undefined) break
      this.#window.enter(entry.weight)
      if ('result' in entry.planned) {
        this.#add(entry, entry.planned.result as Result)
        if (this.#isFull()) break
      } else chunk.push(entry)
      if (this.#window.isHeavy) break
    }
    return chunk
  }

  /**
   * Waits for an item while all threads have work. Resolves to true if the item has not arrived by
   * then.
   */
  async #isLate(asked: Promise<unknown>): Promise<boolean> {
    let came = false
    const note = () => {
      came = true
    }
    const arrived = asked.then(note, note)
    // An item that only passes through generators arrives after a few microtasks.
    for (let i = 0; i < MICROTASKS && !came; i++) await undefined
    while (this.#trips.size >= this.#parts.threads && !came && !this.#isHalted)
      await Promise.race([arrived, ...this.#trips])
    if (!came) await Promise.race([arrived, new Promise((resolve) => setImmediate(resolve))])
    return !came
  }

  #send(entries: Entry<Job, Result>[]): void {
    if (this.#isHalted) return
    const { backend, work, task, cancellation } = this.#parts
    const jobs = entries.map((entry) => entry.planned.job as Job)
    task.begin?.(entries.map((entry) => entry.planned))
    const trip = send(backend, { work, jobs, cancellation }, (index, outcome) => this.#settle(entries[index], outcome))
      .then((figures) => this.#measure(jobs.length, figures))
      .finally(() => {
        this.#trips.delete(trip)
        this.#pumpBell.ring()
        this.#consumerBell.ring()
      })
    this.#trips.add(trip)
  }

  #measure(jobs: number, figures: ChunkFigures | undefined): void {
    const milliseconds = figures?.milliseconds
    // Backends that do not measure the time report 0.
    if (Number.isFinite(milliseconds) && milliseconds! > 0) this.#chunker.measured(jobs, milliseconds!)
  }

  #settle(entry: Entry<Job, Result>, outcome: Outcome<unknown>): void {
    try {
      this.#add(entry, this.#resultOf(entry, outcome))
    } catch (reason) {
      this.stop(reason)
    }
  }

  /**
   * Makes the result of a job. What it throws ends the run, for example if the journal cannot be
   * written any more.
   */
  #resultOf({ planned }: Entry<Job, Result>, outcome: Outcome<unknown>): Result {
    const { task, backend } = this.#parts
    if ('error' in outcome) return task.fail(planned, outcome.error)
    try {
      return task.settle(planned, outcome.value as JobValue, outcome.lost)
    } catch (cause) {
      if (cause instanceof NoisemillError) throw cause
      const received = `${backend.name} settled a job with a value that this kind of job cannot have`
      return task.fail(planned, new NoisemillError('E_BACKEND_FAILED', { received, cause }))
    }
  }

  #add({ sequence, weight }: Entry<Job, Result>, result: Result): void {
    const failure = this.#parts.task.failureOf(result)
    if (this.#error && (!this.#givesTheRest || failure?.code === 'E_CANCELLED')) return
    // Entries that were pulled before are still finished; no later ones are pulled.
    if (this.#parts.stopAtFailure && failure) this.#puller.end()
    this.#ready.add(sequence, { result, weight })
    this.#consumerBell.ring()
  }
}

/** Makes the error of a run that ended because its pool was terminated. */
export const terminated = () => new NoisemillError('E_POOL_TERMINATED')

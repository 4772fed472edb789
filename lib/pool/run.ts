/** One pass of a task over some items: pull, cut into chunks, hand to a backend, put in order, hand to the consumer. */

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
   * The results, as they come or in order. Ends by throwing where the source throws, `stop` was called with a reason, or an item
   * failed and `stopAtFailure` is set.
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
        } else if (this.#error && !(this.#tellsTheRest && this.#trips.size > 0)) {
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
   * Ends the run early: nothing more is begun, and its results end by throwing `reason`. Results without an order, of jobs that end
   * soon, are told before that: what was finished is there, and somebody may keep a list of it.
   */
  stop(reason: unknown): void {
    this.#error ??= { reason }
    this.#halt()
    if (!this.#tellsTheRest) this.#ready.clear()
    this.#consumerBell.ring()
  }

  /** Whether results that are there when a run is stopped are still given. */
  get #tellsTheRest(): boolean {
    return this.#parts.endsWhenCancelled && !this.#parts.inOrder
  }

  /** Resolves once the jobs that are under way have ended, for tasks that end soon after they are cancelled. */
  async settled(): Promise<void> {
    if (this.#parts.endsWhenCancelled) await this.idle()
  }

  /** Resolves once no job is under way, however long the jobs of a run that was stopped take to end. */
  async idle(): Promise<void> {
    await Promise.all(this.#trips)
  }

  /** Nothing more is begun from then on. */
  #halt(): void {
    this.#parts.cancellation.cancel()
    this.#pumpBell.ring()
  }

  get #isHalted(): boolean {
    return this.#parts.cancellation.isCancelled
  }

  async #finish(pump: Promise<void>): Promise<void> {
    this.#halt()
    // A source that never answers must not hold up a consumer that has left; closing it is for the source to do in its time.
    this.#puller.close().catch(() => {})
    await this.settled()
    if (!this.#puller.isWaitingForSource) await pump
  }

  /** Pulls, and sends chunks, as far as window and threads allow, until the source ends or the run is stopped. */
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
        // Nothing but results that needed no job: others, an abort among them, must be served all the same.
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
    // Twice the threads: while one chunk runs, the next already waits beside it.
    return this.#trips.size < 2 * this.#parts.threads && !this.#isFull()
  }

  /** The next chunk; empty at the end, or where entries had their results already. */
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

  /** Waits for an item as long as no thread would be idle for it. True if then it is still not there. */
  async #isLate(asked: Promise<unknown>): Promise<boolean> {
    let came = false
    const note = () => {
      came = true
    }
    const arrived = asked.then(note, note)
    // An item that only passes through generators is there after a few microtasks.
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
    // 0 is what backends say that do not measure.
    if (Number.isFinite(milliseconds) && milliseconds! > 0) this.#chunker.measured(jobs, milliseconds!)
  }

  #settle(entry: Entry<Job, Result>, outcome: Outcome<unknown>): void {
    try {
      this.#add(entry, this.#resultOf(entry, outcome))
    } catch (reason) {
      this.stop(reason)
    }
  }

  /** Throws what ends the run: that nothing can be recorded any more, for one. */
  #resultOf({ planned }: Entry<Job, Result>, outcome: Outcome<unknown>): Result {
    const { task, backend } = this.#parts
    if ('error' in outcome) return task.fail(planned, outcome.error)
    try {
      return task.settle(planned, outcome.value as JobValue, outcome.lost)
    } catch (cause) {
      if (cause instanceof NoisemillError) throw cause
      // The value is none that such a job has.
      const received = `${backend.name} gave a value that is none of the job`
      return task.fail(planned, new NoisemillError('E_BACKEND_FAILED', { received, cause }))
    }
  }

  #add({ sequence, weight }: Entry<Job, Result>, result: Result): void {
    const failure = this.#parts.task.failureOf(result)
    if (this.#error && (!this.#tellsTheRest || failure?.code === 'E_CANCELLED')) return
    // What was pulled before it is still finished; nothing after it is.
    if (this.#parts.stopAtFailure && failure) this.#puller.end()
    this.#ready.add(sequence, { result, weight })
    this.#consumerBell.ring()
  }
}

/** The error of a run that its pool ended. */
export const terminated = () => new NoisemillError('E_POOL_TERMINATED')

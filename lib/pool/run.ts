/**
 * Runs one task over some items. It pulls and plans them, sends them to a backend in chunks, and
 * gives their results to the consumer, in order if that is wanted.
 */

import type { Backend, ChunkFigures, Outcome } from '../backends/backend.js'
import type { Cancellation } from '../backends/cancellation.js'
import type { Report } from '../backends/unsettled.js'
import { NoisemillError } from '../errors.js'
import { plural } from '../show.js'
import { type Instead, type Planned, type TaskRun, transfersItems, type Work } from '../task.js'
import { Batch, State } from './batch.js'
import { Bell } from './bell.js'
import { Calibration } from './calibration.js'
import { chunkEnd, chunkStart, runEnd, runStart } from './channels.js'
import { Chunker, type ChunkSize } from './chunks.js'
import { AsCompleted, InOrder, type Outbox } from './outbox.js'
import type { RunCounts } from './pool-stats.js'
import { Progress, type RunProgress } from './progress.js'
import { Puller } from './pull.js'
import { type Retries, retryDelay } from './retries.js'
import type { RunReport } from './run-report.js'
import type { Source } from './source.js'
import { type Ending, type RunFacts, RunStatistics } from './statistics.js'
import { TimeBudget } from './time-budget.js'
import { type CallLimits, send } from './trip.js'
import { Window } from './window.js'

export interface RunParts<Item, Job, JobValue, Result> {
  readonly source: Source<Item>
  readonly work: Work
  readonly task: TaskRun<Item, Job, JobValue, Result>
  /** Called before the first item is planned; see `TaskRun.prepare`. */
  readonly prepare: ((signal: AbortSignal) => Promise<void>) | undefined
  readonly backend: Backend
  readonly cancellation: Cancellation
  readonly threads: number
  readonly chunkSize: ChunkSize
  readonly limits: CallLimits
  readonly retries: Retries | undefined
  /** Most items that may fail; the run stops at the next one. */
  readonly maxErrors: number
  /** Whether the first items are measured alone. */
  readonly calibrate: boolean
  readonly onProgress: ((progress: RunProgress) => void) | undefined
  readonly method: RunReport['method']
  /** Called when the run has ended. */
  readonly onReport: ((report: RunReport) => void) | undefined
  readonly inOrder: boolean
  readonly stopAtFailure: boolean
  /** Whether the consumer gets the values of jobs instead of their results. */
  readonly givesValues: boolean
  /**
   * Called when the run begins. It throws if the run must not begin. It returns a function that is
   * called when the consumer has left.
   */
  readonly enter: () => () => void
  /** Whether jobs end soon after they are cancelled, so that stopping can wait for them. */
  readonly endsWhenCancelled: boolean
}

/** Where an entry is. */
interface EntryPlace<Job, Result> {
  readonly batch: Batch<Job, Result>
  readonly entry: number
  /** Number of the next attempt at its job, from 1. */
  readonly attempt: number
}

const MICROTASKS = 16
/** After how many milliseconds the task is asked again about jobs that it wants to send later. */
const LATER_MILLISECONDS = 100
/** How often loops look at the clock, in entries. */
const CHECKED_EACH = 64
/** The same for results that a consumer gets one by one, because it may do some work on each. */
const RESULTS_EACH = 4

export class Run<Item, Job, JobValue, Result> {
  readonly #parts: RunParts<Item, Job, JobValue, Result>
  readonly #chunker: Chunker
  readonly #puller: Puller<Item, Job, Result>
  readonly #window: Window
  readonly #outbox: Outbox<Job, Result>
  readonly #trips = new Set<Promise<void>>()
  readonly #budget = new TimeBudget()
  readonly #pumpBell = new Bell()
  readonly #consumerBell = new Bell()
  #pumpHasEnded = false
  /** Whether the consumer gets all results together, at the end. */
  #givesAll = false
  /** Jobs that were sent and have not ended. */
  #inProgress = 0
  /** Timers of the items that will be tried again. */
  readonly #retrying = new Set<NodeJS.Timeout>()
  /** Entries whose jobs the task wants to send later, and the timer after which it is asked. */
  #postponed: EntryPlace<Job, Result>[] = []
  #asking: NodeJS.Timeout | undefined
  /** Stops what prepares the task. */
  #preparing: AbortController | undefined
  readonly #progress: Progress
  /** Undefined if it is not wanted. Made when the run begins. */
  #calibration: Calibration | undefined
  /** Made when the run begins. */
  #statistics!: RunStatistics
  /** Why the run was stopped. */
  #error: { readonly reason: unknown; readonly ended: Ending['ended'] } | undefined

  constructor(parts: RunParts<Item, Job, JobValue, Result>) {
    this.#parts = parts
    this.#chunker = new Chunker(
      transfersItems(parts.work) ? 1 : parts.chunkSize,
      parts.threads,
      parts.limits.concurrency,
      parts.backend.chunkLimits,
    )
    this.#puller = new Puller(parts.source, parts.task)
    this.#window = new Window(parts.threads)
    this.#progress = new Progress(parts.onProgress)
    this.#outbox = parts.inOrder ? new InOrder() : new AsCompleted()
  }

  /** How many results each item gives. */
  get copies(): number {
    return this.#parts.task.copies
  }

  /**
   * Runs the task and yields its results, in order or as they finish. It throws what the source
   * throws and the reason that `stop` was called with. With `stopAtFailure` it also throws the
   * error of an item that failed.
   */
  async *results(): AsyncGenerator<unknown, void, undefined> {
    const end = this.#begin()
    let ending: Ending = { ended: 'left' }
    let given = 0
    try {
      while (this.#next() || (await this.#arrives())) {
        const result = this.#take()
        if (++given % RESULTS_EACH === 0 && this.#budget.isSpent) await this.#budget.yield()
        yield result
      }
      ending = { ended: 'done' }
    } catch (error) {
      ending = this.#failed(error)
      throw error
    } finally {
      await end(ending)
    }
  }

  /**
   * Does what `results` does for a run that collects failures, and yields several results at a time:
   * a step of an async generator takes as long as making a result.
   */
  async *groups(): AsyncGenerator<unknown[], void, undefined> {
    const end = this.#begin()
    let ending: Ending = { ended: 'left' }
    try {
      while (this.#next() || (await this.#arrives())) {
        const group = this.#takeGroup()
        if (this.#budget.isSpent) await this.#budget.yield()
        yield group
      }
      ending = { ended: 'done' }
    } catch (error) {
      ending = this.#failed(error)
      throw error
    } finally {
      await end(ending)
    }
  }

  /** Returns the results of the entry that the outbox is at, and of some more that have ended. */
  #takeGroup(): unknown[] {
    const group = [this.#take()]
    while (group.length < CHECKED_EACH && this.#next()) group.push(this.#take())
    return group
  }

  /** Runs the task and resolves to all results. It rejects with what `results` throws. */
  async all(): Promise<unknown[]> {
    this.#givesAll = true
    const end = this.#begin()
    let ending: Ending = { ended: 'done' }
    try {
      const all: unknown[] = []
      while (this.#next() || (await this.#arrives())) {
        all.push(this.#take())
        if (all.length % CHECKED_EACH === 0 && this.#budget.isSpent) await this.#budget.yield()
      }
      return all
    } catch (error) {
      ending = this.#failed(error)
      throw error
    } finally {
      await end(ending)
    }
  }

  /** Begins the run. Returns a function that ends it. */
  #begin(): (ending: Ending) => Promise<void> {
    const { enter, onReport, calibrate, limits, work } = this.#parts
    const leave = enter()
    const facts = factsOf(this.#parts)
    this.#statistics = new RunStatistics(facts, onReport !== undefined || runEnd.hasSubscribers)
    if (calibrate) this.#calibration = new Calibration(transfersItems(work) || limits.concurrency > 1 ? 1 : Infinity)
    if (runStart.hasSubscribers) {
      const { method, task, function: name, backend } = facts
      runStart.publish({ run: this.#statistics.run, method, task, function: name, backend })
    }
    const pump = this.#pump()
    return async (ending) => {
      await this.#finish(pump)
      leave()
      if (onReport !== undefined || runEnd.hasSubscribers) this.#tell(onReport, ending)
    }
  }

  #failed(error: unknown): Ending {
    // What was thrown may be undefined.
    const isOwn = this.#error !== undefined && this.#error.reason === error
    return { ended: isOwn ? this.#error!.ended : 'failed', error }
  }

  #tell(onReport: ((report: RunReport) => void) | undefined, ending: Ending): void {
    const report = this.report(ending)
    if (runEnd.hasSubscribers) runEnd.publish({ run: report.run, report })
    try {
      onReport?.(report)
    } catch (error) {
      // If the run has failed already, its consumer must learn of that.
      if (ending.ended === 'done' || ending.ended === 'left') throw error
    }
  }

  get counts(): RunCounts {
    const { done: ended, failed } = this.#progress
    return { done: ended - failed, failed, chunks: this.#statistics.chunks }
  }

  /** @param ending undefined while the run is in progress */
  report(ending?: Ending): RunReport {
    const { total, given: taken } = this.#puller
    const { done: ended, failed } = this.#progress
    const { lostClass } = this.#parts.task
    const calibration = this.#calibration
    return this.#statistics.report({ total, taken, ended, failed, lostClass, calibration }, ending)
  }

  /** Goes to the next entry that has ended. Returns false if there is none now. */
  #next(): boolean {
    return !this.#hasStopped && this.#outbox.next()
  }

  /**
   * Waits for the next entry that has ended. Resolves to false if there are no more. Rejects with
   * what ended the run early.
   */
  async #arrives(): Promise<boolean> {
    for (;;) {
      if (this.#hasStopped) throw this.#error!.reason
      if (this.#outbox.next()) return true
      const isIdle = this.#trips.size === 0
      if (this.#error && isIdle) throw this.#error.reason
      const isWaiting = this.#retrying.size > 0 || this.#postponed.length > 0
      if (!this.#error && isIdle && this.#pumpHasEnded && !isWaiting) {
        if (this.#puller.error) throw this.#puller.error.reason
        this.#progress.tell(this.#puller.total)
        return false
      }
      await this.#consumerBell.wait()
    }
  }

  /** Returns the result of the entry that the outbox is at, or throws its error. */
  #take(): unknown {
    const { batch, entry } = this.#outbox
    const { task, givesValues, stopAtFailure } = this.#parts
    const planned = batch.planned[entry]
    let result = batch.values[entry]
    let isResult = batch.states[entry] === State.result
    if (!this.#givesAll) this.#leaveWindow(batch, entry, entry + 1)
    batch.forget(entry)
    this.#statistics.given()
    if (!isResult) {
      if (givesValues) return result
      try {
        return task.result(planned, result as JobValue)
      } catch (cause) {
        result = task.fail(planned, this.#impossible(cause))
        isResult = true
      }
    }
    const failure = stopAtFailure ? task.failureOf(result as Result) : undefined
    if (failure) throw failure
    return result
  }

  /**
   * Ends the run early: it begins no more jobs, and `results` throws `reason`. If results have no
   * order and jobs end soon after they are cancelled, the results of finished jobs are given first.
   * Their files exist, and a caller may record them.
   *
   * @param ended how the run ends because of that, in its report
   * @param grace as for `Cancellation.cancel`
   */
  stop(reason: unknown, ended: Ending['ended'] = 'failed', grace?: number): void {
    this.#error ??= { reason, ended }
    this.#halt(grace)
    this.#consumerBell.ring()
  }

  /** Whether a run that was stopped still gives the results of jobs that finish. */
  get #givesTheRest(): boolean {
    return this.#parts.endsWhenCancelled && !this.#parts.inOrder
  }

  /** Whether the run was stopped and gives no more results. */
  get #hasStopped(): boolean {
    return this.#error !== undefined && !this.#givesTheRest
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
  #halt(grace?: number): void {
    this.#parts.cancellation.cancel(grace)
    this.#preparing?.abort()
    for (const timer of this.#retrying) clearTimeout(timer)
    this.#retrying.clear()
    clearTimeout(this.#asking)
    this.#postponed = []
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
      if (this.#parts.prepare !== undefined) await this.#prepare(this.#parts.prepare)
      while (!this.#isHalted) {
        if (!this.#hasRoom()) {
          this.#statistics.waitsFor(this.#isFull() ? 'consumer' : undefined)
          await this.#pumpBell.wait()
          continue
        }
        this.#statistics.waitsFor('planning')
        const batch = await this.#collect()
        if (batch.jobCount > 0) this.#announce(batch)
        else if (this.#puller.hasEnded) break
        if (batch.jobCount > 0) this.#send(batch)
        // All entries have results already, or wait. The event loop must still have its turn, for
        // example to deliver an abort.
        else await this.#budget.yield()
      }
    } catch (reason) {
      this.stop(reason)
    }
    this.#statistics.waitsFor(undefined)
    this.#puller.end()
    this.#pumpHasEnded = true
    this.#consumerBell.ring()
  }

  /** How many jobs keep all threads busy, with as many that wait for them. */
  get #mostInProgress(): number {
    const { threads, limits } = this.#parts
    return 2 * threads * limits.concurrency
  }

  /** Prepares the task. It resolves earlier if the run is stopped. */
  async #prepare(prepare: (signal: AbortSignal) => Promise<void>): Promise<void> {
    this.#statistics.waitsFor('planning')
    this.#preparing = new AbortController()
    const { signal } = this.#preparing
    const isHalted = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
    await Promise.race([prepare(signal), isHalted])
  }

  #isFull(): boolean {
    return this.#window.isFull(this.#chunker.size(undefined))
  }

  #hasRoom(): boolean {
    if (this.#calibration?.isAlone) return this.#trips.size === 0 && !this.#isFull()
    // Each thread may have two chunks, one that runs and one that waits, so that it is never idle
    // between chunks. It may have more if it works on the calls of several at the same time.
    const isBusy = this.#trips.size >= 2 * this.#parts.threads && this.#inProgress >= this.#mostInProgress
    return !isBusy && !this.#isFull()
  }

  /** Collects the next chunk. It has no jobs at the end, or if all entries had results already. */
  async #collect(): Promise<Batch<Job, Result>> {
    const calibration = this.#calibration
    const size = calibration?.isRunning ? calibration.size : this.#chunker.size(this.#puller.remaining)
    const batch = new Batch<Job, Result>()
    this.#outbox.open(batch)
    while (batch.jobCount < size && !this.#isHalted) {
      if (batch.length % CHECKED_EACH === 0 && this.#budget.isSpent) await this.#budget.yield()
      let isThere = this.#puller.ask()
      if (typeof isThere !== 'boolean') {
        const maySendEarly = batch.jobCount > 0 && this.#chunker.isAuto
        this.#statistics.waitsFor('source')
        isThere = maySendEarly && (await this.#isLate(isThere)) ? false : await isThere
        this.#statistics.waitsFor('planning')
      }
      if (!isThere) break
      this.#plan(batch)
      if (this.#window.isHeavy || (batch.jobCount === 0 && this.#isFull())) break
    }
    batch.isComplete = true
    return batch
  }

  #plan(batch: Batch<Job, Result>): void {
    const planned = this.#puller.take()
    const { weight } = this.#puller
    this.#window.enter(weight)
    batch.add(planned, weight)
    if ('result' in planned) this.#give(batch, batch.length - 1, planned.result as Result)
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

  /** Tells the task which jobs will be sent, and takes those out of the batch that it does not want to be. */
  #announce(batch: Batch<Job, Result>): void {
    if (this.#isHalted) return
    const instead = this.#parts.task.begin?.(batch.plannedJobs())
    if (instead === undefined) return
    const entries = instead.map((_, job) => batch.entryOf(job))
    batch.keepJobs((job) => instead[job] === undefined)
    for (const [job, entry] of entries.entries()) this.#divert({ batch, entry, attempt: 1 }, instead[job])
  }

  /** Gives the result of a job that is not sent, or asks again later. */
  #divert(place: EntryPlace<Job, Result>, instead: Instead<Result>): void {
    if (instead === undefined) return
    if (instead !== 'later') {
      this.#give(place.batch, place.entry, instead.result)
      return
    }
    this.#postponed.push(place)
    this.#window.waits(1)
    this.#asking ??= setTimeout(() => this.#askAgain(), LATER_MILLISECONDS)
  }

  /** Asks the task about the entries that were postponed. */
  #askAgain(): void {
    this.#asking = undefined
    const places = this.#postponed
    this.#postponed = []
    for (const _ of places) this.#window.waits(-1)
    this.#sendPlaces(places)
    this.#pumpBell.ring()
    this.#consumerBell.ring()
  }

  #send(batch: Batch<Job, Result>): void {
    if (this.#isHalted) return
    const jobs = batch.takeJobs()
    const { length } = jobs
    this.#statistics.samples?.items.add(jobs)
    this.#dispatch(jobs, 1, {
      settle: (job, outcome) => this.#settle(batch, batch.entryOf(job), outcome, 1),
      settleRange: (first, values) => this.#settleRange(batch, first, values),
    }).then((figures) => this.#measure(length, figures))
  }

  /** Sends the jobs of entries, unless the task does not want that. Entries of one attempt go together. */
  #sendPlaces(places: readonly EntryPlace<Job, Result>[]): void {
    if (this.#isHalted) return
    try {
      const instead = this.#parts.task.begin?.(places.map(({ batch, entry }) => batch.planned[entry])) ?? []
      for (const [i, place] of places.entries()) this.#divert(place, instead[i])
      const sent = places.filter((_, i) => instead[i] === undefined)
      const most = this.#chunker.size(undefined)
      while (sent.length > 0) {
        const { attempt } = sent[0]
        const other = sent.findIndex((place) => place.attempt !== attempt)
        this.#sendTogether(sent.splice(0, Math.min(most, other < 0 ? sent.length : other)), attempt)
      }
    } catch (reason) {
      this.stop(reason)
    }
  }

  #sendTogether(places: readonly EntryPlace<Job, Result>[], attempt: number): void {
    const settle = (job: number, outcome: Outcome<unknown>) => {
      const { batch, entry } = places[job]
      this.#settle(batch, entry, outcome, attempt)
    }
    const jobs = places.map(({ batch, entry }) => batch.planned[entry].job)
    this.#dispatch(jobs, attempt, {
      settle,
      settleRange: (first, values) => {
        for (let i = 0; i < values.length; i++) settle(first + i, { value: values[i] })
      },
    })
  }

  /** Sends jobs, and waits for them before the run ends. */
  #dispatch(jobs: readonly unknown[], attempt: number, report: Report): Promise<ChunkFigures | undefined> {
    const { backend, work, cancellation, limits } = this.#parts
    this.#inProgress += jobs.length
    const { run } = this.#statistics
    const items = jobs.length
    const chunk = this.#statistics.sent(items)
    const wasAlone = this.#calibration?.isAlone === true
    if (chunkStart.hasSubscribers) chunkStart.publish({ run, chunk, items })
    const counted: Report = {
      settle: (job, outcome) => {
        this.#settled(1)
        report.settle(job, outcome)
      },
      settleRange: (first, values) => {
        this.#settled(values.length)
        report.settleRange(first, values)
      },
    }
    const figures = send(backend, { work, limits, attempt, jobs, cancellation }, counted)
    const trip = figures.then((measured) => {
      this.#statistics.returned(items, measured)
      this.#calibration?.returned(items, measured?.details, wasAlone)
      if (chunkEnd.hasSubscribers) chunkEnd.publish({ run, chunk, items, milliseconds: measuredTime(measured) })
      this.#trips.delete(trip)
      this.#pumpBell.ring()
      this.#consumerBell.ring()
    })
    this.#trips.add(trip)
    return figures
  }

  /** Notes that jobs have ended, and wakes the pump if threads can begin others. */
  #settled(jobs: number): void {
    this.#inProgress -= jobs
    if (this.#inProgress < this.#mostInProgress) this.#pumpBell.ring()
  }

  #measure(jobs: number, figures: ChunkFigures | undefined): void {
    const milliseconds = measuredTime(figures)
    if (milliseconds !== null) this.#chunker.measured(jobs, milliseconds)
  }

  #settleRange(batch: Batch<Job, Result>, first: number, values: ArrayLike<unknown>): void {
    if (!batch.hasOnlyJobs) {
      for (let i = 0; i < values.length; i++) this.#settle(batch, batch.entryOf(first + i), { value: values[i] }, 1)
      return
    }
    const end = first + values.length
    if (this.#parts.task.record === undefined) {
      // Functions may be quick, and a call for each value would take longer than they do.
      for (let i = 0; i < values.length; i++) {
        batch.values[first + i] = values[i]
        batch.states[first + i] = State.value
      }
      this.#ended(batch, first, end)
      return
    }
    let from = first
    for (let entry = first; entry < end; entry++) {
      if (this.#keep(batch, entry, { value: values[entry - first] }, 1)) continue
      if (entry > from) this.#ended(batch, from, entry)
      from = entry + 1
    }
    if (end > from) this.#ended(batch, from, end)
  }

  /** @param attempt number of the attempt at the job, from 1 */
  #settle(batch: Batch<Job, Result>, entry: number, outcome: Outcome<unknown>, attempt: number): void {
    if (this.#keep(batch, entry, outcome, attempt)) this.#ended(batch, entry, entry + 1)
  }

  /**
   * Keeps the value of an entry until the consumer takes it. Returns false if its job failed. It is
   * then tried again, or its result was given.
   */
  #keep(batch: Batch<Job, Result>, entry: number, outcome: Outcome<unknown>, attempt: number): boolean {
    try {
      const failed = this.#failureIn(batch.planned[entry], outcome)
      if (failed === undefined) {
        batch.values[entry] = (outcome as { readonly value: unknown }).value
        batch.states[entry] = State.value
        return true
      }
      if (!this.#retries(batch, entry, failed, attempt)) this.#give(batch, entry, failed)
    } catch (reason) {
      this.stop(reason)
    }
    return false
  }

  /** Tries a failed job again if it should be. Returns whether it will be. */
  #retries(batch: Batch<Job, Result>, entry: number, result: Result, attempt: number): boolean {
    const { retries, task } = this.#parts
    if (retries === undefined || this.#isHalted) return false
    const error = task.failureOf(result)
    if (error === undefined) return false
    const delay = retryDelay(retries, error, attempt)
    if (delay === undefined) return false
    this.#statistics.failed(error)
    const timer = setTimeout(() => {
      this.#retrying.delete(timer)
      this.#window.waits(-1)
      this.#sendPlaces([{ batch, entry, attempt: attempt + 1 }])
    }, delay)
    this.#retrying.add(timer)
    this.#window.waits(1)
    this.#pumpBell.ring()
    return true
  }

  /** Notes that entries have ended and can be taken. */
  #ended(batch: Batch<Job, Result>, from: number, to: number): void {
    if (batch.states[from] === State.value) this.#statistics.samples?.results.add(batch.values, from, to)
    this.#outbox.ended(batch, from, to)
    if (this.#givesAll) {
      // All results are kept anyway, so a slow item need not hold up those behind it.
      if (this.#parts.givesValues && batch.states[from] === State.value) batch.forgetItems(from, to)
      this.#leaveWindow(batch, from, to)
    }
    this.#consumerBell.ring()
    this.#progress.done += to - from
    try {
      this.#progress.ended(this.#puller.total)
    } catch (reason) {
      this.stop(reason)
    }
  }

  /** Makes room for other entries. */
  #leaveWindow(batch: Batch<Job, Result>, from: number, to: number): void {
    this.#window.leave(to - from, batch.weightOf(from, to))
    this.#pumpBell.ring()
  }

  /**
   * Returns the result of a job that failed; undefined for others. What it throws ends the run, for
   * example if the journal cannot be written any more.
   */
  #failureIn(planned: Planned<Job, Result>, outcome: Outcome<unknown>): Result | undefined {
    const { task } = this.#parts
    if ('error' in outcome) return task.fail(planned, outcome.error)
    try {
      if (outcome.lost !== undefined) task.noteLoss?.(planned, outcome.lost)
      return task.record?.(planned, outcome.value as JobValue)
    } catch (cause) {
      if (cause instanceof NoisemillError) throw cause
      return task.fail(planned, this.#impossible(cause))
    }
  }

  #impossible(cause: unknown): NoisemillError {
    const received = `${this.#parts.backend.name} settled a job with a value that this kind of job cannot have`
    return new NoisemillError('E_BACKEND_FAILED', { received, cause })
  }

  /** Gives a result to the consumer that exists already. */
  #give(batch: Batch<Job, Result>, entry: number, result: Result): void {
    const failure = this.#parts.task.failureOf(result)
    if (this.#isHalted && (!this.#givesTheRest || failure?.code === 'E_CANCELLED')) return
    // Entries that were pulled before are still finished; no later ones are pulled.
    if (this.#parts.stopAtFailure && failure) this.#puller.end()
    batch.values[entry] = result
    batch.states[entry] = State.result
    if (failure) {
      this.#progress.failed++
      this.#statistics.failed(failure)
    }
    this.#ended(batch, entry, entry + 1)
    if (this.#progress.failed > this.#parts.maxErrors) this.stop(this.#tooManyErrors(failure))
  }

  /** @param cause error of the last item that failed */
  #tooManyErrors(cause: NoisemillError | undefined): NoisemillError {
    const expected = `at most ${plural(this.#parts.maxErrors, 'failed item')}`
    const received = `${this.#progress.failed}, most often ${this.#statistics.mostFrequentFailure}`
    return new NoisemillError('E_TOO_MANY_ERRORS', { option: 'maxErrors', expected, received, cause })
  }
}

/** Returns the time that the jobs of a chunk took; null if the backend did not measure it. */
function measuredTime(figures: ChunkFigures | undefined): number | null {
  const milliseconds = figures?.milliseconds
  // Backends that do not measure the time report 0.
  return Number.isFinite(milliseconds) && milliseconds! > 0 ? milliseconds! : null
}

type FactParts = 'method' | 'work' | 'backend' | 'threads' | 'limits' | 'chunkSize'

function factsOf(parts: Pick<RunParts<unknown, unknown, unknown, unknown>, FactParts>): RunFacts {
  const { method, work, backend, threads, limits, chunkSize } = parts
  return {
    method,
    task: work.kind,
    function: work.kind === 'calls' ? work.call.name : null,
    backend: backend.name,
    threads,
    concurrency: limits.concurrency,
    chunkSize,
  }
}

/** Makes the error of a run that ended because its pool was terminated. */
export const terminated = () => new NoisemillError('E_POOL_TERMINATED')

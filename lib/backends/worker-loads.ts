/** Works on the loads of a worker thread, one after the other, and reports their outcomes. */

import { sharedTime } from './clock.js'
import { Histogram } from './histogram.js'
import type { WorkerDeadlines, WorkerLedger } from './ledger.js'
import type { LoadFigures, WorkerOutcome } from './messages.js'
import { hasOutput, outputCrossed } from './output.js'
import { type Port, Report } from './reports.js'
import { Timesheet } from './timesheet.js'

/**
 * How long jobs that do not wait may follow each other before the promises of users' functions have
 * their turn.
 */
const TURN_MILLISECONDS = 1

/** What to do with the jobs of a load. */
export interface Work {
  /** Resolves when jobs can be begun; undefined if they can at once. Never rejects. */
  readonly ready?: Promise<void> | undefined
  /** Most jobs that the worker works on at the same time. */
  readonly concurrency: number
  /** Never throws or rejects. */
  run(index: number): WorkerOutcome | Promise<WorkerOutcome>
  /** Milliseconds that a job may take, and where its worker notes when it must have ended. */
  readonly limit?: { readonly timeout: number; readonly deadlines: WorkerDeadlines } | undefined
  /** Tells jobs in progress that they are no longer wanted. */
  abort?(): void
}

interface Load {
  readonly number: number
  readonly claim: () => number | undefined
  readonly work: Work
  readonly report: Report
  /** Times of the jobs that have ended. */
  readonly times: Histogram
  isReady: boolean
  /** Jobs that were begun and have not ended. */
  active: number
  /** When the first job was begun. */
  started: number | undefined
}

export class WorkerLoads {
  readonly #port: Port
  readonly #ledger: WorkerLedger
  /** Loads that may have jobs to begin. */
  readonly #queue: Load[] = []
  /** Loads that have not ended. */
  readonly #all = new Set<Load>()
  /** How the worker spends its time. */
  readonly timesheet = new Timesheet()
  /** Empty histograms of loads that have ended. */
  readonly #histograms: Histogram[] = []
  #active = 0
  #willPost = false
  readonly #measure: () => Pick<LoadFigures, 'weight' | 'used'>

  /**
   * @param ledger that of the worker
   * @param measure measures the worker at the end of a load
   */
  constructor(port: Port, ledger: WorkerLedger, measure: () => Pick<LoadFigures, 'weight' | 'used'>) {
    this.#port = port
    this.#measure = measure
    this.#ledger = ledger
  }

  add(number: number, count: number, at: number, work: Work): void {
    const claim = this.#ledger.claims(at, count)
    const report = new Report(this.#port, number)
    const times = this.#histograms.pop() ?? new Histogram()
    const isReady = work.ready === undefined
    const load: Load = { number, claim, work, report, times, isReady, active: 0, started: undefined }
    this.#queue.push(load)
    this.#all.add(load)
    work.ready?.then(() => {
      load.isReady = true
      this.#advance()
    })
    this.#advance()
  }

  /** Tells the jobs of a load that are in progress that they are no longer wanted. */
  abort(number: number): void {
    for (const load of this.#all) if (load.number === number) load.work.abort?.()
  }

  /** Posts all outcomes that are known. Call it before the worker ends. */
  post(): void {
    const began = performance.now()
    for (const { report } of this.#all) report.post()
    this.#forgetNotes()
    this.timesheet.posted(performance.now() - began)
  }

  /**
   * Posts the outcomes of a load, and returns the time when that is done.
   *
   * @param now when the last of them had ended
   */
  #post({ report }: Load, now: number): number {
    report.post()
    this.#forgetNotes()
    const posted = performance.now()
    this.timesheet.posted(posted - now)
    return posted
  }

  /** Begins jobs until there are none left, or until as many wait as may. */
  #advance(turn = performance.now()): void {
    let now = turn
    for (;;) {
      const load = this.#queue[0]
      if (load === undefined || !load.isReady || this.#active >= load.work.concurrency) return
      if (load.started === undefined) {
        load.started = now
        this.timesheet.load(1, now)
      }
      const index = load.claim()
      if (index === undefined) {
        this.#queue.shift()
        if (load.active === 0) now = this.#end(load, now, now)
        continue
      }
      const { limit } = load.work
      if (limit !== undefined) limit.deadlines.begin(index, limit.timeout)
      const outcome = load.work.run(index)
      const began = now
      now = performance.now()
      if (outcome instanceof Promise) {
        this.#wait(load, index, outcome, began)
        continue
      }
      load.times.add(now - began)
      const isPosted = load.report.add(index, outcome)
      // If the pool ends the worker because of a later job, what is not posted is lost.
      if (isPosted || limit !== undefined || load.report.isDue(now)) now = this.#post(load, now)
      else if (!this.#ledger.note(load.number, index, outcome)) now = this.#post(load, now)
      if (limit !== undefined) limit.deadlines.end(index)
      if (now - turn < TURN_MILLISECONDS) continue
      queueMicrotask(() => this.#advance())
      return
    }
  }

  #wait(load: Load, index: number, outcome: Promise<WorkerOutcome>, began: number): void {
    this.#active++
    load.active++
    outcome.then((settled) => {
      this.#active--
      load.active--
      const { limit } = load.work
      const ended = performance.now()
      let now = ended
      load.times.add(now - began)
      const isPosted = load.report.add(index, settled)
      if (isPosted || limit !== undefined || load.report.isDue(now)) now = this.#post(load, now)
      else if (this.#ledger.note(load.number, index, settled)) this.#postSoon()
      else now = this.#post(load, now)
      if (limit !== undefined) limit.deadlines.end(index)
      if (load.active === 0 && !this.#queue.includes(load)) now = this.#end(load, ended, now)
      this.#advance(now)
    })
  }

  #forgetNotes(): void {
    for (const { report } of this.#all) if (!report.isEmpty) return
    this.#ledger.forget()
  }

  /** Posts what has ended when other jobs that end at the same time have been added. */
  #postSoon(): void {
    if (this.#willPost) return
    this.#willPost = true
    setImmediate(() => {
      this.#willPost = false
      this.post()
    })
  }

  /**
   * Ends a load, and returns the time when that is done.
   *
   * @param ended when its last job had ended
   */
  #end(load: Load, ended: number, now: number): number {
    this.#all.delete(load)
    this.timesheet.load(-1, now)
    const { report, times } = load
    const figures: LoadFigures = {
      began: sharedTime(load.started),
      ended: sharedTime(ended),
      spent: this.timesheet.take(now),
      times: times.take(),
      ...this.#measure(),
    }
    this.#histograms.push(times)
    if (!hasOutput()) {
      report.done(figures)
      this.#forgetNotes()
    } else {
      report.post()
      this.#forgetNotes()
      outputCrossed().then(() => report.done(figures))
    }
    return performance.now()
  }
}

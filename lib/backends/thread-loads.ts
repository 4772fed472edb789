/** Works on the loads of a worker thread, one after the other, and reports their outcomes. */

import type { MessagePort } from 'node:worker_threads'
import { type Claims, claim } from './claims.js'
import { sharedTime } from './clock.js'
import { begin, end } from './deadlines.js'
import { Histogram } from './histogram.js'
import type { LoadFigures, ThreadOutcome } from './messages.js'
import { hasOutput, outputCrossed } from './output.js'
import { Report } from './reports.js'
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
  /** Most jobs that the thread works on at the same time. */
  readonly concurrency: number
  /** Never throws or rejects. */
  run(index: number): ThreadOutcome | Promise<ThreadOutcome>
  /** Milliseconds that a job may take, and where its thread notes when it must have ended. */
  readonly limit?: { readonly timeout: number; readonly deadlines: Int32Array } | undefined
  /** Tells jobs in progress that they are no longer wanted. */
  abort?(): void
}

interface Load {
  readonly number: number
  readonly count: number
  readonly claims: Claims
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

export class ThreadLoads {
  readonly #port: MessagePort
  readonly #words: Int32Array
  /** Loads that may have jobs to begin. */
  readonly #queue: Load[] = []
  /** Loads that have not ended. */
  readonly #all = new Set<Load>()
  /** How the thread spends its time. */
  readonly timesheet = new Timesheet()
  /** Empty histograms of loads that have ended. */
  readonly #histograms: Histogram[] = []
  #active = 0
  #willPost = false
  readonly #weigh: () => number

  /**
   * @param words claim words of the thread
   * @param weigh returns the bytes that the thread has
   */
  constructor(port: MessagePort, words: Int32Array, weigh: () => number) {
    this.#port = port
    this.#weigh = weigh
    this.#words = words
  }

  add(number: number, count: number, at: number, work: Work): void {
    const claims: Claims = { words: this.#words, at }
    const report = new Report(this.#port, number)
    const times = this.#histograms.pop() ?? new Histogram()
    const isReady = work.ready === undefined
    const load: Load = { number, count, claims, work, report, times, isReady, active: 0, started: undefined }
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

  /** Posts all outcomes that are known. Call it before the thread ends. */
  post(): void {
    const began = performance.now()
    for (const { report } of this.#all) report.post()
    this.timesheet.posted(performance.now() - began)
  }

  /**
   * Posts the outcomes of a load, and returns the time when that is done.
   *
   * @param now when the last of them had ended
   */
  #post({ report }: Load, now: number): number {
    report.post()
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
      const index = claim(load.claims, load.count)
      if (index === undefined) {
        this.#queue.shift()
        if (load.active === 0) now = this.#end(load, now, now)
        continue
      }
      const { limit } = load.work
      if (limit !== undefined) begin(limit.deadlines, index, limit.timeout)
      const outcome = load.work.run(index)
      const began = now
      now = performance.now()
      if (outcome instanceof Promise) {
        this.#wait(load, index, outcome, began)
        continue
      }
      load.times.add(now - began)
      const isPosted = load.report.add(index, outcome)
      // If the pool ends the thread because of a later job, what is not posted is lost.
      if (isPosted || limit !== undefined || load.report.isDue(now)) now = this.#post(load, now)
      if (limit !== undefined) end(limit.deadlines, index)
      if (now - turn < TURN_MILLISECONDS) continue
      queueMicrotask(() => this.#advance())
      return
    }
  }

  #wait(load: Load, index: number, outcome: Promise<ThreadOutcome>, began: number): void {
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
      else this.#postSoon()
      if (limit !== undefined) end(limit.deadlines, index)
      if (load.active === 0 && !this.#queue.includes(load)) now = this.#end(load, ended, now)
      this.#advance(now)
    })
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
      weight: this.#weigh(),
    }
    this.#histograms.push(times)
    if (!hasOutput()) report.done(figures)
    else {
      report.post()
      outputCrossed().then(() => report.done(figures))
    }
    return performance.now()
  }
}

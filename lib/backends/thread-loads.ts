/** Works on the loads of a worker thread, one after the other, and reports their outcomes. */

import type { MessagePort } from 'node:worker_threads'
import { type Claims, claim } from './claims.js'
import { begin, end } from './deadlines.js'
import type { ThreadOutcome } from './messages.js'
import { hasOutput, outputCrossed } from './output.js'
import { Report } from './reports.js'

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
  #active = 0
  #willPost = false

  /** @param words claim words of the thread */
  constructor(port: MessagePort, words: Int32Array) {
    this.#port = port
    this.#words = words
  }

  add(number: number, count: number, at: number, work: Work): void {
    const claims: Claims = { words: this.#words, at }
    const report = new Report(this.#port, number)
    const isReady = work.ready === undefined
    const load: Load = { number, count, claims, work, report, isReady, active: 0, started: undefined }
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
    for (const { report } of this.#all) report.post()
  }

  /** Begins jobs until there are none left, or until as many wait as may. */
  #advance(): void {
    const turn = performance.now()
    let now = turn
    for (;;) {
      const load = this.#queue[0]
      if (load === undefined || !load.isReady || this.#active >= load.work.concurrency) return
      load.started ??= now
      const index = claim(load.claims, load.count)
      if (index === undefined) {
        this.#queue.shift()
        if (load.active === 0) this.#end(load)
        continue
      }
      const { limit } = load.work
      if (limit !== undefined) begin(limit.deadlines, index, limit.timeout)
      const outcome = load.work.run(index)
      if (outcome instanceof Promise) {
        this.#wait(load, index, outcome)
        continue
      }
      const began = now
      now = performance.now()
      load.report.add(index, outcome)
      // If the pool ends the thread because of a later job, what is not posted is lost.
      if (limit !== undefined || load.report.isDue(now, now - began)) load.report.post()
      if (limit !== undefined) end(limit.deadlines, index)
      if (now - turn < TURN_MILLISECONDS) continue
      queueMicrotask(() => this.#advance())
      return
    }
  }

  #wait(load: Load, index: number, outcome: Promise<ThreadOutcome>): void {
    this.#active++
    load.active++
    outcome.then((settled) => {
      this.#active--
      load.active--
      const { limit } = load.work
      load.report.add(index, settled)
      if (limit !== undefined || load.report.isDue(performance.now(), 0)) load.report.post()
      else this.#postSoon()
      if (limit !== undefined) end(limit.deadlines, index)
      if (load.active === 0 && !this.#queue.includes(load)) this.#end(load)
      this.#advance()
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

  #end(load: Load): void {
    this.#all.delete(load)
    const milliseconds = performance.now() - load.started!
    if (!hasOutput()) {
      load.report.done(milliseconds)
      return
    }
    load.report.post()
    outputCrossed().then(() => load.report.done(milliseconds))
  }
}

/** Counts what a run does, and makes its report. */

import type { ChunkFigures } from '../backends/backend.js'
import type { RunBytes } from '../backends/byte-count.js'
import type { WorkerShare } from '../backends/chunk-details.js'
import { sharedTime } from '../backends/clock.js'
import type { CpuUse } from '../backends/cpu-use.js'
import { Histogram } from '../backends/histogram.js'
import type { WorkerFigures, WorkerLife } from '../backends/worker-figures.js'
import type { ErrorCode } from '../error-codes.js'
import type { NoisemillError } from '../errors.js'
import type { Calibration } from './calibration.js'
import { ProcessUse, together } from './process-use.js'
import type { CopiedBytes, ItemTimes, RunChunks, RunReport, RunWaits, SampledValues } from './run-report.js'
import { Sample } from './sample.js'

/** What is known of a run before it begins. */
export type RunFacts = Pick<
  RunReport,
  'method' | 'task' | 'function' | 'backend' | 'threads' | 'concurrency' | 'chunkSize'
>

/** How a run ended. */
export interface Ending {
  readonly ended: Exclude<RunReport['ended'], null>
  readonly error?: unknown
}

/** What a run counts for other purposes. */
export interface ItemCounts {
  readonly total: number | undefined
  readonly taken: number
  /** How many ended, failed ones included. */
  readonly ended: number
  readonly failed: number
  /** The first value that lost its class, in words. */
  readonly lostClass: string | undefined
  readonly calibration: Calibration | undefined
}

type Wait = keyof RunWaits

type Sums = { -readonly [Field in keyof WorkerFigures]: WorkerFigures[Field] }

interface WorkerSums extends Sums {
  readonly life: WorkerLife
  /** When the worker began its first item and had ended its last one, on the shared clock. */
  began: number
  ended: number
}

let lastRun = 0

const orNull = <T>(value: T | undefined): T | null => value ?? null

export class RunStatistics {
  readonly run = ++lastRun
  readonly #facts: RunFacts
  readonly #began = sharedTime()
  readonly #process: ProcessUse
  /** What worker processes have used of the CPUs. */
  #used: CpuUse = { cpu: 0, waited: 0 }
  readonly #failures = new Map<ErrorCode, number>()
  readonly #waits: Record<Wait, number> = { source: 0, planning: 0, consumer: 0 }
  /** What the run waits for, and since when. */
  #wait: Wait | undefined
  #waitsSince = 0
  #firstResult: number | undefined
  /** Chunks that were sent and have not returned. */
  #inProgress = 0
  #chunks = 0
  #jobs = 0
  #smallest = Infinity
  #largest = 0
  #takenBack = 0
  /** Chunks of which it is known how long they were queued. */
  #queuedChunks = 0
  #queued = 0
  #queuedMax = 0
  /** Jobs of chunks of which only the sum of the times is known, and that sum. */
  #summedJobs = 0
  #summedTime = 0
  readonly #times = new Histogram()
  /** Samples of items and results; undefined if nobody gets them. */
  readonly samples: { readonly items: Sample; readonly results: Sample } | undefined
  #posting = 0
  readonly #bytes = new Set<RunBytes>()
  #workers: Map<number, WorkerSums> | undefined

  /**
   * Begins to count, when the run begins.
   *
   * @param isWanted whether someone gets the report at the end
   */
  constructor(facts: RunFacts, isWanted: boolean) {
    this.#facts = facts
    this.#process = new ProcessUse(isWanted)
    this.samples = isWanted && facts.task === 'calls' ? { items: new Sample(), results: new Sample() } : undefined
  }

  /** How many chunks were sent. */
  get chunks(): number {
    return this.#chunks
  }

  failed({ code }: NoisemillError): void {
    this.#failures.set(code, (this.#failures.get(code) ?? 0) + 1)
  }

  /** The code of most failures; undefined if nothing has failed. */
  get mostFrequentFailure(): ErrorCode | undefined {
    const [first] = [...this.#failures].sort(([, a], [, b]) => b - a)
    return first?.[0]
  }

  /** Notes that the consumer gets a result. */
  given(): void {
    this.#firstResult ??= sharedTime() - this.#began
  }

  /** Notes what the run waits for from now on; undefined if it need not wait. */
  waitsFor(wait: Wait | undefined): void {
    this.#countWait()
    this.#wait = wait
  }

  #countWait(): void {
    if (this.#inProgress >= this.#facts.threads) return
    const now = performance.now()
    if (this.#wait !== undefined) this.#waits[this.#wait] += now - this.#waitsSince
    this.#waitsSince = now
  }

  /** Notes that a chunk is sent. Returns its number, from 1. */
  sent(jobs: number): number {
    this.#countWait()
    this.#inProgress++
    this.#chunks++
    this.#jobs += jobs
    this.#smallest = Math.min(this.#smallest, jobs)
    this.#largest = Math.max(this.#largest, jobs)
    return this.#chunks
  }

  /** Notes that a chunk has returned. Figures are undefined if the backend failed. */
  returned(jobs: number, figures: ChunkFigures | undefined): void {
    this.#countWait()
    this.#inProgress--
    if (this.#inProgress === this.#facts.threads - 1) this.#waitsSince = performance.now()
    if (figures === undefined) return
    const { milliseconds, details } = figures
    if (details === undefined) {
      // Backends that do not measure the time report 0.
      if (!(milliseconds > 0)) return
      this.#summedJobs += jobs
      this.#summedTime += milliseconds
      return
    }
    const { queued, posting, takenBack, times, shares, bytes } = details
    if (queued !== null) {
      this.#queuedChunks++
      this.#queued += queued
      this.#queuedMax = Math.max(this.#queuedMax, queued)
    }
    this.#posting += posting ?? 0
    this.#takenBack += takenBack
    for (const each of times) this.#times.addAll(each)
    if (bytes !== null) this.#bytes.add(bytes)
    for (const share of shares ?? []) this.#addShare(share)
  }

  #addShare({ worker, life, start, items, ended, spent, used }: WorkerShare): void {
    if (used !== undefined) this.#used = together(this.#used, used)
    this.#workers ??= new Map()
    // A worker tells all since its last load: after that it may have been at work for some time before this run.
    const most = Math.max(0, ended - this.#began - spent.setup - spent.busy)
    const crossing = Math.min(spent.crossing, most)
    const began = ended - spent.setup - spent.busy - crossing
    let sums = this.#workers.get(worker)
    if (sums === undefined) {
      const figures = { start: 0, setup: 0, busy: 0, waiting: 0, crossing: 0, idle: 0, items: 0, loads: 0 }
      sums = { worker, life, ...figures, began, ended }
      this.#workers.set(worker, sums)
    }
    sums.start += start
    sums.setup += spent.setup
    sums.busy += spent.busy
    sums.waiting += spent.waiting
    sums.crossing += crossing
    sums.items += items
    sums.loads++
    sums.began = Math.min(sums.began, began)
    sums.ended = Math.max(sums.ended, ended)
  }

  /** @param ending undefined while the run is in progress */
  report({ total, taken, ended, failed, lostClass, calibration }: ItemCounts, ending?: Ending): RunReport {
    const milliseconds = sharedTime() - this.#began
    const workers = this.#workerFigures(this.#began + milliseconds)
    return {
      run: this.run,
      ...this.#facts,
      ended: ending?.ended ?? null,
      error: ending?.error,
      milliseconds,
      firstResult: orNull(this.#firstResult),
      items: { total: orNull(total), taken, done: ended - failed, failed, unfinished: taken - ended },
      failures: Object.fromEntries(this.#failures),
      itemTimes: this.#itemTimes(),
      calibration: orNull(calibration?.figures(this.#times)),
      chunks: this.#chunkFigures(),
      bytes: this.#byteFigures(),
      sample: ending === undefined ? null : this.#sampled(),
      lostClass: orNull(lostClass),
      crossing: workers && {
        posting: this.#posting,
        workers: workers.reduce((sum, { crossing }) => sum + crossing, 0),
      },
      waits: { ...this.#waits },
      tail: this.#tail(),
      workers,
      process: this.#process.soFar(this.#used),
    }
  }

  #itemTimes(): ItemTimes {
    const { count, max } = this.#times
    const measured = count + this.#summedJobs
    if (measured === 0) return { total: null, mean: null, p50: null, p90: null, p99: null, max: null }
    const total = this.#times.total + this.#summedTime
    const quantile = (q: number) => (this.#summedJobs > 0 ? null : orNull(this.#times.quantile(q)))
    return {
      total,
      mean: total / measured,
      p50: quantile(0.5),
      p90: quantile(0.9),
      p99: quantile(0.99),
      max: this.#summedJobs > 0 ? null : max,
    }
  }

  #chunkFigures(): RunChunks {
    const isQueueKnown = this.#queuedChunks > 0
    return {
      sent: this.#chunks,
      smallest: this.#chunks === 0 ? 0 : this.#smallest,
      mean: this.#chunks === 0 ? 0 : this.#jobs / this.#chunks,
      largest: this.#largest,
      takenBack: this.#takenBack,
      queuedMean: isQueueKnown ? this.#queued / this.#queuedChunks : null,
      queuedMax: isQueueKnown ? this.#queuedMax : null,
    }
  }

  #sampled(): SampledValues | null {
    if (this.samples === undefined) return null
    const { items, results } = this.samples
    return {
      items: items.size,
      distinctItems: items.distinct,
      results: results.size,
      distinctResults: results.distinct,
    }
  }

  #byteFigures(): CopiedBytes | null {
    if (this.#bytes.size === 0) return null
    let [sent, received, data] = [0, 0, 0]
    let isEstimate = false
    for (const each of this.#bytes) {
      sent += each.sent.bytes
      received += each.received.bytes
      data += each.data.bytes
      isEstimate ||= each.sent.isEstimate || each.received.isEstimate || each.data.isEstimate
    }
    return { sent, received, data, isEstimate }
  }

  #workerFigures(now: number): WorkerFigures[] | null {
    if (this.#workers === undefined) return null
    return Array.from(this.#workers.values(), ({ began: _, ended: __, life, ...sums }) => {
      const existed = (life.ended ?? now) - Math.max(life.created, this.#began)
      const spent = sums.start + sums.setup + sums.busy + sums.crossing
      return { ...sums, idle: Math.max(0, existed - spent) }
    })
  }

  #tail(): number | null {
    if (this.#workers === undefined) return null
    // A worker may have replaced another, so it is not enough to look at the end of each.
    const changes = Array.from(this.#workers.values(), ({ began, ended }) => [
      { at: ended, by: 1 },
      { at: began, by: -1 },
    ]).flat()
    changes.sort((a, b) => b.at - a.at || a.by - b.by)
    let working = 0
    for (const { at, by } of changes) {
      working += by
      if (working === this.#facts.threads) return changes[0].at - at
    }
    return changes[0].at - this.#began
  }
}

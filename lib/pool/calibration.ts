/**
 * Measures how long items take alone, on some items near the begin of a run. From that and from the times
 * of all items follows how long a plain loop would take. No item runs twice.
 */

import type { ChunkDetails } from '../backends/chunk-details.js'
import { Histogram } from '../backends/histogram.js'

/** What a run with the option `calibrate` measured. Times are in milliseconds. */
export interface RunCalibration {
  /** Time for which only one item at a time was in progress. */
  readonly milliseconds: number
  /** Number of items that were measured alone. */
  readonly items: number
  /** Mean time of an item alone; null if the run was too short to measure it. */
  readonly item: number | null
  /**
   * Predicted time of a plain loop over all items of the run, without the time of their source and
   * consumer; null if the run was too short to measure it.
   */
  readonly plainLoop: number | null
}

/** Work at the begin that does not count, because V8 still compiles the function. */
const WARM_UP = 50
/** Work that is measured together, and then the work that is measured alone, in milliseconds. */
const MEASURED = 100
/** So many items are measured alone even if they take longer, but not if they take longer than `MOST`. */
const LEAST_ITEMS = 4
const MOST = 500
/** Pools divide chunks between their threads that have not ended after 4 ms. */
const CHUNK = 2

export class Calibration {
  readonly #alone = new Histogram()
  /** Items before and after those that are alone, while all threads work. */
  readonly #around = new Histogram()
  #jobs = 0
  #work = 0
  #isAlone = false
  #aloneSince = 0
  /** How long items were alone, once that has ended. */
  #milliseconds: number | undefined
  /** How many items after those that were alone must still be measured. */
  #left = 0

  /** @param most most items that may be in a chunk: 1 if the thread would begin several at the same time */
  constructor(readonly most: number) {}

  /** Whether only one chunk may be in progress now. */
  get isAlone(): boolean {
    return this.#isAlone
  }

  /** Whether chunks must have the size that `size` says. */
  get isRunning(): boolean {
    return this.#milliseconds === undefined || this.#left > 0
  }

  get size(): number {
    const fitting = Math.floor((CHUNK * this.#jobs) / Math.max(this.#work, 0.001))
    return Math.max(1, Math.min(fitting, this.most))
  }

  /**
   * Notes that a chunk has returned.
   *
   * @param wasAlone what `isAlone` was when it was sent
   */
  returned(jobs: number, details: ChunkDetails | undefined, wasAlone: boolean): void {
    if (details === undefined) return
    const { times, takenBack } = details
    const add = (histogram: Histogram) => {
      for (const each of times) histogram.addAll(each)
    }
    this.#jobs += jobs
    this.#work += times.reduce((sum, { total }) => sum + total, 0)
    if (wasAlone) {
      // Jobs that were taken back ran on several threads.
      if (takenBack === 0) add(this.#alone)
      const { count, total } = this.#alone
      if ((total < MEASURED || count < LEAST_ITEMS) && total < MOST) return
      this.#isAlone = false
      this.#left = count
      this.#milliseconds = performance.now() - this.#aloneSince
    } else if (this.#milliseconds !== undefined) {
      if (this.#left > 0) add(this.#around)
      this.#left -= jobs
    } else if (!this.#isAlone && this.#work >= WARM_UP) {
      add(this.#around)
      if (this.#around.total < MEASURED) return
      this.#isAlone = true
      this.#aloneSince = performance.now()
    }
  }

  /** @param all the times of all items of the run */
  figures(all: Histogram): RunCalibration {
    const { count, total } = this.#alone
    const milliseconds = this.#milliseconds ?? (this.#isAlone ? performance.now() - this.#aloneSince : 0)
    if (count === 0) return { milliseconds, items: 0, item: null, plainLoop: null }
    const item = total / count
    // One item may be longer than all others together.
    const excess = Math.max(0, all.max - Math.max(this.#alone.max, this.#around.max))
    const plainLoop = Math.min(all.total, all.count * item * this.#trend(all) + excess)
    return { milliseconds, items: count, item, plainLoop }
  }

  /**
   * How much longer all items are than those around the ones that were alone, for example because items
   * become longer and longer. It compares logarithms, because the few items that had to wait for a CPU
   * would change other means. If items differ so much that chance could explain the difference, less of
   * it counts.
   */
  #trend(all: Histogram): number {
    const around = this.#around.logarithms()
    const difference = all.logarithms().mean - around.mean
    const chance = around.variance / Math.max(1, this.#around.count)
    return difference === 0 ? 1 : Math.exp(difference * (difference ** 2 / (difference ** 2 + chance)))
  }
}

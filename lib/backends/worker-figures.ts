/** What a pool knows of one worker thread since it was created. */

import { sharedTime } from './clock.js'
import type { LoadFigures } from './messages.js'

/**
 * How a worker spent its time, in milliseconds: in `pool.stats()` since it was created, and in a
 * `RunReport` for that run. `start`, `setup`, `busy`, `crossing` and `idle` add up to the time in
 * which the worker existed, in a report during the run.
 *
 * @example
 * import { moduleTask, Pool, type WorkerFigures } from 'noisemill'
 *
 * // square.js: export const square = (n) => n * n
 * const show = ({ worker, items, busy }: WorkerFigures) => typeof worker === 'number' && busy > 0 && items
 * const square = moduleTask<number, number>(new URL('./square.js', import.meta.url), 'square')
 * await using pool = new Pool({ size: 1 })
 * await pool.map(square, [1, 2, 3])
 * console.log(...pool.stats().workers!.map(show)) // -> 3
 */
export interface WorkerFigures {
  /** Number of the worker's thread: `threadId` of node:worker_threads, which is never used again. */
  readonly worker: number
  /** Time from the creation of the thread until it could get items. In a report, 0 if it existed before. */
  readonly start: number
  /** Time in which it loaded modules or ran `setup` functions, while no items were in progress. */
  readonly setup: number
  /** Time in which items were in progress. */
  readonly busy: number
  /**
   * The part of `busy` in which the thread had nothing to do until a timer, a file or a network
   * answered. Use a larger `concurrency` if it is large.
   */
  readonly waiting: number
  /**
   * Time that it needed to receive items and to return results: to deserialise and serialise them,
   * and for the messages themselves.
   */
  readonly crossing: number
  /** The rest of the time. In a report, other runs of the pool may have used it. */
  readonly idle: number
  /** Number of items that it has begun, without those that it had when it died. */
  readonly items: number
  /** Number of loads: items of a chunk that it got together. */
  readonly loads: number
}

/** When a worker was created and had ended, on the shared clock. */
export interface WorkerLife {
  readonly created: number
  /** Undefined until it has ended. */
  readonly ended: number | undefined
}

export class WorkerTally {
  readonly #life: { readonly created: number; ended: number | undefined } = { created: sharedTime(), ended: undefined }
  #ready: number | undefined
  #isStartTold = false
  /** Until when the other times are known. */
  #until: number | undefined
  #setup = 0
  #busy = 0
  #waiting = 0
  #crossing = 0
  #items = 0
  #loads = 0

  /** @param at when the thread could get its first load, on the shared clock */
  ready(at: number): void {
    this.#ready = at
    this.#until = at
  }

  done({ spent }: LoadFigures, items: number): void {
    this.#until = sharedTime()
    this.#setup += spent.setup
    this.#busy += spent.busy
    this.#waiting += spent.waiting
    this.#crossing += spent.crossing
    this.#items += items
    this.#loads++
  }

  get life(): WorkerLife {
    return this.#life
  }

  ended(): void {
    this.#life.ended = sharedTime()
  }

  /** Returns how long the thread took to start, to the first caller, and 0 to others. */
  takeStart(): number {
    if (this.#isStartTold || this.#ready === undefined) return 0
    this.#isStartTold = true
    return this.#ready - this.#life.created
  }

  /** @param isWorking whether the thread has worked on items since it told its figures */
  figures(worker: number, isWorking: boolean): WorkerFigures {
    const now = sharedTime()
    const ready = this.#ready ?? now
    const busy = this.#busy + (isWorking ? now - (this.#until ?? now) : 0)
    return {
      worker,
      start: ready - this.#life.created,
      setup: this.#setup,
      busy,
      waiting: this.#waiting,
      crossing: this.#crossing,
      idle: Math.max(0, now - ready - this.#setup - busy - this.#crossing),
      items: this.#items,
      loads: this.#loads,
    }
  }
}

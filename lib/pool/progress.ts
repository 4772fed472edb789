/** Tells a caller how far a run is. */

/**
 * How far a run is.
 *
 * @example
 * import { moduleTask, Pool, type RunProgress } from 'noisemill'
 *
 * // square.js: export const square = (n) => n * n
 * const square = moduleTask<number, number>(new URL('./square.js', import.meta.url), 'square')
 * let last: RunProgress | undefined
 * const onProgress = (progress: RunProgress) => {
 *   last = progress
 * }
 * await using pool = new Pool()
 * await pool.map(square, [1, 2, 3], { onProgress })
 * console.log(last?.done, last?.failed, last?.total) // -> 3 0 3
 */
export interface RunProgress {
  /** Number of items, or outputs of noise tasks, that have ended, failed ones included. */
  readonly done: number
  /** How many of them failed. */
  readonly failed: number
  /** Number of all items or outputs; null if the items are not in an array, a set or a map. */
  readonly total: number | null
  /** Seconds since the run began. */
  readonly seconds: number
}

/** A person hardly notices a shorter time. */
const INTERVAL_MILLISECONDS = 100

/** Counts the items of a run that have ended. */
export class Progress {
  done = 0
  failed = 0
  readonly #tell: ((progress: RunProgress) => void) | undefined
  readonly #began = performance.now()
  #told = 0

  constructor(tell: ((progress: RunProgress) => void) | undefined) {
    this.#tell = tell
  }

  /** Tells the caller, unless it was told a moment ago. Throws what the caller's function throws. */
  ended(total: number | undefined): void {
    if (this.#tell === undefined || performance.now() - this.#told < INTERVAL_MILLISECONDS) return
    this.tell(total)
  }

  tell(total: number | undefined): void {
    this.#told = performance.now()
    const { done, failed } = this
    this.#tell?.({ done, failed, total: total ?? null, seconds: (this.#told - this.#began) / 1000 })
  }
}

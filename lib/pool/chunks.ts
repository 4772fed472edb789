/** Chooses how many jobs a chunk has. */

import type { ChunkLimits } from '../backends/backend.js'

/**
 * Number of items in a chunk, which a thread gets at once: 1 to 1,000,000, or 'auto' to choose it
 * by measuring.
 *
 * @example
 * import { type ChunkSize, moduleTask, Pool } from 'noisemill'
 *
 * // square.js: export const square = (n) => n * n
 * const square = moduleTask<number, number>(new URL('./square.js', import.meta.url), 'square')
 * const sizes: ChunkSize[] = [1, 100, 'auto']
 * await using pool = new Pool()
 * for (const chunkSize of sizes) console.log(await pool.map(square, [1, 2, 3], { chunkSize }))
 * // -> [ 1, 4, 9 ]
 * // -> [ 1, 4, 9 ]
 * // -> [ 1, 4, 9 ]
 */
export type ChunkSize = number | 'auto'

/**
 * What chunks suit a backend that does not say so. A trip costs about 0.1 ms, which is little of such
 * a chunk, and the items of a few chunks take little memory.
 */
const DEFAULT_LIMITS: ChunkLimits = { milliseconds: 20, most: 4096 }
/** Most that a size grows at once, because a short chunk says little about a longer one. */
const GROWTH = 4
/**
 * If the number of items is known, chunks become smaller towards the end, so that no thread gets a
 * long last chunk.
 */
const CHUNKS_LEFT_PER_THREAD = 2

/**
 * Chooses the size of the next chunk. An automatic size starts at 1 and follows the time that
 * chunks take on their threads, without the time that they wait for a thread.
 */
export class Chunker {
  #auto: number

  /** @param least size that lets a thread work on as many items at the same time as it may */
  constructor(
    readonly option: ChunkSize,
    readonly threads: number,
    readonly least = 1,
    readonly limits = DEFAULT_LIMITS,
  ) {
    this.#auto = least
  }

  get isAuto(): boolean {
    return this.option === 'auto'
  }

  /** @param remaining number of jobs still to come; undefined if it is not known */
  size(remaining: number | undefined): number {
    if (this.option !== 'auto') return this.option
    if (remaining === undefined) return this.#auto
    return Math.max(1, Math.min(this.#auto, Math.ceil(remaining / (CHUNKS_LEFT_PER_THREAD * this.threads))))
  }

  measured(jobs: number, milliseconds: number): void {
    const aim = Math.floor((this.limits.milliseconds * jobs) / Math.max(milliseconds, 0.001))
    this.#auto = Math.max(this.least, Math.min(aim, this.#auto * GROWTH, this.limits.most))
  }
}

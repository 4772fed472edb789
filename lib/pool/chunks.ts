/** How many jobs go in one trip to a backend. */

/**
 * Items in one trip to a thread, 1 to 1,000,000, or 'auto': found by measuring.
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

/** Time on its thread that an automatic chunk aims at: long beside a trip (some 0.1 ms), short beside a person's wait. */
const TARGET_MILLISECONDS = 50
const MAX_AUTO = 512
/** With a known end, chunks get smaller towards it, so that no thread is left with a long last one. */
const CHUNKS_LEFT_PER_THREAD = 2

/**
 * The size of the next chunk. Automatic sizes start at 1 and at most double from what was last measured, by the time that
 * chunks took on their threads; time spent waiting for a thread does not count.
 */
export class Chunker {
  #auto = 1

  constructor(
    readonly option: ChunkSize,
    readonly threads: number,
  ) {}

  get isAuto(): boolean {
    return this.option === 'auto'
  }

  /** @param remaining jobs that are still to come, where that is known */
  size(remaining: number | undefined): number {
    if (this.option !== 'auto') return this.option
    if (remaining === undefined) return this.#auto
    return Math.max(1, Math.min(this.#auto, Math.ceil(remaining / (CHUNKS_LEFT_PER_THREAD * this.threads))))
  }

  measured(jobs: number, milliseconds: number): void {
    const aim = Math.floor((TARGET_MILLISECONDS * jobs) / Math.max(milliseconds, 0.001))
    // A short chunk says little of a longer one's pace, so growth is slow and shrinking is not.
    this.#auto = Math.max(1, Math.min(aim, this.#auto * 2, MAX_AUTO))
  }
}

/**
 * Limits the entries that were planned and that the consumer has not yet taken, so that neither an
 * endless source nor a slow consumer fills the memory. If the consumer gets all results together,
 * entries leave when they have ended. Entries that wait for another attempt do not count, because they
 * may wait for long.
 */

/**
 * The window has room for at least this many entries, so that one slow item does not leave the
 * other threads idle.
 */
const MIN_ENTRIES = 64
const CHUNKS_PER_THREAD = 4
/** Most bytes of items in the window; a single larger item still enters. */
const MAX_BYTES = 64 * 1024 * 1024
/** Most entries that do not count because they wait for another attempt. */
const MOST_WAITING = 10_000

export class Window {
  readonly #threads: number
  #entries = 0
  #bytes = 0
  /** Entries in the window that wait for another attempt. */
  #waiting = 0

  constructor(threads: number) {
    this.#threads = threads
  }

  /** @param weight bytes of memory that the entry's item occupies */
  enter(weight: number): void {
    this.#entries++
    this.#bytes += weight
  }

  /** @param weight bytes of memory that the items of the entries occupy */
  leave(entries: number, weight: number): void {
    this.#entries -= entries
    this.#bytes -= weight
  }

  /** Notes that an entry begins to wait for another attempt, or that the attempt begins. */
  waits(change: 1 | -1): void {
    this.#waiting += change
  }

  /** Whether the items in the window have reached the limit in bytes. */
  get isHeavy(): boolean {
    return this.#bytes >= MAX_BYTES
  }

  /** @param chunkSize current number of jobs in a chunk */
  isFull(chunkSize: number): boolean {
    const most = Math.max(MIN_ENTRIES, CHUNKS_PER_THREAD * this.#threads * chunkSize)
    const counted = this.#entries - Math.min(this.#waiting, MOST_WAITING)
    return counted >= most || (this.isHeavy && this.#entries > 0)
  }
}

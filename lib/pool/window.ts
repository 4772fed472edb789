/** What is under way: planned and not yet given to the consumer. Within bounds neither an endless source nor a slow consumer fills the memory. */

/** At least this many entries may be under way, so that one slow item does not leave the other threads idle. */
const MIN_ENTRIES = 64
const CHUNKS_PER_THREAD = 4
/** Bytes of items under way; a single larger item still passes. */
const MAX_BYTES = 64 * 1024 * 1024

export class Window {
  readonly #threads: number
  #entries = 0
  #bytes = 0

  constructor(threads: number) {
    this.#threads = threads
  }

  /** @param weight bytes that the entry holds on to */
  enter(weight: number): void {
    this.#entries++
    this.#bytes += weight
  }

  leave(weight: number): void {
    this.#entries--
    this.#bytes -= weight
  }

  /** Whether all bytes that may be under way are. */
  get isHeavy(): boolean {
    return this.#bytes >= MAX_BYTES
  }

  /** @param chunkSize jobs of the chunks that go to the threads now */
  isFull(chunkSize: number): boolean {
    const most = Math.max(MIN_ENTRIES, CHUNKS_PER_THREAD * this.#threads * chunkSize)
    return this.#entries >= most || (this.isHeavy && this.#entries > 0)
  }
}

/**
 * The claim word of a load: how a thread and its pool agree, without messages, which items the
 * thread begins.
 *
 * The word is one 32-bit integer in shared memory. The thread adds 1 to claim the next item, and the
 * value before is the item's index. The pool adds CLOSED to end the load, and the value before is
 * the number of items that were begun: every later claim is refused. Both are a single atomic
 * operation, so each item is either begun by the thread or given back to the pool, and never both.
 */

/** More than any number of claims. Two of it do not fit, so a word is closed once. */
const CLOSED = 2 ** 30

/** A claim word: its place in shared memory. */
export interface Claims {
  readonly words: Int32Array
  readonly at: number
}

/**
 * Claims the next item of a load for the calling thread. Returns its index; undefined if there is
 * none left, or if the load was closed.
 */
export function claim({ words, at }: Claims, count: number): number | undefined {
  const index = Atomics.add(words, at, 1)
  return index < count ? index : undefined
}

/**
 * Ends a load: its thread begins no more of its items. Returns how many it has begun. Call it once.
 */
export const closeClaims = ({ words, at }: Claims, count: number): number =>
  Math.min(count, Atomics.add(words, at, CLOSED))

/** Returns how many items of a load have been begun so far. */
export const claimed = ({ words, at }: Claims, count: number): number => Math.min(count, Atomics.load(words, at))

/**
 * The claim words of a thread. They are used again, because new shared memory for each load would
 * take longer than its message.
 */
export class ClaimWords {
  readonly words: Int32Array
  readonly #free: number[] = []
  #used = 0

  /** @param most how many loads the thread can have at the same time */
  constructor(most: number) {
    this.words = new Int32Array(new SharedArrayBuffer(4 * most))
  }

  /** Whether all words are taken. */
  get isFull(): boolean {
    return this.#free.length === 0 && this.#used === this.words.length
  }

  /** Returns a word with which no item is claimed. */
  take(): Claims {
    const at = this.#free.pop() ?? this.#used++
    Atomics.store(this.words, at, 0)
    return { words: this.words, at }
  }

  /** Takes back the word of a load that its thread has finished. */
  free({ at }: Claims): void {
    this.#free.push(at)
  }
}

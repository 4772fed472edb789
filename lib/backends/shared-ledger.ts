/**
 * The ledger of a worker thread, in memory that the thread and its pool share. They agree which of
 * them has an item that was sent to the thread by one 32-bit word for each load. The thread adds 1 to
 * claim the next item: the value before is the item's index. The pool adds CLOSED to end the load,
 * and the value before is the number of items that were begun: every later claim is refused. Both
 * are a single atomic operation, so each item is either begun by the thread or given back to the
 * pool, and never both.
 */

import {
  deadlineIn,
  type Ledger,
  mostExceeded,
  type Noted,
  type PoolDeadlines,
  type WorkerDeadlines,
  type WorkerLedger,
} from './ledger.js'

/** More than any number of claims. Two of it do not fit, so a load is closed once. */
const CLOSED = 2 ** 30

/** Places are used again, because new shared memory for each load would take longer than its message. */
export class SharedLedger implements Ledger {
  readonly words: Int32Array
  readonly #free: number[] = []
  #used = 0

  /** @param most how many loads the thread can have at the same time */
  constructor(most: number) {
    this.words = new Int32Array(new SharedArrayBuffer(4 * most))
  }

  get isFull(): boolean {
    return this.#free.length === 0 && this.#used === this.words.length
  }

  take(): number {
    const at = this.#free.pop() ?? this.#used++
    Atomics.store(this.words, at, 0)
    return at
  }

  free(at: number): void {
    this.#free.push(at)
  }

  begun(at: number, count: number): number {
    const word = Atomics.load(this.words, at)
    return Math.min(count, word >= CLOSED ? word - CLOSED : word)
  }

  close(at: number, count: number): number {
    return Math.min(count, Atomics.add(this.words, at, CLOSED))
  }

  /** A thread that exits reports first. One that is killed loses what it had not reported. */
  noted(): readonly Noted[] {
    return []
  }

  deadlines(count: number): PoolDeadlines {
    const place = new Int32Array(new SharedArrayBuffer(4 * count))
    return { place, overdue: (first, end) => mostExceeded(place.subarray(first, end)), free: () => {} }
  }
}

export class ThreadLedger implements WorkerLedger {
  readonly #words: Int32Array

  constructor(words: Int32Array) {
    this.#words = words
  }

  claims(at: number, count: number): () => number | undefined {
    return () => {
      const index = Atomics.add(this.#words, at, 1)
      return index < count ? index : undefined
    }
  }

  note(): boolean {
    return true
  }

  forget(): void {}

  deadlines(place: Int32Array): WorkerDeadlines {
    return {
      begin: (index, timeout) => {
        Atomics.store(place, index, deadlineIn(timeout))
      },
      end: (index) => {
        Atomics.store(place, index, 0)
      },
    }
  }
}

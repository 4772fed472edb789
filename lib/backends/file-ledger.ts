/**
 * The ledger of a worker process, in a file that the process and its pool have open. Processes of
 * Node share no memory, but what one has written to a file, the other reads at once, also after the
 * writer has died.
 *
 * Each load has two words: how many of its items were begun, and the limit that the pool sets. The
 * process counts an item as begun, and reads the limit after that. If the limit forbids the item, it
 * takes the count back. The pool writes the limit, and reads the count after that. So whichever is
 * later sees what the other has written, and no item is both begun and given back. For the moment
 * between two steps of the process, the pool may count one item too many as begun.
 *
 * An item costs a write and a read of the file, 2 µs together. Quick items are reported together. So
 * that the death of the process costs none of those that have ended, it notes their outcomes in the
 * file, which takes about as long again (notes.ts).
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
import type { WorkerOutcome } from './messages.js'
import { NOTE_WORDS, Notes, readNotes, type Words } from './notes.js'

/** More than any number of items. */
const NO_LIMIT = 2 ** 31 - 1

const countOf = (at: number) => NOTE_WORDS + 2 * at
const limitOf = (at: number) => countOf(at) + 1

export class FileLedger implements Ledger {
  readonly #words: Words
  readonly #most: number
  readonly #free: number[] = []
  #used = 0
  /** How many loads have deadlines, and where the next deadlines come. */
  #withDeadlines = 0
  #end: number

  /** @param most how many loads the process can have at the same time */
  constructor(most: number, words: Words) {
    this.#most = most
    this.#words = words
    this.#end = countOf(most)
  }

  get isFull(): boolean {
    return this.#free.length === 0 && this.#used === this.#most
  }

  take(): number {
    const at = this.#free.pop() ?? this.#used++
    this.#words.writeAll(countOf(at), Int32Array.of(0, NO_LIMIT))
    return at
  }

  free(at: number): void {
    this.#free.push(at)
  }

  begun(at: number, count: number): number {
    // A process whose native code goes wrong may have written anything.
    return Math.max(0, Math.min(count, this.#words.read(countOf(at))))
  }

  close(at: number, count: number): number {
    this.#words.write(limitOf(at), this.#words.read(countOf(at)))
    return this.begun(at, count)
  }

  noted(): readonly Noted[] {
    return readNotes(this.#words)
  }

  deadlines(count: number): PoolDeadlines {
    const place = this.#end
    this.#end += count
    this.#withDeadlines++
    this.#words.writeAll(place, new Int32Array(count))
    return {
      place,
      overdue: (first, end) => mostExceeded(this.#words.readAll(place + first, end - first)),
      free: () => {
        this.#withDeadlines--
        if (this.#withDeadlines === 0) this.#end = countOf(this.#most)
      },
    }
  }
}

export class ProcessLedger implements WorkerLedger {
  readonly #words: Words
  readonly #notes: Notes

  constructor(words: Words) {
    this.#words = words
    this.#notes = new Notes(words)
  }

  claims(at: number, count: number): () => number | undefined {
    let next = 0
    return () => {
      if (next === count) return undefined
      this.#words.write(countOf(at), next + 1)
      if (next < this.#words.read(limitOf(at))) return next++
      this.#words.write(countOf(at), next)
      return undefined
    }
  }

  note(load: number, index: number, outcome: WorkerOutcome): boolean {
    // What leaves the worker is copied once, by the report.
    if ('value' in outcome && outcome.transfer !== undefined) return false
    return this.#notes.add([load, index, outcome])
  }

  forget(): void {
    this.#notes.forget()
  }

  deadlines(place: number): WorkerDeadlines {
    return {
      begin: (index, timeout) => this.#words.write(place + index, deadlineIn(timeout)),
      end: (index) => this.#words.write(place + index, 0),
    }
  }
}

/**
 * The board of a pass over a long file: how the threads that walk its parts agree without messages.
 *
 * The thread that has the file is its owner; others may help. A word in shared memory says of each
 * part whether it is free, taken by a thread, or done. Taking a part is one atomic operation, so no
 * two threads have the same part. If a thread dies or fails, its parts become free again. To walk
 * them once more is harmless, because the same bytes are written at the same places.
 *
 * The owner collects the tallies of parts in their order. There is room for those of `WINDOW` parts,
 * so that memory does not grow with the file. Only these parts can be taken.
 */

import type { PartTally } from '../core/transform.js'

/** Parts that may be taken or done and whose tallies have not been collected. */
const WINDOW = 64
/** Most threads that help with a file at the same time. */
export const MAX_HELPERS = 63

/** States of a part. If a thread has taken it, the state is the number of the thread. */
const FREE = 0
const DONE = -1
const OWNER = MAX_HELPERS + 1

/** Indexes in `words`. */
const IS_CLOSED = 0
/** Number of parts whose tallies were collected. */
const COLLECTED = 1
/** Number of a system error: bytes that a helper has written may be lost. */
const LOSS = 2
/** Counts what a helper without a part waits for. */
const EVENTS = 3
/** Whether helper n is inside, from which index on; and whether it is to leave. Helpers count from 1. */
const INSIDE = 4
const RECALLED = INSIDE + MAX_HELPERS
/** State of part n, from which index on. */
const STATES = RECALLED + MAX_HELPERS + 1

/** Indexes in the room of a tally: numbers of blocks, of clipped samples and of non-finite ones; the peak; the sums. */
const BLOCKS = 0
const CLIPPED = 1
const NON_FINITE = 2
const PEAK = 3
const UNFIT = 4
const SUMS = 5
/** Sums of each block: of signal, noise and mixture. */
const SUM_KINDS = 3

/** A board as plain data, which crosses to threads without a copy. */
export interface BoardData {
  readonly parts: number
  /** Most noise blocks of a part. */
  readonly partBlocks: number
  readonly words: Int32Array
  readonly tallies: Float64Array
}

/** Makes the data of a board. Throws a RangeError if there is no memory for it. */
export function newBoard(parts: number, partBlocks: number): BoardData {
  const words = new Int32Array(new SharedArrayBuffer(4 * (STATES + parts)))
  const room = SUMS + SUM_KINDS * partBlocks
  const tallies = new Float64Array(new SharedArrayBuffer(8 * room * Math.min(WINDOW, parts)))
  return { parts, partBlocks, words, tallies }
}

export class PartBoard {
  readonly #parts: number
  readonly #partBlocks: number
  readonly #words: Int32Array
  readonly #tallies: Float64Array

  constructor({ parts, partBlocks, words, tallies }: BoardData) {
    this.#parts = parts
    this.#partBlocks = partBlocks
    this.#words = words
    this.#tallies = tallies
  }

  #load(index: number): number {
    return Atomics.load(this.#words, index)
  }

  /** Changes a word and wakes all threads that wait for that. */
  #store(index: number, value: number): void {
    Atomics.store(this.#words, index, value)
    Atomics.notify(this.#words, index)
  }

  /** Wakes helpers without a part. */
  #announce(): void {
    Atomics.add(this.#words, EVENTS, 1)
    Atomics.notify(this.#words, EVENTS)
  }

  /** Whether the pass has ended, or nobody may work on it any more. */
  get isClosed(): boolean {
    return this.#load(IS_CLOSED) === 1
  }

  /** Number of parts whose tallies were not collected. */
  get left(): number {
    return this.#parts - this.#load(COLLECTED)
  }

  /** Ends the pass: helpers leave soon, and no more enter. Any thread may call it. */
  close(): void {
    this.#store(IS_CLOSED, 1)
    this.#announce()
  }

  /** Takes a free part for a thread. Returns undefined if there is none among those that may be taken. */
  #take(thread: number): number | undefined {
    const first = this.#load(COLLECTED)
    const end = Math.min(this.#parts, first + WINDOW)
    for (let part = first; part < end; part++)
      if (Atomics.compareExchange(this.#words, STATES + part, FREE, thread) === FREE) return part
    return undefined
  }

  /** Stores the tally of a part that the calling thread has taken. */
  done(part: number, { signal, noise, mixture, clipped, nonFinite, peak, unfit = 0 }: PartTally): void {
    const at = this.#roomOf(part)
    this.#tallies[at + BLOCKS] = signal.length
    this.#tallies[at + CLIPPED] = clipped
    this.#tallies[at + NON_FINITE] = nonFinite
    this.#tallies[at + PEAK] = peak
    this.#tallies[at + UNFIT] = unfit
    this.#tallies.set(signal, at + SUMS)
    this.#tallies.set(noise, at + SUMS + this.#partBlocks)
    this.#tallies.set(mixture, at + SUMS + 2 * this.#partBlocks)
    this.#store(STATES + part, DONE)
  }

  #roomOf(part: number): number {
    return (part % WINDOW) * (SUMS + SUM_KINDS * this.#partBlocks)
  }

  /** Owner: takes a free part. */
  takeAsOwner(): number | undefined {
    return this.#take(OWNER)
  }

  /** Owner: returns the tally of the next part in order; undefined if that part is not done. */
  collect(): PartTally | undefined {
    const part = this.#load(COLLECTED)
    if (this.#load(STATES + part) !== DONE) return undefined
    const at = this.#roomOf(part)
    const sums = (from: number) => Array.from(this.#tallies.subarray(from, from + this.#tallies[at + BLOCKS]))
    const tally: Required<Omit<PartTally, 'activity'>> = {
      signal: sums(at + SUMS),
      noise: sums(at + SUMS + this.#partBlocks),
      mixture: sums(at + SUMS + 2 * this.#partBlocks),
      clipped: this.#tallies[at + CLIPPED],
      nonFinite: this.#tallies[at + NON_FINITE],
      peak: this.#tallies[at + PEAK],
      unfit: this.#tallies[at + UNFIT],
    }
    this.#store(COLLECTED, part + 1)
    this.#announce()
    return tally
  }

  /** Owner: waits while a helper has the next part in order. */
  waitForNext(): void {
    const index = STATES + this.#load(COLLECTED)
    const state = this.#load(index)
    if (state !== FREE && state !== DONE) Atomics.wait(this.#words, index, state)
  }

  /** Owner: waits until all helpers have closed their files. Call it after `close`. */
  waitForHelpers(): void {
    for (let helper = 1; helper <= MAX_HELPERS; helper++)
      while (this.#load(INSIDE + helper) === 1) Atomics.wait(this.#words, INSIDE + helper, 1)
  }

  /** Number of the system error because of which bytes that a helper has written may be lost, or 0. */
  get loss(): number {
    return this.#load(LOSS)
  }

  /** Helper: notes that bytes that it has written may be lost. */
  lose(errno: number): void {
    this.#store(LOSS, errno)
  }

  /** Helper: enters, if the pass has not ended. The owner then waits until it has left. */
  enter(helper: number): boolean {
    this.#store(INSIDE + helper, 1)
    if (!this.isClosed) return true
    this.leave(helper)
    return false
  }

  /**
   * Helper: takes a free part. Returns undefined if it is to leave. It waits if the owner has not
   * collected tallies for so long that there is no room for more.
   */
  takeAsHelper(helper: number): number | undefined {
    for (;;) {
      // Read first, so that no event is missed.
      const events = this.#load(EVENTS)
      if (this.isClosed || this.#isRecalled(helper)) return undefined
      const part = this.#take(helper)
      if (part !== undefined) return part
      if (this.left <= WINDOW) return undefined
      Atomics.wait(this.#words, EVENTS, events)
    }
  }

  /** Helper, or the pool after its death: gives back what it has taken, and leaves. */
  leave(helper: number): void {
    const first = this.#load(COLLECTED)
    for (let part = first; part < Math.min(this.#parts, first + WINDOW); part++) {
      const index = STATES + part
      if (Atomics.compareExchange(this.#words, index, helper, FREE) === helper) Atomics.notify(this.#words, index)
    }
    this.#store(INSIDE + helper, 0)
  }

  #isRecalled(helper: number): boolean {
    return this.#load(RECALLED + helper) === 1
  }

  /** Pool: allows a helper to enter. */
  invite(helper: number): void {
    this.#store(RECALLED + helper, 0)
  }

  /** Pool: makes a helper leave when it has walked its part. */
  recall(helper: number): void {
    this.#store(RECALLED + helper, 1)
    this.#announce()
  }
}

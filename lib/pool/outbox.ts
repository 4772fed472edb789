/** Knows which entries have ended, and which of them the consumer takes next. */

import { type Batch, State } from './batch.js'

/** Goes over entries. After `next` has returned true, `batch` and `entry` are the next one. */
export interface Outbox<Job, Result> {
  readonly batch: Batch<Job, Result>
  readonly entry: number
  /** Adds a batch, before its first entry. */
  open(batch: Batch<Job, Result>): void
  /** Notes that entries of a batch have ended. */
  ended(batch: Batch<Job, Result>, from: number, to: number): void
  /** Goes to the next entry. Returns false if it has not ended. */
  next(): boolean
}

interface Link<Of> {
  readonly of: Of
  next: Link<Of> | undefined
}

/** A queue that a consumer goes along. What it has passed is free for the garbage collector. */
class Chain<Of> {
  #first: Link<Of> | undefined
  #last: Link<Of> | undefined

  get first(): Of | undefined {
    return this.#first?.of
  }

  add(of: Of): void {
    const link: Link<Of> = { of, next: undefined }
    if (this.#last === undefined) this.#first = link
    else this.#last.next = link
    this.#last = link
  }

  drop(): void {
    this.#first = this.#first?.next
    if (this.#first === undefined) this.#last = undefined
  }
}

/** Gives entries in the order in which they were planned. */
export class InOrder<Job, Result> implements Outbox<Job, Result> {
  readonly #batches = new Chain<Batch<Job, Result>>()
  entry = -1

  get batch(): Batch<Job, Result> {
    return this.#batches.first!
  }

  open(batch: Batch<Job, Result>): void {
    this.#batches.add(batch)
  }

  ended(): void {}

  next(): boolean {
    let batch = this.#batches.first
    while (batch?.isComplete && this.entry + 1 === batch.length) {
      this.#batches.drop()
      this.entry = -1
      batch = this.#batches.first
    }
    if (batch === undefined || this.entry + 1 >= batch.length) return false
    if (batch.states[this.entry + 1] === State.waiting) return false
    this.entry++
    return true
  }
}

interface Ended<Job, Result> {
  readonly batch: Batch<Job, Result>
  readonly from: number
  readonly to: number
}

/** Gives entries in the order in which they ended. */
export class AsCompleted<Job, Result> implements Outbox<Job, Result> {
  readonly #ranges = new Chain<Ended<Job, Result>>()
  entry = -1

  get batch(): Batch<Job, Result> {
    return this.#ranges.first!.batch
  }

  open(): void {}

  ended(batch: Batch<Job, Result>, from: number, to: number): void {
    if (this.#ranges.first === undefined) this.entry = from - 1
    this.#ranges.add({ batch, from, to })
  }

  next(): boolean {
    let range = this.#ranges.first
    if (range !== undefined && this.entry + 1 === range.to) {
      this.#ranges.drop()
      range = this.#ranges.first
      if (range !== undefined) this.entry = range.from - 1
    }
    if (range === undefined) return false
    this.entry++
    return true
  }
}

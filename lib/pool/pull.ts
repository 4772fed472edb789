/** Takes items from a source, plans them, and gives the resulting entries one after the other. */

import type { Planned, TaskRun } from '../task.js'
import { type Pulled, type Source, weigh } from './source.js'

/** One planned job, or one result that needs no job, within a run. */
export interface Entry<Job, Result> {
  /** Its position among the results, from 0. */
  readonly sequence: number
  /** Bytes of memory that its item occupies. */
  readonly weight: number
  readonly planned: Planned<Job, Result>
}

/** Stands for an entry if no item has arrived yet and the caller does not want to wait. */
export const LATE = Symbol('late')

/** The item that was planned last, with its remaining entries. */
interface PlannedItem<Job, Result> {
  readonly weight: number
  readonly entries: Iterator<Planned<Job, Result>>
}

export class Puller<Item, Job, Result> {
  readonly #source: Source<Item>
  readonly #task: TaskRun<Item, Job, unknown, Result>
  #item: PlannedItem<Job, Result> | undefined
  /** Promise of the next item, while the source has not answered. */
  #asked: Promise<Pulled<Item>> | undefined
  #hasEnded = false
  #error: { readonly reason: unknown } | undefined
  #items = 0
  #entries = 0

  constructor(source: Source<Item>, task: TaskRun<Item, Job, unknown, Result>) {
    this.#source = source
    this.#task = task
  }

  /**
   * Whether there are no more entries, because the source has ended or thrown, or `end` was called.
   */
  get hasEnded(): boolean {
    return this.#hasEnded
  }

  /** What the source threw; undefined if it did not throw. */
  get error(): { readonly reason: unknown } | undefined {
    return this.#error
  }

  get isWaitingForSource(): boolean {
    return this.#asked !== undefined
  }

  /**
   * How many entries are still to come. It is undefined if the source has no length, or if an item
   * gave several entries.
   */
  get remaining(): number | undefined {
    const { length } = this.#source
    return length === undefined || this.#entries > this.#items ? undefined : length - this.#items
  }

  /** Stops giving entries, even those that are left of the item that was pulled last. */
  end(): void {
    this.#hasEnded = true
    this.#item = undefined
  }

  /** Tells the source that no more items are wanted. */
  close(): Promise<void> {
    return this.#source.close()
  }

  /**
   * Resolves to the next entry, or to undefined at the end.
   *
   * @param isLate called with the promise of an item that has not arrived. It may wait for the
   * item. If it resolves to true, the result is LATE.
   */
  async next(
    isLate?: (arrived: Promise<unknown>) => Promise<boolean>,
  ): Promise<Entry<Job, Result> | undefined | typeof LATE> {
    for (;;) {
      const step = this.#item?.entries.next()
      if (step && !step.done) return { sequence: this.#entries++, weight: this.#item!.weight, planned: step.value }
      this.#item = undefined
      if (this.#hasEnded) return undefined
      let pulled: Pulled<Item> | Promise<Pulled<Item>>
      // This is not a separate function, because one more promise for each item slows runs over
      // short files measurably.
      try {
        pulled = this.#asked ?? this.#source.next()
        if (pulled instanceof Promise) {
          this.#asked = pulled
          if (isLate && (await isLate(pulled))) return LATE
          pulled = await pulled
          this.#asked = undefined
        }
      } catch (reason) {
        this.#asked = undefined
        this.#error = { reason }
        pulled = undefined
      }
      if (pulled === undefined) {
        this.#hasEnded = true
        return undefined
      }
      const { item } = pulled
      const weight = this.#task.weigh?.(item) ?? weigh(item)
      this.#item = { weight, entries: this.#task.plan(item, this.#items++)[Symbol.iterator]() }
    }
  }
}

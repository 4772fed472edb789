/** From the items of a source to entries: what they are planned to be, one after the other. */

import type { Planned, TaskRun } from '../task.js'
import { type Pulled, type Source, weigh } from './source.js'

/** One job, or result that needs none, on its way through a run. */
export interface Entry<Job, Result> {
  /** Its place among the results, from 0. */
  readonly sequence: number
  /** Bytes that its item holds on to. */
  readonly weight: number
  readonly planned: Planned<Job, Result>
}

/** There is no item yet, and the caller would rather not wait for it. */
export const LATE = Symbol('late')

/** An item that gave entries, of which some may be left. */
interface PlannedItem<Job, Result> {
  readonly weight: number
  readonly entries: Iterator<Planned<Job, Result>>
}

export class Puller<Item, Job, Result> {
  readonly #source: Source<Item>
  readonly #task: TaskRun<Item, Job, unknown, Result>
  #item: PlannedItem<Job, Result> | undefined
  /** What the source was asked for, and has not answered. */
  #asked: Promise<Pulled<Item>> | undefined
  #hasEnded = false
  #error: { readonly reason: unknown } | undefined
  #items = 0
  #entries = 0

  constructor(source: Source<Item>, task: TaskRun<Item, Job, unknown, Result>) {
    this.#source = source
    this.#task = task
  }

  /** Whether there are no entries any more: the source has ended, or thrown, or `end` was called. */
  get hasEnded(): boolean {
    return this.#hasEnded
  }

  /** What the source threw. */
  get error(): { readonly reason: unknown } | undefined {
    return this.#error
  }

  get isWaitingForSource(): boolean {
    return this.#asked !== undefined
  }

  /** How many entries are to come, where that is known: not where an item gives several. */
  get remaining(): number | undefined {
    const { length } = this.#source
    return length === undefined || this.#entries > this.#items ? undefined : length - this.#items
  }

  /** Gives no more entries, of the item that was pulled last neither. */
  end(): void {
    this.#hasEnded = true
    this.#item = undefined
  }

  /** Tells the source that no more is wanted. */
  close(): Promise<void> {
    return this.#source.close()
  }

  /**
   * The next entry; undefined at the end.
   *
   * @param isLate waits for an item that is not there yet, and says whether to wait no longer: then it is LATE
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
      // Here and not in a function of its own: one more promise for each item is felt where files are short.
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

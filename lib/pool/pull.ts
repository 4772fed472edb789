/** Takes items from a source, plans them, and gives the resulting entries one after the other. */

import type { Planned, TaskRun } from '../task.js'
import { type Source, weigh } from './source.js'

export class Puller<Item, Job, Result> {
  readonly #source: Source<Item>
  readonly #task: TaskRun<Item, Job, unknown, Result>
  /** The copies of the source's item that were planned. */
  #copy: number
  #weight = 0
  /** Promise of the next item, while the source has not answered. */
  #asked: Promise<boolean> | undefined
  #hasEnded = false
  #error: { readonly reason: unknown } | undefined
  #items = 0
  #entries = 0

  constructor(source: Source<Item>, task: TaskRun<Item, Job, unknown, Result>) {
    this.#source = source
    this.#task = task
    this.#copy = task.copies
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

  /** Bytes of memory that the item of the last entry occupies. */
  get weight(): number {
    return this.#weight
  }

  /** How many entries were given. */
  get given(): number {
    return this.#entries
  }

  /** How many entries there are in all; undefined if the source has no length. */
  get total(): number | undefined {
    const { length } = this.#source
    return length === undefined ? undefined : length * this.#task.copies
  }

  /** How many entries are still to come; undefined if the source has no length. */
  get remaining(): number | undefined {
    const { total } = this
    return total === undefined ? undefined : total - this.#entries
  }

  /** Stops giving entries, even those that are left of the item that was pulled last. */
  end(): void {
    this.#hasEnded = true
  }

  /** Tells the source that no more items are wanted. */
  close(): Promise<void> {
    return this.#source.close()
  }

  /**
   * Asks for the next entry. Returns whether there is one, which `take` then gives, or a promise of
   * that if the source makes the caller wait.
   */
  ask(): boolean | Promise<boolean> {
    if (this.#hasEnded) return false
    if (this.#copy < this.#task.copies) return true
    if (this.#asked !== undefined) return this.#asked
    try {
      const pulled = this.#source.pull()
      if (typeof pulled === 'boolean') return this.#pulled(pulled)
      this.#asked = pulled.then(
        (isItem) => this.#pulled(isItem),
        (reason) => this.#failed(reason),
      )
      return this.#asked
    } catch (reason) {
      return this.#failed(reason)
    }
  }

  #pulled(isItem: boolean): boolean {
    this.#asked = undefined
    if (!isItem) this.#hasEnded = true
    if (this.#hasEnded) return false
    this.#copy = 0
    this.#items++
    const item = this.#source.item as Item
    this.#weight = this.#task.weigh?.(item) ?? weigh(item)
    return true
  }

  #failed(reason: unknown): false {
    this.#asked = undefined
    this.#error = { reason }
    this.#hasEnded = true
    return false
  }

  /** Plans and returns the entry that was asked for. */
  take(): Planned<Job, Result> {
    this.#entries++
    return this.#task.plan(this.#source.item as Item, this.#items - 1, ++this.#copy)
  }
}

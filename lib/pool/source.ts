/** Takes items from any iterable, one at a time and only on demand. */

import { types } from 'node:util'

/**
 * Items for a run: any iterable or async iterable except a string, such as an array, a set, a
 * generator or a stream of objects. It may be endless, because a pool takes items only when it has
 * room for them.
 *
 * @example
 * import { type Items, moduleTask, Pool } from 'noisemill'
 *
 * // square.js: export const square = (n) => n * n
 * const square = moduleTask<number, number>(new URL('./square.js', import.meta.url), 'square')
 * function* naturals() {
 *   for (let n = 1; ; n++) yield n
 * }
 * const endless: Items<number> = naturals()
 * await using pool = new Pool()
 * for await (const value of pool.imap(square, endless)) {
 *   if (value > 10) break
 *   console.log(value)
 * }
 * // -> 1
 * // -> 4
 * // -> 9
 */
export type Items<Item> = Iterable<Item> | AsyncIterable<Item>

/** The items of one run. */
export class Source<Item> {
  /** Number of all items; undefined if the iterable is not an array, a set or a map. */
  readonly length: number | undefined
  /** The item that was pulled last. */
  item: Item | undefined
  readonly #items: Items<Item>
  /** Made at the first pull, so that a run that does not begin has nothing to close. */
  #iterator: Iterator<Item> | AsyncIterator<Item> | undefined
  #ended = false

  constructor(items: Items<Item>) {
    this.length = Array.isArray(items)
      ? items.length
      : types.isSet(items) || types.isMap(items)
        ? items.size
        : undefined
    this.#items = items
  }

  /**
   * Takes the next item. Returns false at the end. Returns a promise if the iterable is asynchronous.
   * Throws, or rejects with, what the iterable throws.
   */
  pull(): boolean | Promise<boolean> {
    try {
      this.#iterator ??= iteratorOf(this.#items)
      const step = this.#iterator.next()
      if (!isObject(step) || !('then' in step)) return this.#take(step)
      return Promise.resolve(step).then(
        (settled) => this.#take(settled),
        (reason) => this.#fail(reason),
      )
    } catch (reason) {
      return this.#fail(reason)
    }
  }

  #fail(reason: unknown): never {
    this.#ended = true
    throw reason
  }

  #take(step: IteratorResult<Item>): boolean {
    // What `for await` throws.
    if (!isObject(step)) return this.#fail(new TypeError(`Iterator result ${String(step)} is not an object`))
    if (step.done) {
      this.#ended = true
      this.item = undefined
    } else this.item = step.value
    return !step.done
  }

  /** Calls `return` of the iterator if the iterable was not read to its end. */
  async close(): Promise<void> {
    if (this.#ended) return
    this.#ended = true
    await this.#iterator?.return?.()
  }
}

function iteratorOf<Item>(items: Items<Item>): Iterator<Item> | AsyncIterator<Item> {
  return Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]()
}

/** Iterators are made by users, so they may give anything. */
const isObject = (value: unknown): value is object => Object(value) === value

export function isItems(value: unknown): value is Items<unknown> {
  if (typeof value === 'string' || value === null || value === undefined) return false
  return Symbol.iterator in Object(value) || Symbol.asyncIterator in Object(value)
}

/**
 * Bytes of memory that a string or a buffer occupies; 0 for other items, whose size is not known.
 */
export function weigh(item: unknown): number {
  if (typeof item === 'string') return 2 * item.length
  if (typeof item !== 'object' || item === null) return 0
  if (ArrayBuffer.isView(item) || types.isAnyArrayBuffer(item)) return item.byteLength
  return 0
}

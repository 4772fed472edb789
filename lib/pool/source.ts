/** Items from any iterable, one at a time and no sooner than asked for. */

import { types } from 'node:util'

/**
 * What a pool takes its items from: an array, a set, a generator, a stream of objects; it may be endless. A string is none.
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

/** What came: an item, or the end. */
export type Pulled<Item> = { readonly item: Item } | undefined

/** A promise for the next item where the iterable is asynchronous, the item itself where it is not. */
export class Source<Item> {
  /** Items in all, where the iterable can say so. */
  readonly length: number | undefined
  readonly #iterator: Iterator<Item> | AsyncIterator<Item>
  #ended = false

  constructor(items: Items<Item>) {
    this.length = Array.isArray(items)
      ? items.length
      : types.isSet(items) || types.isMap(items)
        ? items.size
        : undefined
    this.#iterator =
      Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : (items as Iterable<Item>)[Symbol.iterator]()
  }

  /** May throw, or reject, whatever the iterable does. */
  next(): Pulled<Item> | Promise<Pulled<Item>> {
    try {
      const step = this.#iterator.next()
      if (!('then' in step)) return this.#take(step)
      return Promise.resolve(step).then(
        (settled) => this.#take(settled),
        (reason) => {
          this.#ended = true
          throw reason
        },
      )
    } catch (reason) {
      this.#ended = true
      throw reason
    }
  }

  #take(step: IteratorResult<Item>): Pulled<Item> {
    if (!step.done) return { item: step.value }
    this.#ended = true
    return undefined
  }

  /** Tells an iterable that was not read to its end that no more is wanted. */
  async close(): Promise<void> {
    if (this.#ended) return
    this.#ended = true
    await this.#iterator.return?.()
  }
}

export function isItems(value: unknown): value is Items<unknown> {
  if (typeof value === 'string' || value === null || value === undefined) return false
  return Symbol.iterator in Object(value) || Symbol.asyncIterator in Object(value)
}

/** Bytes that an item holds on to, as far as that is seen from outside: what a window counts. */
export function weigh(item: unknown): number {
  if (typeof item === 'string') return 2 * item.length
  if (ArrayBuffer.isView(item) || types.isAnyArrayBuffer(item)) return item.byteLength
  return 0
}

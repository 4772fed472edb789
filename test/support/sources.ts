/** Sources of items, and a function that collects results. */

import { setImmediate } from 'node:timers/promises'

export const numbers = (count: number) => Array.from({ length: count }, (_, number) => number)

/**
 * Yields 0, 1, 2 and so on, and counts how often it was pulled and returned. Throws after 100,000 items, which is more
 * than a run pulls ahead, so that tests end.
 */
export class Endless implements Iterable<number> {
  pulled = 0
  returned = 0
  static readonly limit = 100_000;

  *[Symbol.iterator](): Generator<number> {
    try {
      for (; this.pulled < Endless.limit; ) yield this.pulled++
      throw new Error('an endless source was read without end')
    } finally {
      this.returned++
    }
  }

  async *later(): AsyncGenerator<number> {
    for (const number of this) {
      await setImmediate()
      yield number
    }
  }
}

export async function collect<T>(results: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const result of results) all.push(result)
  return all
}

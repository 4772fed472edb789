/** Items to work on, and what becomes of results. */

import { setImmediate } from 'node:timers/promises'

export const numbers = (count: number) => Array.from({ length: count }, (_, number) => number)

/** 0, 1, 2 ... and what became of it. Refuses to be read on without end, as no test could end either. */
export class Endless implements Iterable<number> {
  pulled = 0
  returned = 0
  static readonly limit = 50_000;

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

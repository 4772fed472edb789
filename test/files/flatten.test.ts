/** Groups as one sequence. */

import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { flatten } from '../../dist-lib/files/flatten.js'

/** Yields groups of these sizes, of the numbers from 0 on. Counts what was asked for, and whether it was closed. */
class Groups {
  asked = 0
  isClosed = false

  async *of(sizes: Iterable<number>, error?: Error): AsyncGenerator<number[]> {
    let next = 0
    try {
      for (const size of sizes) {
        this.asked++
        await setImmediate()
        yield Array.from({ length: size }, () => next++)
      }
      if (error) throw error
    } finally {
      this.isClosed = true
    }
  }
}

async function take(items: AsyncIterable<string>, into: string[], most = Number.POSITIVE_INFINITY): Promise<void> {
  for await (const item of items) if (into.push(item) === most) break
}

const texts = (count: number) => Array.from({ length: count }, (_, i) => `${i}`)

test.each([[[]], [[0]], [[1]], [[0, 3, 0, 0, 1000, 1, 0]]])(
  'gives each element once, converted, in order: %j',
  async (sizes) => {
    const given: string[] = []
    await take(flatten(new Groups().of(sizes), String), given)
    expect(given).toEqual(texts(sizes.reduce((sum, size) => sum + size, 0)))
  },
)

test('an error comes after the elements that came before it', async () => {
  const given: string[] = []
  await expect(take(flatten(new Groups().of([2, 3], new Error('no more')), String), given)).rejects.toThrow('no more')
  expect(given).toEqual(texts(5))
})

test('asks ahead for some hundred elements, and closes the groups when the consumer leaves', async () => {
  function* endless() {
    for (;;) yield 100
  }
  const groups = new Groups()
  const items = flatten(groups.of(endless()), String)[Symbol.asyncIterator]()
  expect(await items.next()).toEqual({ done: false, value: '0' })
  for (let i = 0; i < 50; i++) await setImmediate()
  expect(groups.asked).toBeGreaterThan(1)
  expect(groups.asked).toBeLessThan(10)
  await items.return?.()
  expect(groups.isClosed).toBe(true)
})

test('converts an element when it is taken, and not before', async () => {
  const converted: number[] = []
  const items = flatten(new Groups().of([3]), (element) => converted.push(element))
  for await (const count of items) if (count === 2) break
  expect(converted).toEqual([0, 1])
})

/** How items are divided into chunks, on which only the speed depends. */

import path from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { type Chunk, noiseTask } from '../../dist/index.js'
import type { TaskRun } from '../../dist-lib/task.js'
import { describeBackends } from '../support/backends.js'
import { writeWavs } from '../support/files.js'
import { hashesBelow, temporaryFolder } from '../support/folders.js'
import { describePlaces, testPool } from '../support/pools.js'
import { numberRun } from '../support/runs.js'
import type { Script } from '../support/scripted-backend.js'
import { collect, numbers } from '../support/sources.js'
import { calls } from '../support/tasks.js'
import { until } from '../support/waiting.js'

const settleAll = ({ jobs, settle }: Chunk) => {
  for (const [index, value] of jobs.entries()) settle(index, { value: value as never })
}

/** A backend that gives numbers back, says how long a job took, and keeps a list of its trips. */
function recorder(millisecondsOf: (job: number) => number = () => 0.001) {
  const trips: number[][] = []
  const script: Script = async (chunk) => {
    const jobs = chunk.jobs as readonly number[]
    trips.push([...jobs])
    await setImmediate()
    settleAll(chunk)
    return { milliseconds: jobs.reduce((sum, job) => sum + millisecondsOf(job), 0) }
  }
  return { trips, script }
}

async function* later(count: number): AsyncGenerator<number> {
  for (const number of numbers(count)) {
    // Long enough for a thread to be free that could take what has come so far.
    for (let turn = 0; turn < 5; turn++) await setImmediate()
    yield number
  }
}

const endless = function* () {
  for (let number = 0; ; number++) yield number
}

async function microtasks(count: number): Promise<void> {
  for (let task = 0; task < count; task++) await undefined
}

describe('a fixed chunk size', () => {
  test.each([
    { items: 0, chunkSize: 3 },
    { items: 1, chunkSize: 1 },
    { items: 9, chunkSize: 3 }, // no remainder
    { items: 10, chunkSize: 3 }, // a last trip of one
    { items: 300, chunkSize: 7 }, // more than the window of 64
    { items: 300, chunkSize: 100 }, // chunks larger than the smallest window
    { items: 5, chunkSize: 1_000_000 }, // one trip that is never full
  ])('takes $items items in trips of $chunkSize, and what is left in a last one', async ({ items, chunkSize }) => {
    for (const source of [numbers(items), numbers(items).values(), later(items)]) {
      const { trips, script } = recorder()
      expect(await collect(numberRun(source, script, { chunkSize, threads: 2 }))).toEqual(numbers(items))
      expect(trips).toHaveLength(Math.ceil(items / chunkSize))
      expect(trips.slice(0, -1).every((trip) => trip.length === chunkSize)).toBe(true)
      expect(trips.flat()).toEqual(numbers(items))
    }
  })

  test('loses nothing, whenever the source ends and whenever the chunk before is done', async () => {
    // The end may come at any turn of the queue of microtasks before or after the last result, and so may the consumer.
    for (let endsAfter = 0; endsAfter < 12; endsAfter++) {
      for (let settlesAfter = 0; settlesAfter < 24; settlesAfter++) {
        let next = 0
        let end = () => {}
        const ended = new Promise<void>((resolve) => {
          end = resolve
        })
        const source = async () => {
          if (next < 3) return { done: false, value: next++ }
          await ended
          return { done: true, value: undefined }
        }
        const script: Script = async (chunk) => {
          await setImmediate()
          microtasks(endsAfter).then(end)
          await microtasks(settlesAfter)
          settleAll(chunk)
          return { milliseconds: 1 }
        }
        const items = { [Symbol.asyncIterator]: () => ({ next: source }) } as AsyncIterable<number>
        const results = await collect(numberRun(items, script, { chunkSize: 2 }))
        expect(results, `end after ${endsAfter}, result after ${settlesAfter}`).toEqual([0, 1, 2])
      }
    }
  })
})

describe('an automatic chunk size', () => {
  test('grows for tiny items, so that trips are few', async () => {
    const { trips, script } = recorder()
    for await (const number of numberRun(endless(), script)) if (number === 50_000) break
    expect(trips[0]).toHaveLength(1)
    expect(trips.length).toBeLessThan(100)
    // Yet not so far that the items of the window would take much memory.
    expect(Math.max(...trips.map((trip) => trip.length))).toBeLessThanOrEqual(4096)
  })

  test('stays at one for items that take long', async () => {
    const { trips, script } = recorder(() => 200)
    for await (const number of numberRun(endless(), script, { threads: 4 })) if (number === 100) break
    expect(trips.every((trip) => trip.length === 1)).toBe(true)
  })

  test('shrinks once items take longer, and grows again', async () => {
    const { trips, script } = recorder((job) => (job >= 30_000 && job < 80_000 ? 1000 : 0.001))
    for await (const number of numberRun(endless(), script)) if (number === 100_000) break
    const sizes = (from: number, to: number) =>
      trips.filter(([first]) => first >= from && first < to).map((trip) => trip.length)
    expect(Math.max(...sizes(0, 30_000))).toBeGreaterThan(16)
    // By 79,000 the chunks that were cut before the first slow one was measured have passed.
    expect(Math.max(...sizes(79_000, 80_000))).toBe(1)
    expect(Math.max(...sizes(80_000, 100_000))).toBeGreaterThan(16)
  })

  test.each([1, 4])('leaves no thread of %i with more than its share towards a known end', async (threads) => {
    const { trips, script } = recorder()
    await collect(numberRun(numbers(5000), script, { threads }))
    for (const trip of trips) {
      const left = 5000 - trip[0]
      expect(trip.length).toBeLessThanOrEqual(Math.ceil(left / threads))
    }
    expect(trips.length).toBeLessThan(200)
  })

  test('lets many jobs of one item share trips', async () => {
    const copies = 1000
    const task: TaskRun<number, number, number, number> = {
      copies,
      plan: (_item, _index, copy) => ({ job: copy - 1 }),
      result: (_, value) => value,
      fail: (_, error) => {
        throw error
      },
      failureOf: () => undefined,
    }
    const { trips, script } = recorder()
    expect(await collect(numberRun([0], script, { task }))).toEqual(numbers(copies))
    expect(trips.length).toBeLessThan(copies / 2)
  })

  test('sends what it has while the source makes it wait, even where all threads were busy', async () => {
    const events = new EventTarget()
    const on = (name: string) => new Promise((resolve) => events.addEventListener(name, resolve, { once: true }))
    const [begun, result] = [on('1 begun'), on('result 2')]
    // 2 comes while 1 is under way, and 3 only once 2 is done.
    async function* source() {
      yield* [0, 1]
      await begun
      yield 2
      await result
      yield 3
    }
    const script: Script = async (chunk) => {
      if (chunk.jobs[0] === 1) {
        events.dispatchEvent(new Event('1 begun'))
        for (let turn = 0; turn < 20; turn++) await setImmediate()
      }
      settleAll(chunk)
      return { milliseconds: 0.001 }
    }
    const results: number[] = []
    for await (const number of numberRun(source(), script)) {
      results.push(number)
      if (number === 2) events.dispatchEvent(new Event('result 2'))
    }
    expect(results).toEqual([0, 1, 2, 3])
  })
})

const sizes = [1, 2, 7, 1000, 'auto'] as const

describePlaces('a chunk size [%s]', (backend) => {
  test('does not change what a function gives', async () => {
    const pool = testPool({ backend })
    for (const chunkSize of sizes)
      expect(await pool.map(calls('double'), numbers(100), { chunkSize })).toEqual(numbers(100).map((n) => 2 * n))
  })

  test('found automatically never keeps back an item that its source waits for', async () => {
    const results: number[] = []
    // From 50 on each comes only once the one before it is done.
    async function* source() {
      yield* numbers(50)
      for (let number = 50; number < 80; number++) {
        await until(() => results.length === number)
        yield number
      }
    }
    for await (const result of testPool({ backend }).imap(calls('same'), source())) results.push(result)
    expect(results).toEqual(numbers(80))
  })
})

describeBackends('a chunk size', (backend) => {
  test('does not change the bytes of noisy files', async () => {
    const folder = temporaryFolder()
    const files = writeWavs(folder, 12, 5000) // more than one noise block of 4096
    const pool = testPool({ backend })
    const made: Record<string, string>[] = []
    for (const chunkSize of sizes) {
      const out = path.join(folder, `out-${chunkSize}`)
      const results = await pool.map(noiseTask({ out, sigma: 0.1 }), files, { chunkSize })
      expect(results.every((result) => result.status === 'done')).toBe(true)
      made.push(hashesBelow(out))
    }
    expect(Object.keys(made[0])).toHaveLength(12)
    for (const hashes of made) expect(hashes).toEqual(made[0])
  })
})

test('more chunks are sent while a job of each chunk in progress is slow', async () => {
  let sendThird = () => {}
  const third = new Promise<void>((resolve) => {
    sendThird = resolve
  })
  // Of each chunk all jobs but the first end at once. The first ones end when the third chunk is there.
  const script: Script = async (chunk) => {
    const jobs = chunk.jobs as readonly number[]
    if (jobs[0] === 8) sendThird()
    await setImmediate()
    for (let index = 1; index < jobs.length; index++) chunk.settle(index, { value: jobs[index] as never })
    await third
    chunk.settle(0, { value: jobs[0] as never })
    return { milliseconds: 1 }
  }
  const limits = { concurrency: 4, timeout: undefined }
  expect(await collect(numberRun(numbers(12), script, { limits, chunkSize: 4 }))).toEqual(numbers(12))
})

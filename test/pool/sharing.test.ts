/** Runs that share the threads of a pool, and items that share a thread with slow ones. Order is compared, never time. */

import { describe, expect, test } from 'vitest'
import { noiseTask } from '../../dist/index.js'
import { writeWavs } from '../support/files.js'
import { temporaryFolder } from '../support/folders.js'
import { testPool } from '../support/pools.js'
import { numbers } from '../support/sources.js'
import { calls, cell, controlled, load, open } from '../support/tasks.js'
import { inTime, until } from '../support/waiting.js'

const workers = (size: number) => testPool({ backend: 'workers', size })

describe('a short run beside a long one', () => {
  test.each([1, 100, 'auto'] as const)('ends long before it, with chunks of %s', async (chunkSize) => {
    const pool = workers(1)
    const underWay = cell()
    const long = numbers(2000).map((value) => ({ value, begun: underWay, milliseconds: 1 }))
    // Each item of the long run waits for a timer, so that the run takes some seconds.
    const slow = pool.map(controlled('waitsAndCounts'), long, { chunkSize })
    await until(() => load(underWay) > 10)
    expect(await pool.map(calls('double'), numbers(20))).toEqual(numbers(20).map((n) => 2 * n))
    expect(load(underWay)).toBeLessThan(long.length / 2)
    expect(await slow).toHaveLength(2000)
  })

  test('gets its share of files too', async () => {
    const pool = workers(1)
    // Longer files if the long run was nearly over before this thread had its turn. Without its share, the short run
    // would end last, however long they are.
    await inTime(200_000, async (frames) => {
      const folder = temporaryFolder()
      const order: string[] = []
      const files = writeWavs(folder, 60, frames)
      const task = (out: string) => noiseTask({ out: `${folder}/${out}`, sigma: 0.1 })
      const long = (async () => {
        for await (const _ of pool.imapUnordered(task('long'), files, { chunkSize: 100 })) order.push('long')
      })()
      await until(() => order.length > 0)
      await pool.map(task('short'), files.slice(0, 3))
      const before = order.length
      await long
      expect(order).toHaveLength(60)
      return before < 45 || undefined
    })
  })
})

describe('quick items', () => {
  test('that wait behind a slow one in its chunk run elsewhere', async () => {
    const pool = workers(2)
    const gate = cell()
    const items = numbers(100).map((value) => ({ value, ...(value === 0 && { waitsFor: gate }) }))
    const seen: number[] = []
    for await (const { index } of pool.imapUnordered(calls('pass'), items, { chunkSize: 100 })) {
      seen.push(index)
      if (seen.length === 99) open(gate)
    }
    // All others were there before the first, although one chunk has all of them.
    expect(seen.at(-1)).toBe(0)
  })

  test('that wait behind one that blocks its thread run elsewhere, and each is begun once', async () => {
    const pool = workers(2)
    const items = numbers(200).map((value) => ({ value, begun: cell(), ...(value % 100 === 0 && { way: 'spins' }) }))
    const records = await pool.map(controlled('behave'), items, { chunkSize: 50, timeout: 1000, errors: 'collect' })
    const codes = records.map((record) => (record.status === 'failed' ? record.error.code : record.value))
    expect(codes).toEqual(numbers(200).map((value) => (value % 100 === 0 ? 'E_TIMEOUT' : value)))
    expect(items.every(({ begun }) => load(begun) === 1)).toBe(true)
  })

  test('that were taken back keep their place in the order', async () => {
    const pool = workers(2)
    const items = numbers(300).map((value) => ({ value, milliseconds: value % 60 === 0 ? 30 : 0 }))
    expect(await pool.map(controlled('waits'), items, { chunkSize: 150 })).toEqual(numbers(300))
  })
})

test('results that exist already are mixed with jobs in one chunk', async () => {
  const folder = temporaryFolder()
  const files = writeWavs(folder, 30)
  // Every third item is not a file, so it fails as it is planned; the others have jobs.
  const items = files.map((file, index) => (index % 3 === 1 ? (index as never) : file))
  const task = noiseTask({ out: `${folder}/out`, sigma: 0.1 })
  const results = await workers(2).map(task, items, { chunkSize: 10 })
  expect(results.map(({ status, error }) => error?.code ?? status)).toEqual(
    files.map((_, index) => (index % 3 === 1 ? 'E_ITEM_INVALID' : 'done')),
  )
})

/** The live figures of a pool, beside what is known of its runs. */

import { expect, test } from 'vitest'
import { describeThreads, testPool } from '../support/pools.js'
import { numbers } from '../support/sources.js'
import { calls, cell, controlled, load, open, timed } from '../support/tasks.js'
import { until } from '../support/waiting.js'

const nothing = { runs: 0, done: 0, failed: 0, chunks: 0 }

describeThreads('a pool [%s]', (backend) => {
  test('has done nothing at first', () => {
    const { runs, totals, workers } = testPool({ backend }).stats()
    expect({ runs, totals, workers }).toEqual({ runs: [], totals: nothing, workers: backend === 'inline' ? null : [] })
  })

  test('sums up its runs, also those that failed', async () => {
    const pool = testPool({ backend })
    const items = numbers(10).map((value) => (value === 4 ? { value, way: 'throws' } : { value }))
    await pool.map(calls('double'), numbers(25), { chunkSize: 10 })
    await pool.map(controlled('behave'), items, { errors: 'collect', chunkSize: 5 })
    expect(pool.stats()).toMatchObject({ runs: [], totals: { runs: 2, done: 34, failed: 1, chunks: 5 } })
  })

  test('shows its runs in progress, and counts them', async () => {
    const pool = testPool({ backend })
    const gate = cell()
    const results = pool.imap(calls('pass'), [{ value: 1 }, { waitsFor: gate }, {}], { chunkSize: 1 })
    expect(pool.stats().totals).toEqual(nothing)
    await results.next()
    const { runs, totals } = pool.stats()
    expect(runs).toMatchObject([{ method: 'imap', function: 'pass', ended: null, items: { total: 3 } }])
    expect(totals.runs).toBe(1)
    expect(totals.done).toBe(runs[0].items.done)
    open(gate)
    for await (const _ of results);
    expect(pool.stats()).toMatchObject({ runs: [], totals: { runs: 1, done: 3, chunks: 3 } })
  })
})

test('workers tell how they spent their time since they were created', async () => {
  const pool = testPool({ backend: 'workers' })
  const took = await pool.map(timed('spin'), Array(20).fill(2))
  await pool.map(calls('double'), numbers(100))
  const { workers, milliseconds } = pool.stats()
  const sum = (field: 'items' | 'busy') => workers!.reduce((sum, each) => sum + each[field], 0)
  expect(sum('items')).toBe(120)
  expect(sum('busy')).toBeGreaterThanOrEqual(took.reduce((a: number, b: number) => a + b))
  for (const { start, setup, busy, crossing, idle } of workers!)
    expect(start + setup + busy + crossing + idle).toBeLessThanOrEqual(milliseconds)
})

test('a worker that is in the middle of an item is busy, and a dead one is not there', async () => {
  const pool = testPool({ backend: 'workers', size: 1 })
  const begun = cell()
  const results = pool.map(calls('block'), [{ begun }])
  results.catch(() => {})
  await until(() => load(begun) === 1)
  const [before] = pool.stats().workers!
  await until(() => pool.stats().workers![0].busy > before.busy)
  expect(pool.stats().workers![0].idle).toBe(before.idle)
  await pool.terminate()
  expect(pool.stats().workers).toEqual([])
})

/** Ten thousand time-outs and a thousand deaths of threads in one run: each item is told once, and nothing leaks. */

import { expect, test } from 'vitest'
import { Pool } from '../../dist/index.js'
import { numbers } from '../support/sources.js'
import { controlled } from '../support/tasks.js'

const TIMEOUTS = 10_000
const DEATHS = 1000

test('10,000 time-outs and 1,000 deaths in one run', async () => {
  const pool = new Pool({ backend: 'workers', size: 2 })
  const total = 2 * TIMEOUTS
  // Every second item times out: it waits for ever. One in twenty of the others ends its thread.
  const items = numbers(total).map((value) => ({
    value,
    way: value % 2 === 0 ? 'never settles' : value % (total / DEATHS) === 1 ? 'exits' : '',
  }))
  const told = new Uint8Array(total)
  const codes: Record<string, number> = {}
  const handles = () => process.getActiveResourcesInfo().length
  const before = { memory: 0, handles: handles() }
  let count = 0
  const run = pool.imapUnordered(controlled('behave'), items, { timeout: 5, errors: 'collect' })
  for await (const record of run) {
    told[record.index]++
    const code = record.status === 'done' ? 'done' : record.error.code
    codes[code] = (codes[code] ?? 0) + 1
    // After a tenth, all that a run needs has been loaded.
    if (++count === total / 10) before.memory = process.memoryUsage().rss
  }
  const grown = (process.memoryUsage().rss - before.memory) / 2 ** 20
  expect(told.every((times) => times === 1)).toBe(true)
  // A thread that dies has no other item in progress, so nothing else fails. On a busy machine a thread may take so long
  // to exit that its time is up.
  const { E_TIMEOUT, E_WORKER_DIED, done } = codes
  expect({ failed: E_TIMEOUT + E_WORKER_DIED, done }).toEqual({
    failed: TIMEOUTS + DEATHS,
    done: total - TIMEOUTS - DEATHS,
  })
  expect(E_TIMEOUT).toBeGreaterThanOrEqual(TIMEOUTS)
  expect(grown).toBeLessThan(60)
  await pool.close()
  expect(handles()).toBeLessThanOrEqual(before.handles)
  expect(process.listenerCount('exit') + process.listenerCount('warning')).toBeLessThan(20)
  console.log(`memory grew by ${grown.toFixed(1)} MB`)
})

/**
 * Calls that are in progress when their run, pool or block ends. Each writes a file in two halves, which shows whether
 * it finished.
 */

import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { Pool } from '../../dist/index.js'
import { describeBackends } from '../support/backends.js'
import { temporaryFolder } from '../support/folders.js'
import { testPool } from '../support/pools.js'
import { calls, cell, failing, load, open } from '../support/tasks.js'
import { turns, until } from '../support/waiting.js'

const reason = { why: 'no longer needed' }
const terminated = { code: 'E_POOL_TERMINATED' }
const HALF = 'first half, '
const WHOLE = 'first half, second half'

/** A file that a call writes in two halves, and the gate between them. */
function twoHalves() {
  const file = path.join(temporaryFolder(), 'halves')
  const item = { file, begun: cell(), gate: cell() }
  return {
    item,
    begun: () => until(() => load(item.begun) > 0),
    finish: () => open(item.gate),
    read: () => readFileSync(file, 'utf8'),
  }
}

/** Whether a promise has settled; asked again and again. */
function watched(promise: Promise<unknown>): () => boolean {
  let isSettled = false
  const note = () => {
    isSettled = true
  }
  promise.then(note, note)
  return () => isSettled
}

/** `close` must wait for the call, whatever ended its run. */
async function expectFinishedByClose(pool: Pool, halves: ReturnType<typeof twoHalves>): Promise<void> {
  const closing = pool.close()
  const isClosed = watched(closing)
  await expect(pool.map(calls('double'), [1])).rejects.toMatchObject({ code: 'E_POOL_CLOSED' })
  await turns()
  expect([isClosed(), halves.read()]).toEqual([false, HALF])
  halves.finish()
  await closing
  expect(halves.read()).toBe(WHOLE)
}

describeBackends('a call under way', (backend) => {
  const runToAbort = async (pool: Pool) => {
    const halves = twoHalves()
    const controller = new AbortController()
    const running = pool.map(calls('writeHalves'), [halves.item], { signal: controller.signal })
    await halves.begun()
    controller.abort(reason)
    await expect(running).rejects.toBe(reason)
    return halves
  }

  test('goes on after an abort, which ends the run at once, and the pool goes on too', async () => {
    const pool = testPool({ backend })
    const halves = await runToAbort(pool)
    expect(halves.read()).toBe(HALF)
    expect(await pool.map(calls('double'), [1])).toEqual([2])
    halves.finish()
    await until(() => halves.read() === WHOLE)
  })

  test('is finished by close, after an abort', async () => {
    const pool = testPool({ backend })
    await expectFinishedByClose(pool, await runToAbort(pool))
  })

  test('is finished by close, after its consumer has left', async () => {
    const pool = testPool({ backend })
    const [first, halves] = [twoHalves(), twoHalves()]
    first.finish()
    const results = pool.imap(calls('writeHalves'), [first.item, halves.item], { chunkSize: 1 })
    await results.next()
    await halves.begun()
    await results.return()
    await expectFinishedByClose(pool, halves)
  })

  test('drops the items behind it when its run is aborted', async () => {
    const pool = testPool({ backend, size: 1 })
    const [halves, behind] = [twoHalves(), twoHalves()]
    const controller = new AbortController()
    const items = [halves.item, behind.item]
    const running = pool.map(calls('writeHalves'), items, { signal: controller.signal, chunkSize: 2 })
    await halves.begun()
    controller.abort(reason)
    await expect(running).rejects.toBe(reason)
    await expectFinishedByClose(pool, halves)
    expect(load(behind.item.begun)).toBe(0)
  })

  test('does not keep terminate waiting, also when the pool is closing', async () => {
    const pool = testPool({ backend })
    const halves = await runToAbort(pool)
    const closing = pool.close()
    await pool.terminate()
    await closing
    expect(halves.read()).toBe(HALF)
    halves.finish()
  })

  // The plain loop has no thread that could be ended.
  test.skipIf(backend === 'inline').each(['terminate', 'await using'] as const)(
    'is cut by %s (needs threads)',
    async (end) => {
      const halves = twoHalves()
      let running: Promise<unknown>
      if (end === 'terminate') {
        const pool = new Pool({ backend, size: 2 })
        running = pool.map(calls('writeHalves'), [halves.item])
        running.catch(() => {})
        await halves.begun()
        await pool.terminate()
      } else {
        await using pool = new Pool({ backend, size: 2 })
        running = pool.map(calls('writeHalves'), [halves.item])
        running.catch(() => {})
        await halves.begun()
      }
      await expect(running).rejects.toMatchObject(terminated)
      halves.finish()
      await turns()
      expect(halves.read()).toBe(HALF)
    },
  )
})

test('a call under way on another thread is finished by close, after the first failure ended its run', async () => {
  const pool = testPool({ backend: 'workers' })
  const halves = twoHalves()
  const items = [{ waitsFor: halves.item.begun }, halves.item]
  const running = pool.map(failing('refuseOrWriteHalves'), items, { chunkSize: 1 })
  await expect(running).rejects.toMatchObject({ code: 'E_TASK_FAILED' })
  await expectFinishedByClose(pool, halves)
})

test('a call that blocks its thread does not keep terminate waiting for what it prints, if it has printed nothing', async () => {
  const pool = testPool({ backend: 'workers' })
  const begun = cell()
  const running = pool.map(calls('block'), [{ begun }])
  running.catch(() => {})
  await until(() => load(begun) === 1)
  // From now on no timer ends.
  vi.useFakeTimers({ toFake: ['setTimeout'] })
  onTestFinished(() => {
    vi.useRealTimers()
  })
  await pool.terminate()
  await expect(running).rejects.toMatchObject(terminated)
})

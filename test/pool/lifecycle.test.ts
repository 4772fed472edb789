/** From a pool's first run to its end: `close`, `terminate`, disposal. */

import path from 'node:path'
import { expect, test } from 'vitest'
import { noiseTask, Pool } from '../../dist/index.js'
import { describeBackends } from '../support/backends.js'
import { writeLongWav, writeWavs } from '../support/files.js'
import { filesBelow, temporaryFolder } from '../support/folders.js'
import { jsKernel } from '../support/kernels.js'
import { testPool } from '../support/pools.js'
import { collect, Endless, numbers } from '../support/sources.js'
import { calls, cell, load, open } from '../support/tasks.js'
import { turns, until } from '../support/waiting.js'

const closed = { code: 'E_POOL_CLOSED', name: 'NoisemillError' }
const terminated = { code: 'E_POOL_TERMINATED', name: 'NoisemillError' }

async function expectClosed(pool: Pool): Promise<void> {
  await expect(pool.map(calls('double'), [1])).rejects.toMatchObject(closed)
  expect(() => pool.imap(calls('double'), [1])).toThrow(expect.objectContaining(closed))
  expect(() => pool.imapUnordered(calls('double'), [1])).toThrow(expect.objectContaining(closed))
}

describeBackends('a pool', (backend) => {
  test('says what it runs on', () => {
    const pool = testPool({ backend, size: 3 })
    expect(pool.backend).toBe(backend)
    const kernel = backend === 'native' ? 'c++' : jsKernel
    expect(pool.info).toMatchObject({ backend, kernel, size: 3, reason: 'asked for' })
    expect(pool.info.threads).toBe(backend === 'inline' ? 1 : 3)
    // Of libuv's four threads (Node's default) two are left to others. On a busy machine fewer may be found.
    expect(pool.info.libuvThreads).toBeLessThanOrEqual(backend === 'native' ? 2 : 0)
  })

  test('that is closed finishes what it has begun, and takes nothing more', async () => {
    const pool = testPool({ backend })
    const gate = cell()
    const events: string[] = []
    const notBegun = pool.imap(calls('double'), [1])
    const items = numbers(10).map((value) => ({ value, waitsFor: gate }))
    const running = pool.map(calls('pass'), items, { chunkSize: 2 }).then((values) => {
      events.push('results')
      return values
    })
    const closing = pool.close().then(() => events.push('closed'))
    await expectClosed(pool)
    await expect(notBegun.next()).rejects.toMatchObject(closed)
    await turns()
    expect(events).toEqual([])
    open(gate)
    expect(await running).toEqual(numbers(10))
    await closing
    expect(events).toEqual(['results', 'closed'])
    await pool.close()
    await expectClosed(pool)
  })

  test('that is closed waits for an iterator until it is left', async () => {
    const pool = testPool({ backend })
    const results = pool.imap(calls('double'), new Endless())
    await results.next()
    let isClosed = false
    const closing = pool.close().then(() => {
      isClosed = true
    })
    expect((await results.next()).value).toBe(2)
    await turns()
    expect(isClosed).toBe(false)
    await results.return()
    await closing
  })

  test('that never ran anything can be closed, and closed again', async () => {
    const pool = new Pool({ backend, size: 2 })
    await Promise.all([pool.close(), pool.close()])
    await pool.terminate()
    await expectClosed(pool)
  })

  test.each(['terminate', Symbol.asyncDispose] as const)('ends what is under way by %s', async (end) => {
    const pool = testPool({ backend })
    const gate = cell()
    const ordered = pool.imap(calls('double'), new Endless())
    const unordered = pool.imapUnordered(calls('double'), new Endless())
    expect((await ordered.next()).value).toBe(0)
    expect((await unordered.next()).value).toMatchObject({ status: 'done' })
    const mapped = pool.map(calls('pass'), [{ value: 1, waitsFor: gate }])
    const silent = pool.map(calls('double'), { [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }) })
    const outcomes = Promise.allSettled([mapped, silent])
    await pool[end]()
    expect(await outcomes).toMatchObject([{ reason: terminated }, { reason: terminated }])
    await expect(ordered.next()).rejects.toMatchObject(terminated)
    await expect(unordered.next()).rejects.toMatchObject(terminated)
    await expectClosed(pool)
    await Promise.all([pool.close(), pool[end]()])
    open(gate)
  })

  test('that is terminated closes the sources that it read from', async () => {
    const pool = testPool({ backend })
    const source = new Endless()
    const results = pool.imap(calls('double'), source)
    await results.next()
    await pool.terminate()
    await expect(results.next()).rejects.toMatchObject(terminated)
    expect(source.returned).toBe(1)
  })

  test('that is closing can still be terminated, with an iterator that nobody reads', async () => {
    const pool = testPool({ backend })
    const results = pool.imap(calls('double'), new Endless())
    await results.next()
    const closing = pool.close()
    await pool.terminate()
    await closing
  })

  // In its plain loop the caller has its turn only between files.
  test.skipIf(backend === 'inline')(
    'that is terminated leaves nothing of the files in flight (needs threads)',
    async () => {
      const folder = temporaryFolder()
      const out = path.join(folder, 'out')
      const pool = testPool({ backend })
      const items = [1, 2, 3, 4].map((number) => ({
        input: path.join(folder, 'long.wav'),
        output: `${out}/${number}.wav`,
      }))
      writeLongWav(folder)
      const running = pool.map(noiseTask({ sigma: 0.1 }), items)
      const rejected = expect(running).rejects.toMatchObject(terminated)
      await until(() => filesBelow(out).length === 2)
      await pool.terminate()
      // By then, whoever still waits for the run.
      expect(filesBelow(out)).toEqual([])
      await rejected
    },
  )

  test('that is terminated between files leaves those that are done', async () => {
    const folder = temporaryFolder()
    const out = path.join(folder, 'out')
    const files = writeWavs(folder, 200)
    const pool = testPool({ backend })
    const results = pool.imap(noiseTask({ out, sigma: 0.1 }), files, { chunkSize: 1 })
    const { value } = await results.next()
    expect(value).toMatchObject({ status: 'done' })
    await pool.terminate()
    await expect(results.next()).rejects.toMatchObject(terminated)
    const left = filesBelow(out)
    expect(left).toContain('clean0.wav')
    expect(left.filter((name) => !/^clean\d+\.wav$/.test(name))).toEqual([])
    expect(left.length).toBeLessThan(files.length)
  })
})

test('a pool is terminated though a function never comes back', async () => {
  const pool = testPool({ backend: 'workers' })
  const begun = cell()
  const running = collect(pool.imap(calls('block'), [{ begun }, { begun }, { begun }], { chunkSize: 1 }))
  const rejected = expect(running).rejects.toMatchObject(terminated)
  await until(() => load(begun) === 2)
  await pool.terminate()
  await rejected
})

test('a pool is terminated though files wait behind a function that never comes back', async () => {
  const folder = temporaryFolder()
  const pool = new Pool({ backend: 'workers', size: 1 })
  const begun = cell()
  const blocked = expect(pool.map(calls('block'), [{ begun }])).rejects.toMatchObject(terminated)
  await until(() => load(begun) === 1)
  const out = path.join(folder, 'out')
  const waiting = expect(pool.map(noiseTask({ out, sigma: 0.1 }), writeWavs(folder, 1))).rejects.toMatchObject(
    terminated,
  )
  await turns()
  await pool.terminate()
  await Promise.all([blocked, waiting])
  expect(filesBelow(out)).toEqual([])
})

/** Runs with an AbortSignal that aborts before they begin, while they run, or too late. */

import { getEventListeners } from 'node:events'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { noiseTask } from '../../dist/index.js'
import { describeBackends } from '../support/backends.js'
import { writeLongWav, writeWavs } from '../support/files.js'
import { filesBelow, temporaryFolder } from '../support/folders.js'
import { testPool } from '../support/pools.js'
import { Endless, numbers } from '../support/sources.js'
import { calls, cell, load, open } from '../support/tasks.js'
import { turns, until } from '../support/waiting.js'

const reason = { why: 'no longer needed' }

describeBackends('a signal', (backend) => {
  test('that has come before throws its reason, and nothing is read or written', async () => {
    const pool = testPool({ backend })
    const source = new Endless()
    const signal = AbortSignal.abort(reason)
    await expect(pool.map(calls('double'), source, { signal })).rejects.toBe(reason)
    await expect(pool.imap(calls('double'), source, { signal }).next()).rejects.toBe(reason)
    await expect(pool.imapUnordered(calls('double'), source, { signal }).next()).rejects.toBe(reason)
    expect(source.pulled).toBe(0)
    const folder = temporaryFolder()
    const task = noiseTask({ out: path.join(folder, 'out'), sigma: 0.1 })
    await expect(pool.map(task, writeWavs(folder, 1), { signal })).rejects.toBe(reason)
    expect(filesBelow(folder)).toEqual(['clean0.wav'])
  })

  test('without a reason throws the AbortError of the platform', async () => {
    const run = testPool({ backend }).map(calls('double'), [1], { signal: AbortSignal.abort() })
    await expect(run).rejects.toMatchObject({ name: 'AbortError' })
  })

  test.each([reason, 'text', null, new Error('stop')])('ends a run on its way with its reason: %j', async (given) => {
    const pool = testPool({ backend })
    const source = new Endless()
    const controller = new AbortController()
    const { signal } = controller
    const results = pool.imap(calls('double'), source, { signal })
    expect((await results.next()).value).toBe(0)
    controller.abort(given)
    await expect(results.next()).rejects.toBe(given)
    expect(source.returned).toBe(1)
    expect(getEventListeners(signal, 'abort')).toEqual([])
    expect(await pool.map(calls('double'), [1])).toEqual([2])
  })

  test('ends a run while its items are under way, and begins no others', async () => {
    const pool = testPool({ backend })
    const controller = new AbortController()
    const [gate, begun] = [cell(), cell()]
    const items = numbers(40).map((value) => ({ value, begun, waitsFor: gate }))
    const running = pool.map(calls('pass'), items, { signal: controller.signal, chunkSize: 5 })
    await until(() => load(begun) > 0)
    controller.abort(reason)
    await expect(running).rejects.toBe(reason)
    const before = load(begun)
    open(gate)
    expect(await pool.map(calls('double'), numbers(10), { chunkSize: 1 })).toHaveLength(10)
    // Two threads at the most were about to begin one.
    expect(load(begun)).toBeLessThanOrEqual(Math.max(before, 2))
  })

  test('ends a run whose source says nothing', async () => {
    const controller = new AbortController()
    const silent = { [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }) }
    const running = testPool({ backend }).map(calls('double'), silent, { signal: controller.signal })
    await turns(5)
    controller.abort(reason)
    await expect(running).rejects.toBe(reason)
  })

  test('that comes after the run changes nothing, and is not listened to any longer', async () => {
    const controller = new AbortController()
    const { signal } = controller
    const folder = temporaryFolder()
    const files = writeWavs(folder, 3)
    const pool = testPool({ backend })
    const results = await pool.map(noiseTask({ out: path.join(folder, 'out'), sigma: 0.1 }), files, { signal })
    for await (const _ of pool.imap(calls('double'), [1, 2, 3], { signal })) break
    expect(getEventListeners(signal, 'abort')).toEqual([])
    controller.abort(reason)
    expect(results.map(({ status }) => status)).toEqual(['done', 'done', 'done'])
    expect(filesBelow(path.join(folder, 'out'))).toHaveLength(3)
  })

  // In its plain loop the caller has its turn only between files.
  test.skipIf(backend === 'inline')('in the middle of long files leaves nothing of them (needs threads)', async () => {
    const folder = temporaryFolder()
    const out = path.join(folder, 'out')
    const input = writeLongWav(folder)
    const controller = new AbortController()
    const items = [1, 2, 3, 4].map((number) => ({ input, output: path.join(out, `${number}.wav`) }))
    const running = testPool({ backend }).map(noiseTask({ sigma: 0.1 }), items, { signal: controller.signal })
    const rejected = expect(running).rejects.toBe(reason)
    await until(() => filesBelow(out).length === 2)
    controller.abort(reason)
    await rejected
    expect(filesBelow(out)).toEqual([])
  })

  test('between files leaves those that are done', async () => {
    const folder = temporaryFolder()
    const out = path.join(folder, 'out')
    const files = writeWavs(folder, 100)
    const controller = new AbortController()
    const done: string[] = []
    const read = async () => {
      const task = noiseTask({ out, sigma: 0.1 })
      for await (const { output } of testPool({ backend }).imap(task, files, { signal: controller.signal })) {
        done.push(path.basename(output))
        if (done.length === 3) controller.abort(reason)
      }
    }
    await expect(read()).rejects.toBe(reason)
    expect(done).toEqual(['clean0.wav', 'clean1.wav', 'clean2.wav'])
    const left = filesBelow(out)
    expect(left).toEqual(expect.arrayContaining(done))
    expect(left.filter((name) => !/^clean\d+\.wav$/.test(name))).toEqual([])
  })

  test.skipIf(backend === 'inline')('ends a run that waits for its turn behind another (needs threads)', async () => {
    const folder = temporaryFolder()
    const out = path.join(folder, 'out')
    const pool = testPool({ backend, size: 1 })
    let isOver = false
    const first = pool.map(noiseTask({ out, sigma: 0 }), [writeLongWav(folder)]).finally(() => {
      isOver = true
    })
    const ended = expect(first).rejects.toMatchObject({ code: 'E_POOL_TERMINATED' })
    await until(() => filesBelow(out).length === 1)
    const controller = new AbortController()
    const files = writeWavs(folder, 3)
    const second = pool.map(noiseTask({ out, sigma: 0 }), files, { signal: controller.signal, chunkSize: 1 })
    const aborted = expect(second).rejects.toBe(reason)
    await turns()
    controller.abort(reason)
    await aborted
    expect(isOver).toBe(false)
    await pool.terminate()
    await ended
    expect(filesBelow(out)).toEqual([])
  })
})

test('the plain loop gives others their turn between items, so that a signal can come', async () => {
  const pool = testPool({ backend: 'inline' })
  const folder = temporaryFolder()
  const task = noiseTask({ out: path.join(folder, 'out'), sigma: 0.1 })
  const abortSoon = () => {
    const controller = new AbortController()
    setImmediate(() => controller.abort(reason))
    return controller.signal
  }
  const files = writeWavs(folder, 50)
  await expect(pool.map(task, files, { signal: abortSoon(), chunkSize: 50 })).rejects.toBe(reason)
  await expect(pool.map(calls('double'), numbers(1000), { signal: abortSoon(), chunkSize: 1000 })).rejects.toBe(reason)
})

test('items that fail before they are worked on give others their turn too', async () => {
  const controller = new AbortController()
  setImmediate(() => controller.abort(reason))
  function* neverFiles(): Generator<never> {
    for (;;) yield 7 as never
  }
  const read = async () => {
    const task = noiseTask({ out: path.join(temporaryFolder(), 'out'), sigma: 0.1 })
    for await (const { status } of testPool().imapUnordered(task, neverFiles(), { signal: controller.signal }))
      expect(status).toBe('failed')
  }
  await expect(read()).rejects.toBe(reason)
})

describe('a signal of a polyfill', () => {
  const polyfill = (methods: object) =>
    ({ aborted: false, addEventListener() {}, removeEventListener() {}, ...methods }) as unknown as AbortSignal
  const fail = () => {
    throw new Error('not implemented')
  }

  test('must have both methods for listeners', () => {
    const options = { code: 'E_OPTION_INVALID', option: 'signal' }
    for (const method of ['addEventListener', 'removeEventListener']) {
      const signal = polyfill({ [method]: undefined })
      expect(() => testPool().imap(calls('double'), [1], { signal })).toThrow(expect.objectContaining(options))
    }
  })

  test.each(['addEventListener', 'removeEventListener'])('does not keep a pool from closing: %s', async (method) => {
    const pool = testPool()
    const running = pool.map(calls('double'), [1], { signal: polyfill({ [method]: fail }) })
    await expect(running).rejects.toThrow('not implemented')
    await pool.close()
  })
})

/** The option `shared`: memory of a task that all threads see. */

import { expect, test } from 'vitest'
import { moduleTask } from '../../dist/index.js'
import { describeThreads, testPool } from '../support/pools.js'
import { quote, runNode } from '../support/programs.js'
import { buffers } from '../support/tasks.js'

const url = new URL('../support/tasks/buffers.mjs', import.meta.url)
const invalid = { code: 'E_OPTION_INVALID', option: 'shared' }

describeThreads('shared [%s]', (backend) => {
  test('puts buffers and views into shared memory, also inside objects and lists', async () => {
    const list = [new Float32Array([1])]
    const shared = {
      bytes: Buffer.from('ab'),
      view: new DataView(new ArrayBuffer(4)),
      buffer: new ArrayBuffer(8),
      list,
    }
    const [kinds] = await testPool({ backend }).map(buffers('kinds', { shared }), [1])
    expect(kinds).toEqual([
      ['Uint8Array', true],
      ['DataView', true],
      ['SharedArrayBuffer', true],
      ['Float32Array', true],
    ])
  })

  test('lets all threads see what one of them writes, and copies once', async () => {
    const sums = new Int32Array([0, 5])
    const task = buffers('addTo', { shared: { sums } })
    sums[1] = 6
    const pools = [testPool({ backend }), testPool({ backend })]
    for (const pool of pools) expect(await pool.map(task, [1, 2, 3, 4], { chunkSize: 1 })).toEqual([5, 5, 5, 5])
    const reads = await pools[0].map(buffers('addTo', { shared: () => ({ sums }) }), [0])
    expect(reads).toEqual([6])
    expect([...sums]).toEqual([0, 6])
  })

  test('keeps memory shared that is shared already', async () => {
    const sums = new Int32Array(new SharedArrayBuffer(8))
    await testPool({ backend }).map(buffers('addTo', { shared: { sums } }), [1, 2, 3, 4], { chunkSize: 1 })
    expect(sums[0]).toBe(10)
  })

  test('calls a function once, when the first run begins', async () => {
    let calls = 0
    const shared = () => ({ numbers: [++calls, 10] })
    const task = buffers('sumKept', { setup: 'keep', shared })
    const pool = testPool({ backend })
    expect(calls).toBe(0)
    expect(await pool.map(task, [1, 2])).toEqual([12, 13])
    expect(await pool.map(task, [3])).toEqual([14])
    expect(calls).toBe(1)
  })

  test('ends a run with what its function throws, and calls it again for the next', async () => {
    let calls = 0
    const shared = () => {
      if (++calls === 1) throw new RangeError('not yet')
      return { numbers: [1] }
    }
    const task = buffers('sumKept', { setup: 'keep', shared })
    const pool = testPool({ backend })
    const error = await pool.map(task, [1]).catch((thrown) => thrown)
    expect(error).toMatchObject({ ...invalid, cause: { name: 'RangeError', message: 'not yet' } })
    expect(error.message).toMatch('shared: invalid option: the function threw: not yet')
    expect(await pool.map(task, [1])).toEqual([2])
  })

  test('refuses a promise', async () => {
    for (const shared of [() => Promise.resolve(1), () => Promise.reject(new Error('late'))])
      await expect(testPool({ backend }).map(buffers('keep', { shared }), [1])).rejects.toMatchObject(invalid)
  })

  test('names itself if a value cannot be cloned', async () => {
    const pool = testPool({ backend })
    const received = 'shared.when: a function cannot be copied'
    const run = pool.map(buffers('keep', { shared: { when: () => 1 } }), [1])
    await expect(run).rejects.toMatchObject({ code: 'E_NOT_CLONEABLE', received })
    const strict = pool.map(buffers('keep', { shared: { when: new URL('file:///a') }, strict: true }), [1])
    await expect(strict).rejects.toMatchObject({ received: 'shared.when: a URL would arrive as a plain object' })
  })
})

test('shared is not together with data', () => {
  expect(() => moduleTask(url, 'keep', { data: 1, shared: 2 })).toThrow(expect.objectContaining(invalid))
})

test('shared memory is free when its tasks are gone', () => {
  const { stdout } = runNode(`
    const pool = new noisemill.Pool({ size: 2, backend: 'workers' })
    const before = process.memoryUsage().rss
    let peak = 0
    for (let i = 0; i < 40; i++) {
      const shared = () => ({ numbers: new Float64Array(25_000_000 / 8).fill(i) })
      await pool.map(noisemill.moduleTask(${quote(url.href)}, 'sumKept', { setup: 'keep', shared }), [1, 2, 3])
      peak = Math.max(peak, process.memoryUsage().rss)
    }
    console.log((peak - before) / 1e6)
    await pool.close()
  `)
  // All of them together have 1,000 MB.
  expect(Number(stdout)).toBeLessThan(700)
})

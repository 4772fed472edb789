/** Buffers that cross to other threads: of views only the view, and what is transferred instead of copied. */

import { describe, expect, test } from 'vitest'
import { type Backend, moduleTask, Pool } from '../../dist/index.js'
import { describePlaces, describeThreads, testPool } from '../support/pools.js'
import { buffers, calls, cell, open } from '../support/tasks.js'

const whole = (length: number) => Uint8Array.from({ length }, (_, i) => i % 251)
const refused = (received: string) => ({ code: 'E_NOT_CLONEABLE', received: expect.stringContaining(received) })

describePlaces('of a view on a large buffer [%s]', (backend) => {
  const view = whole(1_000_000).subarray(10, 13)
  const arrived = ['Uint8Array', [10, 11, 12], 3]

  test.each([
    ['an item', view, arrived],
    ['a Buffer of Node’s pool', Buffer.from('abc'), ['Uint8Array', [97, 98, 99], 3]],
    ['a part of a list', [[view], 1].slice(0, 1), [[arrived]]],
    ['a part of an object', { view }, { view: arrived }],
    ['numbers', new Float64Array(whole(800_000).buffer, 8, 1), ['Float64Array', [8, 9, 10, 11, 12, 13, 14, 15], 8]],
    ['a DataView', new DataView(whole(10_000).buffer, 5, 2), ['DataView', [5, 6], 2]],
    ['the same view twice', [view, view], [arrived, arrived]],
  ])('only the view crosses: %s', async (_, item, expected) => {
    expect(await testPool({ backend, size: 1 }).map(buffers('describe'), [item])).toEqual([expected])
  })

  test('only the view comes back', async () => {
    const [alone, inside] = await testPool({ backend, size: 1 }).map(buffers('middle'), ['alone', 'inside'])
    expect(alone).toEqual(new Float64Array([3, 3]))
    expect(inside).toEqual({ list: [new Float64Array([3, 3])], how: 'inside' })
    expect([alone.buffer.byteLength, inside.list[0].buffer.byteLength]).toEqual([16, 16])
  })

  test('the caller keeps the item as it is', async () => {
    const item = { view, list: [view] }
    const [record] = await testPool({ backend, size: 1 }).map(buffers('sizeOf'), [item], { errors: 'collect' })
    expect(record.item).toBe(item)
    expect(item.view.buffer.byteLength).toBe(1_000_000)
  })

  test('views that share all of a buffer still share it', async () => {
    const bytes = whole(4000)
    const item = [bytes.subarray(0, 3000), bytes.subarray(2998)]
    const [second] = await testPool({ backend, size: 1 }).map(buffers('writeThrough'), [item])
    expect(second.slice(0, 3)).toEqual([7, 7, bytes[3000]])
  })
})

describePlaces('large memory of items [%s]', (backend) => {
  test('arrives whole, also if several items have it, and stays with the caller', async () => {
    const bytes = whole(2_000_000)
    const half = whole(3_000_000).subarray(1_500_000)
    const items = [{ view: bytes }, { view: bytes }, { view: half, list: [half.subarray(1)] }, { view: whole(4) }]
    const arrived = await testPool({ backend, size: 1 }).map(calls('same'), items, { chunkSize: 4 })
    const same = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b) === 0
    expect(arrived.map(({ view }, i) => same(view, items[i].view))).toEqual([true, true, true, true])
    expect(same(arrived[2].list[0], half.subarray(1))).toBe(true)
    expect([same(bytes, whole(2_000_000)), half.buffer.byteLength]).toEqual([true, 3_000_000])
  })
})

describePlaces('transfer [%s]', (backend) => {
  const onePool = () => testPool({ backend, size: 1 })

  test('moves all buffers of items and results', async () => {
    const items = [1, 2, 3].map((length) => new Uint8Array(length))
    const results = await onePool().map(buffers('fill', { transfer: true }), items)
    expect(results).toEqual([1, 2, 3].map((length) => new Uint8Array(length).fill(9)))
    expect(items.map(({ length }) => length)).toEqual([0, 0, 0])
  })

  test('moves the buffers inside objects, and leaves a record with an empty item', async () => {
    const item = { view: new Uint8Array(5) }
    const task = buffers('sizeOf', { transfer: { items: true } })
    const [record] = await onePool().map(task, [item], { errors: 'collect' })
    expect(record.status === 'done' && record.value).toBe(5)
    expect(record.item).toBe(item)
    expect(item.view.length).toBe(0)
  })

  test('moves what a function names, and nothing else', async () => {
    const [one, other] = [new Uint8Array(5), new Uint8Array(6)]
    const items = (item: { view: Uint8Array }) => [item.view.buffer]
    expect(await onePool().map(buffers('sizeOf', { transfer: { items } }), [{ view: one, other }])).toEqual([5])
    expect([one.length, other.length]).toEqual([0, 6])
  })

  test('moves the results that an export names', async () => {
    const task = buffers('make', { transfer: { results: 'insideOf' } })
    const [first, second] = await onePool().map(task, [3, 4])
    expect([first.before, second.before]).toEqual([undefined, 0])
    expect(second.inside).toEqual([new Uint8Array(4).fill(4)])
  })

  test('leaves results without it where they are', async () => {
    const [, second] = await onePool().map(buffers('make', { transfer: { items: true } }), [3, 4])
    expect(second.before).toBe(3)
  })

  test('copies the parts of buffers that others use', async () => {
    const [small, other] = [Buffer.from('abc'), Buffer.from('def')]
    const view = whole(1_000_000).subarray(10, 13)
    const results = await onePool().map(buffers('fill', { transfer: true }), [small, view])
    expect(results).toEqual([new Uint8Array(3).fill(9), new Uint8Array(3).fill(9)])
    expect([String(small), String(other), ...view]).toEqual(['abc', 'def', 10, 11, 12])
    const items = ({ view }: { view: Buffer }) => [view.buffer]
    expect(await onePool().map(buffers('sizeOf', { transfer: { items } }), [{ view: small }])).toEqual([3])
    expect(String(other)).toBe('def')
  })

  test('fails an item whose buffer was moved before', async () => {
    const view = new Uint8Array(5)
    const records = await onePool().map(buffers('sizeOf', { transfer: true }), [view, { view }, new Uint8Array(2)], {
      errors: 'collect',
    })
    expect(records.map((r) => (r.status === 'done' ? r.value : r.error))).toMatchObject([
      5,
      refused('items[1].view: a Uint8Array has no memory, because it was transferred before'),
      2,
    ])
  })

  test('fails a result whose memory was moved before', async () => {
    const task = buffers('sameMemory', { transfer: { results: true } })
    const records = await onePool().map(task, [1, 2, 3], { errors: 'collect' })
    expect(records.map((r) => r.status).sort()).toEqual(['done', 'failed', 'failed'])
    expect(records.find((r) => r.status === 'failed')!.error).toMatchObject(
      refused('result: a Uint8Array has no memory'),
    )
  })

  test.each([
    [
      'throws',
      () => {
        throw new Error('no list')
      },
      'the function that names what to transfer threw no list',
    ],
    ['returns no list', () => 'all' as never, 'an array of what to transfer is needed, not "all"'],
    ['names what cannot be moved', () => [{}], 'copying it fails with'],
  ])('fails items if its function %s', async (_, items, why) => {
    const run = onePool().map(buffers('sizeOf', { transfer: { items } }), [new Uint8Array(2)])
    await expect(run).rejects.toMatchObject(refused(why))
  })

  test.each([
    ['throwing', 'result: the function that names what to transfer threw no list'],
    ['notAList', 'result: an array of what to transfer is needed, not "all"'],
  ])('fails results if its function is %s', async (results, why) => {
    const run = onePool().map(buffers('make', { transfer: { results } }), [2])
    await expect(run).rejects.toMatchObject(refused(why))
  })

  test('fails items if its function is not exported', async () => {
    const run = onePool().map(buffers('make', { transfer: { results: 'absent' } }), [2])
    await expect(run).rejects.toMatchObject({ code: 'E_TASK_LOAD', message: /"absent", not a function/ })
  })
})

test('a transferred item is lost with its thread, even if it was not begun', async () => {
  const pool = testPool({ backend: 'workers', size: 1 })
  const gate = cell()
  const items = [{ gate, view: new Uint8Array(1) }, { view: new Uint8Array(2) }, { view: new Uint8Array(3) }]
  const task = buffers('exitIfAsked', { transfer: { items: ({ view }) => [view.buffer] } })
  const run = pool.map(task, items, { concurrency: 2, errors: 'collect' })
  while (items[1].view.length > 0) await new Promise((resolve) => setTimeout(resolve, 1))
  open(gate)
  Atomics.notify(gate, 0)
  const records = await run
  expect(records.map((r) => (r.status === 'done' ? r.value : r.error.code))).toEqual([
    'E_WORKER_DIED',
    'E_WORKER_DIED',
    3,
  ])
})

test('transferred items go one by one, whatever the chunk size', async () => {
  const sizes: number[] = []
  const backend: Backend = {
    name: 'counting',
    threads: 1,
    async execute({ jobs, settle }) {
      sizes.push(jobs.length)
      for (const index of jobs.keys()) settle(index, { value: index as never })
      return { milliseconds: 0 }
    },
    async close() {},
  }
  await using pool = new Pool({ backend })
  await pool.map(buffers('fill', { transfer: true }), [1, 2, 3], { chunkSize: 3 })
  expect(sizes).toEqual([1, 1, 1])
  await pool.map(buffers('fill', { transfer: { results: true } }), [1, 2, 3], { chunkSize: 3 })
  expect(sizes).toEqual([1, 1, 1, 3])
})

describe('options of transfer', () => {
  test.each([
    [1, 'transfer'],
    [null, 'transfer'],
    ['items', 'transfer'],
    [{ items: 'all' }, 'transfer.items'],
    [{ items: false }, 'transfer.items'],
    [{ results: () => [] }, 'transfer.results'],
    [{ results: '' }, 'transfer.results'],
  ])('%s is refused', (transfer, option) => {
    const make = () => moduleTask('/etl.js', 'etl', { transfer } as never)
    expect(make).toThrow(expect.objectContaining({ code: 'E_OPTION_INVALID', option }))
  })

  test('an unknown key is refused', () => {
    const make = () => moduleTask('/etl.js', 'etl', { transfer: { item: true } } as never)
    expect(make).toThrow(expect.objectContaining({ code: 'E_OPTION_UNKNOWN', option: 'item' }))
  })
})

describeThreads('shared memory [%s]', (backend) => {
  test('stays shared', async () => {
    const shared = new Int32Array(new SharedArrayBuffer(40_000)).subarray(100, 101)
    await testPool({ backend, size: 1 }).map(buffers('fillShared'), [shared])
    expect(shared[0]).toBe(5)
  })

  test('is not transferred', async () => {
    const shared = new Int32Array(new SharedArrayBuffer(8))
    const items = () => [shared.buffer]
    for (const transfer of [true, { items }]) {
      shared[0] = 0
      await testPool({ backend, size: 1 }).map(buffers('fillShared', { transfer }), [shared])
      expect(shared[0]).toBe(5)
    }
  })
})

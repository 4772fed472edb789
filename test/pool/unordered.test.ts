/** `imapUnordered`: results come when they are finished, each with its item. */

import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { noiseTask } from '../../dist/index.js'
import { describeBackends } from '../support/backends.js'
import { writeWavs } from '../support/files.js'
import { temporaryFolder } from '../support/folders.js'
import { testPool } from '../support/pools.js'
import { collect, numbers } from '../support/sources.js'
import { calls, cell, failing, open } from '../support/tasks.js'

describeBackends('imapUnordered', (backend) => {
  test('gives each result with the number and the item that it is of', async () => {
    const items = ['a', 'b', 'c', 'd', 'e', 'f'].map((value) => ({ value }))
    const records = await collect(testPool({ backend }).imapUnordered(calls('pass'), items, { chunkSize: 2 }))
    expect(records.sort((a, b) => a.index - b.index)).toEqual(
      items.map((item, index) => ({ index, item, status: 'done', value: item.value })),
    )
    // The caller's own object, not what came back of it.
    for (const record of records) expect(record.item).toBe(items[record.index])
  })

  test.skipIf(backend === 'inline')('gives what is done while the first item is not (needs threads)', async () => {
    const gate = cell()
    const items: object[] = numbers(6).map((value) => ({ value }))
    items[0] = { value: 0, waitsFor: gate }
    const order: number[] = []
    for await (const { index } of testPool({ backend }).imapUnordered(calls('pass'), items, { chunkSize: 1 })) {
      order.push(index)
      if (order.length === 5) open(gate)
    }
    expect(order.slice(0, 5).sort()).toEqual([1, 2, 3, 4, 5])
    expect(order[5]).toBe(0)
  })

  test('gives a result that is done while an item behind it in its chunk is not', async () => {
    const gate = cell()
    const items = [{ value: 'quick' }, { value: 'slow', waitsFor: gate }]
    const order: unknown[] = []
    const pool = testPool({ backend, size: 1 })
    for await (const record of pool.imapUnordered(calls('pass'), items, { chunkSize: 2 })) {
      if (record.status === 'done') order.push(record.value)
      open(gate)
    }
    expect(order).toEqual(['quick', 'slow'])
  })

  test('throws the first failure that comes, or gives it among the others', async () => {
    const pool = testPool({ backend })
    const failure = {
      code: 'E_TASK_FAILED',
      index: 1,
      item: 1,
      cause: expect.objectContaining({ message: '1 is odd' }),
    }
    await expect(collect(pool.imapUnordered(failing('refuseOdd'), [0, 1, 2]))).rejects.toMatchObject(failure)
    const records = await collect(pool.imapUnordered(failing('refuseOdd'), [0, 1, 2], { errors: 'collect' }))
    expect(records.sort((a, b) => a.index - b.index)).toMatchObject([
      { index: 0, item: 0, status: 'done', value: 0 },
      { index: 1, item: 1, status: 'failed', error: failure },
      { index: 2, item: 2, status: 'done', value: 2 },
    ])
  })

  test('gives each file with the figures of that file, failed ones too', async () => {
    const folder = temporaryFolder()
    const files = writeWavs(folder, 20)
    const bad = path.join(folder, 'bad.wav')
    writeFileSync(bad, 'not a WAV file')
    const task = noiseTask({ out: path.join(folder, 'out'), snr: 10 })
    const results = await collect(testPool({ backend }).imapUnordered(task, [bad, ...files]))
    const found = new Map(results.map((result) => [result.input, result]))
    expect(results).toHaveLength(21)
    expect(found.get(bad)).toMatchObject({ status: 'failed', error: { code: 'E_WAV_NOT_RIFF', path: bad } })
    for (const [number, file] of files.entries())
      expect(found.get(file)).toMatchObject({ status: 'done', frames: 100 + number, key: path.basename(file) })
  })
})

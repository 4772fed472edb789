/** Items that fail: the error names the item, and all other items are unaffected. */

import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { type ErrorCode, moduleTask, NoisemillError, noiseTask } from '../../dist/index.js'
import { describeBackends } from '../support/backends.js'
import { writeWavs } from '../support/files.js'
import { filesBelow, temporaryFolder } from '../support/folders.js'
import { describePlaces, describeThreads, testPool } from '../support/pools.js'
import { numbers } from '../support/sources.js'
import { calls, cell, failing, load } from '../support/tasks.js'

/** Reads until it throws. */
async function readUntilThrown(results: AsyncIterable<unknown>): Promise<{ read: unknown[]; error: unknown }> {
  const read: unknown[] = []
  try {
    for await (const result of results) read.push(result)
  } catch (error) {
    return { read, error }
  }
  throw new Error('nothing was thrown')
}

const done = (index: number, value: unknown = index) => ({ index, status: 'done', value })
const failed = (index: number, code: ErrorCode) => ({ index, status: 'failed', error: { code, index } })

describeThreads('a function that throws [%s]', (backend) => {
  test.each(['refuseOdd', 'refuseOddLater'])(
    'stops the run, once the results before it are given: %s',
    async (name) => {
      const pool = testPool({ backend })
      const items = [0, 2, 4, 5, 6, 7, 8]
      const expected = { code: 'E_TASK_FAILED', index: 3, item: 5, cause: expect.any(RangeError) }
      for (const chunkSize of [1, 3, 100, 'auto'] as const) {
        const { read, error } = await readUntilThrown(pool.imap(failing(name), items, { chunkSize }))
        expect(read).toEqual([0, 2, 4])
        expect(error).toBeInstanceOf(NoisemillError)
        expect(error).toMatchObject(expected)
        expect((error as Error).cause).toMatchObject({ message: '5 is odd' })
        await expect(pool.map(failing(name), items, { chunkSize })).rejects.toMatchObject(expected)
      }
      expect(await pool.map(failing(name), [0, 2])).toEqual([0, 2])
    },
  )

  test.skipIf(backend === 'inline')(
    'is told by its place in the input, not by who failed first (needs threads)',
    async () => {
      const pool = testPool({ backend })
      const gate = cell()
      // The first fails only after the second has.
      const items = [{ waitsFor: gate }, { opens: gate }]
      await expect(pool.map(failing('refuse'), items, { chunkSize: 1 })).rejects.toMatchObject({ index: 0 })
    },
  )

  test('is among the results where they are to be collected', async () => {
    const pool = testPool({ backend })
    const records = await pool.map(failing('refuseOdd'), numbers(6), { errors: 'collect', chunkSize: 4 })
    expect(records).toMatchObject(
      numbers(6).map((n) => (n % 2 === 1 ? { ...failed(n, 'E_TASK_FAILED'), item: n } : { ...done(n), item: n })),
    )
  })

  test('may throw what is no Error', async () => {
    const names = ['text', 'number', 'null', 'undefined', 'object']
    const records = await testPool({ backend }).map(failing('throwNamed'), names, { errors: 'collect' })
    const causes = records.map((record) => record.status === 'failed' && record.error.cause)
    expect(causes).toEqual(['text', 42, null, undefined, { reason: 'an object' }])
    expect(records).toMatchObject(names.map((_, index) => failed(index, 'E_TASK_FAILED')))
  })

  test.each(['function', 'textless'])('may throw what cannot be cloned: %s', async (way) => {
    const records = await testPool({ backend }).map(failing('throwStrange'), [0, way, 2], {
      errors: 'collect',
      chunkSize: 3,
    })
    expect(records).toMatchObject([done(0), failed(1, 'E_TASK_FAILED'), done(2)])
  })
})

describePlaces('a module that cannot be used [%s]', (backend) => {
  const written = (source: string) => {
    const file = path.join(temporaryFolder(), 'task.mjs')
    writeFileSync(file, source)
    return pathToFileURL(file)
  }
  const tasks = {
    'is not there': () => moduleTask(new URL('../support/tasks/missing.mjs', import.meta.url), 'double'),
    'has no such export': () => calls('triple'),
    'exports something else': () => failing('notAFunction'),
    'has a syntax error': () => moduleTask(written('export const double = ('), 'double'),
    'throws as it is loaded': () => moduleTask(written('throw new Error("not today")'), 'double'),
    'has no such setup': () => calls('double', { setup: 'missing' }),
  }

  test.each(Object.keys(tasks) as (keyof typeof tasks)[])('because it %s', async (why) => {
    const pool = testPool({ backend })
    const task = tasks[why]()
    await expect(pool.map(task, [1, 2, 3])).rejects.toMatchObject({ code: 'E_TASK_LOAD', index: 0, item: 1 })
    const records = await pool.map(task, [1, 2, 3], { errors: 'collect' })
    expect(records).toMatchObject([0, 1, 2].map((index) => failed(index, 'E_TASK_LOAD')))
    expect(await pool.map(calls('double'), [4])).toEqual([8])
  })
})

describeThreads('a setup [%s]', (backend) => {
  test('is called once a thread, and what it gives is shared by all calls', async () => {
    const pool = testPool({ backend })
    const prepared = cell()
    const task = calls('multiply', { setup: 'prepare', data: { prepared, factor: 3 } })
    for (let run = 0; run < 3; run++)
      expect(await pool.map(task, numbers(50), { chunkSize: 4 })).toEqual(numbers(50).map((number) => 3 * number))
    expect(load(prepared)).toBeGreaterThanOrEqual(1)
    expect(load(prepared)).toBeLessThanOrEqual(backend === 'inline' ? 1 : 2)
  })

  test('that throws fails each item with its error, and is not tried again', async () => {
    const prepared = cell()
    const task = failing('refuseOdd', { setup: 'setupThrows', data: { prepared } })
    const records = await testPool({ backend, size: 1 }).map(task, [0, 2, 4], { errors: 'collect', chunkSize: 1 })
    const cause = expect.objectContaining({ message: 'no set-up today' })
    const error = { code: 'E_TASK_LOAD', cause }
    expect(records).toMatchObject([0, 1, 2].map((index) => ({ index, status: 'failed', error })))
    expect(load(prepared)).toBe(1)
  })

  test('is not needed for data', async () => {
    const pool = testPool({ backend })
    expect(await pool.map(calls('withData', { data: { of: 'all' } }), [1, 2])).toEqual([
      [1, { of: 'all' }],
      [2, { of: 'all' }],
    ])
    expect(await pool.map(calls('withoutData'), [1])).toEqual([[undefined]])
  })
})

describePlaces('what cannot be cloned [%s]', (backend) => {
  test.each([0, 1, 2])('fails as an item, alone in its chunk: number %i', async (at) => {
    const pool = testPool({ backend })
    for (const bad of [() => 'a function', { inside: Symbol('a symbol') }, new WeakMap()]) {
      const items = numbers(3).with(at, bad as never)
      const records = await pool.map(calls('same'), items, { errors: 'collect', chunkSize: 3 })
      expect(records).toMatchObject(numbers(3).map((n) => (n === at ? failed(n, 'E_NOT_CLONEABLE') : done(n))))
      expect(records[at].item).toBe(bad)
    }
  })

  test('fails as an item that throws when it is read, whatever it throws', async () => {
    const bad = {
      get value() {
        throw null
      },
    }
    const records = await testPool({ backend }).map(calls('same'), [0, bad, 2], {
      errors: 'collect',
      chunkSize: 3,
    })
    expect(records).toMatchObject([done(0), failed(1, 'E_NOT_CLONEABLE'), done(2)])
  })

  test.each(['function', 'nested', 'promise', 'getter', 'emptyGetter'])(
    'fails as a result, alone in its chunk: %s',
    async (way) => {
      const pool = testPool({ backend })
      const task = failing('giveUncloneable')
      const records = await pool.map(task, [0, way, 2], { errors: 'collect', chunkSize: 3 })
      expect(records).toMatchObject([done(0), failed(1, 'E_NOT_CLONEABLE'), done(2)])
    },
  )

  // Worker threads have a larger stack than the main one: they can write what it cannot read.
  test.each(backend === 'inline' ? [100_000] : [8_000, 100_000])(
    'fails as a result nested too deeply to be read: %i levels',
    async (depth) => {
      const pool = testPool({ backend })
      const records = await pool.map(failing('nest'), [0, depth, 0], { errors: 'collect', chunkSize: 3 })
      expect(records).toMatchObject([done(0, 'inside'), failed(1, 'E_NOT_CLONEABLE'), done(2, 'inside')])
    },
  )

  test('fails every item as data of the task', async () => {
    const pool = testPool({ backend })
    const task = calls('withData', { data: { call() {} } })
    const records = await pool.map(task, [1, 2], { errors: 'collect', chunkSize: 1 })
    expect(records).toMatchObject([failed(0, 'E_NOT_CLONEABLE'), failed(1, 'E_NOT_CLONEABLE')])
    await expect(pool.map(task, [1, 2])).rejects.toMatchObject({ code: 'E_NOT_CLONEABLE', index: 0 })
    expect(await pool.map(calls('double'), [1, 2])).toEqual([2, 4])
  })
})

describeBackends('a file that fails', (backend) => {
  function someBad() {
    const folder = temporaryFolder()
    const files = writeWavs(folder, 4)
    const missing = path.join(folder, 'missing.wav')
    const out = path.join(folder, 'out')
    // The last has the name of the first.
    const items = [files[0], missing, files[1], 42 as never, files[2], { input: files[3], output: `${out}/clean0.wav` }]
    return { out, items, missing, task: noiseTask({ out, sigma: 0.1 }) }
  }

  test('is a result among the others', async () => {
    const { out, items, task } = someBad()
    const results = await testPool({ backend }).map(task, items)
    expect(results.map(({ status, error }) => error?.code ?? status)).toEqual([
      'done',
      'E_INPUT_MISSING',
      'done',
      'E_ITEM_INVALID',
      'done',
      'E_OUTPUT_CLASH',
    ])
    expect(filesBelow(out)).toEqual(['clean0.wav', 'clean1.wav', 'clean2.wav'])
  })

  test.each([1, 10, 'auto'] as const)(
    'stops the run where errors are to be thrown: chunks of %s',
    async (chunkSize) => {
      const { out, items, missing, task } = someBad()
      const pool = testPool({ backend })
      const error = { code: 'E_INPUT_MISSING', path: missing, name: 'NoisemillError' }
      const thrown = await readUntilThrown(pool.imap(task, items, { errors: 'throw', chunkSize }))
      expect(thrown).toMatchObject({ read: [{ status: 'done', input: items[0] }], error })
      // Only whole files are left, whatever of the rest was begun.
      expect(filesBelow(out).filter((name) => !/^clean\d\.wav$/.test(name))).toEqual([])
      await expect(pool.map(task, items, { errors: 'throw', chunkSize })).rejects.toThrow(NoisemillError)
    },
  )
})

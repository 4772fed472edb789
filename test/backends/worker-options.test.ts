/** Options of a pool for its worker threads: when they are replaced, and what Node's Worker gets. */

import inspector from 'node:inspector'
import { SHARE_ENV } from 'node:worker_threads'
import { describe, expect, onTestFinished, test } from 'vitest'
import { noiseTask, Pool, type PoolOptions } from '../../dist/index.js'
import { describeNative } from '../support/backends.js'
import { writeWavs } from '../support/files.js'
import { temporaryFolder } from '../support/folders.js'
import { testPool } from '../support/pools.js'
import { numbers } from '../support/sources.js'
import { cell, lasting, load } from '../support/tasks.js'
import { until } from '../support/waiting.js'

const workers = (options: PoolOptions) => testPool({ backend: 'workers', size: 1, ...options })

/** How often each value is in a list. */
const counts = (values: readonly unknown[]) =>
  [...new Set(values)].map((value) => values.filter((v) => v === value).length)

describe('a thread is replaced', () => {
  test.each([
    { recycleAfter: 3, chunkSize: 1 },
    { recycleAfter: 3, chunkSize: 100 },
    { recycleAfter: { items: 3 }, chunkSize: 2 },
  ])('after so many items: %o', async ({ recycleAfter, chunkSize }) => {
    const threads = await workers({ recycleAfter }).map(lasting('thread'), numbers(10), { chunkSize })
    expect(counts(threads)).toEqual([3, 3, 3, 1])
  })

  test('after so many items in several runs, which all end', async () => {
    const pool = workers({ size: 2, recycleAfter: 2 })
    const runs = [10, 11].map((items) => pool.map(lasting('thread'), numbers(items), { concurrency: 3 }))
    const threads = (await Promise.all(runs)).flat()
    expect(threads).toHaveLength(21)
    expect(Math.max(...counts(threads))).toBe(2)
  })

  test('after so many files', async () => {
    const files = writeWavs(temporaryFolder(), 7, 1000)
    const results = await workers({ recycleAfter: 2 }).map(noiseTask({ out: temporaryFolder(), sigma: 0.1 }), files)
    expect(results.map(({ status }) => status)).toEqual(files.map(() => 'done'))
  })

  test('when it has so many megabytes', async () => {
    const pool = workers({ recycleAfter: { megabytes: 60 } })
    const threads = await pool.map(
      lasting('leak'),
      numbers(6).map(() => 40),
      { chunkSize: 1 },
    )
    expect(new Set(threads).size).toBeGreaterThan(1)
    const small = await pool.map(lasting('thread'), numbers(6), { chunkSize: 1 })
    expect(new Set(small.slice(1)).size).toBe(1)
  })

  test('after its teardowns, which close awaits', async () => {
    const pool = new Pool({ backend: 'workers', size: 1, recycleAfter: 2 })
    const cells = { opened: cell(), closed: cell() }
    const task = lasting('thread', { setup: 'openThread', teardown: 'closeThread', data: cells })
    await pool.map(task, numbers(5))
    await until(() => load(cells.closed) === 2)
    await pool.close()
    expect([load(cells.opened), load(cells.closed)]).toEqual([3, 3])
  })

  test('and the pool can be terminated while its teardown never ends', async () => {
    const pool = new Pool({ backend: 'workers', size: 1, recycleAfter: 1 })
    await pool.map(lasting('same', { teardown: 'neverClose' }), numbers(3))
    await pool.terminate()
  })
})

describe('worker threads have', () => {
  const task = lasting('surroundings')

  test('the environment that was given', async () => {
    const env: Record<string, string | undefined> = { NOISEMILL_TEST: 'a', OTHER: undefined }
    const pool = workers({ env })
    env.NOISEMILL_TEST = 'b'
    expect(await pool.map(task, [1])).toMatchObject([{ env: 'a' }])
  })

  test('the environment of the process, if it is shared', async () => {
    onTestFinished(() => {
      delete process.env.NOISEMILL_TEST
    })
    await workers({ env: SHARE_ENV }).map(lasting('setEnv'), ['from a thread'])
    expect(process.env.NOISEMILL_TEST).toBe('from a thread')
  })

  test('the flags that were given', async () => {
    const execArgv = ['--no-warnings']
    expect(await workers({ execArgv }).map(task, [1])).toMatchObject([{ flags: execArgv }])
  })

  test('no start with flags that Node refuses', async () => {
    const run = workers({ execArgv: ['--expose-gc'] }).map(task, [1])
    await expect(run).rejects.toMatchObject({ code: 'E_WORKER_START', cause: { code: 'ERR_WORKER_INVALID_EXEC_ARGV' } })
  })

  test('limits, beyond which they die', async () => {
    const pool = workers({ resourceLimits: { maxOldGenerationSizeMb: 20 } })
    expect(await pool.map(task, [1])).toMatchObject([{ resourceLimits: { maxOldGenerationSizeMb: 20 } }])
    const died = { code: 'E_WORKER_DIED', cause: { code: 'ERR_WORKER_OUT_OF_MEMORY' } }
    await expect(pool.map(lasting('fillHeap'), [1])).rejects.toMatchObject(died)
  })

  test.each([
    ['noisemill', {}],
    ['my workers', { name: 'my workers' }],
  ])('the name %s', async (name, options) => {
    const session = new inspector.Session()
    session.connect()
    onTestFinished(() => session.disconnect())
    const titles: string[] = []
    session.on('NodeWorker.attachedToWorker', ({ params }) => titles.push(params.workerInfo.title))
    session.post('NodeWorker.enable', { waitForDebuggerOnStart: false })
    await workers(options).map(task, [1])
    expect(titles).toContainEqual(expect.stringMatching(new RegExp(`${name}$`)))
  })
})

describeNative('worker threads of functions', () => {
  test('are replaced too', async () => {
    const pool = testPool({ backend: 'native', size: 1, recycleAfter: 1 })
    expect(new Set(await pool.map(lasting('thread'), numbers(3))).size).toBe(3)
  })
})

describe('refused', () => {
  const wrong: [string, unknown, string][] = []
  const refuse = (option: string, path: string, ...values: unknown[]) => {
    for (const value of values) wrong.push([option, value, path])
  }
  refuse('recycleAfter', 'recycleAfter', 0, -1, 1.5, Number.NaN, Infinity, '3', null, [])
  refuse('recycleAfter', 'recycleAfter.items', ...[0, 1.5, null].map((items) => ({ items })))
  const megabytes = [0, -1, Number.NaN, Infinity, '1']
  refuse('recycleAfter', 'recycleAfter.megabytes', ...megabytes.map((value) => ({ megabytes: value })))
  refuse('resourceLimits', 'resourceLimits', 1, null, [])
  refuse('resourceLimits', 'resourceLimits.stackSizeMb', { stackSizeMb: -1 })
  refuse('env', 'env', 'a', null, [], Symbol('other'))
  refuse('env', 'env.A', { A: 1 })
  refuse('execArgv', 'execArgv', '--no-warnings', [1], null)
  refuse('name', 'name', '', 1, null)

  test.each(wrong)('%s: %o', (option, value, path) => {
    const make = () => new Pool({ [option]: value } as PoolOptions)
    expect(make).toThrow(expect.objectContaining({ code: 'E_OPTION_INVALID', option: path }))
  })

  test.each([
    ['recycleAfter', { item: 3 }, 'item'],
    ['resourceLimits', { maxHeap: 3 }, 'maxHeap'],
  ])('unknown keys of %s', (option, value, key) => {
    const make = () => new Pool({ [option]: value } as PoolOptions)
    expect(make).toThrow(expect.objectContaining({ code: 'E_OPTION_UNKNOWN', option: key }))
  })

  const right: PoolOptions = { recycleAfter: 1, resourceLimits: {}, env: {}, execArgv: [], name: 'a' }

  test.each(Object.entries(right))('%s with a backend without worker threads of the pool', (option, value) => {
    const expected = expect.objectContaining({ code: 'E_OPTION_INVALID', option })
    expect(() => new Pool({ backend: 'inline', [option]: value })).toThrow(expected)
    const given = { name: 'given', threads: 1, execute: async () => ({ milliseconds: 0 }), close: async () => {} }
    expect(() => new Pool({ backend: given, [option]: value })).toThrow(expected)
  })
})

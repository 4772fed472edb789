/** Threads that die while they process an item or a file, or before they are ready. */

import { spawnSync } from 'node:child_process'
import { readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, test } from 'vitest'
import { moduleTask, noiseTask } from '../../dist/index.js'
import type { Outcome } from '../../dist-lib/backends/backend.js'
import { Cancellation } from '../../dist-lib/backends/cancellation.js'
import { workersBackend } from '../../dist-lib/backends/workers.js'
import type { EtlJob } from '../../dist-lib/core/etl.js'
import { writeWavs } from '../support/files.js'
import { temporaryFolder } from '../support/folders.js'
import { threadPool } from '../support/jobs.js'
import { testPool } from '../support/pools.js'
import { programFor, runNode } from '../support/programs.js'
import { numbers } from '../support/sources.js'
import { calls, cell, crashing, load, open } from '../support/tasks.js'
import { until } from '../support/waiting.js'

const workers = (size = 2) => testPool({ backend: 'workers', size })

const ways = {
  'process.exit(0)': 'the thread exited with code 0',
  'process.exit(1)': 'the thread exited with code 1',
  'a throw from a timer': 'thrown late',
  'an unhandled rejection': 'nobody listens',
}

/** Items of which those of the given numbers end their thread; each counts how often it was begun. */
const crowd = (count: number, deadly: readonly number[], way = 'process.exit(1)') =>
  numbers(count).map((value) => ({ value, begun: cell(), ...(deadly.includes(value) && { way }) }))

const endings = (count: number, deadly: readonly number[]) =>
  numbers(count).map((index) =>
    deadly.includes(index)
      ? { index, status: 'failed', error: { code: 'E_WORKER_DIED', index } }
      : { index, status: 'done', value: index },
  )

describe('an item that ends its thread', () => {
  const places: [at: number, way: keyof typeof ways][] = [
    [0, 'process.exit(1)'],
    [2, 'process.exit(0)'],
    [2, 'a throw from a timer'],
    [2, 'an unhandled rejection'],
    [4, 'process.exit(1)'],
  ]

  test.each(places)('fails alone, as number %i in its chunk, by %s', async (at, way) => {
    const items = crowd(7, [at], way) // a chunk of 5, and one beside it
    const records = await workers().map(crashing('crash'), items, { errors: 'collect', chunkSize: 5 })
    expect(records).toMatchObject(endings(7, [at]))
    expect(records[at]).toMatchObject({ error: { cause: { message: ways[way] }, item: items[at] } })
    // It is not tried again, or it might kill every thread there is.
    expect(load(items[at].begun)).toBe(1)
  })

  test('has all of the error that killed the thread as its cause', async () => {
    const errorOf = async (way: string) => {
      const [record] = await workers(1).map(crashing('crash'), crowd(1, [0], way), { errors: 'collect' })
      if (record.status !== 'failed') throw new Error('it did not fail')
      expect(record.error.code).toBe('E_WORKER_DIED')
      return record.error
    }
    const aborted = await errorOf('a DOMException from a timer')
    expect(aborted.cause).toBeInstanceOf(DOMException)
    expect(aborted.cause).toMatchObject({ name: 'AbortError', code: 20, message: 'This operation was aborted' })
    expect(aborted.message).toContain('died while it processed this item: This operation was aborted.')
    const own = await errorOf('an error of its own from a timer')
    expect(own.cause).toBeInstanceOf(RangeError)
    expect(own.cause).toMatchObject({ code: 'E_OWN', message: 'out of range', cause: { message: 'inner' } })
    const text = await errorOf('a string from a timer')
    expect(text.cause).toBe('a mere string')
    expect(text.message).toContain('died while it processed this item: "a mere string".')
    const caught = await errorOf('an exit after an error that was caught')
    expect(caught.cause).toMatchObject({ message: 'the thread exited with code 1' })
    const another = await errorOf('another error after one that was caught')
    expect(another.cause).toMatchObject({ message: 'not caught', list: ['kept'] })
  })

  test('has a lack of memory as its cause, although an earlier error was caught', () => {
    const program = `
      const pool = new noisemill.Pool({ size: 1, backend: 'workers' })
      const task = noisemill.moduleTask(${JSON.stringify(new URL('../support/tasks/crashing.mjs', import.meta.url).href)}, 'crash')
      const items = [{ way: 'a lack of memory after an error that was caught' }]
      const [{ error }] = await pool.map(task, items, { errors: 'collect' })
      console.log(error.code, error.cause.code)
      await pool.terminate()`
    const { stdout } = runNode(program, { flags: ['--max-old-space-size=64'] })
    expect(stdout).toBe('E_WORKER_DIED ERR_WORKER_OUT_OF_MEMORY\n')
  })

  test('is thrown in its turn where errors are', async () => {
    const pool = workers()
    const given: unknown[] = []
    const read = async () => {
      for await (const value of pool.imap(crashing('crash'), crowd(6, [3]), { chunkSize: 2 })) given.push(value)
    }
    await expect(read()).rejects.toMatchObject({ code: 'E_WORKER_DIED', index: 3 })
    expect(given).toEqual([0, 1, 2])
    await expect(pool.map(crashing('crash'), crowd(3, [0]))).rejects.toMatchObject({ code: 'E_WORKER_DIED', index: 0 })
  })

  test.each([1, 3, 'auto'] as const)('may be every item: chunks of %s', async (chunkSize) => {
    const pool = workers()
    const records = await pool.map(crashing('crash'), crowd(6, numbers(6)), { errors: 'collect', chunkSize })
    expect(records).toMatchObject(endings(6, numbers(6)))
    expect(await pool.map(calls('double'), numbers(10))).toEqual(numbers(10).map((number) => 2 * number))
  })

  test('does no harm to other runs on the pool, of files too', async () => {
    const pool = workers()
    const folder = temporaryFolder()
    const out = path.join(folder, 'out')
    const files = writeWavs(folder, 20)
    const [records, doubled, results] = await Promise.all([
      pool.map(crashing('crash'), crowd(12, [1, 5, 6]), { errors: 'collect', chunkSize: 4 }),
      pool.map(calls('double'), numbers(50), { chunkSize: 4 }),
      pool.map(noiseTask({ out, sigma: 0.1 }), files, { chunkSize: 4 }),
    ])
    expect(records).toMatchObject(endings(12, [1, 5, 6]))
    expect(doubled).toEqual(numbers(50).map((number) => 2 * number))
    expect(results.map(({ input, status }) => [input, status])).toEqual(files.map((file) => [file, 'done']))
    expect(readdirSync(out)).toHaveLength(20)
  })

  test('may be all of them as their module is loaded, or set up', async () => {
    const file = path.join(temporaryFolder(), 'task.mjs')
    writeFileSync(file, 'process.exit(5)')
    const pool = workers()
    for (const task of [moduleTask(pathToFileURL(file)), crashing('crash', { setup: 'exit' }), crashing('exit')]) {
      const records = await pool.map(task, [0, 1, 2], { errors: 'collect' })
      expect(records).toMatchObject(endings(3, [0, 1, 2]))
    }
  })
})

test('a thread that dies when its items are done takes nothing with it', async () => {
  const pool = workers(1)
  const [gate, dead] = [cell(), cell()]
  expect(await pool.map(crashing('crashAfterwards', { data: null }), [{ gate, dead }])).toEqual(['the result'])
  open(gate)
  await until(() => load(dead) === 1)
  expect(await pool.map(calls('double'), numbers(10))).toEqual(numbers(10).map((number) => 2 * number))
})

test('a file that a thread died on fails, and nothing of it is left', async () => {
  const folder = temporaryFolder()
  const threads = threadPool(1, { entry: new URL('../support/tasks/dying-thread.mjs', import.meta.url) })
  const jobs = ['a', 'b'].map((name) => ({ temporary: path.join(folder, `.${name}.tmp`) }) as EtlJob)
  const outcomes: Outcome<unknown>[] = []
  const settle = (index: number, outcome: Outcome<unknown>) => {
    outcomes[index] = outcome
  }
  await workersBackend(threads).execute({ kind: 'files', jobs, cancellation: new Cancellation(), settle })
  const died = { error: { code: 'E_WORKER_DIED' } }
  expect(outcomes).toMatchObject([died, died])
  expect(readdirSync(folder)).toEqual([])
})

test('a file fails though its thread cannot start and its folder cannot be', async () => {
  const file = path.join(temporaryFolder(), 'a file')
  writeFileSync(file, '')
  const threads = threadPool(1, { entry: new URL('../support/tasks/missing.mjs', import.meta.url) })
  const jobs = ['a', 'b'].map((name) => ({ temporary: path.join(file, `.${name}.tmp`) }) as EtlJob)
  const settled: number[] = []
  const settle = (index: number) => settled.push(index)
  await workersBackend(threads).execute({ kind: 'files', jobs, cancellation: new Cancellation(), settle })
  expect(settled).toEqual([0, 1])
})

describe('threads that cannot be started', () => {
  const entry = (source: string) => {
    const file = path.join(temporaryFolder(), 'entry.mjs')
    writeFileSync(file, source)
    return pathToFileURL(file)
  }
  const entries = {
    'their file is missing': () => new URL('../support/tasks/missing.mjs', import.meta.url),
    'their file has a syntax error': () => entry('const = 1'),
    'they throw': () => entry('throw new Error("not today")'),
    'they end at once': () => entry('process.exit(0)'),
  }

  test.each(Object.keys(entries) as (keyof typeof entries)[])('fail every job, and hang on none: %s', async (why) => {
    const threads = threadPool(2, { entry: entries[why]() })
    const outcomes: unknown[] = []
    const settle = (index: number, outcome: unknown) => outcomes.push([index, outcome])
    const call = { url: 'file:///unused', name: 'unused', setup: undefined, data: undefined }
    const chunk = { kind: 'calls', call, jobs: ['a', 'b'], cancellation: new Cancellation(), settle } as const
    // More chunks than threads: those that wait must not wait for ever.
    await Promise.all(numbers(5).map(() => threads.execute(chunk)))
    const failed = { error: { code: 'E_WORKER_START', cause: expect.any(Error) } }
    expect(outcomes).toHaveLength(10)
    expect(outcomes).toEqual(expect.arrayContaining([[0, expect.objectContaining({})]]))
    for (const [, outcome] of outcomes as [number, unknown][]) expect(outcome).toMatchObject(failed)
    await threads.terminate()
  })
})

// A thread refuses some of the flags that its process takes.
describe.each(['--max-old-space-size=512', '--expose-gc', '--title=noisemill'])(
  'threads start under node %s',
  (flag) => {
    const calls = JSON.stringify(new URL('../support/tasks/calls.mjs', import.meta.url).href)
    const program = `
    const pool = new noisemill.Pool({ size: 1, backend: 'workers' })
    console.log(JSON.stringify(await pool.map(noisemill.moduleTask(${calls}, 'double'), [1, 2])))`

    test('with a program in a file', () => {
      const file = path.join(temporaryFolder(), 'program.mjs')
      writeFileSync(file, programFor(program))
      expect(spawnSync(process.execPath, [flag, file], { encoding: 'utf8' })).toMatchObject({
        status: 0,
        stdout: '[2,4]\n',
      })
    })

    test('with a program on the command line', () => {
      expect(runNode(program, { flags: [flag] })).toMatchObject({ status: 0, stdout: '[2,4]\n' })
    })
  },
)

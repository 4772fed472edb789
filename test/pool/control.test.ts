/** Options that control a run: time-outs, aborts, retries, limits of failures, progress, and calls that wait together. */

import { describe, expect, test } from 'vitest'
import { moduleTask, type NoisemillError, noiseTask, type RunProgress } from '../../dist/index.js'
import { describeThreads, testPool } from '../support/pools.js'
import { numbers } from '../support/sources.js'
import { calls, cell, controlled, failing, load } from '../support/tasks.js'
import { inTime, turns, until } from '../support/waiting.js'

const workers = (size = 2) => testPool({ backend: 'workers', size })
const reason = { why: 'no longer needed' }

/** Items that count their calls, of which those with the given numbers misbehave. */
const crowd = (count: number, bad: readonly number[], way: string) =>
  numbers(count).map((value) => ({ value, begun: cell(), ...(bad.includes(value) && { way }) }))

const endings = (count: number, bad: readonly number[], code: string) =>
  numbers(count).map((index) =>
    bad.includes(index) ? { index, status: 'failed', error: { code, index } } : { index, status: 'done', value: index },
  )

describe('a time-out', () => {
  const ways = ['spins', 'blocks', 'never settles', 'spins after it waited']

  test.each(ways)('fails the item that %s, and no other, and each is begun once', async (way) => {
    const items = crowd(40, [3, 17, 18, 39], way)
    const records = await workers().map(controlled('behave'), items, { timeout: 500, errors: 'collect', chunkSize: 10 })
    expect(records).toMatchObject(endings(40, [3, 17, 18, 39], 'E_TIMEOUT'))
    expect(Math.max(...items.map(({ begun }) => load(begun)))).toBe(1)
  })

  test.each(ways)('frees the only thread of an item that %s', async (way) => {
    const pool = workers(1)
    const [item] = crowd(1, [0], way)
    await expect(pool.run(controlled('behave'), item, { timeout: 30 })).rejects.toMatchObject({
      code: 'E_TIMEOUT',
      received: '30 ms',
    })
    expect(await pool.run(calls('double'), 2)).toBe(4)
  })

  describeThreads('of calls that wait [%s]', (backend) => {
    test('fails each of them alone, and aborts its signal', async () => {
      const pool = testPool({ backend })
      const task = controlled('untilAborted')
      // A thread that a busy machine keeps from its calls is ended without that.
      await inTime(6, async (count) => {
        const items = numbers(count).map(() => ({ aborted: cell() }))
        const records = await pool.map(task, items, { timeout: 20, errors: 'collect', concurrency: 3 })
        expect(records).toMatchObject(items.map((_, index) => ({ index, error: { code: 'E_TIMEOUT' } })))
        return items.every(({ aborted }) => load(aborted) === 1) || undefined
      })
    })

    test('leaves calls alone that end in time', async () => {
      const pool = testPool({ backend })
      expect(await pool.map(calls('same'), numbers(100), { timeout: 2_000_000_000 })).toEqual(numbers(100))
    })
  })

  test('counts from the begin of each item, not from that of the run', async () => {
    const items = numbers(12).map((value) => ({ value, milliseconds: 100 }))
    // 12 items of 100 ms on one thread take longer than the time-out.
    expect(await workers(1).map(controlled('waits'), items, { timeout: 1000 })).toEqual(numbers(12))
  })
})

describe('an abort', () => {
  test.each(['spins', 'blocks', 'never settles'])(
    'ends the thread of a function that %s, after the grace time, so that the pool goes on',
    async (way) => {
      const pool = workers(2)
      const items = crowd(2, [0, 1], way)
      const controller = new AbortController()
      const run = pool.map(controlled('behave'), items, { signal: controller.signal, grace: 10, chunkSize: 1 })
      await until(() => items.every(({ begun }) => load(begun) === 1))
      controller.abort(reason)
      await expect(run).rejects.toBe(reason)
      expect(await pool.map(calls('double'), numbers(10))).toEqual(numbers(10).map((n) => 2 * n))
      await pool.close()
    },
  )

  test.each(['spins', 'never settles'])(
    'ends the only thread where its setup %s, after the grace time, so that the pool goes on',
    async (way) => {
      const pool = workers(1)
      const data = { begun: cell(), way }
      const controller = new AbortController()
      const task = controlled('attemptOf', { setup: 'behave', data })
      const run = pool.map(task, numbers(10), { signal: controller.signal, grace: 10, chunkSize: 1 })
      await until(() => load(data.begun) === 1)
      controller.abort(reason)
      await expect(run).rejects.toBe(reason)
      expect(await pool.map(calls('double'), numbers(10))).toEqual(numbers(10).map((n) => 2 * n))
    },
  )

  test('leaves the thread of another run alone, behind whose calls the aborted run waits', async () => {
    const pool = workers(1)
    const item = { value: 7, milliseconds: 300 }
    const long = pool.run(controlled('waits'), item)
    const controller = new AbortController()
    const aborted = pool.map(calls('double'), numbers(10), { signal: controller.signal, grace: 1 })
    controller.abort(reason)
    await expect(aborted).rejects.toBe(reason)
    expect(await long).toBe(7)
  })

  describeThreads('of a call that waits [%s]', (backend) => {
    test('ends the run while its setup never settles, and close ends', async () => {
      const pool = testPool({ backend })
      const data = { begun: cell(), way: 'never settles' }
      const controller = new AbortController()
      const task = controlled('attemptOf', { setup: 'behave', data })
      const run = pool.map(task, numbers(10), { signal: controller.signal, grace: 10 })
      await until(() => load(data.begun) > 0)
      controller.abort(reason)
      await expect(run).rejects.toBe(reason)
      await pool.close()
    })

    test('aborts its signal at once', async () => {
      const pool = testPool({ backend })
      const item = { begun: cell(), aborted: cell() }
      const controller = new AbortController()
      const run = pool.run(controlled('untilAborted'), item, { signal: controller.signal })
      await until(() => load(item.begun) === 1)
      controller.abort(reason)
      await expect(run).rejects.toBe(reason)
      await until(() => load(item.aborted) === 1)
      await pool.close()
    })

    test('ends with it where it never settles, so that close ends too', async () => {
      const pool = testPool({ backend })
      const [item] = crowd(1, [0], 'never settles')
      const controller = new AbortController()
      const run = pool.run(controlled('behave'), item, { signal: controller.signal, grace: 10 })
      await until(() => load(item.begun) === 1)
      controller.abort(reason)
      await expect(run).rejects.toBe(reason)
      await pool.close()
    })
  })
})

describeThreads('retries [%s]', (backend) => {
  test('give each item the number of its attempt, and begin it no more than they must', async () => {
    const items = numbers(30).map((value) => ({ value, begun: cell(), until: (value % 3) + 1 }))
    const values = await testPool({ backend }).map(controlled('shaky'), items, { retries: 2, chunkSize: 7 })
    expect(values).toEqual(items.map(({ value, until }) => [value, until]))
    expect(items.map(({ begun }) => load(begun))).toEqual(items.map(({ until }) => until))
  })

  test('end with the last error', async () => {
    const item = { value: 0, begun: cell(), until: 9 }
    const run = testPool({ backend }).run(controlled('shaky'), item, { retries: { attempts: 3, delay: 1 } })
    await expect(run).rejects.toMatchObject({ code: 'E_TASK_FAILED', index: 0, item })
    expect(load(item.begun)).toBe(4)
  })

  test('are only for the codes and by the predicate that are given', async () => {
    const asked: [string, number][] = []
    const item = () => ({ value: 0, begun: cell(), until: 4 })
    const pool = testPool({ backend })
    const [first, second, third] = [item(), item(), item()]
    const when = ({ code }: NoisemillError, attempt: number) => {
      asked.push([code, attempt])
      return attempt < 2
    }
    await expect(pool.run(controlled('shaky'), first, { retries: { attempts: 5, when } })).rejects.toThrow('as told')
    expect(asked).toEqual([
      ['E_TASK_FAILED', 1],
      ['E_TASK_FAILED', 2],
    ])
    const codes = ['E_TIMEOUT'] as const
    await expect(pool.run(controlled('shaky'), second, { retries: { attempts: 5, codes } })).rejects.toThrow('as told')
    expect([load(first.begun), load(second.begun)]).toEqual([2, 1])
    const failed = { ...item(), until: 2 }
    const errors: NoisemillError[] = []
    const keep = (error: NoisemillError) => errors.push(error) > 0
    await pool.map(controlled('shaky'), [failed, item()], { retries: { attempts: 3, when: keep } })
    expect(errors.find((error) => error.item === failed)).toMatchObject({ code: 'E_TASK_FAILED', index: 0 })
    expect(errors.at(-1)).toMatchObject({ index: 1 })
    const thrown = new Error('of the predicate')
    const throwing = () => {
      throw thrown
    }
    const run = pool.run(controlled('shaky'), third, { retries: { attempts: 5, when: throwing } })
    await expect(run).rejects.toBe(thrown)
  })

  test('that wait for long do not keep other items from beginning', async () => {
    const pool = testPool({ backend })
    const items = numbers(200).map((value) => ({ value, begun: cell(), until: value < 199 ? 2 : 1 }))
    const controller = new AbortController()
    const retries = { attempts: 1, delay: 2_000_000_000 }
    const run = pool.map(controlled('shaky'), items, { retries, signal: controller.signal })
    await until(() => items.every(({ begun }) => load(begun) === 1))
    controller.abort(reason)
    await expect(run).rejects.toBe(reason)
    expect(items.map(({ begun }) => load(begun))).toEqual(items.map(() => 1))
  })

  test('that wait end with their run', async () => {
    const pool = testPool({ backend })
    const item = { value: 0, begun: cell(), until: 9 }
    const controller = new AbortController()
    const retries = { attempts: 3, delay: 2_000_000_000 }
    const run = pool.run(controlled('shaky'), item, { retries, signal: controller.signal })
    await until(() => load(item.begun) === 1)
    await turns()
    controller.abort(reason)
    await expect(run).rejects.toBe(reason)
    await pool.close()
    expect(load(item.begun)).toBe(1)
  })
})

test.each(['spins', 'never settles', 'exits'])('an item that %s is tried again where its thread died', async (way) => {
  const items = numbers(20).map((value) => ({ value, begun: cell(), until: value % 5 === 2 ? 2 : 1, way }))
  const values = await workers().map(controlled('shaky'), items, { retries: 1, timeout: 500, chunkSize: 4 })
  expect(values).toEqual(items.map(({ value, until }) => [value, until]))
  expect(items.map(({ begun }) => load(begun))).toEqual(items.map(({ until }) => until))
})

describeThreads('the most failures [%s]', (backend) => {
  test('may be reached, and not exceeded', async () => {
    const pool = testPool({ backend })
    const items = crowd(20, [1, 5, 9], 'throws')
    const collected = { errors: 'collect', maxErrors: 3 } as const
    expect(await pool.map(controlled('behave'), items, collected)).toHaveLength(20)
    const run = pool.map(controlled('behave'), items, { errors: 'collect', maxErrors: 2 })
    const error = await run.then(
      () => undefined,
      (reason) => reason as NoisemillError,
    )
    expect(error).toMatchObject({
      code: 'E_TOO_MANY_ERRORS',
      option: 'maxErrors',
      expected: 'at most 2 failed items',
      received: '3, most often E_TASK_FAILED',
    })
    const { index, cause } = error!.cause as NoisemillError
    expect([1, 5, 9]).toContain(index)
    expect(cause).toEqual(new RangeError('as told'))
    expect(await pool.run(calls('double'), 1)).toBe(2)
  })
})

describeThreads('progress [%s]', (backend) => {
  test('ends with all items, and never goes back', async () => {
    const seen: RunProgress[] = []
    const onProgress = (progress: RunProgress) => {
      seen.push(progress)
    }
    const items = crowd(500, [1, 5], 'throws')
    const pool = testPool({ backend })
    await pool.map(controlled('behave'), items, { errors: 'collect', onProgress })
    expect(seen.at(-1)).toMatchObject({ done: 500, failed: 2, total: 500 })
    const done = seen.map((progress) => progress.done)
    expect(done).toEqual([...done].sort((a, b) => a - b))
    for await (const _ of pool.imap(calls('same'), numbers(3).values(), { onProgress })) void _
    expect(seen.at(-1)).toMatchObject({ done: 3, failed: 0, total: null })
  })

  test('that throws ends the run with what it throws', async () => {
    const thrown = new Error('of the callback')
    const onProgress = () => {
      throw thrown
    }
    await expect(testPool({ backend }).map(calls('same'), numbers(100), { onProgress })).rejects.toBe(thrown)
  })
})

describeThreads('concurrency [%s]', (backend) => {
  test.each([1, 'auto'] as const)('lets calls wait together, in chunks of %s', async (chunkSize) => {
    const pool = testPool({ backend, size: 1 })
    // None of these calls ends before all ten have begun.
    const items = numbers(10).map(() => ({ begun: cell(), count: 10 }))
    const [{ begun }] = items
    const meeting = items.map((item) => ({ ...item, begun }))
    await pool.map(calls('meet'), meeting, { concurrency: 10, chunkSize })
    expect(load(begun)).toBe(10)
  })

  test('is the most calls that are in progress in a thread', async () => {
    const underWay = cell()
    const seen = await testPool({ backend, size: 1 }).map(
      calls('crowd'),
      numbers(30).map(() => underWay),
      {
        concurrency: 4,
      },
    )
    expect(Math.max(...(seen as number[]))).toBeLessThanOrEqual(4)
  })
})

test('a run of one item gives its value, or with collected errors its record', async () => {
  const pool = workers()
  expect(await pool.run(calls('double'), 4)).toBe(8)
  expect(await pool.run(controlled('attemptOf'), 0)).toBe(1)
  expect(await pool.run(calls('double'), 4, { errors: 'collect' })).toEqual({
    index: 0,
    item: 4,
    status: 'done',
    value: 8,
  })
  const files = noiseTask({ out: '/nowhere', snr: 10, copies: 2 })
  await expect(pool.run(files, 'a.wav')).rejects.toMatchObject({ code: 'E_OPTION_INVALID', option: 'task' })
})

test('options that are wrong or contradict each other are refused', async () => {
  const pool = workers()
  const task = failing('fail')
  const wrong: [option: string, options: object][] = [
    ...[0, -1, 1.5, Number.NaN, Infinity, 2 ** 31, '5'].map((timeout): [string, object] => ['timeout', { timeout }]),
    ...[-1, Number.NaN, 2 ** 31].map((grace): [string, object] => ['grace', { grace }]),
    ...[0, 10_001, 1.5].map((concurrency): [string, object] => ['concurrency', { concurrency }]),
    ...[-1, 1.5, 1001].map((retries): [string, object] => ['retries.attempts', { retries }]),
    ['retries.attempts', { retries: {} }],
    ['retries', { retries: 'often' }],
    ['retries.factor', { retries: { attempts: 1, factor: 0.5 } }],
    ['retries.delay', { retries: { attempts: 1, delay: -1 } }],
    ['retries.codes', { retries: { attempts: 1, codes: ['E_NONE'] } }],
    ['retries.when', { retries: { attempts: 1, when: true } }],
    ['maxErrors', { errors: 'collect', maxErrors: -1 }],
    ['maxErrors', { maxErrors: 1 }],
    ['onProgress', { onProgress: true }],
  ]
  for (const [option, options] of wrong)
    await expect(pool.map(task, [1], options)).rejects.toMatchObject({ code: 'E_OPTION_INVALID', option })
  await expect(pool.map(task, [1], { retries: { attempts: 1, often: 1 } } as never)).rejects.toMatchObject({
    code: 'E_OPTION_UNKNOWN',
    option: 'often',
  })
  const moved = moduleTask('/moved.js', 'move', { transfer: { items: true } })
  const once = { code: 'E_OPTION_INVALID', option: 'retries', received: expect.stringContaining('only once') }
  await expect(pool.map(moved, [1], { retries: 1 })).rejects.toMatchObject(once)
  const files = noiseTask({ out: '/nowhere', snr: 10 })
  for (const options of [{ timeout: 1 }, { grace: 1 }, { concurrency: 2 }, { retries: 1 }]) {
    const [option] = Object.keys(options)
    const received = expect.stringContaining('only module tasks')
    await expect(pool.map(files, ['a.wav'], options)).rejects.toMatchObject({
      code: 'E_OPTION_INVALID',
      option,
      received,
    })
  }
})

/** The reports of runs, beside what the functions, the sources and the consumers measured themselves. */

import { mkdirSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import {
  addNoiseToFiles,
  type Items,
  noiseTask,
  type Pool,
  type RunOptions,
  type RunReport,
  type WorkerFigures,
} from '../../dist/index.js'
import { sharedTime } from '../../dist-lib/backends/clock.js'
import { RunStatistics } from '../../dist-lib/pool/statistics.js'
import { describeBackends } from '../support/backends.js'
import { writeWavs } from '../support/files.js'
import { temporaryFolder } from '../support/folders.js'
import { describePlaces, describeThreads, describeWorkers, testPool } from '../support/pools.js'
import { numberRun } from '../support/runs.js'
import { giving } from '../support/scripted-backend.js'
import { numbers } from '../support/sources.js'
import { calls, cell, controlled, load, open, timed } from '../support/tasks.js'
import { turns, until } from '../support/waiting.js'

type Method = 'map' | 'imap' | 'imapUnordered'
const methods: readonly Method[] = ['map', 'imap', 'imapUnordered']

const workers = (size = 2) => testPool({ backend: 'workers', size })
const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0)
const sumOf = (report: RunReport, field: keyof WorkerFigures) => sum(report.workers!.map((worker) => worker[field]))

/** Starts a run whose consumer takes all results. */
function iterate(
  pool: Pool,
  method: Method,
  task: ReturnType<typeof calls>,
  items: Items<unknown>,
  options: RunOptions,
) {
  switch (method) {
    case 'map':
      return pool.map(task, items, options)
    case 'imap':
      return consume(pool.imap(task, items, options))
    case 'imapUnordered':
      return consume(pool.imapUnordered(task, items, options))
  }
}

async function consume(results: AsyncIterable<unknown>): Promise<unknown[]> {
  const all: unknown[] = []
  for await (const result of results) all.push(result)
  return all
}

/** Runs a task to its end. Returns the reports that were given, and the results or what was thrown. */
async function reported(
  pool: Pool,
  method: Method,
  task: ReturnType<typeof calls>,
  items: Items<unknown>,
  options: RunOptions = {},
) {
  const reports: RunReport[] = []
  const onReport = (report: RunReport) => {
    reports.push(report)
  }
  const results: Promise<unknown[]> = iterate(pool, method, task, items, { ...options, onReport })
  const outcome = await results.then(
    (values) => ({ values }),
    (thrown: unknown) => ({ thrown }),
  )
  return { reports, ...outcome }
}

async function reportOf(pool: Pool, task: ReturnType<typeof calls>, items: Items<unknown>, options?: RunOptions) {
  const { reports, ...rest } = await reported(pool, 'map', task, items, options)
  expect(rest).not.toHaveProperty('thrown')
  return { report: reports[0], values: (rest as { values: number[] }).values }
}

const counts = (total: number | null, taken: number, done: number, failed = 0) => ({
  items: { total, taken, done, failed, unfinished: taken - done - failed },
})

describeThreads('a run has one report [%s]', (backend) => {
  describe.each(methods)('by %s', (method) => {
    test('if it gives all results', async () => {
      const { reports } = await reported(testPool({ backend }), method, calls('double'), numbers(100))
      expect(reports).toHaveLength(1)
      expect(reports[0]).toMatchObject({
        method,
        task: 'calls',
        function: 'double',
        backend,
        chunkSize: 'auto',
        ended: 'done',
        error: undefined,
        failures: {},
        ...counts(100, 100, 100),
      })
    })

    test('if its source throws undefined', async () => {
      function* source() {
        yield 1
        throw undefined
      }
      const { reports, ...outcome } = await reported(testPool({ backend }), method, calls('double'), source())
      expect(outcome).toStrictEqual({ thrown: undefined })
      expect(reports).toMatchObject([{ ended: 'failed', error: undefined, ...counts(null, 1, 1) }])
    })

    test('if it has no items', async () => {
      const { reports } = await reported(testPool({ backend }), method, calls('double'), [])
      expect(reports).toMatchObject([
        {
          ended: 'done',
          firstResult: null,
          ...counts(0, 0, 0),
          itemTimes: { total: null, mean: null, p50: null, p90: null, p99: null, max: null },
          chunks: { sent: 0, smallest: 0, mean: 0, largest: 0, takenBack: 0, queuedMean: null, queuedMax: null },
          bytes: null,
          crossing: null,
          tail: null,
          workers: null,
        },
      ])
    })

    test('if an item fails', async () => {
      const items = numbers(10).map((value) => (value === 4 ? { value, way: 'throws' } : { value }))
      const options = { chunkSize: 1 }
      const { reports, ...rest } = await reported(testPool({ backend }), method, controlled('behave'), items, options)
      expect(rest).toMatchObject({ thrown: { code: 'E_TASK_FAILED' } })
      expect(reports).toMatchObject([
        { ended: 'failed', items: { total: 10, failed: 1 }, failures: { E_TASK_FAILED: 1 } },
      ])
      expect(reports[0].error).toBe((rest as { thrown: unknown }).thrown)
    })

    test('if its source throws', async () => {
      const thrown = new RangeError('no more')
      function* source() {
        yield* numbers(5)
        throw thrown
      }
      const { reports } = await reported(testPool({ backend }), method, calls('double'), source())
      expect(reports).toMatchObject([{ ended: 'failed', ...counts(null, 5, 5) }])
      expect(reports[0].error).toBe(thrown)
    })

    test('if it is aborted', async () => {
      const controller = new AbortController()
      const begun = cell()
      const gate = cell()
      const items = [...numbers(3).map((value) => ({ value, begun })), { begun, waitsFor: gate }, { begun }]
      const running = reported(testPool({ backend }), method, calls('pass'), items, { signal: controller.signal })
      await until(() => load(begun) >= 4)
      controller.abort()
      const { reports } = await running
      open(gate)
      expect(reports).toMatchObject([{ ended: 'aborted', error: controller.signal.reason }])
      const { taken, done, unfinished } = reports[0].items
      expect(done).toBeLessThanOrEqual(4)
      expect(done + unfinished).toBe(taken)
    })

    test('if its pool is terminated', async () => {
      const pool = testPool({ backend })
      const begun = cell()
      const running = reported(pool, method, calls('pass'), [{ begun, waitsFor: cell() }])
      await until(() => load(begun) === 1)
      await pool.terminate()
      const { reports } = await running
      expect(reports).toMatchObject([
        { ended: 'terminated', error: { code: 'E_POOL_TERMINATED' }, items: { taken: 1, done: 0 } },
      ])
    })
  })

  test.each(['imap', 'imapUnordered'] as const)('if its consumer leaves %s', async (method) => {
    const pool = testPool({ backend })
    const reports: RunReport[] = []
    const onReport = (report: RunReport) => {
      reports.push(report)
    }
    const options = { onReport }
    const results =
      method === 'imap'
        ? pool.imap(calls('double'), numbers(1000), options)
        : pool.imapUnordered(calls('double'), numbers(1000), options)
    for await (const _ of results) break
    expect(reports).toMatchObject([{ ended: 'left', error: undefined, items: { total: 1000 } }])
    expect(reports[0].firstResult).toBeLessThanOrEqual(reports[0].milliseconds)
  })

  test('and none if it never begins', async () => {
    const pool = testPool({ backend })
    const signal = AbortSignal.abort()
    const { reports, ...rest } = await reported(pool, 'map', calls('double'), [1], { signal })
    expect(rest).toMatchObject({ thrown: signal.reason })
    expect(reports).toEqual([])
  })

  test('of `run`', async () => {
    const methods: string[] = []
    const onReport = ({ method }: RunReport) => {
      methods.push(method)
    }
    expect(await testPool({ backend }).run(calls('double'), 4, { onReport })).toBe(8)
    expect(methods).toEqual(['run'])
  })
})

describePlaces('an `onReport` that throws [%s]', (backend) => {
  const error = new Error('the report was not wanted')
  const onReport = () => {
    throw error
  }

  test('makes the run throw', async () => {
    const pool = testPool({ backend })
    await expect(pool.map(calls('double'), [1, 2], { onReport })).rejects.toBe(error)
    await expect(consume(pool.imap(calls('double'), [1, 2], { onReport }))).rejects.toBe(error)
    const leave = async () => {
      for await (const _ of pool.imapUnordered(calls('double'), [1, 2], { onReport })) break
    }
    await expect(leave()).rejects.toBe(error)
    expect(await pool.map(calls('double'), [1, 2])).toEqual([2, 4])
    await pool.close()
  })

  test('does not hide what the run throws', async () => {
    const failed = testPool({ backend }).map(controlled('behave'), [{ way: 'throws' }], { onReport })
    await expect(failed).rejects.toMatchObject({ code: 'E_TASK_FAILED' })
  })
})

test('`onReport` must be a function', async () => {
  const refused = { code: 'E_OPTION_INVALID', option: 'onReport' }
  await expect(workers().map(calls('double'), [1], { onReport: 1 as never })).rejects.toMatchObject(refused)
  const files = addNoiseToFiles('speech', { out: 'noisy', snr: 10, onReport: 1 as never })
  await expect(files.next()).rejects.toMatchObject(refused)
})

describe('times of items', () => {
  test('of functions that compute', async () => {
    const { report, values } = await reportOf(workers(), timed('spin'), Array(60).fill(2))
    const { itemTimes } = report
    expect(itemTimes.total).toBeGreaterThanOrEqual(sum(values))
    expect(itemTimes.max).toBeGreaterThanOrEqual(Math.max(...values))
    expect(itemTimes.mean).toBeCloseTo(itemTimes.total! / 60, 6)
    expect(itemTimes.p50).toBeGreaterThan(2 * 0.968)
    expect(itemTimes.p50).toBeLessThanOrEqual(itemTimes.p90!)
    expect(itemTimes.p90).toBeLessThanOrEqual(itemTimes.p99!)
    expect(itemTimes.p99).toBeLessThanOrEqual(itemTimes.max!)
    expect(sumOf(report, 'busy')).toBeGreaterThanOrEqual(sum(values))
  })

  test('of functions that wait, although they wait together', async () => {
    const { report, values } = await reportOf(workers(), timed('wait'), Array(40).fill(10), { concurrency: 20 })
    expect(report.itemTimes.total).toBeGreaterThanOrEqual(sum(values))
    expect(report.itemTimes.max).toBeGreaterThanOrEqual(Math.max(...values))
    expect(sumOf(report, 'busy')).toBeLessThanOrEqual(report.milliseconds * 2)
    expect(sumOf(report, 'waiting')).toBeGreaterThan(0)
    expect(sumOf(report, 'waiting')).toBeLessThanOrEqual(sumOf(report, 'busy'))
  })

  test('on the JS thread', async () => {
    const pool = testPool({ backend: 'inline' })
    const { report, values } = await reportOf(pool, timed('spin'), Array(10).fill(2))
    expect(report.itemTimes.total).toBeGreaterThanOrEqual(sum(values))
    expect(report.itemTimes.total).toBeLessThanOrEqual(report.milliseconds)
    expect(report).toMatchObject({ workers: null, bytes: null, crossing: null, tail: null })
  })
})

describe('the times of workers', () => {
  test('add up to the time of the run', async () => {
    const pool = workers(3)
    const { report } = await reportOf(pool, timed('spin'), Array(50).fill(1))
    for (const { start, setup, busy, waiting, crossing, idle } of report.workers!) {
      expect(start + setup + busy + crossing + idle).toBeLessThanOrEqual(report.milliseconds + 0.001)
      expect(Math.min(start, busy)).toBeGreaterThan(0)
      expect(Math.min(setup, waiting, crossing, idle)).toBeGreaterThanOrEqual(0)
    }
    expect(sumOf(report, 'items')).toBe(50)
    const known = new Set(report.workers!.map(({ worker }) => worker))
    const { report: second } = await reportOf(pool, timed('spin'), Array(50).fill(1))
    for (const { worker, start, setup, busy, crossing, idle } of second.workers!)
      if (known.has(worker)) expect(start + setup + busy + crossing + idle).toBeCloseTo(second.milliseconds, 3)
  })

  test('that were replaced end with them', async () => {
    const pool = testPool({ backend: 'workers', size: 1, recycleAfter: 10 })
    const { report } = await reportOf(pool, timed('spin'), Array(40).fill(2), { chunkSize: 1 })
    expect(report.workers).toHaveLength(4)
    const existed = report.workers!.map(
      ({ start, setup, busy, crossing, idle }) => start + setup + busy + crossing + idle,
    )
    // At any time there is one worker, and perhaps another that is ending.
    expect(sum(existed)).toBeLessThanOrEqual(2 * report.milliseconds)
  })

  test('contain those of `setup`, once for each worker', async () => {
    const pool = workers()
    const task = timed('prepared', { setup: 'prepare', data: 30 })
    const { report, values } = await reportOf(pool, task, numbers(20), { chunkSize: 1 })
    for (const { setup } of report.workers!) expect(setup).toBeGreaterThanOrEqual(Math.min(...values))
    const { report: second } = await reportOf(pool, task, numbers(20), { chunkSize: 1 })
    const known = new Set(report.workers!.map(({ worker }) => worker))
    for (const { worker, start, setup } of second.workers!)
      if (known.has(worker)) expect([start, setup]).toEqual([0, 0])
  })

  test('do not contain those of another run', async () => {
    const pool = workers()
    const [quick, slow] = await Promise.all([
      reportOf(pool, calls('double'), numbers(500)),
      reportOf(pool, timed('spin'), Array(50).fill(1)),
    ])
    expect(sumOf(quick.report, 'items')).toBe(500)
    expect(sumOf(slow.report, 'items')).toBe(50)
    expect(quick.report).toMatchObject({ function: 'double', ...counts(500, 500, 500) })
    expect(slow.report).toMatchObject({ function: 'spin', ...counts(50, 50, 50) })
    expect(quick.report.run).not.toBe(slow.report.run)
    expect(slow.report.itemTimes.p50).toBeGreaterThan(0.968)
  })
})

describe('bytes', () => {
  const large = new Uint8Array(100_000)

  test.each([
    ['a number', 1.5, 8],
    ['a string', 'déjà vu', 14],
    ['a buffer', large.buffer, 100_000],
    ['an array of bytes', large, 100_000],
    ['an array of floats', new Float32Array(1000), 4000],
    ['a large array, which crosses as a copy', new Uint8Array(2_000_000), 2_000_000],
    ['shared memory', new SharedArrayBuffer(1000), 0],
  ])('of %s are exact', async (_, item, bytes) => {
    const { report } = await reportOf(workers(1), calls('same'), [item])
    expect(report.bytes).toEqual({ sent: bytes, received: bytes, data: 0, isEstimate: false })
  })

  test.each([
    ['integers', 4, (n: number) => n],
    ['other numbers', 8, (n: number) => n + 0.5],
  ])('of results that are %s are counted once, and of items each time that they cross', async (_, bytes, of) => {
    const { report } = await reportOf(workers(), calls('same'), numbers(20_000).map(of))
    expect(report.bytes!.received).toBe(20_000 * bytes)
    expect(report.bytes!.sent).toBeGreaterThanOrEqual(20_000 * bytes)
    expect(report.bytes!.isEstimate).toBe(false)
  })

  test('that are transferred do not count', async () => {
    const { report } = await reportOf(workers(1), calls('same', { transfer: true }), [new Uint8Array(1000)])
    expect(report.bytes).toEqual({ sent: 0, received: 0, data: 0, isEstimate: false })
  })

  test('of objects are estimated', async () => {
    const items = numbers(1000).map((n) => ({ n, twice: 2 * n, bytes: new Uint8Array(100) }))
    const { report } = await reportOf(workers(), calls('same'), items)
    expect(report.bytes!.isEstimate).toBe(true)
    // All objects have the same size: 116 bytes of values, and the names of their fields.
    expect(report.bytes!.received).toBeGreaterThanOrEqual(116_000)
    expect(report.bytes!.received).toBeLessThanOrEqual(116_000 + 2 * 11 * 1000)
  })

  test('of `data` are counted for each worker', async () => {
    const { report } = await reportOf(workers(1), timed('prepared', { data: large }), [1])
    expect(report.bytes!.data).toBe(100_000)
  })
})

describe('chunks', () => {
  test('have the sizes that were asked for', async () => {
    const { report } = await reportOf(workers(), calls('double'), numbers(25), { chunkSize: 10 })
    expect(report.chunks).toMatchObject({ sent: 3, smallest: 5, mean: 25 / 3, largest: 10 })
    expect(report.chunkSize).toBe(10)
  })

  test('wait in the queue until the first worker has started', async () => {
    const { report } = await reportOf(workers(1), calls('double'), numbers(25))
    expect(report.chunks.queuedMax).toBeGreaterThanOrEqual(report.workers![0].start)
    expect(report.chunks.queuedMean).toBeLessThanOrEqual(report.chunks.queuedMax!)
  })
})

describe('failures', () => {
  test('are counted by their codes, those of dead workers too', async () => {
    const items = ['throws', undefined, 'exits', 'throws', undefined].map((way, value) => ({ value, way }))
    const options = { errors: 'collect', chunkSize: 1 } as const
    const { report } = await reportOf(workers(), controlled('behave'), items, options)
    expect(report).toMatchObject({
      ended: 'done',
      ...counts(5, 5, 2, 3),
      failures: { E_TASK_FAILED: 2, E_WORKER_DIED: 1 },
    })
  })

  test('are counted for each attempt, and items once', async () => {
    const { report } = await reportOf(workers(), controlled('shaky'), [{ value: 1, until: 3 }], { retries: 2 })
    expect(report).toMatchObject({ ...counts(1, 1, 1), failures: { E_TASK_FAILED: 2 }, chunks: { sent: 3 } })
  })
})

describe('samples', () => {
  test('tell items and results that come again and again from others', async () => {
    const { report } = await reportOf(workers(), calls('same'), numbers(1000))
    expect(report.sample!.items).toBeGreaterThan(100)
    expect(report.sample!.distinctItems).toBe(report.sample!.items)
    expect(report.sample!.distinctResults).toBe(report.sample!.results)
    const repeated = numbers(1000).map((n) => ({ name: `file ${n % 3}`, bytes: new Uint8Array(1000) }))
    const { report: other } = await reportOf(workers(), calls('same'), repeated)
    expect(other.sample).toEqual({ ...report.sample, distinctItems: 3, distinctResults: 3 })
  })

  test('have no failures', async () => {
    const { report } = await reportOf(workers(), controlled('behave'), [{ way: 'throws' }], { errors: 'collect' })
    expect(report.sample).toEqual({ items: 1, distinctItems: 1, results: 0, distinctResults: 0 })
  })
})

test('the first value that lost its class is named', async () => {
  const items = [1, { place: new URL('file:///a') }, { place: new URL('file:///b') }]
  const { report } = await reportOf(workers(), calls('double'), items)
  expect(report.lostClass).toMatch(/^items\[1\]\.place: a URL would arrive as a plain object/)
  const { report: other } = await reportOf(workers(), calls('double'), [1])
  expect(other.lostClass).toBeNull()
})

describe('waits', () => {
  /** Waits for a timer, and adds the time to `slept`. */
  async function measuredSleep(slept: { milliseconds: number }): Promise<void> {
    const began = performance.now()
    await sleep(20)
    slept.milliseconds += performance.now() - began
  }

  test('for a slow source', async () => {
    const slept = { milliseconds: 0 }
    async function* source() {
      for (const number of numbers(3)) {
        await measuredSleep(slept)
        yield number
      }
    }
    // Of the threads, at least one has nothing to do at any time.
    const { report } = await reportOf(workers(4), calls('double'), source())
    expect(report.waits.source).toBeGreaterThanOrEqual(slept.milliseconds - 1)
    expect(report.waits.source).toBeLessThanOrEqual(report.milliseconds)
    expect(report.waits.consumer).toBe(0)
  })

  test('for a source that computes', async () => {
    let computed = 0
    function* source() {
      for (const number of numbers(3)) {
        const began = performance.now()
        while (performance.now() - began < 10);
        computed += performance.now() - began
        yield number
      }
    }
    const { report } = await reportOf(workers(4), calls('double'), source())
    expect(report.waits.planning).toBeGreaterThanOrEqual(computed)
    expect(report.waits.source).toBe(0)
  })

  test('for a slow consumer', async () => {
    const slept = { milliseconds: 0 }
    let report: RunReport | undefined
    const onReport = (given: RunReport) => {
      report = given
    }
    const results = numberRun(
      numbers(1000),
      giving((n: number) => n),
      { onReport },
    )
    await results.next()
    // The run fills its window.
    await turns()
    await measuredSleep(slept)
    expect(await consume(results)).toHaveLength(999)
    expect(report!.waits.consumer).toBeGreaterThanOrEqual(slept.milliseconds)
    expect(report!.waits.source).toBe(0)
  })

  test('at the end of the run, for the last item', async () => {
    const slept = { milliseconds: 0 }
    const gate = cell()
    let report: RunReport | undefined
    const onReport = (given: RunReport) => {
      report = given
    }
    const items = [{ waitsFor: gate }, { value: 1 }]
    const results = workers().imapUnordered(calls('pass'), items, { onReport, chunkSize: 1 })
    await results.next()
    await measuredSleep(slept)
    open(gate)
    await consume(results)
    expect(report!.tail).toBeGreaterThanOrEqual(slept.milliseconds - 1)
    expect(report!.tail).toBeLessThanOrEqual(report!.milliseconds)
  })
})

/** What is known of a run on two threads before it begins. */
const known = { method: 'map', task: 'calls', function: 'f', backend: 'b', concurrency: 1, chunkSize: 1 } as const
const facts = { ...known, threads: 2 }
/** What of chunks is not looked at. */
const rest = { queued: null, posting: null, takenBack: 0, times: [], bytes: null }
const figuresOfOne = { total: 1, taken: 1, ended: 1, failed: 0, lostClass: undefined, calibration: undefined }

test('the times of a worker do not contain what it did before the run', async () => {
  const life = { created: sharedTime() - 1000, ended: undefined }
  const statistics = new RunStatistics(facts, false)
  await sleep(20)
  const spent = { setup: 0, busy: 5, waiting: 0, crossing: 500 }
  const share = { worker: 1, life, start: 0, items: 1, ended: sharedTime(), spent, used: undefined }
  statistics.sent(1)
  statistics.returned(1, { milliseconds: 1, details: { ...rest, shares: [share] } })
  const { workers, milliseconds } = statistics.report(figuresOfOne)
  const [{ start, setup, busy, crossing, idle }] = workers!
  expect([start, setup, busy]).toEqual([0, 0, 5])
  expect(busy + crossing + idle).toBeCloseTo(milliseconds, 6)
})

describe('the tail', () => {
  /** Returns the tail of a run on two threads, after a load of each worker with these times. */
  function tailOf(loads: readonly (readonly [worker: number, began: number, ended: number])[]) {
    const before = sharedTime()
    const statistics = new RunStatistics(facts, false)
    const began = sharedTime()
    const shares = loads.map(([worker, from, to]) => ({
      worker,
      life: { created: began + from, ended: undefined },
      start: 0,
      items: 1,
      ended: began + to,
      spent: { setup: 0, busy: to - from, waiting: 0, crossing: 0 },
      used: undefined,
    }))
    statistics.sent(1)
    statistics.returned(1, { milliseconds: 1, details: { ...rest, shares } })
    const { tail } = statistics.report(figuresOfOne)
    // The run itself began between `before` and `began`.
    return { tail: Math.round(tail!), earlier: Math.ceil(began - before) }
  }

  test.each([
    [
      'one thread ends before the other',
      [
        [1, 0, 70],
        [2, 0, 100],
      ],
      30,
    ],
    [
      'threads have several loads',
      [
        [1, 0, 20],
        [2, 0, 50],
        [1, 60, 90],
        [2, 50, 80],
      ],
      10,
    ],
    [
      'threads were replaced one after the other',
      [
        [1, 0, 20],
        [2, 0, 30],
        [3, 20, 60],
        [4, 30, 100],
        [5, 60, 95],
      ],
      5,
    ],
    [
      'a thread was replaced while the other had nothing to do',
      [
        [1, 0, 90],
        [2, 0, 50],
        [3, 91, 100],
      ],
      50,
    ],
    [
      'one thread after the other worked',
      [
        [1, 0, 40],
        [2, 50, 100],
      ],
      100,
    ],
    ['one thread had no items', [[1, 0, 100]], 100],
  ] as const)('is the time without all threads at the end if %s', (_, loads, expected) => {
    const { tail, earlier } = tailOf(loads)
    expect(tail).toBeGreaterThanOrEqual(expected)
    expect(tail).toBeLessThanOrEqual(expected < 100 ? expected : 100 + earlier)
  })
})

describeWorkers('the use of the process, with the backend %s,', (backend) => {
  interface Burnt {
    readonly spent: number
    readonly total: number
  }
  const burn = async (pool: Pool) => {
    const { report, values } = await reportOf(pool, timed('burn'), Array(20).fill(5))
    return { report, burnt: values as unknown as Burnt[] }
  }

  test('contains that of the workers', async () => {
    const { report, burnt } = await burn(testPool({ backend, size: 1 }))
    expect(report.process.cpu).toBeGreaterThanOrEqual(sum(burnt.map(({ spent }) => spent)))
    expect(report.process.jsThread).toBeLessThanOrEqual(report.milliseconds + 1)
    if (process.platform === 'linux') expect(report.process.waitedForCpu).toBeGreaterThanOrEqual(0)
    else expect(report.process.waitedForCpu).toBeNull()
  })

  test('contains that of each run once', async () => {
    const before = process.cpuUsage()
    const pool = testPool({ backend, size: 1 })
    const reports = [await burn(pool), await burn(pool), await burn(pool)].map(({ report }) => report)
    const { user, system } = process.cpuUsage(before)
    const { burnt } = await burn(pool)
    const most = (user + system) / 1000 + (backend === 'processes' ? burnt.at(-1)!.total : 0)
    expect(sum(reports.map(({ process: { cpu } }) => cpu))).toBeLessThanOrEqual(most)
  })
})

describeBackends('noise', (backend) => {
  test('has reports too, of which each output is an item', async () => {
    const folder = temporaryFolder()
    const files = [...writeWavs(folder, 6, 2000), `${folder}/missing.wav`]
    const reports: RunReport[] = []
    const onReport = (report: RunReport) => {
      reports.push(report)
    }
    const task = noiseTask({ out: `${folder}/noisy`, snr: 10, copies: 2 })
    await testPool({ backend }).map(task, files, { onReport })
    expect(reports).toMatchObject([{ task: 'files', function: null, backend, ended: 'done', ...counts(14, 14, 12, 2) }])
    expect(reports[0].itemTimes.mean).toBeGreaterThan(0)
    expect(Object.values(reports[0].failures)).toEqual([2])
    if (backend === 'workers') expect(sumOf(reports[0], 'items')).toBe(14)
    else expect(reports[0]).toMatchObject({ workers: null, bytes: null })
  })

  test('of folders has one', async () => {
    const folder = temporaryFolder()
    mkdirSync(`${folder}/in`)
    writeWavs(`${folder}/in`, 3, 2000)
    const reports: RunReport[] = []
    const onReport = (report: RunReport) => {
      reports.push(report)
    }
    await consume(addNoiseToFiles(`${folder}/in`, { out: `${folder}/out`, snr: 10, backend, onReport }))
    expect(reports).toMatchObject([{ method: 'imapUnordered', backend, ...counts(null, 3, 3) }])
  })
})

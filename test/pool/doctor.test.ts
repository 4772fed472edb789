/** The doctor's verdicts on reports made by hand. Each verdict depends on the figures that it names, and on no others. */

import { describe, expect, test } from 'vitest'
import { diagnose, type PoolInfo, type RunReport, showDiagnosis, type Verdict } from '../../dist/index.js'
import { type Change, reportWith, workersWith } from '../support/reports.js'

type Subject = Verdict['subject']

const info = { reason: 'the addon loads', remedy: null, shortage: null } as PoolInfo
const verdicts = (change: Change<RunReport>, about = info) => diagnose(reportWith(change), about).verdicts
const verdict = (subject: Subject, change: Change<RunReport>, about = info): Verdict =>
  verdicts(change, about).find((each) => each.subject === subject)!
const problems = (change: Change<RunReport>, about = info) =>
  verdicts(change, about)
    .filter(({ state }) => state === 'problem')
    .map(({ subject }) => subject)

/** Small items whose crossing takes longer than they do. */
const tiny: Change<RunReport> = {
  items: { total: 100_000, taken: 100_000, done: 100_000 },
  itemTimes: { total: 200, mean: 0.002, p50: 0.002, p90: 0.002, p99: 0.003, max: 1 },
  chunks: { sent: 50, smallest: 1, mean: 2000, largest: 4096 },
  bytes: { sent: 400_000, received: 400_000 },
  crossing: { posting: 300, workers: 200 },
  workers: workersWith({ busy: 100, crossing: 100, idle: 755 }),
}

/** Large items, which take long to copy. */
const large: Change<RunReport> = {
  itemTimes: { total: 190 },
  bytes: { sent: 4_200_000_000 },
  crossing: { posting: 610, workers: 200 },
  workers: workersWith({ busy: 95, crossing: 100, idle: 760 }),
}

/** 100 microseconds of work, one item in a chunk. */
const single: Change<RunReport> = {
  chunkSize: 1,
  items: { total: 5000, taken: 5000, done: 5000 },
  itemTimes: { total: 500, mean: 0.1, p50: 0.1, p90: 0.1, p99: 0.1, max: 0.2 },
  chunks: { sent: 5000, smallest: 1, mean: 1, largest: 1 },
  crossing: { posting: 200, workers: 300 },
  workers: workersWith({ busy: 250, crossing: 150, idle: 555 }),
}

const giant: Change<RunReport> = {
  itemTimes: { total: 1200, max: 800, mean: 2.5, p50: 1 },
  tail: 700,
  workers: workersWith({ busy: 600, idle: 350 }),
}

test('a healthy run has no problem, and nothing is unknown', () => {
  expect(verdicts({}).map(({ state }) => state)).toEqual(verdicts({}).map(() => 'fine'))
  expect(showDiagnosis(diagnose(reportWith(), info))).toMatch(/^No problem was found in a run of 1.00 s\.\n/)
})

/**
 * Each row has figures with one problem, what the verdict says, and a lie about one of the figures that takes the
 * problem away.
 */
const rows: readonly [
  what: string,
  subject: Subject,
  change: Change<RunReport>,
  milliseconds: number | null,
  text: RegExp,
  remedy: RegExp,
  lie: Change<RunReport>,
][] = [
  [
    'crossing takes longer than small items',
    'overhead',
    tiny,
    400,
    /^A plain loop would take at most 205 ms instead of 1.00 s: an item takes 2.0 us, its crossing 5.0 us\.$/,
    /plain loop/,
    { crossing: { posting: 30, workers: 20 } },
  ],
  [
    'threads start for little work',
    'overhead',
    { ...giant, milliseconds: 100, itemTimes: { total: 50, max: 5 }, tail: 4, workers: workersWith({ start: 60 }) },
    60,
    /^A plain loop would take at most 55 ms instead of 100 ms: the start of 2 threads took 60 ms\.$/,
    /Keep the pool/,
    { workers: workersWith({ start: 30 }) },
  ],
  [
    'items cannot be copied',
    'values',
    { items: { done: 458, failed: 12 }, failures: { E_NOT_CLONEABLE: 12 } },
    null,
    /^12 of 470 items failed because .*E_NOT_CLONEABLE/,
    /plain data/,
    { failures: { E_NOT_CLONEABLE: 0, E_TASK_FAILED: 12 } },
  ],
  [
    'a class is lost',
    'values',
    { lostClass: 'item.at: a URL becomes a plain object' },
    null,
    /lost its class when it crossed: item\.at/,
    /plain data/,
    { lostClass: null },
  ],
  [
    'large items are copied',
    'data',
    large,
    710,
    /^81 % of the threads' time went into copying 4\.2 GB to workers\.$/,
    /file names.*`transfer: true`/,
    { crossing: { posting: 30, workers: 10 } },
  ],
  [
    'large results are copied',
    'data',
    { ...large, bytes: { sent: 1000, received: 1_000_000_000 } },
    710,
    /copying 1\.0 kB to workers and 1\.0 GB back/,
    /Return less/,
    { bytes: { received: 1000 }, crossing: { posting: 30, workers: 10 } },
  ],
  [
    'every thread prepares the same',
    'repetition',
    { workers: workersWith({ setup: 400, busy: 540 }), itemTimes: { total: 1080, mean: 2.3 } },
    400,
    /^Each of 2 threads spent 400 ms of 1.00 s on loading and setup\.$/,
    /`shared`/,
    { workers: workersWith({ setup: 100 }) },
  ],
  [
    'equal items come again and again',
    'repetition',
    { sample: { distinctItems: 10, distinctResults: 8 } },
    920,
    /^Only 10 of 235 items .* differ/,
    /distinct items/,
    { sample: { distinctItems: 230 } },
  ],
  [
    'chunks are too small',
    'chunks',
    single,
    350,
    /^50 % of the threads' time went into the messages for 5000 chunks of 1 item: an item takes 100 us, a message 100 us\.$/,
    /Leave `chunkSize` out, or set it to about 200\./,
    { chunks: { mean: 100, sent: 50 } },
  ],
  [
    'chunks are too large',
    'chunks',
    { chunkSize: 400, chunks: { sent: 2, mean: 235 }, tail: 600 },
    300,
    /^Not all threads worked in the last 600 ms of 1.00 s: the run had 2 chunks of 235 items\.$/,
    /about 5\./,
    { tail: 20 },
  ],
  [
    'the source is slow',
    'source',
    { waits: { source: 600 } },
    600,
    /^Threads waited 600 ms of 1.00 s because the source gave no items: 1\.3 ms for each item\.$/,
    /source faster/,
    { waits: { source: 60 } },
  ],
  [
    'a synchronous source is slow',
    'source',
    { waits: { planning: 604 } },
    600,
    /^Threads waited 600 ms/,
    /source faster/,
    { crossing: { posting: 500 } },
  ],
  [
    'the consumer is slow',
    'consumer',
    { waits: { consumer: 300 } },
    300,
    /^Threads waited 300 ms of 1.00 s because the consumer took no results\.$/,
    /consumer faster/,
    { waits: { consumer: 30 } },
  ],
  [
    'items wait',
    'waiting',
    { workers: workersWith({ waiting: 846 }) },
    846,
    /^Threads waited 90 % of the time of their items/,
    /Set `concurrency` to about 10,/,
    { workers: workersWith({ waiting: 94 }) },
  ],
  [
    'calls block their threads',
    'waiting',
    { process: { cpu: 430 } },
    785,
    /^Threads were blocked 84 % of the time of their items/,
    /asynchronous calls/,
    { process: { cpu: 1800 } },
  ],
  [
    'one item is most of the work',
    'largest',
    giant,
    350,
    /^The longest item took 800 ms of 1.00 s, and not all threads worked in the last 700 ms; half .* at most 1\.0 ms\.$/,
    /Begin with the longest item/,
    { itemTimes: { max: 8 } },
  ],
  [
    'other programs use the CPUs',
    'machine',
    { process: { cpu: 1000, waitedForCpu: 900 } },
    450,
    /^Threads waited 900 ms for a CPU, and the process used 50 % of 2 CPUs: other programs or a quota took 45 %\.$/,
    /other programs/,
    { process: { waitedForCpu: 100, cpu: 1900 } },
  ],
]

const deep = (a: Change<RunReport>, b: Change<RunReport>): Change<RunReport> =>
  Object.fromEntries(
    [...new Set([...Object.keys(a), ...Object.keys(b)])].map((name) => {
      const [mine, other] = [a[name as keyof RunReport], b[name as keyof RunReport]]
      const isInner = typeof mine === 'object' && typeof other === 'object' && other !== null && !Array.isArray(other)
      return [name, isInner ? { ...mine, ...other } : name in b ? other : mine]
    }),
  )

describe.each(rows)('if %s', (_, subject, change, milliseconds, text, remedy, lie) => {
  test(`the only problem is ${subject}`, () => {
    expect(problems(change)).toEqual([subject])
    expect(verdict(subject, change)).toMatchObject({
      text: expect.stringMatching(text),
      remedy: expect.stringMatching(remedy),
    })
    const cost = verdict(subject, change).milliseconds
    if (milliseconds === null) expect(cost).toBeNull()
    else expect(cost).toBeCloseTo(milliseconds, 6)
  })

  test('and not if the figure is another', () => {
    expect(problems(deep(change, lie))).not.toContain(subject)
  })
})

describe('a run that was calibrated', () => {
  const alone = (plainLoop: number | null): Change<RunReport> => ({
    calibration: { milliseconds: 100, items: 20, item: 3, plainLoop },
  })

  test('is compared with the plain loop that was predicted', () => {
    expect(verdict('overhead', alone(1700)).text).toBe(
      'An item takes 3.6 ms, its crossing 30 us. A plain loop would take 1.71 s, and the run took 950 ms.',
    )
    // The run lost half of the time for which one of two threads had nothing to do.
    expect(verdict('overhead', deep(tiny, alone(150))).text).toBe(
      'A plain loop would take 155 ms instead of 950 ms: an item takes 1.5 us, its crossing 5.0 us.',
    )
  })

  test('has a problem only if the plain loop takes less time', () => {
    const slower = deep(tiny, { crossing: { posting: 100, workers: 80 } })
    expect(problems(deep(slower, alone(150)))).toEqual(['overhead'])
    expect(problems(deep(slower, alone(1200)))).toEqual([])
  })

  test('has an upper limit if it was too short', () => {
    expect(verdict('overhead', deep(tiny, alone(null))).text).toMatch(/^A plain loop would take at most 205 ms/)
  })
})

test('problems come first, the costliest before the others', () => {
  const change = deep(deep(large, { waits: { source: 300 } }), { lostClass: 'item: a URL' })
  expect(problems(change)).toEqual(['values', 'data', 'source'])
  expect(verdicts(change).map(({ state }) => state)).toEqual([
    ...Array(3).fill('problem'),
    ...Array(verdicts(change).length - 3).fill('fine'),
  ])
  const [head, first] = showDiagnosis(diagnose(reportWith(change), info)).split('\n')
  expect(head).toBe('A run of 1.00 s had 3 problems.')
  expect(first).toMatch(/^ {2}problem {2}values .* Send plain data, and make the object in the function\.$/)
})

describe('what was not measured is unknown', () => {
  const inline: Change<RunReport> = { backend: 'inline', crossing: null, bytes: null, workers: null, tail: null }
  test.each([
    ['overhead', inline],
    ['data', inline],
    ['chunks', inline],
    ['waiting', inline],
    ['largest', inline],
    ['repetition', { ...inline, sample: null }],
    ['values', { items: { done: 0 } }],
    ['source', { items: { taken: 0 } }],
    ['machine', { process: { waitedForCpu: null } }],
    ['overhead', single],
    ['cpu', { process: { cpu: 400, waitedForCpu: null } }],
    // The threads are those of other machines.
    ['cpu', { backend: 'bullmq' }],
    ['disk', { backend: 'bullmq', task: 'files', crossing: null, bytes: null, workers: null }],
  ] satisfies [Subject, Change<RunReport>][])('%s', (subject, change) => {
    expect(verdict(subject, change)).toMatchObject({ state: 'unknown', milliseconds: null, remedy: null })
  })

  test('of worker processes, how long they waited for a CPU: only that they wait in their event loops is known', () => {
    const change: Change<RunReport> = { backend: 'processes', process: { waitedForCpu: null } }
    expect(verdict('machine', change).state).toBe('unknown')
    expect(verdict('waiting', change)).toMatchObject({ state: 'fine', text: expect.stringMatching(/was not measured/) })
  })

  test('the backend, without the figures of the pool', () => {
    expect(diagnose(reportWith()).verdicts.filter(({ state }) => state === 'unknown')).toMatchObject([
      { subject: 'backend' },
    ])
  })
})

describe('equal items', () => {
  test('are no problem if their results differ', () => {
    expect(verdict('repetition', { sample: { distinctItems: 1 } })).toMatchObject({
      state: 'fine',
      text: expect.stringMatching(/equal items have different results/),
    })
  })

  test('are estimated from a sample of many', () => {
    // Of 1000 values that are equally likely, 256 draws have about 226 different ones.
    const sample = { items: 256, distinctItems: 226, results: 256, distinctResults: 226 }
    const change = deep({ items: { total: 47_000, taken: 47_000, done: 47_000 } }, { sample })
    expect(verdict('repetition', change)).toMatchObject({ state: 'problem' })
    expect(verdict('repetition', change).milliseconds).toBeGreaterThan(900)
    expect(verdict('repetition', { sample: { ...sample, distinctItems: 255 } }).state).toBe('fine')
  })
})

test('the start of processes is not taken for time in which their functions were blocked', () => {
  const change: Change<RunReport> = { workers: workersWith({ start: 700, busy: 280 }), process: { cpu: 600 } }
  expect(verdict('waiting', { ...change, backend: 'processes' }).state).toBe('fine')
  expect(verdict('waiting', { ...change, backend: 'workers' }).text).toMatch(/^Threads were blocked 100 %/)
})

test('worker processes are named where their CPU time counts', () => {
  expect(verdict('cpu', { backend: 'processes' }).text).toMatch(/^The processes used 97 % of 2 CPUs, so the run/)
  expect(verdict('machine', { backend: 'processes' }).text).toMatch(/, and the processes used 97 % of 2 CPUs\.$/)
  expect(verdict('cpu', {}).text).toMatch(/^The process used 97 % of 2 CPUs, so the run/)
})

describe('functions that wait', () => {
  test('never wait longer than their items take', () => {
    const change = { workers: workersWith({ start: 900, busy: 50 }), process: { cpu: 30, waitedForCpu: 0 } }
    expect(verdict('waiting', change).text).toMatch(/^Threads were blocked 100 % of the time of their items/)
  })

  test('are fine if all items wait at the same time', () => {
    const change = { concurrency: 8, items: { done: 16 }, workers: workersWith({ waiting: 900 }) }
    expect(verdict('waiting', change).state).toBe('fine')
  })

  test('are fine if many items wait in each thread', () => {
    const change = { concurrency: 50, workers: workersWith({ waiting: 900 }) }
    expect(verdict('waiting', change)).toMatchObject({ state: 'fine', text: expect.stringMatching(/up to 50 items/) })
  })
})

describe('runs that add noise', () => {
  /** The native backend measures no workers. */
  const native: Change<RunReport> = {
    task: 'files',
    function: null,
    crossing: null,
    bytes: null,
    workers: null,
    tail: null,
    sample: null,
    itemTimes: { p50: null, p90: null, p99: null, max: null },
  }

  test('are told that they use the CPUs in full', () => {
    expect(problems(native)).toEqual([])
    expect(verdict('cpu', native).text).toMatch(/used 97 % of 2 CPUs, so the run was as fast as the CPUs allow/)
  })

  test('wait for the disk', () => {
    const change = deep(native, { process: { cpu: 530 } })
    expect(problems(change)).toEqual(['disk'])
    // 1880 ms of files, 510 ms of them on or waiting for a CPU.
    expect(verdict('disk', change).milliseconds).toBeCloseTo((1880 - 510) / 2, 6)
    expect(verdict('disk', change).text).toMatch(/^Threads waited for the disk in 73 % of the time of their files/)
    expect(verdict('disk', deep(change, { process: { waitedForCpu: null } })).state).toBe('unknown')
  })

  test('have many short files', () => {
    const short = { itemTimes: { mean: 0.1, total: 600 }, process: { jsThread: 900, cpu: 1400, waitedForCpu: 100 } }
    expect(problems(deep(native, short))).toEqual(['files'])
    expect(verdict('files', deep(native, short)).milliseconds).toBeCloseTo(400, 6)
    expect(problems(deep(native, { ...short, itemTimes: { mean: 10, total: 600 } }))).toEqual([])
  })

  test('run on another backend than native, and the reason is told', () => {
    const about = { ...info, reason: 'no addon: it was not built', remedy: 'run npm rebuild noisemill' }
    const change = { ...native, backend: 'workers' }
    expect(problems(change, about)).toEqual(['backend'])
    expect(verdict('backend', change, about)).toMatchObject({
      text: 'The backend is workers (no addon: it was not built), which is slower than native.',
      remedy: 'To get the addon, run npm rebuild noisemill.',
    })
    expect(problems({ backend: 'workers' }, about)).toEqual([])
  })

  test('have fewer threads than they asked for', () => {
    const about = { ...info, shortage: 'fewer than 8 worker threads can be started: EAGAIN' }
    expect(problems(native, about)).toEqual(['backend'])
  })
})

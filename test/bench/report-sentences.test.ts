/** Sentences of the report, against numbers worked out by hand. */

import { describe, expect, test } from 'vitest'
import type { Row } from '../../bench/harness/record.js'
import { verdictOf, workloadNamed } from '../../bench/report/figures.js'
import { distancesOf } from '../../bench/report/limits.js'
import {
  adviceOf,
  comparison,
  crossoverSentence,
  distanceSentence,
  modelledCurves,
  modelSentence,
  recordWarnings,
} from '../../bench/report/sentences.js'
import { record, row, workload } from './records.js'

describe('a ratio in words', () => {
  test.each([
    [{ value: 0.5 }, '2 times as fast as'],
    [{ value: 0.0418 }, '24 times as fast as'],
    [{ value: 1.3 }, '1.3 times as slow as'],
    [{ value: 1.04 }, 'about as fast as'],
    [{ value: 0.8, interval: { low: 0.7, high: 1.01 } }, 'about as fast as'],
    [{ value: 0.8, interval: { low: 0.7, high: 0.9 } }, '1.3 times as fast as'],
    [{ value: 0 }, 'far faster than'],
  ])('%j is %s', (ratio, text) => expect(comparison(ratio)).toBe(text))

  test('is faster only beyond noise', () => {
    expect(verdictOf({ value: 0.96 })).toBe('equal')
    expect(verdictOf({ value: 0.94 })).toBe('faster')
    expect(verdictOf({ value: 1.06 })).toBe('slower')
  })
})

const talk = (times: Readonly<Record<string, number>>) =>
  workload(
    'talk',
    Object.entries(times).map(([name, time]) => row(name, [time])),
  )

describe('which way when', () => {
  const machine = (cores: number) => ({ ...record([]).machine, cores })

  test('on two cores', () => {
    const times = { loop: 11, async: 10, 'threads-unordered': 6.1, processes: 6.2, native: 0.46 }
    expect(adviceOf(record([talk(times)])).map(({ text }) => text)).toEqual([
      'Use native code to add noise, as noisemill does by default: it took 0.46 s, and was 24 times as fast as a plain loop in JavaScript (11 s).',
      'Use worker threads when your own JavaScript computes: on these 2 cores, the code of the loop was 1.8 times as fast as the loop.',
      'Use processes when code may crash or leak memory, because only one process is lost then: they were about as fast as worker threads.',
      'Use async I/O alone when a program waits more than it computes: here, on one thread, it was 1.1 times as fast as the plain loop.',
    ])
  })

  test('on one core, threads are not praised', () => {
    const one = record([talk({ loop: 10, 'threads-unordered': 10.2 })], { machine: machine(1) })
    expect(adviceOf(one)).toEqual([
      {
        way: 'worker threads',
        text: 'Do not expect worker threads to help on this one core: in them, the code of the loop was about as fast as the loop.',
      },
    ])
  })

  test('names a plain loop where single items cost more in threads', () => {
    const overhead = workload('pitfall-overhead', [row('loop', [0.1]), row('noisemill-badly', [3])])
    const [advice] = adviceOf(record([talk({ loop: 1 }), overhead]))
    expect(advice).toEqual({
      way: 'a plain loop',
      text: 'Use a plain loop for tiny items, or let the pool put them into chunks: sent to threads one by one, they took 30 times as long as in a loop.',
    })
  })

  test.each([
    ['no workload', []],
    ['no loop', [talk({ native: 1 })]],
    ['the loop alone', [talk({ loop: 1 })]],
    ['no trials', [workload('talk', [row('loop', []), row('native', [])])]],
    ['times of zero', [talk({ loop: 0, native: 0 })]],
  ])('says nothing with %s', (_, workloads) => expect(adviceOf(record(workloads))).toEqual([]))
})

const line = (series: string, values: Readonly<Record<number, number>>, rest: Partial<Row> = {}) =>
  Object.entries(values).map(([x, y]) => row(`${series}-${x}`, [y], { series, x: Number(x), ...rest }))

describe('where curves cross', () => {
  test('between measured points, on logarithmic axes', () => {
    // Between 0.01 and 1 s, the ratio of the two goes from 1/10 to 10: it is 1 at 0.1 s.
    const rows = [...line('one thread', { 0.01: 1, 1: 10 }), ...line('native threads', { 0.01: 10, 1: 1 })]
    expect(crossoverSentence(workload('lengths', rows))).toBe(
      'Fastest by length of a file: one thread up to about 0.1 s; native threads beyond that.',
    )
  })

  test('several times', () => {
    const rows = [
      ...line('a', { 1: 1, 100: 10, 10000: 100 }),
      ...line('b', { 1: 10, 100: 1, 10000: 100 }),
      ...line('c', { 1: 100, 100: 100, 10000: 1 }),
    ]
    expect(crossoverSentence(workload('counts', rows))).toBe(
      'Fastest by number of files: a up to about 10 files; b up to about 1,000 files; c beyond that.',
    )
  })

  test('nowhere', () => {
    const rows = [...line('native', { 0.01: 1, 3600: 1 }), ...line('workers', { 0.01: 2, 3600: 2 })]
    expect(crossoverSentence(workload('lengths', rows))).toBe('Fastest by length of a file: native, from 10 ms to 1 h.')
  })

  test("others' curves do not count", () => {
    const rows = [...line('native', { 1: 2 }), ...line('cp', { 1: 1 }, { kind: 'limit' })]
    expect(crossoverSentence(workload('channels', rows))).toBe('Fastest by number of channels: native, at 1 channel.')
  })

  test('is not said without curves', () => {
    expect(crossoverSentence(workload('jobs', [row('native', [1])]))).toBeUndefined()
    expect(crossoverSentence(workload('jobs', []))).toBeUndefined()
  })
})

describe('the model', () => {
  const jobs = [...line('native threads', { 1: 10, 2: 6 }), row('cp', [1], { kind: 'limit' })]
  const said = (rows: readonly Row[], cores = 2) =>
    modelledCurves(record([workload('jobs', rows)], { machine: { ...record([]).machine, cores } })).map(
      ({ curve, model }) => modelSentence(curve.label, model),
    )

  test('has the serial part, and 4 and 64 cores', () => {
    // 2 * 6 / 10 - 1 = 20 % serial: 4 / 1.6 = 2.5, and 64 / 13.6 = 4.7.
    expect(said(jobs)).toEqual([
      'Native threads: 20 % of the work is serial. By the model, 4 cores are 2.5 times and 64 cores are 4.7 times as fast as one.',
    ])
  })

  test('is left out on a machine with more cores than it predicts', () => {
    expect(said(jobs, 32)).toHaveLength(1)
    expect(said(jobs, 64)).toEqual([])
  })

  test('has the spread of the rounds', () => {
    const rows = [row('n-1', [10, 10], { series: 'n', x: 1 }), row('n-2', [6, 5], { series: 'n', x: 2 })]
    expect(said(rows)[0]).toContain('4 cores are 3.1 times (2.5 to 4) and 64 cores are 8.8 times (4.7 to 64)')
  })

  test('counts what starting takes as serial', () => {
    // Perfect speed-up, but starting takes a tenth: 4 / 1.3 and 64 / 7.3.
    const rows = [
      row('native-1', [10], { series: 'n', x: 1 }),
      row('native-2', [5], { series: 'n', x: 2 }),
      row('start-native-1', [1], { series: 'start of n', x: 1 }),
      row('start-native-2', [1], { series: 'start of n', x: 2 }),
    ]
    expect(said(rows)).toEqual([
      'N: 10 % of the work is serial. By the model, 4 cores are 3.1 times and 64 cores are 8.8 times as fast as one.',
    ])
  })

  test.each([
    ['one core', jobs, 1],
    ['one number of jobs', line('n', { 1: 10 }), 2],
    ['no measurement of one job', line('n', { 2: 10, 4: 5 }), 4],
    ['times of zero', line('n', { 1: 0, 2: 0 }), 2],
    ['64 cores and more', line('n', { 1: 10, 64: 1 }), 64],
  ])('is not made with %s', (_, rows, cores) => {
    expect(said(rows, cores).filter((text) => text !== undefined)).toEqual([])
  })
})

describe('the distance to a limit', () => {
  const limit = (name: string, time: number, rest: Partial<Row> = {}) => row(name, [time], { kind: 'limit', ...rest })

  test('counts from the largest kind of limit, at its fastest program', () => {
    const rows = [
      row('native', [0.9]),
      row('workers', [2]),
      limit('cp', 0.8, { limit: 'bytes moved' }),
      limit('threads', 0.3, { limit: 'bytes moved' }),
      limit('calls', 0.45, { limit: 'system calls' }),
      limit('node', 0.04, { limit: "Node's start" }),
    ]
    const [distance] = distancesOf(record([workload('many', rows)]))
    expect(distance).toMatchObject({ own: { name: 'native' }, limit: { name: 'calls' }, factor: 2 })
    expect(distanceSentence(distance!)).toBe(
      'Title of many. noisemill (native) takes 2 times as long as its limit, which is system calls (calls: 0.45 s).',
    )
  })

  test('is told for each place of curves, and without x a limit holds at all of them', () => {
    const rows = [
      ...line('native', { 1: 4, 10: 8 }),
      limit('cp-1', 2, { x: 1, limit: 'bytes moved' }),
      limit('cp-10', 0.5, { x: 10, limit: 'bytes moved' }),
      limit('node', 1, { limit: "Node's start" }),
    ]
    expect(distancesOf(record([workload('lengths', rows)])).map(({ limit, factor }) => [limit.name, factor])).toEqual([
      ['cp-1', 2],
      ['node', 8],
    ])
  })

  test.each([
    ['no limit', [row('native', [1])]],
    ['a limit alone', [limit('cp', 1, { limit: 'bytes moved' })]],
    ['a reference that is no limit', [row('native', [1]), limit('nothing', 0.5)]],
    ['a limit of zero', [row('native', [1]), limit('cp', 0, { limit: 'bytes moved' })]],
    ['no rows', []],
  ])('is not told with %s', (_, rows) => expect(distancesOf(record([workload('w', rows)]))).toEqual([]))
})

test('what a reader has to know first', () => {
  const { ended, ...interrupted } = record([
    workload('talk', [], { missing: [{ name: 'sox', label: 'SoX', what: 'sox', install: 'apt-get install sox' }] }),
    workload('many', [], { failed: [{ name: 'cp', label: 'cp', why: 'ended with 1' }] }),
    workload('long', [], { skipped: 'needs 5 GB of disk' }),
  ])
  expect(recordWarnings({ ...interrupted, size: 'short' })).toEqual([
    'The run was interrupted: workloads are missing or have fewer rounds.',
    'A first look with short inputs and few rounds. Records are made with --full.',
    'Skipped: long.',
    'A contender failed in many; the reason stands there.',
    'Contenders are not installed for talk; the commands that install them stand there.',
  ])
  expect(recordWarnings(record([]))).toEqual([])
})

test('a workload without trials is none', () => {
  expect(workloadNamed(record([workload('talk', [row('loop', [])])]), 'talk')).toBeUndefined()
})

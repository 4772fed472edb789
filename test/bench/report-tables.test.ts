/** Tables of the report, as cells and as Markdown. */

import { describe, expect, test } from 'vitest'
import { latencySentence, servedSentence } from '../../bench/report/js-thread.js'
import { markdownTable, recordTables } from '../../bench/report/markdown.js'
import { pitfallTable } from '../../bench/report/pitfalls.js'
import { contenderTable, fateOf, lacksOf } from '../../bench/report/tables.js'
import { talkChart } from '../../bench/report/talk-chart.js'
import { record, row, workload } from './records.js'

test('a table has the columns that were measured', () => {
  const made = workload('talk', [
    row('loop', [10, 10, 10, 10, 10]),
    row('native', [0.5, 0.4, 0.6, 0.5, 0.5], { label: 'native threads', trial: { memory: 54.6 } }),
    row('cp', [0.25, 0.25, 0.25, 0.25, 0.25], { kind: 'limit', limit: 'bytes moved', label: 'cp' }),
  ])
  expect(contenderTable(made, record([made]))).toEqual({
    head: ['', 'minimum, s', 'median', 'maximum', 'ratio', '95 % interval', 'memory, MB'],
    rows: [
      ['loop', '10.0', '10.0', '10.0', '1.00', '', ''],
      ['native threads', '0.400', '0.500', '0.600', '0.0500', '0.0400 to 0.0600', '54.6'],
      ['cp (limit)', '0.250', '0.250', '0.250', '0.0250', '0.0250 to 0.0250', ''],
    ],
  })
})

test('figures that contenders report have columns; lists have none', () => {
  const made = workload('js-thread', [
    row('native', [1], { trial: { figures: { filesPerSecond: 7, counts: [1, 2] } } }),
  ])
  expect(contenderTable(made, record([made])).head).toEqual([
    '',
    'minimum, s',
    'median',
    'maximum',
    'ratio',
    'files per second',
  ])
})

test('in Markdown, cells are kept in their line and column', () => {
  expect(markdownTable({ head: ['', 'a|b'], rows: [['x\ny', '']] })).toBe('| | a\\|b |\n|---|---|\n| x y | |\n')
})

test('a workload in Markdown has its work, reference, machine and what is missing', () => {
  const made = workload('talk', [row('loop', [10])], {
    work: '24 files',
    missing: [{ name: 'sox', label: 'SoX', what: 'sox', install: 'apt-get install sox' }],
  })
  expect(recordTables(record([made]))['benchmark talk']!()).toBe(
    `24 files. In s; 1 round; ratio to "loop". Some CPU, 2 cores, Node 20.20.2, noisemill 0.1.0, 2026-11-29.

| | minimum, s | median | maximum | ratio |
|---|---|---|---|---|
| loop | 10.0 | 10.0 | 10.0 | 1.00 |

Not measured, because sox is missing (apt-get install sox): SoX.
`,
  )
})

test('what is missing is told once for each reason', () => {
  const lack = (label: string, what: string) => ({ name: label, label, what, install: `apt-get install ${what}` })
  const made = workload('tools', [], {
    skipped: 'it needs 5 GB of disk',
    missing: [lack('SoX, one file', 'sox'), lack('SoX, xargs', 'sox'), lack('ffmpeg', 'ffmpeg')],
    failed: [{ name: 'a', label: 'a', why: 'ended with 1' }],
  })
  expect(lacksOf(made)).toEqual([
    'Skipped: it needs 5 GB of disk.',
    'Not measured, because sox is missing (apt-get install sox): SoX, one file; SoX, xargs.',
    'Not measured, because ffmpeg is missing (apt-get install ffmpeg): ffmpeg.',
    'Does not count (ended with 1): a.',
  ])
})

describe('pitfalls', () => {
  const told = (figures: Record<string, number>) => row('piscina-function', [1], { trial: { figures } })

  test.each([
    [{ hung: 1 }, 'hangs'],
    [{ reported: 1, named: 1 }, 'an error that names the item'],
    [{ reported: 1, named: 0 }, 'an error that does not name the item'],
    [{ reported: 1, warned: 1, named: 1 }, 'wrong result, and a warning that names the item'],
    [{ crossed: 1, reported: 1, warned: 1, named: 0 }, 'works, and a warning that does not name the item'],
    [{ crossed: 1 }, 'works'],
    [{ crossed: 0 }, 'wrong result, no error'],
  ])('%j: %s', (figures, fate) => expect(fateOf(told(figures))).toBe(fate))

  test('the table has a row for each pitfall and library that has both ways', () => {
    const overhead = workload(
      'pitfall-overhead',
      [row('noisemill-badly', [300]), row('noisemill-well', [50]), row('piscina-badly', [400])],
      { title: 'Pitfall: tiny work', unit: 'ms' },
    )
    const chunks = workload(
      'pitfall-chunks',
      [
        ...[1, 10, 100].map((x) => row(`c${x}`, [100 / x + x], { series: 'noisemill, uneven items', x })),
        row('noisemill-auto', [5]),
      ],
      { title: 'Pitfall: chunks', unit: 'ms' },
    )
    const values = workload('pitfall-values', [told({ hung: 1 })], { title: 'Pitfall: values' })
    expect(pitfallTable(record([overhead, values, chunks])).rows).toEqual([
      ['tiny work', 'noisemill', '0.3 s', '50 ms', '6.0', ''],
      ['values, such as a function', 'Piscina', '', '', '', 'hangs'],
      ['chunks', 'noisemill', '0.1 s', '20 ms', '5.0', 'chunks of 1, and of 10'],
    ])
    expect(pitfallTable(record([])).rows).toEqual([])
  })
})

describe('the JS thread', () => {
  const served = (count: number) => ({ trial: { figures: { sent: 2500, served: count } } })
  const made = workload(
    'js-thread',
    [
      row('nothing', [1], { kind: 'limit', ...served(2500) }),
      row('loop', [900], served(1200)),
      row('native', [5], served(2499)),
    ],
    { unit: 'ms' },
  )

  test('latencies and answers in sentences', () => {
    expect(latencySentence(made)).toBe(
      '99 % of the requests were answered within 0.9 s (loop) to 5 ms (native); without a batch, within 1 ms.',
    )
    expect(servedSentence(made)).toBe(
      'Of 2,500 requests, these were answered before the time was over. nothing: 2,500; loop: 1,200; native: 2,499.',
    )
  })

  test('none for a single way, or without counts', () => {
    expect(latencySentence(workload('js-thread', [row('native', [1])]))).toBeUndefined()
    expect(servedSentence(workload('js-thread', [row('native', [1])]))).toBeUndefined()
  })
})

describe("README's chart", () => {
  test('has the ways of the talk that the record has', () => {
    const made = record([workload('talk', [row('loop', [10, 11, 12]), row('native', [0.5]), row('other', [1])])])
    const svg = talkChart(made)
    expect(svg).toContain('>loop<')
    expect(svg).toContain('>native<')
    expect(svg).not.toContain('>other<')
  })

  test('is not made without a talk', () => {
    expect(() => talkChart(record([]))).toThrow('no workload talk')
  })
})

test('what all figures come to, in Markdown', () => {
  const line = (series: string, x: number, value: number) => row(`${series}-${x}`, [value], { series, x })
  const made = record([
    workload('talk', [row('loop', [10]), row('native', [0.5])]),
    workload('jobs', [line('native', 1, 10), line('native', 2, 6)]),
    workload('lengths', [line('a', 1, 1), line('a', 100, 1), line('b', 1, 10), line('b', 100, 0.1)]),
  ])
  expect(
    recordTables(made)['benchmark summary']!(),
  ).toBe(`- Use native code to add noise, as noisemill does by default: it took 0.5 s, and was 20 times as fast as a plain loop in JavaScript (10 s).
- Fastest by length of a file: a up to about 10 s; b beyond that.
- Native: 20 % of the work is serial. By the model, 4 cores are 2.5 times and 64 cores are 4.7 times as fast as one. This is a model, not a measurement.

Some CPU, 2 cores, Node 20.20.2, noisemill 0.1.0, 2026-11-29.
`)
})

/** Figures of the report: statistics of rows, curves, the model, numbers in words. */

import { describe, expect, test } from 'vitest'
import { showNumber } from '../../bench/harness/text.js'
import { curvesOf, lowestRanges } from '../../bench/report/curves.js'
import { figuresOf, ratioOf } from '../../bench/report/figures.js'
import { fitScaling, modelOf, speedUp } from '../../bench/report/model.js'
import { figureFor, withFigures, withoutFigures } from '../../bench/report/places.js'
import { listed, showDuration, showPercent, showValue } from '../../bench/report/show.js'
import { record, row, workload } from './records.js'

test('figures of a row are medians', () => {
  const trials = [
    { value: 3, seconds: 4, cpu: 6, memory: 50 },
    { value: 1, seconds: 2, cpu: 2, memory: 70 },
    { value: 2, seconds: 2, cpu: 3, memory: 60 },
  ]
  expect(figuresOf({ ...row('a', []), trials }, 2)).toEqual({
    rounds: 3,
    minimum: 1,
    median: 2,
    maximum: 3,
    cpu: 3,
    memory: 60,
    use: 0.75,
  })
  expect(figuresOf(row('a', [1]), 2)).toEqual({ rounds: 1, minimum: 1, median: 1, maximum: 1 })
})

describe('ratios', () => {
  test('are those of medians', () => expect(ratioOf(row('a', [2, 20, 4]), row('b', [1, 10, 1]))).toEqual({ value: 4 }))

  test('have an interval if there are enough rounds', () => {
    const { value, interval } = ratioOf(row('a', [2, 2.2, 2.1, 1.9, 2, 2, 2]), row('b', [1, 1, 1, 1, 1, 1, 1]))!
    expect(value).toBe(2)
    expect([interval!.low, interval!.high].map((end) => Number(end.toFixed(1)))).toEqual([2, 2.1])
  })

  test('to nothing are unknown', () => {
    expect(ratioOf(row('a', [1]), row('b', [0]))).toBeUndefined()
    expect(ratioOf(row('a', []), row('b', [1]))).toBeUndefined()
  })
})

describe('numbers in words', () => {
  test.each([
    [0.459, 's', '0.46 s'],
    [0.0459, 's', '46 ms'],
    [1.8, 's', '1.8 s'],
    [52, 'ms', '52 ms'],
    [2103, 'ms', '2.1 s'],
    [0.25, 'us an item', '250 ns an item'],
    [40, 'us a file', '40 µs a file'],
    [17.1, 'ns a sample', '17 ns a sample'],
    [0, 's', '0 s'],
    [Number.NaN, 's', '-'],
  ] as const)('%d %s is %s', (value, unit, text) => expect(showValue(value, unit)).toBe(text))

  test.each([
    [0.01, '10 ms'],
    [60, '60 s'],
    [240, '4 min'],
    [3600, '1 h'],
  ])('%d seconds are %s', (seconds, text) => expect(showDuration(seconds)).toBe(text))

  test.each([
    [0.0594, '0.0594'],
    [1.5, '1.50'],
    [31350, '31350'],
    [999.7, '1000'],
    [0, '0'],
    [1e-9, '1.00e-9'],
    [Number.POSITIVE_INFINITY, '-'],
  ])('%d in a table is %s', (value, text) => expect(showNumber(value)).toBe(text))

  test('shares and lists', () => {
    expect([showPercent(0.943), showPercent(0.043), showPercent(0)]).toEqual(['94 %', '4 %', '0 %'])
    expect([listed([]), listed(['a']), listed(['a', 'b']), listed(['a', 'b', 'c'])]).toEqual([
      '',
      'a',
      'a and b',
      'a, b and c',
    ])
  })
})

const points = (series: string, values: Record<number, number>) =>
  Object.entries(values).map(([x, y]) => row(`${series}-${x}`, [y], { series, x: Number(x) }))

describe('curves', () => {
  test('have the contenders of a series in the order of x, and leave out those without x', () => {
    const rows = [row('a10', [3, 1, 2], { series: 'a', x: 10 }), row('a1', [1], { series: 'a', x: 1 }), row('cp', [1])]
    const [curve, ...others] = curvesOf(workload('w', rows))
    expect(others).toEqual([])
    expect(curve!.points.map(({ x, y, spread }) => [x, y, spread])).toEqual([
      [1, 1, [1, 1]],
      [10, 2, [1, 3]],
    ])
  })

  test('cross where straight lines on logarithmic axes do', () => {
    // a is y = 1, and b falls from 10 to 0.1 over two decades of x: they cross at the geometric mean, x = 10.
    const rows = [...points('a', { 1: 1, 100: 1 }), ...points('b', { 1: 10, 100: 0.1 })]
    const [first, second] = lowestRanges(curvesOf(workload('w', rows)))
    expect(first).toMatchObject({ label: 'a', from: 1 })
    expect(second).toMatchObject({ label: 'b', to: 100 })
    expect(first!.to).toBeCloseTo(10, 9)
    expect(second!.from).toBe(first!.to)
  })

  test.each([
    ['a single curve', points('a', { 1: 1, 10: 2 }), [{ label: 'a', from: 1, to: 10 }]],
    ['a single point', points('a', { 5: 1 }), [{ label: 'a', from: 5, to: 5 }]],
    ['no curve', [], []],
    ['no common x', [...points('a', { 1: 1 }), ...points('b', { 2: 1 })], []],
    [
      'zero times, which have no logarithm',
      [...points('a', { 1: 0, 2: 1 }), ...points('b', { 1: 2, 2: 3 })],
      [{ label: 'a', from: 2, to: 2 }],
    ],
    [
      'a difference within noise',
      [...points('a', { 1: 1, 2: 1.04 }), ...points('b', { 1: 2, 2: 1 })],
      [{ label: 'a', from: 1, to: 2 }],
    ],
  ])('lowest of %s', (_, rows, ranges) => expect(lowestRanges(curvesOf(workload('w', rows)))).toEqual(ranges))
})

test('a curve that is lower in some rounds only does not become the lowest', () => {
  const at = (series: string, x: number, values: readonly number[]) => row(`${series}-${x}`, values, { series, x })
  const noisy = [0.5, 1.6, 0.6, 1.7, 0.9]
  const rows = [
    at('a', 1, [1, 1, 1, 1, 1]),
    at('b', 1, [2, 2, 2, 2, 2]),
    at('a', 2, [1, 1, 1, 1, 1]),
    at('b', 2, noisy),
  ]
  expect(lowestRanges(curvesOf(workload('w', rows)))).toEqual([{ label: 'a', from: 1, to: 2 }])
})

describe('the model', () => {
  test('of two measured points is the law of Amdahl', () => {
    // T(2) = 6 of T(1) = 10: 2 * 6 / 10 - 1 = 0.2 are serial.
    const fit = fitScaling([
      { cores: 1, time: 10 },
      { cores: 2, time: 6 },
    ])!
    expect(fit.serial).toBeCloseTo(0.2, 12)
    expect(fit.crosstalk).toBe(0)
    expect(speedUp(fit, 4)).toBeCloseTo(4 / 1.6, 12)
    expect(speedUp(fit, 64)).toBeCloseTo(64 / 13.6, 12)
  })

  test('of three finds serial part and crosstalk again', () => {
    const truth = { serial: 0.1, crosstalk: 0.01 }
    const times = [1, 2, 4, 8].map((cores) => ({ cores, time: 10 / speedUp(truth, cores) }))
    const fit = fitScaling(times)!
    expect(fit.serial).toBeCloseTo(0.1, 9)
    expect(fit.crosstalk).toBeCloseTo(0.01, 9)
  })

  test.each([
    ['more than twice as fast with two', { 1: 10, 2: 4 }, 0],
    ['slower with two', { 1: 10, 2: 12 }, 1],
  ])('a run that was %s has a part from 0 to 1', (_, times, serial) => {
    const fit = fitScaling(Object.entries(times).map(([cores, time]) => ({ cores: Number(cores), time })))
    expect(fit).toEqual({ serial, crosstalk: 0 })
  })

  test.each([
    ['no times', []],
    ['one core', [{ cores: 1, time: 1 }]],
    ['none with one', [{ cores: 2, time: 1 }]],
    [
      'zero time',
      [
        { cores: 1, time: 0 },
        { cores: 2, time: 0 },
      ],
    ],
  ])('is undefined with %s', (_, times) => expect(fitScaling(times)).toBeUndefined())

  test('predicts from the points within the cores, with the spread of the rounds', () => {
    const rows = [
      row('1', [10, 10], { series: 'a', x: 1 }),
      row('2', [6, 5.5], { series: 'a', x: 2 }),
      row('4', [1, 1], { series: 'a', x: 4 }),
    ]
    const [curve] = curvesOf(workload('jobs', rows))
    const { scaling, measured, predictions } = modelOf(curve!, 2)!
    expect(scaling.serial).toBeCloseTo(0.15, 12)
    expect(measured).toEqual([1, 2])
    expect(predictions.map(({ cores }) => cores)).toEqual([4, 8, 16, 32, 64])
    const [four] = predictions
    expect(four!.speedUp).toBeCloseTo(4 / 1.45, 12)
    expect(four!.spread[0]).toBeCloseTo(4 / 1.6, 12)
    expect(four!.spread[1]).toBeCloseTo(4 / 1.3, 12)
    expect(modelOf(curve!, 1)).toBeUndefined()
  })
})

describe('figures in prose', () => {
  const rows = [
    row('native', [0.5, 0.46, 0.6], { trial: { cpu: 0.9, memory: 54.6, figures: { served: 1234, list: [1] } } }),
    row('loop', [10, 9.2, 12]),
  ]
  const talk = record([workload('talk', rows)])

  test.each([
    ['talk native median', '0.5 s'],
    ['talk native minimum', '0.46 s'],
    ['talk loop maximum', '12 s'],
    ['talk native times-as-fast-as:loop', '20'],
    ['talk loop times-as-long-as:native', '20'],
    ['talk native memory', '55 MB'],
    ['talk native cpu', '0.9 s'],
    ['talk native use', '90 %'],
    ['talk native rounds', '3'],
    ['talk native reported:served', '1234'],
  ])('%s', (asked, text) => expect(figureFor(asked, talk)).toBe(text))

  test.each([
    ['none native median', 'the record has no workload none'],
    ['talk none median', 'talk has no contender none'],
    ['talk native times-as-fast-as:none', 'talk has no contender none'],
    ['talk loop memory', 'the trials have no such figure'],
    ['talk native reported:list', 'the trials have no such figure'],
    ['talk native speed', 'unknown figure speed'],
    ['talk native', 'three words'],
    ['talk native median ms', 'three words'],
  ])('%s is refused', (asked, why) => expect(() => figureFor(asked, talk)).toThrow(why))

  test('are filled in, and the rest of the document stays', () => {
    const text =
      'It takes <!-- figure: talk native median -->1 s<!-- /figure -->, or\n<!-- figure: talk loop median -->\n<!-- /figure -->.'
    const filled =
      'It takes <!-- figure: talk native median -->0.5 s<!-- /figure -->, or\n<!-- figure: talk loop median -->10 s<!-- /figure -->.'
    expect(withFigures(text, talk)).toBe(filled)
    expect(withFigures(filled, talk)).toBe(filled)
    expect(withoutFigures(filled)).toBe('It takes , or\n.')
  })
})

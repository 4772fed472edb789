/** The histogram of times, beside sorted arrays of the same times. */

import { describe, expect, test } from 'vitest'
import { Histogram } from '../../dist-lib/backends/histogram.js'
import { Random } from '../support/random.js'

/** Nearest rank: the shortest time that the part `q` of all times do not exceed. */
function exactQuantile(times: readonly number[], q: number): number {
  const sorted = times.toSorted((a, b) => a - b)
  return sorted[Math.max(1, Math.ceil(q * sorted.length)) - 1]
}

const random = new Random(5)
const next = () => random.word() / 2 ** 32
const samples: Readonly<Record<string, readonly number[]>> = {
  'one time': [3.7],
  'two times': [1, 1000],
  'equal times': Array.from({ length: 100 }, () => 0.4),
  'even times': Array.from({ length: 5000 }, () => 20 * next()),
  'skewed times': Array.from({ length: 5000 }, () => Math.exp(12 * next() - 8)),
  'two groups of times': Array.from({ length: 1000 }, (_, i) => (i % 50 === 0 ? 800 : 2) + next()),
}
const quantiles = [0, 0.01, 0.25, 0.5, 0.9, 0.99, 0.999, 1]

function histogramOf(times: readonly number[]): Histogram {
  const histogram = new Histogram()
  for (const time of times) histogram.add(time)
  return histogram
}

describe.each(Object.entries(samples))('a histogram of %s', (_, times) => {
  const sum = times.reduce((a, b) => a + b)

  test('has quantiles that are at most 3.2 % from the exact ones', () => {
    const histogram = histogramOf(times)
    for (const q of quantiles) {
      const exact = exactQuantile(times, q)
      expect(Math.abs(histogram.quantile(q)! / exact - 1)).toBeLessThanOrEqual(0.032)
    }
  })

  test('has the exact count, sum and maximum', () => {
    const histogram = histogramOf(times)
    expect(histogram.count).toBe(times.length)
    expect(histogram.total).toBeCloseTo(sum, 6)
    expect(histogram.max).toBe(Math.max(...times))
  })

  test('is the same after it has crossed to another in two parts', () => {
    const whole = new Histogram()
    const part = new Histogram()
    const half = Math.floor(times.length / 2)
    for (const some of [times.slice(0, half), times.slice(half)]) {
      for (const time of some) part.add(time)
      whole.addAll(structuredClone(part.take()))
      expect(part.count).toBe(0)
    }
    const histogram = histogramOf(times)
    for (const q of quantiles) expect(whole.quantile(q)).toBe(histogram.quantile(q))
    expect(whole.total).toBeCloseTo(sum, 6)
    expect(whole.take().counts).toEqual(histogram.take().counts)
  })
})

test('a histogram without times has no quantiles', () => {
  expect(new Histogram().quantile(0.5)).toBeUndefined()
})

test('times outside of the buckets count as the shortest and the longest', () => {
  const histogram = histogramOf([0, 1e-9, 1e12, 2e12])
  expect(histogram.quantile(0.5)).toBeLessThan(0.0001)
  expect(histogram.quantile(1)).toBeGreaterThan(1e8)
  expect(histogram.max).toBe(2e12)
})

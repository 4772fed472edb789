import { beforeAll, expect, test } from 'vitest'
import { fileKey } from '../../dist-lib/plan/keys.js'
import { describeNative } from '../support/backends.js'
import { isFull } from '../support/size.js'
import { ALLOWED, BINS, CHI_SQUARE, expectBetween, N } from './figures.js'
import { normalBelow, normalQuantile } from './normal.js'
import { noiseOf } from './streams.js'

/** All of those shrink with the root of n. */
const forN = (allowed: number) => allowed * Math.sqrt(1e8 / N)
const forCount = (allowed: number) => allowed * Math.sqrt(N / 1e8)

describeNative(`${isFull ? 'a hundred' : 'four'} million values`, () => {
  let sorted: Float32Array

  beforeAll(() => {
    sorted = noiseOf({ key: fileKey(1, 'a.wav', 1), channel: 0, block: 0 }, N).sort()
  })

  /** How many values are less than x. */
  function countBelow(x: number): number {
    let low = 0
    let high = N
    while (low < high) {
      const middle = (low + high) >>> 1
      if (sorted[middle] < x) low = middle + 1
      else high = middle
    }
    return low
  }

  test('have the moments of the normal distribution', () => {
    const sums = [0, 0, 0, 0]
    for (let i = 0; i < N; i++) {
      const x = sorted[i]
      const square = x * x
      sums[0] += x
      sums[1] += square
      sums[2] += square * x
      sums[3] += square * square
    }
    const [mean, second, third, fourth] = sums.map((sum) => sum / N)
    const variance = second - mean ** 2
    const skewness = (third - 3 * mean * second + 2 * mean ** 3) / variance ** 1.5
    const kurtosis = (fourth - 4 * mean * third + 6 * mean ** 2 * second - 3 * mean ** 4) / variance ** 2
    expectBetween('mean', mean, -forN(ALLOWED.mean), forN(ALLOWED.mean))
    expectBetween('variance - 1', variance - 1, -forN(ALLOWED.variance), forN(ALLOWED.variance))
    expectBetween('skewness', skewness, -forN(ALLOWED.skewness), forN(ALLOWED.skewness))
    expectBetween('kurtosis - 3', kurtosis - 3, -forN(ALLOWED.kurtosis), forN(ALLOWED.kurtosis))
  })

  test('follow the normal distribution function (Kolmogorov and Smirnov)', () => {
    let distance = 0
    for (let i = 0; i < N; i++) {
      const below = normalBelow(sorted[i])
      distance = Math.max(distance, below - i / N, (i + 1) / N - below)
    }
    expectBetween('Kolmogorov-Smirnov D', distance, 0, forN(ALLOWED.distance))
  })

  test('fill bins of equal probability equally, but not too equally (chi-square)', () => {
    const edges = Array.from({ length: BINS - 1 }, (_, i) => countBelow(normalQuantile((i + 1) / BINS)))
    const counts = [...edges, N].map((edge, i) => edge - (i === 0 ? 0 : edges[i - 1]))
    const expected = N / BINS
    const chiSquare = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
    expectBetween('chi-square', chiSquare, ...CHI_SQUARE)
  })

  test.each([4, 5] as const)('have tails of the right weight beyond %d sigma, on both sides', (sigmas) => {
    const expected = N * normalBelow(-sigmas)
    const allowed = forCount(ALLOWED.count[sigmas])
    expectBetween(`below -${sigmas} sigma`, countBelow(-sigmas), expected - allowed, expected + allowed)
    expectBetween(`above ${sigmas} sigma`, N - countBelow(sigmas), expected - allowed, expected + allowed)
  })

  test('are all finite', () => {
    // NaN is sorted to the end.
    expect(Number.isFinite(sorted[0]) && Number.isFinite(sorted[N - 1])).toBe(true)
  })
})

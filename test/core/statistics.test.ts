/**
 * The noise as statisticians see it: one sample of four million, the same on every run.
 *
 * Bounds. Of n independent normal values the mean has the standard error 1 / sqrt(n), the variance sqrt(2 / n), the skewness
 * sqrt(6 / n), the kurtosis sqrt(24 / n) (Fisher, 1930), a correlation of two independent rows 1 / sqrt(n), and a count of
 * events of probability p sqrt(n p (1 - p)). One figure is given 4 standard errors, which good noise exceeds once in 16,000
 * tries; the largest of many is given 5.5, once in 26 million each. The seed is fixed, so a pass stays one.
 */

import { describe, expect, test } from 'vitest'
import { gaussian } from '../../dist/core/noise/gaussian.js'
import { BLOCK_FRAMES } from '../../dist/core/noise/kinds.js'
import { LANE_STATE_WORDS, LANES } from '../../dist/core/noise/xoshiro.js'

const ONE = 4
const MANY = 5.5
const BLOCKS = 1024
const N = BLOCKS * BLOCK_FRAMES

function noiseOf(keyLow: number, keyHigh: number, channel: number, firstBlock: number, blocks: number): Float32Array {
  const values = new Float32Array(blocks * BLOCK_FRAMES)
  const state = new Uint32Array(LANE_STATE_WORDS)
  for (let i = 0; i < blocks; i++) {
    gaussian.seed(state, { low: keyLow, high: keyHigh }, channel, firstBlock + i, new Float64Array(0))
    gaussian.fill(state, values.subarray(i * BLOCK_FRAMES), BLOCK_FRAMES)
  }
  return values
}

const values = noiseOf(20_240_229, 0, 0, 0, BLOCKS)

/** Correlation of two rows of mean 0 and variance 1, in standard errors. */
function correlation(a: Float32Array, b: Float32Array): number {
  const n = Math.min(a.length, b.length)
  let sum = 0
  for (let i = 0; i < n; i++) sum += a[i] * b[i]
  return sum / Math.sqrt(n)
}

/** Squares less their mean, over their standard deviation: they show what is alike in size but not in sign. */
const squares = (row: Float32Array) => row.map((x) => (x * x - 1) / Math.SQRT2)

/** The normal distribution function: its series about 0 (Abramowitz and Stegun 26.2.11), to 15 digits. */
function normalBelow(x: number): number {
  if (Math.abs(x) > 6.7) return x < 0 ? 0 : 1
  let term = x
  let sum = x
  for (let n = 3; Math.abs(term) > 1e-17 * Math.abs(sum); n += 2) {
    term *= (x * x) / n
    sum += term
  }
  return 0.5 + (sum * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI)
}

describe('four million values', () => {
  test('have the moments of the normal distribution', () => {
    const sums = [0, 0, 0, 0]
    for (const x of values) {
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
    expect(Math.abs(mean)).toBeLessThan(ONE * Math.sqrt(1 / N))
    expect(Math.abs(variance - 1)).toBeLessThan(ONE * Math.sqrt(2 / N))
    expect(Math.abs(skewness)).toBeLessThan(ONE * Math.sqrt(6 / N))
    expect(Math.abs(kurtosis - 3)).toBeLessThan(ONE * Math.sqrt(24 / N))
  })

  test('follow the normal distribution function', () => {
    // Tables: Phi(1), Phi(-2), Phi(3).
    expect(normalBelow(1)).toBeCloseTo(0.841344746068543, 14)
    expect(normalBelow(-2)).toBeCloseTo(0.022750131948179, 14)
    expect(normalBelow(3)).toBeCloseTo(0.99865010196837, 14)

    const sorted = values.slice().sort()
    let distance = 0
    sorted.forEach((x, i) => {
      const below = normalBelow(x)
      distance = Math.max(distance, below - i / N, (i + 1) / N - below)
    })
    // Kolmogorov: sqrt(n) D exceeds 2.3 once in 20,000 samples, and falls short of 0.3 once in 100,000.
    expect(distance * Math.sqrt(N)).toBeLessThan(2.3)
    expect(distance * Math.sqrt(N)).toBeGreaterThan(0.3)
  })

  test.each([3, 4])('have tails of the right weight beyond %d sigma, on both sides', (sigmas) => {
    const p = normalBelow(-sigmas)
    const error = Math.sqrt(N * p * (1 - p))
    const low = values.filter((x) => x < -sigmas).length
    const high = values.filter((x) => x > sigmas).length
    expect(Math.abs(low - N * p)).toBeLessThan(ONE * error)
    expect(Math.abs(high - N * p)).toBeLessThan(ONE * error)
  })

  test('have no echo: nothing at lags of 1 to 40 frames, in size either', () => {
    const sizes = squares(values)
    for (let lag = 1; lag <= 40; lag++) {
      expect(Math.abs(correlation(values, values.subarray(lag))), `lag ${lag}`).toBeLessThan(MANY)
      expect(Math.abs(correlation(sizes, sizes.subarray(lag))), `sizes at lag ${lag}`).toBeLessThan(MANY)
    }
  })

  test('have nothing in common with the next block', () => {
    const sizes = squares(values)
    expect(Math.abs(correlation(values, values.subarray(BLOCK_FRAMES)))).toBeLessThan(ONE)
    expect(Math.abs(correlation(sizes, sizes.subarray(BLOCK_FRAMES)))).toBeLessThan(ONE)
  })

  test('have nothing in common between lanes, nor between cosine and sine of one lane', () => {
    const columns = Array.from({ length: 2 * LANES }, (_, column) => {
      return Float32Array.from({ length: N / (2 * LANES) }, (_, step) => values[step * 2 * LANES + column])
    })
    const sizes = columns.map(squares)
    for (let a = 0; a < columns.length; a++)
      for (let b = 0; b < a; b++) {
        expect(Math.abs(correlation(columns[a], columns[b])), `columns ${a} and ${b}`).toBeLessThan(MANY)
        expect(Math.abs(correlation(sizes[a], sizes[b])), `sizes of columns ${a} and ${b}`).toBeLessThan(MANY)
      }
  })
})

describe('half a million values each', () => {
  // Neighbours in every number that goes into the stream, and far ones; the last differ in the highest bit alone.
  const rows = [
    ['the first', noiseOf(7, 7, 0, 0, 128)],
    ['channel 1', noiseOf(7, 7, 1, 0, 128)],
    ['channel 2', noiseOf(7, 7, 2, 0, 128)],
    ['channel 1023', noiseOf(7, 7, 1023, 0, 128)],
    ['the next key', noiseOf(8, 7, 0, 0, 128)],
    ['the key before', noiseOf(6, 7, 0, 0, 128)],
    ['the next key in the high word', noiseOf(7, 8, 0, 0, 128)],
    ['the key with its words exchanged bit by bit', noiseOf(~7 >>> 0, ~7 >>> 0, 0, 0, 128)],
    ['the key in its highest bit', noiseOf(7, 0x80000007, 0, 0, 128)],
    ['blocks beyond 32 bits', noiseOf(7, 7, 0, 2 ** 32, 128)],
  ] as const

  test('have nothing in common between channels, files and far blocks', () => {
    for (const [nameA, a] of rows)
      for (const [nameB, b] of rows) {
        if (a === b) continue
        expect(Math.abs(correlation(a, b)), `${nameA} and ${nameB}`).toBeLessThan(MANY)
        // The other channel of a frame is one sample on: a shift by a frame is as near.
        expect(Math.abs(correlation(a, b.subarray(1))), `${nameA} and ${nameB}, a frame on`).toBeLessThan(MANY)
      }
  })

  test('have nothing in common in size', () => {
    const sizes = rows.map(([name, row]) => [name, squares(row)] as const)
    for (const [nameA, a] of sizes)
      for (const [nameB, b] of sizes)
        if (nameA < nameB) expect(Math.abs(correlation(a, b)), `${nameA} and ${nameB}`).toBeLessThan(MANY)
  })
})

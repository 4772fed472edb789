/** Uniform noise: its distribution, and that it is white. */

import { beforeAll, test } from 'vitest'
import { BLOCK_FRAMES } from '../../dist-lib/core/noise/source.js'
import { LANES } from '../../dist-lib/core/noise/xoshiro.js'
import { fileKey } from '../../dist-lib/plan/keys.js'
import { describeNative } from '../support/backends.js'
import { columnCorrelations, columnMeans, lagCorrelation } from './correlation.js'
import { ALLOWED, BINS, CHI_SQUARE, expectBetween, expectNearZero, N } from './figures.js'
import { noiseOf } from './streams.js'

const EDGE = Math.sqrt(3)
/** Lags within a few steps of the lanes, and about a block. */
const LAGS = [...Array.from({ length: 2 * LANES + 1 }, (_, i) => i + 1), 48, 64, 4095, 4096, 4097, 8192]

describeNative('uniform noise', () => {
  let row: Float32Array

  beforeAll(() => {
    row = noiseOf({ key: fileKey(1, 'a.wav', 1), channel: 0, block: 0 }, N, 'uniform')
  })

  test('has the moments of the uniform distribution', () => {
    const sums = [0, 0, 0]
    for (let i = 0; i < N; i++) {
      const square = row[i] * row[i]
      sums[0] += row[i]
      sums[1] += square
      sums[2] += square * square
    }
    const [mean, power, fourth] = sums.map((sum) => sum / N)
    // The variance of x^2 is 9/5 - 1, and that of x^4 is 9 - (9/5)^2.
    expectNearZero('moments of uniform noise', [
      ['mean', mean * Math.sqrt(N)],
      ['power', (power - 1) * Math.sqrt(N / 0.8)],
      ['fourth power', (fourth - 1.8) * Math.sqrt(N / 5.76)],
    ])
  })

  test('follows the uniform distribution function, in equal bins', () => {
    const sorted = row.slice().sort()
    const counts = new Float64Array(BINS)
    let distance = 0
    for (let i = 0; i < N; i++) {
      const below = (sorted[i] / EDGE + 1) / 2
      distance = Math.max(distance, below - i / N, (i + 1) / N - below)
      counts[Math.min(BINS - 1, Math.floor(below * BINS))]++
    }
    expectBetween('smallest', sorted[0], -EDGE - 1e-6, -EDGE + 60 / N)
    expectBetween('largest', sorted[N - 1], EDGE - 60 / N, EDGE + 1e-6)
    expectBetween('Kolmogorov-Smirnov D of uniform noise', distance, 0, ALLOWED.distance * Math.sqrt(1e8 / N))
    const expected = N / BINS
    const chiSquare = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
    expectBetween('chi-square of uniform noise', chiSquare, ...CHI_SQUARE)
  })

  test.each([
    ['values', (x: number) => x],
    ['squares', (x: number) => (x * x - 1) / Math.sqrt(0.8)],
  ] as const)('has no echo, and nothing in common between lanes, in its %s', (name, view) => {
    const seen = row.map(view)
    expectNearZero(
      `${name} of uniform noise, lags`,
      LAGS.map((lag) => [`lag ${lag}`, lagCorrelation(seen, lag)] as const),
    )
    expectNearZero(
      `${name} of uniform noise, means of lanes`,
      Array.from(columnMeans(seen, LANES), (mean, lane) => [`lane ${lane}`, mean] as const),
    )
    expectNearZero(
      `${name} of uniform noise, lanes`,
      columnCorrelations(seen, LANES).map(([a, b, deviations]) => [`lanes ${b} and ${a}`, deviations] as const),
    )
  })

  test('has nothing in common between channels and blocks', () => {
    const key = fileKey(2, 'a.wav', 1)
    const blocks = Math.min(64, Math.floor(N / BLOCK_FRAMES / 8))
    const streams = [0, 1, 1023].flatMap((channel) =>
      [0, 1, 2 ** 32].map((block) => noiseOf({ key, channel, block }, blocks * BLOCK_FRAMES, 'uniform')),
    )
    const figures = streams.flatMap((a, i) =>
      streams.slice(0, i).map((b, j) => {
        let sum = 0
        for (let frame = 0; frame < a.length; frame++) sum += a[frame] * b[frame]
        // Blocks 0 and 1 of a channel are the same stream, a block apart.
        return [`streams ${j} and ${i}`, sum / Math.sqrt(a.length)] as const
      }),
    )
    expectNearZero('streams of uniform noise', figures)
  })
})

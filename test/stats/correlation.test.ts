import { beforeAll, test } from 'vitest'
import { FRAMES_PER_STEP } from '../../dist-lib/core/noise/gaussian.js'
import { BLOCK_FRAMES } from '../../dist-lib/core/noise/source.js'
import { fileKey } from '../../dist-lib/plan/keys.js'
import { describeNative } from '../support/backends.js'
import { allTogether, columnCorrelations, columnMeans, lagCorrelation, views } from './correlation.js'
import { expectNearZero, N } from './figures.js'
import { neighbourNames, noiseOf, noiseOfNeighbours } from './streams.js'

/**
 * All distances within one step of the lanes (16 values by cosine, 16 by sine), and distances near a few steps and a
 * block.
 */
const LAGS = [
  ...Array.from({ length: FRAMES_PER_STEP + 1 }, (_, i) => i + 1),
  ...[47, 48, 49, 63, 64, 65, 128, 4064, 4095, 4096, 4097, 8192],
]

/** [neighbours, frames] on. A frame more or less, since the other channel of a frame is one sample on. */
const SHIFTS = [
  [1, -1],
  [1, 0],
  [1, 1],
  [2, 0],
  [3, 0],
  [16, 0],
] as const

const byFrame = (means: Float64Array) => Array.from(means, (mean, frame) => [`frame ${frame}`, mean] as const)

describeNative('a long row of noise', () => {
  let row: Float32Array

  beforeAll(() => {
    row = noiseOf({ key: fileKey(1, 'a.wav', 1), channel: 0, block: 0 }, N)
  })

  test.each(views)('has no echo in its %s', (name, view) => {
    const seen = view(row)
    const figures = LAGS.map((lag) => [`lag ${lag}`, lagCorrelation(seen, lag)] as const)
    expectNearZero(`${name}, lags`, figures)
  })

  test.each(views)('has the mean that it should in every lane, by cosine and by sine, in its %s', (name, view) => {
    expectNearZero(`${name}, means of lanes`, byFrame(columnMeans(view(row), FRAMES_PER_STEP)))
  })

  test.each(views)('has nothing in common between lanes, nor cosine and sine, in its %s', (name, view) => {
    const pairs = columnCorrelations(view(row), FRAMES_PER_STEP)
    expectNearZero(
      `${name}, lanes`,
      pairs.map(([a, b, deviations]) => [`frames ${b} and ${a}`, deviations] as const),
    )
  })
})

describeNative('noise of neighbours', () => {
  test.each(neighbourNames)('has nothing in common: %s', (name) => {
    const row = noiseOfNeighbours(name, Math.floor(N / BLOCK_FRAMES))
    for (const [view, seenAs] of views) {
      const seen = seenAs(row)
      const shifted = SHIFTS.map(([streams, frames]): [string, number] => [
        `${streams} on, frame ${frames}`,
        lagCorrelation(seen, streams * BLOCK_FRAMES + frames),
      ])
      const means = columnMeans(seen, BLOCK_FRAMES)
      expectNearZero(`${view} of neighbouring ${name}`, [...shifted, ['all means together', allTogether(means)]])
      expectNearZero(`${view} of neighbouring ${name}, means`, byFrame(means))
    }
  })
})

/** Figures for tests, with figures of usual and of extreme sizes. */

import type { Comparison } from '../../dist-lib/demo/compare.js'
import { contenders } from '../../dist-lib/demo/contenders.js'
import type { MeasuredPitfall } from '../../dist-lib/demo/measure.js'
import {
  type Bar,
  barFigure,
  coresFigure,
  type Histogram,
  histogramFigure,
  type Line,
  lineFigure,
} from '../../dist-lib/page/charts.js'

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i)

export const text = {
  title: 'Noise onto 24 files of four minutes',
  unit: 'seconds, less is better',
  note: 'Median of 7 rounds; lines go from the fastest to the slowest. `npm run bench -- --filter talk --full` repeats it.',
}

export const bars: readonly Bar[] = [
  { label: 'Python, plain loop', value: 14.2, text: '14.2 s', isOwn: false, spread: [13.6, 15.9] },
  {
    label: 'Python multiprocessing.Pool with imap_unordered and a chunk size of one',
    value: 8.1,
    text: '8.10 s, 1.8 x as fast',
    isOwn: false,
    spread: [7.9, 8.8],
  },
  { label: 'noisemill, native threads', value: 0.59, text: '0.59 s, 24.1 x as fast', isOwn: true },
  { label: 'a function in the item', value: 0, text: 'fails', isOwn: false },
]

const line = (label: string, isOwn: boolean, xs: readonly number[], y: (x: number) => number): Line => ({
  label,
  isOwn,
  points: xs.map((x) => ({ x, y: y(x), spread: [0.9 * y(x), 1.2 * y(x)] })),
})

const JOBS = [1, 2, 4, 8]
export const lines: readonly Line[] = [
  line('noisemill, native threads', true, JOBS, (x) => 0.6 / x),
  line('noisemill, worker threads', true, JOBS, (x) => 6.15 / x + 0.2),
  line('Piscina', false, JOBS, (x) => 8 / x + 0.3),
  line('poolifier', false, JOBS, (x) => 9 / x + 0.4),
  { ...line('native threads, model', true, [1, 4, 16, 64], (x) => 0.05 + 0.55 / x), isModel: true },
]

export const timelines = (cores: number) =>
  [11, 10, 6.2, 6.8, 0.4].map((seconds, way) => ({
    label: contenders[way].name,
    seconds,
    interval: 50,
    use: range(cores).map((core) => range(Math.ceil(20 * seconds)).map((i) => ((i + 7 * core) % 11) / 10)),
  }))

const edges = [0, ...range(40).map((i) => 0.1 * 1.25 ** i)]
const histogram = (label: string, isOwn: boolean, middle: number): Histogram => ({
  label,
  isOwn,
  edges,
  counts: range(40).map((i) => Math.round(3000 * Math.exp(-(((i - middle) / 4) ** 2))) + (i === 36 ? 1 : 0)),
})
export const histograms = [histogram('no work', false, 8), histogram('plain loop', true, 22)]

const axes = { xLabel: 'threads', yLabel: 'seconds' }

/** A figure of each kind, and some that are hard to draw. */
export const figures = {
  bars: barFigure(text, bars),
  manyBars: barFigure(
    text,
    range(30).map((i) => ({ label: `way ${i}`, value: i, text: `${i} s`, isOwn: i % 2 === 0 })),
  ),
  lines: lineFigure({ ...text, ...axes, logX: true, logY: true }, lines),
  linear: lineFigure({ ...text, ...axes }, lines),
  chunks: lineFigure({ ...text, xLabel: 'items in a chunk', yLabel: 'milliseconds', logX: true }, [
    line('noisemill', true, [1, 3, 10, 30, 100, 300, 1000, 3000, 10_000, 100_000, 1_000_000], (x) => 100 / x + 5),
  ]),
  onePoint: lineFigure({ ...text, ...axes }, [line('one point', true, [4], () => 2)]),
  manyPoints: lineFigure({ ...text, ...axes }, [line('memory', true, range(600), (x) => 12_345 + x)]),
  cores: coresFigure(text, timelines(2)),
  manyCores: coresFigure(text, timelines(64)),
  histograms: histogramFigure({ ...text, xLabel: 'milliseconds', logX: true }, histograms),
  linearHistograms: histogramFigure({ ...text, xLabel: 'milliseconds' }, histograms),
}

/** What a demo may have measured, on a machine without the addon. */
export const comparison: Comparison = {
  seconds: 30,
  work: ['24 sine files of 30 s, float32, 44.1 kHz, mono: 127 MB.', 'Each way adds Gaussian noise.'],
  compared: timelines(4).map(({ seconds, interval, use }, i) => {
    const contender = contenders[i]
    if (contender.name === 'native threads') return { contender, missing: 'there is no binary for this platform' }
    const order = range(24).map((n) => String((n ^ (i & 1)) as number).padStart(2, '0'))
    const cores = { interval, use, busySeconds: 2 * seconds }
    return {
      contender,
      measured: { seconds, cpu: seconds, cpuShare: 1 / 4, delay: 600 / (i + 1), order, hash: 'ab'.repeat(32), cores },
    }
  }),
  areSame: true,
}

export const pitfall: MeasuredPitfall = {
  name: 'overhead',
  title: 'The overhead is larger than the work',
  work: 'multiply 10000 numbers by ten',
  ways: [
    { kind: 'loop', name: 'plain loop', time: 0.11, failure: null, verdicts: [], busy: undefined },
    {
      kind: 'badly',
      name: 'one number a trip (chunkSize: 1)',
      time: 310,
      failure: null,
      verdicts: [
        {
          subject: 'chunks',
          state: 'problem',
          milliseconds: 300,
          text: 'each trip has one item.',
          remedy: "Leave `chunkSize` at 'auto'.",
        },
      ],
      busy: undefined,
    },
    {
      kind: 'badly',
      name: 'a function in the item',
      time: null,
      failure: 'item 0: a value cannot be copied',
      verdicts: [],
      busy: undefined,
    },
    { kind: 'well', name: 'the default chunks', time: 12, failure: null, verdicts: [], busy: undefined },
  ],
}

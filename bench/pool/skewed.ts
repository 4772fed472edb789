/**
 * 3,000 items that take 6 s in all on one thread, in several distributions (`works.ts`): noisemill
 * beside other libraries, and its chunk sizes beside the rules of others.
 */

import type { ChunkSize } from '../../dist/index.js'
import { keep, type Row, show, table } from '../harness.js'
import { JOBS } from '../programs.js'
import { stepsPerMicrosecond } from './calibrate.js'
import { bareProcesses, libraryVersions, noisemill, piscina, poolifier, tinypool, workerPool } from './contenders.js'
import { joblibRule } from './joblib-rule.js'
import { type Contenders, type Round, Trials, timed } from './trials.js'
import { sharesOf, sum, works } from './works.js'

interface Settings {
  readonly count: number
  /** Steps of `spin` in a microsecond. */
  readonly steps: number
}

const itemsOf = (work: string, { count, steps }: Settings) => works[work](count).map((time) => Math.round(time * steps))

/**
 * The argument of a round is the name of the work. A round without argument, for warming up, does
 * the first items of the even work.
 */
const timing =
  (prepare: (settings: Settings) => (items: readonly number[]) => Promise<unknown>) =>
  (settings: Settings): Round => {
    const mapItems = prepare(settings)
    return async (work) => {
      const items = typeof work === 'string' ? itemsOf(work, settings) : itemsOf('even', settings).slice(0, 200)
      return (await timed(() => mapItems(items))).milliseconds
    }
  }

const PROCESSES = `${JOBS} processes, work divided beforehand`

const libraries: Contenders<Settings> = {
  piscina: timing(() => piscina('spin')),
  tinypool: timing(() => tinypool('spin')),
  poolifier: timing(() => poolifier('spin')),
  'poolifier, with a queue': timing(() => poolifier('spin', true)),
  workerpool: timing(() => workerPool('spin')),
}

const fixed = (chunkSize: ChunkSize) => timing(() => noisemill('spin', { chunkSize }))

const chunkRules: Contenders<Settings> = {
  ...Object.fromEntries([1, 10, 100, 1000].map((chunkSize) => [`noisemill, chunks of ${chunkSize}`, fixed(chunkSize)])),
  "noisemill, Python's rule": timing(({ count }) => noisemill('spin', { chunkSize: Math.ceil(count / (4 * JOBS)) })),
  "noisemill, joblib's rule": timing(joblibRule),
}

export const contenders: Contenders<Settings> = {
  [PROCESSES]: timing(() => {
    const spinShares = bareProcesses()
    return (items) => spinShares(sharesOf(items, JOBS))
  }),
  noisemill: fixed('auto'),
  ...chunkRules,
  ...libraries,
}

/**
 * Records medians, divided by the ideal time: that of the best division of the items among the
 * threads, if nothing else runs on their cores.
 */
const part =
  (title: string, names: readonly string[], chosen: readonly string[]) =>
  async (rounds = 9, scale = 1): Promise<void> => {
    const settings: Settings = { count: Math.round(3000 * scale), steps: stepsPerMicrosecond() }
    using trials = await Trials.start(import.meta.url, names, settings)
    const rows: Record<string, readonly Row[]> = {}
    const ideal: Record<string, number> = {}
    for (const work of chosen) {
      ideal[work] = Math.max(...sharesOf(works[work](settings.count), JOBS).map(sum)) / 1000
      rows[work] = await trials.compare(rounds, work)
    }
    const lines = names.map((name, i) => [name, ...chosen.map((work) => show(rows[work][i].median / ideal[work]))])
    const caption = `ratios of the median of ${rounds} rounds to the ideal time`
    const notes = { ...settings, ideal, rows, scale, libraries: libraryVersions() }
    keep(title, caption, table(['', ...chosen], lines), notes)
  }

const own = [PROCESSES, 'noisemill']

export const skewed = part(
  'Pool skewed',
  [...own, ...Object.keys(libraries)],
  ['shuffled', 'worst first', 'worst last'],
)

export const chunks = part('Pool chunks', [...own, ...Object.keys(chunkRules)], Object.keys(works))

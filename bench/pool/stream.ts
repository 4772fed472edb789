/**
 * 1,000,000 numbers from an async source, by `imap`: how much the memory of the process grows, and
 * how late its event loop is. The source is a generator that yields at once, or one that waits for
 * the event loop every 1,000 numbers, as one does that reads a file.
 */

import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setImmediate } from 'node:timers/promises'
import { moduleTask, Pool } from '../../dist/index.js'
import { keep, show, spread, table } from '../harness.js'
import { JOBS } from '../programs.js'
import { FUNCTIONS } from './contenders.js'
import { type Contenders, runFresh } from './trials.js'

interface Settings {
  readonly count: number
}

interface Measured {
  readonly seconds: number
  /** Memory of the process in MB, after each twentieth of the items. */
  readonly memory: readonly number[]
  /**
   * Median, 99th percentile and maximum in milliseconds. They include the monitor's interval of 1
   * ms.
   */
  readonly delay: readonly number[]
}

const SAMPLES = 20
/** Samples before the one that later ones are compared with: the heaps of threads grow first. */
const SETTLED = 4

async function* atOnce(count: number): AsyncGenerator<number> {
  for (let i = 0; i < count; i++) yield i
}

async function* withWaits(count: number): AsyncGenerator<number> {
  for (let i = 0; i < count; i++) {
    if (i % 1000 === 0) await setImmediate()
    yield i
  }
}

const streaming =
  (source: (count: number) => AsyncGenerator<number>) =>
  ({ count }: Settings) =>
  async (): Promise<Measured> => {
    await using pool = new Pool({ size: JOBS })
    const task = moduleTask<number, number>(FUNCTIONS, 'increment')
    await pool.map(task, Array(JOBS).fill(0), { chunkSize: 1 })
    const delay = monitorEventLoopDelay({ resolution: 1 })
    const memory: number[] = []
    delay.enable()
    const started = performance.now()
    let done = 0
    for await (const value of pool.imap(task, source(count))) {
      if (value !== ++done) throw new Error('results are not in order')
      if (done % Math.ceil(count / SAMPLES) === 0) memory.push(process.memoryUsage.rss() / 1e6)
    }
    delay.disable()
    return {
      seconds: (performance.now() - started) / 1000,
      memory,
      delay: [50, 99, 100].map((share) => delay.percentile(share) / 1e6),
    }
  }

export const contenders: Contenders<Settings, Measured> = {
  'source that yields at once': streaming(atOnce),
  'source that waits': streaming(withWaits),
}

export async function stream(rounds = 3, scale = 1): Promise<void> {
  const settings: Settings = { count: Math.round(1_000_000 * scale) }
  const { trials } = await runFresh<Measured>(import.meta.url, Object.keys(contenders), settings, rounds)
  const lines = Object.entries(trials).map(([name, own]) => [
    name,
    show(spread(own.map(({ seconds }) => seconds)).minimum),
    show(spread(own.map(({ memory }) => memory[SETTLED - 1])).median),
    show(Math.max(...own.map(({ memory }) => Math.max(...memory) - memory[SETTLED - 1]))),
    ...[0, 1, 2].map((i) => show(spread(own.map(({ delay }) => delay[i]))[i === 2 ? 'maximum' : 'median'])),
  ])
  const headings = ['', 'seconds', 'memory, MB', 'growth, MB', 'loop delay p50, ms', 'p99', 'maximum']
  const caption = `seconds of the fastest of ${rounds} rounds; memory after a fifth of the items (median), and its largest growth after that; p50 and p99 are medians, the maximum is the largest of all rounds, and the loop is checked every millisecond, which is part of each delay`
  keep('Pool stream', caption, table(headings, lines), { ...settings, scale, trials })
}

/** Measures the pitfalls of `noisemill demo pitfalls`. */

import { setImmediate } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { diagnose, moduleTask, NoisemillError, type Pool, type RunReport, type Verdict } from '../index.js'
import type { Pitfall, Place, Way } from './pitfalls.js'

/** The time of a way. */
export interface MeasuredTime extends Pick<Way, 'kind' | 'name'> {
  /** Time of the fastest try in milliseconds; null if the way failed. */
  readonly time: number | null
  /** Message of the error that ended the way; null if it succeeded. */
  readonly failure: string | null
}

/** A way of a pitfall, measured. */
export interface MeasuredWay extends MeasuredTime {
  /**
   * The doctor's verdict on the pitfall. If that is not a problem, but others are, these. None for a
   * loop.
   */
  readonly verdicts: readonly Verdict[]
  /** The doctor's verdict on the machine, if other programs took CPUs. */
  readonly busy: Verdict | undefined
}

/** A pitfall, measured. */
export interface MeasuredPitfall extends Pick<Pitfall, 'name' | 'title' | 'work'> {
  /** The first is the plain loop. */
  readonly ways: readonly MeasuredWay[]
}

/** What the ways run with. */
export interface Bench {
  readonly pool: Pool
  /** Where files may be made. */
  readonly folder: string
  /** URL of the module `pitfall-tasks.ts`. */
  readonly tasks: URL
  readonly signal: AbortSignal
}

/**
 * Runs all ways of a pitfall. Checks that they have the same results.
 *
 * @param onWay gets the figures of each way as soon as they are known
 * @throws the signal's reason
 */
export async function measurePitfall(
  { name, title, subject, work, prepare, ways }: Pitfall,
  bench: Bench,
  onWay: (way: MeasuredTime) => void,
): Promise<MeasuredPitfall> {
  await prepare?.(placeIn(bench, () => {}))
  const measured: MeasuredWay[] = []
  let expected: unknown
  for (const way of ways) {
    const { result, report, ...figures } = await measureWay(way, bench)
    if (way.kind === 'loop') expected = result
    if (figures.failure === null && !isDeepStrictEqual(result, expected))
      throw new Error(`'${way.name}' has other results than the plain loop`)
    measured.push({ ...figures, ...consult(report, subject, bench.pool) })
    onWay(figures)
  }
  return { name, title, work, ways: measured }
}

const placeIn = ({ pool, folder, tasks, signal }: Bench, onReport: (report: RunReport) => void): Place => ({
  pool,
  folder,
  map: (name, items, options, taskOptions) =>
    pool.map(moduleTask(tasks, name, taskOptions), items, { ...options, signal, onReport }),
})

/** A way is tried again until its tries have taken this time, so that a quick one is not judged by one try. */
const TRIES_MILLISECONDS = 300
const MOST_TRIES = 3

interface Outcome extends MeasuredTime {
  readonly result: unknown
  /** Report of the fastest try, or of the one that failed; undefined for a loop. */
  readonly report: RunReport | undefined
}

async function measureWay({ kind, name, run }: Way, bench: Bench): Promise<Outcome> {
  const { signal } = bench
  let best: Outcome = { kind, name, time: Infinity, failure: null, result: undefined, report: undefined }
  let total = 0
  let report: RunReport | undefined
  const place = placeIn(bench, (ended) => {
    report = ended
  })
  for (let i = 0; i < MOST_TRIES && total < TRIES_MILLISECONDS; i++) {
    // The signal of the process is noticed only in a turn of the event loop.
    await setImmediate()
    signal.throwIfAborted()
    const started = performance.now()
    try {
      const result = await run(place)
      const time = performance.now() - started
      if (time < best.time!) best = { ...best, time, result, report }
      total += time
    } catch (error) {
      signal.throwIfAborted()
      if (!(error instanceof NoisemillError)) throw error
      return { ...best, time: null, failure: error.message, report }
    }
  }
  return best
}

/** Asks the doctor about the run of a way. */
function consult(
  report: RunReport | undefined,
  subject: Verdict['subject'],
  pool: Pool,
): Pick<MeasuredWay, 'verdicts' | 'busy'> {
  if (report === undefined) return { verdicts: [], busy: undefined }
  const { verdicts } = diagnose(report, pool.info)
  const asked = verdicts.filter((verdict) => verdict.subject === subject)
  const problems = verdicts.filter(({ state }) => state === 'problem')
  const others = problems.filter((verdict) => verdict.subject !== 'machine')
  const isAsked = asked.some(({ state }) => state === 'problem')
  return {
    verdicts: isAsked || others.length === 0 ? asked : others,
    busy: problems.find((verdict) => verdict.subject === 'machine'),
  }
}

/** What a measured pitfall shows. Times are in milliseconds. */
export interface Findings {
  readonly loop: number
  /** Time of the slowest bad way; null if it fails. */
  readonly badly: number | null
  /** Time of the fastest good way. */
  readonly well: number
  /** How many times longer the bad way takes than the fastest of all; null if it fails. */
  readonly loss: number | null
  /** How many times longer the bad way takes than the good one; null if it fails. */
  readonly cure: number | null
}

export function findingsOf({ ways }: MeasuredPitfall): Findings {
  const timesOf = (kind: Way['kind']) => ways.filter((way) => way.kind === kind).map(({ time }) => time ?? Infinity)
  const loop = Math.min(...timesOf('loop'))
  const slowest = Math.max(...timesOf('badly'))
  const well = Math.min(...timesOf('well'))
  const badly = slowest === Infinity ? null : slowest
  const over = (time: number) => (badly === null ? null : badly / time)
  return { loop, badly, well, loss: over(Math.min(loop, well)), cure: over(well) }
}

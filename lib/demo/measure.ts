/** Measures the pitfalls of `noisemill demo pitfalls`. */

import { setImmediate } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { moduleTask, NoisemillError, type Pool } from '../index.js'
import type { Pitfall, Place, Way } from './pitfalls.js'

/** A way of a pitfall, measured. */
export interface MeasuredWay extends Pick<Way, 'kind' | 'name'> {
  /** Time of the fastest try in milliseconds; null if the way failed. */
  readonly time: number | null
  /** Message of the error that ended the way; null if it succeeded. */
  readonly failure: string | null
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
  { name, title, work, prepare, ways }: Pitfall,
  bench: Bench,
  onWay: (way: MeasuredWay) => void,
): Promise<MeasuredPitfall> {
  const place = placeIn(bench)
  await prepare?.(place)
  const measured: MeasuredWay[] = []
  let expected: unknown
  for (const way of ways) {
    const { result, ...figures } = await measureWay(way, place, bench.signal)
    if (way.kind === 'loop') expected = result
    if (figures.failure === null && !isDeepStrictEqual(result, expected))
      throw new Error(`'${way.name}' has other results than the plain loop`)
    measured.push(figures)
    onWay(figures)
  }
  return { name, title, work, ways: measured }
}

const placeIn = ({ pool, folder, tasks, signal }: Bench): Place => ({
  pool,
  folder,
  map: (name, items, options, taskOptions) =>
    pool.map(moduleTask(tasks, name, taskOptions), items, { ...options, signal }),
})

/** A way is tried again until its tries have taken this time, so that a quick one is not judged by one try. */
const TRIES_MILLISECONDS = 300
const MOST_TRIES = 3

async function measureWay(
  { kind, name, run }: Way,
  place: Place,
  signal: AbortSignal,
): Promise<MeasuredWay & { readonly result: unknown }> {
  let fastest = Infinity
  let total = 0
  let result: unknown
  for (let i = 0; i < MOST_TRIES && total < TRIES_MILLISECONDS; i++) {
    // The signal of the process is noticed only in a turn of the event loop.
    await setImmediate()
    signal.throwIfAborted()
    const started = performance.now()
    try {
      result = await run(place)
    } catch (error) {
      signal.throwIfAborted()
      if (!(error instanceof NoisemillError)) throw error
      return { kind, name, time: null, failure: error.message, result }
    }
    const time = performance.now() - started
    fastest = Math.min(fastest, time)
    total += time
  }
  return { kind, name, time: fastest, failure: null, result }
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
  const [loop, slowest, well] = [
    Math.min(...timesOf('loop')),
    Math.max(...timesOf('badly')),
    Math.min(...timesOf('well')),
  ]
  const badly = slowest === Infinity ? null : slowest
  const over = (time: number) => (badly === null ? null : badly / time)
  return { loop, badly, well, loss: over(Math.min(loop, well)), cure: over(well) }
}

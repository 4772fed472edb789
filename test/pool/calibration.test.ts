/** The option `calibrate`: items that are measured alone, and the plain loop that is predicted from them. */

import { describe, expect, test } from 'vitest'
import { noiseTask, type RunOptions, type RunReport } from '../../dist/index.js'
import type { ChunkDetails } from '../../dist-lib/backends/chunk-details.js'
import { Histogram } from '../../dist-lib/backends/histogram.js'
import { Calibration } from '../../dist-lib/pool/calibration.js'
import { describeThreads, testPool } from '../support/pools.js'
import { numbers } from '../support/sources.js'
import { calls, timed } from '../support/tasks.js'
import { inTime } from '../support/waiting.js'

function detailsOf(times: readonly number[], takenBack = 0): ChunkDetails {
  const histogram = new Histogram()
  for (const time of times) histogram.add(time)
  return { queued: null, posting: null, takenBack, times: [histogram.take()], shares: null, bytes: null }
}

const GIANT = 1000

/**
 * Plays a run on two threads, in which items take longer by a factor while others are in progress. Returns what is
 * predicted, and the time of a plain loop.
 *
 * @param alone times of the items when they are alone
 */
function play(alone: readonly number[], factor: number) {
  const calibration = new Calibration(Infinity)
  const all = new Histogram()
  let next = 0
  let largest = 0
  while (next < alone.length) {
    const { isAlone, isRunning, size } = calibration
    const items = alone.slice(next, next + (isRunning ? size : 20))
    // A giant is alone for most of its time anyway, because the other threads have nothing left to do.
    const times = isAlone ? items : items.map((time) => (time > GIANT ? time : factor * time))
    next += items.length
    if (isRunning) largest = Math.max(largest, items.length)
    for (const time of times) all.add(time)
    calibration.returned(items.length, detailsOf(times), isAlone)
  }
  return { ...calibration.figures(all), loop: alone.reduce((sum, time) => sum + time, 0), largest }
}

describe('the plain loop is predicted within a fifth', () => {
  test.each([
    ['items of 4 ms', Array(500).fill(4)],
    ['items of 4 us', Array(500_000).fill(0.004)],
    ['items of two sorts', Array.from({ length: 4000 }, (_, i) => (i % 10 === 3 ? 4 : 0.4))],
    ['items that become longer', Array.from({ length: 2000 }, (_, i) => 0.5 + i / 2000)],
    ['items with a giant', Array.from({ length: 1000 }, (_, i) => (i === 900 ? 3000 : 1))],
  ])('%s', (_, alone) => {
    for (const factor of [1, 1.4, 2]) {
      const { plainLoop, loop } = play(alone, factor)
      expect(plainLoop).toBeGreaterThan(0.8 * loop)
      expect(plainLoop).toBeLessThan(1.2 * loop)
    }
  })
})

test('chunks of a calibration are so short that pools do not divide them', () => {
  expect(play(Array(500).fill(4), 1).largest).toBe(1)
  const { largest } = play(Array(500_000).fill(0.004), 1)
  expect(largest).toBeGreaterThan(100)
  expect(largest).toBeLessThanOrEqual(500)
})

test('items that were taken back do not count as alone', () => {
  const calibration = new Calibration(Infinity)
  while (!calibration.isAlone) calibration.returned(1, detailsOf([20]), false)
  calibration.returned(1, detailsOf([500], 1), true)
  expect(calibration.figures(new Histogram()).items).toBe(0)
  calibration.returned(1, detailsOf([10]), true)
  expect(calibration.figures(new Histogram())).toMatchObject({ items: 1, item: 10 })
})

test('a chunk that was sent before does not count as alone', () => {
  const calibration = new Calibration(Infinity)
  while (!calibration.isAlone) calibration.returned(1, detailsOf([20]), false)
  calibration.returned(1, detailsOf([20]), false)
  expect(calibration.figures(new Histogram()).items).toBe(0)
})

describeThreads('a run that is calibrated [%s]', (backend) => {
  const options: readonly RunOptions[] = [{}, { chunkSize: 100 }, { concurrency: 4 }, { retries: 1 }]

  test.each(options)('gives the same results, with %o', async (option) => {
    let report: RunReport | undefined
    const onReport = (given: RunReport) => {
      report = given
    }
    const values = await testPool({ backend }).map(calls('double'), numbers(3000), {
      ...option,
      calibrate: true,
      onReport,
    })
    expect(values).toEqual(numbers(3000).map((value) => 2 * value))
    expect(report!.items).toMatchObject({ done: 3000, failed: 0, unfinished: 0 })
    expect(report!.calibration).not.toBeNull()
  })

  test('measures items of which no other was in progress', async () => {
    const pool = testPool({ backend })
    // What takes a busy machine's CPUs from some of the items changes what is predicted from them. Then again, with more.
    await inTime(150, async (count) => {
      const inProgress = new Int32Array(new SharedArrayBuffer(4))
      const items = Array.from({ length: count }, () => ({ milliseconds: 4, inProgress }))
      let report: RunReport | undefined
      const onReport = (given: RunReport) => {
        report = given
      }
      const met = await pool.map(timed('meet'), items, { calibrate: true, onReport })
      const { items: measured, item, plainLoop, milliseconds } = report!.calibration!
      if (measured < 4) return undefined
      expect(met.filter((others) => others === 1).length).toBeGreaterThanOrEqual(measured)
      expect(item).toBeGreaterThanOrEqual(4)
      expect(plainLoop).toBeLessThanOrEqual(report!.itemTimes.total!)
      expect(milliseconds).toBeLessThanOrEqual(report!.milliseconds)
      return plainLoop! >= 0.9 * count * 4 || undefined
    })
  })

  test('says nothing of a run that is too short', async () => {
    const pool = testPool({ backend })
    // It is not too short where one of its items had to wait for a CPU.
    const { calibration } = await inTime(1, async () => {
      let report: RunReport | undefined
      const onReport = (given: RunReport) => {
        report = given
      }
      expect(await pool.map(calls('double'), numbers(3), { calibrate: true, onReport })).toEqual([0, 2, 4])
      return report!.itemTimes.total! < 50 ? report : undefined
    })
    expect(calibration).toEqual({ milliseconds: 0, items: 0, item: null, plainLoop: null })
  })

  test('has no calibration without the option', () =>
    testPool({ backend }).map(calls('double'), numbers(3), {
      onReport: ({ calibration }) => expect(calibration).toBeNull(),
    }))
})

test('the option is refused where it has no meaning', async () => {
  const pool = testPool()
  await expect(pool.map(calls('double'), [1], { calibrate: 1 as never })).rejects.toMatchObject({
    code: 'E_OPTION_INVALID',
    option: 'calibrate',
  })
  await expect(pool.map(noiseTask({ out: 'noisy', snr: 10 }), [], { calibrate: true })).rejects.toMatchObject({
    code: 'E_OPTION_INVALID',
    option: 'calibrate',
  })
})

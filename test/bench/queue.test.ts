import { mkdirSync, rmSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { outputsIn } from '../../bench/harness/outputs.js'
import { ROOT } from '../../bench/harness/paths.js'
import { Scratch } from '../../bench/harness/scratch.js'
import { speech, writeSounds } from '../../bench/harness/sounds.js'
import { runTrial } from '../../bench/harness/trial.js'
import type { Place } from '../../bench/harness/workload.js'
import { checkTable, costTable, flatteningSentences, modelTable } from '../../bench/report/queue.js'
import { flatteningOf, type QueueCosts, queueModels, simulate } from '../../bench/report/queue-model.js'
import { contenderTable } from '../../bench/report/tables.js'
import { queue } from '../../bench/workloads/queue.js'
import { sharedFolder } from '../support/folders.js'
import { hasRedis } from '../support/redis.js'
import { record, row, workload } from './records.js'

describe('a trial', () => {
  const parent = path.join(sharedFolder(), "folder with 'quotes' and spaces")
  const FILES = 30
  const [{ contenders }] = queue
  const digests = new Set<string | undefined>()
  let place: Place

  beforeAll(() => {
    mkdirSync(parent)
    const scratch = new Scratch(0, parent)
    place = { scratch, size: 'short', inputs: scratch.inputs, out: scratch.out, build: ROOT }
    writeSounds(path.join(place.inputs, 'sounds'), FILES, speech(0.05))
    writeSounds(path.join(place.inputs, 'tiny'), 3, speech(0.01))
  })
  afterAll(() => place.scratch[Symbol.dispose]())
  beforeEach(() => rmSync(place.out, { recursive: true, force: true }))

  test.skipIf(!hasRedis).each(['native', 'workers-2'])(
    '%s writes the same files as the others (needs redis-server)',
    async (name) => {
      const contender = contenders('full').find((one) => one.name === name)!
      const verify = async ({ out }: Place) => outputsIn(out, FILES)
      const trial = await runTrial({ verify }, contender, place, { signal: new AbortController().signal })
      digests.add(trial.digest)
      expect(digests.size).toBe(1)
      expect(trial.value).toBeGreaterThan(0)
      expect(trial.figures).toMatchObject({ fileBytes: 1644 })
      const figures = trial.figures as Record<string, number>
      expect(figures.filesPerSecond).toBeCloseTo(FILES / trial.value)
      expect(figures.tripMs).toBeGreaterThan(0)
      if (name === 'native') return expect(figures).not.toHaveProperty('redisMegabytes')
      expect(figures.redisMegabytes).toBeGreaterThan(0.5)
      expect(figures.tripRedisUs).toBeGreaterThan(0)
    },
  )
})

const costs: QueueCosts = {
  file: { producer: 40, redis: 5, workers: 100 },
  message: { producer: 1000, redis: 500, workers: 2000 },
  files: 1000,
  bytes: 30_000,
}

describe('the model', () => {
  const alone = 1e9 / (2000 + 100 * 1000)

  test('has as many files a second as the only worker does', () => {
    expect(simulate(costs, 1) / alone).toBeCloseTo(1, 1)
  })

  test('grows with workers until the producer is busy, and never beyond', () => {
    const most = 1e9 / (1000 + 40 * 1000)
    const rates = [1, 2, 4, 10, 100, 1000].map((workers) => simulate(costs, workers))
    expect(rates[1] / rates[0]).toBeCloseTo(2, 0)
    for (const rate of rates) expect(rate).toBeLessThan(1.05 * most)
    for (const rate of rates.slice(3)) expect(rate / most).toBeCloseTo(1, 1)
    expect(flatteningOf(costs)).toMatchObject({ party: 'producer', workers: expect.closeTo(102 / 41) })
  })

  test('is limited by a slow file system', () => {
    expect(simulate(costs, 1000, 3e6)).toBeCloseTo(100, -1)
    expect(flatteningOf(costs, 3e6)).toMatchObject({ party: 'files', filesPerSecond: expect.closeTo(100) })
  })

  test('is limited by Redis, if that is the slowest', () => {
    const slow = { ...costs, file: { ...costs.file, redis: 90 } }
    expect(flatteningOf(slow).party).toBe('redis')
    expect(simulate(slow, 100) / (1e9 / 90_500)).toBeCloseTo(1, 1)
  })
})

const figures = (filesPerSecond: number, workers: number) => ({
  ...{ filesPerSecond, messages: 10, fileBytes: 15_000, tripMs: 3 },
  ...{ fileProducerUs: 50, fileProducerThreadUs: 40, fileWorkersUs: workers, fileRedisUs: 5 },
  ...{ tripProducerUs: 1500, tripProducerThreadUs: 1000, tripWorkersUs: 2000, tripRedisUs: 500 },
})
const rows = (workers: number, files: number) =>
  [1, 2, 4].map((count) => row(`workers-${count}`, [2], { trial: { figures: figures(files / 2, workers) } }))

describe('the report', () => {
  const made = record([workload('queue-short', rows(100, 10_000)), workload('queue-long', rows(40_000, 50))])
  const models = queueModels(made)

  test('has inputs of the model from one worker', () => {
    const [short, long] = models.map((model) => model.costs)
    expect(short).toEqual({
      file: { producer: 39, redis: 4.5, workers: 98 },
      message: { producer: 1000, redis: 500, workers: 2000 },
      files: 2000,
      bytes: 30_000,
    })
    expect(long).toEqual({ ...short, file: { ...short.file, workers: 39_600 }, files: 7 })
  })

  test('compares the model with what was measured, on the cores of the machine', () => {
    const modelled = models[0].checks.map((check) => check.modelled)
    expect(modelled[0] / 10_000).toBeCloseTo(1, 1)
    expect(modelled[2]).toBeCloseTo(2e6 / (50 + 5 + 100), 0)
    expect(checkTable(models).rows[0]).toEqual(['short files', '1', '5,000', expect.any(String), expect.any(String)])
  })

  test('says what flattens first', () => {
    const sentences = flatteningSentences(models)
    expect(sentences[0]).toBe(
      "Short files: the producer's JS thread is the limit from 2.5 workers on, at 25,000 files a second. It takes 399 producers to keep 1,000 workers busy.",
    )
    expect(sentences.filter((text) => text.includes('measured run'))).toEqual([
      expect.stringMatching(/^Long files: the producer would be the limit from 1,?000 workers on /),
    ])
    expect(sentences.at(-1)).toMatch(/^Long files: a file system of 0.1 GB\/s is the limit from /)
    expect(modelTable(models[0]).rows.map(([workers]) => workers)).toEqual(expect.arrayContaining(['1', '1,000']))
  })

  test('has a table of costs, which the table of times leaves out', () => {
    const [short] = made.workloads
    expect(costTable(short)!.rows[0]).toEqual([
      ...['workers-1', '155', '100 %', '50.0', '40.0', '100', '5.00'],
      ...['1500', '1000', '2000', '500', '3.00'],
    ])
    expect(contenderTable(short, made).head).not.toContain('trip ms')
    expect(contenderTable(short, made).head).toContain('messages')
    expect(costTable(workload('talk', []))).toBeUndefined()
  })

  test('has no model without the figures', () => {
    expect(queueModels(record([workload('queue-short', [row('workers-1', [1])])]))).toEqual([])
    expect(queueModels(record([]))).toEqual([])
  })
})

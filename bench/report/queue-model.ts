/** A model of a queue with 1 to 1,000 workers, from what few of them were measured to use. */

import type { BenchRecord, Row, WorkloadRecord } from '../harness/record.js'
import { medianOf, reportedFigure, rowNamed, workloadNamed } from './figures.js'

/** Who works on a message. */
export const parties = ['producer', 'redis', 'files', 'workers'] as const
export type Party = (typeof parties)[number]

/** CPU time in microseconds; for the producer, that of its JS thread, which does everything there. */
export interface Cost {
  readonly producer: number
  readonly redis: number
  readonly workers: number
}

/** What files cost. */
export interface QueueCosts {
  readonly file: Cost
  /** What a message costs beside its files. */
  readonly message: Cost
  /** Files in a message. */
  readonly files: number
  /** Bytes that are read and written for a file. */
  readonly bytes: number
}

/** What the producer aims at (`chunkLimits` in lib/remote/producer.ts), and most files in a message. */
const MESSAGE = { microseconds: 300_000, files: 2000 } as const
/** Messages that are in Redis at a time for each thread, and the numbers of threads that `size` may say. */
const WINDOW = { each: 2, least: 16, most: 1024 } as const

/** Microseconds that each party takes for a message. Only one message at a time is with a party, except for the workers. */
function timesOf({ file, message, files, bytes }: QueueCosts, bandwidth: number): Readonly<Record<Party, number>> {
  const of = (party: keyof Cost) => message[party] + files * file[party]
  return {
    producer: of('producer'),
    redis: of('redis'),
    workers: of('workers'),
    files: (1e6 * files * bytes) / bandwidth,
  }
}

/**
 * Simulates messages that go from the producer through Redis to the first free worker, whose bytes a
 * shared file system moves one message after the other. The producer sends a message when fewer than
 * the window are on their way. Each time is drawn evenly from half to one and a half of its mean.
 *
 * @param workers number of workers, each with a core of its own
 * @param bandwidth bytes a second of the file system; infinite if each worker has its own way to the files
 * @returns files a second
 */
export function simulate(costs: QueueCosts, workers: number, bandwidth = Number.POSITIVE_INFINITY): number {
  const times = timesOf(costs, bandwidth)
  const window = WINDOW.each * Math.min(WINDOW.most, Math.max(WINDOW.least, workers))
  const messages = 20 * window
  const random = randomFactors()
  /** When each party, each worker and each place in the window is free again. */
  const free = { producer: 0, redis: 0, files: 0 }
  const workerFree = new Earliest(workers)
  const placeFree = new Earliest(window)
  let end = 0
  for (let i = 0; i < messages; i++) {
    let time = placeFree.time
    for (const party of ['producer', 'redis', 'files'] as const) {
      time = Math.max(time, free[party]) + times[party] * random()
      free[party] = time
    }
    time = Math.max(time, workerFree.time) + times.workers * random()
    workerFree.replace(time)
    placeFree.replace(time)
    end = Math.max(end, time)
  }
  return (1e6 * messages * costs.files) / end
}

/** Times of which the earliest is known: a binary heap. */
class Earliest {
  readonly #times: Float64Array

  /** @param count number of times, which are 0 at first */
  constructor(count: number) {
    this.#times = new Float64Array(count)
  }

  get time(): number {
    return this.#times[0]
  }

  /** Replaces the earliest time by a later one. */
  replace(time: number): void {
    const times = this.#times
    let at = 0
    for (;;) {
      let next = 2 * at + 1
      if (next + 1 < times.length && times[next + 1] < times[next]) next++
      if (next >= times.length || times[next] >= time) break
      times[at] = times[next]
      at = next
    }
    times[at] = time
  }
}

/** Numbers from 0.5 to 1.5, always the same ones: the generator of Park and Miller. */
function randomFactors(): () => number {
  let state = 1
  return () => {
    state = (48_271 * state) % 2_147_483_647
    return 0.5 + state / 2_147_483_647
  }
}

/** Whose time the number of workers cannot shorten, and from how many workers on it is the limit. */
export function flatteningOf(costs: QueueCosts, bandwidth = Number.POSITIVE_INFINITY) {
  const times = timesOf(costs, bandwidth)
  const party = parties.reduce((most, one) => (one !== 'workers' && times[one] > times[most] ? one : most), 'producer')
  return { party, workers: times.workers / times[party], filesPerSecond: (1e6 * costs.files) / times[party] }
}

export interface QueueModel {
  readonly workload: WorkloadRecord
  readonly costs: QueueCosts
  /**
   * From how many workers on the producer is the limit if a file costs as much as in the measured run, whose programs had
   * just started and whose messages were small.
   */
  readonly measuredLimit: number
  /** Files a second of the fastest round on one machine, and what the model says, which has no other programs. */
  readonly checks: readonly { readonly workers: number; readonly measured: number; readonly modelled: number }[]
}

export const SHORT = 'queue-short'
export const LONG = 'queue-long'
const WORKERS = [1, 2, 4]

/**
 * Models of short and of long files. What a file and a message cost the producer and Redis comes from
 * short files, because long ones are too few for their programs to become warm.
 */
export function queueModels(record: BenchRecord): QueueModel[] {
  const short = workloadNamed(record, SHORT)
  const row = short && rowNamed(short, 'workers-1')
  const of = row && costsOf(row)
  if (!short || !of) return []
  const long = workloadNamed(record, LONG)
  const longRow = long && rowNamed(long, 'workers-1')
  const longOf = longRow && longCosts(longRow, of)
  return [
    modelOf(short, row, of, record.machine.cores),
    ...(longOf ? [modelOf(long, longRow, longOf, record.machine.cores)] : []),
  ]
}

/** Undefined if the row lacks a figure. */
function costsOf(row: Row): QueueCosts | undefined {
  const figure = (name: string) => reportedFigure(row, name) ?? Number.NaN
  const message = costOf('trip', figure)
  const all = costOf('file', figure)
  const files = (figure('filesPerSecond') * medianOf(row)) / figure('messages')
  const without = (party: keyof Cost) => Math.max(0, all[party] - message[party] / files)
  const file = { producer: without('producer'), redis: without('redis'), workers: without('workers') }
  const costs = { file, message, files: filesOf(all.workers), bytes: 2 * figure('fileBytes') }
  const known = [...Object.values(file), ...Object.values(message), costs.files, costs.bytes]
  return known.every(Number.isFinite) ? costs : undefined
}

const costOf = (prefix: string, figure: (name: string) => number): Cost => ({
  producer: figure(`${prefix}ProducerThreadUs`),
  redis: figure(`${prefix}RedisUs`),
  workers: figure(`${prefix}WorkersUs`),
})

const filesOf = (microseconds: number): number =>
  Math.max(1, Math.min(MESSAGE.files, Math.floor(MESSAGE.microseconds / microseconds)))

function longCosts(row: Row, { file, message }: QueueCosts): QueueCosts | undefined {
  const own = costsOf(row)
  if (!own) return undefined
  return { ...own, message, file: { ...file, workers: own.file.workers } }
}

/** On one machine, all parties share its cores, also the threads of the producer beside its JS thread. */
function modelOf(workload: WorkloadRecord, row: Row, costs: QueueCosts, cores: number): QueueModel {
  const most = (1e6 * cores) / fileCpu(row)
  const checks = WORKERS.flatMap((workers) => {
    const rates = rowNamed(workload, `workers-${workers}`)?.trials.map(({ figures }) => Number(figures?.filesPerSecond))
    const measured = Math.max(...(rates ?? []))
    return measured > 0 ? [{ workers, measured, modelled: Math.min(simulate(costs, workers), most) }] : []
  })
  const figure = (name: string) => reportedFigure(row, name) ?? Number.NaN
  return { workload, costs, measuredLimit: figure('fileWorkersUs') / figure('fileProducerThreadUs'), checks }
}

/** CPU time of a file at all parties in microseconds. */
export const fileCpu = (row: Row): number =>
  ['fileProducerUs', 'fileWorkersUs', 'fileRedisUs'].reduce((sum, name) => sum + (reportedFigure(row, name) ?? 0), 0)

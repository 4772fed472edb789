/** Tables and sentences about a queue: what a file and a message cost, and the model of more workers. */

import type { Row, WorkloadRecord } from '../harness/record.js'
import { showCount, showNumber } from '../harness/text.js'
import { reportedFigure, rowsOf } from './figures.js'
import { COSTS } from './queue-costs.js'
import { flatteningOf, LONG, type Party, type QueueModel, SHORT, simulate } from './queue-model.js'
import { capital, listed, showFactor, showPercent } from './show.js'
import type { Table } from './tables.js'

/** CPU time in microseconds of a file and of a message with one tiny file. Undefined for other workloads. */
export function costTable(workload: WorkloadRecord): Table | undefined {
  if (![SHORT, LONG].includes(workload.name)) return undefined
  const cell = (row: Row, name: string) => {
    const value = reportedFigure(row, name)
    return value === undefined ? '' : showNumber(value)
  }
  const names = Object.keys(COSTS)
  return {
    head: ['CPU time, µs', ...Object.values(COSTS)],
    rows: rowsOf(workload).map((row) => [row.label, ...names.map((name) => cell(row, name))]),
  }
}

/** Bandwidths of shared file systems in bytes a second, with their names. */
export const FILE_SYSTEMS: readonly (readonly [bandwidth: number, label: string])[] = [
  [Number.POSITIVE_INFINITY, 'no limit of the file system'],
  [10e9, 'file system of 10 GB/s'],
  [1e9, 'file system of 1 GB/s'],
]

export const MODEL_WORKERS = [1, 2, 4, 10, 30, 100, 300, 1000]

const rate = (value: number) => showCount(Number(value.toPrecision(2)))
const kindOf = ({ workload }: QueueModel) => (workload.name === SHORT ? 'short' : 'long')

/** Files a second by the model. */
export function modelTable(models: readonly QueueModel[]): Table {
  return {
    head: [
      'workers',
      ...models.flatMap((model) => FILE_SYSTEMS.map(([, label]) => `${kindOf(model)} files, ${label}`)),
    ],
    rows: MODEL_WORKERS.map((workers) => [
      showCount(workers),
      ...models.flatMap(({ costs }) => FILE_SYSTEMS.map(([bandwidth]) => rate(simulate(costs, workers, bandwidth)))),
    ]),
  }
}

/** The model beside what was measured on one machine. */
export const checkTable = (models: readonly QueueModel[]): Table => ({
  head: ['on one machine', 'workers', 'measured, files a second', 'model', 'the model is off by'],
  rows: models.flatMap((model) =>
    model.checks.map(({ workers, measured, modelled }) => [
      `${kindOf(model)} files`,
      String(workers),
      rate(measured),
      rate(modelled),
      `${modelled < measured ? '-' : '+'}${showPercent(Math.abs(modelled / measured - 1))}`,
    ]),
  ),
})

/** What the model is made of, in microseconds. */
export const inputTable = (models: readonly QueueModel[]): Table => ({
  head: ['CPU time, µs', 'producer, JS thread', 'Redis', 'worker', 'files in a message', 'MB read and written'],
  rows: models.flatMap((model) => {
    const { file, message, files, bytes } = model.costs
    const cells = (cost: typeof file) => [cost.producer, cost.redis, cost.workers].map((value) => showNumber(value))
    return [
      [`a ${kindOf(model)} file`, ...cells(file), String(files), showNumber(bytes / 1e6)],
      [`a message of ${kindOf(model)} files`, ...cells(message), '', ''],
    ]
  }),
})

const PARTIES: Readonly<Record<Party, string>> = {
  producer: "the producer's JS thread",
  redis: 'Redis',
  files: 'the file system',
  workers: 'the workers',
}

/** What flattens first, for each kind of files and each file system. */
export function flatteningSentences(models: readonly QueueModel[]): string[] {
  return models.map((model) => {
    const parts = FILE_SYSTEMS.map(([bandwidth, label]) => {
      const { party, workers, filesPerSecond } = flatteningOf(model.costs, bandwidth)
      const count = workers < 1 ? 'with the first worker' : `from about ${showFactor(workers)} workers on`
      return `with ${label === FILE_SYSTEMS[0][1] ? label : `a ${label}`}, ${PARTIES[party]} is the limit ${count} (${rate(filesPerSecond)} files a second)`
    })
    return `${capital(kindOf(model))} files: ${listed(parts)}.`
  })
}

/** Tables and sentences about a queue: what a file and a message cost, and the model of more workers. */

import type { Row, WorkloadRecord } from '../harness/record.js'
import { showCount, showNumber } from '../harness/text.js'
import { referenceOf, reportedFigure, rowsOf } from './figures.js'
import { COSTS } from './queue-costs.js'
import { fileCpu, flatteningOf, LONG, type Party, type QueueModel, SHORT, simulate } from './queue-model.js'
import { capital, showFactor, showPercent } from './show.js'
import type { Table } from './tables.js'

/**
 * CPU time in microseconds of a file and of a message with one tiny file, and of all parties together
 * beside the reference: what the throughput would be beside it on cores that are always busy.
 * Undefined for other workloads.
 */
export function costTable(workload: WorkloadRecord): Table | undefined {
  if (![SHORT, LONG].includes(workload.name)) return undefined
  const cell = (row: Row, name: string) => {
    const value = reportedFigure(row, name)
    return value === undefined ? '' : showNumber(value)
  }
  const names = Object.keys(COSTS)
  const reference = referenceOf(workload)
  return {
    head: ['CPU time, µs', 'a file: all', 'share of native', ...Object.values(COSTS)],
    rows: rowsOf(workload).map((row) => {
      const all = fileCpu(row)
      const share = reference && showPercent(fileCpu(reference) / all)
      return [
        row.label,
        ...(all > 0 ? [showNumber(all), share ?? ''] : ['', '']),
        ...names.map((name) => cell(row, name)),
      ]
    }),
  }
}

/** Bandwidths of shared file systems in bytes a second, with their names. */
export const FILE_SYSTEMS: readonly (readonly [bandwidth: number, label: string])[] = [
  [Number.POSITIVE_INFINITY, 'no limit of the file system'],
  [10e9, 'file system of 10 GB/s'],
  [1e9, 'file system of 1 GB/s'],
  [1e8, 'file system of 0.1 GB/s'],
]

const MOST_WORKERS = 1000
export const MODEL_WORKERS = [1, 2, 4, 10, 30, 100, 300, MOST_WORKERS]

const rate = (value: number) => showCount(Number(value.toPrecision(2)))
const kindOf = ({ workload }: Pick<QueueModel, 'workload'>) => (workload.name === SHORT ? 'short' : 'long')

/** Files a second by the model. */
export const modelTable = (model: QueueModel): Table => ({
  head: [`workers, ${kindOf(model)} files`, ...FILE_SYSTEMS.map(([, label]) => label)],
  rows: MODEL_WORKERS.map((workers) => [
    showCount(workers),
    ...FILE_SYSTEMS.map(([bandwidth]) => rate(simulate(model.costs, workers, bandwidth))),
  ]),
})

/** The model beside what was measured on one machine. */
export const checkTable = (models: readonly QueueModel[]): Table => ({
  head: ['on one machine', 'workers', 'fastest round, files a second', 'model', 'the model is off by'],
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

const PARTIES: Readonly<Record<Exclude<Party, 'files'>, string>> = {
  producer: "the producer's JS thread",
  redis: 'Redis',
  workers: 'the workers',
}

/** What flattens first, for each kind of files and each file system. */
export const flatteningSentences = (models: readonly QueueModel[]): string[] =>
  models.flatMap((model) => {
    const [first, ...others] = new Set(FILE_SYSTEMS.map(([bandwidth]) => flatteningSentence(model, bandwidth)))
    return [first, ...(model.workload.name === LONG ? [measuredSentence(model)] : []), ...others]
  })

/** The model takes costs of the producer from short files, so this says what they were with long ones. */
const measuredSentence = ({ measuredLimit }: QueueModel): string =>
  `Long files: the producer would be the limit from ${showFactor(measuredLimit)} workers on with what it used in the measured run, which was too short to warm it up and had one file in each message.`

function flatteningSentence({ workload, costs }: QueueModel, bandwidth: number): string {
  const { party, workers, filesPerSecond } = flatteningOf(costs, bandwidth)
  const from = workers < 1 ? 'with the first worker' : `from ${showFactor(workers)} workers on`
  const who = party === 'files' ? labelOf(bandwidth) : PARTIES[party]
  const flat = `${capital(kindOf({ workload }))} files: ${who} is the limit ${from}, at ${rate(filesPerSecond)} files a second.`
  if (party !== 'producer') return flat
  return `${flat} It takes ${showCount(Math.ceil(MOST_WORKERS / workers))} producers to keep ${showCount(MOST_WORKERS)} workers busy.`
}

const labelOf = (bandwidth: number) => `a ${FILE_SYSTEMS.find(([one]) => one === bandwidth)![1]}`

/** Tables of docs/benchmarks.md from a record. */

import { plural } from '../../dist-lib/show.js'
import type { BenchRecord, WorkloadRecord } from '../harness/record.js'
import { referenceOf, rowsOf, workloadNamed } from './figures.js'
import { distancesOf, distanceTable } from './limits.js'
import { pitfallTable } from './pitfalls.js'
import { checkTable, costTable, flatteningSentences, inputTable, modelTable } from './queue.js'
import { queueModels } from './queue-model.js'
import { adviceOf, crossoverSentence, modelledCurves, modelSentence } from './sentences.js'
import { unitText } from './show.js'
import { contenderTable, labelOf, lacksOf, type Table } from './tables.js'

export const markdownTable = ({ head, rows }: Table): string => {
  const line = (cells: readonly string[]) =>
    `| ${cells.map(escapeCell).join(' | ')} |\n`.replaceAll(/\| {2}(?=\|)/g, '| ')
  return [line(head), `|${head.map(() => '---|').join('')}\n`, ...rows.map(line)].join('')
}

const escapeCell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ')

/** The machine of a record, and when it was made. */
export function madeOn({ machine, started, noisemill }: BenchRecord): string {
  const { cpu, cores, versions } = machine
  return `${cpu}, ${cores} cores, Node ${versions.node}, noisemill ${noisemill.version}, ${started.slice(0, 10)}`
}

/** A workload as a paragraph and a table. */
function workloadMarkdown(workload: WorkloadRecord, record: BenchRecord): string {
  const reference = referenceOf(workload)
  const rounds = plural(Math.max(0, ...rowsOf(workload).map(({ trials }) => trials.length)), 'round')
  const compared = reference === undefined ? '' : `; ratio to "${labelOf(reference)}"`
  const caption = `${workload.work}. In ${unitText(workload.unit)}; ${rounds}${compared}. ${madeOn(record)}.`
  const lacks = lacksOf(workload).map((text) => `\n${text}\n`)
  return `${caption}\n\n${markdownTable(contenderTable(workload, record))}${lacks.join('')}`
}

/** What all figures come to: which way when, where curves cross, and the model. */
function summary(record: BenchRecord): string {
  const model = modelledCurves(record).map(({ curve, model }) => modelSentence(curve.label, model))
  const sentences = [
    ...adviceOf(record).map(({ text }) => text),
    ...CURVED.map((name) => {
      const workload = workloadNamed(record, name)
      return workload && crossoverSentence(workload)
    }),
    ...model.map((text) => text && `${text} This is a model, not a measurement.`),
  ]
  const lines = sentences.filter((text) => text !== undefined).map((text) => `- ${text}\n`)
  return `${lines.join('')}\n${madeOn(record)}.\n`
}

/** Workloads whose curves may cross. */
const CURVED = ['lengths', 'counts', 'channels']

/** What a file and a message cost in a workload. */
function costs(workload: WorkloadRecord): string {
  const table = costTable(workload)
  return table ? markdownTable(table) : ''
}

/** The model of a queue, what it is made of, and how far it is off. */
function queueModel(record: BenchRecord): string {
  const models = queueModels(record)
  const sentences = flatteningSentences(models).map((text) => `- ${text}\n`)
  const tables = [...models.map(modelTable), checkTable(models), inputTable(models)].map(markdownTable)
  return `${sentences.join('')}\n${tables.join('\n')}\n${madeOn(record)}.\n`
}

/** Tables of a record that was made of the workloads on queues alone, by the name that documents have them under. */
export const queueTables = (record: BenchRecord): Record<string, () => string> => ({
  ...Object.fromEntries(
    record.workloads.flatMap((workload) => [
      [`benchmark ${workload.name}`, () => workloadMarkdown(workload, record)],
      [`costs of ${workload.name}`, () => costs(workload)],
    ]),
  ),
  'model of a queue': () => queueModel(record),
})

/** Tables by the name that documents have them under. */
export const recordTables = (record: BenchRecord): Record<string, () => string> => ({
  'benchmark summary': () => summary(record),
  'benchmark pitfalls': () => markdownTable(pitfallTable(record)),
  'benchmark limits': () => markdownTable(distanceTable(distancesOf(record))),
  ...Object.fromEntries(
    record.workloads.map((workload) => [`benchmark ${workload.name}`, () => workloadMarkdown(workload, record)]),
  ),
})

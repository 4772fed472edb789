/** Tables of docs/benchmarks.md from a record. */

import { plural } from '../../dist-lib/show.js'
import type { BenchRecord, WorkloadRecord } from '../harness/record.js'
import { referenceOf, rowsOf } from './figures.js'
import { unitText } from './show.js'
import { contenderTable, labelOf, lacksOf, type Table } from './tables.js'

export const markdownTable = ({ head, rows }: Table): string => {
  const line = (cells: readonly string[]) => `| ${cells.map(escapeCell).join(' | ')} |\n`.replaceAll('|  |', '| |')
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

/** Tables by the name that documents have them under. */
export const recordTables = (record: BenchRecord): Record<string, () => string> =>
  Object.fromEntries(
    record.workloads.map((workload) => [`benchmark ${workload.name}`, () => workloadMarkdown(workload, record)]),
  )

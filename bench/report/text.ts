/** A record as plain text, for a terminal. */

import { showText } from '../../dist-lib/show.js'
import { loadWarnings } from '../harness/load.js'
import type { BenchRecord, WorkloadRecord } from '../harness/record.js'
import { textTable } from '../harness/text.js'
import { referenceOf, rowsOf } from './figures.js'
import { costTable } from './queue.js'
import { recordWarnings } from './sentences.js'
import { contenderTable, labelOf, lacksOf } from './tables.js'

/** The tables of all workloads, and what a reader must know of the run. */
export const recordLines = (record: BenchRecord): string[] =>
  [
    ...record.workloads.flatMap((workload) => ['', ...workloadLines(workload, record)]),
    '',
    ...loadWarnings(record),
    ...recordWarnings(record),
  ].map(showText)

function workloadLines(workload: WorkloadRecord, record: BenchRecord): string[] {
  const reference = referenceOf(workload)
  // What libraries say is longer than a line.
  const { head, rows } = contenderTable(workload, record, { hasNotes: false })
  const costs = costTable(workload)
  return [
    workload.title,
    `${workload.question} ${workload.work}. Less is better.`,
    ...lacksOf(workload),
    ...(rowsOf(workload).length === 0 ? [] : textTable(head, rows)),
    ...(rowsOf(workload).length === 0 || !costs ? [] : textTable(costs.head, costs.rows)),
    ...(reference === undefined ? [] : [`The ratio is to: ${labelOf(reference)}`]),
  ]
}

/** The five pitfalls in one table: what each costs with each library, used badly and well. */

import type { BenchRecord, Row, WorkloadRecord } from '../harness/record.js'
import { curvesOf, type Point } from './curves.js'
import { medianOf, ratioOf, reportedFigure, rowNamed, rowsOf, workloadNamed } from './figures.js'
import { showFactor, showValue } from './show.js'
import type { Table } from './tables.js'

/** Workloads of pitfalls, with the column of the table. */
export const PITFALLS = {
  'pitfall-overhead': 'tiny work',
  'pitfall-values': 'a function in an item',
  'pitfall-data': 'samples are sent',
  'pitfall-shared': 'shared work is repeated',
  'pitfall-chunks': 'size of chunks',
} as const

/** Libraries by the first word of the names of their contenders. */
const LIBRARIES = {
  noisemill: 'noisemill',
  python: "Python's Pool",
  piscina: 'Piscina',
  tinypool: 'tinypool',
  poolifier: 'poolifier',
  workerpool: 'workerpool',
} as const

/** Beginnings of the names of a library's curves. */
const CURVES: Readonly<Record<string, string>> = { noisemill: 'noisemill', python: "Python's Pool", piscina: 'Piscina' }

/** What a library was told, or did, when a value could not cross. */
export function fateOf(row: Row): string {
  const is = (name: string) => (reportedFigure(row, name) ?? 0) > 0
  if (is('hung')) return 'hangs'
  if (is('named')) return 'an error that names the item'
  if (is('reported')) return 'an error that does not name the item'
  return is('crossed') ? 'works' : 'wrong result, no error'
}

/** A row for each library and a column for each pitfall that the record has. Undefined if it has none. */
export function pitfallTable(record: BenchRecord): Table | undefined {
  const columns = Object.entries(PITFALLS).flatMap(([name, head]) => {
    const workload = workloadNamed(record, name)
    return workload ? [{ head, workload }] : []
  })
  const rows = Object.entries(LIBRARIES)
    .map(([library, label]) => [label, ...columns.map(({ workload }) => cellOf(workload, library))])
    .filter(([, ...cells]) => cells.some((cell) => cell !== ''))
  if (rows.length === 0) return undefined
  return { head: ['library', ...columns.map(({ head }) => head)], rows }
}

/** '6.3 times as long (1.9 s in place of 0.3 s)'; empty if the record does not have both. */
function cellOf(workload: WorkloadRecord, library: string): string {
  if (workload.name === 'pitfall-values') {
    const row = rowNamed(workload, `${library}-function`)
    return row ? fateOf(row) : ''
  }
  const { badly, well } = workload.name === 'pitfall-chunks' ? extremes(workload, library) : pair(workload, library)
  const ratio = badly && well && ratioOf(badly, well)
  if (!ratio) return ''
  const [bad, good] = [badly, well].map((row) => showValue(medianOf(row), workload.unit))
  return `${showFactor(ratio.value)} times as long (${bad} in place of ${good})`
}

const pair = (workload: WorkloadRecord, library: string) => ({
  badly: rowNamed(workload, `${library}-badly`),
  well: rowNamed(workload, `${library}-well`),
})

/** The worst and the best size of chunks of the library's first curve. */
function extremes(workload: WorkloadRecord, library: string): { badly?: Row | undefined; well?: Row | undefined } {
  const begin = CURVES[library]
  const curve = begin === undefined ? undefined : curvesOf(workload).find(({ label }) => label.startsWith(begin))
  const sorted: readonly Point[] = [...(curve?.points ?? [])].sort((a, b) => b.y - a.y)
  return sorted.length < 2 ? {} : { badly: sorted[0]!.row, well: sorted.at(-1)!.row }
}

/** What each library does with each value that cannot cross, in its own words. */
export function valueTable(workload: WorkloadRecord): Table {
  return {
    head: ['', 'what happens', 'what the program is told'],
    rows: rowsOf(workload).map((row) => [row.label, fateOf(row), row.trials.find(({ note }) => note)?.note ?? '']),
  }
}

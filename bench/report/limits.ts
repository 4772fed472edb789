/** How far noisemill is from what no program can beat. */

import type { BenchRecord, Row, WorkloadRecord } from '../harness/record.js'
import { showNumber } from '../harness/text.js'
import { axisOf } from './axes.js'
import { isOwn, isStart, limitOf, medianOf, ratioOf, rowsOf } from './figures.js'
import { showValue } from './show.js'
import type { Table } from './tables.js'

export interface Distance {
  readonly workload: WorkloadRecord
  /** Title of the workload, and where on its x axis if its limits depend on that. */
  readonly title: string
  /** The fastest of noisemill's rows. */
  readonly own: Row
  /** What limits it: the largest limit, each measured by the fastest program of its kind. */
  readonly limit: Row
  /** What the limit consists of, such as 'bytes moved'. */
  readonly limitedBy: string
  /** How many times as long as the limit noisemill takes. */
  readonly factor: number
}

export const distanceTable = (distances: readonly Distance[]): Table => ({
  head: ['', 'noisemill', 'time', 'limit', 'time', 'times as long', 'what limits it'],
  rows: distances.map(({ workload, title, own, limit, factor, limitedBy }) => [
    title,
    own.label,
    showValue(medianOf(own), workload.unit),
    limit.label,
    showValue(medianOf(limit), workload.unit),
    showNumber(factor),
    limitedBy,
  ]),
})

/** The distances of all workloads that have limits; one for each place on the x axis if limits depend on that. */
export function distancesOf(record: BenchRecord): Distance[] {
  return record.workloads.flatMap((workload) => {
    const rows = rowsOf(workload).filter((row) => !isStart(row))
    const places = new Set(rows.flatMap(({ kind, x }) => (kind === 'limit' && x !== undefined ? [x] : [])))
    if (places.size === 0) return distanceOf(workload, workload.title, rows) ?? []
    return Array.from(places).flatMap((place) => {
      const title = `${workload.title}: ${axisOf(workload.name).show(place)}`
      // A limit without x, such as the start of Node, holds everywhere.
      const there = rows.filter((row) => row.x === place || (row.kind === 'limit' && row.x === undefined))
      return distanceOf(workload, title, there) ?? []
    })
  })
}

function distanceOf(workload: WorkloadRecord, title: string, rows: readonly Row[]): Distance | undefined {
  const own = fastest(rows.filter(isOwn))
  const kinds = new Map<string, Row>()
  for (const row of rows.filter(({ kind }) => kind === 'limit')) {
    const kind = limitOf(row)
    if (kind === undefined) continue
    const other = kinds.get(kind)
    if (!other || medianOf(row) < medianOf(other)) kinds.set(kind, row)
  }
  const [largest] = Array.from(kinds, ([limitedBy, limit]) => ({ limitedBy, limit })).sort(
    (a, b) => medianOf(b.limit) - medianOf(a.limit),
  )
  const ratio = own && largest && ratioOf(own, largest.limit)
  return ratio && { workload, title, own, ...largest, factor: ratio.value }
}

const fastest = (rows: readonly Row[]): Row | undefined => [...rows].sort((a, b) => medianOf(a) - medianOf(b))[0]

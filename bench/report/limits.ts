/** How far noisemill is from what no program can beat. */

import type { BenchRecord, Row, WorkloadRecord } from '../harness/record.js'
import { isOwn, medianOf, ratioOf, rowsOf } from './figures.js'

export interface Distance {
  readonly workload: WorkloadRecord
  /** The fastest of noisemill's rows. */
  readonly own: Row
  /** What limits it: the largest limit, each measured by the fastest program of its kind. */
  readonly limit: Row
  /** What the limit consists of, such as 'bytes moved'. */
  readonly limitedBy: string
  /** How many times as long as the limit noisemill takes. */
  readonly factor: number
}

/** The distances of all workloads that have limits; one for each place on the x axis of curves. */
export function distancesOf(record: BenchRecord): Distance[] {
  return record.workloads.flatMap((workload) => {
    const rows = rowsOf(workload)
    const places = [...new Set(rows.map(({ x }) => x))]
    return places.flatMap((place) => {
      const distance = distanceOf(
        workload,
        // A limit without x, such as the start of Node, holds everywhere.
        rows.filter((row) => row.x === place || (row.kind === 'limit' && row.x === undefined)),
      )
      return distance ? [distance] : []
    })
  })
}

function distanceOf(workload: WorkloadRecord, rows: readonly Row[]): Distance | undefined {
  const own = fastest(rows.filter(isOwn))
  const kinds = new Map<string, Row>()
  for (const row of rows.filter(({ kind }) => kind === 'limit')) {
    const kind = limitOf(row)
    const other = kinds.get(kind)
    if (!other || medianOf(row) < medianOf(other)) kinds.set(kind, row)
  }
  const [largest] = Array.from(kinds, ([limitedBy, limit]) => ({ limitedBy, limit })).sort(
    (a, b) => medianOf(b.limit) - medianOf(a.limit),
  )
  const ratio = own && largest && ratioOf(own, largest.limit)
  return ratio && { workload, own, ...largest, factor: ratio.value }
}

/** What a limit measures; most of them copy files. */
const limitOf = (row: Row & { readonly limit?: string }): string =>
  row.limit ?? (row.name === 'node' ? "Node's start" : 'bytes moved')

const fastest = (rows: readonly Row[]): Row | undefined => [...rows].sort((a, b) => medianOf(a) - medianOf(b))[0]

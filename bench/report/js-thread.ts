/** What the JS thread notices of a batch: latencies of requests, and how many were answered. */

import { type Histogram, histogramFigure } from '../../dist-lib/page/charts.js'
import type { BenchRecord, Row, WorkloadRecord } from '../harness/record.js'
import { showCount } from '../harness/text.js'
import { isOwn, medianOf, reportedFigure, rowNamed, rowsOf } from './figures.js'
import { showValue } from './show.js'
import { commandOf } from './tables.js'

/** Sum over the rounds. Undefined without counts, or where rounds have other edges. */
function histogramOf(row: Row): Histogram | undefined {
  const found = row.trials.flatMap(({ figures }) => {
    const { edges, counts } = figures ?? {}
    return Array.isArray(edges) && Array.isArray(counts) && counts.length === edges.length - 1
      ? [{ edges: edges as readonly number[], counts: counts as readonly number[] }]
      : []
  })
  const [first] = found
  if (!first || found.some(({ edges }) => edges.length !== first.edges.length)) return undefined
  const counts = first.counts.map((_, i) => found.reduce((sum, one) => sum + one.counts[i], 0))
  return { label: row.label, isOwn: isOwn(row), edges: first.edges, counts }
}

export function latencyFigure(workload: WorkloadRecord, record: BenchRecord): string {
  const histograms = rowsOf(workload)
    .map(histogramOf)
    .filter((histogram) => histogram !== undefined)
  if (histograms.length === 0) return ''
  return histogramFigure(
    {
      title: 'Latency of requests',
      unit: 'share of the requests of all rounds',
      note: `Repeat it with: \`${commandOf(workload, record)}\``,
      xLabel: 'milliseconds',
      logX: true,
    },
    histograms,
  )
}

/** The latencies of the slowest and of the fastest way beside those without a batch. Undefined without two ways. */
export function latencySentence(workload: WorkloadRecord): string | undefined {
  const nothing = rowNamed(workload, workload.reference)
  const ways = rowsOf(workload)
    .filter(isOwn)
    .sort((a, b) => medianOf(b) - medianOf(a))
  const [slowest, fastest] = [ways[0], ways.at(-1)]
  if (!slowest || !fastest || slowest === fastest) return undefined
  const time = (row: Row) => showValue(medianOf(row), workload.unit)
  const without = nothing ? `; without a batch, within ${time(nothing)}` : ''
  return `99 % of the requests were answered within ${time(slowest)} (${slowest.label}) to ${time(fastest)} (${fastest.label})${without}.`
}

/** How many requests each way answered in time. Undefined if no way reports it. */
export function servedSentence(workload: WorkloadRecord): string | undefined {
  const rows = rowsOf(workload).flatMap((row) => {
    const [served, sent] = [reportedFigure(row, 'served'), reportedFigure(row, 'sent')]
    return served === undefined || sent === undefined ? [] : [{ row, served, sent }]
  })
  const [first] = rows
  if (!first) return undefined
  const each = rows.map(({ row, served }) => `${row.label}: ${showCount(Math.round(served))}`)
  return `Of ${showCount(first.sent)} requests, these were answered before the time was over. ${each.join('; ')}.`
}

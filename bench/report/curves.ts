/** Curves of a workload: contenders of one series are points of one line. */

import type { Row, WorkloadRecord } from '../harness/record.js'
import { valuesOf } from '../harness/record.js'
import { spread } from '../harness/statistics.js'
import { isOwn, ratioOf, rowsOf, verdictOf } from './figures.js'

export interface Point {
  readonly x: number
  /** Median in the workload's unit. */
  readonly y: number
  readonly spread: readonly [number, number]
  readonly row: Row
}

export interface Curve {
  readonly label: string
  readonly kind: Row['kind']
  readonly isOwn: boolean
  /** In the order of x. */
  readonly points: readonly Point[]
}

export function curvesOf(workload: WorkloadRecord): Curve[] {
  const series = new Map<string, Row[]>()
  for (const row of rowsOf(workload)) {
    if (row.series === undefined || !Number.isFinite(row.x)) continue
    series.set(row.series, [...(series.get(row.series) ?? []), row])
  }
  return Array.from(series, ([label, rows]) => ({
    label,
    kind: rows[0].kind,
    isOwn: isOwn(rows[0]),
    points: rows.map(pointOf).sort((a, b) => a.x - b.x),
  }))
}

function pointOf(row: Row): Point {
  const { minimum, median, maximum } = spread(valuesOf(row))
  return { x: row.x!, y: median, spread: [minimum, maximum], row }
}

/** A part of the x axis on which one curve is the lowest. */
export interface Range {
  readonly label: string
  /** Where it becomes the lowest: a measured x for the first range, else where two curves cross. */
  readonly from: number
  readonly to: number
}

/**
 * Which curve is the lowest where, by the measured points that all curves have. A curve stays the
 * lowest until another one is lower beyond noise. Where the lowest changes between two measured points,
 * both curves are taken as straight lines on logarithmic axes, and their crossing is the border.
 */
export function lowestRanges(curves: readonly Curve[]): Range[] {
  const usable = curves.map(({ label, points }) => ({
    label,
    values: new Map(points.filter(({ x, y }) => x > 0 && y > 0).map((point) => [point.x, point])),
  }))
  const shared = [...(usable[0]?.values.keys() ?? [])].filter((x) => usable.every(({ values }) => values.has(x)))
  const ranges: { label: string; from: number; to: number }[] = []
  for (const [i, x] of shared.entries()) {
    const lowest = usable.reduce((a, b) => (b.values.get(x)!.y < a.values.get(x)!.y ? b : a))
    const last = ranges.at(-1)
    const before = usable.find(({ label }) => label === last?.label)
    if (last && before && !isFaster(lowest.values.get(x)!.row, before.values.get(x)!.row)) {
      last.to = x
      continue
    }
    const border = last && before ? crossing(before.values, lowest.values, shared[i - 1], x) : x
    if (last) last.to = border
    ranges.push({ label: lowest.label, from: border, to: x })
  }
  return ranges
}

function isFaster(one: Row, other: Row): boolean {
  const ratio = ratioOf(one, other)
  return ratio !== undefined && verdictOf(ratio) === 'faster'
}

/** Where two lines on logarithmic axes cross between a and b; a or b if they do not. */
function crossing(one: ReadonlyMap<number, Point>, two: ReadonlyMap<number, Point>, a: number, b: number): number {
  const [atA, atB] = [a, b].map((x) => Math.log(one.get(x)!.y / two.get(x)!.y))
  const part = atB === atA ? 1 : Math.min(1, Math.max(0, -atA / (atB - atA)))
  return Math.exp(Math.log(a) + part * (Math.log(b) - Math.log(a)))
}

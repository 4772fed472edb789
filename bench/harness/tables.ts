/** Prints a record as plain text. */

import { plural, showShare, showText } from '../../dist-lib/show.js'
import { loadWarnings } from './load.js'
import { type BenchRecord, isInterrupted, type Row, valuesOf, type WorkloadRecord } from './record.js'
import { type Interval, median, ratioInterval, spread } from './statistics.js'

/** Formats a table with aligned columns: the first one to the left, the others to the right. */
export function textTable(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const all = [head, ...rows].map((row) => row.map(showText))
  const widths = head.map((_, column) => all.reduce((most, row) => Math.max(most, row[column].length), 0))
  return all.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column])))
      .join('  ')
      .trimEnd(),
  )
}

/** Formats a positive figure with three digits, and large ones without exponent. */
export function showFigure(value: number): string {
  if (value === 0 || !Number.isFinite(value)) return String(value)
  return Math.abs(value) >= 999.5 ? Math.round(value).toString() : value.toPrecision(3)
}

export const showRatio = (ratio: number): string => `${showFigure(ratio)}x`

export const showInterval = ({ low, high }: Interval): string => `${showRatio(low)} to ${showRatio(high)}`

const UNKNOWN = '-'

/** The tables of all workloads, and what a reader must know of the run. */
export function recordLines(record: BenchRecord): string[] {
  return [...record.workloads.flatMap((workload) => ['', ...workloadLines(workload, record)]), '', ...notes(record)]
}

function workloadLines(workload: WorkloadRecord, { size, machine }: BenchRecord): string[] {
  const { title, unit, work, question, skipped, missing, failed, rows, rounds } = workload
  const reference = rows.find(({ name }) => name === workload.reference)
  const hasIntervals = size === 'full'
  const head = ['', 'minimum', 'median', 'maximum', 'ratio', ...(hasIntervals ? ['95 % interval'] : []), 'CPU', 'MB']
  return [
    title,
    `${question} ${work}. In ${unit}; less is better.`,
    ...(skipped === undefined ? [] : [`Skipped: ${skipped}.`]),
    ...(rounds === undefined ? [] : [`Only ${plural(rounds, 'complete round')}, because of the time.`]),
    ...(rows.length === 0
      ? []
      : textTable(
          head,
          rows.map((row) => rowCells(row, reference, machine.cores, hasIntervals)),
        )),
    ...(reference === undefined ? [] : [`The ratio is to: ${reference.label}`]),
    ...missing.map(({ label, what, install }) => `${label}: not run, because ${what} is missing. Install: ${install}`),
    ...failed.map(({ label, why }) => `${label}: does not count: ${why}`),
  ].map(showText)
}

function rowCells(row: Row, reference: Row | undefined, cores: number, hasIntervals: boolean): string[] {
  const { minimum, median: middle, maximum } = spread(valuesOf(row))
  const base = reference && median(valuesOf(reference))
  const interval = hasIntervals && reference && row !== reference ? intervalOf(row, reference) : undefined
  const use = known(row, ({ cpu, seconds }) => (cpu === undefined ? undefined : cpu / seconds / cores))
  const memory = known(row, ({ memory }) => memory)
  return [
    row.label,
    ...[minimum, middle, maximum].map(showFigure),
    base ? showRatio(middle / base) : UNKNOWN,
    ...(hasIntervals ? [interval ? showInterval(interval) : UNKNOWN] : []),
    use === undefined ? UNKNOWN : showShare(use),
    memory === undefined ? UNKNOWN : showFigure(memory),
  ]
}

/** 95 % interval of the ratio of a row to the reference; undefined for few rounds. */
const intervalOf = (row: Row, reference: Row): Interval | undefined => ratioInterval(valuesOf(row), valuesOf(reference))

/** Median of a figure that trials may lack. */
function known(row: Row, figure: (trial: Row['trials'][number]) => number | undefined): number | undefined {
  const values = row.trials.map(figure).filter((value) => value !== undefined)
  return values.length === 0 ? undefined : median(values)
}

function notes(record: BenchRecord): string[] {
  const { workloads, isCutShort } = record
  const missing = new Map(
    workloads.flatMap(({ missing }) => missing.map(({ what, install }) => [install, what] as const)),
  )
  return [
    ...(isInterrupted(record) ? ['The run was interrupted. Workloads that are missing here were not run.'] : []),
    ...(isCutShort
      ? ['Some workloads got fewer rounds, or were skipped, because the short form ends within three minutes.']
      : []),
    ...loadWarnings(record),
    ...(missing.size > 0
      ? ['To run the contenders that are missing:', ...[...missing].map(([install, what]) => `  ${install}  (${what})`)]
      : []),
  ].map(showText)
}

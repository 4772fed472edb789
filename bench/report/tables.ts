/** Tables of a record, as cells: the HTML page and the Markdown documents show the same ones. */

import { plural } from '../../dist-lib/show.js'
import type { BenchRecord, Row, WorkloadRecord } from '../harness/record.js'
import { valuesOf } from '../harness/record.js'
import { spread } from '../harness/statistics.js'
import { showNumber } from '../harness/text.js'
import { figuresOf, limitOf, ratioOf, referenceOf, reportedFigure, rowsOf } from './figures.js'
import { isCost } from './queue-costs.js'
import { showPercent, unitText } from './show.js'

export interface Table {
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

/**
 * A row for each contender: its times, and beside them what was measured of it.
 *
 * @param options `hasNotes`: whether what contenders said has a column; default true
 */
export function contenderTable(workload: WorkloadRecord, record: BenchRecord, { hasNotes = true } = {}): Table {
  const rows = rowsOf(workload)
  const reference = referenceOf(workload)
  const cores = record.machine.cores
  const columns: readonly (readonly [head: string, cell: (row: Row) => string])[] = [
    [`minimum, ${unitText(workload.unit)}`, (row) => showNumber(spread(valuesOf(row)).minimum)],
    ['median', (row) => showNumber(spread(valuesOf(row)).median)],
    ['maximum', (row) => showNumber(spread(valuesOf(row)).maximum)],
    ['ratio', (row) => ratioCell(row, reference)],
    ['95 % interval', (row) => intervalCell(row, reference)],
    ['CPU, s', (row) => optional(figuresOf(row, cores).cpu)],
    ['CPU use', (row) => shareCell(figuresOf(row, cores).use)],
    ['memory, MB', (row) => optional(figuresOf(row, cores).memory)],
    ['what happens', (row) => fateOf(row) ?? ''],
    ['in its words', (row) => (hasNotes && row.trials.find(({ note }) => note !== undefined)?.note) || ''],
    ...reportedNames(rows).map((name) => [headOf(name), (row: Row) => optional(reportedFigure(row, name))] as const),
  ]
  const filled = columns.filter(([, cell]) => rows.some((row) => cell(row) !== ''))
  return {
    head: ['', ...filled.map(([head]) => head)],
    rows: rows.map((row) => [labelOf(row), ...filled.map(([, cell]) => cell(row))]),
  }
}

/** A label that says whether the contender does less than the work. */
export const labelOf = (row: Row): string =>
  limitOf(row) !== undefined && !/\blimit\b/.test(row.label) ? `${row.label} (limit)` : row.label

/** Figures of a contender that sends a value that cannot cross: 0 or 1, or between them if rounds differ. */
const FATES = ['crossed', 'reported', 'warned', 'named', 'hung']

/** What a contender did when a value could not cross; undefined for other work. */
export function fateOf(row: Row): string | undefined {
  const is = (name: string) => (reportedFigure(row, name) ?? 0) > 0
  if (FATES.every((name) => reportedFigure(row, name) === undefined)) return undefined
  if (is('hung')) return 'hangs'
  const telling = is('named') ? 'that names the item' : 'that does not name the item'
  if (is('warned')) return `${is('crossed') ? 'works' : 'wrong result'}, and a warning ${telling}`
  if (is('reported')) return `an error ${telling}`
  return is('crossed') ? 'works' : 'wrong result, no error'
}

const shareCell = (share: number | undefined): string => (share === undefined ? '' : showPercent(share))

const optional = (value: number | undefined): string => (value === undefined ? '' : showNumber(value))

const ratioCell = (row: Row, reference: Row | undefined): string =>
  reference === undefined ? '' : optional(ratioOf(row, reference)?.value)

/** Empty for the reference itself. */
function intervalCell(row: Row, reference: Row | undefined): string {
  const interval = reference && row !== reference ? ratioOf(row, reference)?.interval : undefined
  return interval === undefined ? '' : `${showNumber(interval.low)} to ${showNumber(interval.high)}`
}

/** Names of the figures that contenders reported as single numbers and that have no table of their own, in the order in which they appear. */
function reportedNames(rows: readonly Row[]): string[] {
  const names = rows.flatMap(({ trials }) => trials.flatMap(({ figures = {} }) => Object.keys(figures)))
  return [...new Set(names)].filter(
    (name) => !FATES.includes(name) && !isCost(name) && rows.some((row) => reportedFigure(row, name) !== undefined),
  )
}

/** 'delayP99' as words: 'delay p99'. */
const headOf = (name: string): string => name.replace(/([a-z0-9])([A-Z])/g, (_, a, b) => `${a} ${b.toLowerCase()}`)

/** What is missing from a workload's table, a sentence for each reason. */
export function lacksOf({ skipped, rounds, missing, failed }: WorkloadRecord): string[] {
  return [
    ...(skipped === undefined ? [] : [`Skipped: ${skipped}.`]),
    ...(rounds === undefined ? [] : [`Only ${plural(rounds, 'complete round')}, because of the time.`]),
    ...byReason(missing, ({ what, install }) => `Not measured, because ${what} is missing (${install}): `),
    ...byReason(failed, ({ why }) => `Does not count (${why}): `),
  ]
}

/** A sentence for each reason, with the labels that it is the reason for. */
function byReason<T extends { readonly label: string }>(lacks: readonly T[], reasonOf: (lack: T) => string): string[] {
  const labels = new Map<string, string[]>()
  for (const lack of lacks) labels.set(reasonOf(lack), [...(labels.get(reasonOf(lack)) ?? []), lack.label])
  return Array.from(labels, ([reason, those]) => `${reason}${those.join('; ')}.`)
}

/** The command that measures a workload again. */
export const commandOf = ({ name }: Pick<WorkloadRecord, 'name'>, { size }: Pick<BenchRecord, 'size'>): string =>
  `npm run bench --${size === 'full' ? ' --full' : ''} --filter '^${name}$'`

/** What two kept records say of each other, which is little. */

import { plural } from '../../dist-lib/show.js'
import { BUSY_SHARE, loadWarnings } from './load.js'
import type { Machine } from './machine.js'
import { type BenchRecord, isInterrupted, type Row, valuesOf } from './record.js'
import { type Spread, spread } from './statistics.js'
import { showNumber, showRatio, textTable } from './text.js'

export interface RowComparison {
  readonly label: string
  readonly first: Spread
  readonly second: Spread
  /** Median of the second record divided by that of the first. */
  readonly ratio: number
  /** Undefined if the ranges of the trials overlap. */
  readonly verdict?: 'probably slower' | 'probably faster'
}

export interface WorkloadComparison {
  readonly title: string
  readonly unit: string
  /** How the work or the unit differs. Then no rows are compared. */
  readonly difference?: string
  readonly rows: readonly RowComparison[]
}

/** Fewest trials of each row for a verdict: the ranges of two trials and two others do not overlap in a third of cases. */
const FEWEST_TRIALS = 3

/** Compares rows that are in both records. */
function compareRecords(first: BenchRecord, second: BenchRecord): WorkloadComparison[] {
  return second.workloads.flatMap((after) => {
    const before = first.workloads.find(({ name }) => name === after.name)
    if (before === undefined) return []
    const { title, unit } = after
    if (before.unit !== unit)
      return [{ title, unit, difference: `the first has the unit ${before.unit}, the second ${unit}`, rows: [] }]
    if (before.work !== after.work)
      return [{ title, unit, difference: `the work differs: first '${before.work}', then '${after.work}'`, rows: [] }]
    const rows = after.rows.flatMap((row) => {
      const other = before.rows.find(({ name }) => name === row.name)
      return other ? [compareRows(other, row)] : []
    })
    return [{ title, unit, rows }]
  })
}

function compareRows(before: Row, after: Row): RowComparison {
  const [first, second] = [spread(valuesOf(before)), spread(valuesOf(after))]
  const hasEnough = Math.min(before.trials.length, after.trials.length) >= FEWEST_TRIALS
  const isApart = hasEnough && (second.minimum > first.maximum || second.maximum < first.minimum)
  return {
    label: after.label,
    first,
    second,
    ratio: second.median / first.median,
    ...(isApart && { verdict: second.minimum > first.maximum ? 'probably slower' : 'probably faster' }),
  }
}

/** What differs between the circumstances of two records, in sentences. */
function differences(first: BenchRecord, second: BenchRecord): string[] {
  const hours = Math.abs(Date.parse(second.started) - Date.parse(first.started)) / 3.6e6
  const apart = hours < 48 ? plural(Math.round(hours), 'hour') : plural(Math.round(hours / 24), 'day')
  return [
    `They were made ${apart} apart, so anything on the machine may have changed meanwhile.`,
    ...(Date.parse(second.started) < Date.parse(first.started) ? ['The second record is the older one.'] : []),
    ...machineDifferences(first.machine, second.machine),
    ...[first, second].flatMap((record, i) => ownLimits(record, i === 0 ? 'first' : 'second')),
  ]
}

function machineDifferences(first: Machine, second: Machine): string[] {
  const names = ['cpu', 'cores', 'cpuLimit', 'memory', 'system', 'fileSystem'] as const
  const different = names.filter((name) => first[name] !== second[name])
  const programs = [...new Set([...Object.keys(first.versions), ...Object.keys(second.versions)])].filter(
    (name) => first.versions[name] !== second.versions[name],
  )
  const show = (name: (typeof names)[number]) => `${name} (${first[name] ?? 'none'}, then ${second[name] ?? 'none'})`
  const showVersion = (name: string) =>
    `${name} (${first.versions[name] ?? 'none'}, then ${second.versions[name] ?? 'none'})`
  return [
    ...(different.length > 0
      ? [`THE MACHINES DIFFER, so ratios say more of them than of noisemill: ${different.map(show).join(', ')}.`]
      : []),
    ...(programs.length > 0 ? [`Versions differ: ${programs.map(showVersion).join(', ')}.`] : []),
  ]
}

function ownLimits(record: BenchRecord, which: string): string[] {
  return [
    ...(isInterrupted(record) ? [`The ${which} run was interrupted.`] : []),
    ...(loadWarnings(record).length > 0
      ? [`Other programs used more than ${Math.round(100 * BUSY_SHARE)} % of the CPUs during the ${which} run.`]
      : []),
    ...(record.noisemill.isChanged ? [`The ${which} run was made of files that differ from their commit.`] : []),
  ]
}

/** The text of `npm run bench:compare`. */
export function comparisonLines(first: BenchRecord, second: BenchRecord): string[] {
  const workloads = compareRecords(first, second)
  const named = workloads.flatMap(({ title, rows }) =>
    rows.flatMap(({ label, verdict }) => (verdict ? [`  ${title}: ${label}: ${verdict}`] : [])),
  )
  const missing = [...namesOnlyIn(first, second, 'first'), ...namesOnlyIn(second, first, 'second')]
  return [
    `First: ${showOrigin(first)}`,
    `Second: ${showOrigin(second)}`,
    ...workloads.flatMap(({ title, unit, difference, rows }) => [
      '',
      `${title} (${unit}; less is better)`,
      ...(difference === undefined ? [] : [`Not compared: ${difference}.`]),
      ...(rows.length === 0 ? [] : textTable(HEAD, rows.map(cells))),
    ]),
    '',
    'How little this can know:',
    ...differences(first, second),
    'The trials of one record did not take turns with those of the other, so there is no test of significance.',
    `Only rows of which the ranges do not overlap are named as 'probably', with ${FEWEST_TRIALS} trials or more of each.`,
    'To find out, run `npm run bench -- --against BUILD`, in which two builds take turns.',
    '',
    ...(named.length === 0 ? ['No row is probably faster or slower.'] : ['Probably changed:', ...named]),
    ...(missing.length === 0 ? [] : ['', ...missing]),
  ]
}

const HEAD = ['', 'first', 'second', 'ratio', '']

const cells = ({ label, first, second, ratio, verdict }: RowComparison): string[] => [
  label,
  showNumber(first.median),
  showNumber(second.median),
  Number.isFinite(ratio) ? showRatio(ratio) : '-',
  verdict ?? '',
]

function showOrigin({ noisemill: { version, commit }, size, started, workloads }: BenchRecord): string {
  const rounds = workloads.flatMap(({ rows }) => rows).reduce((most, { trials }) => Math.max(most, trials.length), 0)
  const source = commit === undefined ? '' : ` (${commit.slice(0, 12)})`
  return `noisemill ${version}${source}, ${size} form, ${plural(rounds, 'round')} at most, ${started}`
}

function namesOnlyIn(record: BenchRecord, other: BenchRecord, which: string): string[] {
  const names = ({ workloads }: BenchRecord) =>
    workloads.flatMap(({ name, rows }) => rows.map((row) => `${name}/${row.name}`))
  const others = new Set(names(other))
  const only = names(record).filter((name) => !others.has(name))
  return only.length === 0 ? [] : [`Only in the ${which}: ${only.join(', ')}`]
}

/** `npm run bench -- --against`: two builds take turns in one run. */

import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { showText } from '../../dist-lib/show.js'
import { type BuildOptions, describeBuilds, findTarget, makeBuilds } from './builds.js'
import type { ComparedRow, Taken, Two } from './compared.js'
import type { Flags } from './flags.js'
import { whyNotWritable, writeAtomically } from './kept-files.js'
import { isBusy, loadNow } from './load.js'
import { describeMachine, type Machine } from './machine.js'
import { Estimate, lineProgress, type Progress, showLeft } from './progress.js'
import { inOrder } from './run.js'
import { Scratch } from './scratch.js'
import { exitOfSignal, stopOnSignals } from './stop.js'
import { showInterval, showRatio, textTable } from './text.js'
import { UsageError } from './usage-error.js'
import { FAMILY_ERROR, fewestPairs, judge, type RowVerdict, SAME_RATIO, type Verdict } from './verdict.js'
import type { Missing, Place } from './workload.js'

const DEFAULT_PAIRS = 17
const DEFAULT_THRESHOLD = 5

/** The record of `--against --json`. */
export interface AgainstRecord {
  readonly format: 'noisemill-bench-against'
  readonly version: 1
  readonly machine: Machine
  /** What was compared with the current tree. */
  readonly against: string
  /** What computes the noise of each build. */
  readonly builds: Two<string>
  readonly started: string
  /** Undefined if the run was interrupted. */
  ended?: string
  readonly busyBefore: number
  /** Rows that cannot run here. */
  readonly missing: readonly RowLack[]
  readonly rows: MeasuredRow[]
}

type RowLack = Missing & Pick<ComparedRow, 'name' | 'label'>

export interface MeasuredRow {
  readonly name: string
  readonly label: string
  readonly pairs: Two<Pick<Taken, 'time' | 'cpu'>>[]
  /** Whether a pair had outputs with different bytes. */
  hasOtherBytes: boolean
  /** Why the row could not be measured. */
  failed?: string
  time?: RowVerdict
  cpu?: RowVerdict
}

/** Returns the exit code: 1 if a row is slower beyond the threshold, or could not be measured. */
export async function runAgainst(
  wanted: readonly ComparedRow[],
  { against, json, rounds = DEFAULT_PAIRS, threshold = DEFAULT_THRESHOLD }: Flags & { readonly against: string },
): Promise<number> {
  if (json !== undefined) {
    const why = whyNotWritable(path.resolve(json))
    if (why !== undefined) throw new UsageError(`--json: cannot write ${json}: ${why}`)
  }
  const { rows, lacks } = await presentRows(wanted)
  if (rows.length === 0) throw new UsageError(`no row can be measured here. ${lacks.map(lackText).join('. ')}`)
  // Each row has a time and a CPU time.
  const fewest = fewestPairs(2 * rows.length)
  if (rounds < fewest) throw new UsageError(`--rounds: ${fewest} pairs or more are needed to find any change`)
  const stop = stopOnSignals()
  const { signal } = stop
  const progress = lineProgress()
  using scratch = new Scratch(1e8)
  // Not in the scratch folder: in containers, programs cannot be loaded from /dev/shm.
  const folder = mkdtempSync(path.join(realpathSync(tmpdir()), 'noisemill-builds-'))
  let record: AgainstRecord | undefined
  try {
    const target = await findTarget(against, signal)
    const options: BuildOptions = { signal, say: progress.begin }
    const builds = await makeBuilds(target, folder, options)
    const kinds = await describeBuilds(builds, signal)
    if (kinds.before !== kinds.now)
      progress.note(`The builds compute noise in different ways. ${against}: ${kinds.before}. Current: ${kinds.now}.`)
    const busyBefore = await loadNow()
    if (isBusy(busyBefore)) progress.note(`Other programs use ${Math.round(100 * busyBefore)} % of the CPUs now.`)
    record = {
      format: 'noisemill-bench-against',
      version: 1,
      machine: describeMachine(scratch.folder),
      against: target.kind === 'ref' ? `${against} (${target.commit})` : against,
      builds: kinds,
      started: new Date().toISOString(),
      busyBefore,
      missing: lacks,
      rows: rows.map(({ name, label }) => ({ name, label, pairs: [], hasOtherBytes: false })),
    }
    await measureRows(rows, record, await placesOf(rows, scratch, builds), rounds, signal, progress)
    record.ended = new Date().toISOString()
  } catch (error) {
    if (!signal.aborted) throw error
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })
  }
  progress.clear()
  if (record?.ended) addVerdicts(record.rows)
  if (record && json !== undefined) writeAtomically(path.resolve(json), `${JSON.stringify(record)}\n`)
  const stopped = exitOfSignal(signal)
  if (stopped !== undefined) {
    const pairs = Math.min(...(record?.rows ?? []).map(({ pairs }) => pairs.length), rounds)
    console.log(`The run was interrupted after ${record ? pairs : 0} of ${rounds} pairs: there is no verdict.`)
    return stopped
  }
  console.log(againstLines(record!, threshold).map(showText).join('\n'))
  return exitCode(record!.rows, threshold)
}

/** Tells rows that can run here from those that lack something. */
async function presentRows(wanted: readonly ComparedRow[]): Promise<{ rows: ComparedRow[]; lacks: RowLack[] }> {
  const [rows, lacks]: [ComparedRow[], RowLack[]] = [[], []]
  for (const row of wanted) {
    const lack = await row.missing?.()
    if (lack === undefined) rows.push(row)
    else lacks.push({ name: row.name, label: row.label, ...lack })
  }
  return { rows, lacks }
}

const lackText = ({ label, what, install }: RowLack): string =>
  `${label}: not compared, because this is missing: ${what}. To have it: ${install}`

type Places = ReadonlyMap<ComparedRow, Two<Place>>

async function placesOf(rows: readonly ComparedRow[], scratch: Scratch, builds: Two<string>): Promise<Places> {
  const places = new Map<ComparedRow, Two<Place>>()
  for (const [i, row] of rows.entries()) {
    const inputs = scratch.file(`inputs-${i}`)
    const placeOf = (build: string): Place => ({
      scratch,
      size: 'short',
      inputs,
      out: scratch.file(`out-${path.basename(build)}`),
      build,
    })
    const two = { before: placeOf(builds.before), now: placeOf(builds.now) }
    mkdirSync(inputs)
    await row.prepare?.(two.now)
    places.set(row, two)
  }
  return places
}

/** In each round, every row gets a pair. The builds take turns at beginning. */
async function measureRows(
  rows: readonly ComparedRow[],
  record: AgainstRecord,
  places: Places,
  rounds: number,
  signal: AbortSignal,
  progress: Progress,
): Promise<void> {
  const estimate = new Estimate(Array.from({ length: rounds }, () => rows.map(({ name }) => name)).flat())
  for (let round = 0; round < rounds; round++) {
    if (round % 5 === 0) progress.begin(`pair ${round + 1} of ${rounds}${showLeft(estimate.secondsLeft())}`)
    for (const row of inOrder(rows, round)) {
      const measured = record.rows.find(({ name }) => name === row.name)!
      if (measured.failed !== undefined) continue
      progress.say(`pair ${round + 1} of ${rounds}: ${row.label}${showLeft(estimate.secondsLeft())}`)
      try {
        const { before, now } = await row.measure(places.get(row)!, { isNowFirst: round % 2 === 1, signal })
        measured.pairs.push({ before: figures(before), now: figures(now) })
        if (before.digest !== now.digest) measured.hasOtherBytes = true
        estimate.add(row.name)
      } catch (error) {
        signal.throwIfAborted()
        measured.failed = (error as Error).message
        progress.note(`${row.label} cannot be compared: ${measured.failed}`)
        estimate.drop((name) => name === row.name)
      }
    }
  }
}

const figures = ({ time, cpu }: Taken): Pick<Taken, 'time' | 'cpu'> => ({ time, ...(cpu !== undefined && { cpu }) })

const isMeasured = ({ failed }: MeasuredRow): boolean => failed === undefined

/** Judges the times and the CPU times of all rows together, so that the probability of an error is that of a run. */
function addVerdicts(rows: readonly MeasuredRow[]): void {
  const figures = rows
    .filter(isMeasured)
    .flatMap((row) => (['time', 'cpu'] as const).map((figure) => ({ row, figure, ratios: ratiosOf(row, figure) })))
    .filter(({ ratios }) => ratios.length > 0)
  const verdicts = judge(figures.map(({ ratios }) => ratios))
  for (const [i, { row, figure }] of figures.entries()) row[figure] = verdicts[i]
}

/** The ratio of each pair; none if the figure is not known, or is zero, in one of them. */
function ratiosOf({ pairs }: MeasuredRow, figure: 'time' | 'cpu'): number[] {
  const ratios = pairs.map(({ before, now }) => (now[figure] ?? 0) / (before[figure] ?? 0))
  return ratios.every((ratio) => ratio > 0 && Number.isFinite(ratio)) ? ratios : []
}

/** A row is slower if its time or its CPU time is. */
function verdictOf({ time, cpu }: MeasuredRow): Verdict {
  const found = [time?.verdict, cpu?.verdict]
  return found.includes('slower') ? 'slower' : found.includes('faster') ? 'faster' : 'no change'
}

/** @param threshold in per cent */
const isTooSlow = ({ time, cpu }: MeasuredRow, threshold: number): boolean =>
  [time, cpu].some((figure) => figure?.verdict === 'slower' && figure.ratio > 1 + threshold / 100)

export const exitCode = (rows: readonly MeasuredRow[], threshold: number): number =>
  rows.some((row) => !isMeasured(row) || isTooSlow(row, threshold)) ? 1 : 0

const ratioCells = (figure: RowVerdict | undefined): string[] =>
  figure === undefined ? ['-', '-'] : [showRatio(figure.ratio), showInterval(figure)]

export function againstLines({ rows, missing, against, machine }: AgainstRecord, threshold: number): string[] {
  const measured = rows.filter(isMeasured)
  const changed = measured.filter((row) => verdictOf(row) !== 'no change')
  const tooSlow = measured.filter((row) => isTooSlow(row, threshold))
  const percent = Math.round(100 * FAMILY_ERROR)
  const interval = `${100 - percent} % interval`
  return [
    `The current tree compared with ${against}, on ${machine.cpu} with ${machine.cores} cores:`,
    '',
    ...textTable(
      ['', 'time', interval, 'CPU time', interval, 'verdict'],
      measured.map((row) => [row.label, ...ratioCells(row.time), ...ratioCells(row.cpu), verdictOf(row)]),
    ),
    '',
    `The figures are ratios: above 1, the current tree takes longer. CPU time is that of all cores. Ratios from ${showRatio(1 / SAME_RATIO)} to ` +
      `${showRatio(SAME_RATIO)} count as no change. Equal builds are called changed in ${percent} % of all runs.`,
    ...missing.map(lackText),
    ...rows.flatMap(({ label, failed }) => (failed === undefined ? [] : [`${label}: not compared: ${failed}`])),
    ...rows.flatMap(({ label, hasOtherBytes }) => (hasOtherBytes ? [`${label}: the outputs have other bytes`] : [])),
    changed.length === 0
      ? 'No change.'
      : tooSlow.length === 0
        ? `Nothing is slower beyond the threshold of ${threshold} %.`
        : `Slower beyond the threshold of ${threshold} %: ${tooSlow.map(({ label }) => label).join(', ')}.`,
  ]
}

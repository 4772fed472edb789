/** Runs workloads: rounds in which contenders take turns. */

import { setImmediate } from 'node:timers/promises'
import { exclude, excludeUnequal } from './equal-work.js'
import { fileSystemOf } from './machine.js'
import { type Estimate, type Progress, showLeft } from './progress.js'
import type { BenchRecord, Row, Trial, WorkloadRecord } from './record.js'
import { roomLack } from './room.js'
import type { Scratch } from './scratch.js'
import type { Selection } from './selection.js'
import { shuffled } from './statistics.js'
import { runTrial } from './trial.js'
import type { Contender, Missing, Place, Size } from './workload.js'

export interface RunOptions {
  readonly size: Size
  readonly rounds: number
  /** Folder of the package under test. */
  readonly build: string
  readonly signal: AbortSignal
  readonly progress: Progress
  readonly estimate: Estimate
  /** Called whenever the record has more, so that an interrupted run keeps what is done. */
  readonly keep: () => void
  /** Limits the time of the whole run; there is no limit by default. */
  readonly deadline?: Deadline
}

/** Seconds from the start of the run. */
export interface Deadline {
  /** No trial of a second or later round begins after this. */
  readonly oneRound: number
  /** No trial begins after this, and one that still runs is killed. */
  readonly end: number
  /** Seconds since the start. */
  elapsed(): number
}

/** The time limits of the short form, which must end within three minutes. The rest is for the report. */
export const SHORT_DEADLINE = { oneRound: 160, end: 172 } as const

/** A trial is killed after this many times the slowest trial of its workload so far, but not before the minimum. */
const LIMIT = { factor: 20, seconds: 120 } as const

/**
 * Runs workloads one after the other, and adds what they took to the record.
 *
 * @throws the reason of the signal, if it aborts; what was done until then is in the record
 */
export async function runWorkloads(
  selections: readonly Selection[],
  record: BenchRecord,
  scratch: Scratch,
  options: RunOptions,
): Promise<void> {
  const { progress, estimate, deadline, signal, keep } = options
  for (const [i, { workload, contenders }] of selections.entries()) {
    const { name, title, question, unit, reference } = workload
    scratch.begin(workload.needs(options.size))
    const fileSystem = fileSystemOf(scratch.folder)
    const done: Building = {
      name,
      title,
      question,
      unit,
      reference,
      // Times on a disk are not comparable with those in memory.
      work: `${workload.work(options.size)}${fileSystem === record.machine.fileSystem ? '' : `, on ${fileSystem}`}`,
      missing: [],
      failed: [],
      rows: [],
    }
    const isOver = deadline !== undefined && deadline.elapsed() > deadline.end
    if (isOver) record.isCutShort = true
    const skipped = isOver
      ? `no time was left after ${Math.round(deadline.elapsed())} s; run it alone by --filter '^${name}$'`
      : roomLack(workload.needs(options.size), scratch.folder)
    record.workloads.push(done)
    if (skipped !== undefined) {
      done.skipped = skipped
      progress.note(`${title}: skipped, because ${isOver ? '' : 'it '}${skipped}`)
      estimate.drop((trial) => trial.startsWith(`${name}/`))
      continue
    }
    progress.begin(`[${i + 1} of ${selections.length}] ${title}${showLeft(estimate.secondsLeft())}`)
    try {
      await runWorkload({ workload, contenders }, done, record, scratch, options)
    } finally {
      excludeUnequal(done, contenders)
      keep()
    }
    estimate.drop((trial) => trial.startsWith(`${name}/`))
    for (const { label, why } of done.failed) progress.note(`${title}: ${label} does not count: ${why}`)
    signal.throwIfAborted()
  }
}

/** A workload's record while it grows. */
type Building = { -readonly [K in keyof WorkloadRecord]: WorkloadRecord[K] } & {
  missing: (Missing & Pick<Contender, 'name' | 'label'>)[]
}

async function runWorkload(
  { workload, contenders }: Selection,
  done: Building,
  record: BenchRecord,
  scratch: Scratch,
  options: RunOptions,
): Promise<void> {
  const { size, build, signal, progress, estimate } = options
  const present: Contender[] = []
  for (const contender of contenders) {
    const { name, label } = contender
    try {
      const lack = await contender.missing?.()
      if (lack === undefined) present.push(contender)
      else done.missing.push({ name, label, ...lack })
    } catch (error) {
      done.failed.push({ name, label, why: (error as Error).message })
    }
    if (!present.includes(contender)) estimate.drop((trial) => trial === `${workload.name}/${name}`)
  }
  const place: Place = { scratch, size, inputs: scratch.inputs, out: scratch.out, build }
  progress.say(`${workload.title}: making the inputs`)
  try {
    await workload.prepare?.(place)
  } catch (error) {
    await arrivedSignals()
    signal.throwIfAborted()
    for (const { name, label } of present)
      done.failed.push({ name, label, why: `its inputs could not be made: ${(error as Error).message}` })
    return
  }
  await arrivedSignals()
  signal.throwIfAborted()
  await runRounds({ workload, contenders: present }, place, done, record, options)
}

/** Inputs are made without a pause, so a signal that came meanwhile has not been noticed yet. */
async function arrivedSignals(): Promise<void> {
  // The first may come before the event loop looks for signals, the second comes after that.
  for (let i = 0; i < 2; i++) await setImmediate()
}

/** The contenders take turns, so that a slow phase of the machine affects all of them, in an order that changes. */
async function runRounds(
  { workload, contenders }: Selection,
  place: Place,
  done: Building,
  record: BenchRecord,
  { rounds, signal, progress, estimate, deadline }: RunOptions,
): Promise<void> {
  const secondsLeft = (end: number | undefined) => (end ?? Number.POSITIVE_INFINITY) - (deadline?.elapsed() ?? 0)
  let slowest = 0
  for (let round = 0; round < rounds; round++) {
    for (const contender of inOrder(contenders, round)) {
      const { name, label } = contender
      if (done.failed.some((failed) => failed.name === name)) continue
      if (secondsLeft(round > 0 ? deadline?.oneRound : deadline?.end) < 0) return cutShort(done, record, round)
      const left = showLeft(estimate.secondsLeft())
      progress.say(`${workload.title}, round ${round + 1} of ${rounds}: ${label}${left}`)
      const limit = Math.min(Math.max(LIMIT.seconds, LIMIT.factor * slowest), secondsLeft(deadline?.end))
      try {
        const trial = await runTrial(workload, contender, place, { signal, limit })
        slowest = Math.max(slowest, trial.seconds)
        addTrial(done, contender, workload.showsCores === true ? trial : withoutCores(trial))
        estimate.add(`${workload.name}/${name}`)
      } catch (error) {
        signal.throwIfAborted()
        // It was not given the time that it may take, so this is no failure.
        if (secondsLeft(deadline?.end) <= 0) return cutShort(done, record, round)
        exclude(done, contender, (error as Error).message)
        estimate.drop((trial) => trial === `${workload.name}/${name}`)
      }
    }
    excludeUnequal(done, contenders)
  }
}

/** @param rounds complete ones */
function cutShort(done: WorkloadRecord, record: BenchRecord, rounds: number): void {
  done.rounds = rounds
  record.isCutShort = true
}

/** The use of the cores is most of what a trial says. */
function withoutCores({ cores: _, ...trial }: Trial): Trial {
  return trial
}

/** A contender's row is made with its first trial, so that no row is empty. */
function addTrial(done: WorkloadRecord, contender: Contender, trial: Trial): void {
  const { name, label, kind, limit, series, x } = contender
  const existing = done.rows.find((row) => row.name === name)
  if (existing) {
    existing.trials.push(trial)
    return
  }
  const row: Row = {
    name,
    label,
    kind,
    ...(limit !== undefined && { limit }),
    ...(series !== undefined && { series }),
    ...(x !== undefined && { x }),
    trials: [trial],
  }
  done.rows.push(row)
}

/**
 * Rounds come in pairs: an order, and then the same backwards, so that no contender always runs early
 * or after the same other one. The first order is the given one.
 */
export function inOrder<T>(items: readonly T[], round: number): T[] {
  const pair = round >> 1
  const order = pair === 0 ? [...items] : shuffled(items, pair)
  return round % 2 === 1 ? order.reverse() : order
}

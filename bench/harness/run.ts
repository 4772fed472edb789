/** Runs workloads: rounds in which contenders take turns. */

import { statfsSync } from 'node:fs'
import { freemem } from 'node:os'
import { showBytes } from '../../dist-lib/show.js'
import type { Progress } from './progress.js'
import type { BenchRecord, Row, WorkloadRecord } from './record.js'
import type { Scratch } from './scratch.js'
import { runTrial } from './trial.js'
import type { Contender, Missing, Place, Size, Workload } from './workload.js'

export interface RunOptions {
  readonly size: Size
  readonly rounds: number
  readonly build: string
  readonly signal: AbortSignal
  readonly progress: Progress
  /** Called whenever the record has more, so that an interrupted run keeps what is done. */
  readonly keep: () => void
}

/** Runs workloads one after the other, and adds what they took to the record. */
export async function runWorkloads(
  workloads: readonly Workload[],
  record: BenchRecord,
  scratch: Scratch,
  options: RunOptions,
): Promise<void> {
  for (const workload of workloads) {
    record.workloads.push(await startWorkload(workload, scratch, options))
    options.keep()
  }
}

async function startWorkload(workload: Workload, scratch: Scratch, options: RunOptions): Promise<WorkloadRecord> {
  const { size, build, signal, progress } = options
  const { name, title, question, unit, reference } = workload
  const place: Place = { scratch, size, inputs: scratch.inputs, out: scratch.out, build }
  const wanted = workload.contenders(size).filter(({ isOnlyInFull }) => size === 'full' || !isOnlyInFull)
  const common = { name, title, question, unit, reference, work: workload.work(size) }
  const lack = roomLack(workload.needs(size), scratch.folder)
  if (lack !== undefined) return { ...common, skipped: lack, missing: [], failed: [], rows: [] }
  const { present, missing } = await sortOut(wanted)
  const done: WorkloadRecord = { ...common, missing, failed: [], rows: [] }
  scratch.clear()
  progress.say(`${title}: making the inputs`)
  await workload.prepare?.(place)
  await runRounds(workload, present, place, done, options)
  signal.throwIfAborted()
  return done
}

/** Why there is too little room; undefined if there is enough. */
function roomLack(needs: { disk: number; memory: number }, folder: string): string | undefined {
  const { bavail, bsize } = statfsSync(folder)
  const [disk, memory] = [bavail * bsize, freemem()]
  if (disk < needs.disk) return `needs ${showBytes(needs.disk)} of disk, and ${folder} has ${showBytes(disk)}`
  if (memory < needs.memory) return `needs ${showBytes(needs.memory)} of memory, and ${showBytes(memory)} are free`
  return undefined
}

async function sortOut(
  contenders: readonly Contender[],
): Promise<{ present: Contender[]; missing: (Missing & Pick<Contender, 'name' | 'label'>)[] }> {
  const present: Contender[] = []
  const missing: (Missing & Pick<Contender, 'name' | 'label'>)[] = []
  for (const contender of contenders) {
    const lacking = await contender.missing?.()
    if (lacking === undefined) present.push(contender)
    else missing.push({ name: contender.name, label: contender.label, ...lacking })
  }
  return { present, missing }
}

/** The contenders take turns, so that a slow phase of the machine affects all of them, in an order that changes. */
async function runRounds(
  workload: Workload,
  contenders: readonly Contender[],
  place: Place,
  done: WorkloadRecord,
  { rounds, signal, progress }: RunOptions,
): Promise<void> {
  const rows = new Map<Contender, Row>()
  for (const contender of contenders) {
    const { name, label, kind, limit, series, x } = contender
    const row: Row = {
      name,
      label,
      kind,
      ...(limit !== undefined && { limit }),
      ...(series !== undefined && { series }),
      ...(x !== undefined && { x }),
      trials: [],
    }
    rows.set(contender, row)
    done.rows.push(row)
  }
  for (let round = 0; round < rounds; round++) {
    for (const contender of rotated([...rows.keys()], round)) {
      signal.throwIfAborted()
      progress.say(`${workload.title}, round ${round + 1} of ${rounds}: ${contender.label}`)
      try {
        rows.get(contender)!.trials.push(await runTrial(workload, contender, place, signal))
      } catch (error) {
        signal.throwIfAborted()
        const { name, label } = contender
        done.failed.push({ name, label, why: (error as Error).message })
        rows.delete(contender)
        done.rows.splice(
          done.rows.findIndex((row) => row.name === name),
          1,
        )
      }
    }
  }
}

/** Begins elsewhere in each round, and goes backwards in every other one. */
function rotated<T>(items: T[], round: number): T[] {
  const start = items.length === 0 ? 0 : (round * 7) % items.length
  const turned = [...items.slice(start), ...items.slice(0, start)]
  return round % 2 === 1 ? turned.reverse() : turned
}

/** Figures that several verdicts need, computed once from the report of a run. */

import type { WorkerFigures } from '../../backends/worker-figures.js'
import type { RunReport } from '../run-report.js'

/** A chunk of this length takes much longer than the messages that it needs, which take about 0.1 ms. */
const CHUNK_MILLISECONDS = 20
/** Most items of a chunk whose size the pool chooses. */
const MOST_ITEMS = 4096

/** Bytes of an item and its result, from which on the bytes cost more than the item as such. */
const LARGE_ITEM = 1024
/** A chunk that works this long is not too small: its messages take at most about a tenth of it. */
const LONG_CHUNK = 1

/** What made crossing cost what it did. */
export type CrossingCause = 'bytes' | 'chunks' | 'items'

export interface Figures {
  readonly report: RunReport
  /** Duration of the run. */
  readonly milliseconds: number
  /** Duration of the run without the time that threads lost to its calibration. */
  readonly took: number
  /** Items that were begun or done. */
  readonly items: number
  /** Mean time of an item; null if it was not measured. */
  readonly item: number | null
  /** Sum of the times of all items; null if it was not measured. */
  readonly work: number | null
  /** Sum over all workers; null if the backend does not measure them. */
  readonly workers: Readonly<Record<'start' | 'setup' | 'busy' | 'waiting' | 'active', number>> | null
  /** Time of all threads for crossing; null if it was not measured. */
  readonly crossing: number | null
  /** The part of the threads' time for crossing and work that crossing took, from 0 to 1. */
  readonly crossingShare: number
  /** Time that the run took longer because of crossing. */
  readonly crossingCost: number
  readonly crossingCause: CrossingCause
  /** Number of items that a chunk should have. */
  readonly idealChunk: number
  /** Time in which the source gave no items, without the time that the pool needed to pack them. */
  readonly sourceTime: number
  /** Time in which threads neither ran nor were ready to run, in the middle of an item; null if unknown. */
  readonly blocked: number | null
}

export function figuresOf(report: RunReport): Figures {
  const { milliseconds, items, itemTimes, bytes, chunks, waits, threads } = report
  const count = items.done + items.failed
  const { mean: item, total: work } = itemTimes
  const posting = report.crossing?.posting ?? 0
  const received = report.crossing?.workers ?? 0
  const workers = report.workers && sumsOf(report.workers)
  const crossing = report.crossing && posting + received
  const busy = workers?.busy ?? work ?? 0
  const idealChunk = Math.max(1, Math.min(MOST_ITEMS, Math.round(CHUNK_MILLISECONDS / Math.max(item ?? 0, 1e-6))))
  const itemBytes = bytes === null ? 0 : (bytes.sent + bytes.received) / Math.max(count, 1)
  const isSmall = report.chunkSize !== 'auto' && 4 * chunks.mean <= idealChunk && chunks.mean * (item ?? 0) < LONG_CHUNK
  return {
    report,
    milliseconds,
    took: milliseconds - (report.calibration?.milliseconds ?? 0) * (1 - 1 / threads),
    items: count,
    item,
    work,
    workers,
    crossing,
    crossingShare: crossing ? crossing / (crossing + busy) : 0,
    crossingCost: Math.min(milliseconds, posting + received / threads),
    crossingCause: itemBytes >= LARGE_ITEM ? 'bytes' : isSmall ? 'chunks' : 'items',
    idealChunk,
    sourceTime: waits.source + Math.max(0, waits.planning - posting),
    blocked: blockedTime(report, workers === null ? work : activeTime(report, workers)),
  }
}

function sumsOf(workers: readonly WorkerFigures[]): NonNullable<Figures['workers']> {
  const sum = (field: keyof WorkerFigures) => workers.reduce((total, worker) => total + worker[field], 0)
  const [start, setup, busy, waiting] = [sum('start'), sum('setup'), sum('busy'), sum('waiting')]
  return { start, setup, busy, waiting, active: start + setup + busy - waiting + sum('crossing') }
}

/**
 * A process that starts waits for its pool, and for threads of its own. So its start does not count,
 * although the CPU time of its start does: too little may be taken for blocked, and never too much.
 */
const activeTime = ({ backend }: RunReport, { active, start }: NonNullable<Figures['workers']>) =>
  backend === 'processes' ? active - start : active

/** Whether the threads are those of other machines, whose CPU time is not in the report. */
export const worksElsewhere = (backend: string): boolean => backend === 'bullmq'

/** @param active time in which threads had something to do and did not wait in their event loops */
function blockedTime({ process, backend }: RunReport, active: number | null): number | null {
  const { cpu, jsThread, waitedForCpu } = process
  // The backend 'inline' has no threads whose time could be told from that of the JS thread.
  if (active === null || waitedForCpu === null || backend === 'inline' || worksElsewhere(backend)) return null
  return Math.max(0, active - Math.max(0, cpu + waitedForCpu - jsThread))
}

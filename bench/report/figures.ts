/** What the trials of a row come to: times, ratios, memory, CPU. */

import type { BenchRecord, Row, WorkloadRecord } from '../harness/record.js'
import { valuesOf } from '../harness/record.js'
import { type Interval, median, ratioInterval, spread } from '../harness/statistics.js'

/** A ratio of times: below 1 is faster than the reference. */
export interface Ratio {
  /** Ratio of the medians. */
  readonly value: number
  /** Its 95 % interval; undefined for too few rounds. */
  readonly interval?: Interval
}

export interface Figures {
  readonly rounds: number
  /** In the workload's unit. */
  readonly minimum: number
  readonly median: number
  readonly maximum: number
  /** Median of the CPU time in seconds. */
  readonly cpu?: number
  /** Median of the peak memory of the largest process in MB. */
  readonly memory?: number
  /** CPU time as a share of the time of all cores, 0 to 1. */
  readonly use?: number
}

export const workloadNamed = (record: BenchRecord, name: string): WorkloadRecord | undefined =>
  record.workloads.find((workload) => workload.name === name && hasRows(workload))

/** Rows that have a trial at least; a run that was interrupted may have others. */
export const rowsOf = ({ rows }: WorkloadRecord): Row[] => rows.filter((row) => valuesOf(row).some(Number.isFinite))

const hasRows = (workload: WorkloadRecord): boolean => rowsOf(workload).length > 0

export const rowNamed = (workload: WorkloadRecord, name: string): Row | undefined =>
  rowsOf(workload).find((row) => row.name === name)

export const referenceOf = (workload: WorkloadRecord): Row | undefined => rowNamed(workload, workload.reference)

export const isOwn = ({ kind }: Pick<Row, 'kind'>): boolean => kind === 'noisemill'

/** Whether a contender of the workload `jobs` only starts and stops: its time is a serial part of the others. */
export const isStart = ({ name }: Pick<Row, 'name'>): boolean => name.startsWith(START)

/** Followed by the name of the contender whose start it is. */
export const START = 'start-'

/** What a limit measures. Undefined for other rows, and for a mere reference, such as a server without a batch. */
export const limitOf = ({ kind, limit }: Row): string | undefined => (kind === 'limit' ? limit : undefined)

export const medianOf = (row: Row): number => median(valuesOf(row))

/** @param cores number of cores that the record's machine has */
export function figuresOf(row: Row, cores: number): Figures {
  const { trials } = row
  const present = (values: readonly (number | undefined)[]) => values.filter((value) => value !== undefined)
  const cpus = present(trials.map(({ cpu }) => cpu))
  const memories = present(trials.map(({ memory }) => memory))
  const uses = present(
    trials.map(({ cpu, seconds }) => (cpu !== undefined && seconds > 0 ? cpu / seconds / cores : undefined)),
  )
  return {
    rounds: trials.length,
    ...spread(valuesOf(row)),
    ...(cpus.length > 0 && { cpu: median(cpus) }),
    ...(memories.length > 0 && { memory: median(memories) }),
    ...(uses.length > 0 && { use: median(uses) }),
  }
}

/** Compares a row with another one of the same workload. Undefined if a median is 0 or missing. */
export function ratioOf(own: Row, reference: Row): Ratio | undefined {
  const value = medianOf(own) / medianOf(reference)
  if (!Number.isFinite(value)) return undefined
  const interval = ratioInterval(valuesOf(own), valuesOf(reference))
  return { value, ...(interval && { interval }) }
}

/** Ratios nearer to 1 than this are called equal. */
export const EQUAL = 0.05

/** Whether a ratio of times says that the first is faster, slower, or neither beyond noise. */
export function verdictOf({ value, interval }: Ratio): 'faster' | 'slower' | 'equal' {
  if (Math.abs(value - 1) < EQUAL || (interval && interval.low <= 1 && interval.high >= 1)) return 'equal'
  return value < 1 ? 'faster' : 'slower'
}

/** A figure that the contender's process reported: the median over the rounds; undefined if it is a list or missing. */
export function reportedFigure(row: Row, name: string): number | undefined {
  const values = row.trials.map(({ figures }) => figures?.[name]).filter((value) => typeof value === 'number')
  return values.length === 0 ? undefined : median(values)
}

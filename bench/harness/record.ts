/** The record of a benchmark: everything that the report shows comes from it. */

import type { Machine } from './machine.js'
import type { Contender, Missing, Size, Workload } from './workload.js'

export const RECORD_FORMAT = 'noisemill-bench'
/** Changes whenever an older record can no longer be read as a newer one. */
export const RECORD_VERSION = 1

export interface BenchRecord {
  readonly format: typeof RECORD_FORMAT
  readonly version: typeof RECORD_VERSION
  readonly size: Size
  /** Version of noisemill; in a clone, the commit, and whether files differed from it. */
  readonly noisemill: { readonly version: string; readonly commit?: string; readonly isChanged?: boolean }
  readonly machine: Machine
  /** ISO 8601. */
  readonly started: string
  /** ISO 8601. Undefined if the run was interrupted. */
  ended?: string
  /** Number of rounds that were asked for. */
  readonly rounds?: number
  /** Words of `--filter`; undefined if everything was run. */
  readonly filters?: readonly string[]
  /** Whether workloads got fewer rounds, or were skipped, because the short form had no more time. */
  isCutShort?: boolean
  /** Share of all CPUs that other programs used before the first trial, 0 to 1. */
  readonly busyBefore?: number
  readonly workloads: WorkloadRecord[]
}

/** Whether a signal ended the run before it was complete. */
export const isInterrupted = ({ ended }: Pick<BenchRecord, 'ended'>): boolean => ended === undefined

export interface WorkloadRecord extends Pick<Workload, 'name' | 'title' | 'question' | 'unit' | 'reference'> {
  /** What was done, see `Workload.work`. */
  readonly work: string
  /** Why the whole workload was skipped. */
  readonly skipped?: string
  /** Complete rounds that the workload got, if they are fewer than were asked for, because of the time. */
  rounds?: number
  /** Contenders that could not run here. */
  readonly missing: readonly (Missing & Pick<Contender, 'name' | 'label'>)[]
  /** Contenders that failed, or did less than their work. */
  readonly failed: { readonly name: string; readonly label: string; readonly why: string }[]
  readonly rows: Row[]
}

/** What a contender took. */
export interface Row extends Pick<Contender, 'name' | 'label' | 'kind' | 'limit' | 'series' | 'x'> {
  readonly trials: Trial[]
}

/** One process of a contender. */
export interface Trial {
  /** In the workload's unit. */
  readonly value: number
  /** Time of the whole process in seconds. */
  readonly seconds: number
  /** CPU time of the process and those that it started, in seconds, if GNU time is there. */
  readonly cpu?: number
  /** Peak memory of the largest of its processes in MB, if GNU time is there. */
  readonly memory?: number
  /** Share of all CPUs that other programs used meanwhile, 0 to 1, where it can be known. */
  readonly others?: number
  readonly digest?: string
  /** Use of each core over time, 0 to 1, one value for each `interval`. */
  readonly cores?: { readonly interval: number; readonly use: readonly (readonly number[])[] }
  readonly figures?: Readonly<Record<string, number | readonly number[]>>
  /** See `Reported.note`. */
  readonly note?: string
}

/** The values of a row, in the order of the rounds. */
export const valuesOf = ({ trials }: Row): number[] => trials.map(({ value }) => value)

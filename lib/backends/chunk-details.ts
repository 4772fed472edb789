/** What the backends of this package measure of a chunk, for the report of its run. */

import type { RunBytes } from './byte-count.js'
import type { CpuUse } from './cpu-use.js'
import type { HistogramData } from './histogram.js'
import type { TimeSpent } from './timesheet.js'
import type { WorkerLife } from './worker-figures.js'

/** What one worker did for a chunk. */
export interface WorkerShare {
  /** Node's number of the thread. */
  readonly worker: number
  /** It tells at any later time whether the worker has ended. */
  readonly life: WorkerLife
  /** Milliseconds that the worker took to start, with the first share of a worker; otherwise 0. */
  readonly start: number
  /** How many of the chunk's jobs it began. */
  readonly items: number
  /** When it had ended the last of them, on the shared clock. */
  readonly ended: number
  readonly spent: TimeSpent
  /** What its process used of the CPUs; undefined if that is the pool's process. */
  readonly used: CpuUse | undefined
}

/** Figures are null if the backend cannot measure them. */
export interface ChunkDetails {
  /** Milliseconds from the sending of the chunk to the begin of its first job. */
  readonly queued: number | null
  /** Milliseconds that the JS thread needed to post the jobs. */
  readonly posting: number | null
  /** How often jobs were taken back from a worker. */
  readonly takenBack: number
  /** Times of the jobs. */
  readonly times: readonly HistogramData[]
  /** One for each load that workers got. */
  readonly shares: readonly WorkerShare[] | null
  /** Bytes of the whole run so far. */
  readonly bytes: RunBytes | null
}

/**
 * What a worker writes down of its loads, so that the pool can read it at any time, even if the
 * worker is in an endless loop or has died: which jobs it has begun, and until when they must end.
 */

import type { WorkerOutcome } from './messages.js'

/** The ledger of a worker, as its pool uses it. */
export interface Ledger {
  /** Whether it has no place for another load. */
  readonly isFull: boolean
  /** Returns a place for a load, of which nothing is begun. */
  take(): number
  /** Takes back the place of a load that its worker has finished. */
  free(at: number): void
  /** Returns how many jobs of a load have been begun so far. */
  begun(at: number, count: number): number
  /**
   * Ends a load: its worker begins no more of its jobs. Returns how many it has begun. If the worker
   * is just about to begin one, that may be counted; `begun` is exact when the worker has noticed.
   * Call it once.
   */
  close(at: number, count: number): number
  /**
   * Returns the outcomes that the worker had noted and not reported when it ended. Some of them may
   * have been reported.
   */
  noted(): readonly Noted[]
  /** Makes deadlines for the jobs of a load, none of which has begun. */
  deadlines(count: number): PoolDeadlines
}

/** The outcome of a job of the load with this number. */
export type Noted = readonly [load: number, index: number, outcome: WorkerOutcome]

/** Deadlines of a load, as the pool reads them. */
export interface PoolDeadlines {
  /** What the worker gets to find them. */
  readonly place: Int32Array | number
  /**
   * Returns by how many milliseconds a job from `first` to `end - 1` has exceeded its time at most; 0 or
   * less if none has.
   */
  overdue(first: number, end: number): number
  /** Gives up their place when the load has ended. */
  free(): void
}

/** The ledger of a worker, as the worker uses it. */
export interface WorkerLedger {
  /**
   * Returns a function that claims the next job of a load of which nothing was claimed. It returns
   * the job's index; undefined if none is left, or the load was closed.
   */
  claims(at: number, count: number): () => number | undefined
  /**
   * Notes an outcome that is not reported yet, so that it is not lost if the worker dies. Returns
   * false if there is no place for it: then it must be reported at once.
   */
  note(load: number, index: number, outcome: WorkerOutcome): boolean
  /** Forgets all that was noted, because it was reported. */
  forget(): void
  /** Returns the deadlines of a load. */
  deadlines(place: Int32Array | number): WorkerDeadlines
}

/** Deadlines of a load, as its worker writes them. */
export interface WorkerDeadlines {
  /** Notes that a job begins, and may take some milliseconds. */
  begin(index: number, timeout: number): void
  /** Notes that a job has ended. */
  end(index: number): void
}

/**
 * Returns a clock's milliseconds. All threads and processes of a machine have the same clock. It
 * wraps around, so that only the difference of two times has a meaning.
 */
function now(): number {
  const [seconds, nanoseconds] = process.hrtime()
  return (seconds * 1000 + nanoseconds / 1e6) | 0
}

/** Returns the deadline of a job that begins now. 0 would mean that the job is not in progress. */
export const deadlineIn = (timeout: number): number => (now() + timeout) | 0 || 1

/** Returns by how many milliseconds a deadline is exceeded at most; 0 or less if none is. */
export const mostExceeded = (deadlines: Int32Array): number => {
  const time = now()
  return deadlines.reduce((most, deadline) => (deadline === 0 ? most : Math.max(most, (time - deadline) | 0)), 0)
}

/** The report of a run: what it did, and what it spent its time with. */

import type { WorkerFigures } from '../backends/worker-figures.js'
import type { ErrorCode } from '../error-codes.js'
import type { RunCalibration } from './calibration.js'
import type { ChunkSize } from './chunks.js'

/** Items of a run, or for noise tasks outputs. */
export interface RunItems {
  /** Number of all items; null if they are not in an array, a set or a map. */
  readonly total: number | null
  /** How many were taken from the iterable. */
  readonly taken: number
  /** How many succeeded. */
  readonly done: number
  /** How many failed. */
  readonly failed: number
  /** How many were taken, and neither succeeded nor failed: the run ended before they did. */
  readonly unfinished: number
}

/** Times of single items; each is null if it was not measured. */
export interface ItemTimes {
  /** Sum of the times of all items. */
  readonly total: number | null
  /** Mean time. */
  readonly mean: number | null
  /** Median time: half of the items took no longer. */
  readonly p50: number | null
  /** Time that 90 % of the items did not exceed. */
  readonly p90: number | null
  /** Time that 99 % of the items did not exceed. */
  readonly p99: number | null
  /** The longest time, exactly. */
  readonly max: number | null
}

/** Chunks of a run. */
export interface RunChunks {
  /** Number of chunks. */
  readonly sent: number
  /** Number of items in the smallest chunk; 0 if none was sent. */
  readonly smallest: number
  /** Mean number of items in a chunk; 0 if none was sent. */
  readonly mean: number
  /** Number of items in the largest chunk; 0 if none was sent. */
  readonly largest: number
  /** How often items were taken back from a worker that was slow, for another one. */
  readonly takenBack: number
  /**
   * Mean time from the sending of a chunk to the begin of its first item. A run sends chunks ahead, so
   * it is usually as long as a chunk. Null if it was not measured.
   */
  readonly queuedMean: number | null
  /** The longest time from the sending of a chunk to the begin of its first item; null if not measured. */
  readonly queuedMax: number | null
}

/** Bytes that a run copied between threads. */
export interface CopiedBytes {
  /** Bytes of items, to workers. */
  readonly sent: number
  /** Bytes of results, from workers. */
  readonly received: number
  /** Bytes of the task's `data`, to all workers together. */
  readonly data: number
  /** Whether some were estimated: those of objects, from a sample. */
  readonly isEstimate: boolean
}

/** Time that a run spent on crossing between threads. */
export interface CrossingTimes {
  /** Time in which the JS thread packed and serialised items. Node deserialises results later. */
  readonly posting: number
  /**
   * Time in which workers deserialised items and serialised results, and handled the messages: the
   * sum of `crossing` of all `workers`.
   */
  readonly workers: number
}

/** A sample of the items and the results of a run. */
export interface SampledValues {
  /** How many items were looked at, at most 256. */
  readonly items: number
  /** How many of these items differ from each other. */
  readonly distinctItems: number
  /** How many results were looked at, at most 256. */
  readonly results: number
  /** How many of these results differ from each other. */
  readonly distinctResults: number
}

/** Time in which threads had to wait for a run, by its cause. */
export interface RunWaits {
  /** The run waited for an asynchronous iterable to give items. */
  readonly source: number
  /** The run took items from a synchronous iterable, checked them and made chunks. */
  readonly planning: number
  /** The run waited for its consumer, because many results had not been taken. */
  readonly consumer: number
}

/** What the process did in the time of a run. */
export interface ProcessTimes {
  /** Number of CPUs that the process may use. */
  readonly cpus: number
  /**
   * CPU time of all threads of the process. With the backend 'processes', also that of the worker
   * processes, as they have reported it with the items of this run.
   */
  readonly cpu: number
  /** Time in which the JS thread, on which the pool runs, was not idle. */
  readonly jsThread: number
  /**
   * Sum of the times in which threads were ready to run and had no CPU, because other programs or
   * threads used it, or because of a quota. In worker processes, only the threads that call functions
   * count. Measured on Linux if someone gets the report; null otherwise.
   */
  readonly waitedForCpu: number | null
}

/**
 * What a run did and what it spent its time with. `onReport` gets it when the run has ended, and
 * `pool.stats()` has one for each run in progress. All times are in milliseconds. A figure that the
 * backend does not measure is null: 'native' measures no workers and no bytes of files.
 *
 * @example
 * import { moduleTask, Pool, type RunReport } from 'noisemill'
 *
 * // square.js: export const square = (n) => n * n
 * const square = moduleTask<number, number>(new URL('./square.js', import.meta.url), 'square')
 * const onReport = ({ ended, items, bytes }: RunReport) => console.log(ended, items.done, bytes?.received)
 * await using pool = new Pool()
 * await pool.map(square, [1, 2, 3], { chunkSize: 3, onReport }) // -> done 3 12
 */
export interface RunReport {
  /** Number of the run, from 1; each run of the process has its own. */
  readonly run: number
  /** Method of the pool that made the run. */
  readonly method: 'map' | 'imap' | 'imapUnordered' | 'run'
  /** What the items are for the task: files, slices of samples in memory, or calls of a function. */
  readonly task: 'files' | 'slices' | 'calls'
  /** Name of the function that is called; null for other tasks. */
  readonly function: string | null
  /** Name of the pool's backend. */
  readonly backend: string
  /** Number of the pool's threads. */
  readonly threads: number
  /** Most items that each thread works on at the same time, as the option says. */
  readonly concurrency: number
  /** The option `chunkSize`. */
  readonly chunkSize: ChunkSize
  /**
   * How the run ended. 'done': it gave all results. 'failed': it threw the error of an item or of
   * the items' iterable, or another error. 'aborted': by its signal. 'left': its consumer left the
   * loop. 'terminated': its pool was terminated. Null while it is in progress.
   */
  readonly ended: 'done' | 'failed' | 'aborted' | 'left' | 'terminated' | null
  /** What the run threw; undefined if it threw nothing. */
  readonly error: unknown
  /** Time from the begin of the run to its end, or until now. */
  readonly milliseconds: number
  /** Time from the begin of the run until its consumer got the first result; null if it got none. */
  readonly firstResult: number | null
  /** Items, or for noise tasks outputs: each copy counts. */
  readonly items: RunItems
  /** How many attempts failed with each error code. With `retries`, an item may have several. */
  readonly failures: Readonly<Partial<Record<ErrorCode, number>>>
  /**
   * Times of single items on their threads, each attempt by itself; null where they were not measured.
   * Percentiles are at most 3.2 % from the exact ones.
   */
  readonly itemTimes: ItemTimes
  /** Times of items alone, and the time of a plain loop; null without the option `calibrate`. */
  readonly calibration: RunCalibration | null
  /** Chunks that were sent to the backend. */
  readonly chunks: RunChunks
  /**
   * Bytes that were copied between threads. They are exact for buffers, strings (2 bytes a character)
   * and numbers: 8 bytes, or 4 if they cross with other integers only. What is transferred or shared
   * counts nothing. Null if no items crossed to workers.
   */
  readonly bytes: CopiedBytes | null
  /**
   * Items and results that were compared with each other, to notice work that is done again and
   * again. Large values are compared in part. Null for other tasks than functions, and while the run is
   * in progress.
   */
  readonly sample: SampledValues | null
  /**
   * The first value that lost its class when it crossed, and how, in words; null if none was noticed.
   * The warning W_CLASS_LOST says the same.
   */
  readonly lostClass: string | null
  /** Time for crossing between threads; null if no items crossed to workers. */
  readonly crossing: CrossingTimes | null
  /** Time in which fewer chunks than threads were in progress, so that threads had to wait, by its cause. */
  readonly waits: RunWaits
  /**
   * Time at the end of the run in which not all threads worked: since the last moment at which as many
   * workers as the pool has threads were between the begin of their first item and the end of their
   * last one. If there was no such moment, it counts from the begin of the run. Null if it was not
   * measured.
   */
  readonly tail: number | null
  /** What each worker did for this run; null if the backend does not measure it. */
  readonly workers: readonly WorkerFigures[] | null
  /** What the process and its JS thread did in the time of the run, other code included. */
  readonly process: ProcessTimes
}

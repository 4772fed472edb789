/** The channels of node:diagnostics_channel on which runs are announced. */

import { channel } from 'node:diagnostics_channel'
import type { MessageChannel, WorkerEnd, WorkerStart } from '../backends/channels.js'
import type { RunReport } from './run-report.js'

/** A run has begun. */
interface RunStart {
  /** Number of the run, from 1; each run of the process has its own. */
  readonly run: number
  readonly method: RunReport['method']
  readonly task: RunReport['task']
  readonly function: RunReport['function']
  readonly backend: string
}

/** A run has ended, however it ended. */
interface RunEnd {
  /** Number of the run. */
  readonly run: number
  /** The report that `onReport` gets. */
  readonly report: RunReport
}

/** A chunk is sent to the backend. */
interface ChunkStart {
  /** Number of the run. */
  readonly run: number
  /** Number of the chunk within its run, from 1. */
  readonly chunk: number
  /** How many items it has. */
  readonly items: number
}

/** A chunk has come back from the backend. All of its items have ended. */
interface ChunkEnd extends ChunkStart {
  /** Milliseconds that its items took on their threads; null if the backend has not measured them. */
  readonly milliseconds: number | null
}

/**
 * The channels of node:diagnostics_channel on which pools publish what happens, and the messages of
 * each. If nobody subscribes to a channel, no message is made. What a subscriber throws becomes an
 * uncaught exception of the process, as on all channels of Node.
 *
 * @example
 * import { subscribe } from 'node:diagnostics_channel'
 * import { type ChannelMessages, moduleTask, Pool } from 'noisemill'
 *
 * // square.js: export const square = (n) => n * n
 * subscribe('noisemill:run:end', (message) => {
 *   const { report } = message as ChannelMessages['noisemill:run:end']
 *   console.log(report.function, report.ended, report.items.done)
 * })
 * const square = moduleTask<number, number>(new URL('./square.js', import.meta.url), 'square')
 * await using pool = new Pool()
 * await pool.map(square, [1, 2, 3]) // -> square done 3
 */
export interface ChannelMessages {
  /** A run has begun: `run` (its number), `method`, `task`, `function` and `backend`, as in its report. */
  readonly 'noisemill:run:start': RunStart
  /** A run has ended, however it ended: `run` and its `report`. */
  readonly 'noisemill:run:end': RunEnd
  /** A chunk is sent to the backend: `run`, `chunk` (its number within the run) and `items`, their number. */
  readonly 'noisemill:chunk:start': ChunkStart
  /**
   * All items of a chunk have ended: the fields of its start, and `milliseconds`, the time that the
   * items took on their threads; null if it was not measured.
   */
  readonly 'noisemill:chunk:end': ChunkEnd
  /** A worker thread was created: `worker`, its `threadId`. */
  readonly 'noisemill:worker:start': WorkerStart
  /**
   * A worker thread has ended: `worker`, `exitCode`, `figures` (what it did, as in `pool.stats()`) and
   * `cause`, the reason why it died; undefined if the pool ended it.
   */
  readonly 'noisemill:worker:end': WorkerEnd
}

export const runStart: MessageChannel<RunStart> = channel('noisemill:run:start')
export const runEnd: MessageChannel<RunEnd> = channel('noisemill:run:end')
export const chunkStart: MessageChannel<ChunkStart> = channel('noisemill:chunk:start')
export const chunkEnd: MessageChannel<ChunkEnd> = channel('noisemill:chunk:end')

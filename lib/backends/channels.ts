/** The channels of node:diagnostics_channel on which worker threads are announced. */

import { channel } from 'node:diagnostics_channel'
import type { WorkerFigures } from './worker-figures.js'

/** A worker thread was created. It gets its first items when it has started. */
export interface WorkerStart {
  /** Number of the worker's thread: `threadId` of node:worker_threads. */
  readonly worker: number
}

/** A worker thread has ended. */
export interface WorkerEnd {
  /** Number of the worker's thread. */
  readonly worker: number
  /** Exit code of the thread. */
  readonly exitCode: number
  /** Why the worker died: usually an error. Undefined if the pool ended it. */
  readonly cause: unknown
  /** How it spent its time since it was created. */
  readonly figures: WorkerFigures
}

/**
 * A channel with messages of one type. Whoever publishes looks at `hasSubscribers` first, so that no
 * message is made in vain.
 */
export interface MessageChannel<Message> {
  readonly hasSubscribers: boolean
  publish(message: Message): void
}

export const workerStart: MessageChannel<WorkerStart> = channel('noisemill:worker:start')
export const workerEnd: MessageChannel<WorkerEnd> = channel('noisemill:worker:end')

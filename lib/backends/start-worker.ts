/** Starts worker threads with those flags of Node that threads may have. */

import { MessageChannel, type MessagePort, Worker, type WorkerOptions } from 'node:worker_threads'
import type { ThreadData } from './messages.js'

/** Flags of Node that workers must not inherit, because these flags give Node a program to run. */
const EVAL_FLAGS = /^(-e|--eval|-p|--print|-pe|--input-type(=.*)?)$/

/** Returns the flags of Node that workers get from this process. */
export function inheritedFlags(): string[] {
  const flags: string[] = []
  const given = process.execArgv
  for (let i = 0; i < given.length; i++) {
    if (!EVAL_FLAGS.test(given[i])) flags.push(given[i])
    else if (!given[i].startsWith('--input-type=')) i++
  }
  return flags
}

/** A worker, and this thread's end of the channel to it. */
export interface StartedWorker {
  readonly worker: Worker
  readonly port: MessagePort
}

/**
 * Starts a worker. Node does not check flags that the worker inherits. If some must be left out,
 * the others are passed explicitly; Node checks these, and if it refuses one for workers, the
 * worker gets no flags.
 *
 * @param options those of the caller, whose flags are passed as they are
 */
export function startWorker(entry: URL, data: Omit<ThreadData, 'port'>, options: WorkerOptions): StartedWorker {
  if (options.execArgv !== undefined) return start(entry, data, options)
  const flags = inheritedFlags()
  if (flags.length === process.execArgv.length) return start(entry, data, options)
  try {
    return start(entry, data, { ...options, execArgv: flags })
  } catch {
    return start(entry, data, { ...options, execArgv: [] })
  }
}

function start(entry: URL, data: Omit<ThreadData, 'port'>, options: WorkerOptions): StartedWorker {
  const { port1, port2 } = new MessageChannel()
  try {
    const workerData: ThreadData = { ...data, port: port2 }
    const worker = new Worker(entry, { workerData, transferList: [port2], name: 'noisemill', ...options })
    return { worker, port: port1 }
  } catch (error) {
    port1.close()
    throw error
  }
}

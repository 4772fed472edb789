/** Starts worker threads with those flags of Node that threads may have. */

import { Worker } from 'node:worker_threads'
import type { ThreadData } from './messages.js'

/** Flags of Node that threads must not inherit, because these flags give Node a program to run. */
const EVAL_FLAGS = /^(-e|--eval|-p|--print|-pe|--input-type(=.*)?)$/

function threadFlags(): string[] {
  const flags: string[] = []
  const given = process.execArgv
  for (let i = 0; i < given.length; i++) {
    if (!EVAL_FLAGS.test(given[i])) flags.push(given[i])
    else if (!given[i].startsWith('--input-type=')) i++
  }
  return flags
}

/**
 * Starts a worker. Node does not check flags that the worker inherits. If some must be left out,
 * the others are passed explicitly; Node checks these, and if it refuses one for workers, the
 * worker gets no flags.
 */
export function startWorker(entry: URL, workerData: ThreadData): Worker {
  const options = { workerData, name: 'noisemill' }
  const flags = threadFlags()
  if (flags.length === process.execArgv.length) return new Worker(entry, options)
  try {
    return new Worker(entry, { ...options, execArgv: flags })
  } catch {
    return new Worker(entry, { ...options, execArgv: [] })
  }
}

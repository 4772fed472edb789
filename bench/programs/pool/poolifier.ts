/** poolifier's pool of a fixed number of threads. */

import { fileURLToPath } from 'node:url'
import { FixedThreadPool } from 'poolifier'
import { bufferOf, mapTasks, type OpenPool } from './libraries.js'

const WORKER = fileURLToPath(new URL('./poolifier-worker.js', import.meta.url))

export const openPool: OpenPool = async (name, { size, mostTasks, transfers, hasQueue = false }) => {
  const pool = new FixedThreadPool<unknown, unknown>(size, WORKER, { enableTasksQueue: hasQueue })
  const run = (item: unknown) => pool.execute(item, name, undefined, transfers ? bufferOf(item) : undefined)
  return {
    map(items, load) {
      const isPlain = load === undefined && mostTasks === undefined && !transfers
      return isPlain ? pool.mapExecute(items, name) : mapTasks(items, run, { load, mostTasks })
    },
  }
}

/** poolifier's pool of a fixed number of threads. */

import { fileURLToPath } from 'node:url'
import { FixedThreadPool } from 'poolifier'
import { bufferOf, mapTasks, type OpenPool } from './libraries.js'

const WORKER = fileURLToPath(new URL('./poolifier-worker.js', import.meta.url))

export const openPool: OpenPool = async (name, { size, mostTasks, transfers, hasQueue = false }) => {
  const pool = new FixedThreadPool<unknown, unknown>(size, WORKER, { enableTasksQueue: hasQueue })
  return (items, load) => {
    if (load === undefined && mostTasks === undefined && !transfers) return pool.mapExecute(items, name)
    const transferred = (item: unknown) => (transfers ? bufferOf(item) : undefined)
    return mapTasks(items, (item) => pool.execute(item, name, undefined, transferred(item)), { load, mostTasks })
  }
}

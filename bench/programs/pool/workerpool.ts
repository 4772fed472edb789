/** workerpool, with a task for each item. */

import { fileURLToPath } from 'node:url'
import workerpool from 'workerpool'
import { bufferOf, mapTasks, type OpenPool } from './libraries.js'

const WORKER = fileURLToPath(new URL('./workerpool-worker.js', import.meta.url))

export const openPool: OpenPool = async (name, { size, mostTasks, transfers }) => {
  const pool = workerpool.pool(WORKER, { minWorkers: size, maxWorkers: size, workerType: 'thread' })
  const run = (item: unknown) => pool.exec(name, [item], transfers ? { transfer: bufferOf(item) } : undefined)
  return { map: (items, load) => mapTasks(items, run, { load, mostTasks }) }
}

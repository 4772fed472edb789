/** Tinypool, with a task for each item. */

import { Tinypool } from 'tinypool'
import { bufferOf, FUNCTIONS, mapTasks, type OpenPool } from './libraries.js'

export const openPool: OpenPool = async (name, { size, tasksAtOnce = 1, mostTasks, transfers }) => {
  const pool = new Tinypool({
    filename: FUNCTIONS.href,
    minThreads: size,
    maxThreads: size,
    concurrentTasksPerWorker: tasksAtOnce,
  })
  const run = (item: unknown) => pool.run(item, { name, ...(transfers && { transferList: bufferOf(item) }) })
  return { map: (items, load) => mapTasks(items, run, { load, mostTasks }) }
}

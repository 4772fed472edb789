/** Piscina, with a task for each item. */

import { Piscina } from 'piscina'
import { bufferOf, FUNCTIONS, mapTasks, type OpenPool } from './libraries.js'

export const openPool: OpenPool = async (name, { size, tasksAtOnce = 1, mostTasks, transfers }) => {
  const pool = new Piscina({
    filename: FUNCTIONS.href,
    minThreads: size,
    maxThreads: size,
    concurrentTasksPerWorker: tasksAtOnce,
  })
  const run = (item: unknown) => pool.run(item, { name, ...(transfers && { transferList: bufferOf(item) }) })
  return { map: (items, load) => mapTasks(items, run, { load, mostTasks }) }
}

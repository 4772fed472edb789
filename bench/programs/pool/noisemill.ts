/** noisemill's Pool. */

import { loadNoisemill } from '../build.js'
import { FUNCTIONS, type Load, type OpenPool } from './libraries.js'

async function* loaded(items: readonly unknown[], load: Load): AsyncGenerator<unknown> {
  for (const item of items) yield await load(item)
}

const { moduleTask, Pool } = await loadNoisemill()

export const openPool: OpenPool = async (name, { size, transfers, pool: poolOptions, task: taskOptions, run }) => {
  const pool = new Pool({ size, ...poolOptions })
  const task = moduleTask(FUNCTIONS, name, { ...(transfers && { transfer: true }), ...taskOptions })
  return {
    map: (items, load) => pool.map(task, load === undefined ? items : loaded(items, load), run),
    close: () => pool.close(),
  }
}

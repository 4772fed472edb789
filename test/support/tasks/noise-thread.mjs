/** A worker thread that adds noise on a pool of its own, and ends as it is told to. */

import { parentPort, workerData } from 'node:worker_threads'
import { noiseTask, Pool } from '../../../dist/index.js'

parentPort.on('message', (end) => {
  if (end === 'exit') process.exit(5)
  if (end === 'throw') throw new Error('thrown in the middle')
  parentPort.close()
})

const { runs, size } = workerData
const pool = new Pool({ backend: 'native', size })
const results = await Promise.all(runs.map(({ items, options }) => pool.map(noiseTask(options), items)))
parentPort.postMessage(results.flat().map(({ status }) => status))

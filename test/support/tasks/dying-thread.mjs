/** In the place of the pool's own thread: dies in the middle of a file, as a thread does that runs out of memory. */

import { writeFileSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'

parentPort.on('message', ({ jobs }) => {
  Atomics.store(workerData.begun, 0, 0)
  writeFileSync(jobs[0].temporary, 'half a file')
  process.exit(1)
})
parentPort.postMessage({ type: 'ready' })

/** Replaces the pool's own thread and dies in the middle of a file, like a thread that runs out of memory. */

import { writeFileSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'

parentPort.on('message', ({ jobs }) => {
  Atomics.store(workerData.begun, 0, 0)
  writeFileSync(jobs[0].temporary, 'half a file')
  process.exit(1)
})
parentPort.postMessage({ type: 'ready' })

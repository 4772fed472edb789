/** Replaces the pool's own thread and dies in the middle of a file, like a thread that runs out of memory. */

import { writeFileSync } from 'node:fs'
import { workerData } from 'node:worker_threads'

const { port, claims: words } = workerData
port.on('message', ({ jobs, claims }) => {
  Atomics.add(words, claims, 1)
  writeFileSync(jobs[0].temporary, 'half a file')
  process.exit(1)
})
port.postMessage({ type: 'ready' })

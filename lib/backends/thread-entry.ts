/** The entry of a worker thread. */

import { workerData } from 'node:worker_threads'
import type { ThreadData } from './messages.js'
import { serve } from './serve.js'
import { ThreadLedger } from './shared-ledger.js'

const { port, ledger, wasm, files, weighs } = workerData as ThreadData
// Users' modules can read `workerData`. With the port, a function could post outcomes of other jobs.
for (const name of Object.keys(workerData)) delete workerData[name]
serve({
  port: {
    moves: true,
    post: (message, transfer) => port.postMessage(message, transfer),
    listen(receive) {
      port.on('message', receive)
      // Its load would be lost. The death of the thread tells the pool.
      port.on('messageerror', (error) => {
        throw error
      })
    },
  },
  ledger: new ThreadLedger(ledger),
  wasm,
  files,
  weighs,
  meter: undefined,
})

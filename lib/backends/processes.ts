/**
 * The backend 'processes', which calls functions in worker processes. Noise is added by threads,
 * natively if possible, because it needs no protection.
 */

import type { Backend } from './backend.js'
import type { WorkerPool } from './worker-pool.js'

export function processesBackend(processes: WorkerPool, noise: Backend): Backend {
  return {
    name: 'processes',
    get threads() {
      return processes.threads
    },
    execute: (chunk) => (chunk.kind === 'calls' ? processes.execute(chunk) : noise.execute(chunk)),
    async close(options) {
      await Promise.all([processes.terminate(options), noise.close(options)])
    },
    workers: () => processes.workers(),
  }
}

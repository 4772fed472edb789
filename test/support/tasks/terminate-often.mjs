/**
 * Terminates worker threads that pass short batches to the addon, as often as the first argument says. At the end it prints
 * "alive": if the addon handled the end of an environment wrongly, the process would have died.
 */

import { setTimeout } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'

const LANES = 3

async function lane(times) {
  for (let time = 0; time < times; time++) {
    const worker = new Worker(new URL('./short-batches-thread.mjs', import.meta.url))
    await new Promise((resolve) => worker.once('message', resolve))
    // Wait for a random time of up to 40 ms.
    await setTimeout((Math.imul(time + 1, 0x9e3779b1) >>> 0) % 40)
    await worker.terminate()
  }
}

const times = Math.ceil(Number(process.argv[2]) / LANES)
await Promise.all(Array.from({ length: LANES }, () => lane(times)))
console.log('alive')

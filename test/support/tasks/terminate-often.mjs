/**
 * Terminates worker threads that hand the addon one short batch after the other, as often as the first argument says. Prints "alive": who
 * handles the end of an environment wrongly takes the process with it.
 */

import { setTimeout } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'

const LANES = 3

async function lane(times) {
  for (let time = 0; time < times; time++) {
    const worker = new Worker(new URL('./short-batches-thread.mjs', import.meta.url))
    await new Promise((resolve) => worker.once('message', resolve))
    // A moment of no pattern in 40 ms.
    await setTimeout((Math.imul(time + 1, 0x9e3779b1) >>> 0) % 40)
    await worker.terminate()
  }
}

const times = Math.ceil(Number(process.argv[2]) / LANES)
await Promise.all(Array.from({ length: LANES }, () => lane(times)))
console.log('alive')

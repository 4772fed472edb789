/**
 * Adds 1 to each of COUNT numbers from an async source, by `imap`, and reports the milliseconds, the
 * memory of the process and how late its event loop was.
 *
 *     node stream.js at-once|waiting COUNT SIZE
 */

import { createHash } from 'node:crypto'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setImmediate } from 'node:timers/promises'
import { loadNoisemill, sayReported } from '../build.js'
import { FUNCTIONS } from './libraries.js'

const [way, ...numbers] = process.argv.slice(2)
const [count, size] = numbers.map(Number)
/** Number of times at which memory is read. */
const SAMPLES = 20
/** Samples before the one that later ones are compared with: the heaps of threads grow first. */
const SETTLED = 4

/** Yields at once, or waits for the event loop every 1,000 numbers, as a source does that reads a file. */
async function* source(): AsyncGenerator<number> {
  for (let i = 0; i < count; i++) {
    if (way === 'waiting' && i % 1000 === 0) await setImmediate()
    yield i
  }
}

const { moduleTask, Pool } = await loadNoisemill()
const pool = new Pool({ size })
const task = moduleTask<number, number>(FUNCTIONS, 'increment')
await pool.map(task, Array(size).fill(0), { chunkSize: 1 })
const delay = monitorEventLoopDelay({ resolution: 1 })
const memory: number[] = []
delay.enable()
const started = performance.now()
let done = 0
for await (const value of pool.imap(task, source())) {
  if (value !== ++done) throw new Error('results are not in order')
  if (done % Math.ceil(count / SAMPLES) === 0) memory.push(process.memoryUsage.rss() / 1e6)
}
const value = performance.now() - started
delay.disable()
const [median, p99, latest] = [50, 99, 100].map((share) => delay.percentile(share) / 1e6)
sayReported({
  value,
  digest: createHash('sha256').update(String(done)).digest('hex'),
  // Delays are in ms and include the monitor's interval of 1 ms; memory is in MB.
  figures: { median, p99, latest, settled: memory[SETTLED - 1], growth: Math.max(...memory) - memory[SETTLED - 1] },
})
process.exit()

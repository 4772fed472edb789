/**
 * One trial of responsiveness, in an ordinary program that uses the library. It runs batches one
 * after the other for a fixed time, and each replaces the outputs of the one before. It prints as
 * JSON how late the event loop was and how long reading a small file took.
 *
 *     node latency-trial.js idle|native|workers CLEAN OUT COPIES SMALL
 */

import { readFile } from 'node:fs/promises'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout } from 'node:timers/promises'
import { addNoiseToFiles, type BackendName } from '../dist/index.js'

const SECONDS = 10
/** Time between two readings of the small file. */
const READ_MILLISECONDS = 10
/**
 * Interval of the monitor's timer, in milliseconds. The monitor measures the time between two
 * ticks, so all its figures include this interval.
 */
const RESOLUTION = 1

const [backend, clean, out, copies, small] = process.argv.slice(2)

const reads: number[] = []
async function read(): Promise<void> {
  const started = performance.now()
  await readFile(small)
  reads.push(performance.now() - started)
}

async function runBatches(until: number): Promise<number> {
  let files = 0
  while (performance.now() < until) {
    const options = { out, sigma: 0.1, copies: Number(copies), overwrite: true, backend: backend as BackendName }
    for await (const { error } of addNoiseToFiles(clean, options)) {
      if (error) throw error
      files++
    }
  }
  return files
}

const percentile = (sorted: readonly number[], share: number) => sorted[Math.ceil(share * sorted.length) - 1]

const delay = monitorEventLoopDelay({ resolution: RESOLUTION })
delay.enable()
const started = performance.now()
const timer = setInterval(read, READ_MILLISECONDS)
const files = backend === 'idle' ? await setTimeout(1000 * SECONDS, 0) : await runBatches(started + 1000 * SECONDS)
clearInterval(timer)
delay.disable()

const sorted = reads.sort((a, b) => a - b)
console.log(
  JSON.stringify({
    seconds: (performance.now() - started) / 1000,
    files,
    delay: [50, 99, 100].map((share) => delay.percentile(share) / 1e6),
    read: [0.5, 0.99, 1].map((share) => percentile(sorted, share)),
    delayMean: delay.mean / 1e6,
    reads: reads.length,
  }),
)

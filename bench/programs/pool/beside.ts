/**
 * A run of COUNT items, alone or beside an endless run on the same pool, and reports the
 * milliseconds of the first. Threads that are shared fairly take twice as long for it.
 *
 *     node beside.js alone|beside COUNT STEPS SIZE
 */

import { setTimeout } from 'node:timers/promises'
import { loadNoisemill, sayReported } from '../build.js'
import { digestOf } from './digest.js'
import { FUNCTIONS } from './libraries.js'

const [way, ...numbers] = process.argv.slice(2)
const [count, steps, size] = numbers.map(Number)
/** Milliseconds for the long run to fill the threads. */
const HEAD_START = 300

function* endless(): Generator<number> {
  for (;;) yield steps
}

const { moduleTask, Pool } = await loadNoisemill()
const pool = new Pool({ size })
const task = moduleTask<number, number>(FUNCTIONS, 'spin')
const items = Array(count).fill(steps)
await pool.map(task, items)
async function runLong(): Promise<void> {
  for await (const _ of pool.imap(task, endless()));
}
if (way === 'beside') runLong().catch(() => process.exit(1))
await setTimeout(HEAD_START)
const started = performance.now()
const results = await pool.map(task, items)
sayReported({ value: performance.now() - started, digest: digestOf(results) })
process.exit()

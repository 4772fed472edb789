/**
 * Runs COUNT tasks, one after the other on one pool, that each have a table of BYTES bytes as `data`
 * or as `shared`. The memory that the process needs is what counts.
 *
 *     node tables.js data|shared COUNT BYTES SIZE
 */

import { loadNoisemill, sayReported } from '../build.js'
import { digestOf } from './digest.js'
import { FUNCTIONS } from './libraries.js'

const [way, ...numbers] = process.argv.slice(2)
const [count, bytes, size] = numbers.map(Number)

const { moduleTask, Pool } = await loadNoisemill()
const taskOf = (table: Float64Array) => moduleTask<number, number>(FUNCTIONS, 'lengthOfShared', { [way]: table })
const pool = new Pool({ size })
const items = Array(2 * size).fill(0)
await pool.map(taskOf(new Float64Array(1)), items, { chunkSize: 1 })
const started = performance.now()
const lengths: number[] = []
for (let i = 0; i < count; i++) {
  const table = new Float64Array(bytes / Float64Array.BYTES_PER_ELEMENT).fill(i)
  lengths.push(...(await pool.map(taskOf(table), items, { chunkSize: 1 })))
}
sayReported({ value: performance.now() - started, digest: digestOf(lengths) })
process.exit()

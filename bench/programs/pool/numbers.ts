/**
 * Adds 1 to each number below COUNT, by `map` or `imap`, in chunks of a size, and reports the
 * microseconds an item.
 *
 *     node numbers.js map|imap CHUNK_SIZE|auto COUNT SIZE
 */

import { loadNoisemill, sayReported } from '../build.js'
import { digestOf } from './digest.js'
import { FUNCTIONS } from './libraries.js'

const [method, chunkText, ...numbers] = process.argv.slice(2)
const [count, size] = numbers.map(Number)
const chunkSize = chunkText === 'auto' ? ('auto' as const) : Number(chunkText)

const { moduleTask, Pool } = await loadNoisemill()
const pool = new Pool({ size })
const task = moduleTask<number, number>(FUNCTIONS, 'increment')
const ways = {
  map: (items: readonly number[]) => pool.map(task, items, { chunkSize }),
  async imap(items: readonly number[]) {
    const results: number[] = []
    for await (const value of pool.imap(task, items, { chunkSize })) results.push(value)
    return results
  },
}
const run = ways[method as keyof typeof ways]
const items = Array.from({ length: count }, (_, i) => i)
for (let warmUp = 0; warmUp < 2; warmUp++) await run(items.slice(0, count / 10))
const started = performance.now()
const results = await run(items)
sayReported({ value: (1000 * (performance.now() - started)) / count, digest: digestOf(results) })
process.exit()

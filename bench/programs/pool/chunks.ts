/**
 * Makes blocks of 4 kB in chunks of a size, drops each when it has seen it, and reports the
 * milliseconds.
 *
 *     node chunks.js loop|noisemill|piscina CHUNK_SIZE|auto even|uneven COUNT ROUNDS SIZE
 */

import { loadNoisemill, sayReported } from '../build.js'
import { digestOf } from './digest.js'
import { type Block, block, resultIn } from './functions.js'
import { FUNCTIONS } from './libraries.js'

const [library, chunkSize, shape, ...numbers] = process.argv.slice(2)
const [count, rounds, size] = numbers.map(Number)

/** The last items of uneven ones take longest. All of them take as long as even ones. */
const roundsOf = (i: number, count: number) =>
  shape === 'even' ? rounds : 1 + Math.floor(3 * rounds * ((i + 0.5) / count) ** 2)

function* blocks(count: number): Generator<Block> {
  for (let n = 0; n < count; n++) yield { n, rounds: roundsOf(n, count) }
}

/** Resolves to what is in the blocks, in order. */
type Run = (count: number) => Promise<number[]>

const ways: Readonly<Record<string, () => Promise<Run>>> = {
  loop: async () => async (count) => Array.from(blocks(count), (item) => resultIn(block(item))),

  async noisemill() {
    const { moduleTask, Pool } = await loadNoisemill()
    const pool = new Pool({ size })
    const task = moduleTask<Block, Uint8Array>(FUNCTIONS, 'block')
    return async (count) => {
      const results: number[] = []
      const options = { chunkSize: chunkSize === 'auto' ? ('auto' as const) : Number(chunkSize) }
      for await (const bytes of pool.imap(task, blocks(count), options)) results.push(resultIn(bytes))
      return results
    }
  },

  /** Piscina has no chunks, so its users make arrays of items. */
  async piscina() {
    const { Piscina } = await import('piscina')
    const pool = new Piscina({ filename: FUNCTIONS.href, minThreads: size, maxThreads: size })
    return async (count) => {
      const items = [...blocks(count)]
      const batches = Array.from({ length: Math.ceil(count / Number(chunkSize)) }, (_, i) =>
        items.slice(i * Number(chunkSize), (i + 1) * Number(chunkSize)),
      )
      const results = batches.map(async (batch) => {
        const made: Uint8Array[] = await pool.run(batch, { name: 'blockBatch' })
        return made.map(resultIn)
      })
      return (await Promise.all(results)).flat()
    }
  },
}

const run = await ways[library]()
for (let warmUp = 0; warmUp < 2; warmUp++) await run(Math.ceil(count / 20))
const started = performance.now()
const results = await run(count)
sayReported({ value: performance.now() - started, digest: digestOf(results) })
process.exit()

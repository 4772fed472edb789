/**
 * 1,000,000 numbers, for which the function does next to nothing: the cost of an item by `map` and
 * `imap`, for chunks of 100 to 1,000,000.
 */

import { type ChunkSize, moduleTask, Pool } from '../../dist/index.js'
import { report } from '../harness.js'
import { JOBS } from '../programs.js'
import { FUNCTIONS } from './contenders.js'
import { increment } from './functions.js'
import { type Contenders, type Round, Trials, timed } from './trials.js'

interface Settings {
  readonly count: number
}

type Sum = (items: readonly number[]) => Promise<number>

/** Resolves to the microseconds an item. */
const timing =
  (prepare: () => Sum) =>
  ({ count }: Settings): Round => {
    const sumOf = prepare()
    const items = Array.from({ length: count }, (_, i) => i)
    const expected = items.map(increment).reduce((a, b) => a + b)
    return async () => {
      const { milliseconds, value } = await timed(() => sumOf(items))
      if (value !== expected) throw new Error('a contender gave a wrong result')
      return (1000 * milliseconds) / count
    }
  }

const task = () => moduleTask<number, number>(FUNCTIONS, 'increment')

function mapped(chunkSize: ChunkSize): Sum {
  const [pool, incremented] = [new Pool({ size: JOBS }), task()]
  return async (items) => {
    let sum = 0
    for (const value of await pool.map(incremented, items, { chunkSize })) sum += value
    return sum
  }
}

function iterated(chunkSize: ChunkSize): Sum {
  const [pool, incremented] = [new Pool({ size: JOBS }), task()]
  return async (items) => {
    let sum = 0
    for await (const value of pool.imap(incremented, items, { chunkSize })) sum += value
    return sum
  }
}

const chunkSizes = ['auto', 100, 1000, 10_000, 100_000, 1_000_000] as const

const byChunkSize = (name: string, sumOf: (chunkSize: ChunkSize) => Sum) =>
  Object.fromEntries(chunkSizes.map((size) => [`${name}, chunks: ${size}`, timing(() => sumOf(size))]))

export const contenders: Contenders<Settings> = {
  ...byChunkSize('map', mapped),
  ...byChunkSize('imap', iterated),
}

export async function numbers(rounds = 5, scale = 1): Promise<void> {
  const settings: Settings = { count: Math.round(1_000_000 * scale) }
  using trials = await Trials.start(import.meta.url, Object.keys(contenders), settings)
  const rows = await trials.compare(rounds)
  report('Pool numbers', 'microseconds an item', rows, 'map, chunks: 1000', { ...settings, scale })
}

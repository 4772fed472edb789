/**
 * Sends arrays that are in memory already, and reports the milliseconds an array.
 *
 *     node --expose-gc arrays.js LIBRARY sent|transferred|named COUNT BYTES SIZE
 */

import { sayReported } from '../build.js'
import { digestOf } from './digest.js'
import { type Library, openPool } from './libraries.js'

const [library, way, ...numbers] = process.argv.slice(2)
const [count, bytes, size] = numbers.map(Number)

const item = (i: number) =>
  way === 'named' ? `array ${i}` : new Float64Array(bytes / Float64Array.BYTES_PER_ELEMENT).fill(1)
const { map } = await openPool(library as Library, way === 'named' ? 'lengthOf' : 'lastOf', {
  size,
  transfers: way === 'transferred',
})

async function round(count: number): Promise<{ milliseconds: number; results: unknown[] }> {
  const items = Array.from({ length: count }, (_, i) => item(i))
  globalThis.gc?.()
  const started = performance.now()
  const results = await map(items)
  return { milliseconds: performance.now() - started, results }
}

for (let warmUp = 0; warmUp < 2; warmUp++) await round(2 * size)
const { milliseconds, results } = await round(count)
sayReported({ value: milliseconds / count, digest: digestOf(results as number[]) })
process.exit()

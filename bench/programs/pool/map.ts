/**
 * Calls a function for each item by one library, and reports the milliseconds. Two rounds with a
 * tenth of the items come before.
 *
 *     node map.js SPEC
 */

import { sayReported } from '../build.js'
import { digestOf } from './digest.js'
import type { Fields } from './functions.js'
import { type FunctionName, type Library, type OpenedPool, openerOf, type Use } from './libraries.js'
import { type WorkName, works } from './works.js'

/** What the program does, as JSON in its argument. */
export interface MapSpec {
  readonly library: Library
  readonly name: FunctionName
  readonly items: Items
  readonly use: Use
  /** Number of items in each array, if items are sent in arrays that the program makes. */
  readonly batch?: number
  /** Whether the start of the pool is part of the time. Nothing is warm then. */
  readonly isStartMeasured?: boolean
}

/** Items of a kind. `steps` says how long an item takes, or how long it takes on average. */
export type Items =
  | { readonly kind: 'range'; readonly count: number }
  | { readonly kind: 'same' | 'fields'; readonly count: number; readonly steps: number }
  | { readonly kind: 'work'; readonly count: number; readonly steps: number; readonly work: WorkName }

function makeItems(items: Items): unknown[] {
  const { kind, count } = items
  if (kind === 'range') return Array.from({ length: count }, (_, i) => i)
  const { steps } = items
  if (kind === 'same') return Array(count).fill(steps)
  if (kind === 'work') return works[items.work](count).map((length) => Math.round(steps * length))
  return Array.from({ length: count }, (_, id): Fields => ({ id, name: `item ${id}`, steps, value: 0 }))
}

/** The results as numbers, which all contenders must have in common. */
const numbersIn = (results: readonly unknown[]): number[] =>
  results.map((result) => (typeof result === 'number' ? result : (result as Fields).value))

const batchesOf = (items: readonly unknown[], size: number): unknown[][] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size))

const spec: MapSpec = JSON.parse(process.argv[2])
const items = makeItems(spec.items)
const open = await openerOf(spec.library)
const start = () => open(spec.name, spec.use)

async function round({ map }: OpenedPool, items: readonly unknown[]): Promise<unknown[]> {
  if (spec.batch === undefined) return map(items)
  return ((await map(batchesOf(items, spec.batch))) as unknown[][]).flat()
}

let pool: OpenedPool | undefined
if (!spec.isStartMeasured) {
  pool = await start()
  const count = Math.ceil(items.length / 10)
  // The first items may be the longest.
  const some = spec.items.kind === 'work' ? makeItems({ ...spec.items, kind: 'same', count }) : items.slice(0, count)
  for (let warmUp = 0; warmUp < 2; warmUp++) await round(pool, some)
}
const started = performance.now()
pool ??= await start()
const results = await round(pool, items)
const value = performance.now() - started
await pool.close?.()
sayReported({ value, digest: digestOf(numbersIn(results)) })
process.exit()

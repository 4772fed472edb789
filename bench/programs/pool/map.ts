/**
 * Calls a function for each item by one library, and reports the milliseconds.
 *
 *     node map.js SPEC
 */

import { sayReported } from '../build.js'
import { digestOf } from './digest.js'
import type { Fields } from './functions.js'
import { type FunctionName, type Library, type MapItems, openPool, type Use } from './libraries.js'
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
  /** Share of the items in each of the two rounds before; a tenth by default. */
  readonly warmUp?: number
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
const start = () => openPool(spec.library, spec.name, spec.use)

async function round(map: MapItems, items: readonly unknown[]): Promise<unknown[]> {
  if (spec.batch === undefined) return map(items)
  return ((await map(batchesOf(items, spec.batch))) as unknown[][]).flat()
}

let map: MapItems | undefined
if (!spec.isStartMeasured) {
  map = await start()
  const some = items.slice(0, Math.ceil(items.length * (spec.warmUp ?? 0.1)))
  for (let warmUp = 0; warmUp < 2; warmUp++) await round(map, some)
}
const started = performance.now()
const results = await round(map ?? (await start()), items)
const value = performance.now() - started
sayReported({ value, digest: digestOf(numbersIn(results)) })
process.exit()

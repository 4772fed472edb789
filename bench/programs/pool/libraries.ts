/** What the modules of this folder have in common that each call functions by one library. */

import type { ModuleTaskOptions, PoolOptions, RunOptions } from '../../../dist/index.js'
import type * as functions from './functions.js'

export type FunctionName = keyof typeof functions

/** URL of the functions, which the workers of all libraries load. */
export const FUNCTIONS = new URL('./functions.js', import.meta.url)

/** How a library is used. A library ignores what it does not have. */
export interface Use {
  /** Threads or processes. */
  readonly size: number
  /** Tasks that a worker may have at a time: Piscina and tinypool. */
  readonly tasksAtOnce?: number
  /**
   * Most tasks that the program has in the library at a time; all of them by default, which costs
   * libraries much that search or move their whole queue for each task.
   */
  readonly mostTasks?: number
  /** Whether the buffers of items are transferred: all libraries with threads. */
  readonly transfers?: boolean
  /** Whether a worker gets a task only when it is free: poolifier, for which this is an option. */
  readonly hasQueue?: boolean
  /** Options of noisemill's pool, task and run. */
  readonly pool?: PoolOptions
  readonly task?: ModuleTaskOptions
  readonly run?: RunOptions
}

/** Makes what is sent for an item, such as the samples of a file. */
export type Load = (item: unknown) => Promise<unknown>

/** Calls a function for each item. Resolves to the results in the order of the items. */
export type MapItems = (items: readonly unknown[], load?: Load) => Promise<unknown[]>

export interface OpenedPool {
  readonly map: MapItems
  /**
   * Ends processes and waits for them, because the CPU time and the memory of a process count once
   * another one has waited for it. Threads need no end.
   */
  close?(): Promise<void>
}

/** Starts a pool that calls a function of functions.ts. */
export type OpenPool = (name: FunctionName, use: Use) => Promise<OpenedPool>

/** A function of functions.ts, for contenders that call it themselves. */
export async function functionNamed(name: FunctionName): Promise<(item: unknown) => unknown> {
  const named: Readonly<Record<string, (item: unknown) => unknown>> = { ...(await import('./functions.js')) } as never
  return named[name]
}

/** Names of the modules of this folder that export `openPool`. */
export const libraries = [
  'loop',
  'processes',
  'p-map',
  'noisemill',
  'piscina',
  'tinypool',
  'poolifier',
  'workerpool',
] as const

export type Library = (typeof libraries)[number]

/** Imports the module that uses a library. Nothing else imports the library. */
export async function openerOf(library: Library): Promise<OpenPool> {
  const module: { openPool: OpenPool } = await import(new URL(`./${library}.js`, import.meta.url).href)
  return module.openPool
}

export const openPool = async (library: Library, name: FunctionName, use: Use): Promise<OpenedPool> =>
  (await openerOf(library))(name, use)

/** What an item transfers: the buffer of a typed array. */
export const bufferOf = (item: unknown): ArrayBuffer[] => [(item as Float64Array<ArrayBuffer>).buffer]

/** Makes calls for all items, as users of libraries do whose pools have a call for each task. */
export async function mapTasks(
  items: readonly unknown[],
  call: (item: unknown) => PromiseLike<unknown>,
  { load, mostTasks }: { load: Load | undefined; mostTasks: number | undefined },
): Promise<unknown[]> {
  const callLoaded = load === undefined ? call : async (item: unknown) => call(await load(item))
  if (mostTasks === undefined) return Promise.all(items.map(callLoaded))
  const results: unknown[] = []
  let next = 0
  const runTasks = async () => {
    while (next < items.length) {
      const index = next++
      results[index] = await callLoaded(items[index])
    }
  }
  await Promise.all(Array.from({ length: mostTasks }, runTasks))
  return results
}

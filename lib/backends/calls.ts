/** Loads the function that a module task names, and calls it. */

import { pathToFileURL } from 'node:url'
import { describe } from '../errors.js'
import type { ModuleCall } from '../task.js'
import type { ThreadFailure, ThreadOutcome } from './messages.js'
import { packThrown, type Thrown } from './thrown.js'

export type Call = (item: unknown) => unknown

class FailedCall extends Error {
  constructor(readonly failure: ThreadFailure) {
    super(failure.code)
  }
}

const LOADING = Symbol.for('noisemill.modulesThatAreLoaded')

/** URLs of the task modules that this thread is loading: in a place that all copies of this package in the thread share. */
function loading(): Set<string> {
  const global = globalThis as { [LOADING]?: Set<string> }
  global[LOADING] ??= new Set()
  return global[LOADING]
}

const urlOf = (url: string): string => (url.startsWith('file:') ? url : pathToFileURL(url).href)

/** Whether this thread is still loading a module as a task: if it runs a pool on itself then, each of that pool's threads does the same. */
export const isLoading = (url: string): boolean => loading().has(urlOf(url))

/**
 * What a module exports under a name. Of a CommonJS module Node finds the names in its text, and not those that are made as it runs: these are
 * in `module.exports`, which is its default. Compilers to CommonJS put their own default in there too, with the mark `__esModule`.
 */
function exportOf(module: Record<string, unknown>, name: string): unknown {
  const whole = Object(module.default) as Record<string, unknown>
  if (name === 'default' && whole.__esModule) return whole.default
  return module[name] ?? (Object.hasOwn(whole, name) ? whole[name] : undefined)
}

/** Imports the module and runs its setup. Rejects with a FailedCall alone. */
export async function loadCall({ url, name, setup, data }: ModuleCall): Promise<Call> {
  const unusable = (received: string, thrown?: Thrown) =>
    new FailedCall({ code: 'E_TASK_LOAD', received, ...(thrown && { thrown }) })
  let module: Record<string, unknown>
  const href = urlOf(url)
  loading().add(href)
  try {
    module = await import(href)
  } catch (cause) {
    throw unusable(url, packThrown(cause))
  } finally {
    loading().delete(href)
  }
  const exported = (wanted: string) => {
    const value = exportOf(module, wanted)
    if (typeof value !== 'function') throw unusable(`${url} exports ${describe(value)} as "${wanted}", not a function`)
    return value as (...values: unknown[]) => unknown
  }
  const call = exported(name)
  if (setup === undefined) return (item) => call(item, data)
  const prepare = exported(setup)
  let shared: unknown
  try {
    shared = await prepare(data)
  } catch (cause) {
    throw unusable(`"${setup}" of ${url} threw`, packThrown(cause))
  }
  return (item) => call(item, shared)
}

/** Calls the function, once it is loaded, with an item; whatever goes wrong is in the outcome. */
export async function callWith(call: Promise<Call>, item: unknown): Promise<ThreadOutcome> {
  let loaded: Call
  try {
    loaded = await call
  } catch (thrown) {
    return { failure: (thrown as FailedCall).failure }
  }
  try {
    return { value: await loaded(item) }
  } catch (thrown) {
    return { failure: { code: 'E_TASK_FAILED', thrown: packThrown(thrown) } }
  }
}

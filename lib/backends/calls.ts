/** Loads the function that a module task names, and calls it. */

import { AsyncLocalStorage } from 'node:async_hooks'
import { existsSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { describe, type NoisemillError } from '../errors.js'
import type { ModuleCall } from '../task.js'
import { findLoss, LOOKED_AT } from './crossing.js'
import type { ThreadFailure, ThreadOutcome } from './messages.js'
import { packThrown, type Thrown } from './thrown.js'

/** A function that is loaded. */
export interface Call {
  readonly function: (item: unknown) => unknown
  readonly strict: boolean
}

class FailedCall extends Error {
  constructor(readonly failure: ThreadFailure) {
    super(failure.code)
  }
}

const LOADING = Symbol.for('noisemill.loadingModules')

/**
 * The task modules whose loading the running code is part of: the code of a module that is loaded, and all that it starts, such as an async
 * function that goes on after the module is loaded. It is in a place that all copies of this package in the thread share. Each thread of a
 * pool begins with the modules that its pool was started from.
 */
function loadingContext(): AsyncLocalStorage<readonly string[]> {
  const global = globalThis as { [LOADING]?: AsyncLocalStorage<readonly string[]> }
  global[LOADING] ??= new AsyncLocalStorage()
  return global[LOADING]
}

/** URLs of files, without what follows their path: a query makes another module of the same code. */
function fileOf(url: string): string {
  const file = new URL(urlOf(url))
  file.search = ''
  file.hash = ''
  return file.href
}

const urlOf = (url: string): string => (url.startsWith('file:') ? url : pathToFileURL(url).href)

/** The files of the task modules whose loading the running code is part of. */
export const loadingFiles = (): readonly string[] => loadingContext().getStore() ?? []

/** Whether a pool on this module would be started by loading it: then each thread of that pool would start another pool. */
export const isNested = (url: string): boolean => loadingFiles().includes(fileOf(url))

/**
 * What a module exports under a name. Of a CommonJS module Node finds the names in its text, and not those that are made as it runs: these are
 * in `module.exports`, which is its default. Compilers to CommonJS put their own default in there too, with the mark `__esModule`.
 */
function exportOf(module: Record<string, unknown>, name: string): unknown {
  const whole = Object(module.default) as Record<string, unknown>
  if (name === 'default' && whole.__esModule) return whole.default
  return module[name] ?? (Object.hasOwn(whole, name) ? whole[name] : undefined)
}

/** Names listed in an error, at most. */
const MAX_NAMES = 20

/** The functions that a module exports, in words. */
function functionsOf(module: Record<string, unknown>): string {
  const names = new Set([...Object.keys(module), ...Object.keys(Object(module.default))])
  const functions = Array.from(names).filter((name) => typeof exportOf(module, name) === 'function')
  if (functions.length === 0) return 'it exports no function'
  const listed = functions.slice(0, MAX_NAMES).join(', ')
  return `it exports the functions ${listed}${functions.length > MAX_NAMES ? ', …' : ''}`
}

/** Whether what could not be found is the module itself, and not something that it imports. */
function isMissing(url: string): boolean {
  try {
    return !existsSync(new URL(fileOf(url)))
  } catch {
    return false
  }
}

/** Packs why a module cannot be used. Undefined becomes an error, because an error without a cause means that nothing was thrown. */
const packReason = (thrown: unknown): Thrown =>
  packThrown(thrown === undefined ? new Error('undefined was thrown') : thrown)

/**
 * Imports the module and runs its setup. Rejects with a FailedCall alone.
 *
 * @param above the files whose loading this is part of
 */
export async function loadCall(
  { url, name, setup, data, strict = false }: ModuleCall,
  above = loadingFiles(),
): Promise<Call> {
  const unusable = (received: string, thrown?: Thrown) =>
    new FailedCall({ code: 'E_TASK_LOAD', received, ...(thrown && { thrown }) })
  let module: Record<string, unknown>
  try {
    const files = [...above, fileOf(url)]
    module = await loadingContext().run(files, () => import(urlOf(url)))
  } catch (cause) {
    // The module says what is wrong with it.
    if ((cause as NoisemillError | undefined)?.code === 'E_TASK_NESTED')
      throw new FailedCall({ code: 'E_TASK_NESTED', received: url })
    throw unusable(`${url} ${isMissing(url) ? 'does not exist' : 'failed while it was loaded'}`, packReason(cause))
  }
  const exported = (wanted: string) => {
    const value = exportOf(module, wanted)
    if (typeof value !== 'function')
      throw unusable(`${url} exports ${describe(value)} as "${wanted}", not a function; ${functionsOf(module)}`)
    return value as (...values: unknown[]) => unknown
  }
  const call = exported(name)
  if (setup === undefined) return { function: (item) => call(item, data), strict }
  const prepare = exported(setup)
  let shared: unknown
  try {
    shared = await prepare(data)
  } catch (cause) {
    throw unusable(`"${setup}" of ${url} threw`, packReason(cause))
  }
  return { function: (item) => call(item, shared), strict }
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
    return outcomeOf(await loaded.function(item), loaded.strict)
  } catch (thrown) {
    return { failure: { code: 'E_TASK_FAILED', thrown: packThrown(thrown) } }
  }
}

/** Of a result before it crosses, because afterwards nothing shows what its class was. */
function outcomeOf(value: unknown, strict: boolean): ThreadOutcome {
  const loss = findLoss(value, strict ? Infinity : LOOKED_AT)
  if (loss === undefined) return { value }
  const lost = `result${loss}`
  return strict ? { failure: { code: 'E_NOT_CLONEABLE', received: lost } } : { value, lost }
}

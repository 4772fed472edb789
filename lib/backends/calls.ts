/** Loads the function that a module task names, and calls it. */

import { pathToFileURL } from 'node:url'
import { describe } from '../errors.js'
import type { ModuleCall } from '../task.js'
import type { ThreadFailure, ThreadOutcome } from './messages.js'

export type Call = (item: unknown) => unknown

class FailedCall extends Error {
  constructor(readonly failure: ThreadFailure) {
    super(failure.code)
  }
}

/** Imports the module and runs its setup. Rejects in a way that `callWith` knows. */
export async function loadCall({ url, name, setup, data }: ModuleCall): Promise<Call> {
  const unusable = (received: string, cause?: unknown) => new FailedCall({ code: 'E_TASK_LOAD', received, cause })
  let module: Record<string, unknown>
  try {
    module = await import(url.startsWith('file:') ? url : pathToFileURL(url).href)
  } catch (cause) {
    throw unusable(url, cause)
  }
  const exported = (wanted: string) => {
    const value = module[wanted]
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
    throw unusable(`"${setup}" of ${url} threw`, cause)
  }
  return (item) => call(item, shared)
}

/** Calls the function, once it is loaded, with an item; whatever goes wrong is in the outcome. */
export async function callWith(call: Promise<Call>, item: unknown): Promise<ThreadOutcome> {
  try {
    const loaded = await call
    return { value: await loaded(item) }
  } catch (cause) {
    return { failure: cause instanceof FailedCall ? cause.failure : { code: 'E_TASK_FAILED', cause } }
  }
}

/** The tasks of a worker: the functions that one module exports. Jobs name them, and nothing else can be called. */

import { realpathSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { NoisemillError } from '../errors.js'
import { pathFromCaller } from '../files/paths.js'
import type { ModuleCall } from '../task.js'
import { type CallRequest, callToText } from './messages.js'
import { hashOf, readFile } from './signature.js'

/** Calls that are remembered. A thread keeps the functions of a call, so that its setup runs once. */
const KEPT_CALLS = 100

export class Registry {
  readonly file: string
  readonly #url: string
  readonly #hash: string
  readonly #calls = new Map<string, ModuleCall>()

  /** @param file path or file: URL of the module. Throws E_OPTION_INVALID if it cannot be read. */
  constructor(file: unknown) {
    const given = pathFromCaller(file)
    // Reading it tells whether it is there, before its path is resolved.
    this.#hash = hashOf(readFile('tasks', typeof given === 'string' ? path.resolve(given) : given))
    this.file = realpathSync(path.resolve(given as string))
    this.#url = pathToFileURL(this.file).href
  }

  /**
   * Returns the call that a job asks for, the same object for the same call. Throws E_MACHINES_DIFFER if the producer has
   * another module.
   */
  callOf(request: CallRequest): ModuleCall {
    const { module, ...named } = request
    if (module !== this.#hash) {
      const received = `the module of the task has the SHA-256 ${module} at the producer, and ${this.#hash} in ${this.file}`
      throw new NoisemillError('E_MACHINES_DIFFER', { received })
    }
    const text = callToText(request)
    const known = this.#calls.get(text)
    if (known !== undefined) return known
    const call = { ...named, url: this.#url }
    if (this.#calls.size === KEPT_CALLS) this.#calls.clear()
    this.#calls.set(text, call)
    return call
  }
}

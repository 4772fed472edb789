/** The functions of users that a worker thread has loaded. */

import type { Kernels } from '../core/kernels.js'
import type { ModuleCall } from '../task.js'
import { type Call, loadCall, loadFailure, tearDown } from './calls.js'
import type { WorkerFailure } from './messages.js'
import type { TaskFiles } from './nesting.js'
import { Teardowns } from './teardown.js'

/** A function. It has a call or a failure once it is loaded. */
export interface OwnFunction {
  readonly hasTeardown: boolean
  loaded: Promise<void> | undefined
  call: Call | undefined
  failure: WorkerFailure | undefined
}

/** From this size on, the memory of data that were released is collected at once. */
const LARGE_BYTES = 1024 * 1024
/** How large an allocation makes V8 collect garbage outside its heap. */
const NOTICED_BYTES = 64 * 1024 * 1024

export class OwnFunctions {
  readonly #functions = new Map<number, OwnFunction>()
  readonly #teardowns = new Teardowns()
  readonly #above: TaskFiles
  readonly #warn: (what: string) => void
  readonly #kernels: () => Kernels

  /**
   * @param above the files that the thread began with
   * @param kernels returns the kernels of the thread
   * @param warn called with what a teardown threw, in words
   */
  constructor(above: TaskFiles, kernels: () => Kernels, warn: (what: string) => void) {
    this.#kernels = kernels
    this.#above = above
    this.#warn = warn
  }

  /** Loads a function. Resolves when it has a call or a failure. */
  load(id: number, moduleCall: ModuleCall): Promise<void> {
    const hasTeardown = moduleCall.teardown !== undefined
    const own: OwnFunction = { hasTeardown, loaded: undefined, call: undefined, failure: undefined }
    const loaded = loadCall(moduleCall, { above: this.#above, kernels: this.#kernels })
      .then(
        (call) => {
          own.call = call
        },
        (thrown) => {
          own.failure = loadFailure(thrown)
        },
      )
      .then(() => {
        own.loaded = undefined
      })
    own.loaded = loaded
    this.#functions.set(id, own)
    return loaded
  }

  get(id: number): OwnFunction {
    return this.#functions.get(id)!
  }

  /**
   * Releases a function and calls its teardown.
   *
   * @param bytes size of its data
   */
  release(id: number, bytes: number): void {
    const teardown = this.#tearDown(this.get(id))
    this.#functions.delete(id)
    this.#teardowns.add(bytes < LARGE_BYTES ? teardown : teardown.then(collectLarge))
  }

  async #tearDown(own: OwnFunction): Promise<void> {
    // The setup of one without a teardown may never end.
    if (own.hasTeardown) await own.loaded
    const { call } = own
    own.call = undefined
    if (call !== undefined) await tearDown(call, this.#warn)
  }

  /** Releases all functions. Resolves when their teardowns have ended. */
  async close(): Promise<void> {
    for (const id of this.#functions.keys()) this.release(id, 0)
    await this.#teardowns.ended()
  }
}

/**
 * Makes V8 collect large buffers, which it does late because they are outside its heap. The
 * allocation itself costs no memory, because nothing is written to it.
 */
function collectLarge(): void {
  try {
    Buffer.alloc(NOTICED_BYTES)
  } catch {
    // The system refuses so much address space. V8 then collects them later.
  }
}

/** Which functions of modules the workers of a pool keep loaded, with their data, and for how long. */

import type { ModuleCall } from '../task.js'
import type { CallsChunk } from './backend.js'
import { byteSize } from './byte-size.js'
import type { Cancellation } from './cancellation.js'

/**
 * Most bytes of `data` that a worker keeps of functions that no run uses. It keeps small ones, so
 * that a program that uses several tasks in turn does not run `setup` again each time.
 */
const IDLE_BYTES = 16 * 1024 * 1024

/** A function, as the pool that sends it to workers knows it. It does not hold the `data`. */
export class PoolFunction {
  /** How many chunks with calls of it have not ended. */
  chunks = 0
  /** Whether it could not be loaded somewhere. */
  hasFailed = false
  /** The run that used it last. */
  run: Cancellation | undefined

  constructor(
    /** Number by which workers name it. */
    readonly id: number,
    /** Size of its `data`, without shared memory. */
    readonly bytes: number,
    /** Size of all that a worker refers to. */
    readonly reachable: number,
    readonly hasTeardown: boolean,
  ) {}

  /** Whether no run uses it. A run cancels its Cancellation at its end. */
  get isIdle(): boolean {
    return this.chunks === 0 && this.run!.isCancelled
  }
}

/** What a pool does when workers should release functions. */
export interface FunctionEvents {
  /** A function was collected as garbage, so nobody can use it any more. */
  collected(own: PoolFunction): void
  /** A function is begun, and idle ones may have to make room for it. */
  begun(): void
}

let lastId = 0

/** The functions of a pool. */
export class PoolFunctions {
  readonly #functions = new WeakMap<ModuleCall, PoolFunction>()
  readonly #collected: FinalizationRegistry<PoolFunction>
  /** The function that was begun last. */
  #last: PoolFunction | undefined
  readonly #events: FunctionEvents

  constructor(events: FunctionEvents) {
    this.#events = events
    this.#collected = new FinalizationRegistry((own) => events.collected(own))
  }

  /** Returns the function of a chunk that has begun. */
  begin({ call, cancellation, attempt = 1 }: CallsChunk): PoolFunction {
    let own = this.#functions.get(call)
    if (own?.hasFailed && (own.run !== cancellation || attempt > 1)) {
      // What its setup needs may be there by now.
      this.#events.collected(own)
      own = undefined
    }
    if (own === undefined) {
      own = new PoolFunction(
        ++lastId,
        byteSize(call.data),
        byteSize(call.data, { countsShared: true }),
        call.teardown !== undefined,
      )
      this.#functions.set(call, own)
      this.#collected.register(call, own)
    }
    own.chunks++
    own.run = cancellation
    if (own !== this.#last) this.#events.begun()
    this.#last = own
    return own
  }
}

/** The functions that one worker has loaded. */
export class LoadedFunctions {
  /** Those used last come last. */
  readonly #loaded = new Set<PoolFunction>()
  /** Bytes of `data` of all of them. */
  #bytes = 0

  /** Notes that a function is about to be used. Returns whether it must be loaded first. */
  use(own: PoolFunction): boolean {
    const isNew = !this.delete(own)
    this.#loaded.add(own)
    this.#bytes += own.bytes
    return isNew
  }

  /** Notes that a function is not loaded any more. Returns whether it was. */
  delete(own: PoolFunction): boolean {
    const wasLoaded = this.#loaded.delete(own)
    if (wasLoaded) this.#bytes -= own.bytes
    return wasLoaded
  }

  /** Removes idle functions whose data are too large together, and returns them. */
  evict(): PoolFunction[] {
    if (this.#bytes <= IDLE_BYTES) return []
    const idle = Array.from(this.#loaded).filter(({ isIdle }) => isIdle)
    let bytes = idle.reduce((sum, own) => sum + own.bytes, 0)
    const evicted: PoolFunction[] = []
    for (const own of idle) {
      if (bytes <= IDLE_BYTES) break
      bytes -= own.bytes
      this.delete(own)
      evicted.push(own)
    }
    return evicted
  }
}

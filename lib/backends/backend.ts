/** What the pool asks of the places where jobs run. */

import type { EtlJob, EtlOutcome } from '../core/etl.js'
import type { SettledSlice, SliceJob } from '../core/slice.js'
import type { NoisemillError } from '../errors.js'

/** How a job ended: with its value, or without any because the place it ran in failed it. */
export type Outcome<Value> = { readonly value: Value } | { readonly error: NoisemillError }

/**
 * Runs jobs in one trip, as soon as threads are free; calls `settle` once for each as it ends. Resolves after the last, to
 * the milliseconds that they took on their threads.
 */
export type Execute<Job, Value> = (
  jobs: readonly Job[],
  cancellation: Cancellation,
  settle: (index: number, outcome: Outcome<Value>) => void,
) => Promise<number>

/** A flag that every thread can see, and a call for those that need one. */
export class Cancellation {
  /** One element, 1 once cancelled. */
  readonly flag = new Int32Array(new SharedArrayBuffer(4))
  readonly #listeners = new Set<() => void>()

  get isCancelled(): boolean {
    return isCancelled(this.flag)
  }

  cancel(): void {
    if (this.isCancelled) return
    Atomics.store(this.flag, 0, 1)
    for (const listener of this.#listeners) listener()
    this.#listeners.clear()
  }

  /** Calls `listener` on cancelling, at once if that was before. Returns a function that takes it back. */
  onCancel(listener: () => void): () => void {
    if (this.isCancelled) listener()
    else this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}

export const isCancelled = (flag: Int32Array): boolean => Atomics.load(flag, 0) === 1

/**
 * Where noise is added: 'native', in threads of the C++ addon; 'workers', in worker threads; 'inline', in the thread of the caller,
 * which is busy meanwhile. All write the same bytes.
 *
 * @example
 * import { type BackendName, Pool } from 'noisemill'
 *
 * const names: BackendName[] = ['workers', 'inline']
 * for (const backend of names) {
 *   await using pool = new Pool({ backend, size: 2 })
 *   console.log(backend, pool.info.threads)
 * }
 * // -> workers 2
 * // -> inline 1
 */
export type BackendName = 'native' | 'workers' | 'inline'

/** Where noise is added: to files, and to samples in memory. */
export interface Backend {
  readonly name: BackendName
  readonly files: Execute<EtlJob, EtlOutcome>
  readonly slices: Execute<SliceJob, SettledSlice>
}

/** How a backend learns that jobs are no longer wanted. */

/**
 * Tells a backend that the jobs of a chunk are no longer wanted: a flag in shared memory, and a call for those that need one. A pool
 * makes one for each run.
 *
 * @example
 * import { Cancellation } from 'noisemill'
 *
 * const cancellation = new Cancellation()
 * console.log(cancellation.flag[0]) // -> 0
 * cancellation.cancel()
 * console.log(cancellation.flag[0]) // -> 1
 */
export class Cancellation {
  /** One element in shared memory, which can be posted to threads: 0, and 1 once cancelled. */
  readonly flag = new Int32Array(new SharedArrayBuffer(4))
  readonly #listeners = new Set<() => void>()

  /**
   * Whether `cancel` has been called.
   *
   * @example
   * import { Cancellation } from 'noisemill'
   *
   * const cancellation = new Cancellation()
   * console.log(cancellation.isCancelled) // -> false
   */
  get isCancelled(): boolean {
    return isCancelled(this.flag)
  }

  /**
   * Sets the flag and calls the listeners. A second call does nothing.
   *
   * @example
   * import { Cancellation } from 'noisemill'
   *
   * const cancellation = new Cancellation()
   * cancellation.cancel()
   * console.log(cancellation.isCancelled) // -> true
   */
  cancel(): void {
    if (this.isCancelled) return
    Atomics.store(this.flag, 0, 1)
    for (const listener of this.#listeners) call(listener)
    this.#listeners.clear()
  }

  /**
   * Calls `listener` once when it is cancelled; at once if it was cancelled before. Returns a function that removes the listener. What a
   * listener throws is dropped, because the others, and the pool, must be told all the same.
   *
   * @example
   * import { Cancellation } from 'noisemill'
   *
   * const cancellation = new Cancellation()
   * cancellation.onCancel(() => console.log('no longer wanted'))
   * const forget = cancellation.onCancel(() => console.log('never called'))
   * forget()
   * cancellation.cancel() // -> no longer wanted
   */
  onCancel(listener: () => void): () => void {
    if (this.isCancelled) call(listener)
    else this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}

function call(listener: () => void): void {
  try {
    listener()
  } catch {}
}

/** The same of the flag alone, which is what crosses to a thread. */
export const isCancelled = (flag: Int32Array): boolean => Atomics.load(flag, 0) === 1

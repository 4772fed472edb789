/** Cancellation, by which a backend learns that jobs are no longer wanted. */

/**
 * Tells a backend that the jobs of a chunk are no longer wanted. It has a flag in shared memory,
 * which threads read, and it calls listeners. A pool makes one for each run.
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
  /**
   * Array of one element in shared memory, which can be posted to threads: 0, or 1 after `cancel`.
   */
  readonly flag = new Int32Array(new SharedArrayBuffer(4))
  readonly #listeners = new Set<() => void>()
  #grace: number | undefined

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
   * Milliseconds that functions still have to end, as `cancel` was called with; undefined if they
   * are not interrupted.
   *
   * @example
   * import { Cancellation } from 'noisemill'
   *
   * const cancellation = new Cancellation()
   * cancellation.cancel(100)
   * console.log(cancellation.grace) // -> 100
   */
  get grace(): number | undefined {
    return this.#grace
  }

  /**
   * Sets the flag and calls the listeners. A second call does nothing.
   *
   * @param grace milliseconds after which a backend interrupts functions that are still executing;
   * without it, they continue to their end
   * @example
   * import { Cancellation } from 'noisemill'
   *
   * const cancellation = new Cancellation()
   * cancellation.cancel()
   * console.log(cancellation.isCancelled) // -> true
   */
  cancel(grace?: number): void {
    if (this.isCancelled) return
    this.#grace = grace
    Atomics.store(this.flag, 0, 1)
    for (const listener of this.#listeners) call(listener)
    this.#listeners.clear()
  }

  /**
   * Calls `listener` once, when `cancel` is called, or immediately if it was called before. Errors
   * of a listener are ignored, so that one listener cannot keep the others from being called.
   *
   * @returns a function that removes the listener
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

/** Whether a flag is set. A thread has only the flag, not the Cancellation. */
export const isCancelled = (flag: Int32Array): boolean => Atomics.load(flag, 0) === 1

/** Cancellation, by which a backend learns that jobs are no longer wanted. */

/** Where the time of `cancelAt` is in the memory of a flag, in bytes; 0 if there is none. */
const TIME_OFFSET = 8

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
   * Array of one element in shared memory, which can be posted to threads: 0, or 1 after `cancel`. It
   * does not tell the time of `cancelAt`, for which `onCancelAt` has a listener.
   */
  readonly flag = new Int32Array(new SharedArrayBuffer(TIME_OFFSET + 8), 0, 1)
  readonly #listeners = new Set<() => void>()
  readonly #timeListeners = new Set<(time: bigint) => void>()
  #grace: number | undefined

  /**
   * Whether `cancel` has been called, or the time of `cancelAt` has come.
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
    if (Atomics.load(this.flag, 0) === 1) return
    this.#grace = grace
    Atomics.store(this.flag, 0, 1)
    for (const listener of this.#listeners) call(listener)
    this.#listeners.clear()
    this.#timeListeners.clear()
  }

  /**
   * Makes jobs end by themselves at a time, unless it is called again with a later one. So a thread
   * publishes nothing after that time, even if this one cannot call `cancel` then. It calls no
   * listeners of `onCancel`.
   *
   * @param time a time of `process.hrtime.bigint()`, in nanoseconds
   * @example
   * import { Cancellation } from 'noisemill'
   *
   * const cancellation = new Cancellation()
   * cancellation.cancelAt(process.hrtime.bigint() + 20_000_000_000n)
   * console.log(cancellation.isCancelled) // -> false
   */
  cancelAt(time: bigint): void {
    Atomics.store(timeOf(this.flag), 0, time)
    for (const listener of this.#timeListeners) listener(time)
  }

  /**
   * Calls `listener` with the time of `cancelAt`: now, if there is one, and whenever it changes.
   *
   * @returns a function that removes the listener
   *
   * @example
   * import { Cancellation } from 'noisemill'
   *
   * const cancellation = new Cancellation()
   * cancellation.onCancelAt((time) => console.log(typeof time))
   * cancellation.cancelAt(process.hrtime.bigint() + 20_000_000_000n) // -> bigint
   */
  onCancelAt(listener: (time: bigint) => void): () => void {
    const time = Atomics.load(timeOf(this.flag), 0)
    if (time !== 0n) listener(time)
    this.#timeListeners.add(listener)
    return () => this.#timeListeners.delete(listener)
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
    if (Atomics.load(this.flag, 0) === 1) call(listener)
    else this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}

function call(listener: () => void): void {
  try {
    listener()
  } catch {}
}

/** Whether jobs with a flag are to end. A thread has only the flag, not the Cancellation. */
export function isCancelled(flag: Int32Array): boolean {
  if (Atomics.load(flag, 0) === 1) return true
  const time = Atomics.load(timeOf(flag), 0)
  return time !== 0n && process.hrtime.bigint() >= time
}

const timeOf = (flag: Int32Array) => new BigInt64Array(flag.buffer, TIME_OFFSET, 1)

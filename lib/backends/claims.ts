/**
 * The claim word of a load: how a thread and its pool agree, without messages, which items the
 * thread begins.
 *
 * The word is one 32-bit integer in shared memory. The thread adds 1 to claim the next item, and the
 * value before is the item's index. The pool adds CLOSED to end the load, and the value before is
 * the number of items that were begun: every later claim is refused. Both are a single atomic
 * operation, so each item is either begun by the thread or given back to the pool, and never both.
 */

/** More than any number of claims. Two of it do not fit, so a word is closed once. */
const CLOSED = 2 ** 30

/** Makes a word with which no item is claimed. */
export const newClaims = (): Int32Array => new Int32Array(new SharedArrayBuffer(4))

/**
 * Claims the next item of a load for the calling thread. Returns its index; undefined if there is
 * none left, or if the load was closed.
 */
export function claim(claims: Int32Array, count: number): number | undefined {
  const index = Atomics.add(claims, 0, 1)
  return index < count ? index : undefined
}

/**
 * Ends a load: its thread begins no more of its items. Returns how many it has begun. Call it once.
 */
export const closeClaims = (claims: Int32Array, count: number): number =>
  Math.min(count, Atomics.add(claims, 0, CLOSED))

/** Returns how many items of a load have been begun so far. */
export const claimed = (claims: Int32Array, count: number): number => Math.min(count, Atomics.load(claims, 0))

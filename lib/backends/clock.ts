/** A clock that all threads of the process share, whereas `performance.now()` begins anew in each. */

const OFFSET = Number(process.hrtime.bigint()) / 1e6 - performance.now()

/** Returns a time of this thread's `performance.now()` as milliseconds on the shared clock. */
export const sharedTime = (now = performance.now()): number => now + OFFSET

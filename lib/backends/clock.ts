/** A clock that all threads of the process share, whereas `performance.now()` begins anew in each. */

const TRIES = 5

/**
 * Returns the difference between the two clocks. The thread may be interrupted between two readings,
 * so the quickest of several comparisons counts.
 */
function measureOffset(): number {
  let offset = 0
  let quickest = Infinity
  for (let i = 0; i < TRIES; i++) {
    const before = performance.now()
    const shared = Number(process.hrtime.bigint()) / 1e6
    const after = performance.now()
    if (after - before >= quickest) continue
    quickest = after - before
    offset = shared - (before + after) / 2
  }
  return offset
}

const OFFSET = measureOffset()

/** Returns a time of this thread's `performance.now()` as milliseconds on the shared clock. */
export const sharedTime = (now = performance.now()): number => now + OFFSET

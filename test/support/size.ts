/**
 * Chooses how much the tests do, by NOISEMILL_TESTS: "short" for `npm test`, "long" for .ci/run, and "full" for
 * `npm run test:stats` and `npm run test:faults`. A longer form does more of the same: more values, faults, kills, backends.
 */

const SIZES = ['short', 'long', 'full'] as const

const { NOISEMILL_TESTS = 'short' } = process.env
const size = (SIZES as readonly string[]).indexOf(NOISEMILL_TESTS)
if (size < 0) throw new Error(`NOISEMILL_TESTS is none of ${SIZES.join(', ')}: ${NOISEMILL_TESTS}`)

export const isLong = size >= SIZES.indexOf('long')
export const isFull = size >= SIZES.indexOf('full')

/** Returns the value for the form of this run. Without a third value, the full form has that of the long one. */
export const bySize = <T>(short: T, long: T, full: T = long): T => [short, long, full][size]

/**
 * Whether the `i`th case is for the caller with this index. In the short form callers share the cases, and a single
 * caller has only some of them.
 */
export const isOwn = (i: number, caller: number, callers: number): boolean => isLong || i % callers === caller

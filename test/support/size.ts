/**
 * How much the tests do. NOISEMILL_TESTS chooses: "short" is `npm test`, "long" is what .ci/run adds to it, and "full" is for hours when
 * nobody waits (`npm run test:stats`, `npm run test:faults`). A longer form does more of the same: more values, faults, kills, backends.
 */

const SIZES = ['short', 'long', 'full'] as const

const { NOISEMILL_TESTS = 'short' } = process.env
const size = (SIZES as readonly string[]).indexOf(NOISEMILL_TESTS)
if (size < 0) throw new Error(`NOISEMILL_TESTS is none of ${SIZES.join(', ')}: ${NOISEMILL_TESTS}`)

export const isLong = size >= SIZES.indexOf('long')
export const isFull = size >= SIZES.indexOf('full')

/** What the form of this run has; the full one has what the long one has, unless told otherwise. */
export const bySize = <T>(short: T, long: T, full: T = long): T => [short, long, full][size]

/** Statistics of trials: spread, intervals of ratios, and a test for two builds. */

export interface Spread {
  readonly minimum: number
  readonly median: number
  readonly maximum: number
}

/** An interval from `low` to `high`. */
export interface Interval {
  readonly low: number
  readonly high: number
}

const ascending = (a: number, b: number): number => a - b

/** @param values at least one */
export function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort(ascending)
  return { minimum: sorted[0], median: medianOfSorted(sorted), maximum: sorted[sorted.length - 1] }
}

/** @param values at least one */
export const median = (values: readonly number[]): number => medianOfSorted([...values].sort(ascending))

function medianOfSorted(sorted: ArrayLike<number>): number {
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** Fewest rounds from which an interval is computed. */
const FEWEST_ROUNDS_OF_INTERVAL = 5
const RESAMPLES = 9999

/**
 * Percentile bootstrap interval of the ratio of two medians. Whole rounds are resampled, because a
 * slow phase of the machine affects both values of a round. The same values give the same interval.
 *
 * @param values of each round
 * @param reference values of the same rounds, which the ratio divides by
 * @param confidence 0 to 1
 * @returns undefined for fewer than five rounds
 */
export function ratioInterval(
  values: readonly number[],
  reference: readonly number[],
  confidence = 0.95,
): Interval | undefined {
  const rounds = Math.min(values.length, reference.length)
  if (rounds < FEWEST_ROUNDS_OF_INTERVAL) return undefined
  const random = randomIntegers(rounds)
  const ratios = new Float64Array(RESAMPLES)
  const [above, below] = [new Float64Array(rounds), new Float64Array(rounds)]
  for (let sample = 0; sample < RESAMPLES; sample++) {
    for (let i = 0; i < rounds; i++) {
      const round = random()
      above[i] = values[round]
      below[i] = reference[round]
    }
    ratios[sample] = medianOfSorted(above.sort()) / medianOfSorted(below.sort())
  }
  ratios.sort()
  const tail = (1 - confidence) / 2
  return { low: quantileOfSorted(ratios, tail), high: quantileOfSorted(ratios, 1 - tail) }
}

/** Interpolates linearly between the two nearest values. */
function quantileOfSorted(sorted: Float64Array, share: number): number {
  const at = share * (sorted.length - 1)
  const below = Math.floor(at)
  const above = Math.min(below + 1, sorted.length - 1)
  return sorted[below] + (at - below) * (sorted[above] - sorted[below])
}

/** Pseudorandom integers from 0 to below `end`, always the same ones: Mulberry32 by Tommy Ettinger. */
function randomIntegers(end: number, seed = 1): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let word = Math.imul(state ^ (state >>> 15), state | 1)
    word ^= word + Math.imul(word ^ (word >>> 7), word | 61)
    return Math.floor((((word ^ (word >>> 14)) >>> 0) / 4294967296) * end)
  }
}

/** Returns the items in a pseudorandom order, which the seed decides. */
export function shuffled<T>(items: readonly T[], seed: number): T[] {
  const result = [...items]
  for (let i = result.length - 1; i > 0; i--) {
    // Seeds that follow each other must not give related orders.
    const j = randomIntegers(i + 1, Math.imul(seed + 1, 0x9e3779b1) ^ i)()
    ;[result[i], result[j]] = [result[j], result[i]]
  }
  return result
}

/** Result of Wilcoxon's signed-rank test. Each p is exact, also with ties. */
export interface SignedRank {
  /** Sum of the ranks of positive differences. */
  readonly plus: number
  /** Number of differences that are not zero. Zeros are left out. */
  readonly count: number
  /** p that the differences are symmetric about zero or less. */
  readonly greater: number
  /** p that the differences are symmetric about zero or more. */
  readonly less: number
  readonly twoSided: number
}

/**
 * Wilcoxon's signed-rank test of paired differences. Equal magnitudes get the mean of their ranks.
 *
 * F. Wilcoxon, "Individual Comparisons by Ranking Methods", Biometrics Bulletin 1 (1945).
 */
export function signedRank(differences: readonly number[]): SignedRank {
  const found = differences.filter((difference) => difference !== 0)
  const ranks = twiceRanks(found.map(Math.abs))
  const plus = found.reduce((sum, difference, i) => sum + (difference > 0 ? ranks[i] : 0), 0)
  const ways = waysToSum(ranks)
  const all = 2 ** ranks.length
  const sum = (counts: Float64Array) => counts.reduce((total, count) => total + count, 0)
  const greater = sum(ways.subarray(plus)) / all
  const less = sum(ways.subarray(0, plus + 1)) / all
  return { plus: plus / 2, count: found.length, greater, less, twoSided: Math.min(1, 2 * Math.min(greater, less)) }
}

/** Twice the rank of each value, which is an integer also where ranks are means of two. */
function twiceRanks(values: readonly number[]): number[] {
  const sorted = [...values].sort(ascending)
  return values.map((value) => sorted.indexOf(value) + sorted.lastIndexOf(value) + 2)
}

/** For each sum, the number of subsets of the ranks that have it. Exact up to 52 ranks. */
function waysToSum(ranks: readonly number[]): Float64Array {
  const ways = new Float64Array(ranks.reduce((sum, rank) => sum + rank, 0) + 1)
  ways[0] = 1
  let most = 0
  for (const rank of ranks) {
    most += rank
    for (let sum = most; sum >= rank; sum--) ways[sum] += ways[sum - rank]
  }
  return ways
}

/** Estimate of a shift, with the interval that belongs to the signed-rank test. */
export interface Shift extends Interval {
  readonly estimate: number
}

/**
 * Hodges-Lehmann estimate: the median of the means of all pairs of differences, each with itself
 * too. The interval has at least the confidence; it is infinite for too few differences.
 *
 * J. L. Hodges and E. L. Lehmann, "Estimates of Location Based on Rank Tests", Annals of
 * Mathematical Statistics 34 (1963).
 *
 * @param differences at least one
 * @param confidence 0 to 1
 */
export function hodgesLehmann(differences: readonly number[], confidence: number): Shift {
  const means = differences.flatMap((a, i) => differences.slice(i).map((b) => (a + b) / 2)).sort(ascending)
  const outside = meansOutside(differences.length, (1 - confidence) / 2)
  return {
    estimate: medianOfSorted(means),
    low: means[outside - 1] ?? Number.NEGATIVE_INFINITY,
    high: means[means.length - outside] ?? Number.POSITIVE_INFINITY,
  }
}

/** The k for which the kth smallest and the kth largest mean are the ends of the interval; 0 if there is none. */
function meansOutside(count: number, tail: number): number {
  const ways = waysToSum(Array.from({ length: count }, (_, i) => i + 1))
  let [k, below] = [0, 0]
  while (k < ways.length && (below + ways[k]) / 2 ** count <= tail) below += ways[k++]
  return k
}

/**
 * Adjusts p values of several tests by Holm's method: whoever rejects those below alpha is wrong
 * with a probability of at most alpha in all of them together.
 *
 * S. Holm, "A Simple Sequentially Rejective Multiple Test Procedure", Scandinavian Journal of
 * Statistics 6 (1979).
 */
export function holm(ps: readonly number[]): number[] {
  const order = ps.map((_, i) => i).sort((a, b) => ps[a] - ps[b])
  const adjusted: number[] = new Array(ps.length)
  let largest = 0
  for (const [step, i] of order.entries()) {
    largest = Math.max(largest, Math.min(1, (ps.length - step) * ps[i]))
    adjusted[i] = largest
  }
  return adjusted
}

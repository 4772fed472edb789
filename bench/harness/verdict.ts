/** Which rows of two builds differ beyond noise. */

import { hodgesLehmann, holm, signedRank } from './statistics.js'

export type Verdict = 'slower' | 'faster' | 'no change'

/** Probability of calling any row changed, in a run of two builds that do not differ. */
export const FAMILY_ERROR = 0.01

/**
 * Ratio that still counts as no change. The same build in two folders differs by up to this, because
 * its code and data lie elsewhere in memory.
 */
export const SAME_RATIO = 1.02

export interface RowVerdict {
  readonly verdict: Verdict
  /** Estimate of the ratio of times: 1.1 if the new build takes 10 % longer. */
  readonly ratio: number
  /** The intervals of all rows contain their true ratios with a probability of 99 %. */
  readonly low: number
  readonly high: number
  /** Adjusted for the number of rows. */
  readonly p: number
}

/**
 * Judges rows by the ratios of their pairs, by Wilcoxon's signed-rank test on logarithms and Holm's
 * method. The null hypothesis is that the ratio is between 1 / SAME_RATIO and SAME_RATIO.
 *
 * @param rows for each row, the ratio of the new build to the old one in each pair
 */
export function judge(rows: readonly (readonly number[])[]): RowVerdict[] {
  const logs = rows.map((ratios) => ratios.map(Math.log))
  const margin = Math.log(SAME_RATIO)
  const tests = logs.map((row) => {
    const slower = signedRank(row.map((log) => log - margin)).greater
    const faster = signedRank(row.map((log) => log + margin)).less
    return { isSlower: slower < faster, p: Math.min(1, 2 * Math.min(slower, faster)) }
  })
  const ps = holm(tests.map(({ p }) => p))
  return logs.map((row, i) => {
    const { estimate, low, high } = hodgesLehmann(row, 1 - FAMILY_ERROR / rows.length)
    const isChanged = ps[i] < FAMILY_ERROR
    return {
      verdict: isChanged ? (tests[i].isSlower ? 'slower' : 'faster') : 'no change',
      ratio: Math.exp(estimate),
      low: Math.exp(low),
      high: Math.exp(high),
      p: ps[i],
    }
  })
}

/** Pairs that are needed before any row can be called changed. */
export function fewestPairs(rows: number): number {
  let pairs = 1
  while (2 / 2 ** pairs >= FAMILY_ERROR / rows) pairs++
  return pairs
}

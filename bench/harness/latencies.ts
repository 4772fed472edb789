/** Figures of many latencies. */

const LOWEST = 0.05
const HIGHEST = 2000
const BINS = 46

/** Edges of the bins of histograms in milliseconds, from 0.05 ms to 2 s: about ten for a factor of ten. */
export const edges: readonly number[] = Array.from(
  { length: BINS + 1 },
  (_, i) => LOWEST * (HIGHEST / LOWEST) ** (i / BINS),
)

/** Counts values in the bins. Those beyond the first or the last edge count in the first or the last bin. */
export function countsOf(values: readonly number[]): number[] {
  const counts = new Array<number>(BINS).fill(0)
  for (const value of values) {
    const bin = Math.floor((BINS * Math.log(value / LOWEST)) / Math.log(HIGHEST / LOWEST))
    counts[Math.max(0, Math.min(BINS - 1, bin))]++
  }
  return counts
}

/** The smallest value that a share of the values do not exceed, 0 < share <= 1. NaN if there are none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN
}

/** Statistics of trials. */

export interface Spread {
  readonly minimum: number
  readonly median: number
  readonly maximum: number
}

export function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b)
  return { minimum: sorted[0], median: medianOfSorted(sorted), maximum: sorted[sorted.length - 1] }
}

function medianOfSorted(sorted: readonly number[]): number {
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** Items that take different times. */

/** How the times of items are distributed: the length of each, of 1 on average, in order. */
export const works = {
  /** 1 % of the items take three quarters of the time. */
  shuffled: (count: number) => shuffle(rareAndLong(count)),
  'worst first': (count: number) => rareAndLong(count),
  'worst last': (count: number) => rareAndLong(count).reverse(),
} as const satisfies Readonly<Record<string, (count: number) => number[]>>

export type WorkName = keyof typeof works

const rareAndLong = (count: number) => scaled(count, (i) => (i < count / 100 ? 297 : 1))

/** Returns lengths in the ratios that `weight` gives, of 1 on average. */
function scaled(count: number, weight: (i: number) => number): number[] {
  const weights = Array.from({ length: count }, (_, i) => weight(i))
  const unit = count / sum(weights)
  return weights.map((weight) => weight * unit)
}

export const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0)

/** Shuffles an array in place, always in the same way. */
function shuffle<T>(array: T[]): T[] {
  let random = 1
  for (let i = array.length - 1; i > 0; i--) {
    random = (Math.imul(random, 1664525) + 1013904223) >>> 0
    const other = Math.floor((random / 2 ** 32) * (i + 1))
    ;[array[i], array[other]] = [array[other], array[i]]
  }
  return array
}

/**
 * Divides items among workers: each item, the longest first, goes to the worker that has least to
 * do. No order of work on these workers ends much earlier.
 *
 * @returns the indexes of the items of each worker
 */
export function sharesOf(items: readonly number[], workers: number): number[][] {
  const shares = Array.from({ length: workers }, () => ({ total: 0, indexes: [] as number[] }))
  for (const index of [...items.keys()].sort((a, b) => items[b] - items[a])) {
    const least = shares.reduce((a, b) => (b.total < a.total ? b : a))
    least.total += items[index]
    least.indexes.push(index)
  }
  return shares.map(({ indexes }) => indexes)
}

/** Items that take different times, and the shortest time in which several threads can do them. */

/** Time that an item takes on average. */
const MICROSECONDS = 2000

/** How the times of the items are distributed: the microseconds of each, in
 * order. */
export const works: Readonly<Record<string, (count: number) => number[]>> = {
  /** 1 % of the items take three quarters of the time. */
  shuffled: (count) => shuffle(rareAndLong(count)),
  'worst first': (count) => rareAndLong(count),
  'worst last': (count) => rareAndLong(count).reverse(),
  even: (count) => scaled(count, () => 1),
  sorted: (count) => scaled(count, (i) => i + 1),
  bimodal: (count) => shuffle(scaled(count, (i) => (i % 2 === 0 ? 1 : 7))),
}

const rareAndLong = (count: number) => scaled(count, (i) => (i < count / 100 ? 297 : 1))

/** Returns times in the ratios that `weight` gives, of 2 ms on average. */
function scaled(count: number, weight: (i: number) => number): number[] {
  const weights = Array.from({ length: count }, (_, i) => weight(i))
  const unit = (MICROSECONDS * count) / sum(weights)
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
 * Divides items among threads: each item, the longest first, goes to the thread that has least to
 * do. No order of work on these threads ends much earlier.
 */
export function sharesOf(items: readonly number[], threads: number): number[][] {
  const shares = Array.from({ length: threads }, () => ({ total: 0, items: [] as number[] }))
  for (const item of [...items].sort((a, b) => b - a)) {
    const least = shares.reduce((a, b) => (b.total < a.total ? b : a))
    least.total += item
    least.items.push(item)
  }
  return shares.map(({ items }) => items)
}

import { spawnSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import {
  hodgesLehmann,
  holm,
  median,
  ratioInterval,
  shuffled,
  signedRank,
  spread,
} from '../../bench/harness/statistics.js'
import { FAMILY_ERROR, fewestPairs, judge } from '../../bench/harness/verdict.js'

/** SciPy 1.11 or newer, which has PermutationMethod. */
const PYTHON = ['/usr/bin/python3', 'python3'].find(
  (file) => spawnSync(file, ['-c', 'from scipy.stats import PermutationMethod']).status === 0,
)

/** Runs a program that finds `values` from stdin, and prints JSON. */
function scipy<T>(program: string, values: unknown): T {
  const text = `import json, sys\nimport numpy as np\nfrom scipy import stats\nvalues = json.load(sys.stdin)\n${program}`
  const { status, stdout, stderr } = spawnSync(PYTHON!, ['-c', text], {
    input: JSON.stringify(values),
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(stderr)
  return JSON.parse(stdout)
}

/** Numbers that look random, from -1 to 1, always the same for a seed. */
function numbers(count: number, seed: number): number[] {
  const values: number[] = []
  for (let state = seed + 1; values.length < count; ) {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff
    values.push(state / 0x3fffffff - 1)
  }
  return values
}

/** All ways to give signs to differences, for the p of the signed-rank test by counting. */
function countedP(differences: readonly number[]): { greater: number; less: number } {
  const found = differences.filter((difference) => difference !== 0)
  const sizes = found.map(Math.abs)
  const rankOf = (size: number) =>
    sizes.filter((other) => other < size).length + (sizes.filter((other) => other === size).length + 1) / 2
  const ranks = sizes.map(rankOf)
  const sumOf = (isPositive: (i: number) => boolean) =>
    ranks.reduce((sum, rank, i) => sum + (isPositive(i) ? rank : 0), 0)
  const observed = sumOf((i) => found[i] > 0)
  const all = 2 ** found.length
  let [greater, less] = [0, 0]
  for (let signs = 0; signs < all; signs++) {
    const sum = sumOf((i) => (signs & (1 << i)) !== 0)
    if (sum >= observed) greater++
    if (sum <= observed) less++
  }
  return { greater: greater / all, less: less / all }
}

const SAMPLES: readonly (readonly number[])[] = [
  [0.3],
  [1, 2, 3, 4, 5],
  [1, -2, 3, -4, 5, 6, 7],
  [1, 1, -1, 2, 2, -2, 0, 3],
  [0, 0, 0.5, -0.5],
  numbers(9, 1),
  numbers(12, 2).map((value) => value + 0.3),
  numbers(11, 3).map((value) => Math.round(4 * value)),
]

describe('spread', () => {
  test('has minimum, median and maximum, in any order, and changes nothing', () => {
    const values = [10, 9, 100, 1]
    expect(spread(values)).toEqual({ minimum: 1, median: 9.5, maximum: 100 })
    expect(values).toEqual([10, 9, 100, 1])
    expect(median([3, 1, 2])).toBe(2)
    expect(spread([7])).toEqual({ minimum: 7, median: 7, maximum: 7 })
  })
})

describe('signed-rank test', () => {
  test.each(SAMPLES)('has the p of counting all signs (sample %#)', (...differences) => {
    const { greater, less } = signedRank(differences)
    expect({ greater, less }).toEqual(countedP(differences))
  })

  // Critical values of T, two-sided, from Wilcoxon and Wilcox, "Some Rapid Approximate Statistical
  // Procedures" (1964): T is significant, and T + 1 is not.
  test.each([
    [6, 0.05, 0],
    [10, 0.05, 8],
    [10, 0.01, 3],
    [15, 0.05, 25],
    [20, 0.05, 52],
    [20, 0.01, 37],
    [25, 0.05, 89],
    [25, 0.01, 68],
  ])('has the critical value of tables for %i pairs and %d', (count, alpha, critical) => {
    const pOf = (target: number) => signedRank(withSum(count, target)).twoSided
    expect(pOf(critical)).toBeLessThanOrEqual(alpha)
    expect(pOf(critical + 1)).toBeGreaterThan(alpha)
  })

  test('leaves zeros out, and of zeros alone says nothing', () => {
    expect(signedRank([0, 0, 0])).toEqual({ plus: 0, count: 0, greater: 1, less: 1, twoSided: 1 })
    expect(signedRank([0, 1, 2]).count).toBe(2)
  })

  test.skipIf(PYTHON === undefined)('agrees with SciPy (needs SciPy 1.11 or newer)', () => {
    const samples = SAMPLES.filter((sample) => sample.length > 1 && sample.some((value) => value !== 0))
    const program = `
method = stats.PermutationMethod(n_resamples=np.inf)
print(json.dumps([[stats.wilcoxon(d, alternative=a, method=method if len(set(map(abs, d))) < len(d) or 0 in d else 'exact').pvalue
  for a in ('greater', 'less', 'two-sided')] for d in values]))`
    const expected = scipy<number[][]>(program, samples)
    for (const [i, sample] of samples.entries()) {
      const { greater, less, twoSided } = signedRank(sample)
      for (const [j, p] of [greater, less, twoSided].entries()) expect(p).toBeCloseTo(expected[i][j], 12)
    }
  })
})

/** Differences of which the negative ones have this sum of ranks. */
function withSum(count: number, sum: number): number[] {
  let rest = sum
  return Array.from({ length: count }, (_, i) => {
    const rank = count - i
    if (rank > rest) return rank
    rest -= rank
    return -rank
  })
}

describe('Hodges-Lehmann estimate', () => {
  test('is that of the textbook (Hollander and Wolfe, depression scale of nine patients)', () => {
    const before = [1.83, 0.5, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.3]
    const after = [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29]
    const differences = before.map((value, i) => value - after[i])
    expect(signedRank(differences)).toMatchObject({ plus: 40 })
    expect(signedRank(differences).greater).toBeCloseTo(0.01953, 5)
    const { estimate, low, high } = hodgesLehmann(differences, 0.95)
    expect(estimate).toBeCloseTo(0.46, 10)
    expect(low).toBeCloseTo(0.01, 10)
    expect(high).toBeCloseTo(0.786, 10)
  })

  test.each([numbers(8, 4), numbers(13, 5), numbers(17, 6)])(
    'has the interval of those shifts that the test does not refuse (sample %#)',
    (...differences) => {
      const confidence = 0.95
      const { low, high } = hodgesLehmann(differences, confidence)
      const isRefused = (shift: number) =>
        signedRank(differences.map((difference) => difference - shift)).twoSided <= 1 - confidence
      const small = 1e-9
      expect([low - small, low + small, high - small, high + small].map(isRefused)).toEqual([true, false, false, true])
    },
  )

  test('has no end for few differences', () => {
    expect(hodgesLehmann([1, 2, 3], 0.95)).toEqual({
      estimate: 2,
      low: Number.NEGATIVE_INFINITY,
      high: Number.POSITIVE_INFINITY,
    })
  })
})

describe("Holm's method", () => {
  /** Holm's method is the closure of Bonferroni's: a p is the largest of all sets of tests that it is in. */
  const closed = (ps: readonly number[]): number[] =>
    ps.map((_, i) => {
      let largest = 0
      for (let set = 0; set < 2 ** ps.length; set++) {
        if ((set & (1 << i)) === 0) continue
        const members = ps.filter((_, j) => (set & (1 << j)) !== 0)
        largest = Math.max(largest, Math.min(1, members.length * Math.min(...members)))
      }
      return largest
    })

  test.each([[[0.01]], [[0.01, 0.04, 0.03, 0.005]], [[0.5, 0.5, 0.001]], [numbers(7, 8).map((x) => (x + 1) ** 2 / 4)]])(
    'is the closure of tests of all sets: %j',
    (ps) => {
      const expected = closed(ps)
      for (const [i, p] of holm(ps).entries()) expect(p).toBeCloseTo(expected[i], 12)
    },
  )

  test('is that of the textbook', () => {
    expect(holm([0.01, 0.04, 0.03, 0.005]).map((p) => Number(p.toFixed(10)))).toEqual([0.03, 0.06, 0.06, 0.02])
  })
})

describe('interval of a ratio', () => {
  const values = [1.2, 1.1, 1.4, 1.25, 1.15]
  const reference = [1, 1.05, 1.1, 0.95, 1.02]

  test('is near that of all resamples', () => {
    const ratios: number[] = []
    for (let code = 0; code < 5 ** 5; code++) {
      const rounds = Array.from({ length: 5 }, (_, digit) => Math.floor(code / 5 ** digit) % 5)
      ratios.push(median(rounds.map((i) => values[i])) / median(rounds.map((i) => reference[i])))
    }
    ratios.sort((a, b) => a - b)
    const { low, high } = ratioInterval(values, reference, 0.95)!
    expect(low).toBeCloseTo(ratios[Math.round(0.025 * (ratios.length - 1))], 2)
    expect(high).toBeCloseTo(ratios[Math.round(0.975 * (ratios.length - 1))], 2)
  })

  test('is always the same, and takes rounds together', () => {
    expect(ratioInterval(values, reference)).toEqual(ratioInterval(values, reference))
    const doubled = reference.map((value) => 2 * value)
    const { low, high } = ratioInterval(doubled, reference)!
    expect([low, high]).toEqual([2, 2])
  })

  test('needs five rounds of both', () => {
    expect(ratioInterval(values.slice(0, 4), reference)).toBeUndefined()
    expect(ratioInterval(values, reference.slice(0, 4))).toBeUndefined()
  })

  test.skipIf(PYTHON === undefined)('agrees with SciPy (needs SciPy 1.11 or newer)', () => {
    const rounds = 9
    const first = numbers(rounds, 9).map((value) => 3 + value)
    const second = numbers(rounds, 10).map((value) => 2 + 0.5 * value)
    const program = `
ratio = lambda a, b, axis=-1: np.median(a, axis=axis) / np.median(b, axis=axis)
i = stats.bootstrap(values, ratio, paired=True, vectorized=True, method='percentile', n_resamples=40000,
  random_state=np.random.default_rng(1)).confidence_interval
print(json.dumps([i.low, i.high]))`
    const [low, high] = scipy<number[]>(program, [first, second])
    const interval = ratioInterval(first, second)!
    expect(Math.abs(Math.log(interval.low / low))).toBeLessThan(0.02)
    expect(Math.abs(Math.log(interval.high / high))).toBeLessThan(0.02)
  })
})

describe('orders', () => {
  test('have the same items, and differ by seed', () => {
    const items = Array.from({ length: 12 }, (_, i) => i)
    const orders = Array.from({ length: 20 }, (_, seed) => shuffled(items, seed))
    for (const order of orders) expect([...order].sort((a, b) => a - b)).toEqual(items)
    expect(new Set(orders.map((order) => order.join())).size).toBe(20)
  })
})

describe('verdicts of two builds', () => {
  const ROWS = 7
  const PAIRS = 17

  /** Ratios with a heavy tail, as on a machine that others use: `noise` is typical, and some pairs have ten times it. */
  const simulated = (shift: number, noise: number, seed: number): number[] => {
    const [first, second, third] = [numbers(PAIRS, seed), numbers(PAIRS, seed + 1), numbers(PAIRS, seed + 2)]
    return first.map((value, i) => shift * Math.exp(noise * (value + second[i]) * (third[i] > 0.8 ? 10 : 1)))
  }

  const run = (shift: number, noise: number, seed: number) =>
    judge(Array.from({ length: ROWS }, (_, row) => simulated(shift, noise, 1000 * seed + 3 * row)))

  test('call equal builds changed in at most one per cent of runs', () => {
    const runs = 400
    let changed = 0
    for (let seed = 1; seed <= runs; seed++)
      if (run(1, 0.03, seed).some(({ verdict }) => verdict !== 'no change')) changed++
    expect(changed).toBeLessThanOrEqual(3 * FAMILY_ERROR * runs)
  })

  test('find 10 % with ordinary noise, in both directions', () => {
    for (let seed = 1; seed <= 20; seed++) {
      expect(run(1.1, 0.02, seed).some(({ verdict }) => verdict === 'slower')).toBe(true)
      expect(run(1 / 1.1, 0.02, seed).some(({ verdict }) => verdict === 'faster')).toBe(true)
    }
  })

  test('do not call a steady difference of 1 % a change', () => {
    const steady = Array.from({ length: PAIRS }, () => 1.01)
    expect(judge([steady])[0]).toMatchObject({ verdict: 'no change' })
    expect(judge([steady.map((ratio) => ratio ** 5)])[0]).toMatchObject({ verdict: 'slower' })
  })

  test('need a number of pairs that grows with the rows', () => {
    expect([1, 7].map(fewestPairs)).toEqual([8, 11])
    const apart = (pairs: number) => Array.from({ length: pairs }, () => 2)
    expect(judge([apart(8)])[0].verdict).toBe('slower')
    expect(judge([apart(7)])[0].verdict).toBe('no change')
  })
})

/** Figures with their limits, and the list that a full run prints. */

import { expect } from 'vitest'
import { isFull } from '../support/size.js'
import { normalQuantile } from './normal.js'

/** Values that a figure is made of; docs/numerics.md tells of the full form. */
export const N = isFull ? 1e8 : 2 ** 22

/** How often a good generator may fail a test, were the seeds not fixed. */
const FALSE_ALARM = 1e-6

/**
 * What n = 1e8 values may be off. Of n normal values the mean has the standard error 1 / sqrt(n), the variance sqrt(2 / n), the
 * skewness sqrt(6 / n), the kurtosis sqrt(24 / n) (Fisher, 1930), a count the root of its expectation: these are 4.9 of them
 * (5 for counts). sqrt(n) times Kolmogorov's distance exceeds 2.69 as seldom, once in a million times.
 */
export const ALLOWED = {
  mean: 4.9e-4,
  variance: 6.9e-4,
  skewness: 1.2e-3,
  kurtosis: 2.4e-3,
  distance: 2.69e-4,
  count: { 4: 280, 5: 27 },
}
/** Chi-square of 255 degrees of freedom: each end is passed once in a million times. */
export const BINS = 256
export const CHI_SQUARE = [161.7, 377.1] as const

export function report(name: string, figure: string, allowed: string): void {
  if (isFull) console.log(`  ${name}: ${figure} (${allowed})`)
}

export function expectBetween(name: string, figure: number, low: number, high: number): void {
  report(name, figure.toPrecision(4), `${low.toPrecision(4)} to ${high.toPrecision(4)}`)
  expect(figure, name).toBeGreaterThan(low)
  expect(figure, name).toBeLessThan(high)
}

/** Standard errors that none of so many normal figures may be off: together they have one false alarm (Bonferroni). */
export const deviationsOf = (figures: number): number => -normalQuantile(FALSE_ALARM / 2 / figures)

/** Figures in standard errors, whose expectation is 0. */
export function expectNearZero(
  subject: string,
  figures: readonly (readonly [name: string, deviations: number])[],
): void {
  const allowed = deviationsOf(figures.length)
  // Written so that NaN is the farthest.
  const [name, farthest] = figures.reduce((a, b) => (Math.abs(b[1]) <= Math.abs(a[1]) ? a : b))
  report(subject, `${farthest.toFixed(2)} at ${name}`, `farthest of ${figures.length}, to ${allowed.toFixed(2)}`)
  expect(Math.abs(farthest), `${subject}: ${name}`).toBeLessThan(allowed)
}

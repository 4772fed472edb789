/** Figures, what is allowed of them, and the list that a full run prints. */

import { expect } from 'vitest'
import { isFull } from '../support/size.js'
import { normalQuantile } from './normal.js'

/** Values that a figure is made of; docs/numerics.md tells of the full form. */
export const N = isFull ? 1e8 : 2 ** 22

/** How often a good generator may fail a test, were the seeds not fixed. */
const FALSE_ALARM = 1e-6

export function report(name: string, figure: string, allowed: string): void {
  if (isFull) console.log(`  ${name}: ${figure} (${allowed})`)
}

export function expectBetween(name: string, figure: number, low: number, high: number): void {
  report(name, figure.toPrecision(4), `${low.toPrecision(4)} to ${high.toPrecision(4)}`)
  expect(figure, name).toBeGreaterThan(low)
  expect(figure, name).toBeLessThan(high)
}

/** Standard errors that none of so many normal figures may be off: together they have one false alarm (Bonferroni). */
const deviationsOf = (figures: number): number => -normalQuantile(FALSE_ALARM / 2 / figures)

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

import { expect, test } from 'vitest'
import { normalBelow, normalQuantile } from './normal.js'

// Abramowitz and Stegun, table 26.1; the tails from SciPy 1.10, scipy.stats.norm.cdf.
test.each([
  [0, 0.5],
  [0.5, 0.691462461274013],
  [1, 0.841344746068543],
  [-2, 0.022750131948179],
  [3, 0.99865010196837],
  [-4, 3.167124183312e-5],
  [-5, 2.86651571879e-7],
])('the normal distribution function of the tests is that of the tables at %d', (x, p) => {
  expect(Math.abs(normalBelow(x) - p)).toBeLessThan(1e-15)
})

// Table 26.5.
test.each([
  [0.75, 0.674489750196],
  [0.975, 1.95996398454],
  [1e-6, -4.753424308823],
])('its quantile is that of the tables at %d', (p, x) => {
  expect(normalQuantile(p)).toBeCloseTo(x, 9)
})

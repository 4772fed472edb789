/** Formats numbers, and chooses those that stand on axes. */

const plain = new Intl.NumberFormat('en-US', { maximumSignificantDigits: 3 })
const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 })

/** Formats a number with three digits, or with all those before the point: '0.59', '604', '12,345'. */
export const showNumber = (value: number): string =>
  Math.abs(value) >= 1000 ? whole.format(value) : plain.format(value)

/**
 * Returns round numbers from 0 to at least the highest value, at even distances.
 *
 * @param most about how many; at least 2
 */
export function linearTicks(highest: number, most: number): number[] {
  if (!(highest > 0)) return [0, 1]
  const step = roundStep(highest / most)
  const count = Math.ceil(highest / step - 1e-9)
  return Array.from({ length: count + 1 }, (_, i) => Number((i * step).toPrecision(12)))
}

/** Returns the least of 1, 2, 2.5, 5 times a power of ten that is not less than this. */
function roundStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least))
  const factor = [1, 2, 2.5, 5, 10].find((factor) => factor * power >= least * (1 - 1e-9))!
  return factor * power
}

/**
 * Returns numbers between two positive ones for a logarithmic axis: powers of ten, with 2 and 5
 * times these if they are few.
 *
 * @param most about how many; at least 2
 */
export function logTicks(lowest: number, highest: number, most: number): number[] {
  const first = Math.floor(Math.log10(lowest))
  const last = Math.ceil(Math.log10(highest))
  const powers = Array.from({ length: last - first + 1 }, (_, i) => first + i)
  const inside = (factors: readonly number[], every = 1) =>
    powers
      .filter((power) => power % every === 0)
      .flatMap((power) => factors.map((factor) => Number(`${factor}e${power}`)))
      .filter((tick) => tick >= lowest * (1 - 1e-9) && tick <= highest * (1 + 1e-9))
  for (const factors of [
    [1, 2, 5],
    [1, 3],
  ]) {
    const fine = inside(factors)
    if (fine.length <= most) return fine
  }
  let every = 1
  while (inside([1], every).length > most) every++
  return inside([1], every)
}

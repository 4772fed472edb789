/**
 * Powers and logarithms of 2 from sums, products and quotients alone, because engines and libraries
 * differ in the last bits of theirs, and every bit of a level changes the output.
 */

/** Terms of Taylor's series of 2^x. For |x| <= 1/2, the remainder is far smaller than the rounding error. */
const EXP2_TERMS = 17
/** Terms of the series of the logarithm, by the area tangent of t. For |t| <= 0.2, the remainder is below 1e-16. */
const LOG2_TERMS = 11
const { LN2 } = Math

/** Returns 2^x. */
export function powerOf2(x: number): number {
  const whole = Math.floor(x + 0.5)
  const rest = (x - whole) * LN2
  let power = 1
  for (let n = EXP2_TERMS - 1; n >= 1; n--) power = 1 + (power * rest) / n
  for (let i = 0; i < Math.abs(whole); i++) power *= whole > 0 ? 2 : 0.5
  return power
}

/** Returns the logarithm of a positive, finite number to the base 2. */
export function logTo2(x: number): number {
  let mantissa = x
  let exponent = 0
  for (; mantissa >= 1.5; exponent++) mantissa *= 0.5
  for (; mantissa < 0.75; exponent--) mantissa *= 2
  const t = (mantissa - 1) / (mantissa + 1)
  const square = t * t
  let sum = 0
  for (let n = LOG2_TERMS - 1; n >= 0; n--) sum = sum * square + 1 / (2 * n + 1)
  return exponent + (2 * t * sum) / LN2
}

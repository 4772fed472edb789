/** The normal distribution function: its series about 0 (Abramowitz and Stegun 26.2.11), to 15 digits after the point. */
export function normalBelow(x: number): number {
  if (Math.abs(x) > 8) return x < 0 ? 0 : 1
  let term = x
  let sum = x
  for (let n = 3; Math.abs(term) > 1e-17 * Math.abs(sum); n += 2) {
    term *= (x * x) / n
    sum += term
  }
  return 0.5 + (sum * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI)
}

/** The x of which `normalBelow(x)` is p, by halving. */
export function normalQuantile(p: number): number {
  let low = -8
  let high = 8
  while (high - low > 1e-12) {
    const middle = (low + high) / 2
    if (normalBelow(middle) < p) low = middle
    else high = middle
  }
  return (low + high) / 2
}

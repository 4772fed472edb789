/** Arithmetic without rounding, and one rounding at its end: what the mixing is held against. */

/** The number m 2^e. */
export interface Exact {
  readonly m: bigint
  readonly e: number
}

/** Significant bits and the exponent of the least denormal. */
export interface Precision {
  readonly bits: number
  readonly least: number
}

export const FLOAT32: Precision = { bits: 24, least: -149 }
export const FLOAT64: Precision = { bits: 53, least: -1074 }

/** A finite float64, as it is. */
export function exact(x: number): Exact {
  const bits = new BigUint64Array(Float64Array.of(x).buffer)[0]
  const exponent = Number((bits >> 52n) & 0x7ffn)
  const fraction = bits & 0xfffffffffffffn
  const m = exponent === 0 ? fraction : fraction | 0x10000000000000n
  return { m: x < 0 ? -m : m, e: Math.max(exponent, 1) - 1075 }
}

export function add(a: Exact, b: Exact): Exact {
  const e = Math.min(a.e, b.e)
  return { m: (a.m << BigInt(a.e - e)) + (b.m << BigInt(b.e - e)), e }
}

export const multiply = (a: Exact, b: Exact): Exact => ({ m: a.m * b.m, e: a.e + b.e })

/** The nearest whole multiple of 2^e; of two as near the even one. */
export function roundTo(x: Exact, e: number): bigint {
  if (x.e >= e) return x.m << BigInt(x.e - e)
  const shift = BigInt(e - x.e)
  const below = x.m >> shift
  const twice = 2n * (x.m - (below << shift))
  const unit = 1n << shift
  return below + (twice > unit || (twice === unit && below % 2n !== 0n) ? 1n : 0n)
}

/** The nearest float of a precision. */
export function round(x: Exact, { bits, least }: Precision): Exact {
  const length = (x.m < 0n ? -x.m : x.m).toString(2).length
  const e = Math.max(x.e + length - bits, least)
  return { m: roundTo(x, e), e }
}

/** Only for what a float64 holds. */
export function toNumber({ m, e }: Exact): number {
  // In two steps, because 2^e alone may lie below what a float64 holds.
  const half = Math.trunc(e / 2)
  return Number(m) * 2 ** half * 2 ** (e - half)
}

import { describe, expect, test } from 'vitest'
import { type MixTally, measure, mixFloat32, mixFloat64 } from '../../dist-lib/core/mix.js'
import { ACCUMULATORS, foldBlock } from '../../dist-lib/core/sums.js'
import { FileTally } from '../../dist-lib/core/transform.js'
import { type SampleFormat, sampleFormats } from '../../dist-lib/core/wav/samples.js'
import { add, exact, FLOAT32, FLOAT64, multiply, round, roundTo, toNumber } from './exact.js'

const pcm = sampleFormats.filter((format) => !format.float)
const floats = sampleFormats.filter((format) => format.float)

const newTally = (): MixTally => ({
  signal: new Float64Array(ACCUMULATORS),
  noise: new Float64Array(ACCUMULATORS),
  mixture: new Float64Array(ACCUMULATORS),
  clipped: 0,
  nonFinite: 0,
  peak: 0,
})

/** Mixes in the precision of the format. */
function mix(
  format: SampleFormat,
  samples: Iterable<number>,
  noise: Iterable<number>,
  sigma: number,
  clip = true,
  validBits = format.bits,
) {
  const tally = newTally()
  const settings = { sigma, gain: 1, clip, dither: undefined }
  const g = Float32Array.from(noise)
  if (format.wide) {
    const values = Float64Array.from(samples)
    mixFloat64(values, g, values.length, format, validBits, settings, tally)
    return { values, tally }
  }
  const values = Float32Array.from(samples)
  mixFloat32(values, g, values.length, format, validBits, settings, tally)
  return { values, tally }
}

/** Numbers of no pattern, from a counter: whole multiples of 2^-31 in [-1, 1). */
function scattered(count: number, start: number): number[] {
  return Array.from(
    { length: count },
    (_, i) => (Math.imul(i + start, 0x9e3779b1) ^ Math.imul(i, 0x85ebca77)) / 2 ** 31,
  )
}

/** y = x + sigma g in exact arithmetic, rounded only where the stream says so. */
function expected(format: SampleFormat, x: number, g: number, sigma: number, clip: boolean, bits = format.bits) {
  const precision = format.wide ? FLOAT64 : FLOAT32
  const product = round(multiply(exact(sigma), exact(g)), precision)
  const sum = round(add(exact(x), product), precision)
  if (format.float) {
    const value = toNumber(sum)
    const kept = clip ? Math.min(1, Math.max(-1, value)) : value
    return { value: kept, clipped: kept !== value }
  }
  const fullScale = 2n ** BigInt(bits - 1)
  const integer = roundTo({ m: sum.m, e: sum.e + bits - 1 }, 0)
  const kept = integer < -fullScale ? -fullScale : integer >= fullScale ? fullScale - 1n : integer
  return { value: Number(kept) / Number(fullScale), clipped: kept !== integer }
}

describe.each(sampleFormats)('$name', (format) => {
  const xs = format.float
    ? scattered(3000, 1)
    : scattered(3000, 1).map((x) => Math.floor(x * 2 ** (format.bits - 1)) / 2 ** (format.bits - 1))
  const gs = scattered(3000, 77_777).map((g) => Math.fround(g * 4))

  // From noise that changes nothing to noise that clips most samples.
  test.each([1e-12, 2 ** -format.bits, 0.01, 0.3, 16])('agrees with exact arithmetic at sigma %d', (wanted) => {
    for (const clip of [true, false]) {
      const sigma = format.wide ? wanted : Math.fround(wanted)
      const samples = format.wide ? xs : xs.map(Math.fround)
      const { values, tally } = mix(format, samples, gs, sigma, clip)
      const results = samples.map((x, i) => expected(format, x, gs[i], sigma, clip))
      // -0 and 0 are one value here.
      expect(Array.from(values, (y) => y + 0)).toEqual(results.map(({ value }) => value + 0))
      expect(tally.clipped).toBe(results.filter(({ clipped }) => clipped).length)
      expect(tally.nonFinite).toBe(0)
    }
  })

  // One less than all, half of them, and the least there can be: the grid of one bit is -1 and 0.
  if (!format.float)
    test.each([format.bits - 1, format.bits / 2, 1])('rounds to the grid of %d valid bits', (bits) => {
      for (const wanted of [2 ** -bits, 0.3]) {
        const sigma = format.wide ? wanted : Math.fround(wanted)
        // As they are in the container: what is below the grid counts until it is rounded.
        const samples = format.wide ? xs : xs.map(Math.fround)
        const { values, tally } = mix(format, samples, gs, sigma, true, bits)
        const results = samples.map((x, i) => expected(format, x, gs[i], sigma, true, bits))
        expect(Array.from(values, (y) => y + 0)).toEqual(results.map(({ value }) => value + 0))
        expect(tally.clipped).toBe(results.filter(({ clipped }) => clipped).length)
      }
    })

  test('adds up the squares by sample number mod 16, halves onto halves', () => {
    const count = 1003 // 62 rounds of 16, and 11 more
    const samples = (format.wide ? xs : xs.map(Math.fround)).slice(0, count)
    const { values, tally } = mix(format, samples, gs.slice(0, count), format.wide ? 0.3 : Math.fround(0.3))
    const measured = newTally()
    measure(samples, count, measured)
    expect(foldBlock(tally.signal)).toBe(foldedSum(samples))
    expect(foldBlock(measured.signal)).toBe(foldedSum(samples))
    expect(foldBlock(tally.noise)).toBe(foldedSum(samples.map((x, i) => values[i] - x)))
  })
})

/** The order that the stream has for sums of squares, written out. */
function foldedSum(values: readonly number[]): number {
  const s = Array.from({ length: 16 }, (_, lane) =>
    values.filter((_, i) => i % 16 === lane).reduce((sum, value) => sum + value * value, 0),
  )
  const quarter = (i: number) => s[i] + s[i + 8] + (s[i + 4] + s[i + 12])
  return quarter(0) + quarter(2) + (quarter(1) + quarter(3))
}

describe('sums over blocks', () => {
  test('add whole blocks in their order, and start each afresh', () => {
    const tally = new FileTally()
    // In this order the first 1 is lost beside 2^53; in reverse none is.
    for (const signal of [
      [2 ** 53, 1],
      [-(2 ** 53), 1],
    ])
      tally.add({ signal, noise: [], mixture: [], clipped: 1, nonFinite: 2, peak: 0 })
    expect(tally).toMatchObject({ signal: 1, noise: 0, mixture: 0, clipped: 2, nonFinite: 4 })
    const lanes = new Float64Array(ACCUMULATORS).fill(3)
    expect(foldBlock(lanes)).toBe(48)
    expect([...lanes]).toEqual(new Array(16).fill(0))
  })
})

describe.each(pcm)('a tie in $name', (format) => {
  const fullScale = 2 ** (format.bits - 1)
  // Half a step of noise onto a whole step.
  const half = (n: number, sign: 1 | -1) => {
    const { values, tally } = mix(format, [n / fullScale], [sign / 2], 1 / fullScale)
    return { integer: values[0] * fullScale + 0, clipped: tally.clipped }
  }

  test.each([
    [0, 1, 0],
    [1, 1, 2],
    [2, 1, 2],
    [-1, 1, 0],
    [-2, 1, -2],
    [0, -1, 0],
    [-1, -1, -2],
    [-2, -1, -2],
    [-3, -1, -4],
  ] as const)('goes to the even neighbour: %d and %d half a step', (n, sign, integer) => {
    expect(half(n, sign)).toEqual({ integer, clipped: 0 })
  })

  test('at the top rounds up and is clipped; below the top it is not', () => {
    // The highest value is odd, so its tie goes up, out of range.
    expect(half(fullScale - 1, 1)).toEqual({ integer: fullScale - 1, clipped: 1 })
    expect(half(fullScale - 2, 1)).toEqual({ integer: fullScale - 2, clipped: 0 })
    expect(half(fullScale - 1, -1)).toEqual({ integer: fullScale - 2, clipped: 0 })
  })

  test('at the bottom rounds up into range and is not clipped', () => {
    expect(half(-fullScale, -1)).toEqual({ integer: -fullScale, clipped: 0 })
    expect(half(-fullScale, 1)).toEqual({ integer: -fullScale, clipped: 0 })
    expect(half(1 - fullScale, -1)).toEqual({ integer: -fullScale, clipped: 0 })
  })
})

test.each(pcm)('$name clips what lies a step and more outside, at both ends', (format) => {
  const fullScale = 2 ** (format.bits - 1)
  const { values, tally } = mix(
    format,
    [1 - 1 / fullScale, -1, 0, 0],
    [1, -1, fullScale * 2, fullScale * -2],
    1 / fullScale,
  )
  expect([...values]).toEqual([1 - 1 / fullScale, -1, 1 - 1 / fullScale, -1])
  expect(tally.clipped).toBe(4)
})

describe.each(floats)('$name', (format) => {
  const OVER = [0.75, -0.75, 3, -3, 1, -1]
  const NOISE = [0.5, -0.5, 0.5, -0.5, 0, 0]

  test('is clamped to full scale, and the changed values are counted', () => {
    const { values, tally } = mix(format, OVER, NOISE, 1)
    expect([...values]).toEqual([1, -1, 1, -1, 1, -1])
    // Exactly full scale is within it.
    expect(tally.clipped).toBe(4)
  })

  test('goes beyond full scale where clipping is off', () => {
    const { values, tally } = mix(format, OVER, NOISE, 1, false)
    expect([...values]).toEqual([1.25, -1.25, 3.5, -3.5, 1, -1])
    expect(tally.clipped).toBe(0)
  })

  test('stays finite where clipping is off, and what the format cannot hold is counted', () => {
    const largest = format.wide ? Number.MAX_VALUE : (2 - 2 ** -23) * 2 ** 127
    const { values, tally } = mix(format, [largest, -largest, largest, 0], [1, -1, -1, 6], largest, false)
    expect([...values]).toEqual([largest, -largest, 0, largest])
    expect(tally.clipped).toBe(3)
  })

  test.each([true, false])('keeps NaN and infinities, counts them and adds none up (clip: %s)', (clip) => {
    const odd = [Number.NaN, Number.POSITIVE_INFINITY, 0.5, Number.NEGATIVE_INFINITY]
    const { values, tally } = mix(format, odd, [1, 1, 0.25, 1], 1, clip)
    expect([...values]).toEqual([Number.NaN, Number.POSITIVE_INFINITY, 0.75, Number.NEGATIVE_INFINITY])
    expect(tally).toMatchObject({ clipped: 0, nonFinite: 3 })
    const measured = newTally()
    measure(odd, odd.length, measured)
    expect(measured.nonFinite).toBe(3)
    expect([tally.signal, tally.noise, measured.signal].map(foldBlock)).toEqual([0.25, 0.0625, 0.25])
  })

  test('keeps the payload of a NaN', () => {
    const values = format.wide ? new Float64Array(2) : new Float32Array(2)
    const bytes = new Uint8Array(values.buffer)
    // Signalling, with a payload: all that a load into a register could make quiet.
    bytes.set(format.wide ? [1, 2, 3, 4, 5, 6, 0xf4, 0x7f] : [1, 2, 0xa0, 0x7f])
    const before = [...bytes]
    const settings = { sigma: 1, gain: 1, clip: true, dither: undefined }
    if (values instanceof Float64Array)
      mixFloat64(values, Float32Array.of(1, 0), 2, format, format.bits, settings, newTally())
    else mixFloat32(values, Float32Array.of(1, 0), 2, format, format.bits, settings, newTally())
    expect([...bytes]).toEqual(before)
  })
})

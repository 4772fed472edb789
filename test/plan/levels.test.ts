import { describe, expect, test } from 'vitest'
import { type NoiseKey, Purpose } from '../../dist-lib/core/noise/keys.js'
import { NoisemillError } from '../../dist-lib/errors.js'
import { fileKey } from '../../dist-lib/plan/keys.js'
import { achievedSnr, amplitudeOf, type Choice, checkLevel, drawLevel } from '../../dist-lib/plan/levels.js'
import { sha256 } from '../support/folders.js'

const noiseGain = (snr: number) => amplitudeOf(-snr)
const drawn = (choice: Choice, key: NoiseKey) => drawLevel(choice, key, Purpose.level)

function refusal(sigma: unknown, snr: unknown): NoisemillError {
  try {
    checkLevel({ sigma, snr })
  } catch (error) {
    if (error instanceof NoisemillError) return error
    throw error
  }
  throw new Error('not refused')
}

describe('a noise level is taken', () => {
  test.each([
    ['sigma', 0],
    ['sigma', 0.1],
    ['sigma', Number.MIN_VALUE],
    ['sigma', 16],
    ['snr', -100],
    ['snr', 0],
    ['snr', 200],
  ] as const)('as one value: %s %d', (kind, value) => {
    const level = checkLevel({ [kind]: value })
    expect(level).toEqual({ kind, choice: { low: value, high: value } })
  })

  test.each([
    ['sigma', [0, 16]],
    ['sigma', [0.5, 0.5]],
    ['snr', [-100, 200]],
    ['snr', [5, 20]],
  ] as const)('as a range: %s %j', (kind, range) => {
    const level = checkLevel({ [kind]: range })
    expect(level).toEqual({ kind, choice: { low: range[0], high: range[1] } })
  })
})

describe('a noise level is refused', () => {
  test('if it is missing, or if there are two', () => {
    expect(refusal(undefined, undefined).code).toBe('E_LEVEL_MISSING')
    expect(refusal(0.1, 10).code).toBe('E_LEVEL_BOTH')
    // 0 and null are given, too.
    expect(refusal(0, 0).code).toBe('E_LEVEL_BOTH')
    expect(refusal(null, null).code).toBe('E_LEVEL_BOTH')
  })

  const nonsense = [
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    null,
    '10',
    '',
    true,
    10n,
    {},
    () => 10,
    Symbol('10'),
    new Date(10),
    new Float64Array([1, 2]),
    [],
    [1],
    [1, 2, 3],
    [1, Number.NaN],
    [Number.NaN, 1],
    [1, Number.POSITIVE_INFINITY],
    [Number.NEGATIVE_INFINITY, 1],
    ['1', '2'],
    [1, '2'],
    [[1], [2]],
    [undefined, 1],
    new Array(2),
  ]
  const outside = {
    sigma: [-1, -Number.MIN_VALUE, 16.000000000000004, 1e300, [-0.1, 1], [0, 16.1], [17, 18]],
    snr: [-100.00000000000001, 200.00000000000003, [-101, 0], [0, 201]],
  }

  test.each(['sigma', 'snr'] as const)('if %s is neither a number in its range nor a range of such numbers', (kind) => {
    for (const value of [...nonsense, ...outside[kind]]) {
      const error = kind === 'sigma' ? refusal(value, undefined) : refusal(undefined, value)
      expect({ value, code: error.code, option: error.option }).toEqual({
        value,
        code: 'E_OPTION_INVALID',
        option: kind,
      })
      expect(error.expected).toContain(kind === 'sigma' ? '0 to 16' : '-100 to 200')
    }
  })

  test.each(['sigma', 'snr'] as const)('if the higher end of a range of %s comes first', (kind) => {
    const error = kind === 'sigma' ? refusal([2, 1], undefined) : refusal(undefined, [2, 1])
    const expected = 'a range `[low, high]` with the lower number first'
    expect(error).toMatchObject({ code: 'E_OPTION_INVALID', option: kind, expected, received: '[2, 1]' })
  })

  test('if the ends of a range cannot be shown as text', () => {
    for (const end of [Symbol('1'), Object.create(null)])
      expect(refusal([end, 2], undefined).code).toBe('E_OPTION_INVALID')
  })

  test('with an error that shows the value', () => {
    expect(refusal(Number.NaN, undefined).received).toBe('NaN')
    expect(refusal([1, -2], undefined).received).toContain('1, -2')
    expect(refusal(undefined, '10').received).toBe('"10"')
  })
})

describe('the level of one file', () => {
  const keys = Array.from({ length: 20_000 }, (_, i) => fileKey(1, `${i}.wav`, 1))

  test('is the value itself, whatever the key', () => {
    for (const key of keys.slice(0, 100)) expect(drawn({ low: 0.3, high: 0.3 }, key)).toBe(0.3)
  })

  test('is uniform over its range', () => {
    const draws = keys.map((key) => (drawn({ low: 5, high: 20 }, key) - 5) / 15).sort((a, b) => a - b)
    // Kolmogorov and Smirnov's distance; sqrt(n) D exceeds 1.95 once in a thousand uniform samples.
    const distance = Math.max(...draws.map((u, i) => Math.max(u - i / draws.length, (i + 1) / draws.length - u)))
    expect(distance * Math.sqrt(draws.length)).toBeLessThan(1.95)
    expect(draws[0]).toBeGreaterThanOrEqual(0)
    expect(draws.at(-1)).toBeLessThanOrEqual(1)
  })

  test('does not depend on the level of the file before it', () => {
    const centred = keys.map((key) => drawn({ low: -0.5, high: 0.5 }, key))
    const products = centred.slice(1).map((u, i) => u * centred[i])
    // The mean product of two independent uniforms of variance 1/12 has a standard error of 1 / (12 sqrt(n)).
    const mean = products.reduce((sum, product) => sum + product) / products.length
    expect(Math.abs(mean) * 12 * Math.sqrt(products.length)).toBeLessThan(4)
  })

  test('depends on the key alone: a wider range stretches the same draw', () => {
    for (const key of keys.slice(0, 100)) {
      const unit = drawn({ low: 0, high: 1 }, key)
      expect(drawn({ low: 0, high: 1 }, { ...key })).toBe(unit)
      expect(drawn({ low: 0, high: 16 }, key)).toBe(unit * 16)
      expect(drawn({ low: -100, high: 200 }, key)).toBeCloseTo(300 * unit - 100, 10)
    }
  })

  test('differs between the copies of a file', () => {
    const levels = [1, 2, 3, 4].map((copy) => drawn({ low: 0, high: 1 }, fileKey(1, 'a.wav', copy)))
    expect(new Set(levels).size).toBe(4)
  })
})

describe('the gain for an SNR', () => {
  test('is ten to the minus twentieth of it, in 14 digits, over the whole range', () => {
    for (let snr = -100; snr <= 200; snr += 1 / 16) {
      const expected = 10 ** (-snr / 20)
      expect(Math.abs(noiseGain(snr) / expected - 1), `${snr} dB`).toBeLessThan(1e-14)
    }
  })

  test('falls as the SNR grows, also where its power of two changes', () => {
    // Every half-integer power of two within the range, and the tiniest step to either side.
    for (let half = -66.5; half < 17; half++) {
      const snr = half * -20 * Math.log10(2)
      expect(noiseGain(snr - 1e-9)).toBeGreaterThan(noiseGain(snr))
      expect(noiseGain(snr + 1e-9)).toBeLessThan(noiseGain(snr))
    }
  })

  // The bits show in every output of an SNR, so they are pinned like the noise, by the same sums and products in Python.
  test.each([
    [0, 1],
    [10, 0.3162277660168379],
    [-100, 100000.00000000003],
    [200, 9.999999999999994e-11],
    [13.7, 0.20653801558105295],
  ])('keeps its bits at %d dB', (snr, gain) => {
    expect(noiseGain(snr)).toBe(gain)
  })

  test('keeps its bits at every sixteenth of a decibel', () => {
    const gains = Float64Array.from({ length: 4801 }, (_, i) => noiseGain(i / 16 - 100))
    expect(sha256(new Uint8Array(gains.buffer))).toBe(
      '5f42fbfd6a5d736197a69c43c59c2daaaf4cac3992b539097537640601c5aa7b',
    )
  })
})

describe('the achieved SNR', () => {
  test.each([
    [100, 1, 20],
    [1, 100, -20],
    [5, 5, 0],
    [1e300, 1e-8, 3080],
  ])('of energies %d and %d is %d dB', (signal, noise, snr) => {
    expect(achievedSnr(signal, noise)).toBeCloseTo(snr, 9)
  })

  test.each([
    ['no noise', 1, 0],
    ['no signal', 0, 1],
    ['neither', 0, 0],
    ['a signal beyond float64', Number.POSITIVE_INFINITY, 1],
    ['noise beyond float64', 1, Number.POSITIVE_INFINITY],
  ])('does not exist with %s', (_, signal, noise) => {
    expect(achievedSnr(signal, noise)).toBeNull()
  })
})

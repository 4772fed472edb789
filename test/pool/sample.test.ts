/** The sample that notices equal values, beside values of which it is known how many are equal. */

import { describe, expect, test } from 'vitest'
import { Sample } from '../../dist-lib/pool/sample.js'
import { numbers } from '../support/sources.js'

function sampleOf(values: readonly unknown[], chunkSize = values.length): Sample {
  const sample = new Sample()
  for (let from = 0; from < values.length; from += chunkSize) sample.add(values.slice(from, from + chunkSize))
  return sample
}

test.each([1, 2, 255, 256, 257, 1000, 100_000])(
  'a sample of %i different values has no two that are equal',
  (count) => {
    const sample = sampleOf(numbers(count))
    expect(sample.distinct).toBe(sample.size)
    expect(sample.size).toBeGreaterThanOrEqual(Math.min(count, 100))
    expect(sample.size).toBeLessThanOrEqual(256)
  },
)

test.each([1, 2, 7, 12])('a sample of values with a period of %i has all of them', (period) => {
  const values = numbers(20_000).map((number) => `value ${number % period}`)
  expect(sampleOf(values).distinct).toBe(period)
})

test.each([1, 10, 333])('a sample is the same if values come in chunks of %i', (chunkSize) => {
  const values = numbers(5000).map((number) => number % 1000)
  const [whole, parts] = [sampleOf(values), sampleOf(values, chunkSize)]
  expect([parts.size, parts.distinct]).toEqual([whole.size, whole.distinct])
})

test('of a part of an array, only that part counts', () => {
  const sample = new Sample()
  sample.add([1, 2, 3, 4], 1, 3)
  expect(sample.size).toBe(2)
})

const bytes = (length: number, fill: number) => new Uint8Array(length).fill(fill)
const cyclic: { self?: unknown } = {}
cyclic.self = cyclic

describe.each<[string, () => unknown, () => unknown]>([
  ['numbers', () => 1, () => 1.5],
  ['numbers and strings', () => 1, () => '1'],
  ['long strings', () => 'a'.repeat(9999), () => `${'a'.repeat(9998)}b`],
  ['objects', () => ({ a: 1, b: [1, 2] }), () => ({ a: 1, b: [1, 3] })],
  ['nothing', () => null, () => undefined],
  ['bytes', () => bytes(1000, 1), () => bytes(1000, 2)],
  ['lengths', () => bytes(1000, 0), () => bytes(1001, 0)],
  ['buffers', () => bytes(10, 1).buffer, () => bytes(10, 2).buffer],
  ['dates', () => new Date(1), () => new Date(2)],
  ['patterns', () => /a/, () => /b/],
  ['maps', () => new Map([[1, 2]]), () => new Map([[1, 3]])],
  ['sets', () => new Set([1]), () => new Set([2])],
  ['cyclic objects and others', () => cyclic, () => ({})],
])('%s', (_, one, other) => {
  test('are equal if they have equal contents', () => {
    expect(sampleOf([one(), one()]).distinct).toBe(1)
    expect(sampleOf([one(), other(), one()]).distinct).toBe(2)
  })
})

test('getters are not called, and what cannot be looked at is left out', () => {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  const getter = {
    get value(): number {
      throw new Error('a getter was called')
    },
  }
  expect(sampleOf([getter, proxy]).size).toBe(1)
})

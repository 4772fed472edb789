import { describe, expect, test } from 'vitest'
import { philox4x32 } from '../../../dist-lib/core/noise/philox.js'
import known from '../../vectors/philox4x32.json' with { type: 'json' }

const words = (hex: readonly string[]) => hex.map((word) => Number.parseInt(word, 16))

function encrypt(counter: readonly number[], [low, high]: readonly number[]): number[] {
  const out = [0, 0, 0, 0]
  philox4x32(counter, low, high, out)
  return out
}

/** The rounds of the paper in whole numbers: no halves of products, no carries to get wrong. */
function reference(counter: readonly number[], key: readonly number[]): number[] {
  const MASK = 0xffffffffn
  let [c0, c1, c2, c3] = counter.map(BigInt)
  let [k0, k1] = key.map(BigInt)
  for (let round = 0; round < 10; round++) {
    const product0 = 0xd2511f53n * c0
    const product1 = 0xcd9e8d57n * c2
    ;[c0, c1, c2, c3] = [(product1 >> 32n) ^ c1 ^ k0, product1 & MASK, (product0 >> 32n) ^ c3 ^ k1, product0 & MASK]
    k0 = (k0 + 0x9e3779b9n) & MASK
    k1 = (k1 + 0xbb67ae85n) & MASK
  }
  return [c0, c1, c2, c3].map(Number)
}

describe('philox4x32 with 10 rounds', () => {
  test.each(known.vectors)('gives the published answer for $counter under $key', ({ counter, key, output }) => {
    expect(encrypt(words(counter), words(key))).toEqual(words(output))
  })

  test('agrees with whole-number arithmetic where products carry', () => {
    // Halves of words at their ends make every combination of carries between the partial products.
    const edges = [0, 1, 0xffff, 0x10000, 0x10001, 0x7fffffff, 0x80000000, 0xffff0000, 0xfffeffff, 0xffffffff]
    for (const a of edges) {
      for (const b of edges) {
        const counter = [a, b, b, a]
        expect(encrypt(counter, [b, a])).toEqual(reference(counter, [b, a]))
      }
    }
  })

  test('agrees with whole-number arithmetic along a chain in which each answer is the next counter', () => {
    let counter = [1, 2, 3, 4]
    let key = [5, 6]
    for (let i = 0; i < 2000; i++) {
      const next = encrypt(counter, key)
      expect(next).toEqual(reference(counter, key))
      key = [counter[1], next[2]]
      counter = next
    }
  })

  test('may write over its own counter', () => {
    const { counter, key, output } = known.vectors[2]
    const both = Uint32Array.from(words(counter))
    philox4x32(both, ...(words(key) as [number, number]), both)
    expect([...both]).toEqual(words(output))
  })

  test('takes words that came out of signed arithmetic', () => {
    const { output } = known.vectors[1]
    expect(encrypt([-1, -1, -1, -1], [-1, -1])).toEqual(words(output))
  })
})

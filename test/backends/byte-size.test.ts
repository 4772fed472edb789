/** The estimate of the bytes of a value that are copied when it crosses. */

import { expect, test } from 'vitest'
import { byteSize } from '../../dist-lib/backends/byte-size.js'
import { numbers } from '../support/sources.js'

const loop: Record<string, unknown> = { ab: 1 }
loop.cd = loop

test.each<[string, unknown, number]>([
  ['a number', 1, 8],
  ['a string', 'abc', 6],
  ['nothing', undefined, 0],
  ['a view', new Float32Array(new ArrayBuffer(1000), 8, 3), 12],
  ['a buffer', new ArrayBuffer(1000), 1000],
  ['shared memory', new Uint8Array(new SharedArrayBuffer(1000)), 0],
  ['an object', { ab: 1, c: 'def' }, 4 + 8 + 2 + 6],
  ['a circle', loop, 4 + 8 + 4],
  ['a list', [1, [2, 'a']], 8 + 8 + 2],
  ['a long list', numbers(1_000_000), 8_000_000],
  ['a long list of objects', numbers(100_000).map((n) => ({ n })), 1_000_000],
  ['a Map', new Map([['a', 1]]), 2 + 8],
  ['a Set', new Set(['a', 'bc']), 6],
])('of %s', (_, value, bytes) => {
  expect(byteSize(value)).toBe(bytes)
})

test('includes shared memory if it is asked for', () => {
  const value = { a: new Uint8Array(new SharedArrayBuffer(1000)) }
  expect(byteSize(value, { countsShared: true })).toBe(1002)
})

test.each([
  [
    'a revoked proxy',
    (() => {
      const { proxy, revoke } = Proxy.revocable({}, {})
      revoke()
      return proxy
    })(),
  ],
])('of %s is 0', (_, value) => {
  expect(byteSize(value)).toBe(0)
})

test('a getter is not called, and counts only with its name', () => {
  const value = {
    get name(): never {
      throw new Error('it was called')
    },
  }
  expect(byteSize(value)).toBe(2 * 'name'.length)
})

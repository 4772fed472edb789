/** Values of users in messages. */

import { describe, expect, test } from 'vitest'
import { fromJson, NotJson, toJson } from '../../dist-lib/remote/values.js'

const crossed = (value: unknown) => fromJson(JSON.parse(JSON.stringify(toJson(value))))

test.each([
  ['a text', 'a \u0000 \ud800 text'],
  ['numbers', [0, -0, 1.5, Number.MIN_VALUE, Number.MAX_VALUE, Number.NaN, Infinity, -Infinity]],
  ['nothing', [undefined, null, { a: undefined }]],
  ['an array with a hole', [1, undefined, 3]],
  ['an object', { a: { b: [{ c: true }] }, '': 0 }],
  ['an object that looks like a tag', { $: 'NaN' }],
  ['an object that looks like an escaped tag', { $: [['a', 1]], more: { $: { $: 1 } } }],
  ['an object with the name of a prototype', JSON.parse('{"__proto__":{"a":1},"constructor":2}')],
])('%s arrives as it was', (_, value) => {
  const arrived = crossed(value)
  expect(arrived).toStrictEqual(value)
  expect(Object.getPrototypeOf(Object(arrived))).toBe(Object.getPrototypeOf(Object(value)))
})

test('an instance of a class arrives as a plain object, as in threads', () => {
  class Point {
    x = 1
  }
  expect(crossed(new Point())).toStrictEqual(structuredClone(new Point()))
})

describe('what JSON cannot carry is refused, with the way to it', () => {
  test.each<[unknown, string]>([
    [new Map(), ': JSON cannot carry a Map'],
    [{ when: new Date(0) }, '.when: JSON cannot carry a Date'],
    [[1, { b: new Uint8Array(3) }], '[1].b: JSON cannot carry an Uint8Array'],
    [{ f() {} }, '.f: JSON cannot carry a function'],
    [5n, ': JSON cannot carry a bigint'],
    [[Symbol('s')], '[0]: JSON cannot carry a symbol'],
    [new Error('e'), ': JSON cannot carry an Error'],
  ])('no. %#', (value, message) => {
    expect(() => toJson(value)).toThrow(new NotJson(message))
  })

  test('a value that contains itself', () => {
    const value: Record<string, unknown> = {}
    value.self = value
    expect(() => toJson(value)).toThrow(/contains itself$/)
  })
})

test.each([['{"$":"Date"}'], ['{"$":[1]}'], ['{"$":null}'], [`${'['.repeat(500)}${']'.repeat(500)}`]])(
  'a form that nobody sends is refused: %s',
  (text) => {
    expect(() => fromJson(JSON.parse(text))).toThrow(/a value/)
  },
)

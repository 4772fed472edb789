/** Functions that throw, or return values that cannot be sent to another thread. */

import { pass, writeHalves } from './calls.mjs'

export const notAFunction = 42

export function refuseOdd(number) {
  if (number % 2 === 1) throw new RangeError(`${number} is odd`)
  return number
}

/** Throws after it has waited for one gate or opened another. */
export async function refuse(item) {
  await pass(item)
  throw new Error('refused')
}

/** Throws once the gate that its item names is open; writes a file in two halves for any other item. */
export const refuseOrWriteHalves = (item) => ('waitsFor' in item ? refuse(item) : writeHalves(item))

export async function refuseOddLater(number) {
  return refuseOdd(number)
}

const thrown = {
  text: 'text',
  number: 42,
  null: null,
  undefined: undefined,
  object: { reason: 'an object' },
}

export function throwNamed(name) {
  throw thrown[name]
}

const withoutText = Object.assign(Object.create(null), { call() {} })
const strange = {
  // Neither can be cloned; the second cannot even be turned into a string.
  function: () => {
    throw { call() {} }
  },
  textless: () => {
    throw withoutText
  },
}

export const throwStrange = (item) => (item in strange ? strange[item]() : item)

const uncloneable = {
  function: () => () => 'a result',
  nested: () => ({ inside: [Symbol('a result')] }),
  promise: () => ({ promise: Promise.resolve(1) }),
  getter: () => ({
    get value() {
      throw new Error('not to be read')
    },
  }),
  // Even what is thrown has no message.
  emptyGetter: () => ({
    get value() {
      throw null
    },
  }),
}

export const giveUncloneable = (item) => (item in uncloneable ? uncloneable[item]() : item)

/** Makes nested arrays of a depth. */
export function nest(depth) {
  let value = 'inside'
  for (let level = 0; level < depth; level++) value = [value]
  return value
}

export function setupThrows({ prepared }) {
  Atomics.add(prepared, 0, 1)
  throw new Error('no set-up today')
}

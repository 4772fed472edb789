/** Looks at a few of many values, to notice that equal ones come again and again. */

import { types } from 'node:util'

/** The sample has from half of this number of values to this number. */
const MOST = 256
/** Most values inside one value that are looked at. */
const LOOKED_AT = 64
/** Characters at each end of a string, and elements of a typed array, that are compared. */
const COMPARED = 32

/** Returns a text that is equal for equal values, and usually differs for others. */
function digest(value: unknown, budget: { left: number }): string {
  if (budget.left-- <= 0) return '…'
  if (typeof value === 'string') return `"${value.length}:${value.slice(0, COMPARED)}${value.slice(-COMPARED)}`
  if (typeof value !== 'object' || value === null) return `${typeof value} ${String(value)}`
  if (types.isTypedArray(value)) {
    const step = Math.max(1, Math.floor(value.length / COMPARED))
    let text = `${value.constructor.name}${value.length}:`
    for (let i = 0; i < value.length; i += step) text += `${value[i]},`
    return text
  }
  if (types.isAnyArrayBuffer(value)) return digest(new Uint8Array(value), budget)
  if (types.isDate(value)) return `Date${value.getTime()}`
  if (types.isRegExp(value)) return `${value}`
  if (types.isMap(value) || types.isSet(value)) return digest([...value].slice(0, LOOKED_AT), budget)
  const length = Array.isArray(value) ? value.length : ''
  const inside = Object.keys(value)
    .slice(0, LOOKED_AT)
    // A getter is not called, because it may do anything.
    .map((key) => `${key}=${digest(Object.getOwnPropertyDescriptor(value, key)?.value, budget)}`)
  return `{${length}:${inside.join()}}`
}

/** FNV-1a (http://www.isthe.com/chongo/tech/comp/fnv), so that large values are not kept. */
function hash(text: string): number {
  let sum = 0x811c9dc5
  for (let i = 0; i < text.length; i++) sum = Math.imul(sum ^ text.charCodeAt(i), 0x01000193)
  return sum >>> 0
}

/** Returns what is kept of a value instead of it: the same for equal values. */
const keyOf = (value: unknown): number | string =>
  typeof value === 'number' ? value : `#${hash(digest(value, { left: LOOKED_AT }))}`

export class Sample {
  #keys: (number | string)[] = []
  /** One of so many values is looked at: a power of two. */
  #stride = 1
  #seen = 0
  /** Number of the value that is looked at next. */
  #next = 0
  #state = 1

  /** How many values were looked at. */
  get size(): number {
    return this.#keys.length
  }

  /** How many of them differ. */
  get distinct(): number {
    return new Set(this.#keys).size
  }

  /** Sees the values from one index to another. */
  add(values: ArrayLike<unknown>, from = 0, to = values.length): void {
    const end = this.#seen + to - from
    while (this.#next < end) {
      this.#look(values[from + this.#next - this.#seen])
      this.#next = this.#nextAfter(this.#next)
    }
    this.#seen = end
  }

  #look(value: unknown): void {
    try {
      this.#keys.push(keyOf(value))
    } catch {
      // The value is a revoked proxy, for example, which cannot cross either.
      return
    }
    if (this.#keys.length <= MOST) return
    this.#keys = this.#keys.filter((_, i) => i % 2 === 0)
    this.#stride *= 2
  }

  /** Returns a number at random in the next stride, so that values with a period are not misjudged. */
  #nextAfter(number: number): number {
    if (this.#stride === 1) return number + 1
    this.#state = (Math.imul(this.#state, 1664525) + 1013904223) >>> 0
    const offset = Math.floor((this.#state / 2 ** 32) * this.#stride)
    return (Math.floor(number / this.#stride) + 1) * this.#stride + offset
  }
}

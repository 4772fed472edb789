/**
 * Finds out what structured clone does to a value that crosses to another thread. Some values, such
 * as functions, cannot cross. Others arrive changed and without an error: an instance of a class
 * becomes a plain object.
 */

import { types } from 'node:util'
import { isDomException } from '../errors.js'
import { textOf } from './thrown.js'

/**
 * Most values inside one value that a check looks at unless it is strict. The check must cost
 * little compared with the crossing.
 */
export const LOOKED_AT = 1000
/**
 * Most values that are searched for one that cannot cross. The search blocks the calling thread,
 * and should take no longer than the attempt to copy the whole value.
 */
const SEARCHED = 1_000_000

/** An object, a function or a symbol inside the value that crosses, with the way to it. */
interface Place {
  readonly value: unknown
  readonly above?: Place
  /** Key, index or accessor of this value in the value above. */
  readonly step: string | number
}

/**
 * For each prototype, the name of the class that its values arrive with, or null if they keep their
 * class.
 */
const arrivals = new WeakMap<object, string | null>(
  [
    ...[Array, Date, RegExp, Map, Set, ArrayBuffer, SharedArrayBuffer, DataView, Boolean, Number, String, BigInt],
    ...[Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array],
    ...[Float32Array, Float64Array, BigInt64Array, BigUint64Array],
    ...[Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError],
  ].map((kept) => [kept.prototype, null]),
)

const classOf = (value: object): string => {
  const made = value.constructor
  return typeof made === 'function' ? made.name : ''
}

const withArticle = (name: string): string =>
  name === '' ? 'an object without a named class' : `${/^[aeio]/i.test(name) ? 'an' : 'a'} ${name}`

/** Whether a prototype is that of plain objects, in any realm. */
export const isPlain = (prototype: object | null): boolean =>
  prototype === Object.prototype ||
  prototype === null ||
  (Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'isPrototypeOf'))

/**
 * Returns what a value itself would lose, in words, or undefined. Throws if the value cannot be
 * cloned.
 */
function lossOf(value: object, prototype: object | null): string | undefined {
  if (isPlain(prototype)) {
    return Object.getOwnPropertySymbols(value).length > 0 ? 'an object would arrive without its symbol keys' : undefined
  }
  let arrivesAs = arrivals.get(prototype!)
  if (arrivesAs === undefined) {
    // Which classes Node keeps differs between its versions, so a copy is made to find out.
    const name = classOf(value)
    const arrived = classOf(structuredClone(value))
    arrivesAs = arrived === name && name !== 'Object' ? null : arrived
    arrivals.set(prototype!, arrivesAs)
  }
  if (arrivesAs !== null) {
    const other = arrivesAs === 'Object' ? 'a plain object' : withArticle(arrivesAs)
    return `${withArticle(classOf(value))} would arrive as ${other}`
  }
  const properties = types.isNativeError(value) ? Object.keys(value) : []
  return properties.length > 0
    ? `${withArticle(classOf(value))} would arrive without ${properties.join(', ')}`
    : undefined
}

/**
 * Calls `see` with each value that structured clone copies from directly inside a value, until it
 * returns false.
 */
export function eachIn(value: object, see: (child: unknown, step: string | number) => boolean): void {
  if (Array.isArray(value)) eachElement(value, see)
  else if (types.isMap(value)) {
    let i = 0
    for (const [key, mapped] of value) {
      if (
        !see(key, `.keys()[${i}]`) ||
        !see(mapped, typeof key === 'string' ? `.get(${JSON.stringify(key)})` : `.values()[${i}]`)
      )
        return
      i++
    }
  } else if (types.isSet(value)) {
    let i = 0
    for (const element of value) if (!see(element, i++)) return
  } else if (types.isNativeError(value)) {
    if (Object.hasOwn(value, 'cause')) see((value as Error).cause, 'cause')
  } else if (isPlain(Object.getPrototypeOf(value)) || !isWhole(value)) {
    for (const key of Object.keys(value)) if (!see((value as Record<string, unknown>)[key], key)) return
  }
}

/** A sparse array may have millions of holes, so after the first hole only existing keys are read. */
function eachElement(array: unknown[], see: (child: unknown, step: string | number) => boolean): void {
  let i = 0
  for (; i < array.length; i++) {
    const element = array[i]
    if (element === undefined && !Object.hasOwn(array, i)) break
    if (!see(element, i)) return
  }
  if (i === array.length) return
  for (const key of Object.keys(array)) {
    const index = Number(key)
    if (!(index < i) && !see(array[key as never], Number.isNaN(index) ? key : index)) return
  }
}

/** Whether structured clone copies an object without looking at its properties. */
const isWhole = (value: object): boolean =>
  ArrayBuffer.isView(value) ||
  types.isAnyArrayBuffer(value) ||
  types.isBoxedPrimitive(value) ||
  types.isDate(value) ||
  types.isRegExp(value)

/**
 * Returns the path of a place, as an expression that follows the name of the whole value: '.when',
 * '[3]'.
 */
function pathOf(place: Place): string {
  const steps: string[] = []
  for (let at = place; at.above !== undefined; at = at.above) steps.push(stepText(at.step))
  return steps.reverse().join('')
}

function stepText(step: string | number): string {
  if (typeof step === 'number') return `[${step}]`
  if (/^\.\w+\(/.test(step)) return step
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`
}

/** Whether a value is an object, a function or a symbol. Other primitives always cross whole. */
const needsCopy = (value: unknown): boolean =>
  (typeof value === 'object' && value !== null) || typeof value === 'function' || typeof value === 'symbol'

/**
 * Calls `ask` with a value and with each object, function and symbol inside it, once each, those
 * nearest to the root first. Ends with the first answer that is not undefined.
 *
 * @param budget how many values may still be looked at; it is counted down
 */
function walk(root: unknown, budget: { left: number }, ask: (place: Place) => string | undefined): string | undefined {
  // Most values have no objects inside, and do without the queue and the set.
  let queue: Place[] | undefined
  let seen: Set<unknown> | undefined
  let place: Place | undefined = { value: root, step: '' }
  for (let next = 0; place !== undefined; place = queue?.[next++]) {
    const answer = ask(place)
    if (answer !== undefined) return answer
    const { value } = place
    if (budget.left <= 0 || typeof value !== 'object') continue
    const above = place
    eachIn(value as object, (child, step) => {
      if (needsCopy(child)) {
        seen ??= new Set([root])
        queue ??= []
        if (!seen.has(child)) queue.push({ value: child, above, step })
        seen.add(child)
      }
      return --budget.left > 0
    })
  }
  return undefined
}

/**
 * Whether a value is a plain object of primitives. Many items are, and this check costs half as much as a
 * walk.
 */
function isFlat(value: object): boolean {
  if (Object.getPrototypeOf(value) !== Object.prototype) return false
  const keys = Object.keys(value)
  return (
    keys.length <= LOOKED_AT &&
    keys.every((key) => !needsCopy((value as Record<string, unknown>)[key])) &&
    Object.getOwnPropertySymbols(value).length === 0
  )
}

/** What is known of a value before it crosses. */
export interface Look {
  /** Path of the first value inside that would lose its class or properties, and what it would lose. */
  readonly loss?: string | undefined
  /** Whether there were more values inside than were looked at. */
  readonly isLarge: boolean
}

const SMALL: Look = { isLarge: false }

/**
 * Finds the first value inside a value that would lose its class or some of its properties. It finds
 * none if the value cannot cross at all.
 *
 * @param limit most values that are looked at
 */
export function look(root: unknown, limit: number): Look {
  if (typeof root !== 'object' || root === null) return SMALL
  const budget = { left: limit }
  try {
    if (isFlat(root)) return SMALL
    let first: string | undefined
    // With a limit, it goes on after the first loss, to know how large the value is.
    walk(root, budget, (place) => {
      if (first !== undefined || typeof place.value !== 'object') return undefined
      const value = place.value as object
      const loss = lossOf(value, Object.getPrototypeOf(value))
      if (loss !== undefined) first = `${pathOf(place)}: ${loss}`
      return limit === Infinity ? first : undefined
    })
    return { loss: first, isLarge: budget.left <= 0 }
  } catch {
    // The value cannot cross, or a getter throws. The crossing itself then fails with the reason.
    return SMALL
  }
}

/** Returns the loss that `look` finds. */
export const findLoss = (root: unknown, limit: number): string | undefined => look(root, limit).loss

/** Why what leaves the sender with a value could not be found. */
export class TransferError extends Error {}

const failureOf = (error: unknown): string => {
  if (error instanceof TransferError) return error.message
  const [line] = textOf(error).split('\n', 1)
  return `copying it fails with ${line.length > 200 ? `${line.slice(0, 200)}…` : line.replace(/\.$/, '')}`
}

/** Returns why a value cannot be copied; undefined if it can. */
function reasonOf(value: unknown): string | undefined {
  if (typeof value === 'function') return 'a function cannot be copied'
  if (typeof value === 'symbol') return 'a symbol cannot be copied'
  if (types.isProxy(value)) return 'a proxy cannot be copied'
  if (isDetached(value as object))
    return `${withArticle(className(value as object))} has no memory, because it was transferred before`
  try {
    structuredClone(value)
    return undefined
  } catch (error) {
    return isDomException(error) ? `${withArticle(className(value as object))} cannot be copied` : failureOf(error)
  }
}

/** Whether an object is a buffer, or a view of one, whose memory was transferred. */
function isDetached(value: object): boolean {
  const buffer = ArrayBuffer.isView(value) ? value.buffer : value
  if (!types.isArrayBuffer(buffer) || buffer.byteLength > 0) return false
  try {
    buffer.slice(0)
    return false
  } catch {
    return true
  }
}

/** Returns the class's name as `classOf` does, or '' if that throws. */
function className(value: object): string {
  try {
    return classOf(value)
  } catch {
    return ''
  }
}

/**
 * Whether an object can be copied if what is inside it can. If it is not known, a copy of the
 * object must be made to find out.
 */
function isKnownToCross(value: object): boolean {
  if (types.isProxy(value)) return false
  if (types.isAnyArrayBuffer(value)) return value.byteLength > 0 // a detached buffer has no bytes
  if (ArrayBuffer.isView(value)) return value.buffer.byteLength > 0
  return (
    isPlain(Object.getPrototypeOf(value)) ||
    Array.isArray(value) ||
    types.isMap(value) ||
    types.isSet(value) ||
    types.isNativeError(value) ||
    isWhole(value)
  )
}

/**
 * Finds what inside a value that could not be copied is the reason. Returns its path and the
 * reason, or undefined if it was not found.
 */
function findRefused(root: unknown): string | undefined {
  /** An object of each prototype that may be the reason, unless something inside it is. */
  const doubtful = new Map<object, Place>()
  const passed = new Set<object>()
  if (!needsCopy(root)) return undefined
  let current: Place = { value: root, step: '' }
  const refusedAt = (place: Place, reason = reasonOf(place.value)) =>
    reason === undefined ? undefined : `${pathOf(place)}: ${reason}`
  const budget = { left: SEARCHED }
  try {
    const found = walk(root, budget, (place) => {
      current = place
      if (typeof place.value !== 'object') return refusedAt(place)
      const value = place.value as object
      if (isKnownToCross(value)) return undefined
      if (types.isProxy(value) || isWhole(value)) return refusedAt(place)
      const prototype = Object.getPrototypeOf(value)
      if (Object.keys(value).length === 0) {
        // A copy of an object with nothing inside tells whether those of its prototype can be copied.
        const refused = passed.has(prototype) ? undefined : refusedAt(place)
        passed.add(prototype)
        return refused
      }
      doubtful.delete(prototype)
      doubtful.set(prototype, place)
      return undefined
    })
    if (found !== undefined) return found
  } catch (error) {
    // A getter of the object threw.
    return refusedAt(current, failureOf(error))
  }
  if (budget.left <= 0) return undefined
  // Those farthest from the root come first, because a copy of an object also copies what is inside.
  for (const place of Array.from(doubtful.values()).reverse()) {
    const refused = refusedAt(place)
    if (refused !== undefined) return refused
  }
  return undefined
}

/**
 * Describes why a value could not be copied: its name, the path inside it, and the reason. Leaves
 * the path out if the value has too many others inside to be searched.
 */
export const refusalOf = (name: string, value: unknown, error: unknown): string =>
  `${name}${findRefused(value) ?? `: ${failureOf(error)}`}`

/** Returns why a value cannot be copied, as `refusalOf` does; undefined if it can. */
export function findRefusal(name: string, value: unknown): string | undefined {
  try {
    copyOf(value)
    return undefined
  } catch (error) {
    return refusalOf(name, value, error)
  }
}

/** Returns the path of shared memory in a value, and why it cannot go to another process; undefined if there is none. */
export function findShared(root: unknown): string | undefined {
  if (typeof root !== 'object' || root === null) return undefined
  try {
    return walk(root, { left: SEARCHED }, (place) => {
      const buffer = ArrayBuffer.isView(place.value) ? place.value.buffer : place.value
      return types.isSharedArrayBuffer(buffer) ? `${pathOf(place)}: processes share no memory` : undefined
    })
  } catch {
    // A getter throws, which the crossing reports.
    return undefined
  }
}

/** Returns a copy as another thread would get it. Throws what structured clone throws. */
export const copyOf = <T>(value: T, transfer: readonly ArrayBuffer[] = []): T =>
  needsCopy(value) ? structuredClone(value, { transfer: transfer as ArrayBuffer[] }) : value

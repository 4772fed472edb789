/**
 * Finds out what structured clone does to a value that crosses to another thread. Some values, such
 * as functions, cannot cross. Others arrive changed and without an error: an instance of a class
 * becomes a plain object.
 */

import { types } from 'node:util'
import { describe, isDomException, isError } from '../errors.js'
import { textOf } from './thrown.js'

/**
 * Most values inside one value that a check looks at unless it is strict. The check must cost
 * little compared with the crossing.
 */
export const LOOKED_AT = 1000
/**
 * Deepest level at which a value that cannot cross is searched for. Each level costs a copy of
 * everything below it.
 */
const MAX_LEVELS = 50

/** A value inside the one that crosses, with the way to it. */
interface Place {
  readonly value: object
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
    ...[Date, RegExp, Map, Set, ArrayBuffer, SharedArrayBuffer, DataView, Boolean, Number, String, BigInt],
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
const isPlain = (prototype: object | null): boolean =>
  prototype === null || (Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'isPrototypeOf'))

/**
 * Returns what a value itself would lose, in words, or undefined. Throws if the value cannot be
 * cloned.
 */
function lossOf(value: object, prototype: object | null): string | undefined {
  if (prototype === Object.prototype || isPlain(prototype)) {
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

/** Calls `see` with each value directly inside a value, until it returns false. */
function eachIn(value: object, see: (child: unknown, step: string | number) => boolean): void {
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length && see(value[i], i); i++);
  } else if (types.isMap(value)) {
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
  } else if (!ArrayBuffer.isView(value) && !types.isBoxedPrimitive(value)) {
    for (const key of Object.keys(value)) if (!see((value as Record<string, unknown>)[key], key)) return
  }
}

/**
 * Returns the path of a place, as an expression that follows the name of the whole value: '.when',
 * '[3]'.
 */
function pathOf({ above, step }: Place): string {
  if (above === undefined) return ''
  const own =
    typeof step === 'number'
      ? `[${step}]`
      : /^\.\w+\(/.test(step)
        ? step
        : /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(step)
          ? `.${step}`
          : `[${JSON.stringify(step)}]`
  return pathOf(above) + own
}

/**
 * Finds the first value inside a value that would lose its class or some of its properties. Returns
 * its path and what it would lose. Returns undefined if there is none, or if the value cannot cross
 * at all.
 *
 * @param limit most values that are looked at
 */
export function findLoss(root: unknown, limit: number): string | undefined {
  if (typeof root !== 'object' || root === null) return undefined
  const queue: Place[] = [{ value: root, step: '' }]
  let seen: Set<object> | undefined
  let left = limit
  try {
    for (const place of queue) {
      const loss = lossOf(place.value, Object.getPrototypeOf(place.value))
      if (loss !== undefined) return `${pathOf(place)}: ${loss}`
      if (left <= 0) continue
      eachIn(place.value, (child, step) => {
        if (typeof child === 'object' && child !== null) {
          seen ??= new Set([root])
          if (!seen.has(child)) {
            seen.add(child)
            queue.push({ value: child, above: place, step })
          }
        }
        return --left > 0
      })
    }
  } catch {
    // The value cannot cross, or a getter throws. The crossing itself then fails with the reason.
  }
  return undefined
}

/** Returns why a value cannot be copied; undefined if it can. */
function reasonOf(value: unknown): string | undefined {
  if (typeof value === 'function') return 'a function cannot be copied'
  if (typeof value === 'symbol') return 'a symbol cannot be copied'
  if (typeof value !== 'object' || value === null) return undefined
  try {
    structuredClone(value)
    return undefined
  } catch (error) {
    if (isDomException(error)) return `${withArticle(className(value))} cannot be copied`
    return `copying it fails with ${isError(error) ? error.message : describe(error)}`
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
 * Finds what inside a value cannot cross. Returns its path and the reason, or undefined if the
 * value can cross.
 */
export function findRefusal(root: unknown): string | undefined {
  let reason = reasonOf(root)
  if (reason === undefined) return undefined
  let place: Place = { value: root as object, step: '' }
  for (let level = 0; level < MAX_LEVELS && typeof place.value === 'object'; level++) {
    let culprit: Place | undefined
    try {
      eachIn(place.value, (child, step) => {
        const why = reasonOf(child)
        if (why === undefined) return true
        culprit = { value: child as object, above: place, step }
        reason = why
        return false
      })
    } catch {
      // If a getter throws, the object that has it is reported.
    }
    if (culprit === undefined) break
    place = culprit
  }
  return `${pathOf(place)}: ${reason}`
}

/** Describes why a value could not be cloned: its name, the path inside it, and the reason. */
export const refusalOf = (name: string, value: unknown, error: unknown): string =>
  `${name}${findRefusal(value) ?? `: ${textOf(error)}`}`

/** Returns a copy as another thread would get it. Throws what structured clone throws. */
export const copyOf = <T>(value: T): T =>
  (typeof value === 'object' && value !== null) || typeof value === 'function' || typeof value === 'symbol'
    ? structuredClone(value)
    : value

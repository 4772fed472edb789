/**
 * What becomes of a value that crosses to another thread by structured clone. Some values cannot cross, such as functions. Others
 * arrive as something else and without a word: an instance of a class as a plain object.
 */

import { types } from 'node:util'
import { describe, isDomException, isError } from '../errors.js'
import { textOf } from './thrown.js'

/** Values inside one value that are looked at unless the check is strict: it must cost little beside the crossing itself. */
export const LOOKED_AT = 1000
/** Levels down to which a value that cannot cross is searched for: each costs a copy of what is below it. */
const MAX_LEVELS = 50

/** A value on the way down from the one that crosses. */
interface Place {
  readonly value: object
  readonly above?: Place
  /** What follows the name of the value above in an expression: '.when', '[3]'. */
  readonly step: string | number
}

/** By prototype: the name of the class that values of it arrive with if it is another one, else null. */
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

/** Whether a prototype is the one of plain objects, of whatever realm. */
const isPlain = (prototype: object | null): boolean =>
  prototype === null || (Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'isPrototypeOf'))

/** What a value would lose on the way, or undefined. Throws what a copy of it throws. */
function lossOf(value: object, prototype: object | null): string | undefined {
  if (prototype === Object.prototype || isPlain(prototype)) {
    return Object.getOwnPropertySymbols(value).length > 0 ? 'an object would arrive without its symbol keys' : undefined
  }
  let arrivesAs = arrivals.get(prototype!)
  if (arrivesAs === undefined) {
    // Which classes Node carries differs from version to version, so it is asked.
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

/** Calls `see` with all that is directly in a value, until it returns false. */
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

/** The way to a place, as an expression has it after the name of the whole value. */
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
 * The first thing in a value that would arrive without its class, or without some of its properties: its path, and what
 * would become of it. Undefined if there is none, or if the value cannot cross at all.
 *
 * @param limit how many values in it are looked at
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
    // It cannot cross, or a getter throws: then crossing fails, and says why.
  }
  return undefined
}

/** Why a value cannot be copied: undefined if it can. */
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

/** As classOf, of a value that may throw when it is asked. */
function className(value: object): string {
  try {
    return classOf(value)
  } catch {
    return ''
  }
}

/** What in a value keeps it from crossing: its path, and why. Undefined if the value can cross. */
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
      // A getter that throws is told with the object that has it.
    }
    if (culprit === undefined) break
    place = culprit
  }
  return `${pathOf(place)}: ${reason}`
}

/** Why a value could not be cloned, with its name and what was thrown. */
export const refusalOf = (name: string, value: unknown, error: unknown): string =>
  `${name}${findRefusal(value) ?? `: ${textOf(error)}`}`

/** A copy as another thread would get it. Throws what structured clone throws. */
export const copyOf = <T>(value: T): T =>
  (typeof value === 'object' && value !== null) || typeof value === 'function' || typeof value === 'symbol'
    ? structuredClone(value)
    : value

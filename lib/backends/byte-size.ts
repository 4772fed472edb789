/** Estimates how many bytes of a value are copied when it crosses to another thread. */

import { types } from 'node:util'
import { LOOKED_AT } from './crossing.js'

interface Measuring {
  /** How many values may still be looked at. */
  left: number
  /** Objects that were counted. */
  readonly seen: Set<object>
  readonly countsShared: boolean
}

/**
 * Returns the bytes of a value that are copied when it crosses to another thread. It is exact for
 * numbers, strings (2 bytes a character), buffers and views of them; shared memory counts 0. For
 * objects it is an estimate: beyond the first 1,000 values inside, elements of an array or a
 * collection count as much as those before them.
 *
 * @param options.countsShared whether shared memory counts nevertheless
 */
export function byteSize(value: unknown, { countsShared = false } = {}): number {
  const size = simpleSize(value, countsShared)
  if (size !== undefined) return size
  try {
    return sizeOf(value as object, { left: LOOKED_AT, seen: new Set(), countsShared })
  } catch {
    // The value may be a revoked proxy, which cannot cross either.
    return 0
  }
}

/** Returns the size of a value without others inside; undefined for other values. */
function simpleSize(value: unknown, countsShared: boolean): number | undefined {
  switch (typeof value) {
    case 'number':
    case 'bigint':
      return 8
    case 'string':
      return 2 * value.length
    case 'boolean':
      return 1
    case 'object':
      if (value === null) return 1
      if (ArrayBuffer.isView(value))
        return types.isSharedArrayBuffer(value.buffer) && !countsShared ? 0 : value.byteLength
      if (types.isAnyArrayBuffer(value)) return types.isSharedArrayBuffer(value) && !countsShared ? 0 : value.byteLength
      return undefined
    default:
      return 0
  }
}

function sizeOf(value: unknown, measuring: Measuring): number {
  const size = simpleSize(value, measuring.countsShared)
  if (size !== undefined) return size
  const object = value as object
  if (measuring.seen.has(object)) return 0
  measuring.seen.add(object)
  if (Array.isArray(object)) return sumOf(object, object.length, measuring)
  if (types.isMap(object))
    return sumOf(object.keys(), object.size, measuring) + sumOf(object.values(), object.size, measuring)
  if (types.isSet(object)) return sumOf(object, object.size, measuring)
  if (types.isDate(object)) return 8
  if (types.isNativeError(object)) return sumOf([object.message, object.stack, object.cause], 3, measuring)
  let sum = 0
  for (const key of Object.keys(object)) {
    if (measuring.left-- <= 0) break
    // A getter is not called, because it may do anything.
    sum += 2 * key.length + sizeOf(Object.getOwnPropertyDescriptor(object, key)?.value, measuring)
  }
  return sum
}

/** Returns the size of some values; those that are not looked at count as much as the others. */
function sumOf(values: Iterable<unknown>, count: number, measuring: Measuring): number {
  let sum = 0
  let looked = 0
  for (const value of values) {
    if (measuring.left-- <= 0) return looked === 0 ? 0 : (sum / looked) * count
    sum += sizeOf(value, measuring)
    looked++
  }
  return sum
}

/**
 * Finds the memory of ArrayBuffers in a value that crosses to another thread, and replaces it.
 * Structured clone copies the whole buffer of a view, however small the view is.
 */

import { types } from 'node:util'
import { eachIn, isPlain, LOOKED_AT } from './crossing.js'

/** A view, or a buffer itself. */
type Memory = ArrayBufferView | ArrayBuffer

/** An unshared buffer of fixed length, and what a value has of it. */
interface Used {
  readonly memories: Set<Memory>
  /** Sum of the bytes of its views; all its bytes if the value has the buffer itself. */
  bytes: number
}

/** The buffers in a value, and the objects that were looked at to find them. */
interface Found {
  readonly buffers: ReadonlyMap<ArrayBuffer, Used>
  readonly seen: ReadonlySet<unknown>
}

/**
 * Most bytes that a copy of a view may save less than the view's own bytes. A copy of a small buffer
 * costs as much as a second look at it.
 */
const LITTLE = 1024

/** A value as it should cross, and the buffers that should leave the sender with it. */
export interface Crossing {
  readonly value: unknown
  readonly transfer: readonly ArrayBuffer[]
}

/** Whether an object may have other objects inside that are looked at for buffers. */
const hasInside = (value: object): boolean => Array.isArray(value) || isPlain(Object.getPrototypeOf(value))

/** Whether a value is or has an object that must be looked at for buffers. It is quick for flat objects. */
function mayHaveBuffers(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (Object.getPrototypeOf(value) !== Object.prototype) return true
  for (const key in value) {
    const inside = (value as Record<string, unknown>)[key]
    if (typeof inside === 'object' && inside !== null) return true
  }
  return false
}

/**
 * Finds the unshared buffers in a value, also inside plain objects and arrays. Returns undefined if
 * there are none.
 *
 * @param limit most values that are looked at
 */
function findBuffers(root: unknown, limit: number): Found | undefined {
  if (!mayHaveBuffers(root)) return undefined
  let buffers: Map<ArrayBuffer, Used> | undefined
  let left = limit
  const seen = new Set<unknown>([root])
  for (const value of seen as Set<object>) {
    const isView = ArrayBuffer.isView(value)
    if (isView || types.isArrayBuffer(value)) {
      const buffer = (isView ? value.buffer : value) as ArrayBuffer
      // An empty buffer may be detached, which structured clone reports.
      if (types.isSharedArrayBuffer(buffer) || isResizable(buffer) || buffer.byteLength === 0) continue
      buffers ??= new Map()
      const used = buffers.get(buffer) ?? { memories: new Set(), bytes: 0 }
      buffers.set(buffer, used)
      used.memories.add(value)
      used.bytes += value.byteLength
    } else if (hasInside(value)) {
      eachIn(value, (inside) => {
        if (typeof inside === 'object' && inside !== null) seen.add(inside)
        return --left > 0
      })
    }
  }
  return buffers && { buffers, seen }
}

const isResizable = (buffer: ArrayBuffer): boolean => (buffer as { readonly resizable?: boolean }).resizable === true

/** Whether a copy of the parts of a buffer that a value has costs less than the buffer's own crossing. */
const isMostlyUnused = ({ byteLength }: ArrayBuffer, { bytes }: Used): boolean =>
  byteLength - bytes > Math.max(LITTLE, bytes / 2)

type ViewConstructor = new (buffer: ArrayBufferLike, offset?: number, length?: number) => ArrayBufferView

const tagOf = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag)!.get!

/** Returns a view of the same kind on another buffer, from an offset in bytes on. */
function viewLike(view: ArrayBufferView, buffer: ArrayBufferLike, offset: number): ArrayBufferView {
  const name = tagOf.call(view) as string | undefined
  const Kind = (name === undefined ? DataView : Reflect.get(globalThis, name)) as ViewConstructor
  const size = (view as Partial<Uint8Array>).BYTES_PER_ELEMENT ?? 1
  return new Kind(buffer, offset, view.byteLength / size)
}

/** Returns new memory that has a copy of some bytes. */
type Copy = (buffer: ArrayBuffer, from: number, to: number) => ArrayBufferLike

const copyPlain: Copy = (buffer, from, to) => buffer.slice(from, to)

/** Adds copies of what a value has of a buffer to `replaced`. If much is unused, only views are copied. */
function replace(buffer: ArrayBuffer, used: Used, copy: Copy, replaced: Map<unknown, unknown>): ArrayBufferLike[] {
  if (isMostlyUnused(buffer, used)) {
    return Array.from(used.memories as Set<ArrayBufferView>, (view) => {
      const own = copy(buffer, view.byteOffset, view.byteOffset + view.byteLength)
      replaced.set(view, viewLike(view, own, 0))
      return own
    })
  }
  const own = copy(buffer, 0, buffer.byteLength)
  for (const memory of used.memories)
    replaced.set(memory, ArrayBuffer.isView(memory) ? viewLike(memory, own, memory.byteOffset) : own)
  return [own]
}

/**
 * Returns a value with some of the objects inside replaced. Those around them are copied, if they
 * were seen.
 */
function rebuild(value: unknown, seen: ReadonlySet<unknown>, replaced: Map<unknown, unknown>): unknown {
  const known = replaced.get(value)
  if (known !== undefined) return known
  if (!seen.has(value) || !hasInside(value as object)) return value
  const copy: object = Array.isArray(value) ? new Array(value.length) : {}
  replaced.set(value, copy)
  for (const key of Object.keys(value as object)) {
    const inside = rebuild((value as Record<string, unknown>)[key], seen, replaced)
    Object.defineProperty(copy, key, { value: inside, writable: true, enumerable: true, configurable: true })
  }
  return copy
}

/**
 * Returns a value with copies of its buffers, which can be transferred. They are not copied a second
 * time where they arrive.
 */
export function copied(value: unknown): Crossing {
  const found = findBuffers(value, LOOKED_AT)
  if (found === undefined) return { value, transfer: [] }
  const replaced = new Map<unknown, unknown>()
  const copies = Array.from(found.buffers, ([buffer, used]) => replace(buffer, used, copyPlain, replaced))
  return { value: rebuild(value, found.seen, replaced), transfer: copies.flat() as ArrayBuffer[] }
}

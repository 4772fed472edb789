/**
 * Finds the memory of ArrayBuffers in a value that crosses to another thread, and replaces it.
 * Structured clone copies the whole buffer of a view, however small the view is.
 */

import { types } from 'node:util'
import { describe } from '../errors.js'
import { eachIn, isPlain, LOOKED_AT, TransferError } from './crossing.js'
import { textOf } from './thrown.js'

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

/**
 * Largest buffer that is copied if a value has only a part of it. Copying so little takes no longer
 * than to transfer it.
 */
const SMALL = 64 * 1024

/** A value as it should cross, and the buffers that should leave the sender with it. */
export interface Crossing {
  readonly value: unknown
  readonly transfer: readonly ArrayBuffer[]
}

/** Whether an object may have other objects inside that are looked at for buffers. */
const hasInside = (value: object): boolean => Array.isArray(value) || isPlain(Object.getPrototypeOf(value))

/**
 * Whether a value is or has a buffer. It is quicker than the search, because it does not remember what
 * it has seen.
 *
 * @param budget how many values may still be looked at; it is counted down
 */
function hasBuffer(value: unknown, budget: { left: number }): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length && budget.left-- > 0; i++) if (hasBuffer(value[i], budget)) return true
    return false
  }
  const prototype = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype) {
    if (ArrayBuffer.isView(value) || types.isArrayBuffer(value)) return true
    if (!isPlain(prototype)) return false
  }
  for (const key in value) {
    if (budget.left-- <= 0) return false
    if (hasBuffer((value as Record<string, unknown>)[key], budget)) return true
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
  if (typeof root !== 'object' || root === null) return undefined
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

/** Finds the buffers among the first values in a value. */
const search = (value: unknown): Found | undefined =>
  hasBuffer(value, { left: LOOKED_AT }) ? findBuffers(value, LOOKED_AT) : undefined

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

/**
 * Whether a value should not transfer a buffer whole, because other views may use the rest of it.
 * Small Buffers, for example, are parts of a buffer that Node shares among them.
 */
const isPartial = (buffer: ArrayBuffer, used: Used): boolean =>
  isMostlyUnused(buffer, used) || (used.bytes < buffer.byteLength && buffer.byteLength <= SMALL)

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

/** Returns a value in which views on much larger buffers are copies of their own. */
export function trimmed(value: unknown): unknown {
  let found: Found | undefined
  try {
    found = search(value)
  } catch {
    // A getter throws. The crossing itself then fails with the reason.
  }
  if (found === undefined) return value
  const replaced = new Map<unknown, unknown>()
  for (const [buffer, used] of found.buffers)
    if (isMostlyUnused(buffer, used)) replace(buffer, used, copyPlain, replaced)
  return replaced.size === 0 ? value : rebuild(value, found.seen, replaced)
}

/**
 * Smallest buffer that is copied and transferred. Structured clone copies a buffer twice, into the
 * message and out of it, which takes less time only for small ones.
 */
const LARGE = 1024 * 1024

/** Values that cross in one message. */
export interface CrossingEach {
  /** If none of the values has changed, it is the same array. */
  readonly values: readonly unknown[]
  readonly transfer: readonly ArrayBuffer[]
}

/**
 * Returns values in which views on much larger buffers are copies of their own, and large buffers are
 * copies that can leave the sender.
 *
 * @param moves whether buffers can leave the sender; otherwise large ones are not copied
 */
export function copiedEach(values: readonly unknown[], moves: boolean): CrossingEach {
  const large = moves ? LARGE : Infinity
  let changed: unknown[] | undefined
  const transfer: ArrayBuffer[] = []
  // Shared by all values, so that memory that several of them have is copied once.
  const replaced = new Map<unknown, unknown>()
  for (let i = 0; i < values.length; i++) {
    let found: Found | undefined
    try {
      found = search(values[i])
    } catch {
      // A getter throws. The crossing itself then fails with the reason.
    }
    if (found === undefined) continue
    for (const [buffer, used] of found.buffers) {
      if (buffer.byteLength < large && !isMostlyUnused(buffer, used)) continue
      if (Array.from(used.memories).every((memory) => replaced.has(memory))) continue
      for (const own of replace(buffer, used, copyPlain, replaced))
        if (own.byteLength >= large) transfer.push(own as ArrayBuffer)
    }
    if (replaced.size === 0) continue
    const own = rebuild(values[i], found.seen, replaced)
    if (own === values[i]) continue
    changed ??= values.slice()
    changed[i] = own
  }
  return { values: changed ?? values, transfer }
}

/** What to transfer of a value: all of its buffers, or what a function returns. */
export type Transfer = true | ((value: unknown) => unknown)

function listOf(value: unknown, list: (value: unknown) => unknown): readonly object[] {
  let given: unknown
  try {
    given = list(value)
  } catch (thrown) {
    throw new TransferError(`the function that names what to transfer threw ${textOf(thrown)}`)
  }
  if (Array.isArray(given) && given.every((each) => typeof each === 'object' && each !== null)) return given
  throw new TransferError(`an array of what to transfer is needed, not ${describe(given)}`)
}

/**
 * Prepares a value whose buffers leave the sender. Of a buffer that the value shares with others,
 * only the value's part leaves, as a copy. Shared memory is never transferred.
 *
 * Throws a TransferError if the function throws, or does not return an array of objects.
 */
export function transferred(value: unknown, transfer: Transfer): Crossing {
  const found = search(value)
  const listed = new Set<unknown>(transfer === true ? found?.buffers.keys() : listOf(value, transfer))
  const replaced = new Map<unknown, unknown>()
  for (const [buffer, used] of found?.buffers ?? []) {
    if (!isPartial(buffer, used)) continue
    const own = replace(buffer, used, copyPlain, replaced)
    if (!listed.delete(buffer)) continue
    for (const copy of own) listed.add(copy)
  }
  return {
    value: found === undefined || replaced.size === 0 ? value : rebuild(value, found.seen, replaced),
    transfer: Array.from(listed as Set<ArrayBuffer>).filter((each) => !types.isSharedArrayBuffer(each)),
  }
}

/** Copies to memory that all threads see. */
const copyShared: Copy = (buffer, from, to) => {
  const shared = new SharedArrayBuffer(to - from)
  new Uint8Array(shared).set(new Uint8Array(buffer, from, to - from))
  return shared
}

/** Smaller memory is not accounted for. The second buffer would take memory too. */
const ACCOUNTED = 1024 * 1024

/** For each buffer in shared memory, one of the same size to which nothing is written. */
const accounted = new WeakMap<ArrayBufferLike, Buffer>()

/**
 * Makes V8 collect garbage when much shared memory is no longer used. V8 does not count shared memory,
 * and a program that makes one task after the other would run out of memory. It counts the second
 * buffer, which takes no memory, because the system provides memory when it is written to.
 */
function account(shared: ArrayBufferLike): void {
  if (shared.byteLength < ACCOUNTED) return
  try {
    accounted.set(shared, Buffer.alloc(shared.byteLength))
  } catch {
    // The system refuses so much address space. V8 then collects garbage later.
  }
}

/** Returns a value with copies of its buffers in shared memory. */
export function shared(value: unknown): unknown {
  const found = findBuffers(value, Infinity)
  if (found === undefined) return value
  const replaced = new Map<unknown, unknown>()
  for (const [buffer, used] of found.buffers)
    for (const own of replace(buffer, used, copyShared, replaced)) account(own)
  return rebuild(value, found.seen, replaced)
}

/**
 * Returns a value with copies of its buffers, which can be transferred. They are not copied a second
 * time where they arrive.
 */
export function copied(value: unknown): Crossing {
  const found = search(value)
  if (found === undefined) return { value, transfer: [] }
  const replaced = new Map<unknown, unknown>()
  const copies = Array.from(found.buffers, ([buffer, used]) => replace(buffer, used, copyPlain, replaced))
  return { value: rebuild(value, found.seen, replaced), transfer: copies.flat() as ArrayBuffer[] }
}

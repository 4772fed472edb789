/**
 * Values of users as JSON. Plain objects, arrays, texts, booleans and numbers arrive as they were sent, and so do undefined
 * and the numbers that JSON lacks. All else is refused, because it would arrive changed.
 */

import { MessageFault } from './fields.js'

/** A value that JSON cannot carry. The message has the way to it: `.when: JSON cannot carry a Date`. */
export class NotJson extends Error {}

/** The only key of an object that stands for something that JSON lacks. */
const TAG = '$'
const MAX_DEPTH = 200

const special = new Map<unknown, string>([
  [undefined, 'undefined'],
  [Number.NaN, 'NaN'],
  [Number.POSITIVE_INFINITY, 'Infinity'],
  [Number.NEGATIVE_INFINITY, '-Infinity'],
])
const specialOf = new Map<unknown, unknown>([
  ...Array.from(special, ([value, name]) => [name, value] as const),
  ['-0', -0],
])

/** Converts a value to one that JSON.stringify writes exactly. Throws NotJson. */
export const toJson = (value: unknown): unknown => convert(value, '', 0)

function convert(value: unknown, at: string, depth: number): unknown {
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return value
  if (typeof value === 'number' && Number.isFinite(value)) return Object.is(value, -0) ? { [TAG]: '-0' } : value
  if (special.has(value)) return { [TAG]: special.get(value) }
  if (depth === MAX_DEPTH) throw new NotJson(`${at}: it is nested more than ${MAX_DEPTH} deep, or contains itself`)
  // Holes of an array become undefined, as they read.
  if (Array.isArray(value)) return Array.from(value, (element, i) => convert(element, `${at}[${i}]`, depth + 1))
  if (typeof value !== 'object' || Object.prototype.toString.call(value) !== '[object Object]')
    throw new NotJson(`${at}: JSON cannot carry ${described(value)}`)
  const entries = Object.entries(value).map(([key, field]) => [key, convert(field, `${at}.${key}`, depth + 1)] as const)
  // An object that has the key itself crosses as the array of its entries.
  return Object.hasOwn(value, TAG) ? { [TAG]: entries } : Object.fromEntries(entries)
}

function described(value: unknown): string {
  const name = typeof value === 'object' ? Object.prototype.toString.call(value).slice(8, -1) : typeof value
  return `${/^[aeiou]/i.test(name) ? 'an' : 'a'} ${name}`
}

/** Converts what `toJson` made back. Throws a MessageFault. */
export const fromJson = (json: unknown): unknown => restore(json, 0)

function restore(json: unknown, depth: number): unknown {
  if (typeof json !== 'object' || json === null) return json
  if (depth > 2 * MAX_DEPTH) throw new MessageFault('a value is nested too deep')
  if (Array.isArray(json)) return json.map((element) => restore(element, depth + 1))
  if (!Object.hasOwn(json, TAG)) return restoreEntries(Object.entries(json), depth)
  const tagged = (json as Record<string, unknown>)[TAG]
  if (Array.isArray(tagged) && tagged.every(isEntry)) return restoreEntries(tagged, depth)
  if (!specialOf.has(tagged)) throw new MessageFault('a value has an unknown form')
  return specialOf.get(tagged)
}

const isEntry = (value: unknown): value is [string, unknown] =>
  Array.isArray(value) && value.length === 2 && typeof value[0] === 'string'

/** Makes an object whose fields are its own, whatever their names are. */
const restoreEntries = (entries: readonly (readonly [string, unknown])[], depth: number): unknown =>
  Object.fromEntries(entries.map(([key, value]) => [key, restore(value, depth + 1)]))

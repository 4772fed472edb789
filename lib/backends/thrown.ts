/**
 * What a user's function threw, as data that crosses threads and processes, and an error made of it again. Structured clone alone keeps
 * of an error no more than message and stack: names of classes, `code` and its like, and what an AggregateError holds are lost, and of
 * a DOMException everything.
 */

import { isDomException, isError } from '../errors.js'

/** Plain data. */
export type Thrown =
  | { readonly kind: 'value'; readonly value: unknown }
  /** Something that does not cross, in words. */
  | { readonly kind: 'text'; readonly text: string }
  | ThrownError

interface ThrownError {
  /** The class of JavaScript that it is an instance of: its own class does not cross. */
  readonly kind: ClassName | 'DOMException'
  /** That of its own class, if it has no other. */
  readonly name: string
  readonly message: string
  readonly stack: string | undefined
  /** Own enumerable properties, such as `code`. */
  readonly properties: Readonly<Record<string, Thrown>>
  readonly cause?: Thrown
  /** Of an AggregateError. */
  readonly errors?: readonly Thrown[]
}

const CLASSES = { AggregateError, Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError }
type ClassName = keyof typeof CLASSES

/** Causes of causes that are kept, and errors in all: an error may be its own cause, or among its own errors. */
const MAX_DEPTH = 16
const MAX_ERRORS = 1000
/** They have places of their own. */
const APART = ['name', 'message', 'stack', 'cause', 'errors']

/** Never throws, whatever was thrown. */
export function packThrown(thrown: unknown): Thrown {
  try {
    return pack(thrown, { depth: 0, left: { count: MAX_ERRORS } })
  } catch {
    // A revoked proxy, for one.
    return { kind: 'text', text: textOf(thrown) }
  }
}

interface Limits {
  readonly depth: number
  readonly left: { count: number }
}

function pack(thrown: unknown, { depth, left }: Limits): Thrown {
  if (!isError(thrown)) return packValue(thrown)
  if (depth > MAX_DEPTH || left.count-- <= 0) return { kind: 'text', text: textOf(thrown) }
  const below = { depth: depth + 1, left }
  const read = (name: string): unknown => {
    try {
      return (thrown as unknown as Record<string, unknown>)[name]
    } catch (error) {
      return `a getter that throws: ${textOf(error)}`
    }
  }
  const names = Object.keys(thrown).filter((name) => !APART.includes(name))
  const kind = isDomException(thrown) ? 'DOMException' : classOf(thrown)
  const name = textOf(read('name'))
  const ownClass = (read('constructor') as { name?: unknown } | undefined)?.name
  const hasOtherName = name !== kind || Object.hasOwn(thrown, 'name') || typeof ownClass !== 'string' || ownClass === ''
  const stack = read('stack')
  const errors = read('errors')
  return {
    kind,
    name: hasOtherName ? name : ownClass,
    message: textOf(read('message')),
    stack: typeof stack === 'string' ? stack : undefined,
    properties: Object.fromEntries(names.map((name) => [name, pack(read(name), below)])),
    ...('cause' in thrown && { cause: pack(read('cause'), below) }),
    ...(Array.isArray(errors) && { errors: errors.slice(0, MAX_ERRORS).map((error) => pack(error, below)) }),
  }
}

/** A copy, so that a value is the same whether it crosses to another thread or not. */
function packValue(value: unknown): Thrown {
  try {
    return { kind: 'value', value: structuredClone(value) }
  } catch {
    return { kind: 'text', text: textOf(value) }
  }
}

/** The class of JavaScript that the class of an error is or extends, by its name: each realm has its own. */
function classOf(error: Error): ClassName {
  for (let at = Object.getPrototypeOf(error); at !== null; at = Object.getPrototypeOf(at)) {
    const name = Object.hasOwn(at, 'constructor') ? at.constructor?.name : undefined
    if (typeof name === 'string' && Object.hasOwn(CLASSES, name)) return name as ClassName
  }
  return 'Error'
}

/** The value, or an error with all that was kept. */
export function unpackThrown(thrown: Thrown): unknown {
  if (thrown.kind === 'value') return thrown.value
  if (thrown.kind === 'text') return new Error(thrown.text)
  const { name, stack, properties, cause, errors } = thrown
  const error = newError(thrown)
  const hidden = (key: string, value: unknown) =>
    Object.defineProperty(error, key, { value, writable: true, configurable: true, enumerable: false })
  if (error.name !== name) hidden('name', name)
  hidden('stack', stack)
  if (cause !== undefined) hidden('cause', unpackThrown(cause))
  if (errors !== undefined) hidden('errors', errors.map(unpackThrown))
  for (const [key, property] of Object.entries(properties)) {
    const value = property.kind === 'text' ? property.text : unpackThrown(property)
    Object.defineProperty(error, key, { value, writable: true, configurable: true, enumerable: true })
  }
  return error
}

function newError({ kind, name, message }: ThrownError): Error {
  if (kind === 'DOMException') return new DOMException(message, name)
  if (kind === 'AggregateError') return new AggregateError([], message)
  return new CLASSES[kind](message)
}

/** In words; never throws. */
export function textOf(value: unknown): string {
  try {
    return isError(value) ? value.message : String(value)
  } catch {
    return 'something without a text'
  }
}

/**
 * Converts what a user's function threw to plain data, which crosses threads and processes, and
 * back to an error. Structured clone keeps only the message and the stack of an error, and nothing
 * of a DOMException. It loses names of classes, properties such as `code`, and the errors of an
 * AggregateError.
 */

import { isDomException, isError } from '../errors.js'

/** A thrown value as plain data. */
export type Thrown =
  | { readonly kind: 'value'; readonly value: unknown }
  /** A value that cannot be cloned, as text. */
  | { readonly kind: 'text'; readonly text: string }
  | ThrownError

interface ThrownError {
  /** The built-in class that the error's own class is or extends. Its own class does not cross. */
  readonly kind: ClassName | 'DOMException'
  /** The error's `name`, or the name of its own class if it has no `name` of its own. */
  readonly name: string
  readonly message: string
  readonly stack: string | undefined
  /** Own enumerable properties, such as `code`. */
  readonly properties: Readonly<Record<string, Thrown>>
  readonly cause?: Thrown
  /** The errors of an AggregateError. */
  readonly errors?: readonly Thrown[]
}

const CLASSES = { AggregateError, Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError }
type ClassName = keyof typeof CLASSES

/**
 * Limits of nested causes and of errors in all. They are needed because an error may be its own
 * cause or one of its own errors.
 */
const MAX_DEPTH = 16
const MAX_ERRORS = 1000
/** Properties that ThrownError has fields for. */
const APART = ['name', 'message', 'stack', 'cause', 'errors']

/** Converts a thrown value to plain data. Never throws. */
export function packThrown(thrown: unknown): Thrown {
  try {
    return pack(thrown, { depth: 0, left: { count: MAX_ERRORS } })
  } catch {
    // The value cannot be read at all. A revoked proxy is an example.
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

/**
 * Copies a value that is not an error, as crossing to a thread would, so that every backend gives
 * the same value.
 */
function packValue(value: unknown): Thrown {
  try {
    return { kind: 'value', value: structuredClone(value) }
  } catch {
    return { kind: 'text', text: textOf(value) }
  }
}

/**
 * Returns the built-in class that an error's class is or extends. It is found by its name, because
 * each realm has its own.
 */
function classOf(error: Error): ClassName {
  for (let at = Object.getPrototypeOf(error); at !== null; at = Object.getPrototypeOf(at)) {
    const name = Object.hasOwn(at, 'constructor') ? at.constructor?.name : undefined
    if (typeof name === 'string' && Object.hasOwn(CLASSES, name)) return name as ClassName
  }
  return 'Error'
}

/** Converts plain data back to the thrown value, or to an error with everything that was kept. */
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

/** Returns the message of an error, or another value as text. Never throws. */
export function textOf(value: unknown): string {
  try {
    return isError(value) ? value.message : String(value)
  } catch {
    return 'something without a text'
  }
}

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
  readonly kind: 'error' | 'DOMException'
  readonly name: string
  readonly message: string
  readonly stack: string | undefined
  /** Own enumerable properties, such as `code`; those that do not cross are in words. */
  readonly properties: Readonly<Record<string, unknown>>
  readonly cause?: Thrown
  /** Of an AggregateError. */
  readonly errors?: readonly Thrown[]
}

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
  if (!isError(thrown)) {
    return canCross(thrown) ? { kind: 'value', value: thrown } : { kind: 'text', text: textOf(thrown) }
  }
  const read = (name: string): unknown => {
    try {
      return (thrown as unknown as Record<string, unknown>)[name]
    } catch (error) {
      return `a getter that throws: ${textOf(error)}`
    }
  }
  const names = Object.keys(thrown).filter((name) => !APART.includes(name))
  const stack = read('stack')
  const errors = read('errors')
  const isDeep = depth === MAX_DEPTH
  const below = { depth: depth + 1, left }
  const others = Array.isArray(errors) && !isDeep ? errors.filter(() => left.count-- > 0) : undefined
  return {
    kind: isDomException(thrown) ? 'DOMException' : 'error',
    name: textOf(read('name')),
    message: textOf(read('message')),
    stack: typeof stack === 'string' ? stack : undefined,
    properties: Object.fromEntries(names.map((name) => [name, crossing(read(name))])),
    ...('cause' in thrown && !isDeep && { cause: pack(read('cause'), below) }),
    ...(others && { errors: others.map((error) => pack(error, below)) }),
  }
}

/** The value, or an error with all that was kept: of its class where JavaScript itself has that, else an Error with its name. */
export function unpackThrown(thrown: Thrown): unknown {
  if (thrown.kind === 'value') return thrown.value
  if (thrown.kind === 'text') return new Error(thrown.text)
  const { name, message, stack, properties, cause, errors } = thrown
  const error = thrown.kind === 'DOMException' ? new DOMException(message, name) : errorOf(name, message)
  const hidden = (key: string, value: unknown) =>
    Object.defineProperty(error, key, { value, writable: true, configurable: true, enumerable: false })
  if (error.name !== name) hidden('name', name)
  hidden('stack', stack)
  if (cause !== undefined) hidden('cause', unpackThrown(cause))
  if (errors !== undefined) hidden('errors', errors.map(unpackThrown))
  for (const [key, value] of Object.entries(properties))
    Object.defineProperty(error, key, { value, writable: true, configurable: true, enumerable: true })
  return error
}

const CLASSES = { EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError }

function errorOf(name: string, message: string): Error {
  if (name === 'AggregateError') return new AggregateError([], message)
  return new (Object.hasOwn(CLASSES, name) ? CLASSES[name as keyof typeof CLASSES] : Error)(message)
}

const crossing = (value: unknown): unknown => (canCross(value) ? value : textOf(value))

function canCross(value: unknown): boolean {
  try {
    structuredClone(value)
    return true
  } catch {
    return false
  }
}

/** In words; never throws. */
export function textOf(value: unknown): string {
  try {
    return isError(value) ? value.message : String(value)
  } catch {
    return 'something without a text'
  }
}

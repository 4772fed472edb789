/** Errors as JSON of messages, with what a user's function threw. */

import { packThrown, type Thrown, unpackThrown } from '../backends/thrown.js'
import { errorCodes } from '../error-codes.js'
import { NoisemillError } from '../errors.js'
import { type Fields, MessageFault } from './fields.js'
import { fromJson, NotJson, toJson } from './values.js'

const MAX_WORDS = 100_000
const MAX_DEPTH = 20
const MAX_FIELDS = 1000
const DETAILS = ['path', 'option', 'expected', 'received', 'errno'] as const
const CLASSES = [
  ...(['AggregateError', 'Error', 'EvalError', 'RangeError', 'ReferenceError', 'SyntaxError'] as const),
  ...(['TypeError', 'URIError', 'DOMException'] as const),
]

export function errorToJson(error: NoisemillError): unknown {
  const details = DETAILS.filter((name) => error[name] !== undefined).map((name) => [name, short(error[name]!)])
  const cause = 'cause' in error ? thrownToJson(packThrown(error.cause)) : undefined
  return { code: error.code, ...Object.fromEntries(details), ...(cause !== undefined && { cause }) }
}

const short = (text: string): string => text.slice(0, MAX_WORDS)

function thrownToJson(thrown: Thrown): unknown {
  if (thrown.kind === 'text') return { kind: 'text', text: short(thrown.text) }
  if (thrown.kind === 'value') return valueToJson((thrown as { value: unknown }).value)
  const { kind, name, message, stack, properties, cause, errors } = thrown as Exclude<
    Thrown,
    { kind: 'text' } | { kind: 'value' }
  >
  return {
    kind,
    name: short(name),
    message: short(message),
    ...(stack !== undefined && { stack: short(stack) }),
    properties: Object.entries(properties).map(([key, value]) => ({ key, value: thrownToJson(value) })),
    ...(cause && { cause: thrownToJson(cause) }),
    ...(errors && { errors: errors.map(thrownToJson) }),
  }
}

/** A thrown value that JSON cannot carry arrives as text. */
function valueToJson(value: unknown): unknown {
  try {
    return { kind: 'value', value: toJson(value) }
  } catch (error) {
    if (!(error instanceof NotJson)) throw error
    return { kind: 'text', text: short(String(value)) }
  }
}

/** Reads an error. Throws a MessageFault. */
export function readError(fields: Fields): NoisemillError {
  const code = fields.oneOf('code', errorCodes)
  const present = DETAILS.filter((name) => fields.has(name))
  const details = Object.fromEntries(present.map((name) => [name, fields.text(name, MAX_WORDS)]))
  const cause = fields.optional('cause', (name) => readThrown(fields.object(name), 0))
  fields.end()
  return new NoisemillError(code, { ...details, ...(cause && { cause: unpackThrown(cause) }) })
}

function readThrown(fields: Fields, depth: number): Thrown {
  if (depth > MAX_DEPTH) throw new MessageFault('an error has too many causes')
  const thrown = readOneThrown(fields, depth)
  fields.end()
  return thrown
}

function readOneThrown(fields: Fields, depth: number): Thrown {
  const kind = fields.oneOf('kind', ['text', 'value', ...CLASSES])
  if (kind === 'text') return { kind, text: fields.text('text', MAX_WORDS) }
  if (kind === 'value') return { kind, value: fromJson(fields.any('value')) }
  const below = (of: Fields, name: string) => readThrown(of.object(name), depth + 1)
  const properties = fields.objects('properties', MAX_FIELDS, (property) => [
    property.text('key', MAX_WORDS),
    below(property, 'value'),
  ])
  return {
    kind,
    name: fields.text('name', MAX_WORDS),
    message: fields.text('message', MAX_WORDS),
    stack: fields.optional('stack', (name) => fields.text(name, MAX_WORDS)),
    properties: Object.fromEntries(properties),
    ...(fields.has('cause') && { cause: below(fields, 'cause') }),
    ...(fields.has('errors') && {
      errors: fields.objects('errors', MAX_FIELDS, (one) => readThrown(one, depth + 1)),
    }),
  } as Thrown
}

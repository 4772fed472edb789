/** The class of all errors, and how their messages are made. */

import { types } from 'node:util'
import { codeEntries, type ErrorCode, MANGLED_REMEDY, systemRemedies } from './error-codes.js'
import { showText } from './show.js'

/**
 * Fields of a NoisemillError in addition to its code. An error has only those that apply.
 *
 * @example
 * import { type ErrorDetails, NoisemillError } from 'noisemill'
 *
 * const details: ErrorDetails = { path: 'a.wav', errno: 'EACCES' }
 * const error = new NoisemillError('E_INPUT_UNREADABLE', details)
 * console.log(error.message) // -> a.wav: cannot be opened (EACCES). Check its permissions.
 */
export interface ErrorDetails {
  /** The file or folder at fault; bytes that are not UTF-8 are shown as \xHH. */
  readonly path?: string
  /** The option at fault. */
  readonly option?: string
  /** What was expected, in words. */
  readonly expected?: string
  /** What was received instead, or a detail of the fault, in words. */
  readonly received?: string
  /** The system's name for the fault, such as 'EACCES'. */
  readonly errno?: string
  /** The number of the item within the run, from 0. */
  readonly index?: number
  /** The item, as the caller gave it. */
  readonly item?: unknown
  /** The error that caused this one, for example what a user's function threw. */
  readonly cause?: unknown
}

/**
 * The class of all errors that noisemill throws or reports. Decide by `code`, never by the message,
 * whose text may change. The other fields are those of `ErrorDetails`; an error has only those that
 * apply.
 *
 * @example
 * import { addNoise, NoisemillError } from 'noisemill'
 *
 * try {
 *   await addNoise(new Float32Array(100), { sigma: -1 })
 * } catch (error) {
 *   if (!(error instanceof NoisemillError)) throw error
 *   console.log(error.code, error.option, error.received) // -> E_OPTION_INVALID sigma -1
 * }
 */
export class NoisemillError extends Error {
  /** Name of the class, for logs. */
  override readonly name = 'NoisemillError'
  /** Code of the error, which says what happened. */
  readonly code: ErrorCode
  /** What happened, to which file or option, and what helps. */
  declare message: string
  /** The file or folder at fault; bytes that are not UTF-8 are shown as \xHH. */
  declare readonly path?: string
  /** The option at fault. */
  declare readonly option?: string
  /** What was expected, in words. */
  declare readonly expected?: string
  /** What was received instead, or a detail of the fault, in words. */
  declare readonly received?: string
  /** The system's name for the fault, such as 'EACCES'. */
  declare readonly errno?: string
  /** The number of the item within the run, from 0. */
  declare readonly index?: number
  /** The item, as the caller gave it. */
  declare readonly item?: unknown

  /**
   * Makes an error whose message consists of the code's texts and the details. A backend of your
   * own can report such errors.
   *
   * @param code code of the error
   * @param details other fields of the error
   */
  constructor(code: ErrorCode, details: ErrorDetails = {}) {
    const { cause, ...rest } = details
    super(messageFor(code, details), cause === undefined ? undefined : { cause })
    this.code = code
    for (const [name, value] of Object.entries(rest)) {
      if (value !== undefined) Object.defineProperty(this, name, { value, enumerable: true })
    }
  }

  /**
   * Whether a value is a NoisemillError, also if it comes from another bundle of the package, such as
   * `noisemill/bullmq`.
   *
   * @internal
   */
  static override [Symbol.hasInstance](value: unknown): boolean {
    // biome-ignore lint/complexity/noThisInStatic: a subclass inherits this method
    return this === NoisemillError ? isNoisemillError(value) : Function.prototype[Symbol.hasInstance].call(this, value)
  }

  /**
   * Returns what `JSON.stringify` shows: the code, the message, and those details that are text.
   *
   * @example
   * import { NoisemillError } from 'noisemill'
   *
   * const { code, path } = new NoisemillError('E_INPUT_MISSING', { path: 'a.wav' }).toJSON()
   * console.log(code, path) // -> E_INPUT_MISSING a.wav
   */
  toJSON(): Pick<NoisemillError, 'code' | 'message' | 'path' | 'option' | 'expected' | 'received' | 'errno'> {
    const { code, message, path, option, expected, received, errno } = this
    return { code, message, path, option, expected, received, errno } as ReturnType<NoisemillError['toJSON']>
  }
}

export const isDomException = (value: unknown): value is DOMException =>
  Object.prototype.toString.call(value) === '[object DOMException]'

/**
 * Whether a value is an error. It may come from another realm, such as a vm context, which has an
 * `Error` class of its own.
 */
export const isError = (value: unknown): value is Error =>
  types.isNativeError(value) || isDomException(value) || value instanceof Error

/**
 * Whether a value is a NoisemillError. It may come from another copy of the package in the process.
 */
export const isNoisemillError = (value: unknown): value is NoisemillError =>
  isError(value) && value.name === 'NoisemillError' && Object.hasOwn(codeEntries, (value as NoisemillError).code)

/** Returns a property that is a text. A cause may be any value, whose properties may be anything. */
function textIn(value: unknown, name: string): string | undefined {
  try {
    const text: unknown = Object(value)[name]
    return typeof text === 'string' ? text : undefined
  } catch {
    // A getter threw.
    return undefined
  }
}

/** What Node says of an ES module in a file that it takes for CommonJS. Such errors have no code. */
const OF_ES_MODULE = /^(Unexpected token 'export'|Cannot use (import statement|'import\.meta') outside a module)/

/** The name under which an error has a remedy of its own: its code, mostly. */
function remedyName(cause: unknown): string | undefined {
  if (cause === undefined) return ''
  return OF_ES_MODULE.test(textIn(cause, 'message') ?? '') ? 'ES_MODULE_IN_COMMONJS' : textIn(cause, 'code')
}

function remedyFor(code: ErrorCode, { path, errno, cause }: ErrorDetails): string {
  const { remedy, remedies } = codeEntries[code]
  const isMissing = code === 'E_INPUT_MISSING' || code === 'E_NO_INPUT'
  if (isMissing && path?.includes('\ufffd')) return MANGLED_REMEDY
  const of = (texts: Readonly<Record<string, string>>, name: string | undefined) =>
    name !== undefined && Object.hasOwn(texts, name) ? texts[name] : undefined
  const causeName = remedyName(cause)
  return of(systemRemedies, errno) ?? of(remedies ?? {}, causeName) ?? of(systemRemedies, causeName) ?? remedy
}

/**
 * Returns the message of an error: subject, summary, details and remedy.
 *
 * @param inWords replaces words in backquotes, such as names of options
 */
export function messageFor(code: ErrorCode, details: ErrorDetails, inWords = (text: string): string => text): string {
  const summary = inWords(codeEntries[code].summary)
  const { path, option, received, errno, index, item, cause } = details
  const expected = details.expected === undefined ? undefined : inWords(details.expected)
  const subject = path ?? option ?? (index === undefined ? undefined : `item ${index}${itemInWords(item)}`)
  let text = subject === undefined ? summary : `${subject}: ${summary}`
  if (expected !== undefined) text += `: expected ${expected} but got ${received ?? 'nothing'}`
  else if (received !== undefined && received !== '') text += `: ${received}`
  if (errno !== undefined && errno !== '') text += ` (${errno})`
  const reason = isError(cause) ? textIn(cause, 'message') : undefined
  if (reason !== undefined && reason !== '') text += `: ${reason}`
  // A function may throw anything, null and undefined too.
  else if (code === 'E_TASK_FAILED' && !isError(cause)) text += ` ${describe(cause)}`
  else if (cause !== undefined && !isError(cause)) text += `: ${describe(cause)}`
  text = /[.!?]$/.test(text) ? text : `${text}.`
  const remedy = inWords(remedyFor(code, details))
  return remedy === '' ? text : `${text} ${remedy}`
}

/** Returns a short item in parentheses: a text, which may be cut off, a number or a boolean. */
const itemInWords = (item: unknown) =>
  ['string', 'number', 'boolean'].includes(typeof item) ? ` (${describe(item)})` : ''

/** Describes a value for an error message, briefly and with its type. */
export function describe(value: unknown): string {
  if (typeof value === 'string') return showText(JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value))
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') return String(value)
  if (value === null || value === undefined) return String(value)
  if (Array.isArray(value))
    return value.length > 8 || value.some(Array.isArray)
      ? `an array of ${value.length}`
      : `[${Array.from(value, describe).join(', ')}]`
  return typeof value === 'object'
    ? `an object (${textIn(value.constructor, 'name') ?? 'no class'})`
    : `a ${typeof value}`
}

/** Makes the error for a task that is none, such as a function. */
export function noTask(received: unknown): NoisemillError {
  const expected = 'a task of noiseTask or moduleTask'
  if (typeof received !== 'function') return invalidOption('task', expected, received)
  const name = textIn(received, 'name') ?? ''
  const isName = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name)
  const how = `moduleTask(import.meta.url, '${isName ? name : 'NAME'}')`
  const what = isName ? `the function ${name}` : 'a function'
  return new NoisemillError('E_OPTION_INVALID', {
    option: 'task',
    expected,
    received: `${what}. A function cannot be sent to a thread: export it from its module, and pass ${how}`,
  })
}

/** Makes the error for two options that exclude each other. */
export function bothGiven(option: string, other: string): NoisemillError {
  const expected = `only one of \`${option}\` and \`${other}\``
  return new NoisemillError('E_OPTION_INVALID', { option, expected, received: 'both' })
}

/** Makes the error for an option with a wrong value. */
export function invalidOption(option: string, expected: string, received: unknown): NoisemillError {
  return new NoisemillError('E_OPTION_INVALID', { option, expected, received: describe(received) })
}

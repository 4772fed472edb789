/** Checks of what callers give, for all options alike. */

import { invalidOption, NoisemillError } from './errors.js'

/** Refuses keys that no option has. */
export function checkKeys(options: object, known: readonly string[]): void {
  for (const key of Object.keys(options)) {
    if (known.includes(key)) continue
    const received = known.length === 0 ? 'there are none here' : `known are ${known.join(', ')}`
    throw new NoisemillError('E_OPTION_UNKNOWN', { option: key, received })
  }
}

export function checkObject(name: string, options: unknown): asserts options is Record<string, unknown> {
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw invalidOption(name, 'an object', options)
}

/** The value, or the default where there is none; null is a value, and a wrong one. */
export const given = (value: unknown, preset: unknown): unknown => (value === undefined ? preset : value)

/**
 * Whether a value is a URL, of whatever realm. It is told by its properties, as Node tells it; those of the legacy
 * `url.parse` have `auth` and `path` too.
 */
export function isUrl(value: unknown): value is URL {
  const { href, protocol, auth, path } = Object(value)
  return typeof href === 'string' && typeof protocol === 'string' && auth === undefined && path === undefined
}

/** An AbortSignal, of whatever realm: what has its properties, as for Node. */
export function checkSignal(value: unknown): AbortSignal | undefined {
  if (value === undefined) return undefined
  const { aborted, addEventListener } = Object(value)
  if (typeof aborted !== 'boolean' || typeof addEventListener !== 'function')
    throw invalidOption('signal', 'an AbortSignal', value)
  return value as AbortSignal
}

export function checkInteger(option: string, value: unknown, minimum: number, maximum: number): number {
  if (!Number.isInteger(value) || (value as number) < minimum || (value as number) > maximum)
    throw invalidOption(option, `an integer from ${minimum} to ${maximum}`, value)
  return value as number
}

export function checkBoolean(option: string, value: unknown): boolean {
  if (typeof value !== 'boolean') throw invalidOption(option, 'true or false', value)
  return value
}

export function checkOneOf<T extends string>(option: string, value: unknown, choices: readonly T[]): T {
  if (!choices.includes(value as T)) throw invalidOption(option, `one of ${choices.join(', ')}`, value)
  return value as T
}

/** What an environment variable wants of something that may be missing: an error where it is, or to do without it. */
export function checkWish(variable: string): 'require' | 'off' | undefined {
  const value = process.env[variable]
  return value === undefined || value === '' ? undefined : checkOneOf(variable, value, ['require', 'off'] as const)
}

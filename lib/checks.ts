/** Checks of options, shared by all calls. */

import { invalidOption, NoisemillError } from './errors.js'

/** Throws E_OPTION_UNKNOWN for a key that is not the name of a known option. */
export function checkKeys(options: object, known: readonly string[]): void {
  for (const key of Object.keys(options)) {
    if (known.includes(key)) continue
    throw new NoisemillError('E_OPTION_UNKNOWN', { option: key, received: `the known options are ${known.join(', ')}` })
  }
}

export function checkObject(name: string, options: unknown): asserts options is Record<string, unknown> {
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw invalidOption(name, 'an object', options)
}

/**
 * Returns the value, or the default if the value is undefined. Null is kept, so that the option's
 * check refuses it.
 */
export const given = (value: unknown, preset: unknown): unknown => (value === undefined ? preset : value)

/**
 * Whether a value is a URL of any realm. The test looks at properties, as Node's does: unlike a
 * URL, an object that the legacy function `url.parse` returns has `auth` and `path`.
 */
export function isUrl(value: unknown): value is URL {
  const { href, protocol, auth, path } = Object(value)
  return typeof href === 'string' && typeof protocol === 'string' && auth === undefined && path === undefined
}

/**
 * Checks that a value is an AbortSignal of any realm. The test looks at its members, as Node's
 * does.
 */
export function checkSignal(value: unknown): AbortSignal | undefined {
  if (value === undefined) return undefined
  const { aborted, addEventListener, removeEventListener } = Object(value)
  const canBeHeard = typeof addEventListener === 'function' && typeof removeEventListener === 'function'
  if (typeof aborted !== 'boolean' || !canBeHeard) throw invalidOption('signal', 'an AbortSignal', value)
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

/** Reads an environment variable that may be `require` or `off` for an optional component. */
export function checkWish(variable: string): 'require' | 'off' | undefined {
  const value = process.env[variable]
  return value === undefined || value === '' ? undefined : checkOneOf(variable, value, ['require', 'off'] as const)
}

/** Values that may not cross to a worker, and the functions that get or make them. */

import { open } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

/** Which value: in an item, what a function returns, or what it throws. */
export type ValueKind = 'function' | 'instance' | 'handle' | 'result' | 'error'

/** The only item with such a value, and the number of items. */
export const BAD_ITEM = 60
export const VALUE_ITEMS = 100

export interface ValueItem {
  readonly n: number
  /** Only in item BAD_ITEM, if the kind has one. */
  readonly value?: unknown
}

/** A class of a user, which shows its values in its own way. */
class Price {
  readonly #cents: number
  readonly cents: number

  constructor(cents: number) {
    this.cents = this.#cents = cents
  }

  toString(): string {
    return `${(this.#cents / 100).toFixed(2)} EUR`
  }
}

/** An error of a user, with fields. */
class NoPriceError extends Error {
  constructor(
    readonly item: number,
    readonly currency: string,
  ) {
    super(`no price in ${currency}`)
    this.name = 'NoPriceError'
  }
}

const values: Readonly<Record<ValueKind, () => unknown>> = {
  function: () => (n: number) => 10 * n,
  instance: () => new Price(160),
  handle: () => open(fileURLToPath(import.meta.url)),
  result: () => undefined,
  error: () => undefined,
}

export async function valueItems(kind: ValueKind): Promise<ValueItem[]> {
  const value = await values[kind]()
  const items: ValueItem[] = Array.from({ length: VALUE_ITEMS }, (_, n) => ({ n }))
  if (value !== undefined) items[BAD_ITEM] = { n: BAD_ITEM, value }
  return items
}

export const callFunction = ({ n, value }: ValueItem): unknown =>
  value === undefined ? n : (value as (n: number) => number)(n)

export const showPrice = ({ n, value }: ValueItem): unknown => (value === undefined ? n : String(value))

export const readHandle = ({ n, value }: ValueItem): unknown =>
  value === undefined ? n : typeof (value as { fd: unknown }).fd

export const returnFunction = ({ n }: ValueItem): unknown => (n === BAD_ITEM ? () => n : n)

export function throwError({ n }: ValueItem): unknown {
  if (n === BAD_ITEM) throw new NoPriceError(n, 'EUR')
  return n
}

/** For each kind, the name of the function and what the item with the value should give. */
export const valueWork = {
  function: { name: 'callFunction', expected: '600' },
  instance: { name: 'showPrice', expected: '1.60 EUR' },
  handle: { name: 'readHandle', expected: 'number' },
  result: { name: 'returnFunction', expected: '() => n' },
  error: { name: 'throwError', expected: '' },
} as const satisfies Readonly<Record<ValueKind, { name: string; expected: string }>>

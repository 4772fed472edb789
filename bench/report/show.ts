/** Numbers in plain words. */

import { showNumber } from '../harness/text.js'
import type { Workload } from '../harness/workload.js'

type Unit = Workload['unit']

/** A unit as people write it: 'µs an item'. */
export const unitText = (unit: Unit): string => unit.replace(/^us /, 'µs ')

const NAMES: Readonly<Record<string, string>> = { s: 'seconds', ms: 'milliseconds' }

/** A unit in words where they are known: 'seconds', 'µs an item'. */
export const unitWords = (unit: Unit): string => NAMES[unit] ?? unitText(unit)

/** Seconds in one of a unit. */
const SECONDS: Readonly<Record<Unit, number>> = {
  s: 1,
  ms: 1e-3,
  'us an item': 1e-6,
  'us a file': 1e-6,
  'ns a sample': 1e-9,
}

/** A number without zeros at its end: '1.8', '24', '2'. */
const showShort = (value: number, digits: number): string =>
  Number.isFinite(value) ? String(Number(showNumber(value, digits))) : '-'

const STEPS: readonly (readonly [least: number, seconds: number, unit: string])[] = [
  [3599.5, 3600, 'h'],
  [119.5, 60, 'min'],
  [0.0995, 1, 's'],
  [0.9995e-3, 1e-3, 'ms'],
  [0.9995e-6, 1e-6, 'µs'],
  [0, 1e-9, 'ns'],
]

/** A time in the unit that suits it, with two or three digits: '0.46 s', '52 ms', '4.1 µs'. */
export function showDuration(seconds: number, digits = 2): string {
  if (!Number.isFinite(seconds)) return '-'
  if (seconds === 0) return '0 s'
  const [, size, unit] = STEPS.find(([least]) => seconds >= least) ?? STEPS.at(-1)!
  return `${showShort(seconds / size, digits)} ${unit}`
}

/** A value of a workload in the unit that suits it: '460 ms', '4.1 µs an item'. */
export function showValue(value: number, unit: Unit, digits = 2): string {
  const [, per = ''] = /^\w+( .*)?$/.exec(unit)!
  return `${showDuration(value * SECONDS[unit], digits)}${per}`
}

/** '1.8', '24', '310': how many times something is. */
export const showFactor = (factor: number): string => showShort(factor, 2)

export const showPercent = (share: number): string => `${showShort(100 * share, share < 0.1 ? 1 : 2)} %`

/** 'a', 'a and b', 'a, b and c'. */
export function listed(words: readonly string[]): string {
  if (words.length < 2) return words[0] ?? ''
  return `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`
}

/** With a capital letter at the start. */
export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

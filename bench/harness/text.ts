/** Numbers and tables as plain text. */

import { showText } from '../../dist-lib/show.js'
import type { Interval } from './statistics.js'

/** Formats a table with aligned columns: the first one to the left, the others to the right. */
export function textTable(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const all = [head, ...rows].map((row) => row.map(showText))
  const widths = head.map((_, column) => all.reduce((most, row) => Math.max(most, row[column].length), 0))
  return all.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column])))
      .join('  ')
      .trimEnd(),
  )
}

/** A number with three significant digits, or as many as it has before the point. A dash if there is none. */
export function showNumber(value: number, digits = 3): string {
  if (!Number.isFinite(value)) return '-'
  if (value === 0) return '0'
  const rounded = Number(value.toPrecision(digits))
  if (Math.abs(rounded) >= 10 ** (digits - 1)) return String(Math.round(value))
  return Math.abs(rounded) < 1e-4 ? rounded.toExponential(digits - 1) : rounded.toPrecision(digits)
}

/** '10,000'. */
export const showCount = (count: number): string => count.toLocaleString('en-US')

export const showRatio = (ratio: number): string => `${showNumber(ratio)}x`

export const showInterval = ({ low, high }: Interval): string => `${showRatio(low)} to ${showRatio(high)}`

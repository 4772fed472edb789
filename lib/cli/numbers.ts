/** Parses numbers from the command line. */

import { invalidOption } from '../errors.js'
import type { LevelOption } from '../plan/levels.js'
import type { ChunkSize } from '../pool/chunks.js'

/** Parses a decimal number. Returns NaN for other text; `Number` alone would accept '' and '0x10'. */
const parseDecimal = (text: string): number =>
  /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : Number.NaN

export function parseNumber(text: string, flag: string): number {
  const value = parseDecimal(text)
  if (Number.isNaN(value)) throw invalidOption(flag, 'a number without a unit', text)
  return value
}

/** Parses a number or a range LOW:HIGH. Throws E_OPTION_INVALID. */
export function parseLevel(text: string, flag: string): LevelOption {
  const ends = text.split(':').map(parseDecimal)
  if (ends.length > 2 || ends.some(Number.isNaN))
    throw invalidOption(flag, 'a number without a unit, or a range LOW:HIGH', text)
  return ends.length === 1 ? ends[0] : [ends[0], ends[1]]
}

/** Parses a number or 'auto'. Throws E_OPTION_INVALID. */
export const parseChunkSize = (text: string, flag: string): ChunkSize =>
  text === 'auto' ? text : parseNumber(text, flag)

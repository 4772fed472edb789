/** Parses numbers from the command line. */

import { invalidOption } from '../errors.js'
import type { LevelOption, OutputLevelOption } from '../plan/levels.js'
import type { ChunkSize } from '../pool/chunks.js'

/** Parses a decimal number. Returns NaN for other text; `Number` alone would accept '' and '0x10'. */
const parseDecimal = (text: string): number =>
  /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : Number.NaN

export function parseNumber(text: string, flag: string): number {
  const value = parseDecimal(text)
  if (Number.isNaN(value)) throw invalidOption(flag, 'a number without a unit', text)
  return value
}

/** Parses a number, a range LOW:HIGH or a list A/B/C. Throws E_OPTION_INVALID. */
export function parseLevel(text: string, flag: string): LevelOption {
  if (text.includes('/')) {
    const values = text.split('/').map(parseDecimal)
    if (!values.some(Number.isNaN)) return { values }
    throw invalidOption(flag, 'a list of numbers without a unit, A/B/C', text)
  }
  const ends = text.split(':').map(parseDecimal)
  if (ends.length > 2 || ends.some(Number.isNaN))
    throw invalidOption(flag, 'a number without a unit, a range LOW:HIGH, or a list A/B/C', text)
  return ends.length === 1 ? ends[0] : [ends[0], ends[1]]
}

/** Parses a number or a range LOW:HIGH. Throws E_OPTION_INVALID. */
export function parseRange(text: string, flag: string): number | readonly [low: number, high: number] {
  const ends = text.split(':').map(parseDecimal)
  if (ends.length > 2 || ends.some(Number.isNaN))
    throw invalidOption(flag, 'a number without a unit, or a range LOW:HIGH', text)
  return ends.length === 1 ? ends[0] : [ends[0], ends[1]]
}

/** Parses 'keep', or a level of the mixture: rms:LEVEL or peak:LEVEL. Throws E_OPTION_INVALID. */
export function parseOutputLevel(text: string, flag: string): OutputLevelOption {
  if (text === 'keep') return text
  const [, kind, level] = /^(rms|peak):(.*)$/s.exec(text) ?? []
  if (kind === undefined) throw invalidOption(flag, 'keep, rms:DB or peak:DB', text)
  const parsed = parseLevel(level, flag)
  return kind === 'rms' ? { rms: parsed } : { peak: parsed }
}

/** Parses a number or 'auto'. Throws E_OPTION_INVALID. */
export const parseChunkSize = (text: string, flag: string): ChunkSize =>
  text === 'auto' ? text : parseNumber(text, flag)

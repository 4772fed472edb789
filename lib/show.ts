/** Formats numbers for people, and escapes text from outside. */

/**
 * Control characters, and characters that a terminal does not show. Some reverse the direction of
 * text or end a line, others make two names look the same. Joiners and variation selectors are not
 * included, because scripts and emoji need them.
 */
const CONTROL =
  /[\p{Cc}\p{Zl}\p{Zp}\ufff9-\ufffb]|(?!\p{Variation_Selector}|\u034f|\u200c|\u200d)\p{Default_Ignorable_Code_Point}/u
const CONTROLS = new RegExp(CONTROL, 'gu')

/**
 * Escapes characters that a terminal would act on or not show: control characters as \xHH, other
 * invisible characters as \u{HHHH}.
 */
export function showText(text: string): string {
  if (!CONTROL.test(text)) return text
  return text.replace(CONTROLS, (character) => {
    const code = character.codePointAt(0)!.toString(16)
    return character < '\u0100' ? `\\x${code.padStart(2, '0')}` : `\\u{${code}}`
  })
}

/** Escapes text of several lines as `showText` does, and keeps the line ends. */
export const showLines = (text: string): string => text.split('\n').map(showText).join('\n')

/** Formats a value as JSON, and escapes the same characters in JSON's own way. */
export const showJson = (value: unknown): string =>
  JSON.stringify(value).replace(CONTROLS, (character) =>
    character.replace(/./gs, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`),
  )

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB']

/**
 * Formats a number of bytes in the decimal unit that leaves one to three digits before the point.
 */
export function showBytes(bytes: number): string {
  let unit = 0
  let value = bytes
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000
    unit++
  }
  return `${value.toFixed(unit === 0 || value >= 100 ? 0 : 1)} ${UNITS[unit]}`
}

export const showSeconds = (seconds: number): string => (seconds < 10 ? seconds.toFixed(2) : seconds.toFixed(1))

/** Formats milliseconds in the unit that suits them, with two or three digits: '4.1 us', '15 ms', '1.23 s'. */
export function showTime(milliseconds: number): string {
  if (milliseconds >= 999.5) return `${showSeconds(milliseconds / 1000)} s`
  if (milliseconds >= 0.9995) return `${milliseconds.toFixed(milliseconds < 9.95 ? 1 : 0)} ms`
  if (milliseconds === 0) return '0 ms'
  const us = 1000 * milliseconds
  return `${us.toFixed(us < 0.0995 ? 3 : us < 0.995 ? 2 : us < 9.95 ? 1 : 0)} us`
}

/** Formats a part of a whole, 0 to 1, in per cent. */
export const showShare = (share: number): string => `${Math.round(100 * share)} %`

export const showDecibels = (value: number | null): string => (value === null ? 'no SNR' : `SNR ${value.toFixed(2)} dB`)

/** Counts by name. As text, in the order of the names: '2 flac, 1 mp3'. */
export class Counts {
  readonly #counts = new Map<string, number>()

  add(name: string): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1)
  }

  get isEmpty(): boolean {
    return this.#counts.size === 0
  }

  /** The counts in one object, for JSON. */
  byName(): Record<string, number> {
    return Object.fromEntries(this.#counts)
  }

  toString(): string {
    const names = Array.from(this.#counts.keys()).sort()
    return names.map((name) => `${this.#counts.get(name)} ${name}`).join(', ')
  }
}

/** Maximum number of names in one line of text. There may be thousands. */
const NAMED = 3

/** A list of names. As text, the first three of them and the number of the others. */
export class Names {
  readonly #first: string[] = []
  count = 0

  add(name: string): void {
    this.count++
    if (this.#first.length < NAMED) this.#first.push(name)
  }

  toString(): string {
    const rest = this.count - this.#first.length
    return [...this.#first, ...(rest > 0 ? [`and ${rest} more`] : [])].join(', ')
  }
}

export const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`

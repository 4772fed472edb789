/** Texts about options in the words of the command line: flags, and levels as they are typed. */

import { messageFor, type NoisemillError } from '../errors.js'
import { type Flags, tables } from './flags.js'

/** The forms of a range and of a list of levels in API calls and on the command line. */
const FORMS: Readonly<Record<string, string>> = { '[low, high]': 'LOW:HIGH', '{ values }': 'A/B/C' }

/** Writes the ranges and lists of levels in a text, in the form of API calls or of JSON, as they are typed. */
const typedLevels = (text: string): string =>
  text
    .replace(/\{ ?"?values"?: ?\[([-\d., e+]+)\] ?\}/g, (_, values: string) => values.replaceAll(/, ?/g, '/'))
    .replace(/\[(-?[\d.]+), ?(-?[\d.]+)\]/g, '$1:$2')

/** Returns the flag of an option, or of a field of `noise`, which texts about noise name without `noise`. */
const flagOf = (option: string, known: readonly Flags[]) => {
  const places = [option, `${option}.from`, `noise.${option}`]
  return known.flatMap((flags) => Object.entries(flags)).find(([name]) => places.includes(name))?.[1]
}

/** Returns what the command line has for an option, a range or a list; undefined for other words. */
const wordInFlags = (word: string, known: readonly Flags[]): string | undefined =>
  Object.hasOwn(FORMS, word) ? FORMS[word] : flagOf(word, known)?.name

/** Leaves out the sentences of a remedy that are about flags of `add` which the command does not have. */
function possibleIn(text: string, known: readonly Flags[]): string {
  if (known === tables || !text.endsWith('.')) return text
  const isMissing = (word: string) => wordInFlags(word, tables) !== undefined && wordInFlags(word, known) === undefined
  const sentences = text.split(/(?<=\.) /)
  return sentences
    .filter((one) => !Array.from(one.matchAll(/`([^`]+)`/g)).some(([, word]) => isMissing(word)))
    .join(' ')
}

/** Replaces options in a text, which are in backticks, by their flags. */
export const textInFlags = (text: string, known: readonly Flags[] = tables): string =>
  text.replace(/`([^`]+)`/g, (quoted, word) => wordInFlags(word, known) ?? quoted)

/** Formats the message of an error for the command line: with flags for options, and levels as they are typed. */
export function messageInFlags(error: NoisemillError, known: readonly Flags[] = tables): string {
  const { option, received } = error
  // In other errors, `received` may be the name of a file, which must not change.
  const mayHaveLevels = error.code === 'E_OPTION_INVALID' || error.code === 'E_RESUME_SETTINGS'
  const details = {
    ...error,
    cause: error.cause,
    ...(option !== undefined && { option: wordInFlags(option, known) ?? option }),
    ...(received !== undefined && mayHaveLevels && { received: typedLevels(received) }),
  }
  return messageFor(error.code, details, (text) => textInFlags(possibleIn(text, known), known))
}

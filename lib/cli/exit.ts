/** Exit codes, and which error leads to which. */

import { constants } from 'node:os'
import type { ErrorCode, NoisemillError } from '../errors.js'

export const EXIT = {
  done: 0,
  /** Some files failed; each was named. */
  filesFailed: 1,
  /** The command was wrong: nothing was done. */
  usage: 2,
  /** A full volume, a folder, journal or report that cannot be written: no further file would fare better. */
  fatal: 4,
  /** An error that nobody foresaw, so what was not named may be done or not. The number is EX_SOFTWARE of sysexits.h. */
  unexpected: 70,
} as const

const FATAL: readonly ErrorCode[] = ['E_VOLUME_FULL', 'E_OUTPUT_FOLDER', 'E_JOURNAL', 'E_REPORT']

/** A file system may come to be read-only while it is written to: when its disk fails. */
export const isFatal = ({ code, errno }: NoisemillError): boolean => FATAL.includes(code) || errno === 'EROFS'

/** The code for an error that ended a command. */
export const exitForError = (error: NoisemillError): number => (isFatal(error) ? EXIT.fatal : EXIT.usage)

/** What shells expect of a program that a signal ended. */
export const exitForSignal = (signal: NodeJS.Signals): number => 128 + constants.signals[signal]

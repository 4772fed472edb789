/** Exit codes, and which error leads to which. */

import { constants } from 'node:os'
import type { ErrorCode } from '../errors.js'

export const EXIT = {
  done: 0,
  /** Some files failed; each was named. */
  filesFailed: 1,
  /** The command was wrong: nothing was done. */
  usage: 2,
  /** A full volume, a folder or report that cannot be written: no further file would fare better. */
  fatal: 4,
} as const

const FATAL: readonly ErrorCode[] = ['E_VOLUME_FULL', 'E_OUTPUT_FOLDER', 'E_REPORT']

export const isFatal = (code: ErrorCode | undefined): boolean => code !== undefined && FATAL.includes(code)

/** The code for an error that ended a command. */
export const exitForError = (code: ErrorCode): number => (isFatal(code) ? EXIT.fatal : EXIT.usage)

/** What shells expect of a program that a signal ended. */
export const exitForSignal = (signal: NodeJS.Signals): number => 128 + constants.signals[signal]

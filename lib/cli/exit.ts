/** Exit codes, and the code for each error. */

import { constants } from 'node:os'
import type { ErrorCode } from '../error-codes.js'
import type { NoisemillError } from '../errors.js'

export const EXIT = {
  done: 0,
  /** Some files failed, and each was named on stderr. Or stdout was closed early. */
  filesFailed: 1,
  /** The command was wrong, and nothing was done. */
  usage: 2,
  /** A volume is full, an output folder, journal or report cannot be written, or the queue cannot be used: all further files would fail too. */
  fatal: 4,
  /** A bug in noisemill: files that were not named may be done or not. The number is EX_SOFTWARE of sysexits.h. */
  unexpected: 70,
} as const

const FATAL: readonly ErrorCode[] = ['E_VOLUME_FULL', 'E_OUTPUT_FOLDER', 'E_JOURNAL', 'E_REPORT', 'E_QUEUE']

/** Whether an error ends the run. EROFS does, because a file system becomes read-only if its disk fails. */
export const isFatal = ({ code, errno }: NoisemillError): boolean => FATAL.includes(code) || errno === 'EROFS'

/** Returns the exit code for an error that ended a command. */
export const exitForError = (error: NoisemillError): number => (isFatal(error) ? EXIT.fatal : EXIT.usage)

/** Returns the exit code that shells expect of a program that a signal ended: 128 plus the signal's number. */
export const exitForSignal = (signal: NodeJS.Signals): number => 128 + constants.signals[signal]

/** The reason why a job failed. Core throws it, and it crosses threads as plain data. */

import { constants } from 'node:os'
import { types } from 'node:util'

export interface FailureData {
  /** A code from the table in lib/errors.ts. */
  readonly code: string
  /** What was found, for the message. Both halves of core use the same words. */
  readonly detail: string
  /** The system's name for the error, such as 'ENOSPC'; '' if no system call failed. */
  readonly errno: string
  /** The stem whose file the failure is about. Undefined for the input and the mixture. */
  readonly stem?: string | undefined
  /**
   * The unexpected exception behind E_INTERNAL, with its stack. The addon has none and puts the
   * exception's message into `detail`.
   */
  readonly cause?: Error
}

export class Failure extends Error {
  /** See FailureData. */
  stem: string | undefined

  constructor(
    readonly code: string,
    readonly detail = '',
    readonly errno = '',
  ) {
    super(`${code} ${detail}`)
  }
}

/** Message of the RangeError that V8 throws if it has no memory for an array. */
const NO_MEMORY = /^Array buffer allocation failed/

/**
 * Turns a caught exception into the failure of a job. Any exception other than a Failure or a lack
 * of memory is a bug in noisemill, E_INTERNAL.
 */
export function caughtFailure(thrown: unknown): FailureData {
  if (thrown instanceof Failure) {
    const { code, detail, errno, stem } = thrown
    return { code, detail, errno, ...(stem !== undefined && { stem }) }
  }
  const cause = types.isNativeError(thrown) ? thrown : new Error(String(thrown))
  if (cause.name === 'RangeError' && NO_MEMORY.test(cause.message))
    return { code: 'E_NO_MEMORY', detail: '', errno: '' }
  return { code: 'E_INTERNAL', detail: '', errno: '', cause }
}

/**
 * Whether an error means that the volume is full. This has a code of its own, because it ends the
 * run: every further file would fail too.
 */
export const isVolumeFull = (errno: string): boolean => errno === 'ENOSPC' || errno === 'EDQUOT'

/** The name of a system error number. */
export const errnoName = (number: number): string =>
  Object.entries(constants.errno).find(([, known]) => known === number)?.[0] ?? 'UNKNOWN'

export function systemFailure(code: string, error: unknown): Failure {
  const { code: name = 'EIO', errno: number = 0 } = error as NodeJS.ErrnoException
  // libuv does not know every error number. EDQUOT is one that it lacks.
  const errno = name.startsWith('Unknown system error') ? errnoName(-number) : name
  return new Failure(isVolumeFull(errno) ? 'E_VOLUME_FULL' : code, '', errno)
}

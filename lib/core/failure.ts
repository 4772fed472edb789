/** Why a job could not be done: what core throws, and what crosses threads as plain data. */

import { constants } from 'node:os'

export interface FailureData {
  /** A code of the table in lib/errors.ts. */
  readonly code: string
  /** What was found, for a person; the same words from both halves of core. */
  readonly detail: string
  /** The system's name for the fault, 'ENOSPC' for example; '' where the system had no part in it. */
  readonly errno: string
  /** What was thrown where no failure was expected; its stack says where. The addon has none, and says in `detail` what it was. */
  readonly cause?: Error
}

export class Failure extends Error {
  constructor(
    readonly code: string,
    readonly detail = '',
    readonly errno = '',
  ) {
    super(`${code} ${detail}`)
  }
}

/** What V8 says when it has no memory for an array. */
const NO_MEMORY = /^Array buffer allocation failed/

/**
 * What was thrown, as the failure of a job. What is neither a Failure nor a lack of memory is a fault of noisemill's own, E_INTERNAL.
 */
export function caughtFailure(thrown: unknown): FailureData {
  if (thrown instanceof Failure) return { code: thrown.code, detail: thrown.detail, errno: thrown.errno }
  const cause = thrown instanceof Error ? thrown : new Error(String(thrown))
  if (cause instanceof RangeError && NO_MEMORY.test(cause.message))
    return { code: 'E_NO_MEMORY', detail: '', errno: '' }
  return { code: 'E_INTERNAL', detail: '', errno: '', cause }
}

/** Full volumes get one code wherever they show: they end a run, since every further file would fail too. */
export const isVolumeFull = (errno: string): boolean => errno === 'ENOSPC' || errno === 'EDQUOT'

/** The system's name for an error number of C's. */
export const errnoName = (number: number): string =>
  Object.entries(constants.errno).find(([, known]) => known === number)?.[0] ?? 'UNKNOWN'

export function systemFailure(code: string, error: unknown): Failure {
  const { code: name = 'EIO', errno: number = 0 } = error as NodeJS.ErrnoException
  // libuv does not know all: EDQUOT is such a one.
  const errno = name.startsWith('Unknown system error') ? errnoName(-number) : name
  return new Failure(isVolumeFull(errno) ? 'E_VOLUME_FULL' : code, '', errno)
}

/** The files that a job makes or compares: the mixture, and its stems if it has any. The twin is native/core/outputs.cc. */

import { ComparedFile, recompareOutput } from './compared.js'
import { Failure } from './failure.js'
import {
  type FileIdentity,
  type FilePath,
  type InputFile,
  nameExists,
  OutputFile,
  removeFile,
  reopenOutput,
  type WrittenFile,
} from './files.js'
import { type ByStem, type StemName, stemNames } from './stems.js'

/** The fields of a job that are about what it writes. */
export interface Written {
  readonly output: FilePath
  readonly temporary: FilePath
  readonly stems?: ByStem<{ readonly output: FilePath; readonly temporary: FilePath }> | undefined
  readonly overwrite: boolean
  readonly follow: boolean
  readonly fsync: boolean
  readonly verify: boolean
}

/** The paths of the mixture, or of a stem. */
interface Place {
  readonly stem: StemName | undefined
  readonly output: FilePath
  readonly temporary: FilePath
}

interface OpenPlace extends Place {
  readonly file: OutputFile | ComparedFile
}

/** Returns the places of all files of a job: the stems, then the mixture. */
export function placesOf({ output, temporary, stems = {} }: Omit<Written, 'overwrite' | 'fsync' | 'verify'>): Place[] {
  const places: Place[] = []
  for (const stem of stemNames) {
    const files = stems[stem]
    if (files !== undefined) places.push({ stem, ...files })
  }
  places.push({ stem: undefined, output, temporary })
  return places
}

/** Does something with a file. A failure then says which stem it is about. */
function within<Result>(stem: StemName | undefined, action: () => Result): Result {
  try {
    return action()
  } catch (error) {
    if (error instanceof Failure) error.stem = stem
    throw error
  }
}

/** The files of one job. All of them get their final names, or none. */
export class Outputs {
  readonly #job: Written
  readonly #places: readonly Place[]
  #open: OpenPlace[] = []
  /** Files that another thread opened, and this one writes to as well. */
  #joined: { readonly stem: StemName | undefined; readonly file: WrittenFile }[] = []

  constructor(job: Written) {
    this.#job = job
    this.#places = placesOf(job)
  }

  get hasStems(): boolean {
    return this.#places.length > 1
  }

  /**
   * Checks the names early, so that no work is done for files that could not be written. `publish` checks them again,
   * because a name may be taken in the meantime.
   */
  checkNames(input: InputFile): void {
    const { overwrite, verify } = this.#job
    for (const { stem, output } of this.#places) {
      if (!nameExists(output)) continue
      within(stem, () => {
        if (input.isSameFile(output)) throw new Failure('E_OUTPUT_IS_INPUT')
        if (!overwrite && !verify) throw new Failure('E_OUTPUT_EXISTS')
      })
    }
  }

  /** Throws E_OUTPUT_DIFFERS if a file exists that should not. */
  checkAbsent(): void {
    for (const { stem, output } of this.#places) {
      if (!nameExists(output)) continue
      within(stem, () => {
        throw new Failure('E_OUTPUT_DIFFERS', 'it exists, but the input is silent and has no output')
      })
    }
  }

  /**
   * Creates the files, or opens those that are compared. Throws like OutputFile and ComparedFile.
   *
   * @param size bytes that each should have
   * @param mode permissions
   */
  open(size: number, mode: number): void {
    const { fsync, verify, follow } = this.#job
    for (const place of this.#places) {
      const { stem, output, temporary } = place
      const open = () => (verify ? new ComparedFile(output, size, follow) : new OutputFile(temporary, mode, fsync))
      this.#open.push({ ...place, file: within(stem, open) })
    }
  }

  /** The open files, for `join`. */
  get identities(): FileIdentity[] {
    return this.#open.map(({ stem, file }) => within(stem, () => file.identity))
  }

  /** Opens the files that another thread has created or compares. */
  join(identities: readonly FileIdentity[], size: number): void {
    const { verify, follow } = this.#job
    for (const [i, identity] of identities.entries()) {
      const { stem, output, temporary } = this.#places[i]
      const file = verify ? recompareOutput(output, size, follow, identity) : reopenOutput(temporary, identity)
      this.#joined.push({ stem, file })
    }
  }

  /** Closes the files that `join` opened. Throws E_OUTPUT_WRITE or E_VOLUME_FULL if bytes that were written are lost. */
  leave(): void {
    let failure: unknown
    for (const { file } of this.#joined) {
      try {
        file.close()
      } catch (error) {
        failure ??= error
      }
    }
    if (failure !== undefined) throw failure
  }

  /** Writes bytes of the mixture and, if the job has stems, those of the stems at the same position. */
  write(position: number, mixture: Uint8Array, stems?: ByStem<Uint8Array>): void {
    for (const { stem, file } of this.#joined.length > 0 ? this.#joined : this.#open)
      within(stem, () => file.write(position, stem === undefined ? mixture : stems![stem]!))
  }

  /**
   * Gives the files their final names: first the stems, and the mixture last. If one of them fails, the files before it
   * lose their names again, unless they replaced others. Throws E_CANCELLED if nobody wants the files any more.
   *
   * @returns false if the file system has no hard links; see OutputFile.publish
   */
  publish(isCancelled: () => boolean): boolean {
    const { overwrite, verify } = this.#job
    const fresh: FilePath[] = []
    let isGuarded = true
    for (const { stem, file } of this.#open) within(stem, () => file.complete())
    try {
      for (const { stem, output, file } of this.#open) {
        // Late, because it may have taken long to put bytes on the disk.
        if (isCancelled()) throw new Failure('E_CANCELLED')
        const isFresh = this.hasStems && !verify && (!overwrite || !nameExists(output))
        isGuarded = within(stem, () => file.publish(output, overwrite)) && isGuarded
        if (isFresh) fresh.push(output)
      }
    } catch (error) {
      for (const output of fresh) removeFile(output)
      throw error
    }
    this.#open = []
    return isGuarded
  }

  /** Closes the files, and removes those that have no final name. It never throws. */
  discard(): void {
    for (const { file } of this.#open) file.discard()
  }
}

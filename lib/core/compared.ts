/** An output that exists already and is compared with the bytes that a job would write. */

import { fstatSync, readSync } from 'node:fs'
import { Failure, systemFailure } from './failure.js'
import { type FileIdentity, type FilePath, isSame, openToRead, WrittenFile } from './files.js'

/** Bytes that are read and compared at once. */
const COMPARED_BYTES = 16 * 1024
const existing = Buffer.allocUnsafeSlow(COMPARED_BYTES)

const errnoOf = (error: unknown) => (error as NodeJS.ErrnoException).code

function openExisting(output: FilePath, follow: boolean): number {
  try {
    return openToRead(output, follow)
  } catch (error) {
    const isMissing = errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR'
    throw systemFailure(isMissing ? 'E_OUTPUT_MISSING' : 'E_OUTPUT_READ', error)
  }
}

/**
 * A file that takes the place of the one that is written. Nothing is written: `write` compares, and `publish` throws if
 * anything was different. So the first difference does not depend on the order of the parts.
 */
export class ComparedFile extends WrittenFile {
  readonly #size: number
  /** Position of the first byte that differs. */
  #first = Number.POSITIVE_INFINITY

  /**
   * Throws Failure E_OUTPUT_MISSING or E_OUTPUT_READ.
   *
   * @param size number of bytes that the output should have
   * @param follow see `openToRead`
   * @param isJoined whether another thread publishes it. Then `write` throws E_OUTPUT_DIFFERS.
   */
  constructor(
    output: FilePath,
    readonly size: number,
    follow: boolean,
    readonly isJoined = false,
  ) {
    super(openExisting(output, follow))
    try {
      const stat = fstatSync(this.fd)
      if (!stat.isFile()) throw new Failure('E_OUTPUT_READ', 'not a regular file')
      this.#size = stat.size
    } catch (error) {
      this.discard()
      throw error instanceof Failure ? error : systemFailure('E_OUTPUT_READ', error)
    }
  }

  /** Compares the bytes of the file from `position` on with those of `buffer`. Throws E_OUTPUT_READ. */
  override write(position: number, buffer: Uint8Array): void {
    for (let done = 0; done < buffer.length; ) {
      const count = this.#read(position + done, Math.min(COMPARED_BYTES, buffer.length - done))
      const expected = buffer.subarray(done, done + count)
      if (count > 0 && existing.compare(expected, 0, count, 0, count) !== 0) {
        const at = expected.findIndex((byte, i) => byte !== existing[i])
        this.#first = Math.min(this.#first, position + done + at)
        if (this.isJoined) throw this.#differs()
        return
      }
      // The file ends here, which its size says too.
      if (count === 0) return
      done += count
    }
  }

  #read(position: number, length: number): number {
    for (;;) {
      try {
        return readSync(this.fd, existing, 0, length, position)
      } catch (error) {
        if (errnoOf(error) !== 'EINTR') throw systemFailure('E_OUTPUT_READ', error)
      }
    }
  }

  #differs(): Failure {
    const isFound = this.#first < Number.POSITIVE_INFINITY
    const difference = isFound ? `first at byte ${this.#first}` : `it has ${this.#size} bytes instead of ${this.size}`
    return new Failure('E_OUTPUT_DIFFERS', difference)
  }

  complete(): void {}

  /** Throws Failure E_OUTPUT_DIFFERS if the file differs from what was compared with it. Otherwise returns true. */
  publish(): boolean {
    if (this.#first < Number.POSITIVE_INFINITY || this.#size !== this.size) throw this.#differs()
    this.discard()
    return true
  }

  /** Closes the file. */
  discard(): void {
    if (this.fd !== -1) this.close()
  }
}

/**
 * Opens an output that another thread compares too. Its `write` throws E_OUTPUT_DIFFERS. Throws E_OUTPUT_READ if it is
 * another file.
 */
export function recompareOutput(output: FilePath, size: number, follow: boolean, identity: FileIdentity): ComparedFile {
  const file = new ComparedFile(output, size, follow, true)
  if (isSame(file.identity, identity)) return file
  file.discard()
  throw new Failure('E_OUTPUT_READ')
}

/**
 * The files of the ETL. Inputs are only read, by position. Outputs appear under their final name
 * complete or not at all.
 */

import {
  type BigIntStats,
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsyncSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import path from 'node:path'
import { Failure, systemFailure } from './failure.js'

/** A path: a string if its bytes are valid UTF-8, else its bytes. */
export type FilePath = string | Uint8Array

/**
 * Converts a path for Node's fs. A Buffer becomes a plain Uint8Array when it crosses a thread, and
 * fs needs a Buffer.
 */
export function fsPath(path: FilePath): string | Buffer {
  return typeof path === 'string' ? path : Buffer.from(path.buffer, path.byteOffset, path.byteLength)
}

const onWindows = path.sep === '\\'
const SLASH = 0x2f
const BACKSLASH = 0x5c

/** Whether a character, given by its code, separates the names in a path. */
export const isSeparator = (code: number | undefined): boolean => code === SLASH || (onWindows && code === BACKSLASH)

const errnoOf = (error: unknown) => (error as NodeJS.ErrnoException).code

/** The folder that contains a path; '.' if the path is a name alone. */
function parentOf(path: FilePath): string | Buffer {
  const bytes = Buffer.from(path)
  let end = bytes.length
  while (end > 0 && isSeparator(bytes[end - 1])) end--
  while (end > 0 && !isSeparator(bytes[end - 1])) end--
  while (end > 1 && isSeparator(bytes[end - 1])) end--
  if (end === 0) return isSeparator(bytes[0]) ? '/' : '.'
  const parent = bytes.subarray(0, end)
  return typeof path === 'string' ? parent.toString() : parent
}

/**
 * Makes a folder and its missing parents. Throws the system's error. It does not use Node's
 * recursive mkdir. That never returns if an existing folder refuses new folders with ENOENT, as
 * /proc does.
 *
 * @param fsync whether the new folders must be on the disk when it returns
 */
export function makeFolders(path: FilePath, fsync: boolean): void {
  const folder = fsPath(path)
  const make = () => {
    try {
      mkdirSync(folder)
    } catch (error) {
      // Windows reports EPERM for the root of a drive.
      const mayExist = errnoOf(error) === 'EEXIST' || (onWindows && errnoOf(error) === 'EPERM')
      if (!mayExist || !statSync(folder).isDirectory()) throw error
      return
    }
    if (fsync) syncFolder(parentOf(folder))
  }
  try {
    make()
  } catch (error) {
    const parent = parentOf(folder)
    if (errnoOf(error) !== 'ENOENT' || Buffer.from(parent).equals(Buffer.from(folder))) throw error
    makeFolders(parent, fsync)
    make()
  }
}

/**
 * Puts the names in a folder on the disk. Throws the system's error, but not if the file system
 * cannot sync folders.
 */
export function syncFolder(folder: string | Buffer): void {
  // Windows has no call that syncs a folder.
  if (onWindows) return
  const fd = openSync(folder, constants.O_RDONLY | (constants.O_DIRECTORY ?? 0))
  try {
    fsyncSync(fd)
  } catch (error) {
    if (errnoOf(error) !== 'EINVAL' && errnoOf(error) !== 'ENOTSUP') throw error
  } finally {
    closeSync(fd)
  }
}

/**
 * Time of a file's last modification, in whole microseconds since 1970. It is exact up to the year
 * 2255.
 */
export function modifiedOf({ mtimeNs }: BigIntStats): number {
  const within = ((mtimeNs % SECOND) + SECOND) % SECOND
  return Number((mtimeNs - within) / SECOND) * 1e6 + Number(within / 1000n)
}

const SECOND = 1_000_000_000n
/** The bits of the input's mode that the output gets: permissions to read, write and execute. */
const MODE_KEPT = 0o777n
/**
 * The mode of all outputs on Windows, where the folder decides permissions. Node derives a mode
 * from the read-only attribute there, and a read-only output could not be replaced.
 */
const MODE_ON_WINDOWS = 0o666

/** What tells a file from all others, as plain data. */
export interface FileIdentity {
  readonly device: bigint
  readonly inode: bigint
}

export const isSame = (a: FileIdentity, b: FileIdentity): boolean => a.device === b.device && a.inode === b.inode

/**
 * Opens a path for reading. Throws the system's error.
 *
 * @param follow whether it may be a symbolic link; if it must not, the error of one is ELOOP. Its folder may be one in any
 * case.
 */
export function openToRead(path: FilePath, follow: boolean): number {
  const name = fsPath(path)
  // Windows has no flag for it.
  if (!follow && onWindows && lstatSync(name, { throwIfNoEntry: false })?.isSymbolicLink())
    throw Object.assign(new Error('a symbolic link'), { code: 'ELOOP' })
  // Without O_NONBLOCK, opening a FIFO would wait for its writer.
  const flags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)
  return openSync(name, follow ? flags : flags | (constants.O_NOFOLLOW ?? 0))
}

export class InputFile {
  readonly size: number
  /** See modifiedOf. */
  readonly modified: number
  /** Permissions, 0 to 0o777. */
  readonly mode: number
  readonly identity: FileIdentity
  readonly #fd: number
  #held = Buffer.alloc(0)

  /**
   * Throws Failure E_INPUT_MISSING, E_INPUT_NOT_FILE or E_INPUT_UNREADABLE.
   *
   * @param follow see `openToRead`
   */
  constructor(path: FilePath, follow = true) {
    try {
      this.#fd = openToRead(path, follow)
    } catch (error) {
      const missing = errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR'
      throw systemFailure(missing ? 'E_INPUT_MISSING' : 'E_INPUT_UNREADABLE', error)
    }
    let stat: BigIntStats
    try {
      stat = fstatSync(this.#fd, { bigint: true })
    } catch (error) {
      this.close()
      throw systemFailure('E_INPUT_UNREADABLE', error)
    }
    if (!stat.isFile()) {
      this.close()
      throw new Failure('E_INPUT_NOT_FILE', stat.isDirectory() ? 'a folder' : 'neither a file nor a folder')
    }
    this.size = Number(stat.size)
    this.modified = modifiedOf(stat)
    this.mode = onWindows ? MODE_ON_WINDOWS : Number(stat.mode & MODE_KEPT)
    this.identity = { device: stat.dev, inode: stat.ino }
  }

  /** Throws E_INPUT_CHANGED if this is not the same file as another one, or has changed since. */
  checkSame(identity: FileIdentity, size: number, modified: number): void {
    if (isSame(this.identity, identity) && this.size === size && this.modified === modified) return
    throw new Failure('E_INPUT_CHANGED')
  }

  /**
   * Reads the first `length` bytes in one call and keeps them. Later reads take these bytes from
   * memory. Throws like `read`.
   */
  hold(length: number): void {
    const bytes = Buffer.allocUnsafeSlow(length)
    this.read(0, bytes)
    this.#held = bytes
  }

  /** Fills `buffer` from `position` on. Throws E_INPUT_READ or E_INPUT_CHANGED. */
  read(position: number, buffer: Uint8Array): void {
    let done = 0
    if (position < this.#held.length) {
      const held = this.#held.subarray(position, position + buffer.length)
      buffer.set(held)
      done = held.length
    }
    while (done < buffer.length) {
      let count: number
      try {
        count = readSync(this.#fd, buffer, done, buffer.length - done, position + done)
      } catch (error) {
        if (errnoOf(error) === 'EINTR') continue
        throw systemFailure('E_INPUT_READ', error)
      }
      if (count === 0) throw new Failure('E_INPUT_CHANGED', `ends at byte ${position + done} of ${this.size}`)
      done += count
    }
  }

  isSameFile(path: FilePath): boolean {
    try {
      const { dev: device, ino: inode } = statSync(fsPath(path), { bigint: true })
      return isSame(this.identity, { device, inode })
    } catch {
      return false
    }
  }

  /** Closes the file. Errors are ignored, because nothing was written. */
  close(): void {
    try {
      closeSync(this.#fd)
    } catch {}
  }
}

/** Whether this name exists. A dangling symbolic link counts. */
export function nameExists(path: FilePath): boolean {
  try {
    // This option avoids an exception for a missing name, which would cost more than the call.
    return lstatSync(fsPath(path), { throwIfNoEntry: false }) !== undefined
  } catch {
    return false
  }
}

/** Removes a file. Errors are ignored, because this runs while another failure is being handled. */
export function removeFile(path: FilePath): void {
  try {
    unlinkSync(fsPath(path))
  } catch {}
}

/** Errors of file systems without hard links. Node reports EISDIR on Windows. */
const NO_HARD_LINKS: readonly (string | undefined)[] = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EISDIR']

/** A file that is written. */
export class WrittenFile {
  /** -1 once it is closed. */
  protected fd: number

  constructor(fd: number) {
    this.fd = fd
  }

  get identity(): FileIdentity {
    try {
      const { dev: device, ino: inode } = fstatSync(this.fd, { bigint: true })
      return { device, inode }
    } catch (error) {
      throw systemFailure('E_OUTPUT_WRITE', error)
    }
  }

  /** Writes all of `buffer`. Throws E_OUTPUT_WRITE or E_VOLUME_FULL. */
  write(position: number, buffer: Uint8Array): void {
    for (let done = 0; done < buffer.length; ) {
      try {
        done += writeSync(this.fd, buffer, done, buffer.length - done, position + done)
      } catch (error) {
        throw systemFailure('E_OUTPUT_WRITE', error)
      }
    }
  }

  /** Closes the file. Throws E_OUTPUT_WRITE or E_VOLUME_FULL: a file system may report here that writing failed. */
  close(): void {
    const fd = this.fd
    this.fd = -1
    try {
      closeSync(fd)
    } catch (error) {
      throw systemFailure('E_OUTPUT_WRITE', error)
    }
  }
}

/**
 * Opens a temporary file that another thread created. Throws E_OUTPUT_CREATE if it cannot be opened
 * or is another file.
 */
export function reopenOutput(temporary: FilePath, identity: FileIdentity): WrittenFile {
  let file: WrittenFile
  try {
    file = new WrittenFile(openSync(fsPath(temporary), constants.O_WRONLY))
  } catch (error) {
    throw systemFailure('E_OUTPUT_CREATE', error)
  }
  if (isSame(file.identity, identity)) return file
  file.close()
  throw new Failure('E_OUTPUT_CREATE')
}

/**
 * Permission of the owner to write, which a temporary file always has, so that several threads can
 * open it.
 */
const OWNER_WRITES = 0o200

/**
 * Creates a temporary file, and its folder if necessary.
 *
 * @param mode permissions; nobody who may not read the input can ever read the file
 */
function createTemporary(temporary: FilePath, mode: number, fsync: boolean): number {
  const file = fsPath(temporary)
  const create = () => openSync(file, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, mode)
  try {
    return create()
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw systemFailure('E_OUTPUT_CREATE', error)
  }
  try {
    makeFolders(parentOf(file), fsync)
    return create()
  } catch (error) {
    throw systemFailure('E_OUTPUT_CREATE', error)
  }
}

/** An output file. It has a temporary name until `publish` gives it its final one. */
export class OutputFile extends WrittenFile {
  readonly #temporary: string | Buffer

  /**
   * Creates the temporary file, and its folder if necessary. Throws Failure E_OUTPUT_CREATE or
   * E_VOLUME_FULL.
   *
   * @param mode permissions, on file systems that have them
   * @param fsync whether the file and its name must be on the disk once it is published
   */
  constructor(
    temporary: FilePath,
    readonly mode: number,
    readonly fsync: boolean,
  ) {
    super(createTemporary(temporary, mode | OWNER_WRITES, fsync))
    this.#temporary = fsPath(temporary)
    // Restores the permissions that the umask removed.
    this.#setMode(mode | OWNER_WRITES)
  }

  /** Errors are ignored, because some file systems have no permissions. */
  #setMode(mode: number): void {
    try {
      fchmodSync(this.fd, mode)
    } catch {}
  }

  /**
   * Gives the file its final name, after `complete`. Without `overwrite` it makes a hard link, which
   * fails if the name exists. So no file is ever replaced.
   *
   * @returns false if the file system has no hard links: then the name was only checked before the
   *   renaming
   */
  publish(output: FilePath, overwrite: boolean): boolean {
    const isGuarded = this.#name(output, overwrite)
    if (!this.fsync) return isGuarded
    try {
      syncFolder(parentOf(fsPath(output)))
    } catch (error) {
      throw systemFailure('E_OUTPUT_PUBLISH', error)
    }
    return isGuarded
  }

  #name(output: FilePath, overwrite: boolean): boolean {
    const final = fsPath(output)
    if (overwrite) {
      this.#rename(final)
      return true
    }
    try {
      linkSync(this.#temporary, final)
    } catch (error) {
      const errno = errnoOf(error)
      if (errno === 'EEXIST') throw new Failure('E_OUTPUT_EXISTS')
      if (!NO_HARD_LINKS.includes(errno)) throw systemFailure('E_OUTPUT_PUBLISH', error)
      if (nameExists(output)) throw new Failure('E_OUTPUT_EXISTS')
      this.#rename(final)
      return false
    }
    try {
      unlinkSync(this.#temporary)
    } catch (error) {
      throw systemFailure('E_OUTPUT_PUBLISH', error)
    }
    return true
  }

  #rename(final: string | Buffer): void {
    try {
      renameSync(this.#temporary, final)
    } catch (error) {
      throw systemFailure('E_OUTPUT_PUBLISH', error)
    }
  }

  /** Ends the writing, before `publish`. Throws E_OUTPUT_WRITE or E_VOLUME_FULL. */
  complete(): void {
    if ((this.mode & OWNER_WRITES) === 0) this.#setMode(this.mode)
    try {
      if (this.fsync) fsyncSync(this.fd)
    } catch (error) {
      throw systemFailure('E_OUTPUT_WRITE', error)
    }
    this.close()
  }

  /**
   * Removes the temporary file. It never throws, because it runs while another failure is being
   * handled.
   */
  discard(): void {
    try {
      if (this.fd !== -1) closeSync(this.fd)
    } catch {}
    removeFile(this.#temporary)
  }
}

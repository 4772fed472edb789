/** Reads the entries of a folder. */

import { type Dir, type Dirent, opendir } from 'node:fs'
import { promisify } from 'node:util'
import type { FilePath } from './paths.js'

/** Number of entries that the file system is asked for at once. */
const BUFFERED = 256
/** What Node puts into names in place of bytes that are not UTF-8. */
const REPLACEMENT = '\ufffd'
/**
 * Errors of Node if it looks up what an entry is, because the file system does not say it, and the name or the folder's
 * path is not UTF-8.
 */
const LOOKUP_ERRORS: readonly (string | undefined)[] = ['ENOENT', 'ERR_INVALID_ARG_TYPE']

type Encoding = 'utf8' | 'buffer'

// Node's types do not allow names as bytes here.
const openFolder = promisify(opendir) as unknown as (
  folder: FilePath,
  options: { encoding: Encoding; bufferSize: number },
) => Promise<Dir>

/** An entry of a folder. */
export type Entry = Omit<Dirent, 'name'> & { readonly name: string | Buffer }

/**
 * Gives the entries of a folder one after the other. Names are text, which takes half the time of bytes. From the first
 * name on that may not be UTF-8, they are bytes.
 */
export class FolderReader {
  #dir: Dir
  #encoding: Encoding = 'utf8'
  #count = 0
  #last: string | undefined

  /** Opens a folder. Rejects with the system's error. */
  static async open(folder: FilePath): Promise<FolderReader> {
    return new FolderReader(folder, await openFolder(folder, { encoding: 'utf8', bufferSize: BUFFERED }))
  }

  private constructor(
    readonly folder: FilePath,
    dir: Dir,
  ) {
    this.#dir = dir
  }

  close(): void {
    this.#dir.closeSync()
  }

  /**
   * Returns the next entry, or null at the end: a promise if the file system must be asked for more. Throws, or rejects
   * with, the system's error.
   */
  next(): Entry | null | Promise<Entry | null> {
    const mustWait = this.#count++ % BUFFERED === 0
    if (this.#encoding === 'buffer') return mustWait ? this.#dir.read() : this.#dir.readSync()
    if (mustWait)
      return this.#dir.read().then(
        (entry) => this.#checked(entry),
        (error) => this.#failed(error),
      )
    let entry: Dirent | null
    try {
      entry = this.#dir.readSync()
    } catch (error) {
      return this.#failed(error)
    }
    return this.#checked(entry)
  }

  #checked(entry: Dirent | null): Entry | null | Promise<Entry | null> {
    if (entry?.name.includes(REPLACEMENT)) return this.#asBytes()
    this.#last = entry?.name
    return entry
  }

  #failed(error: unknown): Promise<Entry | null> {
    if (!LOOKUP_ERRORS.includes((error as NodeJS.ErrnoException).code)) throw error
    return this.#asBytes()
  }

  /** Opens the folder again, and returns the entry after the last one that was given. */
  async #asBytes(): Promise<Entry | null> {
    this.close()
    this.#encoding = 'buffer'
    this.#dir = await openFolder(this.folder, { encoding: 'buffer', bufferSize: BUFFERED })
    this.#count = 0
    const last = this.#last === undefined ? undefined : Buffer.from(this.#last)
    for (let isPast = last === undefined; !isPast; ) {
      const entry = await this.next()
      // Another program has removed or renamed it meanwhile, so it is not known where to go on.
      if (entry === null) throw Object.assign(new Error('the folder has changed'), { code: 'ESTALE' })
      isPast = last!.equals(entry.name as Buffer)
    }
    return this.next()
  }
}

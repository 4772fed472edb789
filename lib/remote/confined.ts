/**
 * The paths of a job on the worker's machine. Jobs have relative paths, and whoever can write to the queue may have chosen
 * them: inputs lie below the folder that the worker reads, outputs below the one that it writes to, also after symbolic
 * links.
 */

import { lstatSync, realpathSync } from 'node:fs'
import { fsPath } from '../core/files.js'
import { NoisemillError } from '../errors.js'
import {
  asFolder,
  byteText,
  type FilePath,
  isAudioName,
  isBelow,
  joinPath,
  pathFromBytes,
  showPath,
  splitPath,
} from '../files/paths.js'

const errnoOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? ''

const realPathOf = (file: FilePath): FilePath => pathFromBytes(realpathSync.native(fsPath(file), 'buffer'))

/** Paths below one folder. It remembers folders, so make one for each chunk. */
export class Confined {
  readonly #root: FilePath
  readonly #rootText: string
  /** The real paths of folders, by their relative paths as text of bytes. */
  readonly #folders = new Map<string, FilePath>()

  /** @param root a folder that exists. Throws the system's error. */
  constructor(root: string) {
    this.#root = realPathOf(root)
    this.#rootText = asFolder(byteText(this.#root))
    this.#folders.set('', this.#root)
  }

  /** Returns the real path of an input. Throws E_PATH_OUTSIDE, E_INPUT_MISSING or E_INPUT_UNREADABLE. */
  input(relative: FilePath): FilePath {
    checkRelative(relative)
    try {
      const { folder, name } = splitPath(relative)
      const file = joinPath(this.#folder(folder), name)
      const facts = factsOf(file)
      if (facts === undefined) throw new NoisemillError('E_INPUT_MISSING')
      return facts.isSymbolicLink() ? this.#inside(realPathOf(file), relative) : file
    } catch (error) {
      if (error instanceof NoisemillError) throw error
      const isMissing = ['ENOENT', 'ENOTDIR'].includes(errnoOf(error))
      throw new NoisemillError(isMissing ? 'E_INPUT_MISSING' : 'E_INPUT_UNREADABLE', { errno: errnoOf(error) })
    }
  }

  /**
   * Returns the path of an output, whose folder need not exist. Throws E_PATH_OUTSIDE, also for a name that no output has,
   * or E_OUTPUT_CREATE.
   */
  output(relative: FilePath): FilePath {
    checkRelative(relative)
    const { folder, name } = splitPath(relative)
    if (!isAudioName(byteText(name))) throw outside(relative, 'its name does not end as those of outputs do')
    try {
      const file = joinPath(this.#folder(folder), name)
      // A link is never written to, but a comparison would read what it leads to.
      if (factsOf(file)?.isSymbolicLink()) this.#inside(realPathOf(file), relative)
      return file
    } catch (error) {
      if (error instanceof NoisemillError) throw error
      throw new NoisemillError('E_OUTPUT_CREATE', { errno: errnoOf(error) })
    }
  }

  /** Returns the real path of a folder, which need not exist. Throws E_PATH_OUTSIDE, or the system's error. */
  #folder(relative: FilePath): FilePath {
    const text = byteText(relative)
    const known = this.#folders.get(text)
    if (known !== undefined) return known
    const { folder, name } = splitPath(relative)
    const path = joinPath(this.#folder(folder), name)
    const real = factsOf(path) === undefined ? path : this.#inside(realPathOf(path), relative)
    this.#folders.set(text, real)
    return real
  }

  #inside(real: FilePath, relative: FilePath): FilePath {
    if (!byteText(real).startsWith(this.#rootText)) throw outside(relative, 'a symbolic link leads out of the folder')
    return real
  }
}

const outside = (relative: FilePath, received: string) =>
  new NoisemillError('E_PATH_OUTSIDE', { path: showPath(relative), received })

function checkRelative(relative: FilePath): void {
  if (!isBelow(relative)) throw outside(relative, 'it is not a relative path without ..')
}

/** Returns what a name is, without following a link. Undefined if it does not exist. */
const factsOf = (file: FilePath) => lstatSync(fsPath(file), { throwIfNoEntry: false })

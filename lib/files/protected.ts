/** Files that no output may replace, such as the inputs of a run. */

import { readlinkSync } from 'node:fs'
import path from 'node:path'
import { fsPath } from '../core/files.js'
import { identityOf, isLink, isSameFile, isWithin, originalsOf, type Variants, variantName } from './outputs.js'
import { type FilePath, joinPath, nameOf, pathFromBytes, pathToBytes, splitPath } from './paths.js'

/** Longest chain of symbolic links that Linux follows. */
const MAX_LINKS = 40

interface ProtectedFile {
  readonly file: FilePath
  /** The number of the output that has the file's name. */
  readonly number: number
}

/**
 * A set of files that finds the outputs that would replace one of them. It compares folders by device and inode, because
 * a folder has several paths if a symbolic link or a mount leads to it. It keeps the names by folder and without what
 * tells the outputs of an input apart, so that one look-up suffices for all of them.
 */
export class ProtectedFiles {
  /** The files of each folder, by the name of the input whose outputs would replace them. */
  readonly #folders = new Map<string, Map<string, ProtectedFile[]>>()
  readonly #keys = new Map<string, string>()
  #last: { readonly folder: FilePath; readonly isWithin: boolean } | undefined

  /**
   * @param ignoresCase whether names that differ in case alone are equal even if there is no file yet that shows it
   * @param within a folder that all outputs are in: files elsewhere need no protection
   */
  constructor(
    readonly variants: Variants,
    readonly ignoresCase = false,
    readonly within?: string,
  ) {}

  /** Adds a file and, if it is a symbolic link, all that it leads to. */
  add(file: FilePath): void {
    let at: FilePath | undefined = file
    for (let links = 0; at !== undefined && links <= MAX_LINKS; links++) {
      this.#addPlace(at)
      at = targetOf(at)
    }
  }

  #addPlace(file: FilePath): void {
    const { folder, name } = splitPath(file)
    if (this.within !== undefined && !this.#isWithin(folder, this.within)) return
    const key = this.#keyOf(folder)
    this.#keys.set(bytesOf(folder), key)
    for (const { original, output: number } of originalsOf(name, this.variants)) {
      const files = this.#folders.get(key) ?? new Map<string, ProtectedFile[]>()
      this.#folders.set(key, files)
      const folded = nameOf(original, true)
      const same = files.get(folded)
      if (same === undefined) files.set(folded, [{ file, number }])
      else if (!same.some((other) => other.number === number && nameOf(other.file) === nameOf(file)))
        same.push({ file, number })
    }
  }

  /**
   * Returns the path of the first output that would replace one of the files. Undefined if none would.
   *
   * @param output the path without what tells the outputs of an input apart
   */
  find(output: FilePath): FilePath | undefined {
    if (this.#folders.size === 0) return undefined
    const { folder, name } = splitPath(output)
    const files = this.#folders.get(this.#keyOf(folder))?.get(nameOf(name, true))
    for (const { file, number } of files ?? []) {
      const replacing = variantName(output, number, this.variants)
      if (this.ignoresCase || isSameName(replacing, file)) return replacing
    }
    return undefined
  }

  /**
   * Returns what is equal for all paths of a folder. If it is missing, this is the folder above it and its name. A
   * missing folder keeps its key only if a protected file is in it, because it may be created.
   */
  #keyOf(folder: FilePath): string {
    const text = bytesOf(folder)
    const known = this.#keys.get(text)
    if (known !== undefined) return known
    const identity = identityOf(folder === '' ? '.' : folder)
    if (identity !== undefined) this.#keys.set(text, identity)
    return identity ?? this.#missingKeyOf(folder)
  }

  /** Whether a folder of inputs is in `within`. The answer for the last folder is kept, because files come by folder. */
  #isWithin(folder: FilePath, within: string): boolean {
    if (this.#last?.folder !== folder) this.#last = { folder, isWithin: isWithin(folder === '' ? '.' : folder, within) }
    return this.#last.isWithin
  }

  #missingKeyOf(folder: FilePath): string {
    let at = pathFromBytes(Buffer.from(nameOf(folder, false), 'latin1'))
    for (let below = ''; ; ) {
      const { folder: above, name } = splitPath(at)
      // The drive is missing.
      if (name.length === 0) return nameOf(folder)
      below = `/${bytesOf(name)}${below}`
      const identity = identityOf(above)
      if (identity !== undefined) return `${identity}${this.ignoresCase ? below.toLowerCase() : below}`
      at = above
    }
  }
}

/** Returns a path as text in which each character is one byte. */
const bytesOf = (file: FilePath): string => pathToBytes(file).toString('latin1')

/** Returns the path that a symbolic link leads to. Undefined for other files. */
function targetOf(file: FilePath): FilePath | undefined {
  if (!isLink(file)) return undefined
  try {
    const target = pathFromBytes(readlinkSync(fsPath(file), { encoding: 'buffer' }))
    return path.isAbsolute(bytesOf(target)) ? target : joinPath(splitPath(file).folder, target)
  } catch {
    // The link was removed meanwhile.
    return undefined
  }
}

/** Whether two paths in one folder, with names that are equal apart from case, are one file. */
function isSameName(one: FilePath, other: FilePath): boolean {
  return nameOf(splitPath(one).name) === nameOf(splitPath(other).name) || isSameFile(one, other)
}

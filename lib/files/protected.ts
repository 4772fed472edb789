/** Files that no output may replace, such as the inputs of a run. */

import { readlinkSync } from 'node:fs'
import path from 'node:path'
import { fsPath } from '../core/files.js'
import { copyName, identityOf, isLink, originalsOf } from './outputs.js'
import { type FilePath, joinPath, nameOf, pathFromBytes, pathToBytes, splitPath } from './paths.js'

/** Longest chain of symbolic links that Linux follows. */
const MAX_LINKS = 40

interface ProtectedFile {
  readonly file: FilePath
  /** The number of the copy that has the file's name. */
  readonly copy: number
}

/**
 * A set of files that finds the outputs that would replace one of them. It compares folders by device and inode, because
 * a folder has several paths if a symbolic link or a mount leads to it. It keeps the names by folder and without their
 * copy numbers, so that one look-up suffices for all copies of an output.
 */
export class ProtectedFiles {
  /** The files of each folder, by the name of the output whose copy would replace them. */
  readonly #folders = new Map<string, Map<string, ProtectedFile[]>>()
  readonly #keys = new Map<string, string>()

  constructor(readonly copies: number) {}

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
    const key = this.#keyOf(folder)
    for (const { original, copy } of originalsOf(name, this.copies)) {
      const files = this.#folders.get(key) ?? new Map<string, ProtectedFile[]>()
      this.#folders.set(key, files)
      const folded = nameOf(original, true)
      const same = files.get(folded)
      if (same === undefined) files.set(folded, [{ file, copy }])
      else if (!same.some((other) => other.copy === copy && nameOf(other.file) === nameOf(file)))
        same.push({ file, copy })
    }
  }

  /**
   * Returns the path of the first copy of an output that would replace one of the files. Undefined if none would.
   *
   * @param output the output's path without the number of a copy
   */
  find(output: FilePath): FilePath | undefined {
    if (this.#folders.size === 0) return undefined
    const { folder, name } = splitPath(output)
    const files = this.#folders.get(this.#keyOf(folder))?.get(nameOf(name, true))
    for (const { file, copy } of files ?? []) {
      const replacing = copyName(output, copy, this.copies)
      if (isSameName(replacing, file)) return replacing
    }
    return undefined
  }

  /** Returns what is equal for all paths of a folder. Only a folder that exists keeps its key, as it may be created. */
  #keyOf(folder: FilePath): string {
    const text = pathToBytes(folder).toString('latin1')
    const known = this.#keys.get(text)
    if (known !== undefined) return known
    const identity = identityOf(folder === '' ? '.' : folder)
    if (identity !== undefined) this.#keys.set(text, identity)
    return identity ?? nameOf(folder)
  }
}

/** Returns the path that a symbolic link leads to. Undefined for other files. */
function targetOf(file: FilePath): FilePath | undefined {
  if (!isLink(file)) return undefined
  try {
    const target = pathFromBytes(readlinkSync(fsPath(file), { encoding: 'buffer' }))
    return path.isAbsolute(pathToBytes(target).toString('latin1')) ? target : joinPath(splitPath(file).folder, target)
  } catch {
    // The link was removed meanwhile.
    return undefined
  }
}

/** Whether two paths in one folder, with names that are equal apart from case, are one file. */
function isSameName(one: FilePath, other: FilePath): boolean {
  if (nameOf(splitPath(one).name) === nameOf(splitPath(other).name)) return true
  const identity = identityOf(one)
  return identity !== undefined && identity === identityOf(other)
}

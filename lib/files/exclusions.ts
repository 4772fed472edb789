/** Leaves files and folders out of a run, and counts them. */

import { NoisemillError } from '../errors.js'
import { plural } from '../show.js'
import type { EntryKind, Exclusion } from './globs.js'
import { type FilePath, nameOf, showPath } from './paths.js'

export interface ExcludeOptions {
  /** What is left out, by the path relative to the root, or to the input if there is no root. */
  readonly exclusion?: Exclusion | undefined
  /** Receives each file and folder that is left out. Those in a folder that is left out are not looked at. */
  readonly onExclude?: ((path: string, kind: EntryKind) => void) | undefined
}

/** Applies the exclusion of a walk, and counts what it leaves out. */
export class Exclusions {
  readonly #counts = { file: 0, folder: 0 }
  /** Paths that were reported. A single input contains each of them once. */
  readonly #reported: Set<string> | undefined

  constructor(
    readonly options: ExcludeOptions,
    hasSeveralInputs: boolean,
  ) {
    this.#reported = hasSeveralInputs ? new Set() : undefined
  }

  /** Number of files and folders that were left out. */
  get total(): number {
    return this.#counts.file + this.#counts.folder
  }

  /**
   * Whether a file or folder is left out. If so, it is counted and reported.
   *
   * @param relative its path relative to the root, or to the input
   * @param isBelow whether the folders that contain it are known not to match
   */
  leavesOut(path: FilePath, relative: FilePath, kind: EntryKind, isBelow: boolean): boolean {
    const { exclusion, onExclude } = this.options
    if (exclusion === undefined) return false
    if (!(isBelow ? exclusion.matches(relative, kind) : exclusion.covers(relative, kind))) return false
    const name = nameOf(path)
    if (this.#reported?.has(name)) return true
    this.#reported?.add(name)
    this.#counts[kind]++
    onExclude?.(showPath(path), kind)
    return true
  }

  /** Makes the error of inputs of which nothing is left. */
  noInput(): NoisemillError {
    const { file, folder } = this.#counts
    const counts = [...(file > 0 ? [plural(file, 'file')] : []), ...(folder > 0 ? [plural(folder, 'folder')] : [])]
    return new NoisemillError('E_NO_INPUT', { received: `all that was found is excluded (${counts.join(' and ')})` })
  }
}

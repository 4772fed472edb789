/** Finds the WAV files of an output folder that no input of a run leads to. */

import { existsSync } from 'node:fs'
import { originalsOf, type Variants } from './outputs.js'
import { type FilePath, joinSlashed, pathToBytes, showPath, splitPath } from './paths.js'
import { walk } from './walk.js'

/** Remembers what the outputs of a run are named after. Each name takes about 100 bytes. */
export class KnownOutputs {
  readonly #names = new Set<string>()
  readonly #failed: string[] = []

  constructor(readonly variants: Variants) {}

  /**
   * Adds the outputs of an input.
   *
   * @param relative its path below the output folder, without what tells the outputs of an input apart
   * @param hasFailed whether it may be a folder that could not be read
   */
  add(relative: FilePath, hasFailed: boolean): void {
    const name = nameOf(relative)
    this.#names.add(name)
    if (hasFailed) this.#failed.push(name === '' ? '' : `${name}/`)
  }

  #has(relative: FilePath): boolean {
    const { folder, name } = splitPath(relative)
    const isKnown = ({ original }: { original: FilePath }) => this.#names.has(nameOf(joinSlashed(folder, original)))
    if (originalsOf(name, this.variants).some(isKnown)) return true
    // What would be in a folder of inputs that cannot be read is not known.
    return this.#failed.some((folder) => nameOf(relative).startsWith(folder))
  }

  /** Yields the other WAV files of an output folder, each as text for people. */
  async *foreignIn(out: string): AsyncGenerator<string> {
    if (!existsSync(out)) return
    try {
      for await (const files of walk([out]))
        for (const { input, relative, failure } of files)
          if (failure === undefined && !this.#has(relative)) yield showPath(input)
    } catch (error) {
      // There are no WAV files.
      if ((error as { code?: string }).code !== 'E_NO_INPUT') throw error
    }
  }
}

/** Returns a path as text in which each character is a byte if it is not UTF-8. No two paths have the same. */
const nameOf = (relative: FilePath): string =>
  typeof relative === 'string' ? relative : `\0${pathToBytes(relative).toString('latin1')}`

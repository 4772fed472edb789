/** Removes the temporary files that runs into an output folder have left, if their processes have ended. */

import { byteText, type FilePath, joinPath, pathToBytes, splitPath } from '../files/paths.js'
import { recordedFiles } from '../files/stems.js'
import { removeTemporaries } from '../files/temporaries.js'
import { pathOf, type RunLine, runOf } from './journal-lines.js'
import type { Records } from './records.js'
import { isAlive } from './run-process.js'

export class LeftBehind {
  readonly #prefix: string
  /** The folders in which the files of a run were removed, each with the run. */
  readonly #removed = new Set<string>()

  /** @param prefix the output folder with its separator */
  constructor(prefix: string) {
    this.#prefix = prefix
  }

  /** Removes those of all outputs that were begun. */
  remove({ begun, runs }: Records): void {
    for (const [id, { text }] of begun) {
      const run = runs.get(runOf(id))
      if (run !== undefined) this.removeBeside(pathOf(text), run)
    }
  }

  /** Removes the temporary files of a run in the folder of one of its outputs, if its process has ended. */
  removeBeside(output: FilePath, run: RunLine): void {
    const names = pathToBytes(output).toString('latin1').split(/[\\/]/)
    if (names.includes('..')) return
    for (const file of recordedFiles(output, run.settings.stems)) {
      const { folder } = splitPath(joinPath(this.#prefix, file))
      const place = `${byteText(folder)}\0${run.run}`
      if (this.#removed.has(place) || isAlive(run) !== false) continue
      this.#removed.add(place)
      const { host, pid } = run
      removeTemporaries(folder, (owner) => owner.host === host && owner.pid === pid && runOf(owner.id) === run.run)
    }
  }
}

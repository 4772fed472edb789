/** The --report file: one JSON object a line, one line an output. */

import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  rmdirSync,
  unlinkSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { makeFolders } from '../core/files.js'
import { NoisemillError } from '../errors.js'
import { isAudioName } from '../files/walk.js'
import { Appender } from './appender.js'

/** What every report begins with: nothing else is replaced by one, an input by another name least of all. */
const START = '{"input":'

export class Report {
  readonly #fd: number
  readonly #isNew: boolean
  /** Folders that were made for it, the deepest first. */
  readonly #made: readonly string[]
  readonly #lines: Appender
  #replaces = true
  #isEmpty = true

  /**
   * Creates the file, and its folder, or opens an existing one: with `overwrite`, to replace its content as soon as there is a result; with `resume`, to
   * add to it. Throws NoisemillError E_REPORT.
   */
  constructor(
    readonly path: string,
    { overwrite = false, resume = false }: { overwrite?: boolean; resume?: boolean },
  ) {
    if (isAudioName(path)) throw new NoisemillError('E_REPORT', { path, received: 'it has the name of an audio file' })
    this.#made = this.#guard(() => makeFolderOf(path))
    const opened = this.#guard(() => {
      try {
        return { fd: openSync(path, 'wx'), isNew: true }
      } catch (error) {
        if (!(overwrite || resume) || (error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
        // What can only be added to cannot be cut to nothing on Windows.
        return { fd: openSync(path, constants.O_RDWR | (resume ? constants.O_APPEND : 0)), isNew: false }
      }
    })
    this.#fd = opened.fd
    this.#lines = new Appender(this.#fd)
    this.#isNew = opened.isNew
    if (this.#isNew) return
    const start = Buffer.alloc(START.length)
    const length = this.#guard(() => readSync(this.#fd, start, 0, start.length, 0))
    if (length === 0 || start.toString('latin1') === START) {
      this.#replaces = !resume
      if (resume) this.#endLine()
      return
    }
    closeSync(this.#fd)
    throw new NoisemillError('E_REPORT', { path, received: 'what is there is no report' })
  }

  /**
   * A line that cannot be written is kept, for the next call to try again, and for `close`.
   *
   * @param result what becomes the line: its first key is `input`
   */
  add(result: { readonly input: string }): void {
    this.#guard(() => {
      if (this.#replaces) ftruncateSync(this.#fd)
      this.#replaces = false
      this.#isEmpty = false
      this.#lines.add(`${JSON.stringify(result)}\n`)
    })
  }

  /** A run that was killed may have ended in the middle of a line. */
  #endLine(): void {
    this.#guard(() => {
      const { size } = fstatSync(this.#fd)
      const last = Buffer.alloc(1)
      if (size > 0 && readSync(this.#fd, last, 0, 1, size - 1) === 1 && last.toString() !== '\n') this.#lines.add('\n')
    })
  }

  /** A report without results is taken away again, with the folders that were made for it, if it was not there before. */
  close(): void {
    this.#guard(() => {
      try {
        this.#lines.add('')
      } finally {
        closeSync(this.#fd)
      }
      if (!this.#isEmpty || !this.#isNew) return
      unlinkSync(this.path)
      for (const folder of this.#made) rmdirSync(folder)
    })
  }

  #guard<T>(action: () => T): T {
    try {
      return action()
    } catch (cause) {
      throw new NoisemillError('E_REPORT', { path: this.path, cause })
    }
  }
}

/** Makes the folder of a file; those that it had to make, the deepest first. */
function makeFolderOf(file: string): string[] {
  const missing: string[] = []
  for (let folder = dirname(file); !existsSync(folder) && dirname(folder) !== folder; folder = dirname(folder))
    missing.push(folder)
  if (missing.length > 0) makeFolders(missing[0], false)
  return missing
}

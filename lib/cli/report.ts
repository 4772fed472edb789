/** The --report file: one JSON object a line, one line an output. */

import { closeSync, ftruncateSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs'
import { NoisemillError } from '../errors.js'
import type { FileResult } from '../plan/results.js'
import { isAudioName } from '../plan/walk.js'

/** What every report begins with: nothing else is replaced by one, an input by another name least of all. */
const START = '{"input":'

export class Report {
  readonly #fd: number
  readonly #isNew: boolean
  #lines = 0

  /**
   * Creates the file, or with `overwrite` opens an existing one, which keeps its content until the first result is added.
   * Throws NoisemillError E_REPORT.
   */
  constructor(
    readonly path: string,
    overwrite: boolean,
  ) {
    if (isAudioName(path)) throw new NoisemillError('E_REPORT', { path, received: 'it has the name of an audio file' })
    const opened = this.#guard(() => {
      try {
        return { fd: openSync(path, 'wx'), isNew: true }
      } catch (error) {
        if (!overwrite || (error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
        return { fd: openSync(path, 'r+'), isNew: false }
      }
    })
    this.#fd = opened.fd
    this.#isNew = opened.isNew
    if (this.#isNew) return
    const start = Buffer.alloc(START.length)
    const length = this.#guard(() => readSync(this.#fd, start, 0, start.length, 0))
    if (length === 0 || start.toString('latin1') === START) return
    closeSync(this.#fd)
    throw new NoisemillError('E_REPORT', { path, received: 'what is there is no report' })
  }

  add(result: FileResult): void {
    this.#guard(() => {
      if (this.#lines++ === 0) ftruncateSync(this.#fd)
      writeSync(this.#fd, `${JSON.stringify(result)}\n`)
    })
  }

  /** A report without results is taken away again, if it was not there before. */
  close(): void {
    this.#guard(() => {
      closeSync(this.#fd)
      if (this.#lines === 0 && this.#isNew) unlinkSync(this.path)
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

/** The file that a worker process and its pool share. */

import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Words } from './notes.js'

/** The file's descriptor in the process. */
export const LEDGER_DESCRIPTOR = 3
const WORD_BYTES = 4

/** The words of an open file. A word that was never written is 0. */
export class FileWords implements Words {
  readonly #descriptor: number
  readonly #word = new Int32Array(1)

  constructor(descriptor: number) {
    this.#descriptor = descriptor
  }

  read(at: number): number {
    this.#word[0] = 0
    readSync(this.#descriptor, this.#word, 0, WORD_BYTES, at * WORD_BYTES)
    return this.#word[0]
  }

  write(at: number, value: number): void {
    this.#word[0] = value
    writeSync(this.#descriptor, this.#word, 0, WORD_BYTES, at * WORD_BYTES)
  }

  readAll(at: number, count: number): Int32Array {
    const words = new Int32Array(count)
    readSync(this.#descriptor, words, 0, words.byteLength, at * WORD_BYTES)
    return words
  }

  writeAll(at: number, values: Int32Array): void {
    writeSync(this.#descriptor, values, 0, values.byteLength, at * WORD_BYTES)
  }
}

/** A folder in memory, which Linux has. */
const MEMORY_FOLDER = '/dev/shm'

/** A new file without a name, so that it is gone with its last user. */
export class LedgerFile {
  readonly descriptor: number
  readonly #folder: string

  /** Throws if the system refuses the file. */
  constructor() {
    this.#folder = makeFolder()
    try {
      this.descriptor = openSync(path.join(this.#folder, 'ledger'), 'wx+', 0o600)
    } finally {
      removeFolder(this.#folder)
    }
  }

  /** Closes the file. Call it when its process has ended. */
  close(): void {
    closeSync(this.descriptor)
    removeFolder(this.#folder)
  }
}

function makeFolder(): string {
  try {
    return mkdtempSync(path.join(MEMORY_FOLDER, 'noisemill-'))
  } catch {
    return mkdtempSync(path.join(tmpdir(), 'noisemill-'))
  }
}

function removeFolder(folder: string): void {
  try {
    rmSync(folder, { recursive: true, force: true })
  } catch {
    // Windows keeps files that are open. They are removed when they are closed.
  }
}

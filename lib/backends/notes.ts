/**
 * The outcomes that a worker process has noted at the begin of its ledger and not reported. The next
 * ones overwrite those that were reported.
 */

import type { Noted } from './ledger.js'
import { deserialized, serialized } from './serialization.js'

/** Words that a pool and a worker process share. */
export interface Words {
  read(at: number): number
  write(at: number, value: number): void
  /** Reads or writes words that follow each other. */
  readAll(at: number, count: number): Int32Array
  writeAll(at: number, values: Int32Array): void
}

/** How many words notes may take. */
export const NOTE_WORDS = 16_384

/**
 * Words before each outcome: a number that all notes have that were not reported, and the number of
 * its bytes. A note is written at once, so one that has the number is complete.
 */
const HEAD_WORDS = 2
const WORD_BYTES = 4

export class Notes {
  readonly #words: Words
  readonly #buffer = new Int32Array(NOTE_WORDS)
  /** The number of the notes, which is never 0. */
  #number = 1
  #next = 0

  constructor(words: Words) {
    this.#words = words
  }

  /** Notes an outcome. Returns false if there is no place for it, or if it cannot be cloned. */
  add(noted: Noted): boolean {
    let bytes: Buffer
    try {
      bytes = serialized(noted)
    } catch {
      return false
    }
    const words = HEAD_WORDS + Math.ceil(bytes.length / WORD_BYTES)
    if (this.#next + words > NOTE_WORDS) return false
    this.#buffer[0] = this.#number
    this.#buffer[1] = bytes.length
    new Uint8Array(this.#buffer.buffer).set(bytes, HEAD_WORDS * WORD_BYTES)
    this.#words.writeAll(this.#next, this.#buffer.subarray(0, words))
    this.#next += words
    return true
  }

  forget(): void {
    if (this.#next === 0) return
    this.#next = 0
    this.#number = (this.#number + 1) | 0 || 1
  }
}

/**
 * Reads the notes of a process that has ended. Those that come first may have been reported, if the
 * process has noted nothing since then.
 */
export function readNotes(words: Words): Noted[] {
  const all = words.readAll(0, NOTE_WORDS)
  const noted: Noted[] = []
  const number = all[0]
  for (let at = 0; number !== 0 && at + HEAD_WORDS < NOTE_WORDS && all[at] === number; ) {
    const length = all[at + 1]
    const start = (at + HEAD_WORDS) * WORD_BYTES
    noted.push(deserialized(new Uint8Array(all.buffer, start, length)) as Noted)
    at += HEAD_WORDS + Math.ceil(length / WORD_BYTES)
  }
  return noted
}

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
 * Words before each outcome: a number that all notes have that were not reported, the number of its
 * bytes, and a checksum. Behind the last note is what earlier notes have left there, which may be any
 * words, and so also the number. A process that is killed may have written a part of a note. Only the
 * checksum tells a note from both.
 */
const HEAD_WORDS = 3
const WORD_BYTES = 4

/** Returns the checksum of a note whose bytes are the words from `first` to `end - 1`. */
function checksum(number: number, length: number, words: Int32Array, first: number, end: number): number {
  let sum = mixed(mixed(0, number), length)
  for (let at = first; at < end; at++) sum = mixed(sum, words[at])
  return sum
}

const mixed = (sum: number, word: number) => Math.imul(((sum << 5) | (sum >>> 27)) ^ word, 0x9e3779b1)

const wordsOf = (bytes: number) => HEAD_WORDS + Math.ceil(bytes / WORD_BYTES)

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
    const words = wordsOf(bytes.length)
    if (this.#next + words > NOTE_WORDS) return false
    new Uint8Array(this.#buffer.buffer).set(bytes, HEAD_WORDS * WORD_BYTES)
    this.#buffer[0] = this.#number
    this.#buffer[1] = bytes.length
    this.#buffer[2] = checksum(this.#number, bytes.length, this.#buffer, HEAD_WORDS, words)
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
 * process has noted nothing since then. Whatever the words are, it does not throw.
 */
export function readNotes(words: Words): Noted[] {
  const all = words.readAll(0, NOTE_WORDS)
  const noted: Noted[] = []
  const [number] = all
  for (let at = 0; at + HEAD_WORDS < NOTE_WORDS && all[at] === number; ) {
    const [, length, sum] = all.subarray(at, at + HEAD_WORDS)
    const end = at + wordsOf(length)
    if (length <= 0 || end > NOTE_WORDS) break
    if (sum !== checksum(number, length, all, at + HEAD_WORDS, end)) break
    try {
      const bytes = new Uint8Array(all.buffer, (at + HEAD_WORDS) * WORD_BYTES, length)
      noted.push(deserialized(bytes) as Noted)
    } catch {
      // It is nested too deeply for the stack of this thread. Its item counts as lost.
    }
    at = end
  }
  return noted
}

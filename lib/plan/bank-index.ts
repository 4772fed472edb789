/** Writes the index of a bank, which lib/core/noise/bank.ts reads and describes. */

import { createHash } from 'node:crypto'
import { toNamespacedPath } from 'node:path'
import { BANK_FILE_BYTES, BANK_HASH_AT, BANK_HEADER_BYTES, BANK_MAGIC, MAX_BANK_BYTES } from '../core/noise/bank.js'
import { NoisemillError } from '../errors.js'
import { byteText, type FilePath } from '../files/paths.js'

/** A noise file, and what its header says. */
export interface NoiseFile {
  /** Absolute path. */
  readonly path: FilePath
  /** Path below its source, with '/' between names, as text in which each character is one byte. */
  readonly name: string
  readonly size: number
  readonly modified: number
  readonly frames: number
  readonly sampleRate: number
  readonly channels: number
}

/** A file that is not in a bank, and why. */
export interface LeftOut {
  readonly path: string
  readonly error: NoisemillError
}

/** A bank that was indexed. */
export interface IndexedBank {
  /** Path of its index, as core opens it. */
  readonly index: string
  /** See bankHash; in hex. */
  readonly hash: string
  /** Number of its files. */
  readonly count: number
  readonly leftOut: readonly LeftOut[]
}

/** Texts that are joined at once: for many, this takes less time than to use each of them. */
const JOINED = 1000

function* joined(texts: readonly string[]): Generator<string> {
  for (let at = 0; at < texts.length; at += JOINED) yield texts.slice(at, at + JOINED).join('')
}

/**
 * Returns the hash of a bank: SHA-256 of the names of its files and of what they are. It is the same
 * on any machine that has the same files, wherever they lie.
 *
 * @param files sorted by name
 */
export function bankHash(files: readonly NoiseFile[]): Buffer {
  const hash = createHash('sha256').update('noisemill bank 1\n')
  const lines = files.map(
    ({ name, size, frames, channels, sampleRate }) => `${name}\0${size} ${frames} ${channels} ${sampleRate}\n`,
  )
  for (const text of joined(lines)) hash.update(text, 'latin1')
  return hash.digest()
}

/**
 * Returns a path as core opens it. On Windows this form may be longer than 260 characters.
 */
export const systemPath = (file: FilePath): FilePath => (typeof file === 'string' ? toNamespacedPath(file) : file)

/** Returns the index of files that are sorted by name. Throws E_NOISE_BANK if it would be too long. */
export function encodeIndex(files: readonly NoiseFile[], hash: Uint8Array): Buffer {
  const count = files.length
  const texts = [files.map(({ path }) => byteText(systemPath(path))), files.map(({ name }) => name)]
  const lengths = texts.map((all) => all.reduce((sum, { length }) => sum + length, 0))
  const size = BANK_HEADER_BYTES + BANK_FILE_BYTES * count + lengths[0] + lengths[1]
  if (size > MAX_BANK_BYTES)
    throw new NoisemillError('E_NOISE_BANK', { received: `the index of ${count} files would be longer than 2 GiB` })
  const index = Buffer.from(new ArrayBuffer(size))
  index.set(BANK_MAGIC)
  index.set(hash, BANK_HASH_AT)
  new Uint32Array(index.buffer, BANK_MAGIC.length, 3).set([count, ...lengths])
  let at = BANK_HEADER_BYTES
  const column = (Type: Float64ArrayConstructor | Uint32ArrayConstructor, numberOf: (file: NoiseFile) => number) => {
    const numbers = new Type(index.buffer, at, count)
    for (let i = 0; i < count; i++) numbers[i] = numberOf(files[i])
    at += numbers.byteLength
  }
  column(Float64Array, ({ size }) => size)
  column(Float64Array, ({ modified }) => modified)
  column(Float64Array, ({ frames }) => frames)
  column(Uint32Array, ({ sampleRate }) => sampleRate)
  column(Uint32Array, ({ channels }) => channels)
  column(Uint32Array, folderNumbers())
  for (const all of texts) {
    const ends = new Uint32Array(index.buffer, at, count)
    for (let i = 0, end = 0; i < count; i++) ends[i] = end += all[i].length
    at += ends.byteLength
  }
  for (const text of [...joined(texts[0]), ...joined(texts[1])]) at += index.write(text, at, 'latin1')
  return index
}

/** Returns what numbers the folders of files, in the order in which it first sees them. */
function folderNumbers(): (file: NoiseFile) => number {
  const numbers = new Map<string, number>()
  return ({ name }) => {
    const folder = name.slice(0, name.lastIndexOf('/') + 1)
    const number = numbers.get(folder) ?? numbers.size
    numbers.set(folder, number)
    return number
  }
}

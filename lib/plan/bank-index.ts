/** Writes the index of a bank, which lib/core/noise/bank.ts reads and describes. */

import { createHash } from 'node:crypto'
import { toNamespacedPath } from 'node:path'
import { BANK_FILE_BYTES, BANK_HASH_AT, BANK_HEADER_BYTES, BANK_MAGIC, MAX_BANK_BYTES } from '../core/noise/bank.js'
import { NoisemillError } from '../errors.js'
import { type FilePath, pathToBytes } from '../files/paths.js'

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

/**
 * Returns the hash of a bank: SHA-256 of the names of its files and of what they are. It is the same
 * on any machine that has the same files, wherever they lie.
 *
 * @param files sorted by name
 */
export function bankHash(files: readonly NoiseFile[]): Buffer {
  const hash = createHash('sha256').update('noisemill bank 1\n')
  for (const { name, size, frames, channels, sampleRate } of files)
    hash.update(`${name}\0${size} ${frames} ${channels} ${sampleRate}\n`, 'latin1')
  return hash.digest()
}

/**
 * Returns a path as core opens it. On Windows this form may be longer than 260 characters.
 */
export const systemPath = (file: FilePath): FilePath => (typeof file === 'string' ? toNamespacedPath(file) : file)

/** Returns the index of files that are sorted by name. Throws E_NOISE_BANK if it would be too long. */
export function encodeIndex(files: readonly NoiseFile[], hash: Uint8Array): Buffer {
  const count = files.length
  const paths = files.map((file) => pathToBytes(systemPath(file.path)))
  const sum = (lengths: readonly { readonly length: number }[]) => lengths.reduce((all, { length }) => all + length, 0)
  const pathBytes = sum(paths)
  const nameBytes = sum(files.map(({ name }) => name))
  const columnBytes = BANK_FILE_BYTES * count
  const size = BANK_HEADER_BYTES + columnBytes + pathBytes + nameBytes
  if (size > MAX_BANK_BYTES)
    throw new NoisemillError('E_NOISE_BANK', { received: `the index of ${count} files would be longer than 2 GiB` })
  const index = Buffer.alloc(size)
  index.set(BANK_MAGIC)
  index.set(hash, BANK_HASH_AT)
  for (const [i, value] of [count, pathBytes, nameBytes].entries()) index.writeUInt32LE(value, 8 + 4 * i)
  let at = BANK_HEADER_BYTES
  const wide = (field: 'size' | 'modified' | 'frames') => {
    for (const file of files) at = index.writeDoubleLE(file[field], at)
  }
  const narrow = (numberOf: (file: NoiseFile, i: number) => number) => {
    for (let i = 0; i < count; i++) at = index.writeUInt32LE(numberOf(files[i], i), at)
  }
  wide('size')
  wide('modified')
  wide('frames')
  narrow(({ sampleRate }) => sampleRate)
  narrow(({ channels }) => channels)
  narrow(folderNumbers())
  let end = 0
  narrow((_, i) => {
    end += paths[i].length
    return end
  })
  end = 0
  narrow(({ name }) => {
    end += name.length
    return end
  })
  for (const path of paths) at += path.copy(index, at)
  for (const { name } of files) at += index.write(name, at, 'latin1')
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

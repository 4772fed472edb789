/**
 * A bank: the noise files of a run, as an index that was made once. Core opens the index by its
 * path, so a job carries nothing else. The twin is native/core/noise/bank.cc.
 *
 * All numbers of an index are little-endian. After the header come the columns, each with one
 * number for each file, in this order: size, modified, frames (float64), sampleRate, channels,
 * folder, end of the path, end of the name (uint32). Then come the paths of all files, then their
 * names. lib/plan/bank-index.ts writes indexes.
 */

import { isUtf8 } from 'node:buffer'
import { Failure } from '../failure.js'
import { type FilePath, InputFile } from '../files.js'
import { MAX_CHANNELS } from '../wav/format.js'
import { draw, type NoiseKey, Purpose } from './keys.js'

/** First bytes of an index. The last one is the version of its form. */
export const BANK_MAGIC = Buffer.from('nm-bank\x01', 'latin1')
/**
 * Bytes of the header: the magic, the number of files, the bytes of all paths, the bytes of all
 * names (uint32 each), zeros, and from `BANK_HASH_AT` on the hash.
 */
export const BANK_HEADER_BYTES = 64
export const BANK_HASH_AT = 32
/** Numbers of a file in the columns of float64, and in those of uint32. */
const WIDE_COLUMNS = 3
const NARROW_COLUMNS = 5
/** Bytes of a file in all columns. */
export const BANK_FILE_BYTES = 8 * WIDE_COLUMNS + 4 * NARROW_COLUMNS
/** Most bytes of an index, which each thread keeps in memory. Enough for ten million files. */
export const MAX_BANK_BYTES = 2 ** 31 - 1
/** Most banks that a thread keeps open. */
const MOST_BANKS = 32

/** What is drawn evenly: the files of a bank, or its folders and then the files of a folder. */
export type Balance = 'file' | 'folder'

/** The files of a bank that can be drawn for a signal, in the order of the bank. */
export class Selection {
  /** Numbers of the files in the bank, in its order. */
  readonly #files: Uint32Array
  /** The same numbers, folder by folder. */
  readonly #byFolder: Uint32Array
  /** Where each folder ends in `#byFolder`. Only folders with files are counted. */
  readonly #folderEnds: Uint32Array

  /**
   * @param folders number of each file's folder, for all files of the bank
   * @param isPartial whether the bank has files of other sample rates
   */
  constructor(
    files: Uint32Array,
    folders: Uint32Array,
    readonly isPartial: boolean,
  ) {
    this.#files = files
    const ends = new Uint32Array(folders.length)
    for (const file of files) ends[folders[file]]++
    let end = 0
    for (let folder = 0; folder < ends.length; folder++) {
      end += ends[folder]
      ends[folder] = end
    }
    this.#byFolder = new Uint32Array(files.length)
    const starts = ends.slice()
    for (let i = files.length - 1; i >= 0; i--) this.#byFolder[--starts[folders[files[i]]]] = files[i]
    this.#folderEnds = ends.filter((end, folder) => end > (folder === 0 ? 0 : ends[folder - 1]))
  }

  get count(): number {
    return this.#files.length
  }

  /** Returns the number in the bank of the file of draw `n`. */
  draw(key: NoiseKey, n: number, balance: Balance): number {
    const first = draw(key, Purpose.noiseFile, n)
    if (balance === 'file') return this.#files[Math.floor(first * this.#files.length)]
    const ends = this.#folderEnds
    const folder = Math.floor(first * ends.length)
    const start = folder === 0 ? 0 : ends[folder - 1]
    const second = draw(key, Purpose.noiseFileInFolder, n)
    return this.#byFolder[start + Math.floor(second * (ends[folder] - start))]
  }
}

/** An open index. Files are numbered from 0, in the order of the bytes of their names. */
export class Bank {
  readonly count: number
  /** SHA-256 of what the files are, on any machine: 32 bytes. */
  readonly hash: Uint8Array
  readonly #sizes: Float64Array
  readonly #modified: Float64Array
  readonly #frames: Float64Array
  readonly #sampleRates: Uint32Array
  readonly #channels: Uint32Array
  readonly #folders: Uint32Array
  readonly #pathEnds: Uint32Array
  readonly #nameEnds: Uint32Array
  readonly #paths: Buffer
  readonly #names: Buffer
  readonly #selections = new Map<string, Selection>()

  /** @param bytes a whole index, at the start of its own memory. Throws Failure E_NOISE_BANK. */
  constructor(bytes: Buffer) {
    const { buffer } = bytes
    const { count, paths, names } = readHeader(bytes, bytes.length)
    let at = BANK_HEADER_BYTES
    const column = <Numbers>(
      Type: new (buffer: ArrayBufferLike, at: number, count: number) => Numbers,
      size: number,
    ) => {
      const numbers = new Type(buffer, at, count)
      at += size * count
      return numbers
    }
    this.count = count
    this.hash = bytes.subarray(BANK_HASH_AT, BANK_HEADER_BYTES)
    this.#sizes = column(Float64Array, 8)
    this.#modified = column(Float64Array, 8)
    this.#frames = column(Float64Array, 8)
    this.#sampleRates = column(Uint32Array, 4)
    this.#channels = column(Uint32Array, 4)
    this.#folders = column(Uint32Array, 4)
    this.#pathEnds = column(Uint32Array, 4)
    this.#nameEnds = column(Uint32Array, 4)
    this.#paths = bytes.subarray(at, at + paths)
    this.#names = bytes.subarray(at + paths, at + paths + names)
    this.#check()
  }

  #check(): void {
    const { count } = this
    let isValid = !this.#paths.includes(0)
    let path = 0
    let name = 0
    for (let i = 0; i < count && isValid; i++) {
      isValid =
        Number.isSafeInteger(this.#sizes[i]) &&
        this.#sizes[i] >= 0 &&
        Number.isSafeInteger(this.#frames[i]) &&
        this.#frames[i] >= 1 &&
        this.#sampleRates[i] >= 1 &&
        this.#channels[i] >= 1 &&
        this.#channels[i] <= MAX_CHANNELS &&
        this.#folders[i] < count &&
        this.#pathEnds[i] > path &&
        this.#nameEnds[i] > name
      path = this.#pathEnds[i]
      name = this.#nameEnds[i]
    }
    if (!isValid || path !== this.#paths.length || name !== this.#names.length) throw damaged()
  }

  /** Absolute path of a file, as the system takes it. */
  path(file: number): FilePath {
    return textOf(this.#paths, this.#pathEnds, file)
  }

  /** Path of a file below its source, with '/' between names. No two files have the same name. */
  name(file: number): FilePath {
    return textOf(this.#names, this.#nameEnds, file)
  }

  size(file: number): number {
    return this.#sizes[file]
  }

  /** Time of the last modification, in microseconds since 1970. */
  modified(file: number): number {
    return this.#modified[file]
  }

  /** At least 1. */
  frames(file: number): number {
    return this.#frames[file]
  }

  sampleRate(file: number): number {
    return this.#sampleRates[file]
  }

  channels(file: number): number {
    return this.#channels[file]
  }

  /**
   * Returns the files that can be drawn for a signal: those of its sample rate, with one channel, as
   * many as the signal, or more. Throws Failure E_NOISE_RATE or E_NOISE_CHANNELS if there are none.
   */
  select(sampleRate: number, channels: number): Selection {
    const name = `${sampleRate} ${channels}`
    let selection = this.#selections.get(name)
    if (selection === undefined) {
      selection = this.#selectionFor(sampleRate, channels)
      this.#selections.set(name, selection)
    }
    return selection
  }

  #selectionFor(sampleRate: number, channels: number): Selection {
    const files = new Uint32Array(this.count)
    let count = 0
    let most = 0
    let ofRate = 0
    for (let i = 0; i < this.count; i++) {
      if (this.#sampleRates[i] !== sampleRate) continue
      ofRate++
      most = Math.max(most, this.#channels[i])
      if (this.#channels[i] === 1 || this.#channels[i] >= channels) files[count++] = i
    }
    if (ofRate === 0)
      throw new Failure('E_NOISE_RATE', `${sampleRate} Hz, but most noise files have ${this.#commonestRate()} Hz`)
    if (count === 0)
      throw new Failure(
        'E_NOISE_CHANNELS',
        `${channels} channels, but noise files of ${sampleRate} Hz have at most ${most}`,
      )
    return new Selection(files.slice(0, count), this.#folders, ofRate < this.count)
  }

  /** Returns the sample rate that most files have; of several, the lowest. */
  #commonestRate(): number {
    const rates = this.#sampleRates.slice().sort()
    let commonest = 0
    let most = 0
    for (let start = 0, i = 0; i < rates.length; i++) {
      if (rates[i] !== rates[start]) start = i
      if (i - start < most) continue
      most = i - start + 1
      commonest = rates[i]
    }
    return commonest
  }
}

function textOf(texts: Buffer, ends: Uint32Array, file: number): FilePath {
  const bytes = texts.subarray(file === 0 ? 0 : ends[file - 1], ends[file])
  return isUtf8(bytes) ? bytes.toString() : bytes
}

const damaged = () => new Failure('E_NOISE_BANK', 'the index is damaged')

/**
 * Reads the counts of a header. Throws Failure E_NOISE_BANK if they do not agree with the size of
 * the index.
 */
function readHeader(header: Buffer, size: number): { count: number; paths: number; names: number } {
  const version = BANK_MAGIC.length - 1
  if (!header.subarray(0, version).equals(BANK_MAGIC.subarray(0, version)))
    throw new Failure('E_NOISE_BANK', 'not an index of noise files')
  if (header[version] !== BANK_MAGIC[version]) throw new Failure('E_NOISE_BANK', 'the index has another version')
  const count = header.readUInt32LE(8)
  const paths = header.readUInt32LE(12)
  const names = header.readUInt32LE(16)
  const expected = BANK_HEADER_BYTES + count * BANK_FILE_BYTES + paths + names
  if (count === 0 || size !== expected || size > MAX_BANK_BYTES) throw damaged()
  return { count, paths, names }
}

function readIndex(path: string): Buffer {
  const file = new InputFile(path)
  try {
    if (file.size < BANK_HEADER_BYTES) throw new Failure('E_NOISE_BANK', 'not an index of noise files')
    const header = Buffer.alloc(BANK_HEADER_BYTES)
    file.read(0, header)
    // The size is compared before memory is taken for it.
    readHeader(header, file.size)
    const bytes = Buffer.allocUnsafeSlow(file.size)
    file.read(0, bytes)
    return bytes
  } finally {
    file.close()
  }
}

/** The open banks of this thread, by the path of their index. The one used last is the last. */
const banks = new Map<string, Bank>()

/**
 * Opens an index, or returns it if this thread has it open. An index never changes, because its
 * name is the hash of its content. Throws Failure E_NOISE_BANK.
 */
export function openBank(path: string): Bank {
  const bank = banks.get(path) ?? readBank(path)
  banks.delete(path)
  banks.set(path, bank)
  const [oldest] = banks.keys()
  if (banks.size > MOST_BANKS) banks.delete(oldest)
  return bank
}

function readBank(path: string): Bank {
  try {
    return new Bank(readIndex(path))
  } catch (error) {
    if (error instanceof Failure) throw new Failure('E_NOISE_BANK', error.detail, error.errno)
    throw error
  }
}

/** Writes indexes of noise files without the code under test. */

import { statSync, utimesSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { Random } from './random.js'
import { formats, wav } from './wav.js'

/** Sample rate of noise files that have no other. */
export const NOISE_RATE = 8000

export interface IndexedFile {
  readonly path: string | Buffer
  readonly name: string | Buffer
  readonly folder: number
  readonly size: number
  readonly modified: number
  readonly frames: number
  readonly sampleRate: number
  readonly channels: number
}

/** Makes a file of a bank. Its name and path follow from its number, unless they are given. */
export const indexedFile = (number: number, parts: Partial<IndexedFile> = {}): IndexedFile => ({
  path: `/noise/${number}.wav`,
  name: `${number}.wav`,
  folder: 0,
  size: 1044,
  modified: 1_700_000_000_123_456,
  frames: 500,
  sampleRate: 16_000,
  channels: 1,
  ...parts,
})

/** Returns an index of files, which must be sorted by name. */
export function indexBytes(files: readonly IndexedFile[], hash = Buffer.alloc(32, 7)): Buffer {
  const paths = files.map(({ path }) => Buffer.from(path))
  const names = files.map(({ name }) => Buffer.from(name))
  const head = Buffer.alloc(64)
  head.write('nm-bank\x01', 'latin1')
  head.writeUInt32LE(files.length, 8)
  head.writeUInt32LE(Buffer.concat(paths).length, 12)
  head.writeUInt32LE(Buffer.concat(names).length, 16)
  hash.copy(head, 32)
  const wide = (numberOf: (file: IndexedFile) => number) => {
    const column = Buffer.alloc(8 * files.length)
    for (const [i, file] of files.entries()) column.writeDoubleLE(numberOf(file), 8 * i)
    return column
  }
  const narrow = (values: readonly number[]) => {
    const column = Buffer.alloc(4 * files.length)
    for (const [i, value] of values.entries()) column.writeUInt32LE(value, 4 * i)
    return column
  }
  const ends = (texts: readonly Buffer[]) => narrow(texts.map((_, i) => Buffer.concat(texts.slice(0, i + 1)).length))
  return Buffer.concat([
    head,
    wide(({ size }) => size),
    wide(({ modified }) => modified),
    wide(({ frames }) => frames),
    narrow(files.map(({ sampleRate }) => sampleRate)),
    narrow(files.map(({ channels }) => channels)),
    narrow(files.map(({ folder }) => folder)),
    ends(paths),
    ends(names),
    ...paths,
    ...names,
  ])
}

export function writeIndex(file: string, files: readonly IndexedFile[]): void {
  writeFileSync(file, indexBytes(files))
}

/** A noise file of a bank. */
export interface NoiseFile {
  readonly name: string
  readonly frames: number
  readonly channels?: number
  readonly rate?: number
  readonly format?: (typeof formats)[number]['name']
  readonly bigEndian?: boolean
  /** The samples of all channels; without them, noise. */
  readonly samples?: Float32Array
}

export const floats = (values: ArrayLike<number>) => Buffer.from(Float32Array.from(values).buffer)

/** Samples without a pattern, uniform from -0.5 to 0.5. */
export function noise(seed: number, count: number): Float32Array {
  const random = new Random(seed)
  return Float32Array.from({ length: count }, () => random.below(2 ** 24) / 2 ** 24 - 0.5)
}

/** Writes noise files and their index. Returns the path of the index, and the samples of the files. */
export function writeBank(folder: string, files: readonly NoiseFile[]) {
  const samples = new Map<string, Float32Array>()
  const indexed = files.map((file, number): IndexedFile => {
    const { name, frames, channels = 1, rate = NOISE_RATE, format = 'float32', bigEndian = false } = file
    const values = file.samples ?? noise(number + 1, frames * channels)
    const { tag, bits } = formats.find((known) => known.name === format)!
    const data = format === 'float32' ? floats(values) : Buffer.from(Float64Array.from(values).buffer)
    const bytes =
      format === 'pcm16' ? Buffer.from(Int16Array.from(values, (value) => Math.round(value * 30_000)).buffer) : data
    const full = path.join(folder, name)
    const container = bigEndian ? { container: 'RIFX' as const } : {}
    writeFileSync(full, wav({ tag, bits, channels, sampleRate: rate, data: bytes, ...container }))
    utimesSync(full, 1_700_000_000, 1_700_000_000 + number)
    const { size } = statSync(full)
    samples.set(name, values)
    const modified = (1_700_000_000 + number) * 1e6
    return { path: full, name, folder: 0, size, modified, frames, sampleRate: rate, channels }
  })
  const index = path.join(folder, 'index.bank')
  writeIndex(index, indexed)
  return { index, samples }
}

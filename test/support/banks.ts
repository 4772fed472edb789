/** Writes indexes of noise files without the code under test. */

import { writeFileSync } from 'node:fs'

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

/** Files to work on: folders of them, long ones that take little room, and the outputs of one. */

import { closeSync, linkSync, mkdirSync, openSync, symlinkSync, truncateSync, writeFileSync, writeSync } from 'node:fs'
import path from 'node:path'
import { temporaryFolder } from './folders.js'
import { numbers } from './sources.js'
import { formats, pcm16, sine, wav } from './wav.js'

/** Writes files by their relative paths, and the folders that they need. */
export function writeFiles(folder: string, files: Readonly<Record<string, Uint8Array>>): void {
  for (const [name, bytes] of Object.entries(files)) {
    const file = path.join(folder, name)
    mkdirSync(path.dirname(file), { recursive: true })
    writeFileSync(file, bytes)
  }
}

/** A fresh folder with a short WAV file of each name; 'a -> b' is a symbolic link, a name that ends with a slash a folder. */
export function tree(...names: string[]): string {
  const folder = temporaryFolder()
  for (const name of names) {
    const [file, target] = name.split(' -> ')
    const at = path.join(folder, file)
    mkdirSync(file.endsWith('/') ? at : path.dirname(at), { recursive: true })
    if (target) symlinkSync(target, at)
    else if (!file.endsWith('/')) writeFileSync(at, pcm16(500))
  }
  return folder
}

export const under = (folder: string, ...names: string[]) => names.map((name) => path.join(folder, name))

/** A WAV file of so many frames for each name. */
export const filesOf = (names: readonly string[], frames: number): Record<string, Uint8Array> =>
  Object.fromEntries(names.map((name) => [name, pcm16(frames)]))

/** As many outputs of one file, as items of the noise task. */
export const copiesOf = (input: string, out: string, count: number) =>
  numbers(count).map((number) => ({ input, output: path.join(out, `${number}.wav`) }))

/** A folder of many names for one large file: a long run that costs little room. */
export function writeLongInputs(folder: string, count: number): void {
  // 4 MB: a hundred reads or so in each, so that a signal comes in the middle of one.
  const place = path.dirname(folder)
  writeFiles(place, { 'long.bin': wav({ tag: 3, bits: 32, data: sine(formats[4], 1_000_000) }) })
  mkdirSync(folder)
  for (let i = 0; i < count; i++) linkSync(path.join(place, 'long.bin'), path.join(folder, `${i}.wav`))
}

/** Writes WAV files of different lengths, so that a result tells which file it is of. Returns their paths. */
export function writeWavs(folder: string, count: number, frames = 100): string[] {
  return numbers(count).map((number) => {
    const file = path.join(folder, `clean${number}.wav`)
    writeFileSync(file, pcm16(frames + number))
    return file
  })
}

/** A WAV file of a gigabyte of silence that takes next to no room on the disk, but its time to work on. */
export function writeLongWav(folder: string, name = 'long.wav'): string {
  const file = path.join(folder, name)
  const dataSize = 2 ** 30
  const header = wav({ dataSize, riffSize: dataSize + 36 })
  const fd = openSync(file, 'wx')
  writeSync(fd, header)
  closeSync(fd)
  truncateSync(file, header.length + dataSize)
  return file
}

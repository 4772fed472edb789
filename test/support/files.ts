/** Creates input files for tests: folders of files, and long files that take little room. */

import { closeSync, linkSync, mkdirSync, openSync, symlinkSync, truncateSync, writeFileSync, writeSync } from 'node:fs'
import path from 'node:path'
import { temporaryFolder } from './folders.js'
import { numbers } from './sources.js'
import { formats, pcm16, sine, wav } from './wav.js'

/** Writes files, given by relative path, and creates their folders. */
export function writeFiles(folder: string, files: Readonly<Record<string, Uint8Array>>): void {
  for (const [name, bytes] of Object.entries(files)) {
    const file = path.join(folder, name)
    mkdirSync(path.dirname(file), { recursive: true })
    writeFileSync(file, bytes)
  }
}

/**
 * Makes a new folder with a short WAV file for each name. 'a -> b' makes a symbolic link, and a name with a final slash
 * a folder.
 */
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

/** Makes a WAV file with a number of frames for each name. */
export const filesOf = (names: readonly string[], frames: number): Record<string, Uint8Array> =>
  Object.fromEntries(names.map((name) => [name, pcm16(frames)]))

/** Makes items of the noise task: `count` outputs of one input. */
export const copiesOf = (input: string, out: string, count: number) =>
  numbers(count).map((number) => ({ input, output: path.join(out, `${number}.wav`) }))

/** Makes a folder with many hard links to one large file, for a long run that takes little room. */
export function writeLongInputs(folder: string, count: number): void {
  // 4 MB take several reads, so a signal usually comes in the middle of a file.
  const place = path.dirname(folder)
  writeFiles(place, { 'long.bin': wav({ tag: 3, bits: 32, data: sine(formats[4], 1_000_000) }) })
  mkdirSync(folder)
  for (let i = 0; i < count; i++) linkSync(path.join(place, 'long.bin'), path.join(folder, `${i}.wav`))
}

/** Writes WAV files of different lengths, which identify the file of a result. Returns their paths. */
export function writeWavs(folder: string, count: number, frames = 100): string[] {
  return numbers(count).map((number) => {
    const file = path.join(folder, `clean${number}.wav`)
    writeFileSync(file, pcm16(frames + number))
    return file
  })
}

/** Writes a sparse WAV file with a gigabyte of silence, which takes little disk but a long time to process. */
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

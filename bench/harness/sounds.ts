/** Folders of equal WAV files, which are the inputs of workloads. */

import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { type ToneFormat, tone } from './tones.js'

/** Files in a folder, so that no folder is too large to be walked quickly. */
const FILES_IN_FOLDER = 200

/** 16-bit PCM, 16 kHz, mono: what speech is mostly kept as. */
export const speech = (seconds: number): ToneFormat => ({
  format: 'pcm16',
  sampleRate: 16_000,
  frames: Math.round(16_000 * seconds),
})

/** float32, 44.1 kHz, mono, as in the talk. */
export const music = (seconds: number): ToneFormat => ({
  format: 'float32',
  sampleRate: 44_100,
  frames: Math.round(44_100 * seconds),
})

/** Size of a file in bytes. */
export const bytesOf = ({ format, frames, channels = 1 }: ToneFormat): number =>
  44 + frames * channels * (format === 'pcm16' ? 2 : 4)

/**
 * Room on the disk for files and their copies, in bytes. A file takes whole pages, and as much again
 * for its name and its figures.
 */
export const roomFor = (files: number, sound: ToneFormat): number =>
  2 * files * (4096 * Math.ceil(bytesOf(sound) / 4096) + 1024)

/** Writes equal files into a new folder, in folders of 200 if they are more. */
export function writeSounds(folder: string, files: number, sound: ToneFormat): void {
  const bytes = tone(sound)
  mkdirSync(folder, { recursive: true })
  for (let i = 0; i < files; i++) {
    const below = files > FILES_IN_FOLDER ? path.join(folder, number(Math.floor(i / FILES_IN_FOLDER))) : folder
    if (i % FILES_IN_FOLDER === 0) mkdirSync(below, { recursive: true })
    writeFileSync(path.join(below, `${number(i % FILES_IN_FOLDER)}.wav`), bytes)
  }
}

const number = (value: number) => String(value).padStart(3, '0')

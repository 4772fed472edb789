/**
 * Benchmark of many small files: 20,000 files of one second (16-bit PCM, 16 kHz, mono) in 100
 * folders, compared with `cp -r`. It measures the cost per file, not per sample.
 */

import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { compare, report } from './harness.js'
import { JOBS, Scratch } from './programs.js'

const FOLDERS = 100
const FILES_EACH = 200
const SAMPLE_RATE = 16000

export default async function many(rounds = 7): Promise<void> {
  using scratch = new Scratch()
  writeMany(scratch.clean)
  const contenders = [
    scratch.commands('cp -r', [['cp', '-r', `${scratch.clean}/.`, scratch.out]]),
    scratch.noisemill('--backend', 'native'),
    scratch.noisemill('--backend', 'workers', '--kernel', 'wasm'),
  ]
  const rows = await compare(contenders, rounds)
  report('Many', 'seconds', rows, 'cp -r', { files: FOLDERS * FILES_EACH, jobs: JOBS, outputs: scratch.outputs() })
}

/** Writes the folders and their files into an existing folder. */
export function writeMany(folder: string): void {
  const content = shortFile()
  for (let i = 0; i < FOLDERS; i++) {
    const below = path.join(folder, String(i).padStart(2, '0'))
    mkdirSync(below)
    for (let j = 0; j < FILES_EACH; j++) writeFileSync(path.join(below, `${String(j).padStart(3, '0')}.wav`), content)
  }
}

/** Returns a WAV file with one second of a sine. */
export function shortFile(): Buffer {
  const head = Buffer.alloc(44)
  const bytes = 2 * SAMPLE_RATE
  head.write('RIFF', 0)
  head.writeUInt32LE(head.length - 8 + bytes, 4)
  head.write('WAVEfmt ', 8)
  head.writeUInt32LE(16, 16)
  head.writeUInt16LE(1, 20)
  head.writeUInt16LE(1, 22)
  head.writeUInt32LE(SAMPLE_RATE, 24)
  head.writeUInt32LE(bytes, 28)
  head.writeUInt16LE(2, 32)
  head.writeUInt16LE(16, 34)
  head.write('data', 36)
  head.writeUInt32LE(bytes, 40)
  const samples = Int16Array.from(
    { length: SAMPLE_RATE },
    (_, i) => 2 ** 14 * Math.sin((2 * Math.PI * 440 * i) / SAMPLE_RATE),
  )
  return Buffer.concat([head, Buffer.from(samples.buffer)])
}

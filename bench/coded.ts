/**
 * Benchmark of coded files: 8 files of 4,000,000 frames (16 kHz, mono) in each codec, and the same
 * sound as 16-bit PCM. The package `wavefile`, in a program with one thread, decodes IMA ADPCM for
 * comparison. SoX makes the files.
 */

import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Contender, compare, report, time } from './harness.js'
import { JOBS, Scratch } from './programs.js'

const FILES = 8
const FRAMES = 4_000_000
const PLAIN = 'PCM, 16 bits'
const encodings = { 'A-law': 'a-law', 'mu-law': 'u-law', 'IMA ADPCM': 'ima-adpcm', 'MS ADPCM': 'ms-adpcm' }

const wavefileTrial = fileURLToPath(new URL('./wavefile-trial.js', import.meta.url))

export default async function coded(rounds = 7): Promise<void> {
  using scratch = new Scratch()
  const folderOf = (name: string) => path.join(scratch.clean, name)
  for (const name of [PLAIN, ...Object.keys(encodings)]) mkdirSync(folderOf(name))
  for (let i = 0; i < FILES; i++) {
    const plain = path.join(folderOf(PLAIN), `${i}.wav`)
    await time('sox', ['-R', '-n', '-r', '16000', '-b', '16', plain, 'synth', `${FRAMES / 16000}`, 'pinknoise'])
    for (const [name, encoding] of Object.entries(encodings))
      await time('sox', ['-D', plain, '-e', encoding, path.join(folderOf(name), `${i}.wav`)])
  }
  const contenders: Contender[] = [PLAIN, ...Object.keys(encodings)].map((name) => ({
    ...scratch.noisemillOf(folderOf(name), ['--backend', 'native']),
    name: `noisemill, ${name}`,
  }))
  const ima = [process.execPath, wavefileTrial, folderOf('IMA ADPCM'), scratch.out]
  contenders.push(scratch.commands('wavefile, IMA ADPCM', [ima]))
  report('Coded', 'seconds', await compare(contenders, rounds), contenders[0].name, { jobs: JOBS })
}

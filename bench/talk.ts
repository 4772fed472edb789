/**
 * Benchmark of the talk's workload: 24 sine files of four minutes (float32, 44.1 kHz, mono, 1 GB),
 * noise of sigma 0.1, clipped. The references are copying the same files, and Python's
 * multiprocessing.Pool with NumPy and SciPy.
 */

import { existsSync } from 'node:fs'
import path from 'node:path'
import writeTone from '../dist-lib/demo/tone.js'
import { compare, report } from './harness.js'
import { copyThreads, JOBS, Scratch } from './programs.js'

const FILES = 24
const SECONDS = 240

const python = existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3'
const PYTHON = `
import sys
from multiprocessing import Pool
from pathlib import Path
import numpy as np
from scipy.io import wavfile

def etl(name):
    rate, samples = wavfile.read(name)
    noisy = samples + np.random.normal(scale=0.1, size=samples.shape)
    wavfile.write(Path(sys.argv[2]) / Path(name).name, rate, np.clip(noisy, -1, 1).astype(np.float32))

if __name__ == "__main__":
    with Pool(int(sys.argv[3])) as pool:
        pool.map(etl, sorted(map(str, Path(sys.argv[1]).glob("*.wav"))), chunksize=1)
`

export default async function talk(rounds = 7): Promise<void> {
  using scratch = new Scratch()
  const files = writeTalk(scratch.clean)
  const halves = [0, 1].map((half) => files.filter((_, i) => i % 2 === half))
  const contenders = [
    scratch.commands('cp', [['cp', ...files, scratch.out]]),
    scratch.commands(
      '2 x cp at once',
      halves.map((half) => ['cp', ...half, scratch.out]),
    ),
    ...(await copyThreads(scratch, files)),
    scratch.noisemill('--backend', 'native'),
    scratch.noisemill('--backend', 'workers', '--kernel', 'wasm'),
    scratch.noisemill('--backend', 'workers', '--kernel', 'ts'),
    scratch.commands('Python Pool', [[python, '-c', PYTHON, scratch.clean, scratch.out, String(JOBS)]]),
  ]
  const rows = await compare(contenders, rounds)
  report('Talk', 'seconds', rows, 'cp', { jobs: JOBS, outputs: scratch.outputs() })
}

/** Writes the talk's files into an existing folder. */
export function writeTalk(folder: string): string[] {
  return Array.from({ length: FILES }, (_, i) => {
    const file = path.join(folder, `${String(i).padStart(2, '0')}.wav`)
    writeTone({ file, seconds: SECONDS, frequency: 220 + 20 * i })
    return file
  })
}

/**
 * The talk's workload, whole programs: 24 sine files of four minutes (float32, 44.1 kHz, mono, 1 GB), noise of sigma 0.1, clipped. Against
 * copying the same files, and against Python's multiprocessing.Pool with NumPy and SciPy. Files lie in memory where /dev/shm is, so that no
 * disk takes part.
 *
 *     npm run bench:etl [-- ROUNDS [SECONDS]]
 */

import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import writeTone from '../dist/cli/demo-tone.js'
import { type Contender, compare, report, time } from './harness.js'

const ROUNDS = Number(process.argv[2] ?? 7)
const SECONDS = Number(process.argv[3] ?? 240)
const FILES = 24
const JOBS = availableParallelism()

const folder = mkdtempSync(path.join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'noisemill-bench-'))
const clean = path.join(folder, 'clean')
const out = path.join(folder, 'out')
const bin = fileURLToPath(new URL('../dist/cli/bin.cjs', import.meta.url))
const python = existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3'
/** Hashes of what noisemill wrote, by contender: they must agree. */
const hashes = new Map<string, string>()

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

/** A command that fills `out`, which is fresh for it. */
function contender(name: string, run: () => Promise<number>): Contender {
  return {
    name,
    async run() {
      mkdirSync(out)
      try {
        const seconds = await run()
        if (name.startsWith('noisemill')) remember(name)
        return seconds
      } finally {
        rmSync(out, { recursive: true })
      }
    },
  }
}

function remember(name: string): void {
  if (hashes.has(name)) return
  const hash = createHash('sha256')
  for (const file of readdirSync(out).sort()) hash.update(readFileSync(path.join(out, file)))
  hashes.set(name, hash.digest('hex'))
}

const noisemill = (...flags: string[]) =>
  contender(`noisemill ${flags.join(' ')}`, async () => {
    const args = [bin, 'add', clean, '--out', out, '--sigma', '0.1', '--jobs', String(JOBS), '--quiet', ...flags]
    return (await time(process.execPath, args)).seconds
  })

const names = Array.from({ length: FILES }, (_, i) => path.join(clean, `${String(i).padStart(2, '0')}.wav`))
const copies = (parts: number) =>
  contender(parts === 1 ? 'cp' : `${parts} x cp at once`, async () => {
    const started = performance.now()
    const shares = Array.from({ length: parts }, (_, part) => names.filter((_, i) => i % parts === part))
    await Promise.all(shares.map((share) => time('cp', [...share, out])))
    return (performance.now() - started) / 1000
  })

const contenders = [
  copies(1),
  copies(2),
  noisemill('--backend', 'native'),
  noisemill('--backend', 'workers', '--kernel', 'wasm'),
  noisemill('--backend', 'workers', '--kernel', 'ts'),
  contender('Python Pool', async () => (await time(python, ['-c', PYTHON, clean, out, String(JOBS)])).seconds),
]

try {
  mkdirSync(clean)
  names.forEach((file, i) => {
    writeTone({ file, seconds: SECONDS, frequency: 220 + 20 * i })
  })
  const rows = await compare(contenders, ROUNDS)
  const notes = { files: FILES, secondsEach: SECONDS, jobs: JOBS, outputs: Object.fromEntries(hashes) }
  report('Talk', 'seconds', rows, 'cp', notes)
  console.log(
    new Set(hashes.values()).size === 1 ? '\nAll outputs of noisemill are identical.' : '\nOUTPUTS DIFFER, a bug.',
  )
} finally {
  rmSync(folder, { recursive: true })
}

/** What a process of `talk.ts` does: it reads a file, adds noise in TypeScript, and writes the result. */

import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { WavNoiseOptions } from '../../dist/index.js'
import { loadNoisemill } from './build.js'

interface Settings {
  readonly out: string
  readonly noise: WavNoiseOptions
}

type Transform = (file: string) => Promise<void>

/** Makes what all files of a process share. */
export async function setup({ out, noise }: Settings): Promise<Transform> {
  const { addNoiseToWav, Pool } = await loadNoisemill()
  const pool = new Pool({ backend: 'inline', kernel: 'ts' })
  return async (file) => {
    const key = path.basename(file)
    const noisy = await addNoiseToWav(readFileSync(file), { ...noise, key, inPlace: true, pool })
    writeFileSync(path.join(out, key), noisy)
  }
}

export const etl = (file: string, transform: Transform): Promise<void> => transform(file)

/** Task of the demo's child processes: extracts, transforms and loads one file. */

import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { addNoiseToWav, Pool, type WavNoiseOptions } from '../index.js'

/** What all files have in common; it is sent to each process once. */
export interface EtlData {
  /** Folder of the outputs. */
  readonly out: string
  readonly noise: Pick<WavNoiseOptions, 'sigma' | 'seed'>
}

interface Etl extends EtlData {
  readonly pool: Pool
}

/** Prepares a process. It computes in its one thread, in TypeScript as the other ways in JavaScript do. */
export const setup = (data: EtlData): Etl => ({ ...data, pool: new Pool({ backend: 'inline', kernel: 'ts' }) })

export const teardown = ({ pool }: Etl): Promise<void> => pool.terminate()

/** Adds noise to a file, with its name as key. */
export default async function etl(input: string, { out, noise, pool }: Etl): Promise<void> {
  const key = path.basename(input)
  const clean = await readFile(input)
  const noisy = await addNoiseToWav(clean, { ...noise, key, inPlace: true, pool })
  await writeFile(path.join(out, key), noisy, { flag: 'wx' })
}

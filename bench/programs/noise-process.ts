/** Adds noise to files in a process of `noise-processes.ts`, which must load the package under test by itself. */

import type { FileResult, NoiseTask, Pool } from '../../dist/index.js'
import { loadNoisemill } from './build.js'

export interface Settings {
  /** Folder of the inputs, which keys of noise are relative to. */
  readonly root: string
  readonly out: string
  readonly sigma: number
  /** Whether outputs may be there from an earlier batch. */
  readonly overwrite: boolean
}

/** What a process keeps between files. */
interface Ready {
  readonly pool: Pool
  readonly task: NoiseTask
}

export async function setup({ root, out, sigma, overwrite }: Settings): Promise<Ready> {
  const { noiseTask, Pool } = await loadNoisemill()
  return {
    pool: new Pool({ backend: 'inline', kernel: 'wasm' }),
    task: noiseTask({ root, out, sigma, overwrite }),
  }
}

/** Adds noise to some files, because each call has a cost of its own. */
export async function addNoise(files: readonly string[], { pool, task }: Ready): Promise<void> {
  const results: FileResult[] = await pool.map(task, files)
  for (const { error } of results) if (error) throw error
}

/** The ways in which a batch can run in a program that also has other things to do, for `js-thread-server.ts`. */

import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { BackendName } from '../../dist/index.js'
import { loadNoisemill } from './build.js'

const SIGMA = 0.1

/** Files of the asynchronous way that are open at a time: one is read or written while another is worked on. */
const OPEN_FILES = 2

/** Where a batch reads and writes. Names of files are relative to `root`. */
export interface BatchFolders {
  readonly root: string
  readonly out: string
}

/** Adds noise to all files, which replaces earlier outputs. Calls `finished` for each file. */
export type Batch = (names: readonly string[], finished: () => void) => Promise<void>

/** A way that is ready to run batches one after the other. */
export interface OpenWay {
  readonly run: Batch
  close(): Promise<void>
}

/** Opens a way. The first batch starts its threads or processes. */
export const ways: Readonly<Record<string, (folders: BatchFolders) => Promise<OpenWay>>> = {
  loop: onPool('inline'),
  async: onOneThread,
  workers: onPool('workers'),
  processes: inProcesses,
  native: onPool('native'),
}

function onPool(backend: BackendName) {
  return async ({ root, out }: BatchFolders): Promise<OpenWay> => {
    const { noiseTask, Pool } = await loadNoisemill()
    const pool = new Pool({ backend })
    const task = noiseTask({ root, out, sigma: SIGMA, overwrite: true })
    return {
      async run(names, finished) {
        const files = names.map((name) => path.join(root, name))
        for await (const { error } of pool.imapUnordered(task, files)) {
          if (error) throw error
          finished()
        }
      },
      close: () => pool.terminate(),
    }
  }
}

async function onOneThread({ root, out }: BatchFolders): Promise<OpenWay> {
  const { addNoiseToWav, Pool } = await loadNoisemill()
  const pool = new Pool({ backend: 'inline' })
  return {
    async run(names, finished) {
      const waiting = names.values()
      const lane = async () => {
        for (const name of waiting) {
          const clean = await readFile(path.join(root, name))
          const noisy = await addNoiseToWav(clean, { sigma: SIGMA, key: name, inPlace: true, pool })
          await writeFile(path.join(out, name), noisy)
          finished()
        }
      }
      await Promise.all(Array.from({ length: OPEN_FILES }, lane))
    },
    close: () => pool.terminate(),
  }
}

async function inProcesses(folders: BatchFolders): Promise<OpenWay> {
  const { moduleTask, Pool } = await loadNoisemill()
  const pool = new Pool({ backend: 'processes' })
  const task = moduleTask<typeof import('./noise-process.js'), 'addNoise'>(
    new URL('./noise-process.js', import.meta.url),
    'addNoise',
    { setup: 'setup', data: { ...folders, sigma: SIGMA, overwrite: true } },
  )
  return {
    async run(names, finished) {
      const files = names.map((name) => [path.join(folders.root, name)])
      for await (const _ of pool.imapUnordered(task, files)) finished()
    },
    close: () => pool.terminate(),
  }
}

/**
 * Adds noise to the files of a folder in one of the ways of the talk, with noisemill.
 *
 *     node talk.js WAY CLEAN OUT JOBS SIGMA
 *
 * All ways write the same bytes. Those without `wasm` or `native` in their names compute in
 * TypeScript, so that they differ only in how they use the cores.
 */

import { readdirSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { FileResult, PoolOptions } from '../../dist/index.js'
import { loadNoisemill } from './build.js'

const [way, clean, out, jobs, sigma] = process.argv.slice(2)
const { addNoiseToWav, moduleTask, noiseTask, Pool } = await loadNoisemill()
const files = readdirSync(clean)
  .sort()
  .map((name) => path.join(clean, name))
const noise = { sigma: Number(sigma), seed: 0 }
const threads = { backend: 'workers', kernel: 'ts' } as const

const run = {
  loop: () => onPool({ backend: 'inline', kernel: 'ts' }),
  async: addNoiseAsync,
  'threads-unordered': () => onPool(threads),
  'threads-imap': () => onPool(threads, 'imap'),
  'threads-map': () => onPool(threads, 'map'),
  'threads-wasm': () => onPool({ backend: 'workers', kernel: 'wasm' }),
  processes: addNoiseInProcesses,
  native: () => onPool({ backend: 'native' }),
}[way]
if (run === undefined) throw new Error(`there is no way ${way}`)
await run()

async function onPool(options: PoolOptions, verb: 'imapUnordered' | 'imap' | 'map' = 'imapUnordered'): Promise<void> {
  const pool = new Pool({ ...options, size: Number(jobs) })
  const task = noiseTask({ out, ...noise })
  if (verb === 'map') (await pool.map(task, files)).forEach(check)
  else if (verb === 'imap') for await (const result of pool.imap(task, files)) check(result)
  else for await (const result of pool.imapUnordered(task, files)) check(result)
  await pool.terminate()
}

function check({ error }: FileResult): void {
  if (error) throw error
}

/**
 * Reads and writes asynchronously, and adds noise on the one JS thread. Two files are open at a time:
 * one is read or written while noise is added to the other.
 */
async function addNoiseAsync(): Promise<void> {
  const pool = new Pool({ backend: 'inline', kernel: 'ts' })
  const waiting = files.values()
  const lane = async () => {
    for (const file of waiting) {
      const key = path.basename(file)
      const noisy = await addNoiseToWav(await readFile(file), { ...noise, key, inPlace: true, pool })
      await writeFile(path.join(out, key), noisy)
    }
  }
  await Promise.all([lane(), lane()])
  await pool.terminate()
}

async function addNoiseInProcesses(): Promise<void> {
  const pool = new Pool({ backend: 'processes', size: Number(jobs) })
  const task = moduleTask<typeof import('./talk-process.js'), 'etl'>(
    new URL('./talk-process.js', import.meta.url),
    'etl',
    { setup: 'setup', data: { out, noise } },
  )
  // A file that fails ends the loop with its error.
  for await (const _ of pool.imapUnordered(task, files));
  await pool.terminate()
}

/**
 * Adds noise to the files of a folder in a pool of processes, as a program without threads would.
 * Each process works on whole files.
 *
 *     node noise-processes.js FROM TO PROCESSES
 */

import { readdirSync } from 'node:fs'
import path from 'node:path'
import { loadNoisemill } from './build.js'

const [root, out, size] = process.argv.slice(2)
const { moduleTask, Pool } = await loadNoisemill()
const names = (readdirSync(root, { recursive: true }) as string[]).filter((name) => name.endsWith('.wav')).sort()
const task = moduleTask<typeof import('./noise-process.js'), 'addNoise'>(
  new URL('./noise-process.js', import.meta.url),
  'addNoise',
  { setup: 'setup', data: { root, out } },
)
const files = names.map((name) => path.join(root, name))
const pool = new Pool({ backend: 'processes', size: Number(size) })
await pool.map(task, files)
await pool.terminate()

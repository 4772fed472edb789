/**
 * Adds noise to the files of a folder in a pool of processes, as a program without threads would.
 * Each process works on whole files. It gets some of them at a time.
 *
 *     node noise-processes.js FROM TO PROCESSES SIGMA
 */

import { readdirSync } from 'node:fs'
import path from 'node:path'
import { loadNoisemill } from './build.js'

/** Files that a process gets at a time, at most. */
const MOST = 64
/** How often each process gets files, if they are not too many, so that all end at about the same time. */
const TURNS = 4

const [root, out, size, sigma] = process.argv.slice(2)
const { moduleTask, Pool } = await loadNoisemill()
const names = (readdirSync(root, { recursive: true }) as string[]).filter((name) => name.endsWith('.wav')).sort()
const task = moduleTask<typeof import('./noise-process.js'), 'addNoise'>(
  new URL('./noise-process.js', import.meta.url),
  'addNoise',
  { setup: 'setup', data: { root, out, sigma: Number(sigma), overwrite: false } },
)
const files = names.map((name) => path.join(root, name))
const pool = new Pool({ backend: 'processes', size: Number(size) })
const count = Math.min(MOST, Math.ceil(files.length / (TURNS * Number(size))))
const groups = Array.from({ length: Math.ceil(files.length / count) }, (_, i) =>
  files.slice(i * count, (i + 1) * count),
)
await pool.map(task, groups)
await pool.terminate()

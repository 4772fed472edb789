/**
 * What many would write first: files are read and written by async I/O, and noise is added on the one JS thread, a slice a turn of the event
 * loop. What is written under the final name is not whole until the end.
 */

import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { addNoiseToWav, Pool, type WavNoiseOptions } from '../index.js'

/** Files that are open at a time: one is read or written while noise is added to the other. Each is in memory as a whole. */
const OPEN_FILES = 2

/** Adds noise to files, whose names are their keys. Calls `finished` with each as it is done. */
export async function addNoiseAsync(
  files: readonly string[],
  out: string,
  noise: Pick<WavNoiseOptions, 'sigma' | 'seed'>,
  finished: (file: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const pool = new Pool({ backend: 'inline', kernel: 'ts' })
  const waiting = files.values()
  const lane = async () => {
    for (const input of waiting) {
      const key = path.basename(input)
      const clean = await readFile(input, { signal })
      const noisy = await addNoiseToWav(clean, { ...noise, key, inPlace: true, pool, signal })
      await writeFile(path.join(out, key), noisy, { flag: 'wx', signal })
      finished(input)
    }
  }
  try {
    // All lanes end before any error is told, so that none still writes.
    const lanes = await Promise.allSettled(Array.from({ length: OPEN_FILES }, lane))
    // Files that a signal interrupts say so in an error of their own.
    signal.throwIfAborted()
    for (const ended of lanes) if (ended.status === 'rejected') throw ended.reason
  } finally {
    await pool.terminate()
  }
}

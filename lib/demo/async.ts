/**
 * The demo's contender with async I/O, as many people would first write it. It reads and writes
 * files asynchronously, and adds noise on the one JS thread, one slice per turn of the event loop.
 * A file has its final name while it is still incomplete.
 */

import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { addNoiseToWav, Pool, type WavNoiseOptions } from '../index.js'

/**
 * Number of files that are open at a time: one is read or written while noise is added to the
 * other. Each is in memory as a whole.
 */
const OPEN_FILES = 2

/** Adds noise to files, with their names as keys. Calls `finished` for each file that is done. */
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
    // Wait for all lanes before throwing any error, so that none still writes.
    const lanes = await Promise.allSettled(Array.from({ length: OPEN_FILES }, lane))
    // A file that the signal interrupted fails with an error of its own. The signal's reason comes
    // first.
    signal.throwIfAborted()
    for (const ended of lanes) if (ended.status === 'rejected') throw ended.reason
  } finally {
    await pool.terminate()
  }
}

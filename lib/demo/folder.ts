/** The temporary folder of a demo. */

import { mkdtemp, rm, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { NoisemillError } from '../index.js'
import { showBytes } from '../show.js'

/**
 * Calls a function with a new temporary folder, and removes the folder afterwards. When the function
 * ends, nothing may write to the folder any more.
 *
 * @param bytes size of all files that will be in the folder at the same time
 * @throws NoisemillError E_OUTPUT_FOLDER or E_VOLUME_FULL
 */
export async function inTemporaryFolder<T>(bytes: number, use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(path.join(tmpdir(), 'noisemill-demo-')).catch((error: NodeJS.ErrnoException) => {
    throw new NoisemillError('E_OUTPUT_FOLDER', { path: tmpdir(), errno: error.code ?? '' })
  })
  try {
    await checkRoom(folder, bytes)
    return await use(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function checkRoom(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder)
  if (bavail * bsize >= bytes) return
  const received = `${showBytes(bavail * bsize)} free, ${showBytes(bytes)} needed; set TMPDIR to another folder`
  throw new NoisemillError('E_VOLUME_FULL', { path: tmpdir(), received })
}

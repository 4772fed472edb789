/** Writes a file that a flag names. */

import { open, unlink } from 'node:fs/promises'
import { NoisemillError } from '../errors.js'

/**
 * Writes what a function returns to a new file. The file is created before the function is called, so
 * that nobody waits for a text that cannot be written. If anything fails, the file is removed.
 *
 * @param flag the flag that names the file, for messages
 * @throws NoisemillError E_OPTION_INVALID if the file exists or cannot be created, E_OUTPUT_WRITE if
 *   it cannot be written; what the function throws
 */
export async function writeNewFile(path: string, flag: string, make: () => Promise<string>): Promise<void> {
  const file = await open(path, 'wx').catch(({ code }: NodeJS.ErrnoException) => {
    const received = code === 'EEXIST' ? `${path}, which exists` : `${path} (${code})`
    throw new NoisemillError('E_OPTION_INVALID', { option: flag, expected: 'a file that can be created', received })
  })
  try {
    const text = await make()
    await file.writeFile(text).catch(({ code }: NodeJS.ErrnoException) => {
      throw new NoisemillError('E_OUTPUT_WRITE', { path, errno: code ?? '' })
    })
    await file.close()
  } catch (error) {
    await file.close()
    await unlink(path)
    throw error
  }
}

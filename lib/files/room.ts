/** Measures the room on a volume. */

import { statfs } from 'node:fs/promises'
import path from 'node:path'

/** Errors of a path that does not exist: a folder above it may exist. */
const MISSING: readonly (string | undefined)[] = ['ENOENT', 'ENOTDIR']

/**
 * Returns the number of bytes that this process may still write to the volume of a folder. If the folder does not exist,
 * the nearest existing folder above it counts. Undefined if the system does not give the number.
 */
export async function freeBytes(folder: string): Promise<number | undefined> {
  for (let at = path.resolve(folder); ; at = path.dirname(at)) {
    try {
      const { bavail, bsize } = await statfs(at, { bigint: true })
      return Number(bavail * bsize)
    } catch (error) {
      const isMissing = MISSING.includes((error as NodeJS.ErrnoException).code)
      if (!isMissing || at === path.dirname(at)) return undefined
    }
  }
}

/** Checks of the files that trials wrote. */

import { createHash } from 'node:crypto'
import { closeSync, openSync, readdirSync, readSync } from 'node:fs'
import path from 'node:path'

/**
 * Returns a hash of all WAV files in a folder and below it, with their names, in the order of the
 * names.
 *
 * @throws Error if there are not as many as expected
 */
export function outputsIn(folder: string, expected: number): string {
  const names = (readdirSync(folder, { recursive: true }) as string[]).filter((name) => name.endsWith('.wav')).sort()
  if (names.length !== expected) throw new Error(`wrote ${names.length} files instead of ${expected}`)
  const hash = createHash('sha256')
  const buffer = Buffer.alloc(1 << 20)
  for (const name of names) {
    hash.update(`${name}\0`)
    const fd = openSync(path.join(folder, name), 'r')
    for (let length = -1; length !== 0; ) {
      length = readSync(fd, buffer)
      hash.update(buffer.subarray(0, length))
    }
    closeSync(fd)
  }
  return hash.digest('hex')
}

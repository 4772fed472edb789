/** Features that not all machines have. Titles of tests that need one end with it: "(needs POSIX permissions)". */

import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { describe, onTestFinished, test } from 'vitest'

export const isWindows = process.platform === 'win32'
export const isRoot = process.getuid?.() === 0

/**
 * A test that is skipped on Windows, which lacks what it needs: POSIX permissions and modes, signals that a program can
 * catch, a shell, symbolic links (which need a privilege there), or names with control characters or `?`.
 */
export const posixTest = test.skipIf(isWindows)
export const describePosix = describe.skipIf(isWindows)

/**
 * The id of a user that has no processes but those of the running test file, so that a limit of processes counts these
 * alone.
 */
export const lonelyUser = 100_000 + process.pid

/** Mounts a volume as `volume` in a folder, until the running test ends. Undefined if mounting is not permitted. */
export function mountVolume(folder: string, options: string): string | undefined {
  const volume = path.join(folder, 'volume')
  mkdirSync(volume)
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'noisemill', volume]).status !== 0) return undefined
  onTestFinished(() => {
    spawnSync('umount', ['-l', volume])
  })
  return volume
}

/** What a machine has that another has not. Tests that need it end their title with it, as in "(needs POSIX permissions)". */

import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { describe, onTestFinished, test } from 'vitest'

export const isWindows = process.platform === 'win32'
export const isRoot = process.getuid?.() === 0

/**
 * A test that is skipped by name on Windows, which has not what it needs, or only for some: permissions and modes of POSIX, signals that a
 * program can catch, a shell, symbolic links (they take a privilege there), names with control characters or `?`.
 */
export const posixTest = test.skipIf(isWindows)
export const describePosix = describe.skipIf(isWindows)

/** Mounts a volume as `volume` in a folder, gone with the running test. Undefined where mounting is not permitted. */
export function mountVolume(folder: string, options: string): string | undefined {
  const volume = path.join(folder, 'volume')
  mkdirSync(volume)
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'noisemill', volume]).status !== 0) return undefined
  onTestFinished(() => {
    spawnSync('umount', ['-l', volume])
  })
  return volume
}

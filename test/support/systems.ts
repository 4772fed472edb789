/** Features that not all machines have. Titles of tests that need one end with it: "(needs POSIX permissions)". */

import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
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

/** Whether `script` can give a program a terminal, by the options of util-linux. */
export const hasTerminal =
  spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout?.includes('util-linux') === true

export const linuxTest = test.skipIf(process.platform !== 'linux')

/** Whether temporary folders tell names apart that differ in case alone. Those of macOS and Windows seldom do. */
export function tellsCaseApart(): boolean {
  const folder = mkdtempSync(path.join(tmpdir(), 'noisemill-case-'))
  const isApart = !existsSync(path.join(tmpdir(), path.basename(folder).toUpperCase()))
  rmdirSync(folder)
  return isApart
}

/**
 * The id of a user that has no processes but those of the running test file, so that a limit of processes counts these
 * alone.
 */
const lonelyUser = 100_000 + process.pid

/** Runs a command as `lonelyUser`. Needs `canBeLonely()`. */
export const asLonelyUser = (command: readonly string[]): string[] => {
  const ids = [`--reuid=${lonelyUser}`, `--regid=${lonelyUser}`, '--clear-groups']
  return ['setpriv', ...ids, ...command]
}

/** Whether commands can run as `lonelyUser`: only root can change the user, by setpriv, which Linux has. */
export function canBeLonely(): boolean {
  const [command, ...args] = asLonelyUser(['true'])
  return isRoot && spawnSync(command, args).status === 0
}

/** Runs a command under a limit that the shell sets, such as `-n 80` for open files. */
export function underLimit(limit: string, command: readonly string[]): string[] {
  // The plain shell of Debian has no limit of processes.
  const shell = limit.startsWith('-u') ? 'bash' : 'sh'
  return [shell, '-c', `ulimit ${limit} && exec "$0" "$@"`, ...command]
}

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

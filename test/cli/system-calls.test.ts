/** How many system calls `add` makes for a short file. Each costs a microsecond or more on the way to the disk. */

import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { hasAddon } from '../support/backends.js'
import { writeWavs } from '../support/files.js'
import { temporaryFolder } from '../support/folders.js'
import { bin, start } from '../support/programs.js'

/** Calls that concern files. What threads and memory need does not grow with the number of files. */
const FILE_CALLS =
  'open,openat,close,stat,lstat,fstat,newfstatat,statx,access,faccessat2,lseek,read,pread64,readv,preadv,write,pwrite64,writev,pwritev,fchmod,chmod,ftruncate,fallocate,rename,renameat,renameat2,link,linkat,unlink,unlinkat,mkdir,fsync,fdatasync'

/** Counts the calls of `add` for a number of files, by their names. */
async function callsFor(files: number, backend: string): Promise<Record<string, number>> {
  const folder = temporaryFolder()
  const input = path.join(folder, 'in')
  mkdirSync(input)
  writeWavs(input, files, 400)
  const traced = ['strace', '-f', '-y', '-qq', '-o', 'trace', '-e', `trace=${FILE_CALLS}`, process.execPath, bin]
  const add = ['add', 'in', '--out', 'out', '--sigma', '0.1', '--seed', '1', '--jobs', '2', '--backend', backend]
  const { code } = await start([...traced, ...add], { cwd: folder }).ended
  expect(code).toBe(0)
  const counts: Record<string, number> = {}
  const lines = readFileSync(path.join(folder, 'trace'), 'utf8').matchAll(/^\d+ +(\w+)\((.*)/gm)
  for (const [, name, rest] of lines) {
    // Threads wake each other with these, as often as they have to.
    if (/^\d+<(anon_inode:\[eventfd\]|pipe:)/.test(rest)) continue
    counts[name] = (counts[name] ?? 0) + 1
  }
  return counts
}

const FEW = 50
const MANY = 250

/**
 * The calls of a file, without those that a whole run or a group of files makes. How often the journal is written depends
 * on which files end together: at most once a file.
 */
async function callsOfAFile(backend: string): Promise<Record<string, number>> {
  const few = await callsFor(FEW, backend)
  const many = await callsFor(MANY, backend)
  const each = Object.entries(many).map(([name, count]) => [
    name,
    Math.round((count - (few[name] ?? 0)) / (MANY - FEW)),
  ])
  return Object.fromEntries(each.filter(([, count]) => Number(count) > 0))
}

const canTrace = spawnSync('strace', ['-o', '/dev/null', 'true']).status === 0

describe.skipIf(!canTrace)('system calls for a short file (needs strace)', () => {
  test.skipIf(!hasAddon)('natively: read it, write a temporary file and give it its name', async () => {
    const { write = 0, ...calls } = await callsOfAFile('native')
    expect(write).toBeLessThanOrEqual(1)
    expect(calls).toEqual({
      openat: 2,
      newfstatat: 1,
      pread64: 1,
      pwrite64: 1,
      fchmod: 1,
      close: 2,
      renameat2: 1,
    })
  })

  test('by workers: Node cannot rename without replacing, so the name is given by a link', async () => {
    const { write = 0, ...calls } = await callsOfAFile('workers')
    expect(write).toBeLessThanOrEqual(1)
    expect(calls).toEqual({
      openat: 2,
      statx: 1,
      pread64: 1,
      pwrite64: 1,
      fchmod: 1,
      close: 2,
      link: 1,
      unlink: 1,
    })
  })
})

/** Small volumes, full devices and limits on the size of files. */

import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { present } from '../support/backends.js'
import { filesOf } from '../support/files.js'
import { filesBelow } from '../support/folders.js'
import { bin, type Ended, shellLine, start } from '../support/programs.js'
import { bySize, isFull, isOwn } from '../support/size.js'
import { numbers } from '../support/sources.js'
import { posixTest, underLimit } from '../support/systems.js'
import { type Expected, expectCompletes, expectHonest, type Place, placeWith, startOver } from './place.js'

/** Runs a line of the shell in which NOISEMILL stands for the command and its arguments. */
function shell(place: Place, line: string, flags: readonly string[], wrap: readonly string[] = []): Promise<Ended> {
  const command = shellLine([process.execPath, bin, ...place.args, ...flags])
  return start([...wrap, 'sh', '-c', line.replace('NOISEMILL', command)], { cwd: place.cwd }).ended
}

const limited = (place: Place, limit: string, flags: readonly string[]): Promise<Ended> =>
  start(underLimit(limit, [process.execPath, bin, ...place.args, ...flags]), { cwd: place.cwd }).ended

const has = (command: string, ...args: string[]) => spawnSync(command, args).status === 0

/** Whether a volume can be mounted that only the command sees. */
const mayMount = (() => {
  if (process.platform !== 'linux') return false
  return has('unshare', '-rm', 'sh', '-c', 'mount -t tmpfs -o size=256k noisemill /tmp')
})()

const many = (count: number, frames: number) =>
  filesOf(
    numbers(count).map((i) => `${i % 3}/${i}.wav`),
    frames,
  )

// The plain loop does on one thread what workers do on several, which need room of their own.
const backends = bySize(
  present.filter((name) => name !== 'inline'),
  present,
)

type Declare = (title: string, body: () => Promise<void>) => void

describe.each(backends)('little room [%s]', (backend) => {
  const flags = ['--backend', backend, '--jobs', '2']

  let cases = 0
  /** Declares a test, or leaves it to another backend. */
  const shared = (declare: Declare): Declare =>
    isOwn(cases++, backends.indexOf(backend), backends.length) ? declare : () => {}

  async function check(place: Place, ended: Ended, title: string, codes: readonly number[], expected?: Expected) {
    expectHonest(place, ended, title, expected)
    expect(codes, `${title}\n${ended.stderr}`).toContain(ended.code)
    await expectCompletes(place, flags, title)
  }

  /** The output folder is a volume for as long as the command runs; what is on it then takes its place. */
  async function onSmallVolume(place: Place, limits: string): Promise<Ended> {
    const [out, saved] = ['out', 'saved'].map((name) => path.join(place.cwd, name))
    mkdirSync(out)
    const mount = `mount -t tmpfs -o ${limits} noisemill out`
    const line = `${mount} && { NOISEMILL; code=$?; cp -a out saved; exit $code; }`
    const ended = await shell(place, line, flags, ['unshare', '-rm'])
    rmSync(out, { recursive: true })
    renameSync(saved, out)
    return ended
  }

  shared(test.skipIf(!mayMount))('on a volume of 256 kB (needs unshare and mount)', async () => {
    // Eight of 60 kB: four fit.
    const place = await placeWith(many(8, 30_000))
    const ended = await onSmallVolume(place, 'size=256k')
    expect(ended.stderr).toContain('(E_VOLUME_FULL)')
    await check(place, ended, 'a volume of 256 kB', [4])
  })

  shared(test.skipIf(!mayMount))('on volumes that take few files (needs unshare and mount)', async () => {
    const place = await placeWith(many(8, 500))
    for (const inodes of isFull ? [2, 3, 4, 5, 6, 7, 8, 9, 10, 11] : [2, 7]) {
      startOver(place)
      const ended = await onSmallVolume(place, `nr_inodes=${inodes}`)
      await check(place, ended, `${inodes} inodes`, [4])
    }
  })

  shared(test.skipIf(!mayMount))('where the report has none (needs unshare and mount)', async () => {
    const place = await placeWith(many(40, 500))
    mkdirSync(path.join(place.cwd, 'report'))
    const line = 'mount -t tmpfs -o size=4k noisemill report && NOISEMILL --report report/r.jsonl'
    const ended = await shell(place, line, flags, ['unshare', '-rm'])
    expect(ended.stderr).toContain('(E_REPORT)')
    await check(place, ended, 'a report of 4 kB', [4])
  })

  shared(test.skipIf(!existsSync('/dev/full')))(
    'in a device that is always full, for the report and the results (needs /dev/full)',
    async () => {
      const place = await placeWith()
      symlinkSync('/dev/full', path.join(place.cwd, 'report.jsonl'))
      for (const more of [[], ['--overwrite']]) {
        const ended = await shell(place, 'NOISEMILL', [...flags, '--report', 'report.jsonl', ...more])
        await check(place, ended, `/dev/full as the report ${more}`, [4])
        startOver(place)
        symlinkSync('/dev/full', path.join(place.cwd, 'report.jsonl'))
      }
      const ended = await shell(place, 'NOISEMILL > /dev/full', [...flags, '--json'])
      await check(place, ended, '/dev/full as stdout', [4], {
        told: /^noisemill: the results cannot be written: ENOSPC/,
      })
    },
  )

  shared(posixTest)('for a file beyond what the shell allows (needs ulimit)', async () => {
    const place = await placeWith()
    // In 512 bytes: in the second write of the long file of 400 kB, and in the only one of the short ones.
    for (const blocks of [700, 30, 5]) {
      startOver(place)
      const ended = await limited(place, `-f ${blocks}`, flags)
      await check(place, ended, `ulimit -f ${blocks}`, [1])
    }
  })

  shared(posixTest)('for open files (needs ulimit)', async () => {
    const place = await placeWith(many(200, 500))
    expectHonest(place, await limited(place, '-n 64', flags), 'ulimit -n 64')
    expect(filesBelow(path.join(place.cwd, 'out')).length).toBeGreaterThanOrEqual(200)
    // Where Node itself still starts: files fail, or threads cannot be had.
    for (const limit of isFull ? [64, 48, 40, 36, 32, 30, 28, 26, 25, 24, 23, 22] : [32, 24]) {
      startOver(place)
      const ended = await limited(place, `-n ${limit}`, ['--backend', backend, '--jobs', '16'])
      const node = await start(underLimit(`-n ${limit}`, [process.execPath, '-e', '0'])).ended
      if (node.code !== 0) break
      await check(place, ended, `ulimit -n ${limit}, 16 jobs`, [0, 1, 4])
    }
  })
})

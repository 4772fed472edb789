/** The room that a dry run needs, and the room that there is. */

import { mkdirSync, statfsSync, statSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { freeBytes } from '../../dist-lib/files/room.js'
import { describeBackends } from '../support/backends.js'
import { writeFiles } from '../support/files.js'
import { filesBelow, temporaryFolder } from '../support/folders.js'
import { jsonOf, linesOf, noisemill } from '../support/programs.js'
import { mountVolume, posixTest } from '../support/systems.js'
import { pcm16, wav } from '../support/wav.js'

const sizesBelow = (folder: string) => filesBelow(folder).map((file) => statSync(path.join(folder, file)).size)
const sum = (sizes: readonly number[]) => sizes.reduce((all, size) => all + size, 0)

/** Files of several lengths, one whose header is wrong and is repaired, and one whose samples are decoded. */
function workplace(): string {
  const cwd = temporaryFolder()
  writeFiles(path.join(cwd, 'in'), {
    'a.wav': pcm16(500),
    'd/b.wav': pcm16(90_000),
    'cut.wav': wav({ dataSize: 90_000, data: Buffer.alloc(501) }),
    'alaw.wav': wav({ tag: 6, bits: 8, data: Buffer.alloc(800, 0x11) }),
    'bad.wav': Buffer.from('no audio'),
  })
  return cwd
}

describeBackends('a dry run', (backend) => {
  test('says the sizes that the outputs will have', async () => {
    const cwd = workplace()
    const args = ['add', 'in', '--out', 'out', '--snr', '10', '--copies', '2', '--json', '--backend', backend]
    const dry = jsonOf(await noisemill([...args, '--dry-run'], { cwd }))
    const real = jsonOf(await noisemill(args, { cwd }))
    const sizes = sizesBelow(path.join(cwd, 'out'))
    expect(sizes).toHaveLength(8)
    const bytes = ({ files }: typeof dry) => Object.fromEntries(files.map(({ output, bytesOut }) => [output, bytesOut]))
    expect(bytes(dry)).toEqual(bytes(real))
    expect(dry.summary.bytesOut).toBe(sum(sizes))
    expect(dry.summary.room).toEqual({ needed: sum(sizes), free: expect.any(Number) })
    expect(real.summary).toMatchObject({ bytesOut: sum(sizes), room: null })
  })
})

test('stems need room too', async () => {
  const cwd = workplace()
  const args = ['add', 'in', '--out', 'out', '--sigma', '0.01', '--stems', 'noise', '--jobs', '2', '--json']
  const dry = async (...flags: string[]) => jsonOf(await noisemill([...args, '--dry-run', ...flags], { cwd })).summary
  const { needed } = (await dry()).room
  await noisemill(args, { cwd })
  const sizes = sizesBelow(path.join(cwd, 'out'))
  expect(sizes).toHaveLength(8)
  expect(needed).toBe(sum(sizes))
  expect((await dry('--overwrite')).room.needed).toBe(2 * 2 * Math.max(...sizes))
})

test('outputs that replace files need the difference, and once more the largest for each thread', async () => {
  const cwd = workplace()
  const args = ['add', 'in', '--out', 'out', '--sigma', '0.1', '--jobs', '2']
  await noisemill(args, { cwd })
  const largest = Math.max(...sizesBelow(path.join(cwd, 'out')))
  const dry = async (...flags: string[]) =>
    jsonOf(await noisemill([...args, '--dry-run', '--json', ...flags], { cwd })).summary
  expect((await dry('--overwrite')).room.needed).toBe(2 * largest)
  expect((await dry('--resume')).room.needed).toBe(0)
  // A new file, and one that is longer than the one that it replaces.
  writeFiles(path.join(cwd, 'in'), { 'new.wav': pcm16(700), 'a.wav': pcm16(1500) })
  expect((await dry('--overwrite')).room.needed).toBe(2 * largest + 44 + 1400 + 2000)
  expect((await dry('--resume')).room.needed).toBe(2 * (44 + 3000) + 44 + 1400 + 2000)
})

test('silent files that are left out need no room and free none', async () => {
  const cwd = workplace()
  const args = ['add', 'in', '--out', 'out', '--snr', '10', '--jobs', '1']
  writeFiles(path.join(cwd, 'in'), { 'silent.wav': pcm16(70_000, 0) })
  await noisemill(args, { cwd })
  const dry = async (...flags: string[]) =>
    jsonOf(await noisemill([...args, '--dry-run', '--overwrite', '--json', ...flags], { cwd })).summary.room.needed
  const largest = Math.max(...sizesBelow(path.join(cwd, 'out')))
  expect(await dry()).toBe(largest)
  expect(await dry('--silent', 'skip')).toBe(largest)
})

test('the summary for people has both figures', async () => {
  const { code, stdout, stderr } = await noisemill(['add', 'in/a.wav', '--out', 'out', '--snr', '10', '--dry-run'], {
    cwd: workplace(),
  })
  expect([code, stderr]).toEqual([0, ''])
  expect(linesOf(stdout).at(-2)).toMatch(/^room: 1\.0 kB needed, [\d.]+ [kMGT]B free$/)
})

posixTest('a volume that is too small is told, and the exit code is 0 (needs mount)', async ({ skip }) => {
  const cwd = temporaryFolder()
  const volume = mountVolume(cwd, 'size=100k') ?? skip('mounting is not permitted')
  writeFiles(path.join(cwd, 'in'), { 'a.wav': pcm16(40_000) })
  const args = ['add', 'in', '--out', 'volume/deep/out', '--snr', '10']
  const fits = await noisemill([...args, '--dry-run'], { cwd })
  expect([fits.code, fits.stderr]).toEqual([0, ''])
  writeFiles(path.join(cwd, 'in'), { 'b.wav': pcm16(40_000) })
  const ended = await noisemill([...args, '--dry-run'], { cwd })
  expect(ended.code).toBe(0)
  expect(linesOf(ended.stderr)).toEqual([
    'noisemill: warning: the outputs need 160 kB, but the volume of volume/deep/out has only 102 kB free.',
  ])
  expect(linesOf(ended.stdout).at(-2)).toMatch(/; room: 160 kB needed, 102 kB free$|^room: 160 kB needed, 102 kB free$/)
  const { summary } = jsonOf(await noisemill([...args, '--dry-run', '--json', '--quiet'], { cwd }))
  expect(summary.room).toEqual({ needed: 160_088, free: 102_400 })
  expect(filesBelow(volume)).toEqual([])
  // What it foretold.
  expect((await noisemill(args, { cwd })).code).toBe(4)
})

test('of a folder that does not exist, the nearest one above it counts', async () => {
  const folder = temporaryFolder()
  mkdirSync(path.join(folder, 'in'))
  const { bavail, bsize } = statfsSync(folder)
  for (const name of ['in', 'none', 'none/deeper/still', '.']) {
    const free = (await freeBytes(path.join(folder, name)))!
    // Others write to the volume meanwhile.
    expect(free / (bavail * bsize)).toBeCloseTo(1, 1)
  }
})

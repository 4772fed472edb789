import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { describeBackends } from '../support/backends.js'
import { filesOf, writeFiles } from '../support/files.js'
import { filesBelow, hashesBelow, isTemporary, temporaryFolder } from '../support/folders.js'
import { bin, jsonOf, linesOf, noisemill, rowsOf, start } from '../support/programs.js'
import { bySize } from '../support/size.js'
import { mountVolume, posixTest } from '../support/systems.js'
import { pcm16 } from '../support/wav.js'

/** `in` with a.wav, and a file that is no folder. */
function workplace(): string {
  const cwd = temporaryFolder()
  writeFiles(cwd, { 'in/a.wav': pcm16(), file: Buffer.from('no folder') })
  return cwd
}

const snr = ['--snr', '10']

describe('4', () => {
  test.each(['file', 'file/below'])('for an output folder that cannot be created: %s', (out) => expectNoFolder(out))

  // It takes no folders, not even from root.
  test.skipIf(!existsSync('/proc/self')).each(['/proc/noisemill', '/proc/noisemill/below'])(
    'for an output folder that cannot be created: %s (needs /proc)',
    (out) => expectNoFolder(out),
  )

  async function expectNoFolder(out: string) {
    const cwd = workplace()
    const { code, stdout, stderr } = await noisemill(['add', 'in', '--out', out, ...snr], { cwd })
    expect({ code, stdout }).toEqual({ code: 4, stdout: '' })
    expect(linesOf(stderr)).toEqual([expect.stringMatching(new RegExp(`^noisemill: ${out}.*\\(E_OUTPUT_FOLDER\\)$`))])
    expect(readFileSync(path.join(cwd, 'file'), 'utf8')).toBe('no folder')
  }

  const tooLong = 'n'.repeat(300)

  test.each(['file/r.jsonl', 'in', 'r9/x/', `r9/${tooLong}`, `r9/x/${tooLong}/y`])(
    'for a report that cannot be written, "%s", before any file or folder is',
    async (report) => {
      const cwd = workplace()
      const before = readdirSync(cwd)
      const { code, stdout, stderr } = await noisemill(['add', 'in', '--out', 'out', ...snr, '--report', report], {
        cwd,
      })
      expect({ code, stdout }).toEqual({ code: 4, stdout: '' })
      expect(linesOf(stderr)).toEqual([expect.stringContaining('(E_REPORT)')])
      expect(readdirSync(cwd)).toEqual(before)
    },
  )

  // Linux has a device that is always full.
  test.skipIf(!existsSync('/dev/full'))(
    'for results that cannot be written to a full volume (needs /dev/full)',
    async () => {
      const cwd = workplace()
      const line = 'exec "$0" "$@" > /dev/full'
      const command = ['sh', '-c', line, process.execPath, bin, 'add', 'in', '--out', 'out', ...snr, '--json']
      const { code, stderr } = await start(command, { cwd }).ended
      expect(stderr).not.toMatch(/^ +at /m)
      expect(code).toBe(4)
      expect(filesBelow(path.join(cwd, 'out')).filter(isTemporary)).toEqual([])
    },
  )
})

describeBackends('4 for a full volume', (backend) => {
  posixTest('with no temporary left and finished files whole (needs mount)', async ({ skip }) => {
    const cwd = temporaryFolder()
    const volume = mountVolume(cwd, 'size=256k') ?? skip('mounting is not permitted')
    // Four of 60 kB fit into the 256 kB, and the fifth does not.
    const names = Array.from({ length: 8 }, (_, i) => `${i}.wav`)
    writeFiles(path.join(cwd, 'in'), filesOf(names, 30_000))
    const add = (out: string) => noisemill(['add', 'in', '--out', out, ...snr, '--json', '--backend', backend], { cwd })

    const [ended] = await Promise.all([add('volume/out'), add('whole')])
    expect(ended.code).toBe(4)
    expect(ended.stderr).toContain('(E_VOLUME_FULL)')
    const { files, summary } = jsonOf(ended)
    expect(files.some(({ error }) => error?.code === 'E_VOLUME_FULL')).toBe(true)
    expect(summary.failed).toBeGreaterThan(0)

    const outputs = hashesBelow(path.join(volume, 'out'))
    const whole = hashesBelow(path.join(cwd, 'whole'))
    expect(Object.keys(whole)).toEqual(names)
    expect(whole).toMatchObject(outputs)
    expect(Object.keys(outputs).length).toBeGreaterThan(0)
    for (const { key, status } of files) if (status === 'done') expect(outputs).toHaveProperty([key])
  })

  posixTest('with every finished file counted and reported, and its figures kept (needs mount)', async ({ skip }) => {
    const names = Array.from({ length: 60 }, (_, i) => `${i}.wav`)
    const bytesOf = (name: string) => pcm16(1000 + 137 * (Number.parseInt(name, 10) % 11))
    for (const size of bySize(['100k', '148k'], ['100k', '116k', '132k', '148k', '164k'])) {
      const cwd = temporaryFolder()
      const volume = mountVolume(cwd, `size=${size}`) ?? skip('mounting is not permitted')
      writeFiles(path.join(cwd, 'in'), Object.fromEntries(names.map((name) => [name, bytesOf(name)])))
      const args = ['add', 'in', '--out', 'volume/out', '--snr', '5:20', '--json', '--backend', backend]
      const ended = await noisemill([...args, '--report', 'first.jsonl'], { cwd })
      expect(ended.code, size).toBe(4)
      expect(linesOf(ended.stderr), size).toEqual([expect.stringMatching(/\(E_VOLUME_FULL\)$/)])
      const { files, summary } = jsonOf(ended)
      const done = files.filter(({ status }) => status === 'done')
      const onDisk = filesBelow(path.join(volume, 'out'))
      expect(onDisk.length).toBeGreaterThan(0)
      expect(done.map(({ key }) => key).sort(), size).toEqual(onDisk)
      expect(summary.done).toBe(onDisk.length)
      const rows = (file: string) => rowsOf(path.join(cwd, file))
      expect(rows('first.jsonl').map((row) => ({ type: 'file', ...row }))).toEqual(files)

      expect(spawnSync('mount', ['-o', 'remount,size=10m', volume]).status).toBe(0)
      expect((await noisemill([...args, '--resume', '--report', 'second.jsonl'], { cwd })).code).toBe(0)
      const second = rows('second.jsonl')
      expect(second.map(({ key }) => key).sort()).toEqual(names.toSorted())
      const skipped = second.filter(({ status }) => status === 'skipped')
      expect(skipped.length, size).toBeGreaterThan(0)
      for (const row of skipped) {
        const first = done.find(({ key }) => key === row.key)
        expect({ type: 'file', ...row, status: 'done' }, size).toEqual(first)
      }
    }
  })
})

/** Exit code 4: no further file would fare better. */

import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { describeBackends } from '../support/backends.js'
import { filesBelow, hashesBelow, temporaryFolder } from '../support/folders.js'
import { isWindows } from '../support/systems.js'
import { bin, isTemporary, jsonOf, linesOf, noisemill, pcm16, start, writeInputs } from './helpers.js'

/** `in` with a.wav, and a file that is no folder. */
function workplace(): string {
  const cwd = temporaryFolder()
  writeInputs(cwd, { 'in/a.wav': pcm16(), file: Buffer.from('no folder') })
  return cwd
}

const snr = ['--snr', '10']

describe('4', () => {
  test.each(['file', 'file/below'])('for an output folder that cannot be: %s', (out) => expectNoFolder(out))

  // It takes no folders, not even from root.
  test.skipIf(!existsSync('/proc/self')).each(['/proc/noisemill', '/proc/noisemill/below'])(
    'for an output folder that cannot be: %s (needs /proc)',
    (out) => expectNoFolder(out),
  )

  async function expectNoFolder(out: string) {
    const cwd = workplace()
    const { code, stdout, stderr } = await noisemill(['add', 'in', '--out', out, ...snr], { cwd })
    expect({ code, stdout }).toEqual({ code: 4, stdout: '' })
    expect(linesOf(stderr)).toEqual([expect.stringMatching(new RegExp(`^noisemill: ${out}.*\\(E_OUTPUT_FOLDER\\)$`))])
    expect(readFileSync(path.join(cwd, 'file'), 'utf8')).toBe('no folder')
  }

  test.each(['missing/r.jsonl', 'file/r.jsonl', 'in', ''])(
    'for a report that cannot be written, "%s", before any file is',
    async (report) => {
      const cwd = workplace()
      const { code, stdout, stderr } = await noisemill(['add', 'in', '--out', 'out', ...snr, '--report', report], {
        cwd,
      })
      expect({ code, stdout }).toEqual({ code: 4, stdout: '' })
      expect(linesOf(stderr)).toEqual([expect.stringContaining('(E_REPORT)')])
      expect(existsSync(path.join(cwd, 'out'))).toBe(false)
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

/** Whether this user may mount a small volume, to fill it. */
function canMount(): boolean {
  const folder = path.join(tmpdir(), `noisemill-mount-${process.pid}`)
  try {
    mkdirSync(folder)
    mountVolume(folder)
    execFileSync('umount', [folder])
    return true
  } catch {
    return false
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function mountVolume(folder: string): void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'noisemill', folder], { stdio: 'ignore' })
}

const mayMount = !isWindows && canMount()

describeBackends('4 for a full volume', (backend) => {
  test.skipIf(!mayMount)('with no temporary left and finished files whole (needs mount)', async () => {
    const cwd = temporaryFolder()
    const volume = path.join(cwd, 'volume')
    mkdirSync(volume)
    mountVolume(volume)
    onTestFinished(() => {
      execFileSync('umount', [volume])
    })
    // Four of 60 kB fit into the 256 kB, and the fifth does not.
    const names = Array.from({ length: 8 }, (_, i) => `${i}.wav`)
    writeInputs(path.join(cwd, 'in'), Object.fromEntries(names.map((name) => [name, pcm16(0.25, 30_000)])))
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
})

/**
 * The journal: its lines and when they are written, journals that end anywhere, and files that are refused as a
 * journal.
 */

import {
  cpSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { describeBackends } from '../support/backends.js'
import { filesBelow, hashesBelow, JOURNAL } from '../support/folders.js'
import { journalOf, outcomes, place, runsOn } from '../support/resuming.js'
import { posixTest } from '../support/systems.js'

const broken = Buffer.from('RIFF')

describeBackends('the journal', (backend) => {
  const { run, resume } = runsOn({ backend, size: 2 })

  test('wherever the journal ends', async () => {
    const names = ['a.wav', 'b.wav', 'sub/ü.wav']
    const { at, input, out } = place(...names)
    await run(input, out, { chunkSize: 1 })
    const journal = readFileSync(path.join(out, JOURNAL))
    // In steps that fall on any place of a line; with a zero or two behind, as file systems leave after a power cut.
    for (let end = 0; end <= journal.length; end += 11) {
      const cut = journal.subarray(0, end)
      // No output before the whole line.
      const begun = (name: string) => new RegExp(`{"begin":"${name}"[^\n]*}`).test(cut.toString())
      const state = at(`state-${end}`)
      mkdirSync(path.join(state, 'sub'), { recursive: true })
      writeFileSync(path.join(state, JOURNAL), end % 2 === 0 ? cut : Buffer.concat([cut, Buffer.alloc(2)]))
      // What was begun may be there, or not.
      for (const [i, name] of names.entries()) {
        if (begun(name) && (end / 11 + i) % 2 === 0) cpSync(path.join(out, name), path.join(state, name))
      }
      await resume(input, state)
      expect(hashesBelow(state), `${end} bytes`).toEqual(hashesBelow(out))
      // What was added behind a torn line can be read.
      const again = Object.values(outcomes(await resume(input, state)))
      expect(again, `${end} bytes`).toEqual(names.map(() => 'skipped'))
      rmSync(state, { recursive: true })
    }
  })

  test('zeros behind a whole line, as a power cut leaves them, do not hide the line', async () => {
    const { input, out } = place('a.wav')
    await run(input, out)
    const file = path.join(out, JOURNAL)
    writeFileSync(file, Buffer.concat([readFileSync(file), Buffer.alloc(3)]))
    expect(outcomes(await resume(input, out))).toEqual({ 'a.wav': 'skipped' })
  })

  test('the journal has each output’s intent before it is written, and its end before the run’s', async () => {
    const { at, input, out } = place('a.wav', 'b.wav')
    writeFileSync(at('in/bad.wav'), broken)
    await run(input, out)
    const lines = journalOf(out)
    expect(Object.keys(lines[0])).toContain('run')
    for (const [name, end] of [
      ['a.wav', 'done'],
      ['b.wav', 'done'],
      ['bad.wav', 'failed'],
    ]) {
      const places = ['begin', end].map((kind) => lines.findIndex((line) => line[kind] === name))
      expect(places[0], name).toBeGreaterThan(0)
      expect(places[1], name).toBeGreaterThan(places[0])
      expect(lines[places[0]].id, name).toBe(lines[places[1]].id)
    }
    expect(lines.at(-1)).toEqual({ end: lines[0].run, counts: { done: 2, skipped: 0, failed: 1 } })
    expect(lines.length).toBe(8)
  })
})

describe('the journal', () => {
  const { run } = runsOn({ backend: 'inline' })

  test('what has the name of the journal and is none is not added to, an input least of all', async () => {
    const { at, input, out } = place('a.wav')
    const before = readFileSync(at('in', 'a.wav'))
    mkdirSync(out)
    linkSync(at('in', 'a.wav'), path.join(out, JOURNAL))
    await expect(run(input, out)).rejects.toMatchObject({ code: 'E_JOURNAL', path: path.join(out, JOURNAL) })
    expect(readFileSync(at('in', 'a.wav'))).toEqual(before)
    unlinkSync(path.join(out, JOURNAL))
    writeFileSync(path.join(out, JOURNAL), 'my diary')
    await expect(run(input, out, { resume: true })).rejects.toMatchObject({ code: 'E_JOURNAL' })
    expect(readFileSync(path.join(out, JOURNAL), 'utf8')).toBe('my diary')
    expect(filesBelow(out)).toEqual([])
  })

  test('no output takes the journal’s name', async () => {
    const { at, out } = place(JOURNAL, 'b.wav')
    const results = await run([at('in', JOURNAL), at('in', 'b.wav')], out, { overwrite: true })
    expect(outcomes(results)).toEqual({ [JOURNAL]: 'E_OUTPUT_CLASH', 'b.wav': 'done' })
    expect(journalOf(out).some((line) => line.done === 'b.wav')).toBe(true)
  })

  test('a journal without lines is not gathered, and what stands behind is read', async () => {
    const { input, out } = place('a.wav', 'b.wav')
    await run(input, out)
    const journal = readFileSync(path.join(out, JOURNAL))
    const junk = Buffer.alloc(40 << 20, 'x')
    writeFileSync(path.join(out, JOURNAL), Buffer.concat([Buffer.from('\n{"run":'), junk, journal]))
    expect(outcomes(await run(input, out, { resume: true }))).toEqual({ 'a.wav': 'skipped', 'b.wav': 'skipped' })
  })

  test('lines of zeros that end in another byte take no longer than other lines', async () => {
    const { input, out } = place('a.wav')
    await run(input, out)
    const file = path.join(out, JOURNAL)
    // A search for zeros at the end that starts anew at each zero takes seconds for each of these lines.
    const line = `\n${'\0'.repeat(65_000)}x`
    writeFileSync(file, line.repeat(60), { flag: 'a' })
    expect(outcomes(await run(input, out, { resume: true }))).toEqual({ 'a.wav': 'skipped' })
  })

  describe('a journal that cannot be', () => {
    test('is told of: a folder', () => expectRefused((file) => mkdirSync(file), 'it is not a file'))

    posixTest.each([
      // It would be written to wherever the link leads.
      ['a link', '../elsewhere'],
      ['a link that leads to itself', JOURNAL],
    ])('is told of: %s (needs symbolic links)', (_, to) =>
      expectRefused((file) => symlinkSync(to, file), 'it is a symbolic link'),
    )

    async function expectRefused(make: (file: string) => void, reason: string) {
      const { at, input, out } = place('a.wav')
      mkdirSync(out)
      make(path.join(out, JOURNAL))
      for (const options of [{}, { resume: true }, { resume: true, dryRun: true }]) {
        await expect(run(input, out, options)).rejects.toMatchObject({
          code: 'E_JOURNAL',
          path: path.join(out, JOURNAL),
          // The remedy, too, is the one for a file that is not a journal.
          message: expect.stringContaining(`${reason}. Check .noisemill-journal in that folder`),
        })
      }
      expect(filesBelow(out)).toEqual([])
      expect(existsSync(at('elsewhere'))).toBe(false)
    }
  })
})

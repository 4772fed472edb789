/** A resumed run replaces only outputs of noisemill, and no other file. */

import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { FileResult } from '../../dist/index.js'
import { describeBackends } from '../support/backends.js'
import { foreign, journalOf, outcomes, place, runsOn } from '../support/resuming.js'
import { posixTest } from '../support/systems.js'
import { pcm16 } from '../support/wav.js'

const broken = Buffer.from('RIFF')

describeBackends('resuming', (backend) => {
  const { begin, run, resume } = runsOn({ backend, size: 2 })

  test('replaces no file that noisemill did not make', async () => {
    const { at, input, out } = place('a.wav', 'b.wav', 'd.wav', 'e.wav')
    mkdirSync(out)
    writeFileSync(at('out/a.wav'), foreign)
    writeFileSync(at('in/b.wav'), broken)
    expect(outcomes(await run(input, out))).toEqual({
      'a.wav': 'E_OUTPUT_EXISTS',
      'b.wav': 'E_WAV_TRUNCATED',
      'd.wav': 'done',
      'e.wav': 'done',
    })
    // Had it been killed then, these are what resuming might replace.
    const begun = journalOf(out).flatMap(({ begin }) => begin ?? [])
    expect(begun.sort()).toEqual(['b.wav', 'd.wav', 'e.wav'])
    // It was begun, but nothing came of it: the name is as free as before.
    writeFileSync(at('out/b.wav'), foreign)
    writeFileSync(at('in/b.wav'), pcm16(500))
    expect(outcomes(await resume(input, out))).toEqual({
      'a.wav': 'E_OUTPUT_EXISTS',
      'b.wav': 'E_OUTPUT_EXISTS',
      'd.wav': 'skipped',
      'e.wav': 'skipped',
    })
    for (const name of ['a.wav', 'b.wav']) expect(readFileSync(at('out', name)).equals(foreign)).toBe(true)
  })

  test('replaces no file in a folder of the output folder, which has nothing else', async () => {
    const { at, input, out } = place('sub/a.wav', 'new/b.wav')
    mkdirSync(at('out/sub'), { recursive: true })
    writeFileSync(at('out/sub/a.wav'), foreign)
    expect(outcomes(await run(input, out))).toEqual({ 'new/b.wav': 'done', 'sub/a.wav': 'E_OUTPUT_EXISTS' })
    expect(journalOf(out).flatMap(({ begin }) => begin ?? [])).toEqual(['new/b.wav'])
    expect(outcomes(await resume(input, out))).toEqual({ 'new/b.wav': 'skipped', 'sub/a.wav': 'E_OUTPUT_EXISTS' })
    expect(readFileSync(at('out/sub/a.wav')).equals(foreign)).toBe(true)
  })

  test('replaces no file that another program writes into a new folder during the run', async () => {
    const names = Array.from({ length: 200 }, (_, i) => `sub/${i}.wav`)
    const { at, input, out } = place(...names)
    const taken = new Set<string>()
    const results: FileResult[] = []
    for await (const result of begin(input, out, { chunkSize: 1 })) {
      results.push(result)
      if (results.length > 1) continue
      for (const name of names.filter((name) => !existsSync(at('out', name)))) {
        try {
          writeFileSync(at('out', name), foreign, { flag: 'wx' })
          taken.add(name)
        } catch (error) {
          expect(error).toMatchObject({ code: 'EEXIST' })
        }
      }
    }
    expect(taken.size).toBeGreaterThan(0)
    const expected = (done: string) =>
      Object.fromEntries(names.map((name) => [name, taken.has(name) ? 'E_OUTPUT_EXISTS' : done]))
    expect(outcomes(results)).toEqual(expected('done'))
    // The run has taken back what it recorded of them, so a later one leaves them alone, too.
    expect(outcomes(await resume(input, out))).toEqual(expected('skipped'))
    for (const name of taken) expect(readFileSync(at('out', name)).equals(foreign)).toBe(true)
  })

  posixTest('replaces no link that noisemill did not make (needs symbolic links)', async () => {
    const { at, input, out } = place('c.wav')
    mkdirSync(out)
    symlinkSync('nowhere', at('out/c.wav'))
    expect(outcomes(await run(input, out))).toEqual({ 'c.wav': 'E_OUTPUT_EXISTS' })
    expect(journalOf(out).flatMap(({ begin }) => begin ?? [])).toEqual([])
    expect(outcomes(await resume(input, out))).toEqual({ 'c.wav': 'E_OUTPUT_EXISTS' })
    expect(existsSync(at('out/nowhere'))).toBe(false)
  })

  test('an output that could not be replaced may still be replaced later', async () => {
    const { at, input, out } = place('a.wav')
    await run(input, out)
    writeFileSync(at('in/a.wav'), broken)
    expect(outcomes(await resume(input, out))).toEqual({ 'a.wav': 'E_WAV_TRUNCATED' })
    writeFileSync(at('in/a.wav'), pcm16(600))
    expect(outcomes(await resume(input, out))).toEqual({ 'a.wav': 'done' })
  })

  test('an input is not replaced by an output that was begun under its name', async () => {
    const { at, out } = place('a.wav')
    await run(at('in/a.wav'), out, { copies: 2 })
    // Now the first copy is an input itself, and what it is made of has changed.
    writeFileSync(at('in/a.wav'), pcm16(600))
    const bytes = readFileSync(at('out/a.1.wav'))
    const results = await resume([at('in/a.wav'), at('out/a.1.wav')], out, { copies: 2 })
    expect(results.find(({ output }) => output === at('out/a.1.wav'))?.error?.code).toBe('E_OUTPUT_IS_INPUT')
    expect(readFileSync(at('out/a.1.wav')).equals(bytes)).toBe(true)
  })
})

import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import type { AddNoiseOptions } from '../../dist/index.js'
import { describeBackends } from '../support/backends.js'
import { filesBelow, hashesBelow, JOURNAL } from '../support/folders.js'
import { foreign, journalOf, outcomes, place, runsOn } from '../support/resuming.js'
import { pcm16, wav } from '../support/wav.js'

describeBackends('resuming, by settings,', (backend) => {
  const { run, resume } = runsOn({ backend, size: 2 })

  test('refuses other settings, before anything is done, and says which', async () => {
    const { input, out } = place('a.wav')
    await run(input, out)
    const bytes = readFileSync(path.join(out, JOURNAL))
    const others: [Partial<AddNoiseOptions>, string][] = [
      [{ sigma: 0.2 }, 'sigma was 0.1 and is 0.2'],
      [{ sigma: [0.1, 0.2] }, 'sigma was 0.1 and is [0.1,0.2]'],
      [{ sigma: undefined, snr: 0.1 } as never, 'sigma was 0.1 and is not given, snr was not given and is 0.1'],
      [{ seed: 1 }, 'seed was "resume" and is "1"'],
      [{ clip: false }, 'clip was not given and is "none"'],
      [{ clip: 'scale' }, 'clip was not given and is "scale", ceiling was not given and is 0.99'],
      [{ dither: true }, 'dither was not given and is true'],
      [{ copies: 2 }, 'copies was 1 and is 2'],
    ]
    for (const [other, received] of others) {
      await expect(resume(input, out, other)).rejects.toMatchObject({ code: 'E_RESUME_SETTINGS', path: out, received })
    }
    expect(readFileSync(path.join(out, JOURNAL)).equals(bytes)).toBe(true)
    expect(filesBelow(out)).toEqual(['a.wav'])
  })

  /** Changes lines of a journal. */
  function editJournal(out: string, edit: (line: Record<string, unknown>) => Record<string, unknown>) {
    const lines = journalOf(out).map((line) => `\n${JSON.stringify(edit(line))}`)
    writeFileSync(path.join(out, JOURNAL), lines.join(''))
  }

  test('refuses what another version of the noise or of the decoders began', async () => {
    const { input, out } = place('a.wav')
    await run(input, out)
    editJournal(out, (line) => ('run' in line ? { ...line, stream: 0, codecs: undefined } : line))
    await expect(resume(input, out)).rejects.toMatchObject({
      code: 'E_RESUME_SETTINGS',
      received: 'stream was 0 and is 1, an earlier version of the decoders was used',
    })
  })

  test('makes outputs of other decoders again, and nothing else', async () => {
    const { at, input, out } = place('pcm.wav')
    for (const name of ['today.wav', 'earlier.wav'])
      writeFileSync(at('in', name), wav({ tag: 6, bits: 8, data: Buffer.alloc(500, 'codes') }))
    await run(input, out)
    const fresh = hashesBelow(out)
    const versions = journalOf(out).flatMap(({ done, codec }) => (done ? [[done, codec]] : []))
    expect(Object.fromEntries(versions)).toEqual({ 'today.wav': 2, 'earlier.wav': 2, 'pcm.wav': undefined })
    editJournal(out, (line) => (line.done === 'earlier.wav' ? { ...line, codec: 1 } : line))
    const results = await resume(input, out)
    expect(outcomes(results)).toEqual({ 'earlier.wav': 'done', 'pcm.wav': 'skipped', 'today.wav': 'skipped' })
    expect(hashesBelow(out)).toEqual(fresh)
    // What that run recorded is as good as any.
    expect(new Set(Object.values(outcomes(await resume(input, out))))).toEqual(new Set(['skipped']))
  })

  test('makes outputs again whose run did not record its decoders', async () => {
    const { at, input, out } = place('a.wav', 'b.wav')
    await run(at('in/a.wav'), out)
    editJournal(out, (line) => ('run' in line ? { ...line, codecs: undefined } : line))
    await run(at('in/b.wav'), out)
    expect(outcomes(await resume(input, out))).toEqual({ 'a.wav': 'E_OUTPUT_EXISTS', 'b.wav': 'skipped' })
  })

  test('compares settings with those of the last run that wrote anything', async () => {
    const { at, input, out } = place('a.wav')
    await run(input, out)
    // By mistake: nothing came of it.
    expect(outcomes(await run(input, out, { seed: 'other' }))).toEqual({ 'a.wav': 'E_OUTPUT_EXISTS' })
    expect(outcomes(await resume(input, out))).toEqual({ 'a.wav': 'skipped' })
    await run(input, out, { seed: 'other', overwrite: true })
    await expect(resume(input, out)).rejects.toMatchObject({ code: 'E_RESUME_SETTINGS' })
    writeFileSync(at('in/b.wav'), pcm16(500))
    expect(outcomes(await resume(input, out, { seed: 'other' }))).toEqual({ 'a.wav': 'skipped', 'b.wav': 'done' })
  })

  test('makes outputs again that were made with other settings', async () => {
    const { at, input, out } = place('a.wav', 'b.wav')
    await run(at('in/a.wav'), out, { seed: 'other' })
    await run(at('in/b.wav'), out)
    const results = await resume(input, out)
    expect(outcomes(results)).toEqual({ 'a.wav': 'E_OUTPUT_EXISTS', 'b.wav': 'skipped' })
  })

  test('a run that replaced outputs: replaces those of older runs too, and no file that no run made', async () => {
    const names = ['a.wav', 'b.wav', 'c.wav', 'd.wav']
    const { at, input, out } = place(...names)
    await run(
      ['a.wav', 'b.wav', 'c.wav'].map((name) => at('in', name)),
      out,
      { seed: 'other', root: input },
    )
    writeFileSync(at('out/d.wav'), foreign)
    // It begins as a run would that is interrupted after one file; a resumed one may be interrupted as well.
    await run(at('in/a.wav'), out, { overwrite: true })
    expect(outcomes(await resume([at('in/a.wav'), at('in/b.wav')], out))).toEqual({
      'a.wav': 'skipped',
      'b.wav': 'done',
    })
    const results = await resume(input, out)
    expect(outcomes(results)).toEqual({
      'a.wav': 'skipped',
      'b.wav': 'skipped',
      'c.wav': 'done',
      'd.wav': 'E_OUTPUT_EXISTS',
    })
    expect(readFileSync(at('out/d.wav')).equals(foreign)).toBe(true)
    await run(
      ['a.wav', 'b.wav', 'c.wav'].map((name) => at('in', name)),
      at('whole'),
    )
    const { 'd.wav': _, ...made } = hashesBelow(out)
    expect(made).toEqual(hashesBelow(at('whole')))
  })

  test('a run that replaced outputs: what a still older run was killed in is replaced', async () => {
    const { at, input, out } = place('a.wav', 'b.wav')
    await run(input, out, { seed: 'other' })
    // A kill before the end was recorded.
    editJournal(out, (line) => ('done' in line ? { gone: true } : line))
    await run(at('in/a.wav'), out, { overwrite: true })
    expect(outcomes(await resume(input, out))).toEqual({ 'a.wav': 'skipped', 'b.wav': 'done' })
  })
})

describe('resuming', () => {
  const { run } = runsOn({ backend: 'inline' })

  test.each([0, 1, 'false'])('is not asked for with %j', async (value) => {
    await expect(run('in', 'out', { resume: value as never })).rejects.toMatchObject({
      code: 'E_OPTION_INVALID',
      option: 'resume',
    })
  })

  test('and overwriting exclude each other', async () => {
    const { input, out } = place('a.wav')
    await expect(run(input, out, { resume: true, overwrite: true })).rejects.toMatchObject({
      code: 'E_OPTION_INVALID',
      option: 'resume',
    })
  })
})

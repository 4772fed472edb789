/** Resuming an earlier run: outputs that are done are skipped, and those whose files have changed are made again. */

import {
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { addNoiseToFiles, Pool } from '../../dist/index.js'
import { describeBackends } from '../support/backends.js'
import { writeFiles } from '../support/files.js'
import { filesBelow, hashesBelow, JOURNAL } from '../support/folders.js'
import { outcomes, place, runsOn } from '../support/resuming.js'
import { collect } from '../support/sources.js'
import { linuxTest } from '../support/systems.js'
import { formats, HEADER_BYTES, pcm16, sine, wav } from '../support/wav.js'

describeBackends('resuming', (backend) => {
  const { begin, run, resume } = runsOn({ backend, size: 2 })

  test('without an earlier run is a run like any other', async () => {
    const { input, out } = place('a.wav', 'b.wav')
    expect(outcomes(await resume(input, out))).toEqual({ 'a.wav': 'done', 'b.wav': 'done' })
  })

  test('skips outputs that are done, with their figures, and processes new files', async () => {
    const { at, input, out } = place('a.wav', 'sub/b.wav')
    const [first] = await run(input, out)
    const before = statSync(first.output, { bigint: true })
    writeFileSync(at('in/new.wav'), pcm16(500))
    const results = await resume(input, out)
    expect(outcomes(results)).toEqual({ 'a.wav': 'skipped', 'new.wav': 'done', 'sub/b.wav': 'skipped' })
    expect(results.find(({ key }) => key === first.key)).toEqual({ ...first, status: 'skipped' })
    expect(first.snr).toEqual(expect.any(Number))
    const after = statSync(first.output, { bigint: true })
    expect([after.ino, after.mtimeNs]).toEqual([before.ino, before.mtimeNs])
    // And so it goes on.
    expect(new Set(Object.values(outcomes(await resume(input, out))))).toEqual(new Set(['skipped']))
  })

  test('has the figures of files that are silent, loud, odd, coded or infinite', async () => {
    const { at, input } = place()
    const infinite = Buffer.from(Float64Array.of(1e200, 0.5, Number.NaN).buffer)
    writeFiles(input, {
      'silent.wav': pcm16(500, 0),
      'loud.wav': pcm16(500, 1),
      'odd.wav': wav({ data: sine(formats[1], 500), dataSize: 0xffffffff }),
      'coded.wav': wav({ tag: 7, bits: 8, data: Buffer.alloc(500, 0x85) }),
      'infinite.wav': wav({ tag: 3, bits: 64, data: infinite }),
    })
    for (const level of [{ sigma: 0.5 }, { snr: [-20, -10] as const }]) {
      const options = { out: at(Object.keys(level)[0]), backend, size: 2, ...level }
      const results = await collect(addNoiseToFiles(input, options))
      const wanted = results.map((result) => (result.status === 'done' ? { ...result, status: 'skipped' } : result))
      const resumed = await collect(addNoiseToFiles(input, { ...options, resume: true }))
      const byKey = (rows: readonly object[]) => new Map(rows.map((row) => [(row as { key: string }).key, row]))
      expect(byKey(resumed)).toEqual(byKey(wanted))
      expect(results.flatMap(({ warnings }) => warnings).length).toBeGreaterThan(1)
    }
  })

  test('resumes from a journal with missing or invalid figures', async () => {
    const { input, out } = place('a.wav', 'b.wav', 'c.wav')
    await run(input, out)
    const journal = path.join(out, JOURNAL)
    const forged = ['"figures":{"format":"mp3"}', '"figures":7', '']
    const lines = readFileSync(journal, 'utf8').split('\n')
    const changed = lines.map((line) =>
      line.startsWith('{"done"')
        ? line.replace(/,("figures":.*)}$/, () => `,${forged.pop()}}`.replace(',}', '}'))
        : line,
    )
    writeFileSync(journal, changed.join('\n'))
    const results = await resume(input, out)
    expect(forged).toEqual([])
    for (const { status, frames, snr, warnings, bytesIn, bytesOut } of results) {
      expect({ status, frames, snr, warnings }).toEqual({ status: 'skipped', frames: null, snr: null, warnings: [] })
      expect(bytesIn).toBe(bytesOut)
    }
  })

  test('does not depend on how the work is done, nor on how inputs and outputs are spelled', async () => {
    const { input, out } = place('a.wav', 'b.wav')
    await run(input, out)
    const relative = (folder: string) => path.relative('.', folder)
    expect(outcomes(await resume(`${input}/`, `${out}/../out/`, { chunkSize: 1 }))).toEqual({
      'a.wav': 'skipped',
      'b.wav': 'skipped',
    })
    const results = await resume(relative(input), relative(out), { pool: new Pool({ backend: 'inline' }) })
    expect(outcomes(results)).toEqual({ 'a.wav': 'skipped', 'b.wav': 'skipped' })
  })

  test('continues if inputs and outputs were moved together', async () => {
    const { at, input, out } = place('a.wav')
    await run(input, out)
    mkdirSync(at('moved'))
    renameSync(input, at('moved/in'))
    renameSync(out, at('moved/out'))
    expect(outcomes(await resume(at('moved/in'), at('moved/out')))).toEqual({ 'a.wav': 'skipped' })
  })

  test('makes outputs again if the size, time or path of the input, or the size of the output, has changed', async () => {
    const names = ['kept', 'longer', 'touched', 'gone', 'short', 'empty', 'folder'].map((name) => `${name}.wav`)
    const { at, input, out } = place(...names)
    await run(input, out)
    const { mtime } = statSync(at('in/longer.wav'))
    writeFileSync(at('in/longer.wav'), pcm16(5000))
    utimesSync(at('in/longer.wav'), mtime, mtime)
    // Another sound of the same length, some milliseconds later.
    const { length } = readFileSync(at('in/touched.wav'))
    writeFileSync(at('in/touched.wav'), pcm16((length - HEADER_BYTES) / 2, 0.5))
    utimesSync(at('in/touched.wav'), mtime, new Date(mtime.getTime() + 1000))
    unlinkSync(at('out/gone.wav'))
    truncateSync(at('out/short.wav'), 100)
    truncateSync(at('out/empty.wav'), 0)
    unlinkSync(at('out/folder.wav'))
    mkdirSync(at('out/folder.wav'))
    expect(outcomes(await resume(input, out))).toEqual({
      'kept.wav': 'skipped',
      'longer.wav': 'done',
      'touched.wav': 'done',
      'gone.wav': 'done',
      'short.wav': 'done',
      'empty.wav': 'done',
      'folder.wav': 'E_OUTPUT_PUBLISH',
    })
    rmSync(at('out/folder.wav'), { recursive: true })
    await resume(input, out)
    await run(input, at('fresh'))
    expect(hashesBelow(out)).toEqual(hashesBelow(at('fresh')))
  })

  test('reports an input that was removed after the first run', async () => {
    const { at, input, out } = place('a.wav', 'b.wav')
    const files = [at('in/a.wav'), at('in/b.wav')]
    await run(files, out)
    rmSync(input, { recursive: true })
    writeFileSync(input, '')
    const results = await resume(files, out)
    expect(outcomes(results)).toEqual({ 'a.wav': 'E_INPUT_MISSING', 'b.wav': 'E_INPUT_MISSING' })
    expect(filesBelow(out)).toEqual(['a.wav', 'b.wav'])
  })

  test('makes an output again if another input has the same size and time', async () => {
    const { at, input, out } = place('a.wav')
    await run(input, out)
    mkdirSync(at('other'))
    writeFileSync(at('other/a.wav'), pcm16(500, 0.5))
    const { atime, mtime } = statSync(at('in/a.wav'))
    utimesSync(at('in/a.wav'), atime, mtime)
    utimesSync(at('other/a.wav'), atime, mtime)
    await resume(input, out)
    expect(outcomes(await resume(at('other'), out))).toEqual({ 'a.wav': 'done' })
    await run(at('other'), at('fresh'))
    expect(hashesBelow(out)).toEqual(hashesBelow(at('fresh')))
  })

  test('each copy counts for itself', async () => {
    const { at, input, out } = place('a.wav', 'b.wav')
    await run(input, out, { copies: 3 })
    unlinkSync(at('out/b.2.wav'))
    const results = await resume(input, out, { copies: 3 })
    const done = results.filter(({ status }) => status === 'done')
    expect(done.map(({ output }) => output)).toEqual([at('out/b.2.wav')])
    expect(results.filter(({ status }) => status === 'skipped').length).toBe(5)
  })

  linuxTest('knows names of any bytes again (needs Linux)', async () => {
    const { input, out } = place()
    const bytes = (...parts: (string | number[])[]) => Buffer.concat(parts.map((part) => Buffer.from(part as string)))
    const folder = bytes(input, '/', [0xe4], '\n')
    mkdirSync(input)
    mkdirSync(folder)
    const names = [bytes([0xff, 0xfe], '.wav'), bytes('"quoted\\".wav'), bytes('line\nbreak.wav'), bytes('音.wav')]
    for (const name of names) writeFileSync(bytes(folder as never, '/', name as never), pcm16(500))
    await run(input, out)
    const resumed = await resume(input, out)
    expect(resumed.map(({ status }) => status)).toEqual(names.map(() => 'skipped'))
    writeFileSync(bytes(folder as never, '/', names[0] as never), pcm16(800))
    const again = await resume(input, out)
    expect(again.map(({ status }) => status).sort()).toEqual(['done', 'skipped', 'skipped', 'skipped'])
  })

  test('from a run that the caller left halfway', async () => {
    // More than a run has under way.
    const names = Array.from({ length: 200 }, (_, i) => `${i}.wav`)
    const { at, input, out } = place(...names)
    for await (const { status } of begin(input, out, { chunkSize: 5 })) {
      expect(status).toBe('done')
      break
    }
    const left = filesBelow(out)
    expect(left.length).toBeLessThan(names.length)
    const results = await resume(input, out)
    expect(results.filter(({ status }) => status === 'skipped').map(({ key }) => key)).toEqual(
      expect.arrayContaining(left),
    )
    expect(results.length).toBe(names.length)
    await run(input, at('fresh'))
    expect(hashesBelow(out)).toEqual(hashesBelow(at('fresh')))
  })

  test('a dry run shows what resuming would do, and writes nothing', async () => {
    const { at, input, out } = place('a.wav', 'b.wav')
    await run(at('in/a.wav'), out)
    const journal = readFileSync(path.join(out, JOURNAL))
    const results = await resume(input, out, { dryRun: true })
    expect(outcomes(results)).toEqual({ 'a.wav': 'skipped', 'b.wav': 'planned' })
    expect(readFileSync(path.join(out, JOURNAL)).equals(journal)).toBe(true)
    await resume(input, at('none'), { dryRun: true })
    await run(input, at('none'), { dryRun: true })
    expect(existsSync(at('none'))).toBe(false)
  })
})

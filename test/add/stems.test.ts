/** Runs with stems: where their files lie, what is checked before, and what a later run does with them. */

import {
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { addNoiseToFiles, type NoiseOptions, noiseTask, Pool, replay } from '../../dist/index.js'
import { describeBackends } from '../support/backends.js'
import { writeFiles } from '../support/files.js'
import { filesBelow, hashesBelow, isTemporary, JOURNAL } from '../support/folders.js'
import { jsonOf, noisemill, rowsOf } from '../support/programs.js'
import { foreign, journalOf, outcomes, place, runsOn } from '../support/resuming.js'
import { collect } from '../support/sources.js'
import { posixTest } from '../support/systems.js'
import { pcm16, wav } from '../support/wav.js'

const stems = ['clean', 'noise'] as const

/** The samples of a file with a header of 44 bytes. */
const samplesOf = (file: string) => {
  const bytes = readFileSync(file)
  return Array.from({ length: (bytes.length - 44) / 2 }, (_, i) => bytes.readInt16LE(44 + 2 * i))
}

describeBackends('stems', (backend) => {
  const { run, resume } = runsOn({ backend, size: 2 })

  test('that do not fit fail the output of a long file too, which threads share', async () => {
    const { input, out } = place()
    // Three parts.
    const loud = Buffer.alloc(2 * 5_000_000)
    for (let i = 0; i < loud.length; i += 2) loud.writeInt16LE(i % 4 === 0 ? 29_000 : -29_000, i)
    writeFiles(input, { 'long.wav': wav({ data: loud }) })
    const [{ error }] = await collect(
      addNoiseToFiles(input, { backend, size: 2, out, sigma: 0.8, seed: 1, stems: ['noise'] }),
    )
    expect(error?.code).toBe('E_STEM_RANGE')
    expect(filesBelow(out).filter((name) => name.endsWith('.wav'))).toEqual([])
  })

  test('lie in folders beside those of the mixtures, with the names of copies', async () => {
    const { at, input, out } = place('a.wav', 'sub/b.wav')
    const options = { copies: 2, snr: { values: [0, 10] }, sigma: undefined, snrMode: 'each' } as const
    const names = ['a', 'sub/b'].flatMap((name) =>
      [1, 2].flatMap((copy) => ['_snr0', '_snr10'].map((label) => `${name}.${copy}${label}.wav`)),
    )
    const { sigma: _, ...given } = options
    const base = { backend, size: 2, seed: 1, ...given }
    const results = await collect(addNoiseToFiles(input, { ...base, out, stems: ['noise', 'clean'] }))
    const plain = await collect(addNoiseToFiles(input, { ...base, out: at('plain') }))
    expect(filesBelow(out)).toEqual(
      ['clean', 'noise', 'noisy'].flatMap((folder) => names.map((name) => `${folder}/${name}`)).sort(),
    )
    expect(hashesBelow(at('out/noisy'))).toEqual(hashesBelow(at('plain')))
    const inOrder = (rows: typeof results) => rows.map((row) => [row.output, row] as const).sort()
    for (const [i, [, result]] of inOrder(results).entries()) {
      const [, { output, ...other }] = inOrder(plain)[i]
      const below = path.relative(at('plain'), output)
      const own = { clean: path.join(out, 'clean', below), noise: path.join(out, 'noise', below) }
      expect(result).toEqual({
        ...other,
        output: path.join(out, 'noisy', below),
        stems: own,
        seconds: expect.any(Number),
      })
      expect(readFileSync(own.clean).equals(readFileSync(result.input))).toBe(true)
      const [mixture, clean, noise] = [result.output, own.clean, own.noise].map(samplesOf)
      expect(mixture).toEqual(clean.map((sample, k) => sample + noise[k]))
    }
    expect(plain.filter((result) => 'stems' in result)).toEqual([])
  })

  test('may be one alone', async () => {
    const { input, out } = place('a.wav')
    const [result] = await run(input, out, { stems: ['noise'] })
    expect(result.stems).toEqual({ noise: path.join(out, 'noise', 'a.wav') })
    expect(filesBelow(out)).toEqual(['noise/a.wav', 'noisy/a.wav'])
  })

  test('of items of a pool lie in the folder of the task, below the root', async () => {
    const { at, input, out } = place('a.wav', 'sub/b.wav')
    await using pool = new Pool({ backend, size: 1 })
    const task = noiseTask({ out, root: input, sigma: 0.1, stems })
    const items = [
      at('in/a.wav'),
      { input: at('in/sub/b.wav'), key: 'other' },
      { input: at('in/a.wav'), output: at('x.wav') },
    ]
    const results = await pool.map(task, items)
    expect(results.map(({ status, error }) => error?.code ?? status)).toEqual(['done', 'done', 'E_ITEM_INVALID'])
    expect(results[1].stems).toEqual({
      clean: path.join(out, 'clean/sub/b.wav'),
      noise: path.join(out, 'noise/sub/b.wav'),
    })
    expect(filesBelow(out)).toHaveLength(6)
  })

  test('are skipped with their mixture, and made again if one of them has changed', async () => {
    const { at, input, out } = place('a.wav', 'b.wav', 'c.wav', 'd.wav')
    await run(input, out, { stems })
    const whole = hashesBelow(out)
    unlinkSync(at('out/clean/b.wav'))
    truncateSync(at('out/noise/c.wav'), 500)
    unlinkSync(at('out/noisy/d.wav'))
    const results = await resume(input, out, { stems })
    expect(outcomes(results)).toEqual({ 'a.wav': 'skipped', 'b.wav': 'done', 'c.wav': 'done', 'd.wav': 'done' })
    expect(results.every((result) => result.stems?.clean?.startsWith(path.join(out, 'clean')))).toBe(true)
    expect(hashesBelow(out)).toEqual(whole)
    await expect(resume(input, out, { stems: ['clean'] })).rejects.toMatchObject({ code: 'E_RESUME_SETTINGS' })
    await expect(resume(input, out)).rejects.toMatchObject({ code: 'E_RESUME_SETTINGS' })
  })

  test('that got their names before their process was killed are completed', async () => {
    const { at, input, out } = place('a.wav', 'b.wav')
    await run(input, out, { stems })
    const whole = hashesBelow(out)
    // What a kill leaves between the names of the stems, and between those and that of the mixture.
    const lines = readFileSync(at('out', JOURNAL), 'utf8').split('\n')
    writeFileSync(at('out', JOURNAL), lines.filter((line) => !line.startsWith('{"done"')).join('\n'))
    unlinkSync(at('out/noise/a.wav'))
    unlinkSync(at('out/noisy/a.wav'))
    unlinkSync(at('out/noisy/b.wav'))
    expect(outcomes(await resume(input, out, { stems }))).toEqual({ 'a.wav': 'done', 'b.wav': 'done' })
    expect(hashesBelow(out)).toEqual(whole)
  })

  test('lose their names if the mixture cannot have its own, and are completed later', async () => {
    const { at, input, out } = place('a.wav', 'b.wav')
    mkdirSync(at('out/noisy/a.wav/folder'), { recursive: true })
    const [failed] = (await run(input, out, { stems, overwrite: true })).filter(({ status }) => status === 'failed')
    expect(failed.error).toMatchObject({ code: 'E_OUTPUT_PUBLISH', path: at('out', 'noisy', 'a.wav') })
    expect(filesBelow(out)).toEqual(['clean/b.wav', 'noise/b.wav', 'noisy/b.wav'])
    rmSync(at('out/noisy/a.wav'), { recursive: true })
    expect(outcomes(await resume(input, out, { stems }))).toEqual({ 'a.wav': 'done', 'b.wav': 'skipped' })
    expect(filesBelow(out)).toHaveLength(6)
  })

  test('of others stay, and the journal does not claim them', async () => {
    const { at, input, out } = place('a.wav', 'b.wav')
    writeFiles(out, { 'clean/a.wav': foreign, 'noise/b.wav': foreign })
    const results = await run(input, out, { stems })
    const paths = Object.fromEntries(results.map(({ key, error }) => [key, [error?.code, error?.path]]))
    expect(paths).toEqual({
      'a.wav': ['E_OUTPUT_EXISTS', at('out', 'clean', 'a.wav')],
      'b.wav': ['E_OUTPUT_EXISTS', at('out', 'noise', 'b.wav')],
    })
    expect(filesBelow(out)).toEqual(['clean/a.wav', 'noise/b.wav'])
    expect(filesBelow(out).filter(isTemporary)).toEqual([])
    // Nor does a later run replace them.
    expect(outcomes(await resume(input, out, { stems }))).toEqual({
      'a.wav': 'E_OUTPUT_EXISTS',
      'b.wav': 'E_OUTPUT_EXISTS',
    })
    expect(readFileSync(at('out/clean/a.wav')).equals(foreign)).toBe(true)
  })

  test('are verified, and other files in their folders are foreign', async () => {
    const { at, input, out } = place('a.wav', 'sub/b.wav')
    await run(input, out, { stems })
    const found: string[] = []
    const verify = () => run(input, out, { stems, verify: true, onForeign: (file) => found.push(file) })
    expect(outcomes(await verify())).toEqual({ 'a.wav': 'verified', 'sub/b.wav': 'verified' })
    expect(found).toEqual([])
    const changed = readFileSync(at('out/noise/sub/b.wav'))
    changed[100] ^= 1
    writeFileSync(at('out/noise/sub/b.wav'), changed)
    writeFiles(out, { 'clean/c.wav': pcm16(5), 'a.wav': pcm16(5) })
    const results = await verify()
    expect(outcomes(results)).toEqual({ 'a.wav': 'verified', 'sub/b.wav': 'E_OUTPUT_DIFFERS' })
    expect(results.find(({ status }) => status === 'failed')!.error!.path).toBe(at('out', 'noise', 'sub', 'b.wav'))
    expect(found.sort()).toEqual([at('out', 'a.wav'), at('out', 'clean', 'c.wav')].sort())
  })

  test('of silent files that are skipped do not exist', async () => {
    const { at, input, out } = place()
    writeFiles(input, { 'silent.wav': pcm16(500, 0), 'loud.wav': pcm16(500) })
    const options = { out, snr: 10, silent: 'skip', stems, backend, size: 2 } as const
    expect(outcomes(await collect(addNoiseToFiles(input, options)))).toEqual({
      'loud.wav': 'done',
      'silent.wav': 'omitted',
    })
    expect(filesBelow(out)).toEqual(['clean/loud.wav', 'noise/loud.wav', 'noisy/loud.wav'])
    writeFiles(out, { 'noise/silent.wav': pcm16(5) })
    const verified = await collect(addNoiseToFiles(input, { ...options, verify: true }))
    expect(outcomes(verified)).toEqual({ 'loud.wav': 'verified', 'silent.wav': 'E_OUTPUT_DIFFERS' })
    expect(verified.find(({ status }) => status === 'failed')!.error!.path).toBe(at('out', 'noise', 'silent.wav'))
  })

  test('whose samples do not fit leave nothing of their output', async () => {
    const { input, out } = place('a.wav')
    writeFiles(input, {
      'float.wav': wav({ tag: 3, bits: 32, data: new Uint8Array(Float32Array.of(0.9, -0.9).buffer) }),
    })
    expect(outcomes(await run(input, out, { sigma: 3, stems }))).toEqual({
      'a.wav': 'E_STEM_RANGE',
      'float.wav': 'done',
    })
    expect(filesBelow(out)).toEqual(['clean/float.wav', 'noise/float.wav', 'noisy/float.wav'])
  })
})

describe('stems', () => {
  const { run } = runsOn({ backend: 'inline' })

  test('never replace inputs', async () => {
    const { at, out } = place('a.wav')
    writeFiles(out, { 'clean/b.wav': pcm16(300), 'noise/c.wav': pcm16(400) })
    const before = hashesBelow(out)
    const inputs = [at('in/a.wav'), at('out/clean/b.wav'), at('out/noise/c.wav')]
    const options = { stems, overwrite: true }
    const paths = (results: Awaited<ReturnType<typeof run>>) =>
      Object.fromEntries(results.map(({ key, error, status }) => [key, error ? [error.code, error.path] : status]))
    const both = {
      'b.wav': ['E_OUTPUT_IS_INPUT', at('out', 'clean', 'b.wav')],
      'c.wav': ['E_OUTPUT_IS_INPUT', at('out', 'noise', 'c.wav')],
    }
    expect(paths(await run(inputs, out, options))).toEqual({ 'a.wav': 'done', ...both })
    expect(paths(await run(inputs[1], out, options))).toEqual({ 'b.wav': both['b.wav'] })
    await using pool = new Pool({ backend: 'inline' })
    const results = await pool.map(noiseTask({ out, sigma: 0.1, ...options }), [inputs[2], inputs[1]])
    expect(results.map(({ error }) => error?.code)).toEqual(['E_OUTPUT_IS_INPUT', 'E_OUTPUT_IS_INPUT'])
    for (const [file, hash] of Object.entries(before)) expect(hashesBelow(out)[file]).toBe(hash)
  })

  test('never lie in a folder of inputs', async () => {
    for (const folder of ['clean', 'noise', 'noisy']) {
      const { at } = place()
      writeFiles(at(folder), { 'a.wav': pcm16(100) })
      await expect(run(at(folder), at(''), { stems })).rejects.toMatchObject({ code: 'E_OUTPUT_IN_INPUT' })
      expect(outcomes(await run(at(folder), at(''), {}))).toEqual({ 'a.wav': 'done' })
    }
    const { at, input } = place('clean/a.wav')
    await expect(run(input, at('in/clean'), { stems })).rejects.toMatchObject({ code: 'E_OUTPUT_IN_INPUT' })
  })

  posixTest('never lie where a link leads', async () => {
    const { at, input, out } = place('sub/a.wav')
    for (const link of ['noise', 'clean/sub', 'noisy']) {
      mkdirSync(path.dirname(at('out', link)), { recursive: true })
      mkdirSync(at('far'), { recursive: true })
      symlinkSync(at('far'), at('out', link))
      const [result] = await run(input, out, { stems })
      expect(result.error).toMatchObject({ code: 'E_OUTPUT_OUTSIDE' })
      unlinkSync(at('out', link))
    }
    expect(filesBelow(at('far'))).toEqual([])
    // Two folders that are one.
    mkdirSync(at('out/noisy'))
    symlinkSync('noisy', at('out/noise'))
    const [result] = await run(input, out, { stems, overwrite: true })
    expect(result.status).toBe('failed')
    expect(filesBelow(at('out/noisy'))).toEqual([])
  })

  test('are checked as options', () => {
    const codeOf = (options: object) => {
      try {
        noiseTask({ sigma: 0.1, out: 'out', ...options } as NoiseOptions)
        return undefined
      } catch (error) {
        return error
      }
    }
    for (const wrong of ['clean', ['clean', 'clean'], ['mixture'], [undefined], null, 7, { clean: true }])
      expect(codeOf({ stems: wrong }), JSON.stringify(wrong)).toMatchObject({
        code: 'E_OPTION_INVALID',
        option: 'stems',
      })
    expect(codeOf({ stems, out: undefined })).toMatchObject({ code: 'E_OPTION_INVALID', option: 'stems' })
    expect(codeOf({ stems: [] })).toBe(undefined)
  })

  test('by the command: results, the journal and reports have them, and rows are replayed with or without them', async () => {
    const { at } = place('a.wav', 'sub/b.wav')
    const args = ['add', 'in', '--out', 'out', '--snr', '10', '--stems', 'noise,clean', '--report', 'r.jsonl', '--json']
    const { files, summary } = jsonOf(await noisemill(args, { cwd: at('') }))
    expect(files.map(({ stems }) => stems.clean).sort()).toEqual([
      path.join('out/clean/a.wav'),
      path.join('out/clean/sub/b.wav'),
    ])
    expect(summary.bytesOut).toBe(2 * 44 + 2 * 1001)
    expect(journalOf(at('out'))[0].settings.stems).toEqual(['clean', 'noise'])
    const rows = rowsOf(at('r.jsonl'))
    expect(rows.map(({ stems }) => stems)).toEqual(files.map(({ stems }) => stems))
    expect((await collect(replay(rows, { out: at('all'), root: at('in') }))).map(({ status }) => status)).toEqual([
      'done',
      'done',
    ])
    expect(hashesBelow(at('all'))).toEqual(hashesBelow(at('out')))
    renameSync(at('out/noisy'), at('first'))
    const mixtures = rows.map(({ stems: _, ...row }) => row)
    const again = replay(mixtures, { out: at('again'), root: at('in') })
    expect((await collect(again)).map(({ status }) => status)).toEqual(['done', 'done'])
    expect(hashesBelow(at('again'))).toEqual(hashesBelow(at('first')))
    const wrong = await noisemill(['add', 'in', '--out', 'x', '--snr', '10', '--stems', 'mixture'], { cwd: at('') })
    expect(wrong.code).toBe(2)
    expect(wrong.stderr).toContain('--stems')
  })
})

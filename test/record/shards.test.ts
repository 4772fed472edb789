/** Shards: together they are one run, and any of them goes on from what the others recorded. */

import { existsSync, linkSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { type AddNoiseOptions, addNoiseToFiles, type FileResult, transformFiles } from '../../dist/index.js'
import { shardOf } from '../../dist-lib/files/shard.js'
import { filesBelow, hashesBelow, JOURNAL } from '../support/folders.js'
import { Random } from '../support/random.js'
import { outcomes, place, runsOn } from '../support/resuming.js'
import { collect, numbers } from '../support/sources.js'
import { posixTest } from '../support/systems.js'
import { pcm16 } from '../support/wav.js'

const { run, resume } = runsOn({ size: 2 })

type Options = Partial<AddNoiseOptions>
type RunShard = (input: string | string[], out: string, options?: Options) => Promise<FileResult[]>

/** Runs all shards, one after the other. */
async function runShards(each: RunShard, input: string | string[], out: string, count: number, options: Options = {}) {
  const results: FileResult[][] = []
  for (const number of numbers(count))
    results.push(await each(input, out, { ...options, shard: `${number + 1}/${count}` }))
  return results
}

const names = numbers(60).map((number) => `${number % 7}/${number}.wav`)
const journalName = (shard: string) => `${JOURNAL}-${shard.replace('/', '-of-')}`
const journalsIn = (out: string) => readdirSync(out).filter((name) => name.startsWith(JOURNAL))
const statuses = (results: readonly FileResult[]) => new Set(results.map(({ status, error }) => error?.code ?? status))

describe('shards', () => {
  test.each([1, 2, 3])(
    'of a random number of them are a partition, with the bytes of one run (seed %d)',
    async (seed) => {
      const { at, input, out } = place(...names)
      const count = 2 + new Random(seed).below(12)
      const results = await runShards(run, input, out, count)
      for (const [i, shard] of results.entries())
        for (const { key, status } of shard) expect([key, shardOf(key, count), status]).toEqual([key, i + 1, 'done'])
      expect(results.flatMap((shard) => shard.map(({ key }) => key)).sort()).toEqual([...names].sort())
      expect(journalsIn(out).sort()).toEqual(
        numbers(count)
          .map((i) => journalName(`${i + 1}/${count}`))
          .sort(),
      )
      await run(input, at('whole'))
      expect(hashesBelow(out)).toEqual(hashesBelow(at('whole')))
    },
  )

  test('have all copies and stems of their files, and only these', async () => {
    const { at, input, out } = place(...names.slice(0, 10))
    const options: Options = { copies: 3, stems: ['clean', 'noise'] }
    for (const [i, results] of (await runShards(run, input, out, 2, options)).entries()) {
      const expected = names.slice(0, 10).filter((name) => shardOf(name, 2) === i + 1)
      expect(results.map(({ key, copy }) => `${key} ${copy}`).sort()).toEqual(
        expected.flatMap((key) => [1, 2, 3].map((copy) => `${key} ${copy}`)).sort(),
      )
    }
    await run(input, at('whole'), options)
    expect(hashesBelow(out)).toEqual(hashesBelow(at('whole')))
  })

  test('follow from paths below the root, and do not depend on how files are given', async () => {
    const { input, out } = place(...names)
    const files = names.map((name) => path.join(input, name))
    const options: Options = { root: input, shard: '2/5', dryRun: true }
    const expected = names.filter((name) => shardOf(name, 5) === 2).sort()
    const ways: Parameters<typeof addNoiseToFiles>[0][] = [
      input,
      files,
      new Set(files),
      [...new Set(names.map((name) => path.join(input, path.dirname(name))))],
      path.join(input, '**/*.wav'),
    ]
    for (const inputs of ways) {
      const results = await collect(addNoiseToFiles(inputs, { out, sigma: 0.1, backend: 'inline', ...options }))
      expect(results.map(({ key }) => key).sort()).toEqual(expected)
      expect(statuses(results)).toEqual(new Set(['planned']))
    }
  })

  test('of a transform are those of noise', async () => {
    const { at, input, out } = place(...names.slice(0, 20))
    writeFileSync(
      at('half.mjs'),
      'export const half = ({ channels }) => channels.map((samples) => samples.map((x) => x / 2))',
    )
    const made: string[] = []
    for (const shard of ['1/3', '2/3', '3/3']) {
      const options = { out, shard, resume: true, size: 1 }
      for await (const { key, status } of transformFiles(input, at('half.mjs'), 'half', options)) {
        expect([key, status, `${shardOf(key, 3)}/3`]).toEqual([key, 'done', shard])
        made.push(key)
      }
    }
    expect(made.sort()).toEqual(names.slice(0, 20).sort())
  })

  test('without files end well, and leave a journal; without any input there is an error', async () => {
    const { at, input, out } = place('a.wav')
    const empty = shardOf('a.wav', 2) === 1 ? '2/2' : '1/2'
    expect(await run(input, out, { shard: empty })).toEqual([])
    expect(journalsIn(out)).toEqual([journalName(empty)])
    mkdirSync(at('none'))
    await expect(run(at('none'), out, { shard: empty })).rejects.toMatchObject({ code: 'E_NO_INPUT' })
  })

  test('know which outputs of other shards are not foreign', async () => {
    const { at, input, out } = place(...names.slice(0, 10))
    await runShards(run, input, out, 3)
    writeFileSync(at('out/foreign.wav'), pcm16(10))
    const foreign: string[] = []
    const results = await run(input, out, { shard: '2/3', verify: true, onForeign: (file) => foreign.push(file) })
    expect(statuses(results)).toEqual(new Set(['verified']))
    expect(results.map(({ key }) => shardOf(key, 3))).toEqual(results.map(() => 2))
    expect(foreign).toEqual([at('out/foreign.wav')])
  })

  test('report a file that fails once, and an input without files each', async () => {
    const { at, input, out } = place(...names.slice(0, 10))
    mkdirSync(at('empty'))
    writeFileSync(at('in/bad.wav'), 'RIFF')
    const results = await runShards(run, [input, at('empty')], out, 3)
    const codes = results.map((shard) => shard.flatMap(({ error }) => error?.code ?? []))
    expect(codes.flat().filter((code) => code === 'E_WAV_TRUNCATED')).toHaveLength(1)
    for (const shard of codes) expect(shard).toContain('E_NO_INPUT')
  })

  test.each(['2', '0/2', '3/2', 2])('are not asked for with %j', async (shard) => {
    await expect(run('in', 'out', { shard: shard as never })).rejects.toMatchObject({
      code: 'E_OPTION_INVALID',
      option: 'shard',
    })
  })
})

describe('resuming shards', () => {
  test.each([4, 5, 6])('with another number of them does nothing again (seed %d)', async (seed) => {
    const random = new Random(seed)
    const { at, input, out } = place(...names)
    // Some of the first shards only, as if the others had never begun.
    const first = 2 + random.below(6)
    const made: FileResult[] = []
    for (const number of numbers(first).filter((number) => number === 0 || random.once(2)))
      made.push(...(await run(input, out, { shard: `${number + 1}/${first}` })))
    const isMade = new Set(made.map(({ key }) => key))
    const second = first + 1 + random.below(6)
    const results = (await runShards(resume, input, out, second)).flat()
    expect(outcomes(results)).toEqual(
      Object.fromEntries(names.map((name) => [name, isMade.has(name) ? 'skipped' : 'done']).sort()),
    )
    // The figures come from whatever journal has them.
    for (const { key, snr } of results.filter(({ status }) => status === 'skipped'))
      expect(snr).toBe(made.find((result) => result.key === key)!.snr)
    expect(statuses((await runShards(resume, input, out, 2)).flat())).toEqual(new Set(['skipped']))
    expect(statuses(await resume(input, out))).toEqual(new Set(['skipped']))
    await run(input, at('whole'))
    expect(hashesBelow(out)).toEqual(hashesBelow(at('whole')))
  })

  test('goes on from a run over all files', async () => {
    const { at, input, out } = place(...names)
    await run(
      names.slice(0, 30).map((name) => at('in', name)),
      out,
      { root: input },
    )
    const results = (await runShards(resume, input, out, 3)).flat()
    expect(
      results
        .filter(({ status }) => status === 'skipped')
        .map(({ key }) => key)
        .sort(),
    ).toEqual(names.slice(0, 30).sort())
    expect(statuses(results)).toEqual(new Set(['skipped', 'done']))
  })

  test('makes again what a shard left unfinished, and what has changed', async () => {
    const { at, input, out } = place(...names.slice(0, 10))
    await runShards(run, input, out, 2)
    const journals = ['1/2', '2/2'].map((shard) => at('out', journalName(shard)))
    const texts = journals.map((file) => readFileSync(file, 'utf8'))
    // As if the processes had been killed before they recorded the end of this output.
    const gone = names[3]
    for (const [i, file] of journals.entries())
      writeFileSync(
        file,
        texts[i]
          .split('\n')
          .filter((line) => !line.startsWith(`{"done":"${gone}"`))
          .join('\n'),
      )
    writeFileSync(at('out', gone), 'half a file')
    writeFileSync(at('in', names[4]), pcm16(999))
    const results = (await runShards(resume, input, out, 3)).flat()
    expect(outcomes(results)).toEqual(
      Object.fromEntries(
        names
          .slice(0, 10)
          .map((name, i) => [name, i === 3 || i === 4 ? 'done' : 'skipped'])
          .sort(),
      ),
    )
    // And what these recorded counts for others, beside what the first ones still say.
    for (const count of [1, 2, 4])
      expect(statuses((await runShards(resume, input, out, count)).flat()), `${count}`).toEqual(new Set(['skipped']))
    await run(input, at('whole'))
    expect(hashesBelow(out)).toEqual(hashesBelow(at('whole')))
  })

  test('refuses other settings of any shard, and says where', async () => {
    const { input, out } = place(...names.slice(0, 10))
    await run(input, out, { shard: '1/2' })
    await run(input, out, { shard: '2/2', seed: 'other' })
    for (const shard of ['1/2', '1/3', undefined])
      await expect(resume(input, out, { ...(shard && { shard }) })).rejects.toMatchObject({
        code: 'E_RESUME_SETTINGS',
        path: out,
        received: `seed was "other" and is "resume" (in ${journalName('2/2')})`,
      })
    await expect(resume(input, out, { shard: '2/2' })).rejects.toMatchObject({
      code: 'E_RESUME_SETTINGS',
      received: 'seed was "other" and is "resume"',
    })
  })

  test('makes again what runs with two settings recorded, because their lines have no order', async () => {
    const { at, input, out } = place(...names.slice(0, 10))
    await run(input, out, { shard: '1/2' })
    await run(input, out, { shard: '2/2' })
    // Another number of shards replaces all of them; each of its journals ends with a run that began an output.
    await runShards(run, input, out, 1, { seed: 'other', overwrite: true })
    writeFileSync(at('in/new.wav'), pcm16(70))
    await runShards(run, at('in/new.wav'), out, 1, { shard: '1/1' })
    const results = (await runShards(resume, input, out, 2)).flat()
    expect(outcomes(results)['new.wav']).toBe('skipped')
    await run(input, at('whole'))
    expect(hashesBelow(out)).toEqual(hashesBelow(at('whole')))
  })

  test('knows an overwriting run that was interrupted, by its shards', async () => {
    const { at, input, out } = place(...names)
    await runShards(run, input, out, 2, { seed: 'other' })
    for (const shard of ['1/2', '2/2']) {
      const mine = names.filter((name) => `${shardOf(name, 2)}/2` === shard)
      await run(at('in', mine[0]), out, { root: input, shard, overwrite: true })
    }
    const results = (await runShards(resume, input, out, 2)).flat()
    expect(results.filter(({ status }) => status === 'skipped')).toHaveLength(2)
    expect(statuses(results)).toEqual(new Set(['skipped', 'done']))
    await run(input, at('whole'))
    expect(hashesBelow(out)).toEqual(hashesBelow(at('whole')))
  })
})

test('of the same number of shards, only the first line of other journals is read', async () => {
  const { at, input, out } = place(...names.slice(0, 10))
  await runShards(run, input, out, 2)
  const file = at('out', journalName('2/2'))
  const key = names.slice(0, 10).find((name) => shardOf(name, 2) === 1)!
  // What cannot be: an output of the first shard, recorded by the second.
  const { id } = JSON.parse(
    readFileSync(file, 'utf8')
      .split('\n')
      .find((line) => line.startsWith('{"begin"'))!,
  )
  writeFileSync(file, `\n${JSON.stringify({ begin: key, id: `${id}z` })}`, { flag: 'a' })
  rmSync(at('out', journalName('1/2')))
  const results = await resume(input, out, { shard: '1/2' })
  expect(outcomes(results)[key]).toBe('E_OUTPUT_EXISTS')
  expect(outcomes(await resume(input, out))[key]).toBe('done')
})

describe('journals of shards', () => {
  const name = journalName('1/2')

  test('are not added to if they are something else, an input least of all', async () => {
    const { at, input, out } = place('a.wav')
    const before = readFileSync(at('in/a.wav'))
    mkdirSync(out)
    linkSync(at('in/a.wav'), at('out', name))
    const refused = { code: 'E_JOURNAL', path: at('out', name) }
    await expect(run(input, out, { shard: '1/2' })).rejects.toMatchObject(refused)
    // Nor are they read, because what they record would be missing.
    for (const shard of ['2/2', undefined])
      await expect(resume(input, out, { ...(shard && { shard }) })).rejects.toMatchObject(refused)
    expect(readFileSync(at('in/a.wav'))).toEqual(before)
    expect(filesBelow(out)).toEqual([])
  })

  posixTest('are not followed if they are links (needs symbolic links)', async () => {
    const { at, input, out } = place('a.wav')
    mkdirSync(out)
    symlinkSync('../elsewhere', at('out', name))
    await expect(resume(input, out)).rejects.toMatchObject({ code: 'E_JOURNAL', path: at('out', name) })
    await expect(run(input, out, { shard: '1/2' })).rejects.toMatchObject({ code: 'E_JOURNAL' })
    expect(existsSync(at('elsewhere'))).toBe(false)
  })

  test('are no names for outputs', async () => {
    const others = [`${JOURNAL}-3-of-4`, `${JOURNAL}-03-of-4`, `${JOURNAL}-copy`]
    const { at, out } = place(...others)
    const results = await run(
      others.map((other) => at('in', other)),
      out,
      { overwrite: true },
    )
    expect(outcomes(results)).toEqual({ [others[0]]: 'E_OUTPUT_CLASH', [others[1]]: 'done', [others[2]]: 'done' })
  })

  test('may be deleted', async () => {
    const { at, input, out } = place(...names.slice(0, 10))
    await runShards(run, input, out, 2)
    rmSync(at('out', name))
    const results = await resume(input, out)
    for (const { key, status, error } of results)
      expect(error?.code ?? status).toBe(shardOf(key, 2) === 1 ? 'E_OUTPUT_EXISTS' : 'skipped')
  })
})

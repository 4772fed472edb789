/** Outputs that collide with inputs or with each other are refused or fail, before any file is lost. */

import { spawnSync } from 'node:child_process'
import { linkSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { type AddNoiseOptions, addNoiseToFiles, noiseTask, Pool } from '../../dist/index.js'
import { ProtectedFiles } from '../../dist-lib/files/protected.js'
import { describeBackends } from '../support/backends.js'
import { tree, under } from '../support/files.js'
import { filesBelow, hashesBelow, JOURNAL, slashed } from '../support/folders.js'
import { collect } from '../support/sources.js'
import { posixTest, tellsCaseApart } from '../support/systems.js'
import { pcm16 } from '../support/wav.js'

const other = pcm16(500, 0.5)

describeBackends('clashes', (backend) => {
  let pool: Pool
  beforeAll(() => {
    pool = new Pool({ backend, size: 2 })
  })
  afterAll(() => pool.close())

  async function run(inputs: string | string[], options: Partial<AddNoiseOptions> & { out: string }) {
    return collect(addNoiseToFiles(inputs, { sigma: 0.1, pool, ...options }))
  }
  const refused = { code: 'E_OUTPUT_IN_INPUT' }

  /** Each of these pairs of an input and an output folder refuses the run. */
  async function expectRefusals(folder: string, cases: readonly string[][]): Promise<void> {
    for (const [input, out] of cases) {
      for (const inputs of [under(folder, input), under(folder, 'in/a.wav', input)]) {
        const attempt = run(inputs, { out: `${folder}/${out}` })
        await expect(attempt, `${inputs} to ${out}`).rejects.toMatchObject(refused)
      }
    }
  }

  test('an output folder that is an input folder, or lies in one, refuses the run', async () => {
    const folder = tree('in/a.wav', 'in/sub/b.wav', 'far/')
    const outs = ['in', 'in/', 'in/..new', 'in/new', 'in/new/deep', 'far/../in/new']
    await expectRefusals(folder, [
      ...outs.map((out) => ['in', out]),
      ['in/*.wav', 'in'],
      ['in/s*/*.wav', 'in/sub'],
      ['in/*/../*.wav', 'in'],
      ['in/**/b.wav', 'in/sub'],
    ])
    expect(filesBelow(folder)).toEqual(['in/a.wav', 'in/sub/b.wav'])
  })

  test.each([
    ['*.wav', 'noisy'],
    ['[ab].wav', 'noisy/deep'],
    ['{a,b}.wav', 'noisy'],
    ['s*/*.wav', 'noisy'],
  ])('a pattern that cannot match its outputs does not refuse them: %s into %s', async (pattern, out) => {
    const folder = tree('a.wav', 'b.wav', 'sub/c.wav')
    const before = hashesBelow(folder)
    for (const status of ['done', 'skipped']) {
      const results = await run(`${folder}/${pattern}`, { out: `${folder}/${out}`, resume: true })
      expect(results.map((result) => result.status)).toEqual(results.map(() => status))
      expect(results.map(({ key }) => key).sort()).toEqual(pattern.startsWith('s') ? ['sub/c.wav'] : ['a.wav', 'b.wav'])
    }
    expect(hashesBelow(folder)).toMatchObject(before)
  })

  posixTest(
    'an output folder that a link leads into an input folder refuses the run (needs symbolic links)',
    async () => {
      const folder = tree('in/a.wav', 'in/sub/b.wav', 'to-in -> in', 'to-sub -> in/sub')
      const outs = ['to-in', 'to-in/new', 'to-sub', 'to-sub/new']
      await expectRefusals(folder, [...outs.map((out) => ['in', out]), ['to-in', 'in/new']])
      expect(filesBelow(folder)).toEqual(['in/a.wav', 'in/sub/b.wav', 'to-in', 'to-sub'])
    },
  )

  test('an output folder beside an input folder, or above it, is allowed', async () => {
    const folder = tree('in/a.wav')
    for (const out of ['in2', '..in', 'in/../beside', '.']) {
      const [result] = await run(`${folder}/in`, { out: `${folder}/${out}` })
      expect(result, out).toMatchObject({ status: 'done', key: 'a.wav' })
    }
    expect(filesBelow(folder)).toEqual(['..in/a.wav', 'a.wav', 'beside/a.wav', 'in/a.wav', 'in2/a.wav'])
  })

  posixTest(
    'an output folder that is an input folder under another path is refused (needs mount)',
    async ({ skip }) => {
      const folder = tree('in/sub/a.wav', 'mounted/')
      if (spawnSync('mount', ['--bind', `${folder}/in`, `${folder}/mounted`]).status !== 0)
        skip('mounting is not permitted')
      onTestFinished(() => {
        spawnSync('umount', [`${folder}/mounted`])
      })
      for (const out of ['mounted', 'mounted/sub', 'mounted/new']) {
        await expect(run(`${folder}/in`, { out: `${folder}/${out}` }), out).rejects.toMatchObject(refused)
      }
      expect(filesBelow(`${folder}/in`)).toEqual(['sub/a.wav'])
    },
  )

  test('outputs that would fall into an input folder by way of the root refuse the run', async () => {
    const folder = tree('base/in/a.wav', 'p/q/q/b.wav')
    // To base/in/a.1.wav, and to p/q/q/q/b.wav.
    const copies = run(`${folder}/base/in`, { root: `${folder}/base`, out: `${folder}/base`, copies: 2 })
    await expect(copies).rejects.toMatchObject(refused)
    const nested = run(`${folder}/p/q/q`, { root: `${folder}/p`, out: `${folder}/p/q` })
    await expect(nested).rejects.toMatchObject(refused)
    expect(filesBelow(folder)).toEqual(['base/in/a.wav', 'p/q/q/b.wav'])
  })

  posixTest(
    'outputs do not become inputs where a link in an input folder leads to the output folder (needs symbolic links)',
    async () => {
      const folder = tree('in/a.wav', 'out/earlier.wav', 'in/link -> ../out')
      await run(`${folder}/in`, { out: `${folder}/out` }).catch((error) => expect(error).toMatchObject(refused))
      expect(filesBelow(`${folder}/out`).filter((name) => name.startsWith('link'))).toEqual([])
    },
  )

  test('inputs with the same relative path all fail, before anything is written, and the others are done', async () => {
    const folder = tree('x/a.wav', 'x/only-x.wav', 'y/a.wav', 'y/sub/b.wav', 'z/a.wav', 'z/sub/c.wav')
    const inputs = under(folder, 'x', 'y', 'z/a.wav', 'z/sub/*.wav')
    for (const overwrite of [false, true]) {
      const results = await run(inputs, { out: `${folder}/out-${overwrite}`, overwrite })
      const failed = results.filter(({ status }) => status === 'failed')
      expect(failed.map(({ input }) => slashed(path.relative(folder, input))).sort()).toEqual([
        'x/a.wav',
        'y/a.wav',
        'z/a.wav',
      ])
      for (const { error, input } of failed) {
        expect(error).toMatchObject({ code: 'E_OUTPUT_CLASH', path: input })
        for (const name of under(folder, 'x/a.wav', 'y/a.wav', 'z/a.wav').filter((name) => name !== input))
          expect(error?.received).toContain(name)
      }
      expect(filesBelow(`${folder}/out-${overwrite}`)).toEqual(['c.wav', 'only-x.wav', 'sub/b.wav'])
    }
    const rooted = await run(inputs, { out: `${folder}/rooted`, root: folder })
    expect(rooted.map(({ status }) => status)).toEqual(Array(6).fill('done'))
  })

  test('the same file under the same output is done once, and reported', async () => {
    const folder = tree('x/a.wav', 'x/b.wav')
    const [whole, file] = under(folder, 'x', 'x/a.wav')
    const alone = await run(whole, { out: `${folder}/alone` })
    // Inputs may name a file in several ways, and again and again.
    const cases: [string[], Omit<Partial<AddNoiseOptions>, 'out'>][] = [
      [[whole, file], {}],
      [[file, `${folder}/x/../x/a.wav`, whole, file], {}],
      [[`${folder}/x/*.wav`, whole], { root: whole }],
      [[file, whole], { root: whole, overwrite: true }],
    ]
    for (const [i, [inputs, options]] of cases.entries()) {
      const told: string[][] = []
      const onRepeat = (...repeated: string[]) => told.push(repeated)
      const results = await run(inputs, { out: `${folder}/out${i}`, onRepeat, ...options })
      expect(results.map(({ key, error }) => `${key} ${error?.code}`).sort()).toEqual([
        'a.wav undefined',
        'b.wav undefined',
      ])
      expect(hashesBelow(`${folder}/out${i}`)).toEqual(hashesBelow(`${folder}/alone`))
      expect(told).toHaveLength(i === 1 ? 3 : i === 2 ? 2 : 1)
      for (const [repeated, first, kind] of told) {
        expect(kind).toBe('file')
        expect(path.resolve(repeated)).toBe(path.resolve(first))
      }
    }
    expect(alone).toHaveLength(2)
  })

  test('a missing file that is named twice fails once', async () => {
    const folder = tree('a.wav')
    const results = await run(under(folder, 'a.wav', 'gone.wav', 'gone.wav'), { out: `${folder}/out` })
    expect(results.map(({ status, error }) => error?.code ?? status).sort()).toEqual(['E_INPUT_MISSING', 'done'])
  })

  posixTest(
    'a file and a link to it are one file; another file with that output clashes (needs symbolic links)',
    async () => {
      const folder = tree('x/a.wav', 'y/a.wav -> ../x/a.wav', 'z/a.wav')
      const told: string[][] = []
      const onRepeat = (...repeated: string[]) => told.push(repeated)
      const [x, y, z] = under(folder, 'x/a.wav', 'y/a.wav', 'z/a.wav')
      const [once, ...others] = await run([x, y], { out: `${folder}/1`, onRepeat })
      expect([once.input, once.status, others]).toEqual([x, 'done', []])
      const results = await run([x, y, z], { out: `${folder}/2`, onRepeat })
      expect(results.map(({ input, error }) => [input, error?.code, error?.received]).sort()).toEqual([
        [x, 'E_OUTPUT_CLASH', z],
        [z, 'E_OUTPUT_CLASH', x],
      ])
      expect(told).toEqual([
        [y, x, 'file'],
        [y, x, 'file'],
      ])
    },
  )

  test('errors stay short if many inputs clash', async () => {
    const folder = tree('out/')
    // What a shell makes of */speech.wav: each error with all the others would be gigabytes for some thousands.
    const inputs = Array.from({ length: 500 }, (_, i) => `${folder}/${i}/speech.wav`)
    const results = await run(inputs, { out: `${folder}/out` })
    expect(results.length).toBe(500)
    for (const { error } of results) {
      expect(error?.code).toBe('E_OUTPUT_CLASH')
      expect(error?.message.length).toBeLessThan(2000)
    }
  })

  test('an output that is the input of another file does not replace it', async () => {
    const folder = tree('p/q/a.wav', 'p/r/q/a.wav')
    writeFileSync(`${folder}/p/r/q/a.wav`, other)
    const inputs = under(folder, 'p/q/a.wav', 'p/r/q/a.wav')
    const results = await run(inputs, { root: `${folder}/p`, out: `${folder}/p/r`, overwrite: true })
    expect(readFileSync(inputs[1]).equals(other)).toBe(true)
    const statusOf = (input: string) => results.find((result) => result.input === input)?.status
    expect(inputs.map(statusOf)).toEqual(['failed', 'done'])
  })

  posixTest.each([
    ['a link to their folder is the output folder', ['s/a.wav', 's/a.1.wav'], 'sl'],
    ['they are named through a link', ['sl/a.wav', 'sl/a.1.wav'], 's'],
    ['a folder above has a link', ['up/s/a.wav', 'up/s/a.1.wav'], 's'],
  ])('copies replace no input where %s (needs symbolic links)', async (_, inputs, out) => {
    const folder = tree('s/a.wav', 's/a.1.wav', 'sl -> s', 'up -> .')
    writeFileSync(`${folder}/s/a.1.wav`, other)
    const before = hashesBelow(`${folder}/s`)
    const results = await run(under(folder, ...inputs), { out: `${folder}/${out}`, copies: 2, overwrite: true })
    expect(hashesBelow(`${folder}/s`)).toMatchObject(before)
    expect(results.map(({ input, error }) => `${path.basename(input)} ${error?.code}`).sort()).toEqual([
      'a.1.wav undefined',
      'a.1.wav undefined',
      'a.wav E_OUTPUT_IS_INPUT',
      'a.wav E_OUTPUT_IS_INPUT',
    ])
  })

  posixTest('no output replaces what an input leads to by links (needs symbolic links)', async () => {
    const folder = tree('s/b.wav', 'l/x.wav -> y.wav', 'l/y.wav -> ../s/b.wav', 'g/b.wav')
    writeFileSync(`${folder}/g/b.wav`, other)
    const before = hashesBelow(folder)
    const inputs = under(folder, 'l/x.wav', 'g/b.wav')
    const results = await run(inputs, { out: `${folder}/s`, overwrite: true })
    expect(hashesBelow(folder)).toMatchObject(before)
    expect(results.map(({ key, error }) => `${key} ${error?.code}`).sort()).toEqual([
      'b.wav E_OUTPUT_IS_INPUT',
      'x.wav undefined',
    ])
  })

  posixTest('items of a task replace no input by way of a link (needs symbolic links)', async () => {
    const folder = tree('s/a.wav', 's/b.wav', 'sl -> s', 'l/x.wav -> ../s/b.wav')
    writeFileSync(`${folder}/s/b.wav`, other)
    const [a, b, linked, output] = under(folder, 's/a.wav', 's/b.wav', 'l/x.wav', 'sl/b.wav')
    const before = hashesBelow(`${folder}/s`)
    const task = noiseTask({ sigma: 0.1, overwrite: true, out: `${folder}/out` })
    for (const second of [b, linked]) {
      const results = await pool.map(task, [{ input: a, output }, second])
      expect(results.map(({ error }) => error?.code)).toEqual(['E_OUTPUT_IS_INPUT', undefined])
      expect(hashesBelow(`${folder}/s`)).toEqual(before)
    }
  })

  test.skipIf(!tellsCaseApart())(
    'no output replaces an input whose name differs in case alone (needs a file system that tells case apart)',
    async () => {
      const folder = tree('s/a.wav', 's/A.1.WAV', 's/B.1.wav', 's/b.wav')
      const inputs = under(folder, 's/a.wav', 's/A.1.WAV', 's/b.wav', 's/B.1.wav')
      // File systems that ignore case are rarely at hand: on one, both names would be this file.
      linkSync(`${folder}/s/A.1.WAV`, `${folder}/s/a.1.wav`)
      const before = hashesBelow(folder)
      const results = await run(inputs, { out: `${folder}/s`, copies: 2, overwrite: true })
      expect(hashesBelow(folder)).toMatchObject(before)
      const refused = results.filter(({ status }) => status === 'failed')
      expect(refused.map(({ key, error }) => `${key} ${error?.code}`)).toEqual(Array(2).fill('a.wav E_OUTPUT_IS_INPUT'))
    },
  )

  test('of two outputs with one name, because an SNR has a point as an extension has, the first is kept', async () => {
    const folder = tree('in/x', 'in/x.5', 'in/y.wav', 'in/y_snr0.wav')
    const names = under(folder, 'in/x', 'in/x.5', 'in/y.wav', 'in/y_snr0.wav')
    for (const copies of [1, 2]) {
      const out = path.join(folder, `${copies}`)
      const options = { out, snr: { values: [0, 0.5] }, snrMode: 'each', copies, overwrite: true } as const
      const runs = [
        collect(addNoiseToFiles(names, { ...options, out: `${out}/files`, pool })),
        // A list, and items of a program's own.
        collect(addNoiseToFiles(names.values(), { ...options, out: `${out}/list`, pool })),
        pool.map(noiseTask({ ...options, out: `${out}/items` }), names),
      ]
      for (const results of await Promise.all(runs)) {
        const failed = results.filter(({ error }) => error)
        expect(failed.map(({ key, error }) => `${key} ${error?.code} ${error?.received}`)).toEqual(
          Array.from({ length: copies }, () => 'x.5 E_OUTPUT_CLASH undefined'),
        )
        expect(new Set(results.map(({ output }) => output)).size).toBe(7 * copies)
      }
      for (const way of ['files', 'list', 'items'])
        expect(filesBelow(path.join(out, way)).filter((name) => name !== JOURNAL)).toHaveLength(7 * copies)
    }
  })

  test('an input that fails does not fail a file with its name', async () => {
    const folder = tree('take1', 'other/take1/', 'far/take1')
    const [file, empty, clashing] = under(folder, 'take1', 'other/take1', 'far/take1')
    const codes = async (...inputs: string[]) => {
      const results = await run(inputs, { out: `${folder}/out`, overwrite: true })
      return Object.fromEntries(results.map(({ input, error }) => [input, error?.code]))
    }
    expect(await codes(file, empty)).toEqual({ [file]: undefined, [empty]: 'E_NO_INPUT' })
    expect(filesBelow(`${folder}/out`)).toEqual(['take1'])
    expect(await codes(file, empty, clashing)).toEqual({
      [file]: 'E_OUTPUT_CLASH',
      [empty]: 'E_NO_INPUT',
      [clashing]: 'E_OUTPUT_CLASH',
    })
  })

  test('of two items with one output the first has it, however the second spells it', async () => {
    const folder = tree('1.wav', '2.wav')
    writeFileSync(`${folder}/2.wav`, other)
    const task = noiseTask({ sigma: 0.1, overwrite: true })
    const [alone] = await pool.map(task, [{ input: `${folder}/1.wav`, output: `${folder}/alone.wav`, key: 'k' }])
    for (const spelling of ['x.wav', './x.wav', 'y/../x.wav', '/x.wav']) {
      const results = await pool.map(task, [
        { input: `${folder}/1.wav`, output: `${folder}/out/x.wav`, key: 'k' },
        { input: `${folder}/2.wav`, output: `${folder}/out/${spelling}` },
      ])
      expect(
        results.map(({ status, error }) => error?.code ?? status),
        spelling,
      ).toEqual(['done', 'E_OUTPUT_CLASH'])
      expect(readFileSync(`${folder}/out/x.wav`).equals(readFileSync(alone.output))).toBe(true)
    }
  })

  posixTest(
    'of outputs that turn out to be one file only when they are written, one is whole and the others fail (needs symbolic links)',
    async () => {
      const names = ['x', '1', '2', '3', '4', '5', '6', '7']
      const folder = tree('a.wav', 'out/x/', ...names.slice(1).map((name) => `out/${name} -> x`))
      const items = names.map((key) => ({ input: `${folder}/a.wav`, output: `${folder}/out/${key}/a.wav`, key }))
      const task = noiseTask({ sigma: 0.1 })
      const results = await pool.map(task, items)
      const codes = results.map(({ error }) => error?.code ?? 'done').sort()
      expect(codes).toEqual([...Array(names.length - 1).fill('E_OUTPUT_EXISTS'), 'done'])
      const winner = results.find(({ status }) => status === 'done')!
      const [alone] = await pool.map(task, [{ input: winner.input, output: `${folder}/alone.wav`, key: winner.key }])
      expect(readFileSync(`${folder}/out/x/a.wav`).equals(readFileSync(alone.output))).toBe(true)
      expect(filesBelow(`${folder}/out/x`)).toEqual(['a.wav'])
    },
  )

  test('bytes do not depend on the order of the inputs, nor on how they are named or sent', async () => {
    const names = ['a.wav', 'b.wav', 'c/a.wav', 'c/d.wav', 'e/f/g.wav']
    const folder = tree(...names.map((name) => `in/${name}`))
    names.forEach((name, i) => {
      writeFileSync(`${folder}/in/${name}`, pcm16(4096 * i + 100)) // shorter and longer than a noise block
    })
    const inputs = under(`${folder}/in`, ...names)
    const root = `${folder}/in`
    await run(`${folder}/in`, { out: `${folder}/1` })
    await run(inputs, { out: `${folder}/2`, root })
    await run([...inputs].reverse(), { out: `${folder}/3`, root, chunkSize: 1 })
    await run(under(root, 'c', 'e/**', '*.wav'), { out: `${folder}/4`, root, chunkSize: 100 })
    const expected = hashesBelow(`${folder}/1`)
    expect(Object.keys(expected)).toEqual(names)
    for (const out of ['2', '3', '4']) expect(hashesBelow(`${folder}/${out}`)).toEqual(expected)
  })
})

posixTest('a protected file stays protected if its folder is created later (needs symbolic links)', () => {
  const folder = tree('real/', 'link -> real')
  const inputs = new ProtectedFiles({ copies: 2, labels: [] })
  inputs.add(`${folder}/real/new/a.1.wav`)
  for (const name of ['real', 'link']) expect(inputs.find(`${folder}/${name}/new/a.wav`), name).toBeDefined()
  mkdirSync(`${folder}/real/new`)
  expect(inputs.find(`${folder}/real/new/a.wav`)).toBe(`${folder}/real/new/a.1.wav`)
  expect(inputs.find(`${folder}/real/new/b.wav`)).toBeUndefined()
})

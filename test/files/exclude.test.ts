/** Globs of inputs and of `exclude`: every form that docs/cli.md describes, and what is left out of a run. */

import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { type AddNoiseOptions, addNoiseToFiles } from '../../dist/index.js'
import { tree, under } from '../support/files.js'
import { filesBelow, native, root, temporaryFolder } from '../support/folders.js'
import { commandRunner, jsonOf, linesOf } from '../support/programs.js'
import { collect } from '../support/sources.js'
import { isWindows, posixTest } from '../support/systems.js'

type Inputs = Parameters<typeof addNoiseToFiles>[0]

/** The keys of a dry run, sorted; those of failed files with their codes. */
async function keysOf(inputs: Inputs, options: Partial<AddNoiseOptions> = {}): Promise<string[]> {
  const out = path.join(temporaryFolder(), 'out')
  const results = await collect(
    addNoiseToFiles(inputs, { sigma: 0.1, out, dryRun: true, backend: 'inline', ...options }),
  )
  return results.map(({ key, error }) => (error ? `${key} ${error.code}` : key)).sort()
}

/** A glob, names that it matches, and names that it does not match. */
const forms: readonly (readonly [glob: string, matched: readonly string[], others: readonly string[]])[] = [
  ['*.wav', ['a.wav', 'b.c.wav'], ['a.bwf', 'd/a.wav']],
  ['?.wav', ['a.wav'], ['ab.wav']],
  ['speech/**/*.wav', ['speech/a.wav', 'speech/d/e/a.wav'], ['a.wav', 'other/a.wav']],
  ['{a,b}.wav', ['a.wav', 'b.wav'], ['c.wav']],
  ['take{1..3}.wav', ['take1.wav', 'take3.wav'], ['take4.wav']],
  ['take[0-9].wav', ['take0.wav', 'take9.wav'], ['takea.wav', 'take10.wav']],
  ['take[[:digit:]].wav', ['take7.wav'], ['takea.wav']],
  ['take[!0-9].wav', ['takea.wav'], ['take0.wav', 'take.wav']],
  ['take[^0-9].wav', ['takea.wav'], ['take0.wav', 'take.wav']],
  ['!(*_rvb).wav', ['a.wav'], ['a_rvb.wav']],
  ['@(a|b).wav', ['a.wav', 'b.wav'], ['ab.wav']],
  ['?(a)b.wav', ['b.wav', 'ab.wav'], ['aab.wav']],
  ['*(a)b.wav', ['b.wav', 'aab.wav'], ['cb.wav']],
  ['+(a)b.wav', ['ab.wav', 'aab.wav'], ['b.wav']],
  ['!a.wav', ['!a.wav'], ['b.wav']],
  ['*.[wW][aA][vV]', ['a.wav', 'A.WAV'], ['a.bwf']],
]

describe('a glob', () => {
  test.each(forms)('%s as an INPUT takes %j, and not %j', async (glob, matched, others) => {
    // Without a special character it would be the name of a file that is missing.
    if (glob === '!a.wav') return
    const folder = tree(...matched, ...others)
    const base = glob.startsWith('speech/') ? 'speech/' : ''
    expect(await keysOf(`${folder}/${glob}`)).toEqual(matched.map((name) => name.slice(base.length)).sort())
  })

  test.each(forms)('%s in exclude leaves out %j, and not %j', async (glob, matched, others) => {
    const folder = tree(...matched, ...others, 'kept.bwf')
    // A glob without a slash matches names at any depth.
    const left = others.filter((name) => !(name === 'd/a.wav' && glob === '*.wav'))
    expect(await keysOf(folder, { exclude: glob })).toEqual([...left, 'kept.bwf'].sort())
  })

  test.skipIf(isWindows)('has a backslash before characters without special meaning (POSIX)', async () => {
    const folder = tree('take[1].wav', 'take1.wav')
    expect(await keysOf(folder, { exclude: 'take\\[1].wav' })).toEqual(['take1.wav'])
  })

  test('tells upper case from lower case', async () => {
    const folder = tree('A.WAV', 'b.wav')
    expect(await keysOf(folder, { exclude: '*.wav' })).toEqual(['A.WAV'])
  })

  test('does not match a dot at the start of a name', async () => {
    const folder = tree('.hidden.wav', 'b.wav')
    const named = under(folder, '.hidden.wav', 'b.wav')
    for (const exclude of ['*.wav', '**/*.wav', '?hidden.wav', '**'])
      expect(await keysOf(named, { exclude }), exclude).toEqual(
        exclude === '?hidden.wav' ? ['.hidden.wav', 'b.wav'] : ['.hidden.wav'],
      )
    expect(await keysOf(named, { exclude: '.*' })).toEqual(['b.wav'])
  })

  test('docs/cli.md has every form of this test', () => {
    const page = readFileSync(path.join(root, 'docs/cli.md'), 'utf8')
    for (const form of ['*.wav', '?.wav', '**', '{a,b}.wav', '{1..3}', '[0-9]', '[[:digit:]]', '[!0-9]', '[^0-9]'])
      expect(page).toContain(form)
    for (const form of ['!(', '@(', '?(', '*(', '+(']) expect(page).toContain(`\`${form}`)
  })
})

describe('exclude', () => {
  const names = ['a.wav', 'raw/b.wav', 'deep/raw/c.wav', 'deep/raw.wav', 'deep/d.wav']

  test.each([
    ['raw', ['a.wav', 'deep/d.wav', 'deep/raw.wav']],
    ['/raw', ['a.wav', 'deep/d.wav', 'deep/raw.wav', 'deep/raw/c.wav']],
    ['deep/raw', ['a.wav', 'deep/d.wav', 'deep/raw.wav', 'raw/b.wav']],
    ['./deep/raw', ['a.wav', 'deep/d.wav', 'deep/raw.wav', 'raw/b.wav']],
    ['**/raw', ['a.wav', 'deep/d.wav', 'deep/raw.wav']],
    ['deep/**', ['a.wav', 'raw/b.wav']],
    ['deep/', ['a.wav', 'raw/b.wav']],
    ['a.wav/', names],
    ['raw*', ['a.wav', 'deep/d.wav']],
    ['raw*/', ['a.wav', 'deep/d.wav', 'deep/raw.wav']],
    ['nothing', names],
  ])('%s leaves %j', async (exclude, left) => {
    expect(await keysOf(tree(...names), { exclude })).toEqual([...left].sort())
  })

  test('takes several globs', async () => {
    expect(await keysOf(tree(...names), { exclude: ['raw', 'd.wav', 'nothing'] })).toEqual(['a.wav', 'deep/raw.wav'])
  })

  test('compares paths below the root, if there is one', async () => {
    const folder = tree(...names)
    const run = (exclude: string) => keysOf(path.join(folder, 'deep'), { exclude, root: folder })
    expect(await run('deep/raw')).toEqual(['deep/d.wav', 'deep/raw.wav'])
    expect(await run('/raw')).toEqual(['deep/d.wav', 'deep/raw.wav', 'deep/raw/c.wav'])
    await expect(run('/deep')).rejects.toMatchObject({ code: 'E_NO_INPUT' })
  })

  test('leaves out named files and matches of globs too', async () => {
    const folder = tree('a.wav', 'b.wav', 'd/c.wav')
    expect(await keysOf(under(folder, 'a.wav', 'b.wav'), { exclude: 'b*' })).toEqual(['a.wav'])
    expect(await keysOf(`${folder}/*.wav`, { exclude: 'b*' })).toEqual(['a.wav'])
    expect(await keysOf(under(folder, 'a.wav', 'd/c.wav'), { exclude: 'd', root: folder })).toEqual(['a.wav'])
  })

  posixTest('does not search a folder that matches (needs symbolic links)', async () => {
    const folder = tree('a.wav', 'raw/b.wav', 'raw/loop -> .')
    const told: string[] = []
    const onLoop = (loop: string) => told.push(loop)
    expect(await keysOf(folder, { exclude: 'raw', onLoop })).toEqual(['a.wav'])
    expect(told).toEqual([])
    await keysOf(folder, { onLoop })
    expect(told).toEqual([`${folder}/raw/loop`])
  })

  test('reports each file and folder once, without what lies in a folder', async () => {
    const folder = tree(...names)
    const told: string[] = []
    const onExclude = (name: string, kind: string) => told.push(`${kind} ${path.relative(folder, name)}`)
    await keysOf([folder, path.join(folder, 'deep'), folder], { exclude: ['raw', 'd.wav'], root: folder, onExclude })
    expect(told.sort()).toEqual(['file deep/d.wav', 'folder deep/raw', 'folder raw'].map(native))
  })

  test('fails no input of which nothing is left, if other inputs have files', async () => {
    const folder = tree('one/a.wav', 'two/b.wav', 'three/')
    const inputs = under(folder, 'one', 'two', 'three')
    expect(await keysOf(inputs, { exclude: 'b.wav' })).toEqual(['a.wav', 'three E_NO_INPUT'])
  })

  test('can leave out the output folder, which may then lie in an input', async () => {
    const folder = tree('a.wav', 'deep/b.wav')
    const options = { sigma: 0.1, backend: 'inline', resume: true } as const
    for (const [exclude, out] of [
      ['noisy', 'noisy'],
      ['/made', 'made/noisy'],
      ['*/', 'deep/noisy'],
    ] as const) {
      for (const status of ['done', 'skipped']) {
        const found = addNoiseToFiles(folder, { ...options, out: path.join(folder, out), exclude: [exclude, 'noisy'] })
        expect(new Set((await collect(found)).map((result) => result.status)), `${exclude}`).toEqual(new Set([status]))
      }
    }
    for (const exclude of ['other', 'noisy/*', 'deep/noisy'])
      await expect(
        collect(addNoiseToFiles(folder, { ...options, out: path.join(folder, 'noisy'), exclude })),
      ).rejects.toMatchObject({ code: 'E_OUTPUT_IN_INPUT' })
    expect(filesBelow(path.join(folder, 'noisy'))).toEqual(['a.wav', 'deep/b.wav'])
  })

  test.each([['', '/', 7, null, [''], ['a', 7], `${'*'.repeat(70_000)}`]].flat().map((value) => [value]))(
    'refuses %j',
    async (exclude) => {
      const folder = tree('a.wav')
      await expect(keysOf(folder, { exclude: exclude as string })).rejects.toMatchObject({
        code: 'E_OPTION_INVALID',
        option: 'exclude',
      })
    },
  )
})

describe('--exclude', () => {
  const run = commandRunner()
  const add = ['add', 'in', '--out', 'out', '--snr', '10']

  test('may be repeated, and the summary counts what it leaves out', async () => {
    const cwd = tree('in/a.wav', 'in/b.wav', 'in/raw/c.wav', 'in/raw/d.wav')
    const plain = await run([...add, '--exclude', 'raw', '--exclude=b.*'], { cwd })
    expect([plain.code, plain.stderr]).toEqual([0, ''])
    expect(linesOf(plain.stdout).at(-1)).toMatch(/^1 done, 1 file and 1 folder excluded: /)
    expect(filesBelow(path.join(cwd, 'out'))).toEqual(['a.wav'])
    const none = await run([...add, '--overwrite', '--json', '--exclude', 'x'], { cwd })
    expect(jsonOf(none).summary).toMatchObject({ done: 4, excludedFiles: 0, excludedFolders: 0 })
    const shown = await run([...add, '--overwrite', '--exclude', 'x'], { cwd })
    expect(linesOf(shown.stdout).at(-1)).toMatch(/^4 done, 0 excluded: /)
  })

  test('fails if it leaves out everything, and says how much', async () => {
    const cwd = tree('in/a.wav', 'in/b.wav', 'in/raw/c.wav')
    const { code, stdout, stderr } = await run([...add, '--exclude', '**'], { cwd })
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(
      /^noisemill: there is no input: all that was found is excluded \(2 files and 1 folder\)\. .*\(E_NO_INPUT\)\n$/,
    )
  })

  test('refuses an empty glob', async () => {
    const { code, stderr } = await run([...add, '--exclude', ''], { cwd: tree('in/a.wav') })
    expect([code, stderr]).toEqual([2, expect.stringMatching(/--exclude: invalid option: expected a glob but got ""/)])
  })
})

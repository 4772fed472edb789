/** The files that inputs stand for, their keys and output names, and the errors of inputs without files. */

import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { type AddNoiseOptions, addNoiseToFiles, type FileResult } from '../../dist/index.js'
import { tree, under } from '../support/files.js'
import { slashed, temporaryFolder } from '../support/folders.js'
import { collect } from '../support/sources.js'
import { isRoot, isWindows, linuxTest, posixTest } from '../support/systems.js'
import { pcm16 } from '../support/wav.js'

type Inputs = Parameters<typeof addNoiseToFiles>[0]
type Options = Partial<AddNoiseOptions>

const run = (inputs: Inputs, options: Options & { out: string | URL }): Promise<FileResult[]> =>
  collect(addNoiseToFiles(inputs, { sigma: 0.1, backend: 'inline', ...options }))

/** By input, relative to `folder` and with '/' between names: its key, or the code of its error. */
async function keysOf(folder: string, inputs: Inputs, options: Options = {}): Promise<Record<string, string>> {
  const results = await run(inputs, { out: path.join(temporaryFolder(), 'out'), dryRun: true, ...options })
  return Object.fromEntries(
    results.map(({ input, key, error }) => [slashed(path.relative(folder, input)), error?.code ?? key]),
  )
}

/** Each with itself as its key. */
const same = (...names: string[]) => Object.fromEntries(names.map((name) => [name, name]))

test('a folder stands for its audio files, in any depth and any case of the extension, without what is hidden', async () => {
  const audio = ['a.wav', 'b.WAV', 'c.Wave', 'd.bwf', 'deep/er/e.rf64', 'folder.wav/f.wav']
  const passedOver = ['.hidden.wav', '._a.wav', 'notes.txt', 'wav', 'a.wav.tmp', 'awav', '.git/g.wav', 'deep/._e.wav']
  const folder = tree(...audio, ...passedOver)
  for (const spelling of [folder, `${folder}/`, `${folder}/./`, `${folder}/deep/..`, pathToFileURL(folder)]) {
    expect(await keysOf(folder, spelling)).toEqual(same(...audio))
  }
})

// A walk reads 256 names at a time.
test.each([255, 256, 257, 512])('a folder of %i files stands for each of them once', async (count) => {
  const names = Array.from({ length: count }, (_, i) => `${i}.wav`)
  const folder = tree(...names)
  const results = await run(folder, { out: path.join(temporaryFolder(), 'out'), dryRun: true })
  expect(results.map(({ key }) => key).sort()).toEqual(names.sort())
})

test('a file that is named is taken whatever its name', async () => {
  const folder = tree('notes.txt', '.hidden.wav', 'deep/a')
  const expected = { 'notes.txt': 'notes.txt', '.hidden.wav': '.hidden.wav', 'deep/a': 'a' }
  expect(await keysOf(folder, under(folder, ...Object.keys(expected)))).toEqual(expected)
})

posixTest(
  'links are followed to files and folders; one that leads nowhere is a file that is missing (needs symbolic links)',
  async () => {
    const links = ['file.wav -> ../far/b.wav', 'renamed.wav -> ../far/c.txt', 'folder -> ../far']
    const dangling = ['gone.wav -> nowhere', 'gone.txt -> nowhere']
    const folder = tree('in/a.wav', 'far/b.wav', 'far/c.txt', ...[...links, ...dangling].map((link) => `in/${link}`))
    const expected = { ...same('a.wav', 'file.wav', 'folder/b.wav', 'renamed.wav'), 'gone.wav': 'E_INPUT_MISSING' }
    expect(await keysOf(`${folder}/in`, `${folder}/in`)).toEqual(expected)
  },
)

posixTest('a FIFO with the name of an audio file is passed over in a folder (needs mkfifo)', async () => {
  const folder = tree('a.wav')
  expect(spawnSync('mkfifo', [`${folder}/fifo.wav`]).status).toBe(0)
  expect(await keysOf(folder, folder)).toEqual(same('a.wav'))
})

posixTest(
  'a folder that contains itself by a link is told of and not gone into again (needs symbolic links)',
  async () => {
    const links = ['self -> .', 'x/up -> ..', 'x/other -> ../y', 'y/other -> ../x']
    const folder = tree('a.wav', 'x/b.wav', 'y/c.wav', ...links)
    const loops: string[] = []
    const found = await keysOf(folder, folder, { onLoop: (loop) => loops.push(path.relative(folder, loop)) })
    expect(found).toEqual(same('a.wav', 'x/b.wav', 'x/other/c.wav', 'y/c.wav', 'y/other/b.wav'))
    expect(loops.sort()).toEqual(['self', 'x/other/other', 'x/up', 'y/other/other', 'y/other/up'])
  },
)

posixTest('a folder that a link repeats is reported once, and its files are done (needs symbolic links)', async () => {
  const folder = tree(
    ...under('in', 'top.wav', 'real/a.wav', 'real/deep/b.wav', 'link -> real', 'far -> ../far', 'too -> ../far'),
    'far/c.wav',
  )
  const told: string[][] = []
  const onRepeat = (repeated: string, first: string, kind: string) =>
    told.push([...[repeated, first].map((name) => path.relative(`${folder}/in`, name)).sort(), kind])
  const names = ['top.wav', 'real/a.wav', 'real/deep/b.wav', 'link/a.wav', 'link/deep/b.wav', 'far/c.wav', 'too/c.wav']
  // The system decides which of two comes first.
  const repeats = [
    ['far', 'too', 'folder'],
    ['link', 'real', 'folder'],
  ]
  expect(await keysOf(`${folder}/in`, `${folder}/in`, { onRepeat })).toEqual(same(...names))
  expect(told.splice(0).sort()).toEqual(repeats)
  // Inputs may overlap, and a pattern may not match below a link.
  await keysOf(`${folder}/in`, under(folder, 'in', 'in/real', 'in'), { onRepeat, root: `${folder}/in` })
  expect(
    told
      .splice(0)
      .filter(([, , kind]) => kind === 'folder')
      .sort(),
  ).toEqual(repeats)
  for (const glob of ['in/*.wav', 'in/f*/*.wav']) await keysOf(folder, `${folder}/${glob}`, { onRepeat })
  expect(told).toEqual([])
})

posixTest('folders that the caller names twice are not reported (needs symbolic links)', async () => {
  const folder = tree('in/sub/a.wav', 'link -> in')
  const told: string[][] = []
  const onRepeat = (...repeated: string[]) => told.push(repeated)
  const expected = { 'in/sub/a.wav': 'a.wav', 'link/sub/a.wav': 'sub/a.wav' }
  expect(await keysOf(folder, under(folder, 'link', 'in/sub'), { onRepeat })).toEqual(expected)
  expect(told).toEqual([])
})

posixTest(
  'a link into the output folder is no input, because an output may replace its target (needs symbolic links)',
  async () => {
    const folder = tree('in/a.wav', 'in/b.wav', 'out/b.wav', 'in/old.wav -> ../out/b.wav')
    const loops: string[] = []
    const options = { out: `${folder}/out`, overwrite: true, onLoop: (link: string) => loops.push(path.basename(link)) }
    const results = await run(`${folder}/in`, options)
    expect(results.map(({ key, status }) => `${key} ${status}`).sort()).toEqual(['a.wav done', 'b.wav done'])
    expect(loops.sort()).toEqual(['old.wav'])
  },
)

posixTest('with follow: false, links in folders are left out (needs symbolic links)', async () => {
  const folder = tree(
    'in/a.wav',
    'far/b.wav',
    'in/file.wav -> ../far/b.wav',
    'in/folder -> ../far',
    'in/self -> .',
    'top -> in',
  )
  const loops: string[] = []
  const options: Options = { follow: false, onLoop: (loop) => loops.push(loop), onRepeat: (loop) => loops.push(loop) }
  for (const input of ['in', 'top', 'top/**', 'top/{a,file}.wav'])
    expect(Object.values(await keysOf(folder, `${folder}/${input}`, options)), input).toEqual(['a.wav'])
  expect(loops).toEqual([])
  // What the caller names is followed.
  expect(await keysOf(folder, `${folder}/in/folder`, options)).toEqual({ 'in/folder/b.wav': 'b.wav' })
  expect(await keysOf(folder, `${folder}/in/file.wav`, options)).toEqual({ 'in/file.wav': 'file.wav' })
})

test('a glob stands for the audio files that match it, with keys from its literal prefix', async () => {
  const names = [
    'in/a.wav',
    'in/b.wav',
    'in/b1.WAV',
    'in/x/a.wav',
    'in/y/z/a.wav',
    'in/.h.wav',
    'in/a.txt',
    'in/x/[q].wav',
  ]
  const folder = tree(...names)
  const cases: Record<string, string[]> = {
    'in/*.wav': ['a.wav', 'b.wav'],
    'in/*': ['a.wav', 'b.wav', 'b1.WAV'],
    'in/?.wav': ['a.wav', 'b.wav'],
    'in/**': ['a.wav', 'b.wav', 'b1.WAV', 'x/[q].wav', 'x/a.wav', 'y/z/a.wav'],
    'in/**/a.wav': ['a.wav', 'x/a.wav', 'y/z/a.wav'],
    'in/*/*.wav': ['x/[q].wav', 'x/a.wav'],
    'in/x/*.wav': ['[q].wav', 'a.wav'],
    'in/{x,y}/**/a.wav': ['x/a.wav', 'y/z/a.wav'],
    'in/{x/a,b}.wav': ['b.wav', 'x/a.wav'],
    'in/[b-z]*': ['b.wav', 'b1.WAV'],
    'in/x/[[]*.wav': ['[q].wav'],
    // A backslash is between names on Windows.
    ...(!isWindows && { 'in/x/\\[*.wav': ['[q].wav'] }),
  }
  for (const [glob, expected] of Object.entries(cases)) {
    const keys = await keysOf(folder, path.join(folder, glob))
    expect(Object.values(keys).sort(), glob).toEqual(expected)
  }
})

test('a glob passes over what is hidden, but goes into a hidden folder that it names', async () => {
  const folder = tree('a.wav', '.b.wav', '.c/d.wav', '.c/.e.wav')
  expect(await keysOf(folder, path.join(folder, '**/*.wav'))).toEqual(same('a.wav'))
  await expect(keysOf(folder, path.join(folder, '.*/*.wav'))).rejects.toMatchObject({ code: 'E_NO_INPUT' })
  expect(await keysOf(folder, path.join(folder, '.c/*.wav'))).toEqual({ '.c/d.wav': 'd.wav' })
})

posixTest('a glob goes into no folder where it cannot match (needs symbolic links)', async () => {
  const folder = tree('in/a.wav', 'in/deep/b.wav', 'in/deep/er/self -> .')
  const loops: string[] = []
  const onLoop = (loop: string) => loops.push(path.relative(folder, loop))
  for (const glob of ['in/*.wav', 'in/*/*.wav', 'in/{a,b}.wav'])
    await keysOf(folder, path.join(folder, glob), { onLoop })
  expect(loops).toEqual([])
  await keysOf(folder, `${folder}/in/**/a.wav`, { onLoop })
  expect(loops).toEqual(['in/deep/er/self'])
})

test.each([
  ['longer than a pattern may be', '*'.repeat(70_000)],
  ['too large once it is a regular expression', '*a'.repeat(30_000)],
])('a glob that is %s is refused as an input', async (_, glob) => {
  const folder = tree('a.wav')
  for (const inputs of [glob, [folder, glob], path.join(folder, glob)]) {
    const attempt = run(inputs, { out: path.join(temporaryFolder(), 'out') })
    await expect(attempt).rejects.toMatchObject({ code: 'E_OPTION_INVALID', option: 'inputs' })
  }
})

test('what exists is taken as it is, even where its name looks like a glob', async () => {
  const folder = tree('take [1].wav', 'take 1.wav', '{x,y}.wav', 'x.wav')
  expect(await keysOf(folder, `${folder}/take [1].wav`)).toEqual(same('take [1].wav'))
  expect(await keysOf(folder, `${folder}/{x,y}.wav`)).toEqual(same('{x,y}.wav'))
})

posixTest('a folder that exists is walked, even if its name has a star (needs names with a star)', async () => {
  const folder = tree('a*/b.wav', 'ab/b.wav')
  expect(await keysOf(folder, `${folder}/a*`)).toEqual({ 'a*/b.wav': 'b.wav' })
})

posixTest(
  'the literal prefix of a glob may have escaped characters (needs paths in which a backslash is no separator)',
  async () => {
    const folder = tree('in[1]/a.wav', 'in1/b.wav')
    expect(await keysOf(folder, `${folder}/in\\[1\\]/*.wav`)).toEqual({ 'in[1]/a.wav': 'a.wav' })
  },
)

test('an exclamation mark in front of a glob is a part of a name, and not lost', async () => {
  const folder = tree('!in/c.wav', 'in/d.wav')
  const before = process.cwd()
  process.chdir(folder)
  try {
    expect(await keysOf('', '!in/*.wav')).toEqual({ '!in/c.wav': 'c.wav' })
  } finally {
    process.chdir(before)
  }
})

test('keys and output names are taken from the root, by the text of the paths', async () => {
  const folder = tree('p/a.wav', 'p/in/b.wav', 'p/in/x/c.wav')
  const inputs = under(folder, 'p/a.wav', 'p/in')
  const expected = { 'p/a.wav': 'a.wav', 'p/in/b.wav': 'in/b.wav', 'p/in/x/c.wav': 'in/x/c.wav' }
  for (const root of [`${folder}/p`, `${folder}/p/`, pathToFileURL(`${folder}/p`), path.relative('.', `${folder}/p`)]) {
    expect(await keysOf(folder, inputs, { root })).toEqual(expected)
  }
  expect(await keysOf(folder, `${folder}/p/in/x/*.wav`, { root: folder })).toEqual({ 'p/in/x/c.wav': 'p/in/x/c.wav' })
  const [result] = await run(`${folder}/p/a.wav`, { root: folder, out: path.join(folder, 'out') })
  expect(result).toMatchObject({ status: 'done', key: 'p/a.wav', output: path.join(folder, 'out/p/a.wav') })
})

posixTest('keys and output names are the same if the root is a link (needs symbolic links)', async () => {
  const folder = tree('p/a.wav', 'p/in/b.wav', 'link -> p')
  expect(await keysOf(folder, `${folder}/link/in`, { root: `${folder}/link` })).toEqual({ 'link/in/b.wav': 'in/b.wav' })
})

test('an input outside the root refuses the run', async () => {
  const folder = tree('p/a.wav', 'pp/b.wav')
  const out = path.join(temporaryFolder(), 'out')
  for (const input of ['pp/b.wav', 'pp', 'pp/*.wav', '.']) {
    const inputs = under(folder, 'p/a.wav', input)
    const attempt = run(inputs, { root: `${folder}/p`, out })
    await expect(attempt, input).rejects.toMatchObject({ code: 'E_OPTION_INVALID', option: 'root' })
  }
  expect(existsSync(out)).toBe(false)
})

test('a missing input fails, by name, and the others go on', async () => {
  const folder = tree('a.wav', 'deep/b.wav', 'empty/')
  const missing = ['gone.wav', 'gone/too.wav', 'a.wav/below.wav']
  const found = await keysOf(folder, under(folder, 'a.wav', ...missing, 'deep'))
  const errors = Object.fromEntries(missing.map((name) => [name, 'E_INPUT_MISSING']))
  expect(found).toEqual({ ...errors, 'a.wav': 'a.wav', 'deep/b.wav': 'b.wav' })
})

test('an input without files is reported if others have files', async () => {
  const folder = tree('a.wav', 'deep/b.wav')
  // Names of files as people have them, and mistyped globs.
  for (const nothing of ['take (1).wav', 'take [1].wav', 'dep/*.wav', 'deep/*.wave']) {
    const results = await run(under(folder, 'a.wav', nothing), {
      out: path.join(temporaryFolder(), 'out'),
      dryRun: true,
    })
    expect(results.map(({ status }) => status).sort(), nothing).toEqual(['failed', 'planned'])
    const [failed] = results.filter(({ status }) => status === 'failed')
    expect(failed.error?.code, nothing).toMatch(/^E_(INPUT_MISSING|NO_INPUT)$/)
  }
})

test('a run without any file is refused, and makes no folder', async () => {
  const folder = tree('empty/', 'texts/a.txt', 'texts/.b.wav')
  const out = path.join(temporaryFolder(), 'out')
  for (const names of [
    [],
    ['empty'],
    ['texts'],
    ['empty', 'texts'],
    ['*.wav'],
    ['none/*.wav'],
    ['texts/*.txt'],
    ['empty/**'],
  ]) {
    await expect(run(under(folder, ...names), { out }), String(names)).rejects.toMatchObject({ code: 'E_NO_INPUT' })
  }
  expect(existsSync(out)).toBe(false)
})

test.skipIf(isWindows || isRoot)(
  'a folder that may not be read is a failure of its own (needs POSIX permissions; root may read all)',
  async () => {
    const folder = tree('in/a.wav', 'in/closed/b.wav')
    const closed = path.join(folder, 'in/closed')
    chmodSync(closed, 0o000)
    onTestFinished(() => chmodSync(closed, 0o755))
    const found = await keysOf(folder, `${folder}/in`)
    expect(found).toEqual({ 'in/a.wav': 'a.wav', 'in/closed': 'E_INPUT_UNREADABLE' })
    expect(await keysOf(folder, [closed, `${folder}/in/a.wav`])).toEqual(found)
    expect(await keysOf(folder, `${folder}/in/*.wav`)).toEqual({ 'in/a.wav': 'a.wav' })
  },
)

/** A folder with a chain of folders named `d`, which may be longer than a path can be, and a file at some depths. */
function deepFolder(depth: number, filesAt: readonly number[]): string {
  const top = temporaryFolder()
  // Node's own removal goes by paths.
  onTestFinished(() => expect(spawnSync('rm', ['-rf', `${top}/d`]).status).toBe(0))
  // Relative, because a path has an end and folders in folders have none.
  const program = `
    const { mkdirSync, writeFileSync } = require('node:fs')
    const [top, depth, filesAt, bytes] = JSON.parse(process.argv[1])
    process.chdir(top)
    for (let at = 0; at <= depth; at++) {
      if (filesAt.includes(at)) writeFileSync('a.wav', Buffer.from(bytes, 'base64'))
      mkdirSync('d')
      process.chdir('d')
    }`
  const given = JSON.stringify([top, depth, filesAt, pcm16(500).toString('base64')])
  expect(spawnSync(process.execPath, ['-e', program, given], { encoding: 'utf8' })).toMatchObject({ stderr: '' })
  return top
}

linuxTest(
  'folders may be as deep as paths can be long; what lies deeper is named, and all else is done (needs Linux)',
  async () => {
    const levels = [0, 1, 900, 1900, 2300]
    const folder = deepFolder(2400, levels)
    const out = path.join(temporaryFolder(), 'o')
    const results = await run(folder, { out, dryRun: true })
    const done = results.filter(({ status }) => status === 'planned').map(({ key }) => key.split('/').length - 1)
    expect(done.sort((a, b) => a - b)).toEqual([0, 1, 900, 1900])
    const [failed, ...others] = results.filter(({ status }) => status === 'failed')
    expect(others).toEqual([])
    expect(failed.error).toMatchObject({ code: 'E_INPUT_UNREADABLE', errno: 'ENAMETOOLONG' })
    expect(failed.error?.message).toMatch(/Shorten some names, or give paths relative/)
    // The remedy is one: what could not be reached is.
    const before = process.cwd()
    const { input } = failed
    process.chdir(path.join(folder, ...input.slice(folder.length).split('/').slice(0, 1000)))
    try {
      const rest = await run('.', { out, dryRun: true })
      expect(rest.map(({ status, key }) => [status, key.split('/').length - 1]).sort()).toEqual([
        ['planned', 1301],
        ['planned', 901],
      ])
    } finally {
      process.chdir(before)
    }
  },
)

test('names that Node decoded with U+FFFD, because they are not UTF-8, are reported as such', async () => {
  const folder = tree('in/a.wav')
  // Two names that were different and now are one.
  const mangled = under(folder, 'caf\ufffd.wav', 'caf\ufffd.wav', 'take [\ufffd].wav')
  const results = await run([`${folder}/in`, ...mangled], { out: path.join(temporaryFolder(), 'out') })
  const failed = results.flatMap(({ error }) => error ?? [])
  expect(failed.map(({ code }) => code).sort()).toEqual(['E_INPUT_MISSING', 'E_INPUT_MISSING', 'E_NO_INPUT'])
  for (const { message } of failed)
    expect(message).toMatch(/bytes that are not UTF-8.* Give the folder that contains it\.$/)
  expect(results.filter(({ status }) => status === 'done')).toHaveLength(1)
  const [missing] = await run([`${folder}/gone.wav`], { out: path.join(temporaryFolder(), 'out') })
  expect(missing.error?.message).toMatch(/Check the path\.$/)
})

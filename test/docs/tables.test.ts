/**
 * Tables in documentation, and the chart, are those that test/docs/tables.ts makes of the code and of the records of benchmarks.
 * `npm run tables` writes them anew.
 */

import { readFileSync } from 'node:fs'
import path from 'node:path'
import ts from 'typescript'
import { expect, test } from 'vitest'
import { EXIT, exitForSignal } from '../../dist-lib/cli/exit.js'
import { writeFiles } from '../support/files.js'
import { root, temporaryFolder } from '../support/folders.js'
import { jsonOf, noisemill } from '../support/programs.js'
import { pcm16 } from '../support/wav.js'
import { chart, documents, fileFields, hasPlaces, namesIn, summaryFields, tables, withTables } from './tables.js'

const read = (file: string) => readFileSync(path.join(root, file), 'utf8')

test('each table has a place in one document', () => {
  const names = documents.flatMap((file) => namesIn(read(file)))
  expect(names.sort()).toEqual(Object.keys(tables).sort())
})

test.each(documents.filter((file) => hasPlaces(read(file))))(
  '%s has the tables and figures that are made',
  async (name) => {
    await expect(withTables(read(name))).toMatchFileSnapshot(path.join(root, name))
  },
)

test.each(Object.keys(tables).filter((name) => /^(fields|options|columns) of /.test(name)))(
  'each of the %s has a meaning',
  (name) => expect(tables[name]!()).not.toContain('|  |'),
)

test('editors find each docstring of the types', () => {
  const text = read('dist/index.d.ts')
  const source = ts.createSourceFile('index.d.ts', text, ts.ScriptTarget.Latest, true)
  const found = new Set<number>()
  const visit = (node: ts.Node): void => {
    for (const { pos } of ts.getJSDocCommentsAndTags(node)) found.add(pos)
    ts.forEachChild(node, visit)
  }
  visit(source)
  // A docstring that another one follows is about a file of lib.
  const isOfModule = (end: number) => text.slice(end).trimStart().startsWith('/**')
  const lost = Array.from(text.matchAll(/\/\*\*.*?\*\//gs)).filter(
    ({ index, 0: docstring }) => !found.has(index) && !isOfModule(index + docstring.length),
  )
  expect(lost.map(([line]) => line)).toEqual([])
  expect(found.size).toBeGreaterThan(100)
})

test('docs/talk.svg is the chart of the record', async () => {
  await expect(chart()).toMatchFileSnapshot(path.join(root, 'docs/talk.svg'))
})

const reference = read('docs/cli.md')

test('docs/cli.md has every exit code', () => {
  const codes = Array.from(reference.matchAll(/^\| (\d+) \|/gm), ([, code]) => Number(code))
  expect(codes).toEqual([...Object.values(EXIT), exitForSignal('SIGINT'), exitForSignal('SIGTERM')])
})

test.each([['add'], ['replay'], ['demo'], ['demo', 'pitfalls'], ['info']])(
  'docs/cli.md has every flag of %s %s',
  async (...command) => {
    const { stdout } = await noisemill([...command, '--help'])
    const flags = Array.from(stdout.matchAll(/^ {2}(?:-h, )?(--[a-z-]+)/gm), ([, flag]) => flag)
    expect(flags).toContain('--help')
    for (const flag of flags) expect(reference).toMatch(new RegExp(`\`${flag}[ \`]`))
  },
)

test('the table of fields is in the order of JSON lines, and has all of them', async () => {
  const cwd = temporaryFolder()
  writeFiles(cwd, { 'in/a.wav': pcm16(), 'in/bad.wav': Buffer.from('no audio') })
  const { files, summary } = jsonOf(await noisemill(['add', 'in', '--out', 'out', '--snr', '10', '--json'], { cwd }))
  const told = files.flatMap(({ type, ...fields }) => [Object.keys(fields)])
  const listed = [...fileFields().keys()]
  const rare = ['error', 'inputBase64', 'outputBase64', 'keyBase64', 'stems']
  for (const names of told) expect(names).toEqual(listed.filter((name) => names.includes(name)))
  expect(new Set([...told.flat(), ...rare])).toEqual(new Set(listed))
  expect(new Set(Object.keys(summary))).toEqual(new Set(summaryFields().keys()))
})

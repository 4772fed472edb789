/** What holds for all pages: links lead somewhere, files that they name are there, and lines are short. */

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { errorCodes } from '../../dist/index.js'
import { processWarnings, warnings } from '../../dist-lib/warnings.js'
import { root } from '../support/folders.js'
import { noisemill } from '../support/programs.js'

const pages = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  ...readdirSync(path.join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
]
const read = (page: string) => readFileSync(path.join(root, page), 'utf8')

/** Text without blocks of code. */
const prose = (text: string) => text.replaceAll(/^```.*?^```$/gms, '').replaceAll(/^ {4}.*$/gm, '')

/** The fragment that GitHub gives a heading. */
const fragmentOf = (heading: string) =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-')

const fragmentsOf = (page: string) =>
  Array.from(prose(read(page)).matchAll(/^#+ (.*)$/gm), ([, heading]) => fragmentOf(heading))

test.each(pages)('links of %s lead to files and headings that are there', (page) => {
  const links = Array.from(prose(read(page)).matchAll(/\]\(([^)\s]*)\)/g), ([, link]) => link)
  const broken = links
    .filter((link) => !/^\w+:/.test(link))
    .filter((link) => {
      const [file, fragment] = link.split('#')
      const target = file === '' ? page : path.posix.join(path.posix.dirname(page), file)
      if (!existsSync(path.join(root, target))) return true
      return fragment !== undefined && !fragmentsOf(target).includes(fragment)
    })
  expect(broken).toEqual([])
})

/** Pages have paths from the root of the project; those below lib may begin there. `KIND` stands for a name. */
test.each(pages)('files that %s names are there', (page) => {
  const names = Array.from(prose(read(page)).matchAll(/`([\w./-]+)`/g), ([, name]) => name)
  const files = names.filter((name) => /^[\w.-]+(\/[\w.-]+)+\.(ts|mjs|js|cc|h|inl|py|json|md|svg|yml)$/.test(name))
  const isThere = (name: string) => ['', 'lib'].some((folder) => existsSync(path.join(root, folder, name)))
  const ofUsers = /^(speech|noisy|corpus|noisemill)\/|KIND/
  expect(files.filter((name) => !ofUsers.test(name) && !isThere(name))).toEqual([])
})

test.each(pages)('codes that %s names are those of the code', (page) => {
  const known = new Set<string>([...errorCodes, ...Object.keys(warnings), ...Object.keys(processWarnings)])
  const named = Array.from(read(page).matchAll(/\b[EW]_[A-Z_]*[A-Z]\b/g), ([code]) => code)
  expect(named.filter((code) => !known.has(code))).toEqual([])
})

/** Those of other programs. */
const OTHER_FLAGS = ['--external', '--allow-addons', '--allow-worker', '--allow-fs-read', '--allow-fs-write']

test('flags that pages name are flags of a command', async () => {
  const commands = [[], ['add'], ['replay'], ['demo'], ['demo', 'pitfalls'], ['info'], ['work'], ['status']]
  const helps = await Promise.all(commands.map((command) => noisemill([...command, '--help'])))
  const known = new Set(helps.flatMap(({ stdout }) => stdout.match(/--[a-z-]+/g) ?? []))
  const named = pages.flatMap((page) =>
    Array.from(read(page).matchAll(/`(--[a-z-]+)/g), ([, flag]) => ({ page, flag })),
  )
  expect(named.length).toBeGreaterThan(20)
  expect(named.filter(({ flag }) => !known.has(flag) && !OTHER_FLAGS.includes(flag))).toEqual([])
})

/** README has lines of its own length. */
const wrapped = pages.filter((page) => page !== 'README.md')

test.each(wrapped)('lines of %s have at most 100 characters, but for tables and what is made of the code', (page) => {
  const text = read(page)
    .replaceAll(/^<!-- table:.*?^<!-- end/gms, '')
    .replaceAll(/<!-- \/?figure.*?-->/g, '')
  const lines = prose(text).split('\n')
  expect(lines.filter((line) => line.length > 100 && !line.startsWith('|'))).toEqual([])
})

const sections = (text: string) => Array.from(text.matchAll(/^## (.*)$/gm), ([, heading]) => heading)

// Shorter pages need no contents.
const long = pages.filter((page) => sections(prose(read(page))).length > 3)

test.each(long)('contents of %s are all sections after them, by their headings', (page) => {
  const text = prose(read(page))
  const links = Array.from(text.matchAll(/^- \[([^\]]*)\]\(#([^)]*)\)/gm))
  expect(links.map(([, name, fragment]) => [name, fragment])).toEqual(
    sections(text.slice(links[0]?.index)).map((heading) => [heading, fragmentOf(heading)]),
  )
})

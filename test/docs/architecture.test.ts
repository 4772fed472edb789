/** The rules for imports in docs/architecture.md are those of the linter. */

import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { writeFiles } from '../support/files.js'
import { root, temporaryFolder } from '../support/folders.js'
import { isWindows } from '../support/systems.js'

const page = readFileSync(path.join(root, 'docs/architecture.md'), 'utf8')
const [, section] = /^## Who may import whom\n(.*?)^## /ms.exec(page)!

const codeIn = (text: string): string[] => Array.from(text.matchAll(/`([\w.-]+)`/g), ([, name]) => name)
const baseFiles = codeIn(/^The base files are .*?\.$/ms.exec(section)![0])

const namesIn = (cell: string): string[] => [...(cell.includes('base files') ? baseFiles : []), ...codeIn(cell)]

/** What each folder and file of lib may import, by the page. */
const allowed = new Map(
  Array.from(section.matchAll(/^\| (.*`.*) \| (.*) \|$/gm)).flatMap(([, who, whom]) => {
    const own = namesIn(who)
    return own.map((name) => [name, [...namesIn(whom), ...(whom.includes('each other') ? own : [])]] as const)
  }),
)
const everything = [...allowed.keys(), 'index.ts']

test('the page has all files and folders of lib', () => {
  expect([...everything].sort()).toEqual(
    readdirSync(path.join(root, 'lib'))
      .filter((name) => !name.endsWith('config.js'))
      .sort(),
  )
})

test('the linter allows what the page allows, and nothing else', () => {
  const { $schema, ...config } = JSON.parse(readFileSync(path.join(root, 'biome.json'), 'utf8'))
  const folder = temporaryFolder()
  const isFile = (name: string) => name.endsWith('.ts')
  const fileOf = (name: string) => (isFile(name) ? `lib/${name}` : `lib/${name}/probe.ts`)
  const others = (name: string) => everything.filter((other) => other !== name)
  const importOf = (from: string, to: string) =>
    `import '${isFile(from) ? './' : '../'}${isFile(to) ? to.replace(/ts$/, 'js') : `${to}/other.js`}'\n`
  const probes = [...allowed.keys()].map((name) => [
    fileOf(name),
    Buffer.from(
      others(name)
        .map((other) => importOf(name, other))
        .join(''),
    ),
  ])
  writeFiles(folder, {
    'biome.json': Buffer.from(JSON.stringify({ ...config, vcs: { enabled: false } })),
    ...Object.fromEntries(probes),
  })
  const found = lint(folder)
  for (const [name, whom] of allowed) {
    const forbidden = found.filter(({ file }) => file === fileOf(name)).map(({ line }) => others(name)[line - 1])
    const expected = others(name).filter((other) => !whom.includes(other))
    expect([name, forbidden.sort()]).toEqual([name, expected.sort()])
  }
})

interface Forbidden {
  readonly file: string
  readonly line: number
}

/** The imports that the rules of a folder forbid. */
function lint(folder: string): Forbidden[] {
  const biome = path.join(root, 'node_modules/@biomejs/biome/bin/biome')
  const args = ['lint', '--only=style/noRestrictedImports', '--max-diagnostics=none', '--reporter=json', '.']
  let report: string
  try {
    report = execFileSync(process.execPath, [biome, ...args], { cwd: folder, encoding: 'utf8', stdio: 'pipe' })
  } catch (error) {
    report = (error as { stdout: string }).stdout
  }
  const { diagnostics } = JSON.parse(report) as {
    diagnostics: { location: { path: string; start: { line: number } } }[]
  }
  return diagnostics.map(({ location }) => ({
    file: isWindows ? location.path.replaceAll('\\', '/') : location.path,
    line: location.start.line,
  }))
}

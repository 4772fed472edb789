/** What docs/installing.md says of versions, binaries and environment variables. */

import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { names } from '../../scripts/prebuilds/names.mjs'
import { root } from '../support/folders.js'

const read = (file: string) => readFileSync(path.join(root, file), 'utf8')
const page = read('docs/installing.md')

test('the versions of Node are those that the package asks for', () => {
  const { engines } = JSON.parse(read('package.json'))
  const [first, second] = Array.from(
    engines.node.matchAll(/(\d+\.\d+)\.\d+/g),
    ([, version]: RegExpMatchArray) => version,
  )
  expect(engines.node).toBe(`^${first}.0 || >=${second}.0`)
  expect(page).toContain(`Node ${first}, ${second} or newer`)
})

test('the table has every binary of a release', () => {
  const rows = Array.from(page.matchAll(/^\| ((?:linux|win32|darwin)[^|]*) \|/gm), ([, row]) => row)
  const listed = rows.flatMap((row) => {
    const libc = row.includes('musl') ? ' musl' : row.includes('glibc') ? ' glibc' : ''
    return (row.match(/\b(?:linux|win32|darwin)-\w+/g) ?? []).map((system) => `${system}${libc}`)
  })
  const built = names.map((name: string) => {
    const [system, file] = name.split('/')
    return `${system}${/ (glibc|musl)/.exec(file.replaceAll('.', ' '))?.[0] ?? ''}`
  })
  expect(listed.sort()).toEqual(built.sort())
})

test('environment variables that the package reads are in the table', () => {
  const sources = (readdirSync(path.join(root, 'lib'), { recursive: true }) as string[])
    .filter((name) => /\.c?ts$/.test(name))
    .map((name) => read(path.join('lib', name)))
  const variables = sources.flatMap((source) =>
    Array.from(source.matchAll(/process\.env\.(NOISEMILL_\w+)|checkWish\('(\w+)'\)/g), ([, own, wish]) => own ?? wish),
  )
  // Kinds of noise for the project's own tests.
  const ofUsers = new Set(variables.filter((name) => name !== 'NOISEMILL_TEST_KINDS'))
  const listed = new Set(Array.from(page.matchAll(/^\| `(NOISEMILL_\w+)/gm), ([, name]) => name))
  // node-gyp-build reads this one, by the name of the package.
  expect(listed).toEqual(new Set([...ofUsers, 'NOISEMILL_PREBUILD']))
})

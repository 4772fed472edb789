/** Where the cache folder is, and what is kept in it. */

import { existsSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { cacheFolder, keepCached, writeCached } from '../../dist-lib/files/cache.js'
import { temporaryFolder, temporaryIn } from '../support/folders.js'
import { isWindows, linuxTest } from '../support/systems.js'

afterEach(() => {
  vi.unstubAllEnvs()
})

function setVariables(variables: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value)
}

/** Makes a file, below which no folder can be made. */
function obstacle(): string {
  const file = path.join(temporaryFolder(), 'file')
  writeFileSync(file, '')
  return file
}

test('the variable NOISEMILL_CACHE names the cache folder, which is made', () => {
  const folder = path.join(temporaryFolder(), 'a', 'b')
  setVariables({ NOISEMILL_CACHE: folder })
  expect(cacheFolder()).toBe(folder)
  expect(existsSync(folder)).toBe(true)
  setVariables({ NOISEMILL_CACHE: path.relative('.', folder) })
  expect(cacheFolder()).toBe(folder)
})

test('a folder that the variable names is not replaced by another one', () => {
  const file = obstacle()
  setVariables({ NOISEMILL_CACHE: path.join(file, 'cache') })
  expect(cacheFolder).toThrow(expect.objectContaining({ code: 'E_CACHE', path: path.join(file, 'cache') }))
})

linuxTest('it is in the cache folder of the user, by the rules of XDG', () => {
  const folder = temporaryFolder()
  setVariables({ NOISEMILL_CACHE: '', XDG_CACHE_HOME: folder })
  expect(cacheFolder()).toBe(path.join(folder, 'noisemill'))
  for (const ignored of ['', 'relative']) {
    setVariables({ XDG_CACHE_HOME: ignored, HOME: folder })
    expect(cacheFolder()).toBe(path.join(folder, '.cache', 'noisemill'))
  }
})

test('without a home that can be written to, it is in the folder for temporary files', () => {
  const file = obstacle()
  const folder = temporaryFolder()
  setVariables({ NOISEMILL_CACHE: '', XDG_CACHE_HOME: file, LOCALAPPDATA: file, HOME: file, ...temporaryIn(folder) })
  const cache = cacheFolder()
  expect(path.dirname(cache)).toBe(folder)
  expect(path.basename(cache)).toBe(isWindows ? 'noisemill-cache' : `noisemill-${process.getuid?.()}`)
  // A second call finds it.
  expect(cacheFolder()).toBe(cache)
  setVariables(temporaryIn(file))
  expect(cacheFolder).toThrow(expect.objectContaining({ code: 'E_CACHE' }))
})

const long = '0'.repeat(64)

test('a file is written as a whole, and files that nobody has used for a month are removed', async () => {
  const folder = temporaryFolder()
  const at = (name: string) => path.join(folder, name)
  const ago = (days: number) => new Date(Date.now() - days * 24 * 60 * 60 * 1000)
  const old = ['a', 'b'].map((letter) => at(`${letter.repeat(64)}.bank`))
  for (const file of [...old, at(`${long}.sources.12.tmp`), at('foreign')]) {
    writeFileSync(file, 'old')
    utimesSync(file, ago(31), ago(31))
  }
  // What is used is kept.
  await keepCached(old[0], Buffer.from('old'))
  await writeCached(at(`${long}.sources`), 'new')
  expect(readdirSync(folder).sort()).toEqual([`${long}.sources`, `${'a'.repeat(64)}.bank`, 'foreign'])
  expect(readFileSync(at(`${long}.sources`), 'utf8')).toBe('new')
})

test('a file that cannot be written is an error with its path, and leaves nothing', async () => {
  const folder = temporaryFolder()
  const file = path.join(folder, 'missing', `${long}.bank`)
  await expect(writeCached(file, 'text')).rejects.toMatchObject({ code: 'E_CACHE', path: file, errno: 'ENOENT' })
  expect(readdirSync(folder)).toEqual([])
})

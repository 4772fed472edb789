/** The binaries of `npm run prebuilds`, if they were made. */

import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { names } from '../../scripts/prebuilds/names.mjs'
import { isTooNew, versionsOf } from '../../scripts/prebuilds/symbols.mjs'
import { root } from '../support/folders.js'
import { isWindows } from '../support/systems.js'

const binaries = names.map((name) => path.join(root, 'prebuilds', name)).filter((file) => existsSync(file))

test('symbols of libraries that Node 20 does not ask for are too new', () => {
  const versions = [
    'GLIBC_2.2.5',
    'GLIBC_2.28',
    'GLIBC_2.29',
    'GLIBC_2.28.1',
    'GLIBCXX_3.4.21',
    'GLIBCXX_3.4.22',
    'GCC_4.3.0',
  ]
  expect(versions.filter(isTooNew)).toEqual(['GLIBC_2.29', 'GLIBC_2.28.1', 'GLIBCXX_3.4.22'])
})

const some = (part: string) => binaries.filter((file) => file.includes(part))

describe.skipIf(isWindows || binaries.length === 0)('prebuilt (needs npm run prebuilds, and objdump)', () => {
  test.each(some('glibc'))('%s loads wherever Node 20 does', (file) => {
    const versions = versionsOf(file)
    expect(versions).toEqual(expect.arrayContaining([expect.stringMatching(/^GLIBC_/)]))
    expect(versions.filter(isTooNew)).toEqual([])
  })

  test.each(some('win32'))(
    '%s takes nothing from libraries that Windows has not, nor from a host by its name',
    (file) => {
      const headers = execFileSync('objdump', ['-p', file], { encoding: 'utf8' })
      const imported = Array.from(headers.matchAll(/DLL Name: (.*)/g), ([, name]) => name.toLowerCase())
      expect(imported.sort()).toEqual(['kernel32.dll', 'msvcrt.dll'])
    },
  )

  test.each(binaries)('%s does not say where it was built', (file) => {
    expect(readFileSync(file).includes(root)).toBe(false)
  })
})

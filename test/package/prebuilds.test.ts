/** The binaries of `npm run prebuild`, where they were made. */

import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { isTooNew, versionsOf } from '../../native/prebuild/symbols.mjs'
import { isWindows } from '../support/systems.js'
import { root } from './installed.js'

const binaries = ['linux-x64', 'linux-arm64'].flatMap((name) => {
  const folder = path.join(root, 'prebuilds', name)
  return existsSync(folder) ? readdirSync(folder).map((file) => path.join(folder, file)) : []
})

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

describe.skipIf(isWindows || binaries.length === 0)(
  'prebuilt for Linux (needs npm run prebuild, and objdump of a POSIX system)',
  () => {
    test.each(binaries.filter((file) => file.includes('glibc')))('%s loads wherever Node 20 does', (file) => {
      const versions = versionsOf(file)
      expect(versions).toEqual(expect.arrayContaining([expect.stringMatching(/^GLIBC_/)]))
      expect(versions.filter(isTooNew)).toEqual([])
    })
  },
)

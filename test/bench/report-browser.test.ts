/** The page of a record of all workloads in a real browser. */

import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { pageOf } from '../../bench/report/page.js'
import { workloads } from '../../bench/workloads/index.js'
import { checkPage, hasBrowser } from '../support/browser.js'
import { temporaryFolder } from '../support/folders.js'
import { plausibleRecord } from './records.js'

test.skipIf(!hasBrowser).each([
  ['all workloads', plausibleRecord(workloads)],
  ['a first look', plausibleRecord(workloads, 'short', 1)],
])('the page of %s is well made in three widths, both themes and print (needs Chromium)', async (_, made) => {
  const file = path.join(temporaryFolder(), 'bench.html')
  writeFileSync(file, pageOf(made))
  expect(await checkPage(file)).toEqual([])
})

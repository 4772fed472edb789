/** Pages in a real browser: all figures, also with extreme values, and the pages of the demo. */

import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { comparePage } from '../../dist-lib/demo/compare-page.js'
import { pitfallsPage } from '../../dist-lib/demo/pitfalls-page.js'
import { htmlPage } from '../../dist-lib/page/page.js'
import { checkPage, hasBrowser } from '../support/browser.js'
import { temporaryFolder } from '../support/folders.js'
import { comparison, figures, pitfall } from '../support/pages.js'

async function problemsOf(html: string): Promise<string[]> {
  const file = path.join(temporaryFolder(), 'page.html')
  writeFileSync(file, html)
  return checkPage(file, process.env.NOISEMILL_PICTURES)
}

const pageOf = (...html: string[]) =>
  htmlPage({
    title: 'Figures',
    intro: '',
    sections: html.map((html, i) => ({ id: `s${i}`, title: `Figure ${i}`, html })),
  })

describe.skipIf(!hasBrowser)('a browser finds nothing wrong with (needs Chromium)', () => {
  test('all figures', async () => {
    expect(await problemsOf(pageOf(...Object.values(figures)))).toEqual([])
  })

  test('the page of the demo', async () => {
    expect(await problemsOf(comparePage(comparison, 'noisemill demo --html FILE'))).toEqual([])
  })

  test('the page of the pitfalls', async () => {
    expect(await problemsOf(pitfallsPage([pitfall]))).toEqual([])
  })
})

describe.skipIf(!hasBrowser)('a browser finds what is wrong with a page (needs Chromium):', () => {
  const faulty = (html: string) => problemsOf(pageOf(html))
  const bar = figures.bars

  test.each([
    ['a script', '<script>1</script>', /not alone: <script/],
    ['a picture from elsewhere', '<img src="https://example.com/a.png">', /not alone: <img/],
    ['something too wide', '<div style="width: 400px">x</div>', /the page is \d+ px wide in 360 px/],
    ['text that is hardly to be seen', '<p style="color: #777">x</p>', /"x" is rgb\(119, 119, 119\) on /],
    ['an id that is there twice', '<p id="s0">x</p>', /the id s0 is there twice/],
    ['a chart without marks', bar.replaceAll(/<path[^>]*\/>/g, ''), /shows nothing/],
    ['a chart whose texts overlap', bar.replaceAll(/ y="[\d.]+"/g, ' y="20"'), /overlap/],
    ['a chart whose text is cut', bar.replaceAll('<text', '<text dx="500"'), /beyond the chart/],
    ['a chart without a name', bar.replaceAll(/ aria-label="[^"]*"/g, ''), /has no name/],
    ['a chart without a table', bar.replace(/<tbody>.*<\/tbody>/s, ''), /no table/],
  ])('%s', async (_, html, problem) => {
    expect((await faulty(html)).join('\n')).toMatch(problem)
  })
})

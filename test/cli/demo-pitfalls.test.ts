/** `noisemill demo pitfalls`, which measures for some seconds: one run serves most of the tests. */

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { pitfallsPage } from '../../dist-lib/demo/pitfalls-page.js'
import { checkPage, hasBrowser } from '../support/browser.js'
import { filesBelow, sharedFolder, temporaryFolder, temporaryIn } from '../support/folders.js'
import { attributeOf, elementsIn, type Node, parsed, textOf } from '../support/html.js'
import { type Ended, linesOf, noisemill, type Running, startNoisemill } from '../support/programs.js'
import { posixTest } from '../support/systems.js'
import { until } from '../support/waiting.js'

/** Names of the pitfalls in the table at the end, with the number of ways of each. */
const WAYS = { overhead: 3, 'functions sent': 4, 'arrays sent': 4, 'work repeated': 3, 'chunk size': 7 }
const names = Object.keys(WAYS)
const ways = Object.values(WAYS)

const TIME = /([\d.]+) (us|ms|s)/
const MILLISECONDS = { us: 0.001, ms: 1, s: 1000 }

/** Reads a time such as '1.23 s' or '45 ms', as milliseconds. */
function millisecondsIn(text: string): number {
  const [, number, unit] = TIME.exec(text)!
  return Number(number) * MILLISECONDS[unit as keyof typeof MILLISECONDS]
}

describe('a whole demo', () => {
  const folder = sharedFolder()
  const temporary = path.join(folder, 'temporary')
  const page = path.join(folder, 'page.html')
  let ended: Ended

  beforeAll(async () => {
    mkdirSync(temporary)
    ended = await noisemill(['demo', 'pitfalls', '--html', page], { env: temporaryIn(temporary) })
  })

  /** Lines of the pitfalls, from their headings on. */
  const parts = () => ended.stdout.split(/^(?=\d\. )/m).slice(1)
  /** Cells of the table at the end. */
  const rows = () =>
    linesOf(ended.stdout).flatMap((line) => {
      const name = names.find((start) => line.startsWith(`${start} `))
      return name === undefined ? [] : [[name, ...line.slice(name.length).trim().split(/ {2,}/)]]
    })

  test('ends well, and says nothing on stderr', () => {
    expect([ended.code, ended.stderr]).toEqual([0, ''])
  })

  test('has a part for each pitfall, with a line for each way', () => {
    expect(parts().map((part) => part[0])).toEqual(['1', '2', '3', '4', '5'])
    const measured = parts().map((part) => part.match(/^ {3}(plain loop|pool[,:]).* {2}([\d.]+ [mu]?s|fails)\b.*$/gm))
    expect(measured.map((lines) => lines?.length)).toEqual(ways)
  })

  test('shows why a function in an item fails', () => {
    expect(parts()[1]).toMatch(/pool, badly: a function in the item {2,}fails\n {5}item 0: a value cannot be copied/)
    expect(ended.stdout.match(/fails$/gm)).toHaveLength(1)
  })

  test.each([
    [1, 'one number a trip', 'problem (chunks): '],
    // Whether it is a problem depends on the machine.
    [1, 'the default chunks', '(overhead): '],
    [2, 'a function in the item', 'problem (values): 1 of 1 items failed'],
    [3, 'arrays are copied', 'problem (data): '],
    [4, 'each item computes from the first', 'fine (repetition): '],
    [5, 'chunkSize: 1', 'problem (chunks): '],
  ])('has the verdict of the doctor on pitfall %i, %s: %s', (number, way, verdict) => {
    const verdicts = parts()[number - 1].split('The doctor on ').slice(1)
    const [own] = verdicts.filter((text) => text.includes(`: ${way}`))
    expect(own.replaceAll(/\s+/g, ' ')).toContain(verdict)
  })

  test('has a table, whose factors are those of its times', () => {
    expect(rows().map(([name]) => name)).toEqual(names)
    for (const [name, ...cells] of rows()) {
      if (name === 'functions sent') {
        expect(cells).toEqual([expect.stringMatching(TIME), 'fails', expect.stringMatching(TIME)])
        continue
      }
      const [loop, badly, well] = cells.slice(0, 3).map(millisecondsIn)
      const factors = cells.slice(3).map((cell) => Number(/^([\d.]+) x$/.exec(cell)![1]))
      // Times are rounded to two digits or more.
      for (const [i, factor] of [badly / Math.min(loop, well), badly / well].entries())
        expect(Math.abs(factors[i] / factor - 1)).toBeLessThan(0.12)
    }
  })

  test('writes a page of valid HTML, which has the same figures', () => {
    const html = readFileSync(page, 'utf8')
    const document = parsed(html)
    const figures = elementsIn(document, 'figure')
    expect(figures.map((figure) => elementsIn(elementsIn(figure, 'tbody')[0], 'tr').length)).toEqual(ways)
    const table = elementsIn(document, 'table')[0]
    const cellsOf = (row: Node) => [...elementsIn(row, 'th'), ...elementsIn(row, 'td')].map(textOf)
    const lines = elementsIn(elementsIn(table, 'tbody')[0], 'tr').map(cellsOf)
    expect(lines.map((cells) => cells.filter((cell) => cell !== ''))).toEqual(rows())
    const charts = figures.flatMap((figure) => elementsIn(figure, 'svg'))
    const texts = charts.map(textOf).join()
    for (const [, time] of ended.stdout.matchAll(/^ {3}\S.* {2}([\d.]+ [mu]?s)\b/gm)) expect(texts).toContain(time)
    for (const chart of charts) expect(attributeOf(chart, 'aria-label')).toMatch(/^Time to /)
    const verdicts = ended.stdout.match(/^ {5}(problem|fine|unknown) \(/gm)
    expect(elementsIn(document, 'dd')).toHaveLength(verdicts!.length)
    // Everything is in the page.
    expect(html).not.toMatch(/<(script|link|img|iframe)|src=|href="[^#]|url\(/)
  })

  test.skipIf(!hasBrowser)('writes a page that a browser shows well (needs Chromium)', async () => {
    expect(await checkPage(page)).toEqual([])
  })

  test('leaves nothing in the temporary folder', () => {
    expect(readdirSync(temporary)).toEqual([])
  })
})

/** Starts a demo in an empty folder; resolves once it has measured so many ways. */
async function demoAt(count: number): Promise<Running & { readonly folder: string }> {
  const folder = temporaryFolder()
  const args = ['demo', 'pitfalls', '--html', path.join(folder, 'page.html')]
  const running = startNoisemill(args, { env: temporaryIn(folder) })
  let printed = ''
  running.child.stdout.on('data', (text: string) => {
    printed += text
  })
  await until(() => (printed.match(/^ {3}(plain loop|pool).*$/gm)?.length ?? 0) >= count, running)
  return { ...running, folder }
}

describe('a demo that is stopped leaves nothing behind, no page either,', () => {
  // In the first, and while files are in the temporary folder.
  posixTest.each([1, WAYS.overhead + WAYS['functions sent'] + 1])(
    'by SIGINT after %i ways (needs POSIX signals)',
    async (count) => {
      const { child, ended, folder } = await demoAt(count)
      child.kill('SIGINT')
      expect(await ended).toMatchObject({ code: 130, stderr: '' })
      expect(readdirSync(folder)).toEqual([])
    },
  )

  test('by a closed pipe', async () => {
    const { child, ended, folder } = await demoAt(1)
    child.stdout.destroy()
    expect(await ended).toMatchObject({ code: 1, stderr: '' })
    expect(readdirSync(folder)).toEqual([])
  })
})

describe('a command that is wrong is refused before anything is measured:', () => {
  const refused = async (...args: string[]) => {
    const ended = await noisemill(['demo', ...args])
    expect(ended).toMatchObject({ code: 2, stdout: '' })
    return ended.stderr
  }

  test('--html with a file that exists, which stays as it is', async () => {
    const folder = temporaryFolder()
    const file = path.join(folder, 'a.wav')
    writeFileSync(file, 'precious')
    expect(await refused('pitfalls', '--html', file)).toContain(`${file}, which exists. (E_OPTION_INVALID)`)
    expect(readFileSync(file, 'utf8')).toBe('precious')
    expect(filesBelow(folder)).toEqual(['a.wav'])
  })

  test('--html with a file that cannot be created', async () => {
    const file = path.join(temporaryFolder(), 'missing/page.html')
    expect(await refused('pitfalls', '--html', file)).toContain(`${file} (ENOENT). (E_OPTION_INVALID)`)
  })

  test('--html without a path', async () => {
    expect(await refused('pitfalls', '--html', '-')).toContain('E_OPTION_INVALID')
  })

  test('--full, on either side', async () => {
    const words = "'demo pitfalls' has no option '--full'"
    expect(await refused('pitfalls', '--full')).toContain(words)
    expect(await refused('--full', 'pitfalls')).toContain(words)
  })
})

test('the page escapes every text', () => {
  const text = `<script>alert("&amp;")</script>'`
  const verdict = { subject: 'values', state: 'problem', milliseconds: null, text, remedy: text } as const
  const way = { name: text, time: 1, failure: null, verdicts: [], busy: undefined }
  const badly = { ...way, kind: 'badly', time: null, failure: text, verdicts: [verdict], busy: verdict } as const
  const ways = [{ ...way, kind: 'loop' } as const, badly, { ...way, kind: 'well' } as const]
  const document = parsed(pitfallsPage([{ name: text, title: text, work: text, ways }]))
  expect(elementsIn(document, 'script')).toEqual([])
  // Labels of ways and the title of the chart; a chart has a wide and a narrow form, and a table.
  const figure = { ways: 3 * 3, title: 1 }
  const places = { table: 1, machine: 2, heading: 1, ...figure, error: 1, waysOfDoctor: 2, verdict: 2 }
  const count = Object.values(places).reduce((sum, each) => sum + each)
  expect(textOf(document).split(text).length - 1).toBe(count)
})

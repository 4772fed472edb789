/** `noisemill demo`, which measures for some seconds: one run serves most of the tests. */

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { hasAddon } from '../support/backends.js'
import { checkPage, hasBrowser } from '../support/browser.js'
import { filesBelow, sharedFolder, temporaryFolder, temporaryIn } from '../support/folders.js'
import { attributeOf, elementsIn, parsed, textOf } from '../support/html.js'
import {
  bin,
  type Ended,
  linesOf,
  noisemill,
  type Running,
  shellLine,
  start,
  startNoisemill,
} from '../support/programs.js'
import { describePosix, hasTerminal } from '../support/systems.js'
import { until } from '../support/waiting.js'

const WAYS = ['plain loop', 'async I/O', 'worker threads', 'processes', 'native threads']
const present = hasAddon ? WAYS : WAYS.slice(0, -1)

describe('a whole demo', () => {
  const folder = sharedFolder()
  const temporary = path.join(folder, 'temporary')
  const page = path.join(folder, 'page.html')
  let ended: Ended

  beforeAll(async () => {
    mkdirSync(temporary)
    ended = await noisemill(['demo', '--html', page], { env: temporaryIn(temporary) })
  })

  /** The row of a way in the table of figures. */
  const row = (name: string) => linesOf(ended.stdout).find((line) => line.startsWith(`${name}  `))
  const FIGURES = / +([\d.]+) +([\d.]+) x +(\d+) % +(\d+) ms$/

  test('ends well, and says nothing on stderr', () => {
    expect([ended.code, ended.stderr]).toEqual([0, ''])
  })

  test('has the figures of each way', () => {
    for (const way of present) expect(row(way)).toMatch(FIGURES)
    if (!hasAddon) expect(row('native threads')).toMatch(/ +not here: \S/)
  })

  test('counts the CPU time of child processes', () => {
    const cpu = (way: string) => {
      const [, seconds, , share] = FIGURES.exec(row(way)!)!.map(Number)
      return seconds * share
    }
    // The work is the same. Without them it would be a small part of it.
    expect(cpu('processes')).toBeGreaterThan(0.5 * cpu('worker threads'))
  })

  test('has the same outputs in all ways', () => {
    const words = `^The outputs of all ${present.length} ways are identical: sha256 [\\da-f]{16}\\.\\.\\. over 24 files`
    expect(ended.stdout).toMatch(new RegExp(words, 'm'))
  })

  test('finishes every file once, in whatever order', () => {
    const orders = linesOf(ended.stdout).filter((line) => /^ {2}.*( \d\d){24}$/.test(line))
    const numbers = Array.from({ length: 24 }, (_, i) => String(i).padStart(2, '0'))
    expect(orders).toHaveLength(present.length - 1)
    for (const order of orders) expect(order.match(/\b\d\d\b/g)?.sort()).toEqual(numbers)
  })

  test('writes a page of valid HTML, which has the same figures', () => {
    const html = readFileSync(page, 'utf8')
    const document = parsed(html)
    const tables = elementsIn(document, 'tbody').map((body) =>
      elementsIn(body, 'tr').map((row) => [...elementsIn(row, 'th'), ...elementsIn(row, 'td')].map(textOf)),
    )
    for (const way of present) {
      const [seconds, speedUp, cpu, delay] = FIGURES.exec(row(way)!)!.slice(1)
      const cells = [way, seconds, `${speedUp} x`, `${cpu} %`, `${delay} ms`]
      expect(tables).toContainEqual(expect.arrayContaining([cells]))
    }
    const charts = elementsIn(document, 'svg').filter((svg) => attributeOf(svg, 'class') === 'wide')
    const names = charts.map((svg) => attributeOf(svg, 'aria-label'))
    expect(names).toEqual([
      expect.stringMatching(/^Time for all files: plain loop /),
      expect.stringMatching(/^How busy each core was: plain loop .* of all cores; async/),
      expect.stringMatching(/^Longest delay of the event loop: plain loop /),
    ])
    for (const [, order] of ended.stdout.matchAll(/^ {2}\S.* {2}((?:\d\d ?){24})$/gm))
      expect(textOf(document)).toContain(order)
    expect(elementsIn(document, 'dt').map(textOf)).toEqual([...present.slice(1), ...WAYS])
    expect(html).toContain('<code>noisemill demo --html FILE</code>')
  })

  test.skipIf(!hasBrowser)('writes a page that a browser shows well (needs Chromium)', async () => {
    expect(await checkPage(page)).toEqual([])
  })

  test('leaves nothing in the temporary folder', () => {
    expect(readdirSync(temporary)).toEqual([])
  })
})

test.skipIf(!hasTerminal)('a terminal shows the cores while a way runs (needs util-linux)', async () => {
  const folder = temporaryFolder()
  const command = shellLine([process.execPath, bin, 'demo'])
  const typescript = path.join(folder, 'typescript')
  const shell = ['script', '--quiet', '--return', '--command', `stty cols 80 rows 30; ${command}`, typescript]
  const { code, stdout } = await start(shell, { env: { ...temporaryIn(folder), TERM: 'xterm' } }).ended
  expect(code).toBe(0)
  // Native threads may be done before the first picture.
  const seen = present.filter((way) => way !== 'native threads')
  for (const way of seen) expect(stdout).toMatch(new RegExp(`${way}: \\d+ of 24 files, [\\d.]+ s`))
  const cores = stdout.match(/^(?:core 1 {7}|cores 1-\d+ +)[ \u2581-\u2588]{60} +\d+ %\r$/gm)
  expect(cores?.length).toBeGreaterThan(0)
  expect(cores?.join('')).toMatch(/[\u2581-\u2588]/)
  // The lines of results stay.
  expect(stdout.match(/plain loop +[\d.]+ +1\.0 x/g)).toHaveLength(1)
})

describe('a command that is wrong is refused before anything is measured:', () => {
  const refused = async (...args: string[]) => {
    const ended = await noisemill(['demo', ...args])
    expect(ended).toMatchObject({ code: 2, stdout: '' })
    return ended.stderr
  }

  test('--html with a file that exists, which stays as it is', async () => {
    const file = path.join(temporaryFolder(), 'a.wav')
    writeFileSync(file, 'precious')
    expect(await refused('--html', file)).toContain(`${file}, which exists. (E_OPTION_INVALID)`)
    expect(readFileSync(file, 'utf8')).toBe('precious')
  })

  test('--html with a file that cannot be created', async () => {
    const file = path.join(temporaryFolder(), 'missing/page.html')
    expect(await refused('--html', file)).toContain(`${file} (ENOENT). (E_OPTION_INVALID)`)
  })
})

type Demo = Running & { readonly folder: string }

/** Starts a demo in a folder of its own; resolves once so many ways are done, and so many files written to a folder in it. */
async function demoAt(moment: { ways: number; folder: 'clean' | 'noisy'; files: number }): Promise<Demo> {
  const folder = temporaryFolder()
  const args = ['demo', '--html', path.join(folder, 'page.html')]
  const running = startNoisemill(args, { env: temporaryIn(folder) })
  let ways = 0
  running.child.stdout.on('data', (text: string) => {
    ways += text.split(' ms\n').length - 1
  })
  const files = () => filesBelow(folder).filter((file) => path.dirname(file).endsWith(`/${moment.folder}`)).length
  await until(() => ways >= moment.ways && files() >= moment.files, running)
  return { ...running, folder }
}

async function whatIsLeftBy({ ended, folder }: Demo) {
  const { code, stderr } = await ended
  return { code, stderr, left: readdirSync(folder, { recursive: true }) }
}

const makingInputs = { ways: 0, folder: 'clean', files: 3 } as const

describePosix('SIGINT ends the demo and leaves nothing behind, no page either (needs POSIX signals)', () => {
  test.each([
    ['while it makes its inputs', makingInputs],
    ['during the plain loop', { ways: 0, folder: 'noisy', files: 3 }],
    ['during async I/O', { ways: 1, folder: 'noisy', files: 3 }],
    ['in processes', { ways: 3, folder: 'noisy', files: 3 }],
  ] as const)('%s', async (_, moment) => {
    const demo = await demoAt(moment)
    demo.child.kill('SIGINT')
    expect(await whatIsLeftBy(demo)).toEqual({ code: 130, stderr: '', left: [] })
  })

  // As `timeout` and `npx` pass it on to a child that has had it already.
  test('where another signal follows', async () => {
    const demo = await demoAt(makingInputs)
    demo.child.kill('SIGINT')
    demo.child.kill('SIGTERM')
    expect(await whatIsLeftBy(demo)).toEqual({ code: expect.any(Number), stderr: '', left: [] })
  })
})

test('a closed pipe ends the demo quietly and leaves nothing behind', async () => {
  const demo = await demoAt(makingInputs)
  demo.child.stdout.destroy()
  expect(await whatIsLeftBy(demo)).toEqual({ code: expect.any(Number), stderr: '', left: [] })
})

test('a temporary folder that does not exist is reported in one line', async () => {
  const { code, stderr } = await noisemill(['demo'], {
    env: temporaryIn(path.join(temporaryFolder(), 'missing')),
  })
  expect(linesOf(stderr)).toEqual([expect.stringMatching(/^noisemill: .*[/\\]missing/)])
  expect(code).toBe(4)
})

/** Looks at HTML pages in a real browser, Debian's Chromium. */

import { existsSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { chromium, type Page } from 'playwright-core'
import { problemsInPage } from './page-checks.mjs'

const PROGRAMS = ['/usr/bin/chromium', '/usr/bin/chromium-browser']
const program = PROGRAMS.find((file) => existsSync(file))

/** Whether there is a browser. Titles of tests that need one end with "(needs Chromium)". */
export const hasBrowser = program !== undefined

/** The first three keep it from looking for a screen or a sandbox, the others from using the network. */
const ARGS = [
  '--headless=new',
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** Only the limit of a test counts, which leaves room for a busy machine. */
const NO_LIMIT = 0

const MOST_BYTES = 3_000_000
const WIDTHS = [360, 768, 1280]
const THEMES = ['light', 'dark'] as const
/** Width of a printed A4 page with its margins, in pixels of CSS. */
const PRINT_WIDTH = 672
/** What would make a page need another file. Links within the page begin with #. */
const REFERENCES = /<(script|link|img|iframe|object|embed|base)\b|\bsrc=|\bhref="(?!#)|@import|url\(/i

/**
 * Opens a page of the disk in three widths, both themes and as it is printed, without a network.
 * Returns what is wrong with it, in sentences; none if it is well made.
 *
 * @param pictures folder for pictures of all forms, if somebody wants to look at them
 */
export async function checkPage(file: string, pictures?: string): Promise<string[]> {
  const problems: string[] = []
  const { size } = statSync(file)
  if (size > MOST_BYTES) problems.push(`the page has ${size} bytes`)
  const reference = REFERENCES.exec(readFileSync(file, 'utf8'))
  if (reference) problems.push(`the page is not alone: ${reference[0]}`)

  // A sanitizer that is preloaded into Node is not for the browser.
  const { LD_PRELOAD, ...env } = process.env as Record<string, string>
  const browser = await chromium.launch({ executablePath: program!, args: ARGS, env, timeout: NO_LIMIT })
  try {
    const page = await browser.newPage()
    page.setDefaultTimeout(NO_LIMIT)
    page.on('console', (message) => problems.push(`console: ${message.text()}`))
    page.on('pageerror', (error) => problems.push(`error: ${error.message}`))
    const url = pathToFileURL(file).href
    await page.route('**/*', (route) => {
      const asked = route.request().url()
      if (asked === url) return route.continue()
      problems.push(`the page asks for ${asked}`)
      return route.abort()
    })
    await page.goto(url)
    for (const [name, prepare] of Object.entries(forms)) {
      await prepare(page)
      const isPrinted = name === 'print'
      const found = await page.evaluate(problemsInPage, isPrinted)
      problems.push(...found.map((problem) => `${name}: ${problem}`))
      if (pictures) await page.screenshot({ path: path.join(pictures, `${name}.png`), fullPage: true })
    }
    if (pictures) await page.pdf({ path: path.join(pictures, 'print.pdf'), format: 'A4' })
  } finally {
    await browser.close()
  }
  return problems
}

type Prepare = (page: Page) => Promise<void>

/** How a page is looked at, by name. */
const forms: Readonly<Record<string, Prepare>> = {
  ...Object.fromEntries(
    WIDTHS.flatMap((width) =>
      THEMES.map((colorScheme): [string, Prepare] => [
        `${width}-${colorScheme}`,
        async (page) => {
          await page.setViewportSize({ width, height: 800 })
          await page.emulateMedia({ media: 'screen', colorScheme })
        },
      ]),
    ),
  ),
  print: async (page) => {
    await page.setViewportSize({ width: PRINT_WIDTH, height: 1000 })
    // Paper is white, whatever the screen is.
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' })
  },
}

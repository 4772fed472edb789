import { describe, expect, test } from 'vitest'
import { busyText, type Compared } from '../../dist-lib/demo/compare.js'
import { comparePage } from '../../dist-lib/demo/compare-page.js'
import { CoreWatch } from '../../dist-lib/demo/core-watch.js'
import { elementsIn, parsed, textOf } from '../support/html.js'
import { comparison } from '../support/pages.js'

const thread = new URL('../../dist-lib/demo/cores-thread.js', import.meta.url)

describe('a thread that watches the cores', () => {
  test('sees them while this thread is busy', async () => {
    const watch = (await CoreWatch.open(thread))!
    watch.start()
    const end = performance.now() + 400
    while (performance.now() < end);
    const { interval, use, busySeconds } = (await watch.stop())!
    await watch.close()
    expect(interval).toBe(50)
    for (const values of use) for (const value of values) expect(value >= 0 && value <= 1).toBe(true)
    expect(new Set(use.map((values) => values.length)).size).toBe(1)
    expect(use[0].length).toBeGreaterThan(1)
    expect(busySeconds).toBeGreaterThan(0.1)
  })

  test('starts again after it was not stopped', async () => {
    const watch = (await CoreWatch.open(thread))!
    watch.start()
    watch.start()
    expect(await watch.stop()).toBeDefined()
    await watch.close()
    expect(await watch.stop()).toBeUndefined()
  })

  test('is not there where its file is not', async () => {
    expect(await CoreWatch.open(new URL('missing.js', thread))).toBeUndefined()
  })
})

const withBusy = (busySeconds: number): Compared[] =>
  comparison.compared.map((compared) => {
    if (!compared.measured?.cores) return compared
    return { ...compared, measured: { ...compared.measured, cores: { ...compared.measured.cores, busySeconds } } }
  })

test('other programs are named if they took more than a small part of the cores', () => {
  expect(busyText(withBusy(10))).toBeUndefined()
  expect(busyText(withBusy(30))).toMatch(/^Other programs used \d+ % of the cores/)
  expect(busyText([])).toBeUndefined()
})

describe('the page', () => {
  test('says what could not run, and why', () => {
    const page = parsed(comparePage(comparison, 'noisemill demo --html FILE'))
    expect(textOf(elementsIn(page, 'h1')[0])).toBe('The same work in four ways')
    expect(textOf(page)).toContain('Not measured here: there is no binary for this platform')
  })

  test('does without cores where these could not be watched', () => {
    const compared = comparison.compared.map((each) =>
      each.measured ? { ...each, measured: { ...each.measured, cores: undefined } } : each,
    )
    const page = parsed(comparePage({ ...comparison, compared }, 'noisemill demo --html FILE'))
    expect(elementsIn(page, 'figure')).toHaveLength(2)
  })

  test('says that outputs differ', () => {
    const page = parsed(comparePage({ ...comparison, areSame: false }, 'noisemill demo --html FILE'))
    expect(textOf(page)).toContain('The outputs of the ways differ, which is a bug in noisemill.')
  })
})

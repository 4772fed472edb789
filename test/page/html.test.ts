import { describe, expect, test } from 'vitest'
import { linearTicks, logTicks, showNumber } from '../../dist-lib/page/numbers.js'
import { escapeHtml, htmlPage, htmlTable, htmlText } from '../../dist-lib/page/page.js'
import { linesOf, textWidth } from '../../dist-lib/page/text-width.js'
import { elementsIn, parsed, textOf } from '../support/html.js'

const hostile = `<script>alert("&amp;")</script>'`

test('texts are escaped, also within code', () => {
  expect(textOf(parsed(`<p title="${escapeHtml(hostile)}">${escapeHtml(hostile)}</p>`))).toBe(hostile)
  expect(htmlText('run `a --b <c>` & see')).toBe('run <code>a --b &lt;c&gt;</code> &amp; see')
})

describe('a table', () => {
  const cellsOf = (html: string, name: string) =>
    elementsIn(parsed(html), name).map((cell) => [
      textOf(cell),
      'attrs' in cell && cell.attrs.some(({ value }) => value === 'number'),
    ])

  test('aligns columns of numbers, with units, ranges and gaps, and no others', () => {
    const head = ['way', 'seconds', 'factor', 'note', 'date']
    const rows = [
      ['loop', '0.59 (0.5 to 0.6)', '1.3 x', '2 files of 3', '2026-11-29'],
      ['pool', 'fails', '', 'x', '2026-11-30'],
    ]
    const html = htmlTable(head, rows)
    expect(
      cellsOf(html, 'th')
        .slice(0, 5)
        .map(([, isNumber]) => isNumber),
    ).toEqual([false, true, true, false, false])
    expect(cellsOf(html, 'td').map(([text]) => text)).toEqual(rows.flatMap((cells) => cells.slice(1)))
  })

  test('names its rows, escapes cells, and has no head if that is empty', () => {
    const html = htmlTable(['', ''], [[hostile, hostile]])
    expect(elementsIn(parsed(html), 'thead')).toEqual([])
    expect([...cellsOf(html, 'th'), ...cellsOf(html, 'td')].map(([text]) => text)).toEqual([hostile, hostile])
  })
})

describe('a page', () => {
  const section = { id: 'a', title: hostile, html: '<p>x</p>' }

  test('has a table of contents that leads to its sections, and escapes titles', () => {
    const page = parsed(htmlPage({ title: hostile, intro: '', sections: [section, { ...section, id: 'b' }] }))
    const links = elementsIn(page, 'a').flatMap((link) => ('attrs' in link ? link.attrs.map(({ value }) => value) : []))
    expect(links).toEqual(['#a', '#b'])
    expect(elementsIn(page, 'script')).toEqual([])
    expect(elementsIn(page, 'h2').map(textOf)).toEqual([hostile, hostile])
  })

  test('of one section has none', () => {
    expect(htmlPage({ title: '', intro: '', sections: [section] })).not.toContain('<nav')
  })
})

test.each([
  [0.0456, '0.0456'],
  [0.59, '0.59'],
  [12.345, '12.3'],
  [604, '604'],
  [1234.5, '1,235'],
  [1_000_000, '1,000,000'],
])('the number %d is shown as %s', (value, text) => expect(showNumber(value)).toBe(text))

describe('numbers on axes', () => {
  test.each([
    [11, 6, [0, 2, 4, 6, 8, 10, 12]],
    [0.3, 4, [0, 0.1, 0.2, 0.3]],
    [1, 2, [0, 0.5, 1]],
    [0, 5, [0, 1]],
    [99, 5, [0, 20, 40, 60, 80, 100]],
  ])('from 0 to %d are round', (highest, most, ticks) => expect(linearTicks(highest, most)).toEqual(ticks))

  test.each([
    [1, 1000, 5, [1, 10, 100, 1000]],
    [0.5, 20, 9, [0.5, 1, 2, 5, 10, 20]],
    [1, 1e9, 5, [1, 100, 1e4, 1e6, 1e8]],
    [1, 100, 5, [1, 3, 10, 30, 100]],
  ])('of a logarithmic axis from %d to %d are few', (lowest, highest, most, ticks) =>
    expect(logTicks(lowest, highest, most)).toEqual(ticks),
  )
})

test('texts are broken between words, and a longer word has a line of its own', () => {
  const text = 'one two three a-word-that-is-very-long four'
  const lines = linesOf(text, textWidth('one two three', 13), 13)
  expect(lines).toEqual(['one two three', 'a-word-that-is-very-long', 'four'])
  expect(linesOf('', 100, 13)).toEqual([''])
})

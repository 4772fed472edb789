import { describe, expect, test } from 'vitest'
import { barFigure, coresFigure, histogramFigure, lineFigure, svgBarChart } from '../../dist-lib/page/charts.js'
import { colors } from '../../dist-lib/page/colors.js'
import { attributeOf, elementsIn, type Node, parsed, textOf } from '../support/html.js'
import { bars, figures, histograms, lines, text, timelines } from '../support/pages.js'

const axes = { xLabel: 'threads', yLabel: 'seconds' }
const chartsIn = (figure: Node) => elementsIn(figure, 'svg').filter((svg) => attributeOf(svg, 'role') === 'img')
const rowsIn = (figure: Node) =>
  elementsIn(elementsIn(figure, 'tbody')[0], 'tr').map((row) =>
    [...elementsIn(row, 'th'), ...elementsIn(row, 'td')].map(textOf),
  )

describe.each(Object.entries(figures))('the figure %s', (_, html) => {
  const figure = parsed(html)

  test('is valid HTML, with a title, a wide and a narrow chart that have names, a note and a table', () => {
    expect(textOf(elementsIn(figure, 'figcaption')[0])).toContain(text.title)
    expect(chartsIn(figure).map((svg) => attributeOf(svg, 'class'))).toEqual(['wide', 'narrow'])
    for (const svg of chartsIn(figure)) expect(attributeOf(svg, 'aria-label')).toContain(text.title)
    expect(elementsIn(figure, 'code').map(textOf)).toContain('npm run bench -- --filter talk --full')
    expect(rowsIn(figure).length).toBeGreaterThan(0)
  })

  test('has colours of the theme alone, no ids, and nothing for scripts', () => {
    const paints = Array.from(html.matchAll(/ (?:fill|stroke)="([^"]*)"/g), ([, paint]) => paint)
    const names = paints.map((paint) => /^var\(--(\w+)\)$/.exec(paint)?.[1] ?? paint)
    expect([...new Set(names)].filter((name) => name !== 'none' && !(name in colors))).toEqual([])
    expect(html).not.toMatch(/ id=| class="zr|ecmeta|<style|NaN|undefined|Infinity/)
  })
})

test('the same figure is the same text, whatever was drawn before', () => {
  expect(lineFigure({ ...text, ...axes, logX: true, logY: true }, lines)).toBe(figures.lines)
  expect(barFigure(text, bars)).toBe(figures.bars)
})

test('tables have the figures of the charts', () => {
  expect(rowsIn(parsed(figures.bars))[0]).toEqual(['Python, plain loop', '14.2 s', '13.6', '15.9'])
  expect(rowsIn(parsed(figures.lines))[0]).toEqual([
    '1',
    '0.6 (0.54 to 0.72)',
    '6.35 (5.72 to 7.62)',
    '8.3 (7.47 to 9.96)',
    '9.4 (8.46 to 11.3)',
    '0.6 (0.54 to 0.72)',
  ])
  const use = [Array.from({ length: 40 }, (_, i) => (i < 20 ? 1 : 0)), Array.from({ length: 40 }, () => 0.25)]
  const cores = parsed(coresFigure(text, [{ label: 'loop', seconds: 2, interval: 50, use }]))
  expect(rowsIn(cores)).toEqual([
    ['loop', '1', '50 %', '100 %', '100 %', '0 %', '0 %'],
    ['loop', '2', '25 %', '25 %', '25 %', '25 %', '25 %'],
  ])
  const histogram = { label: 'loop', isOwn: true, edges: [0, 1, 2, 4], counts: [995, 0, 5] }
  expect(rowsIn(parsed(histogramFigure({ ...text, xLabel: 'ms' }, [histogram])))).toEqual([
    ['loop', '0', '1', '995', '100 %'],
    ['loop', '2', '4', '5', '0.50 %'],
  ])
})

describe('the length of a bar follows its value', () => {
  const lengthsIn = (html: string) =>
    Array.from(html.matchAll(/<path d="M[\d.]+ [\d.]+l([\d.]+) 0l0 18/g), ([, length]) => Number(length))

  test('in both forms', () => {
    const html = barFigure(
      text,
      [10, 5, 2.5].map((value) => ({ label: 'x', value, text: 'y', isOwn: false })),
    )
    const lengths = lengthsIn(html)
    for (const form of [lengths.slice(0, 3), lengths.slice(3)]) {
      expect(form[1] / form[0]).toBeCloseTo(0.5, 2)
      expect(form[2] / form[0]).toBeCloseTo(0.25, 2)
    }
  })
})

test('a core that is busy half of the time fills half of its strip', () => {
  const use = [Array.from({ length: 40 }, (_, i) => (i < 20 ? 1 : 0))]
  const html = coresFigure(text, [{ label: 'loop', seconds: 2, interval: 50, use }])
  const [, from, to] = /d="M([\d.]+) [\d.]+[^"]*L([\d.]+) [\d.]+L\2 [\d.]+Z" fill="var\(--own\)"/.exec(html) ?? []
  const [, left, width] = /d="M([\d.]+) [\d.]+l([\d.]+) 0[^"]*" fill="var\(--strip\)"/.exec(html) ?? []
  expect(Number(from)).toBeCloseTo(Number(left), 0)
  expect((Number(to) - Number(from)) / Number(width)).toBeCloseTo(0.5, 2)
})

test('where values came late, each stands for more time', () => {
  const late = { label: 'loop', seconds: 4, interval: 50, use: [Array.from({ length: 40 }, () => 1)] }
  const onTime = { ...late, use: [Array.from({ length: 80 }, () => 1)] }
  const area = (html: string) => /d="([^"]*)" fill="var\(--own\)"/.exec(html)![1].split('L').at(-2)
  expect(area(coresFigure(text, [late]))).toBe(area(coresFigure(text, [onTime])))
})

test('nothing, one value and zeros can be drawn', () => {
  const empty = [
    barFigure(text, []),
    barFigure(text, [{ label: '', value: 0, text: '', isOwn: true }]),
    lineFigure({ ...text, ...axes, logX: true, logY: true }, []),
    lineFigure({ ...text, ...axes }, [{ label: 'a', isOwn: true, points: [{ x: 0, y: 0 }] }]),
    lineFigure({ ...text, ...axes, logX: true, logY: true }, [{ label: 'a', isOwn: true, points: [{ x: 0, y: -1 }] }]),
    coresFigure(text, []),
    coresFigure(text, [{ label: 'a', seconds: 0, interval: 50, use: [[], []] }]),
    histogramFigure({ ...text, xLabel: 'ms', logX: true }, []),
    histogramFigure({ ...text, xLabel: 'ms', logX: true }, [
      { ...histograms[0], counts: histograms[0].counts.map(() => 0) },
    ]),
  ]
  for (const html of empty)
    expect([parsed(html).nodeName, html]).toEqual(['body', expect.not.stringMatching(/NaN|Infinity/)])
})

test('every text is escaped', () => {
  const hostile = `<script>alert("&amp;")</script>'`
  const words = { title: hostile, unit: hostile, note: hostile, xLabel: hostile, yLabel: hostile }
  const all = [
    barFigure(words, [{ label: hostile, value: 1, text: hostile, isOwn: true }]),
    lineFigure(
      words,
      [1, 2].map((y) => ({ label: hostile, isOwn: true, points: [{ x: 1, y }] })),
    ),
    coresFigure(words, [{ ...timelines(2)[0], label: hostile }]),
    histogramFigure(words, [{ ...histograms[0], label: hostile }]),
  ]
  for (const html of all) {
    const figure = parsed(html)
    expect(elementsIn(figure, 'script')).toEqual([])
    // The label stands in the chart, or in a legend, and in the table.
    expect(textOf(figure).split('<script>').length - 1).toBeGreaterThanOrEqual(5)
  }
})

test('an SVG file follows the system by rules for each of its colours, and needs nothing else', () => {
  const svg = svgBarChart({ title: text.title, note: `${text.note} ${text.note}` }, bars)
  const [, rules, drawing] = /<style>(.*)<\/style>(.*)/s.exec(svg)!
  const paints = new Set(Array.from(drawing.matchAll(/ (?:fill|stroke)="(#\w+)"/g), ([, paint]) => paint))
  expect(paints.size).toBeGreaterThan(4)
  for (const paint of paints) expect(rules).toMatch(new RegExp(`="${paint}"\\] \\{ \\w+: #\\w+ \\}`))
  expect(svg).not.toMatch(/var\(|url\(|href|class=/)
  const light = Object.values(colors).map(([first]) => first)
  expect(new Set(light).size).toBe(light.length)
})

/** Bar charts. */

import { type ColorName, color, colors } from './colors.js'
import { type ChartText, figure } from './figure.js'
import { escapeHtml } from './html.js'
import { showNumber } from './numbers.js'
import {
  bareAxis,
  drawn,
  FONT_SIZE,
  lineShape,
  type Picture,
  type Place,
  rectShape,
  type Shape,
  shapes,
  textShape,
} from './render.js'
import { FONT } from './style.js'
import { linesOf, textWidth } from './text-width.js'

/** One bar of a chart. */
export interface Bar {
  readonly label: string
  /** Length of the bar, in any unit; 0 for none. */
  readonly value: number
  /** What stands after the bar. */
  readonly text: string
  /** Whether the bar has the colour that stands out. */
  readonly isOwn: boolean
  /** Ends of a line over the bar, such as the lowest and the highest of several values. */
  readonly spread?: readonly [least: number, most: number]
}

const endOf = ({ value, spread }: Bar): number => Math.max(value, spread?.[1] ?? 0)

/** Distance between a bar and the texts beside it, in pixels. */
const GAP = 8
const BAR_HEIGHT = 18
const LINE_HEIGHT = 16
/** Distance between bars that have their labels beside them. */
const BETWEEN = 14
/** Distance between a bar and the label above the next one. */
const ABOVE = 12
/** Part of the width that labels take at most. */
const MOST_LABEL = 0.42
/** Part of the width that the longest bar takes at least. */
const LEAST_BAR = 0.25
/** Half of the height of the ends of a line over a bar. */
const END = 4

interface Frame {
  readonly top: number
  readonly bottom: number
  /** Distance of everything from the left and the right edge. */
  readonly margin: number
}

/** Draws bars, with their labels beside them, or above them if the chart is narrow. */
function picture(bars: readonly Bar[], width: number, isNarrow: boolean, { top, bottom, margin }: Frame): Picture {
  const widest = (texts: readonly string[]) => Math.max(0, ...texts.map((text) => textWidth(text, FONT_SIZE)))
  const inner = width - 2 * margin
  const mostLabel = isNarrow ? inner : MOST_LABEL * inner
  const labels = bars.map(({ label }) => linesOf(label, mostLabel, FONT_SIZE))
  const labelWidth = isNarrow ? 0 : widest(labels.flat()) + GAP
  const textRoom = GAP + Math.max(0, ...bars.map(({ text, isOwn }) => textWidth(text, FONT_SIZE, isOwn)))
  const left = margin + labelWidth
  const right = margin + Math.min(textRoom, inner * (1 - LEAST_BAR) - labelWidth)
  const drawings: ((place: Place) => Shape)[] = []
  let y = top
  for (const [i, bar] of bars.entries()) {
    const lines = labels[i]
    const labelHeight = lines.length * LINE_HEIGHT
    const rowHeight = isNarrow ? labelHeight + BAR_HEIGHT : Math.max(BAR_HEIGHT, labelHeight)
    const barTop = isNarrow ? y + labelHeight : y + (rowHeight - BAR_HEIGHT) / 2
    const firstLine = (isNarrow ? y - 2 : y + (rowHeight - labelHeight) / 2) + LINE_HEIGHT / 2
    const label = lines.map((line, i) =>
      textShape(line, isNarrow ? left : left - GAP, firstLine + i * LINE_HEIGHT, {
        align: isNarrow ? 'left' : 'right',
      }),
    )
    drawings.push((place) => ({ type: 'group', children: [...label, ...barShapes(bar, barTop, place)] }))
    y += rowHeight + (isNarrow ? ABOVE : BETWEEN)
  }
  const end = bars.length === 0 ? top : y - (isNarrow ? ABOVE : BETWEEN)
  return {
    width,
    height: end + bottom,
    option: {
      grid: { left, right, top, bottom, outerBoundsMode: 'none' },
      xAxis: { type: 'value', min: 0, max: Math.max(0, ...bars.map(endOf)) || 1, ...bareAxis },
      yAxis: { type: 'value', min: 0, max: 1, ...bareAxis },
      series: [shapes(drawings, 0)],
    },
  }
}

/** Draws a bar, the line over it, and the text after it. */
function barShapes(bar: Bar, top: number, place: Place): Shape[] {
  const middle = top + BAR_HEIGHT / 2
  const ink = color('ink')
  const [least, most] = (bar.spread ?? [0, 0]).map(place)
  const spread = [
    lineShape([least, middle, most, middle], ink, 1.5),
    lineShape([least, middle - END, least, middle + END], ink, 1.5),
    lineShape([most, middle - END, most, middle + END], ink, 1.5),
  ]
  return [
    // A bar of no length is a line, so that every row has a beginning.
    rectShape(place(0), top, Math.max(1, place(bar.value) - place(0)), BAR_HEIGHT, color(bar.isOwn ? 'own' : 'bar')),
    ...(bar.spread ? spread : []),
    textShape(bar.text, place(endOf(bar)) + GAP, middle, { isBold: bar.isOwn }),
  ]
}

const described = (title: string, bars: readonly Bar[]): string =>
  `${title}: ${bars.map(({ label, text }) => `${label} ${text}`).join('; ')}`

/** Makes a figure of bars. They stand in the order in which they are given. */
export function barFigure(text: ChartText, bars: readonly Bar[]): string {
  const hasSpread = bars.some(({ spread }) => spread !== undefined)
  return figure({
    text,
    name: described(text.title, bars),
    picture: (width, isNarrow) => picture(bars, width, isNarrow, { top: 0, bottom: 0, margin: 0 }),
    head: ['', text.unit, ...(hasSpread ? ['from', 'to'] : [])],
    rows: bars.map(({ label, text, spread }) => [
      label,
      text,
      ...(hasSpread ? [0, 1].map((i) => (spread ? showNumber(spread[i]) : '')) : []),
    ]),
  })
}

const FILE_WIDTH = 760
const FILE_MARGIN = 20
const HEAD_HEIGHT = 58
const NOTE_SIZE = 12
const NOTE_LINE = 17

/**
 * Makes an SVG file of bars. It has its own background, because GitHub shows an SVG as an image,
 * which can only follow the system's colour scheme.
 */
export function svgBarChart({ title, note }: { title: string; note: string }, bars: readonly Bar[]): string {
  const noteLines = linesOf(note, FILE_WIDTH - 2 * FILE_MARGIN, NOTE_SIZE)
  const bottom = 16 + FILE_MARGIN + noteLines.length * NOTE_LINE
  const chart = picture(bars, FILE_WIDTH, false, { top: HEAD_HEIGHT, bottom, margin: FILE_MARGIN })
  const { width, height } = chart
  const notes = noteLines.map((line, i) => {
    const y = height - FILE_MARGIN - (noteLines.length - 1 - i) * NOTE_LINE
    return `<text x="${FILE_MARGIN}" y="${y}" font-size="${NOTE_SIZE}" fill="var(--muted)">${escapeHtml(line)}</text>\n`
  })
  const text = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" font-size="${FONT_SIZE}" font-family="${escapeHtml(FONT)}">
<title>${escapeHtml(described(title, bars))}</title>
<style>
@media (prefers-color-scheme: dark) {
${darkRules()}
}
</style>
<rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8" fill="var(--paper)" stroke="var(--rule)"/>
<text x="${FILE_MARGIN}" y="34" font-size="16" font-weight="600" fill="var(--ink)">${escapeHtml(title)}</text>
${drawn(chart)}
${notes.join('')}</svg>
`
  return text.replace(/var\(--(\w+)\)/g, (_, name: ColorName) => colors[name][0])
}

/** Rules that replace the light colours of attributes. Programs that do not know them show the light ones. */
const darkRules = (): string =>
  (['paper', 'rule', 'ink', 'muted', 'axis', 'own', 'bar'] as const)
    .flatMap((name) => {
      const [light, dark] = colors[name]
      return (['fill', 'stroke'] as const).map((paint) => `[${paint}="${light}"] { ${paint}: ${dark} }`)
    })
    .join('\n')

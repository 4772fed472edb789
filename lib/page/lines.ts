/** Line charts. */

import { type ColorName, color } from './colors.js'
import { type ChartText, figure } from './figure.js'
import { escapeHtml } from './html.js'
import { linearTicks, logTicks, showNumber } from './numbers.js'
import { axisLabel, bareAxis, type ChartOption, FONT_SIZE, lineShape, type Picture, still } from './render.js'
import { textWidth } from './text-width.js'

export interface Point {
  readonly x: number
  readonly y: number
  /** Ends of a line through the point, such as the lowest and the highest of several values. */
  readonly spread?: readonly [least: number, most: number]
}

/** One line of a chart. */
export interface Line {
  readonly label: string
  /** Whether the line is thicker than others. */
  readonly isOwn: boolean
  readonly points: readonly Point[]
  /** Whether the line is dashed, because it is computed and not measured. */
  readonly isModel?: boolean
}

export interface LineText extends ChartText {
  readonly xLabel: string
  readonly yLabel: string
  /** Whether the axis is logarithmic. Points that are not positive are left out then. */
  readonly logX?: boolean
  readonly logY?: boolean
}

const OWN: readonly ColorName[] = ['own', 'violet', 'teal', 'good']
const OTHERS: readonly ColorName[] = ['orange', 'slate', 'pink', 'ochre', 'brown']

/** Shapes of points within a square from -1 to 1, so that lines are told apart without colour. */
const SYMBOLS = {
  circle: '<circle r="1"/>',
  rect: '<path d="M-0.9 -0.9H0.9V0.9H-0.9Z"/>',
  triangle: '<path d="M0 -1L1 1H-1Z"/>',
  diamond: '<path d="M0 -1.2L1.2 0L0 1.2L-1.2 0Z"/>',
} as const
type SymbolName = keyof typeof SYMBOLS

interface Look {
  readonly line: Line
  readonly hue: string
  readonly symbol: SymbolName
  readonly width: number
}

function looksOf(lines: readonly Line[]): Look[] {
  const taken = { own: 0, other: 0 }
  const names = Object.keys(SYMBOLS) as SymbolName[]
  return lines.map((line, i) => {
    const hues = line.isOwn ? OWN : OTHERS
    const index = line.isOwn ? taken.own++ : taken.other++
    const symbol = names[i % names.length]
    return { line, hue: color(hues[index % hues.length]), symbol, width: line.isOwn ? 2.5 : 1.5 }
  })
}

const SYMBOL_SIZE = 7
const DASHES = [5, 4] as const
/** Charts with more points than this have no symbols. */
const MOST_SYMBOLS = 24

/** Names lines above the chart. A single line needs no name. */
function legend(looks: readonly Look[]): string {
  if (looks.length < 2) return ''
  const items = looks.map(({ line, hue, symbol, width }) => {
    const dashes = line.isModel ? ` stroke-dasharray="${DASHES.join(' ')}"` : ''
    const mark = line.isModel
      ? ''
      : `<g transform="translate(14 6) scale(${SYMBOL_SIZE / 2})" fill="${hue}">${SYMBOLS[symbol]}</g>`
    return `<li><svg width="28" height="12" aria-hidden="true"><path d="M0 6H28" stroke="${hue}" stroke-width="${width}"${dashes}/>${mark}</svg>${escapeHtml(line.label)}</li>`
  })
  return `<ul class="legend">\n${items.join('\n')}\n</ul>\n`
}

/** Where an axis begins and ends, and its numbers. */
interface Axis {
  readonly lowest: number
  readonly highest: number
  readonly ticks: readonly number[]
}

/** Numbers on an axis are where the points are if these are few. */
const MOST_OWN_TICKS = 8

function xAxisOf(values: readonly number[], isLog: boolean, width: number, most: number): Axis {
  const distinct = [...new Set(values)].sort((a, b) => a - b)
  const widthOf = (tick: number) => textWidth(showNumber(tick), FONT_SIZE) + TICK_GAP
  const [lowest, highest] = [distinct[0] ?? 1, distinct.at(-1) ?? 10]
  if (lowest === highest) return { lowest: isLog ? lowest / 2 : 0, highest: 2 * highest || 1, ticks: [lowest] }
  const scale = isLog ? Math.log : (value: number) => value
  const place = (value: number) => ((scale(value) - scale(lowest)) / (scale(highest) - scale(lowest))) * width
  const isRoomy = distinct.every((tick, i) => i === 0 || place(tick) - place(distinct[i - 1]) >= widthOf(tick))
  if (isRoomy && distinct.length <= MOST_OWN_TICKS) return { lowest, highest, ticks: distinct }
  if (isLog) return { lowest, highest, ticks: logTicks(lowest, highest, most) }
  return { lowest: Math.min(0, lowest), highest, ticks: linearTicks(highest, most).filter((tick) => tick <= highest) }
}

function yAxisOf(values: readonly number[], isLog: boolean, most: number): Axis {
  if (values.length === 0) return { lowest: 1, highest: 10, ticks: [1, 10] }
  const highest = Math.max(...values)
  if (!isLog) {
    const ticks = linearTicks(highest, most)
    return { lowest: 0, highest: ticks.at(-1)!, ticks }
  }
  const lowest = Math.min(...values)
  // One round number below and one above, so that points do not lie on the frame.
  const wide = logTicks(lowest / 10, highest * 10, 99)
  const bottom = wide.filter((tick) => tick <= lowest).at(-1) ?? lowest
  const top = wide.find((tick) => tick >= highest) ?? highest
  return { lowest: bottom, highest: top, ticks: logTicks(bottom, top, most) }
}

const HEIGHT = { wide: 320, narrow: 240 }
const MOST_X_TICKS = { wide: 9, narrow: 5 }
const MOST_Y_TICKS = { wide: 7, narrow: 5 }
/** Numbers on the x axis stand at least so far apart, in pixels. */
const TICK_GAP = 14

const axisOption = (axis: Axis, isLog: boolean): ChartOption => ({
  type: isLog ? 'log' : 'value',
  min: axis.lowest,
  max: axis.highest,
  ...bareAxis,
  axisLabel: { ...axisLabel, customValues: axis.ticks, formatter: showNumber },
})

function picture({ logX = false, logY = false }: LineText, looks: readonly Look[], width: number, isNarrow: boolean) {
  const form = isNarrow ? 'narrow' : 'wide'
  const points = looks.flatMap(({ line }) => line.points)
  const x = xAxisOf(
    points.map((point) => point.x),
    logX,
    0.85 * width,
    MOST_X_TICKS[form],
  )
  const y = yAxisOf(
    points.flatMap((point) => [point.y, ...(point.spread ?? [])]).filter((value) => !logY || value > 0),
    logY,
    MOST_Y_TICKS[form],
  )
  const labelWidth = Math.max(...y.ticks.map((tick) => textWidth(showNumber(tick), FONT_SIZE)))
  const lastWidth = textWidth(showNumber(x.ticks.at(-1) ?? 0), FONT_SIZE)
  const grid = { left: labelWidth + 8, right: Math.max(8, lastWidth / 2), top: 10, bottom: 28, outerBoundsMode: 'none' }
  const result: Picture = {
    width,
    height: HEIGHT[form],
    option: {
      grid,
      xAxis: {
        ...axisOption(x, logX),
        axisLine: { show: true, lineStyle: { color: color('axis') } },
        axisTick: { show: true, customValues: x.ticks, lineStyle: { color: color('axis') } },
      },
      yAxis: axisOption(y, logY),
      series: [rulers(y.ticks, x), ...looks.flatMap((look) => seriesOf(look))],
    },
  }
  return result
}

/** Draws the lines across the chart at the numbers of the y axis; ECharts has its own at other places. */
const rulers = (ticks: readonly number[], { lowest, highest }: Axis): ChartOption => ({
  ...still,
  type: 'custom',
  data: ticks.map((tick) => [lowest, tick]),
  renderItem: ({ dataIndex }: { dataIndex: number }, { coord }: Coordinates) =>
    lineShape([...coord([lowest, ticks[dataIndex]]), ...coord([highest, ticks[dataIndex]])], color('grid')),
})

interface Coordinates {
  coord(point: readonly [x: number, y: number]): [x: number, y: number]
}

function seriesOf({ line, hue, symbol, width }: Look): ChartOption[] {
  const points = [...line.points].sort((a, b) => a.x - b.x)
  const spreads = points.flatMap((point) => (point.spread ? [{ x: point.x, spread: point.spread }] : []))
  const isMarked = !line.isModel && points.length <= MOST_SYMBOLS
  return [
    {
      ...still,
      type: 'line',
      data: points.map(({ x, y }) => [x, y]),
      lineStyle: { color: hue, width, type: line.isModel ? [...DASHES] : 'solid', join: 'round' },
      itemStyle: { color: hue },
      symbol: isMarked ? symbol : 'none',
      symbolSize: SYMBOL_SIZE,
      showAllSymbol: true,
      z: line.isOwn ? 4 : 3,
    },
    {
      ...still,
      type: 'custom',
      data: spreads.map(({ x, spread }) => [x, spread[0]]),
      renderItem: ({ dataIndex }: { dataIndex: number }, { coord }: Coordinates) => {
        const { x, spread } = spreads[dataIndex]
        return lineShape([...coord([x, spread[0]]), ...coord([x, spread[1]])], hue, 1.5, 0.6)
      },
      z: 2,
    },
  ]
}

const cell = (point: Point | undefined): string => {
  if (point === undefined) return ''
  const { y, spread } = point
  return spread ? `${showNumber(y)} (${showNumber(spread[0])} to ${showNumber(spread[1])})` : showNumber(y)
}

/** Makes a figure of lines. Their points are joined in the order of x. */
export function lineFigure(text: LineText, lines: readonly Line[]): string {
  const { xLabel, yLabel, logX, logY, title } = text
  const isShown = ({ x, y }: Point) =>
    Number.isFinite(x) && Number.isFinite(y) && !(logX && x <= 0) && !(logY && y <= 0)
  const shown = lines.map((line) => ({ ...line, points: line.points.filter(isShown) }))
  const looks = looksOf(shown)
  const xs = [...new Set(shown.flatMap(({ points }) => points.map(({ x }) => x)))].sort((a, b) => a - b)
  const scale =
    logX && logY ? ' Both axes are logarithmic.' : logX || logY ? ` The ${logX ? 'x' : 'y'} axis is logarithmic.` : ''
  return figure({
    text,
    name: `${title}: ${yLabel} by ${xLabel}, a line for each of: ${lines.map(({ label }) => label).join('; ')}.${scale}`,
    picture: (width, isNarrow) => picture(text, looks, width, isNarrow),
    above: `${legend(looks)}<p class="axis">${escapeHtml(yLabel)}</p>\n`,
    below: `<p class="axis x">${escapeHtml(xLabel)}</p>\n`,
    head: [xLabel, ...lines.map(({ label }) => label)],
    rows: xs.map((x) => [showNumber(x), ...shown.map(({ points }) => cell(points.find((point) => point.x === x)))]),
  })
}

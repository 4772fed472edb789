/** Draws charts of several rows above a common x axis. Each row has areas with steps. */

import { color } from './colors.js'
import {
  axisLabel,
  bareAxis,
  FONT_SIZE,
  lineShape,
  type Picture,
  type Place,
  rectShape,
  type Shape,
  shapes,
  textShape,
} from './render.js'
import { linesOf, textWidth } from './text-width.js'

/** One strip: an area whose height changes in steps. */
export interface Strip {
  /** Short text on the left; '' for none. */
  readonly name: string
  /** Where the background ends on the x axis; undefined for the end of the axis. */
  readonly end?: number
  /** In the order of x: from where to where, and how high, 0 to 1. */
  readonly steps: readonly (readonly [from: number, to: number, height: number])[]
  readonly color: string
  /** Height of the lowest step that is not 0, in pixels. */
  readonly leastHeight: number
}

export interface Row {
  readonly label: string
  /** Text on the right of the label, in a quieter colour. */
  readonly text: string
  readonly strips: readonly Strip[]
}

export interface Rows {
  readonly rows: readonly Row[]
  readonly stripHeight: number
  readonly isLog: boolean
  readonly lowest: number
  readonly highest: number
  readonly ticks: readonly number[]
  readonly showTick: (value: number) => string
}

const LABEL_HEIGHT = 22
/** Height of each further line of a label. */
const LINE_HEIGHT = 16
const STRIP_GAP = 3
/** Strips of at most this height have smaller gaps. */
const SMALL_STRIP = 10
const ROW_GAP = 14
const AXIS_HEIGHT = 28

export function rowsPicture({ rows, stripHeight, ...x }: Rows, width: number): Picture {
  const names = rows.flatMap(({ strips }) => strips.map(({ name }) => textWidth(name, FONT_SIZE - 1)))
  const nameWidth = Math.max(0, ...names)
  const firstWidth = textWidth(x.showTick(x.ticks[0] ?? 0), FONT_SIZE)
  const left = nameWidth > 0 ? nameWidth + 8 : Math.max(2, firstWidth / 2)
  const lastWidth = textWidth(x.showTick(x.ticks.at(-1) ?? 0), FONT_SIZE)
  const drawings: ((place: Place) => Shape)[] = []
  const rulers: ((place: Place) => Shape)[] = []
  const gap = stripHeight > SMALL_STRIP ? STRIP_GAP : 1
  let top = 0
  for (const { label, text, strips } of rows) {
    // Bold text is wider.
    const lines = linesOf(label, (width / textWidth('n', 1, true)) * textWidth('n', 1), FONT_SIZE)
    const after = textWidth(lines.at(-1)!, FONT_SIZE, true) + 10
    const isBeside = after + textWidth(text, FONT_SIZE) <= width
    const first = top + LABEL_HEIGHT / 2 - 2
    for (const [i, line] of lines.entries())
      drawings.push(() => textShape(line, 0, first + i * LINE_HEIGHT, { isBold: true }))
    const last = lines.length - (isBeside ? 1 : 0)
    drawings.push(() => textShape(text, isBeside ? after : 0, first + last * LINE_HEIGHT, { color: 'muted' }))
    top += LABEL_HEIGHT + last * LINE_HEIGHT
    const [upper, lower] = [top, top + strips.length * (stripHeight + gap)]
    for (const tick of x.ticks)
      rulers.push((place) => lineShape([place(tick), upper - 1, place(tick), lower - gap + 1], color('grid')))
    for (const strip of strips) {
      const y = top
      drawings.push((place) => stripShape(strip, y, stripHeight, place, x))
      const style = { color: 'muted', size: FONT_SIZE - 1 } as const
      if (strip.name !== '') drawings.push(() => textShape(strip.name, 0, y + stripHeight / 2, style))
      top += stripHeight + gap
    }
    top += ROW_GAP
  }
  const end = top - ROW_GAP
  return {
    width,
    height: end + AXIS_HEIGHT,
    option: {
      grid: { left, right: Math.max(2, lastWidth / 2), top: 0, bottom: AXIS_HEIGHT, outerBoundsMode: 'none' },
      xAxis: {
        type: x.isLog ? 'log' : 'value',
        min: x.lowest,
        max: x.highest,
        ...bareAxis,
        axisLine: { show: true, lineStyle: { color: color('axis') } },
        axisTick: { show: true, customValues: x.ticks, lineStyle: { color: color('axis') } },
        axisLabel: { ...axisLabel, customValues: x.ticks, formatter: x.showTick },
      },
      yAxis: { type: 'value', min: 0, max: 1, ...bareAxis },
      series: [shapes(rulers, x.lowest), shapes(drawings, x.lowest)],
    },
  }
}

/** Draws the background and the area of a strip. */
function stripShape(
  { steps, end, color: fill, leastHeight }: Strip,
  top: number,
  height: number,
  place: Place,
  { lowest, highest }: Pick<Rows, 'lowest' | 'highest'>,
): Shape {
  const bottom = top + height
  const left = place(lowest)
  const background = rectShape(left, top, Math.max(1, place(end ?? highest) - left), height, color('strip'))
  const area = areaPath(steps, place, bottom, (part) => (part > 0 ? Math.max(leastHeight, part * height) : 0))
  if (area === '') return background
  return { type: 'group', children: [background, { type: 'path', shape: { pathData: area }, style: { fill } }] }
}

const digits = (value: number): string => String(Math.round(10 * value) / 10)

/** Returns the path of an area. A part of it ends where a step is 0, or does not begin where the last one ended. */
function areaPath(steps: Strip['steps'], place: Place, bottom: number, pixels: (height: number) => number): string {
  let path = ''
  let at: number | undefined
  for (const [from, to, part] of steps) {
    const height = pixels(part)
    if (at !== undefined && (height === 0 || from !== at)) {
      path += `V${digits(bottom)}Z`
      at = undefined
    }
    if (height === 0) continue
    if (at === undefined) path += `M${digits(place(from))} ${digits(bottom)}`
    path += `V${digits(bottom - height)}H${digits(place(to))}`
    at = to
  }
  return at === undefined ? path : `${path}V${digits(bottom)}Z`
}

/** Draws charts as SVG, by ECharts without a browser. */

import { CustomChart, type CustomSeriesOption, LineChart } from 'echarts/charts'
import { GridComponent } from 'echarts/components'
import { type EChartsCoreOption, init, setPlatformAPI, use } from 'echarts/core'
import { SVGRenderer } from 'echarts/renderers'
import { color } from './colors.js'
import { escapeHtml } from './html.js'
import { textWidth } from './text-width.js'

use([CustomChart, LineChart, GridComponent, SVGRenderer])

setPlatformAPI({
  measureText: (text, font = '') => ({
    width: textWidth(text, Number(/([\d.]+)px/.exec(font)?.[1] ?? FONT_SIZE), /\b(bold|[6-9]00)\b/.test(font)),
  }),
})

/** Size of texts in charts, in pixels. */
export const FONT_SIZE = 13

export type ChartOption = EChartsCoreOption
type RenderItem = NonNullable<CustomSeriesOption['renderItem']>
export type Shape = NonNullable<ReturnType<RenderItem>>

/** What every series needs, because nobody points at a picture. */
export const still = { silent: true, emphasis: { disabled: true }, animation: false, clip: false } as const

/** Style of an axis without anything. */
export const bareAxis = {
  axisLine: { show: false },
  axisTick: { show: false },
  axisLabel: { show: false },
  splitLine: { show: false },
} as const

/** Style of the labels and lines of an axis with numbers. */
export const axisLabel = { color: color('muted'), fontSize: FONT_SIZE, hideOverlap: true } as const

/** Returns where a value lies on the x axis, in pixels from the left. */
export type Place = (value: number) => number

/** Makes a series that draws shapes of its own. Those of a later series lie above those of an earlier one. */
export function shapes(draw: readonly ((place: Place) => Shape)[], anchor: number): ChartOption {
  const renderItem: RenderItem = ({ dataIndex }, api) => draw[dataIndex]((value) => api.coord([value, 0])[0])
  return { ...still, type: 'custom', renderItem, data: draw.map(() => [anchor, 0]) }
}

export const lineShape = (
  [x1, y1, x2, y2]: readonly [x1: number, y1: number, x2: number, y2: number],
  stroke: string,
  lineWidth = 1,
  opacity = 1,
): Shape => ({ type: 'line', shape: { x1, y1, x2, y2 }, style: { stroke, fill: 'none', lineWidth, opacity } })

export const rectShape = (x: number, y: number, width: number, height: number, fill: string): Shape => ({
  type: 'rect',
  shape: { x, y, width, height },
  style: { fill },
})

interface TextStyle {
  readonly align?: 'left' | 'right'
  readonly color?: 'ink' | 'muted'
  readonly isBold?: boolean
  readonly size?: number
}

/** Makes a line of text whose middle is at this height. */
export const textShape = (text: string, x: number, y: number, style: TextStyle = {}): Shape => ({
  type: 'text',
  style: {
    text,
    x: Math.round(10 * x) / 10,
    y: Math.round(10 * y) / 10,
    fill: color(style.color ?? 'ink'),
    fontSize: style.size ?? FONT_SIZE,
    fontWeight: style.isBold ? 600 : 'normal',
    align: style.align ?? 'left',
    verticalAlign: 'middle',
  },
})

/** A picture of a chart. */
export interface Picture {
  readonly width: number
  readonly height: number
  readonly option: ChartOption
}

/**
 * Draws a picture. Returns what stands inside the SVG element: without ids and classes, so that
 * several can be in one page, and the same for the same picture.
 */
export function drawn({ width, height, option }: Picture): string {
  const chart = init(null, null, { renderer: 'svg', ssr: true, width, height })
  try {
    chart.setOption({ animation: false, textStyle: { fontFamily: 'inherit', color: color('ink') }, ...option })
    return innerOf(chart.renderToSVGString({ useViewBox: true }))
  } finally {
    chart.dispose()
  }
}

/**
 * What ECharts adds for scripts that make a picture react to a pointer, and references to what it
 * defines: only regions that lines must stay in, where ours stay anyway.
 */
const NEEDLESS = / (?:ecmeta_\w+|class|pointer-events|xml:space|clip-path)="[^"]*"/g

const innerOf = (svg: string): string =>
  svg
    .replace(/^<svg[^>]*>\s*<rect[^>]*><\/rect>\s*/, '')
    .replace(/<style\s*>.*?<\/style>\s*|<defs\s*>.*?<\/defs>\s*|<\/svg>\s*$/gs, '')
    .replace(NEEDLESS, '')
    .replace(/ style="([^"]*)"/g, (_, style: string) => fontAttributes(style))
    .replaceAll(/><\/(path|rect|circle|line)>/g, '/>')
    .trim()

/** Writes the style of a text as attributes, without the font that it inherits. */
function fontAttributes(style: string): string {
  const size = /font-size:([\d.]+)px/.exec(style)?.[1]
  const weight = /font-weight:(\w+)/.exec(style)?.[1]
  const isUsual = size === undefined || Number(size) === FONT_SIZE
  return `${isUsual ? '' : ` font-size="${size}"`}${weight && weight !== 'normal' ? ` font-weight="${weight}"` : ''}`
}

/** Draws a picture as an SVG element with a name for those who do not see it. */
export const svg = (picture: Picture, name: string, form: 'wide' | 'narrow'): string =>
  `<svg class="${form}" viewBox="0 0 ${picture.width} ${picture.height}" font-size="${FONT_SIZE}" role="img" aria-label="${escapeHtml(name)}">
${drawn(picture)}
</svg>`

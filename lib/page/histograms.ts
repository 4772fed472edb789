/** Charts of histograms. */

import { showShare } from '../show.js'
import { color } from './colors.js'
import { type ChartText, figure } from './figure.js'
import { escapeHtml } from './html.js'
import { linearTicks, logTicks, showNumber } from './numbers.js'
import { type Row, rowsPicture } from './rows.js'

/** How often values were between two edges. */
export interface Histogram {
  readonly label: string
  readonly isOwn: boolean
  /** In rising order, one more than counts. */
  readonly edges: readonly number[]
  readonly counts: readonly number[]
}

export interface HistogramText extends ChartText {
  readonly xLabel: string
  /** Whether the axis is logarithmic. A first edge of 0 is drawn at half of the second. */
  readonly logX?: boolean
}

const STRIP_HEIGHT = 48
/** Height of the lowest bar in pixels: a single value must be seen. */
const LEAST_HEIGHT = 2

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)

/** Returns the edges and counts from the first count to the last that is not 0. */
function trimmed(histogram: Histogram): Histogram {
  const { edges, counts } = histogram
  const first = counts.findIndex((count) => count > 0)
  if (first < 0) return { ...histogram, edges: [], counts: [] }
  const last = counts.findLastIndex((count) => count > 0)
  return { ...histogram, edges: edges.slice(first, last + 2), counts: counts.slice(first, last + 1) }
}

/** Makes a figure of histograms: a row for each, with a common x axis. Heights are shares of the fullest bar. */
export function histogramFigure(text: HistogramText, histograms: readonly Histogram[]): string {
  const { logX = false, xLabel, title } = text
  const shown = histograms.map(trimmed)
  const positive = (edge: number, next: number) => (logX && edge <= 0 ? next / 2 : edge)
  const placed = shown.map(({ edges }) => edges.map((edge, i) => positive(edge, edges[i + 1])))
  const all = placed.flat().filter((edge) => Number.isFinite(edge))
  const lowest = all.length > 0 ? Math.min(...all) : 1
  const highest = all.length > 0 ? Math.max(...all) : 10
  const highestShare = Math.max(...shown.map(({ counts }) => Math.max(0, ...counts) / (sum(counts) || 1)))
  const rows = shown.map(({ label, isOwn, counts }, row): Row => {
    const total = sum(counts)
    return {
      label,
      text: `${showNumber(total)} values`,
      strips: [
        {
          name: '',
          steps: counts.map((count, i) => {
            const [from, to] = [placed[row][i], placed[row][i + 1]]
            return [from, Number.isFinite(to) ? to : highest, count / total / highestShare]
          }),
          color: color(isOwn ? 'own' : 'bar'),
          leastHeight: LEAST_HEIGHT,
        },
      ],
    }
  })
  const common = { rows, stripHeight: STRIP_HEIGHT, isLog: logX, lowest, highest, showTick: showNumber }
  return figure({
    text,
    name: `${title}: a histogram by ${xLabel} for each of: ${histograms.map(({ label }) => label).join('; ')}`,
    picture: (width, isNarrow) => {
      const most = isNarrow ? 5 : 9
      const ticks = logX
        ? logTicks(lowest, highest, most)
        : linearTicks(highest, most).filter((tick) => tick >= lowest && tick <= highest)
      return rowsPicture({ ...common, ticks }, width)
    },
    below: `<p class="axis x">${escapeHtml(xLabel)}</p>\n`,
    head: ['', `${xLabel}, from`, 'to', 'count', 'share'],
    rows: shown.flatMap(({ label, edges, counts }) =>
      counts.flatMap((count, i) =>
        count === 0
          ? []
          : [[label, showNumber(edges[i]), showNumber(edges[i + 1]), showNumber(count), share(count / sum(counts))]],
      ),
    ),
  })
}

const share = (part: number): string => (part < 0.01 ? `${(100 * part).toPrecision(2)} %` : showShare(part))

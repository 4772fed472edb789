/** Charts of how busy each core was over time. */

import { showSeconds, showShare } from '../show.js'
import { color } from './colors.js'
import { type ChartText, figure } from './figure.js'
import { escapeHtml } from './html.js'
import { linearTicks, showNumber } from './numbers.js'
import { type Row, rowsPicture, type Strip } from './rows.js'

/** Use of all cores while something ran. */
export interface CoreTimeline {
  readonly label: string
  /** How long it ran. */
  readonly seconds: number
  /** Time between two values in milliseconds. */
  readonly interval: number
  /** For each core, a value for each interval: the share of it in which the core was busy, 0 to 1. */
  readonly use: readonly (readonly number[])[]
}

/** A row for many cores is not higher than this, in pixels. */
const MOST_ROW_HEIGHT = 200
const MOST_STRIP_HEIGHT = 30
const LEAST_STRIP_HEIGHT = 3
/** More cores than this have no names in the chart. */
const MOST_NAMED = 10
/** Number of values in the chart, with those of all cores. */
const MOST_VALUES = 12_000
const MOST_STEPS = 160
/** Number of parts of a run in the table. */
const PARTS = 4

const mean = (values: readonly number[]): number =>
  values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length

/**
 * Returns the values as at most so many steps, from when to when in seconds. On a busy machine
 * values come late; there are fewer of them then, and each stands for more time.
 */
function stepsOf(use: readonly number[], interval: number, seconds: number, most: number): Strip['steps'] {
  const each = Math.ceil(use.length / most)
  const count = Math.ceil(use.length / (each || 1))
  const length = Math.max(interval / 1000, seconds / use.length)
  const at = (i: number) => (i >= use.length ? seconds : Math.min(seconds, i * length))
  return Array.from({ length: count }, (_, i): Strip['steps'][number] => {
    const next = (i + 1) * each
    return [at(i * each), at(next), Math.min(1, mean(use.slice(i * each, next)))]
  }).filter(([from, to]) => to > from)
}

/** Makes a figure of the use of each core over time: a row for each timeline, with a common axis. */
export function coresFigure(text: ChartText, timelines: readonly CoreTimeline[]): string {
  const cores = Math.max(0, ...timelines.map(({ use }) => use.length))
  const longest = Math.max(0, ...timelines.map(({ seconds }) => seconds))
  const most = Math.max(20, Math.min(MOST_STEPS, Math.floor(MOST_VALUES / (timelines.length * cores || 1))))
  const stripHeight = Math.max(
    LEAST_STRIP_HEIGHT,
    Math.min(MOST_STRIP_HEIGHT, Math.floor(MOST_ROW_HEIGHT / (cores || 1)) - 1),
  )
  const rows = timelines.map(
    ({ label, seconds, interval, use }): Row => ({
      label,
      text: `${showSeconds(seconds)} s, ${showShare(mean(use.map(mean)))} of all cores`,
      strips: use.map((values, core) => ({
        name: cores <= MOST_NAMED ? `core ${core + 1}` : '',
        end: seconds,
        steps: stepsOf(values, interval, seconds, most),
        color: color('own'),
        leastHeight: 0,
      })),
    }),
  )
  const common = { rows, stripHeight, isLog: false, lowest: 0, highest: longest || 1, showTick: showNumber }
  const heads = Array.from({ length: PARTS }, (_, i) => `${['first', 'second', 'third', 'last'][i]} quarter`)
  const partOf = (values: readonly number[], part: number) => {
    const from = Math.floor((values.length * part) / PARTS)
    return values.slice(from, Math.max(from + 1, Math.floor((values.length * (part + 1)) / PARTS)))
  }
  return figure({
    text,
    name: `${text.title}: ${rows.map(({ label, text }) => `${label} ${text}`).join('; ')}`,
    picture: (width, isNarrow) => {
      const ticks = linearTicks(common.highest, isNarrow ? 4 : 8).filter((tick) => tick <= common.highest)
      return rowsPicture({ ...common, ticks }, width)
    },
    below: `<p class="axis x">${escapeHtml('seconds')}</p>\n`,
    head: ['', 'core', 'mean', ...heads],
    rows: timelines.flatMap(({ label, use }) =>
      use.map((values, core) => [
        label,
        String(core + 1),
        showShare(mean(values)),
        ...heads.map((_, part) => showShare(mean(partOf(values, part)))),
      ]),
    ),
  })
}

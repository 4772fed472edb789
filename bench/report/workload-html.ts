/** A workload as HTML: its question, chart, table, and what is missing. */

import {
  type Bar,
  barFigure,
  type ChartText,
  type CoreTimeline,
  coresFigure,
  type Line,
  lineFigure,
} from '../../dist-lib/page/charts.js'
import { escapeHtml, htmlTable } from '../../dist-lib/page/page.js'
import { BUSY_SHARE, othersDuring } from '../harness/load.js'
import type { BenchRecord, Row, WorkloadRecord } from '../harness/record.js'
import { valuesOf } from '../harness/record.js'
import { median, spread } from '../harness/statistics.js'
import { axisOf } from './axes.js'
import { type Curve, curvesOf } from './curves.js'
import { figuresOf, isOwn, medianOf, referenceOf, rowsOf } from './figures.js'
import { showPercent, showValue, unitWords } from './show.js'
import { commandOf, contenderTable, labelOf, lacksOf, type Table } from './tables.js'

export const paragraph = (text: string): string => `<p>${escapeHtml(text)}</p>`

export const tableHtml = ({ head, rows }: Table): string => htmlTable(head, rows)

/** A table that a reader opens. */
export const folded = (summary: string, html: string): string =>
  `<details><summary>${escapeHtml(summary)}</summary>${html}</details>`

export interface Shown {
  /** In place of the workload's title. */
  readonly title?: string
  /** What the chart shows; the time by default. */
  readonly chart?: string
  /** In place of the workload's name, as the id of its heading. */
  readonly id?: string
  /** A sentence before the chart. */
  readonly lead?: string | undefined
  /** Rows of the chart; all by default. */
  readonly rows?: (row: Row) => boolean
  /** HTML between the chart and the table. */
  readonly extra?: string
}

/** What a workload asks, its chart, its table, and what is missing from them. */
export function workloadHtml(workload: WorkloadRecord, record: BenchRecord, shown: Shown = {}): string {
  const title = shown.title ?? workload.title
  return [
    `<h3 id="${escapeHtml(shown.id ?? `workload-${workload.name}`)}">${escapeHtml(title)}</h3>`,
    paragraph(`${workload.question} ${workload.work}.`),
    ...placeWarnings(workload).map((text) => `<p class="warning">${escapeHtml(text)}</p>`),
    shown.lead === undefined ? '' : `<p><strong>${escapeHtml(shown.lead)}</strong></p>`,
    chartHtml(workload, record, shown),
    shown.extra ?? '',
    rowsOf(workload).length === 0
      ? ''
      : folded('Spread, ratio, CPU time and memory of each', tableHtml(contenderTable(workload, record))),
  ].join('\n')
}

/** What a reader must know of the figures of a workload. */
function placeWarnings(workload: WorkloadRecord): string[] {
  const others = othersDuring(workload.rows.flatMap(({ trials }) => trials))
  const busy =
    others !== undefined && others > BUSY_SHARE
      ? [`Other programs used ${showPercent(others)} of the CPUs meanwhile, so these figures are less certain.`]
      : []
  return [...busy, ...lacksOf(workload)]
}

/** The texts of a chart. */
function chartText(workload: WorkloadRecord, record: BenchRecord, title: string): ChartText {
  const reference = referenceOf(workload)
  const rounds = rowsOf(workload).map(({ trials }) => trials.length)
  const [fewest, most] = [Math.min(...rounds), Math.max(...rounds)]
  const count = fewest === most ? most : `${fewest} to ${most}`
  const runs = most === 1 ? 'One round' : `Medians of ${count} rounds, with lines from the fastest to the slowest`
  const compared = reference ? ` Reference: ${labelOf(reference)}.` : ''
  return {
    title,
    unit: `${unitWords(workload.unit)}, less is better`,
    note: `${runs}.${compared} Repeat it with: \`${commandOf(workload, record)}\``,
  }
}

/** Curves of the rows that belong to some, and bars of the others. */
function chartHtml(
  workload: WorkloadRecord,
  record: BenchRecord,
  { rows = () => true, chart = 'Time' }: Shown,
): string {
  const shown = rowsOf(workload).filter(rows)
  if (shown.length === 0) return ''
  const curves = curvesOf({ ...workload, rows: shown })
  const single = shown.filter(({ series, x }) => series === undefined || x === undefined)
  const text = (title: string) => chartText(workload, record, title)
  const { by } = axisOf(workload.name)
  const bars = barsOf(single, workload)
  if (curves.length === 0) return barFigure(text(chart), bars)
  return [
    curvesFigure(text(`${chart} by ${by}`), curves, workload),
    // A chart of one bar shows nothing.
    bars.length > 1
      ? barFigure(text('For comparison'), bars)
      : bars.map(({ label, text }) => paragraph(`For comparison: ${label}, ${text}.`)).join(''),
  ].join('\n')
}

/** Bars from the slowest to the fastest. */
export const barsOf = (rows: readonly Row[], { unit }: Pick<WorkloadRecord, 'unit'>): Bar[] =>
  [...rows]
    .sort((a, b) => medianOf(b) - medianOf(a))
    .map((row) => {
      const { minimum, median, maximum } = spread(valuesOf(row))
      return {
        label: labelOf(row),
        value: median,
        text: showValue(median, unit),
        isOwn: isOwn(row),
        ...(row.trials.length > 1 && { spread: [minimum, maximum] as const }),
      }
    })

function curvesFigure(text: ChartText, curves: readonly Curve[], workload: WorkloadRecord): string {
  const axis = axisOf(workload.name)
  return lineFigure(
    {
      ...text,
      xLabel: axis.label,
      yLabel: unitWords(workload.unit),
      logX: axis.isLogarithmic,
      logY: axis.isLogarithmic,
    },
    curves.map(
      ({ label, isOwn, points }): Line => ({
        label,
        isOwn,
        points: points
          .filter(({ x, y }) => !axis.isLogarithmic || (x > 0 && y > 0))
          .map(({ x, y, spread }) => ({ x, y, spread })),
      }),
    ),
  )
}

/** Peak memory along the curves of a workload; empty if it was not measured. */
export function memoryFigure(workload: WorkloadRecord, record: BenchRecord): string {
  const axis = axisOf(workload.name)
  const lines = curvesOf(workload).map(
    ({ label, isOwn, points }): Line => ({
      label,
      isOwn,
      points: points.flatMap(({ x, row }) => {
        const { memory } = figuresOf(row, record.machine.cores)
        return memory === undefined ? [] : [{ x, y: memory }]
      }),
    }),
  )
  if (lines.every(({ points }) => points.length === 0)) return ''
  return lineFigure(
    {
      title: `Memory by ${axis.by}`,
      unit: 'MB, less is better',
      note: `Median of the peak memory of the largest process. Repeat it with: \`${commandOf(workload, record)}\``,
      xLabel: axis.label,
      yLabel: 'MB',
      logX: axis.isLogarithmic,
    },
    lines,
  )
}

/** CPU of every core over time, for the trial of each row whose time is nearest to the median. */
export function coresHtml(workload: WorkloadRecord, record: BenchRecord, title: string, rows: readonly Row[]): string {
  const timelines = rows.flatMap((row): CoreTimeline[] => {
    const middle = median(valuesOf(row))
    const [trial] = row.trials
      .filter(({ cores }) => cores !== undefined)
      .sort((a, b) => Math.abs(a.value - middle) - Math.abs(b.value - middle))
    return trial?.cores ? [{ label: labelOf(row), seconds: trial.seconds, ...trial.cores }] : []
  })
  if (timelines.length === 0) return ''
  const note = `The trial of each way whose time is nearest to its median. Repeat it with: \`${commandOf(workload, record)}\``
  return coresFigure({ title, unit: 'share of each core in use', note }, timelines)
}

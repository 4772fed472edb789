/** Makes the page of `noisemill demo pitfalls --html`: one HTML file that needs no other. */

import { showTime } from '../show.js'
import { barChart, escapeHtml } from './chart.js'
import { machine } from './machine.js'
import type { MeasuredPitfall, MeasuredWay } from './measure.js'
import {
  busyText,
  comparison,
  conclusion,
  consulted,
  labelOf,
  SUMMARY_HEAD,
  SUMMARY_NOTE,
  summaryCells,
  verdictText,
} from './show-pitfalls.js'

const STYLE = `
  :root { color-scheme: light dark }
  body { font: 16px/1.5 -apple-system, "Segoe UI", Helvetica, Arial, sans-serif; max-width: 760px; margin: 2rem auto; padding: 0 1rem }
  svg { max-width: 100%; height: auto }
  table { border-collapse: collapse }
  th, td { padding: 0.25rem 0.75rem; text-align: right; border-bottom: 1px solid #8c959f66 }
  th:first-child, td:first-child { text-align: left; padding-left: 0 }
  .failure { font-family: ui-monospace, Consolas, monospace; font-size: 0.85rem; border-left: 3px solid #cf222e; padding-left: 0.75rem; overflow-wrap: anywhere }
  dt { margin-top: 0.5rem }
  dd { margin: 0.25rem 0 0 1rem; padding-left: 0.75rem; border-left: 3px solid #8c959f }
  dd.problem { border-color: #cf222e }
  dd.fine { border-color: #1a7f37 }
`

/** Room for a time and its comparison after the longest bar. */
const TEXT_WIDTH = 160

export function pitfallsPage(pitfalls: readonly MeasuredPitfall[]): string {
  const note = `${machine()}, ${new Date().toISOString().slice(0, 10)}.`
  const busy = busyText(pitfalls)
  const cellsOf = (tag: string, cells: readonly string[]) =>
    cells.map((cell) => `<${tag}>${escapeHtml(cell)}</${tag}>`).join('')
  const rows = pitfalls.map((pitfall) => `<tr>${cellsOf('td', summaryCells(pitfall))}</tr>`)
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Five pitfalls of parallel work</title>
<style>${STYLE}</style>
</head>
<body>
<h1>Five pitfalls of parallel work</h1>
<p>Each does the same work in a plain loop, with a pool used badly, and with the pool used well. <code>noisemill demo pitfalls</code> measured it: ${escapeHtml(note)}</p>
<table>
<thead><tr>${cellsOf('th', SUMMARY_HEAD)}</tr></thead>
<tbody>
${rows.join('\n')}
</tbody>
</table>
<p>${escapeHtml(SUMMARY_NOTE)}</p>
${busy === undefined ? '' : `<p>${escapeHtml(busy)}</p>\n`}${pitfalls.map((pitfall, i) => section(pitfall, i + 1, note)).join('\n')}
</body>
</html>
`
}

function section(pitfall: MeasuredPitfall, number: number, note: string): string {
  const { title, work, ways } = pitfall
  const [loop] = ways
  const bars = ways.map((way) => ({
    label: labelOf(way),
    value: way.time ?? 0,
    text: way.time === null ? 'fails' : [showTime(way.time), comparison(way, loop)].filter(Boolean).join(', '),
    isOwn: way.kind === 'well',
  }))
  const failures = ways.flatMap(({ failure }) =>
    failure === null ? [] : [`<p class="failure">${escapeHtml(failure)}</p>\n`],
  )
  return `<h2>${number}. ${escapeHtml(title)}</h2>
${barChart({ title: `Time to ${work}`, bars, note }, TEXT_WIDTH)}${failures.join('')}<dl>
${consulted(pitfall).map(doctorOn).join('\n')}
</dl>
<p>${escapeHtml(conclusion(pitfall))}</p>`
}

const doctorOn = (way: MeasuredWay): string =>
  `<dt>The doctor on “${escapeHtml(labelOf(way))}”</dt>${way.verdicts.map((verdict) => `<dd class="${verdict.state}">${withCode(verdictText(verdict))}</dd>`).join('')}`

/** Escapes a text, and shows what stands in backquotes as code. */
const withCode = (text: string): string => escapeHtml(text).replace(/`([^`]+)`/g, '<code>$1</code>')

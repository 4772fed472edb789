/** Makes the page of `noisemill demo pitfalls --html`: one HTML file that needs no other. */

import { barFigure } from '../page/charts.js'
import { escapeHtml, htmlPage, htmlTable, htmlText, type Section } from '../page/page.js'
import { showTime } from '../show.js'
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

export function pitfallsPage(pitfalls: readonly MeasuredPitfall[]): string {
  const busy = busyText(pitfalls)
  const about =
    'Each does the same work in a plain loop, with a pool used badly, and with the pool used well. `noisemill demo pitfalls` measured it:'
  return htmlPage({
    title: 'Five pitfalls of parallel work',
    intro: `<p>${htmlText(about)} ${escapeHtml(measuredWhere())}</p>
${htmlTable(SUMMARY_HEAD, pitfalls.map(summaryCells))}
<p class="note">${escapeHtml(SUMMARY_NOTE)}</p>${busy === undefined ? '' : `\n<p>${escapeHtml(busy)}</p>`}`,
    sections: pitfalls.map(sectionOf),
  })
}

const measuredWhere = (): string => `${machine()}, ${new Date().toISOString().slice(0, 10)}.`

function sectionOf(pitfall: MeasuredPitfall, i: number): Section {
  const { title, work, ways } = pitfall
  const [loop] = ways
  const bars = ways.map((way) => ({
    label: labelOf(way),
    value: way.time ?? 0,
    text: way.time === null ? 'fails' : [showTime(way.time), comparison(way, loop)].filter(Boolean).join(', '),
    isOwn: way.kind === 'well',
  }))
  const text = {
    title: `Time to ${work}`,
    unit: 'less is better; compared with the plain loop',
    note: `The fastest of up to three tries. ${measuredWhere()} \`noisemill demo pitfalls --html FILE\` repeats it.`,
  }
  const failures = ways.flatMap(({ failure }) =>
    failure === null ? [] : [`<p class="failure">${escapeHtml(failure)}</p>\n`],
  )
  return {
    id: `pitfall-${i + 1}`,
    title: `${i + 1}. ${title}`,
    html: `<p>${escapeHtml(conclusion(pitfall))}</p>
${barFigure(text, bars)}${failures.join('')}<dl>
${consulted(pitfall).map(doctorOn).join('\n')}
</dl>`,
  }
}

const doctorOn = (way: MeasuredWay): string =>
  `<dt>The doctor on “${escapeHtml(labelOf(way))}”</dt>${way.verdicts.map((verdict) => `<dd class="${verdict.state}">${htmlText(verdictText(verdict))}</dd>`).join('')}`

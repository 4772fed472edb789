/** Makes the page of `noisemill demo --html`: one HTML file that needs no other. */

import { barFigure, coresFigure } from '../page/charts.js'
import { escapeHtml, htmlPage, htmlTable, type Section } from '../page/page.js'
import { showSeconds, showTime } from '../show.js'
import {
  busyText,
  COLUMNS,
  type Compared,
  type Comparison,
  cellsOf,
  hashesOf,
  type Measured,
  measuredOf,
  showSpeedUp,
} from './compare.js'
import { machine, machineFacts } from './machine.js'

type Ran = Compared & { readonly measured: Measured }

/**
 * Makes the page.
 *
 * @param command the command that repeats the comparison
 */
export function comparePage(comparison: Comparison, command: string): string {
  const { work, compared } = comparison
  const ran = measuredOf(compared)
  const busy = busyText(compared)
  const loop = ran[0]
  const fastest = ran.reduce((a, b) => (b.measured.seconds < a.measured.seconds ? b : a))
  const finding = `The plain loop takes ${showSeconds(loop.measured.seconds)} s. The fastest way here, ${fastest.contender.name}, takes ${showSeconds(fastest.measured.seconds)} s.`
  return htmlPage({
    title: `The same work in ${words(ran.length)} ways`,
    intro: [`${work[0]} ${work[1]}`, finding, ...(busy === undefined ? [] : [busy])]
      .map((text) => `<p>${escapeHtml(text)}</p>`)
      .join('\n'),
    sections: [
      timeSection(comparison, ran, fastest, command),
      ...coresSection(ran),
      delaySection(ran, fastest),
      orderSection(ran),
      { id: 'ways', title: 'How each way works', html: definitions(compared) },
      machineSection(comparison, ran, command),
    ],
  })
}

const words = (count: number): string => ['no', 'one', 'two', 'three', 'four', 'five'][count] ?? String(count)

function timeSection({ compared }: Comparison, ran: readonly Ran[], fastest: Ran, command: string): Section {
  const bars = ran.map(({ contender, measured }) => ({
    label: contender.name,
    value: measured.seconds,
    text: `${showSeconds(measured.seconds)} s, ${showSpeedUp(measured, compared)}`,
    isOwn: contender === fastest.contender,
  }))
  const rows = ran.map(({ contender, measured }) => cellsOf(contender, measured, compared))
  return {
    id: 'time',
    title: 'Time',
    html: `${barFigure(
      {
        title: 'Time for all files',
        unit: 'seconds, and how many times as fast as the plain loop',
        note: `One run, from the first read to the last write. ${machine()}. \`${command}\` repeats it; the disk is included, so figures vary between runs.`,
      },
      bars,
    )}${htmlTable(COLUMNS, rows)}
<p class="note">CPU is the share of all cores that the way used. The first four ways compute in JavaScript, so they differ only in how they use the cores.</p>`,
  }
}

function coresSection(ran: readonly Ran[]): Section[] {
  const timelines = ran.flatMap(({ contender, measured }) =>
    measured.cores
      ? [
          {
            label: contender.name,
            seconds: measured.seconds,
            interval: measured.cores.interval,
            use: measured.cores.use,
          },
        ]
      : [],
  )
  if (timelines.length === 0) return []
  const text = {
    title: 'How busy each core was',
    unit: 'share of a core, over the time of each way',
    note: `The system counts all programs, so other programs are included. A value for every ${timelines[0].interval} ms, which are joined where there are many.`,
  }
  return [{ id: 'cores', title: 'Use of the cores', html: coresFigure(text, timelines) }]
}

function delaySection(ran: readonly Ran[], fastest: Ran): Section {
  const bars = ran.map(({ contender, measured }) => ({
    label: contender.name,
    value: measured.delay,
    text: showTime(measured.delay),
    isOwn: contender === fastest.contender,
  }))
  const text = {
    title: 'Longest delay of the event loop',
    unit: 'milliseconds, less is better',
    note: 'The longest time in which the process could not react to anything else, such as a request to a server.',
  }
  return { id: 'delay', title: 'Does the process still answer?', html: barFigure(text, bars) }
}

function orderSection(ran: readonly Ran[]): Section {
  const items = ran
    .filter(({ contender }) => contender.isUnordered)
    .map(({ contender, measured }) => {
      const inOrder = measured.order.slice().sort()
      const numbers = measured.order.map((name, i) => {
        const isMoved = name !== inOrder[i]
        return `<span${isMoved ? ' class="moved"' : ''}>${escapeHtml(name)}</span>`
      })
      return `<dt>${escapeHtml(contender.name)}</dt><dd class="numbers">${numbers.join(' ')}</dd>`
    })
  return {
    id: 'order',
    title: 'Order in which files were finished',
    html: `<p>The plain loop finishes files in their order. Each of the other ways has several files in progress, and hands on those that are finished first. Numbers in colour are not in the place that they have in a loop.</p>
<dl>
${items.join('\n')}
</dl>`,
  }
}

const definitions = (compared: readonly Compared[]): string => {
  const items = compared.map(({ contender, missing }) => {
    const absent = missing === undefined ? '' : ` Not measured here: ${missing}`
    return `<dt>${escapeHtml(contender.name)}</dt><dd>${escapeHtml(contender.about + absent)}</dd>`
  })
  return `<dl>\n${items.join('\n')}\n</dl>`
}

function machineSection({ areSame, compared }: Comparison, ran: readonly Ran[], command: string): Section {
  const hashes = [...hashesOf(compared)]
  const outputs = areSame
    ? `The outputs of all ${ran.length} ways are the same bytes: sha256 ${hashes[0].slice(0, 16)}...`
    : 'The outputs of the ways differ, which is a bug in noisemill.'
  return {
    id: 'machine',
    title: 'Machine, and how to repeat it',
    html: `${htmlTable(['', ''], [...machineFacts(), ['command', `\`${command}\``]])}
<p>${escapeHtml(outputs)}</p>`,
  }
}

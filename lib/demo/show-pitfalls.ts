/** Prints the pitfalls of `noisemill demo pitfalls`. It uses only the public API. */

import { Pool, type Verdict } from '../index.js'
import { showText, showTime } from '../show.js'
import { inTemporaryFolder } from './folder.js'
import { machine } from './machine.js'
import { findingsOf, type MeasuredPitfall, type MeasuredTime, type MeasuredWay, measurePitfall } from './measure.js'
import { MOST_BYTES, pitfalls } from './pitfalls.js'

/**
 * Measures all pitfalls. Prints each figure as soon as it is known, and a table at the end.
 *
 * @param tasks URL of the module `pitfall-tasks.ts`
 * @throws NoisemillError E_OUTPUT_FOLDER or E_VOLUME_FULL for the temporary folder; the signal's
 *   reason
 */
export async function showPitfalls(tasks: URL, signal: AbortSignal): Promise<MeasuredPitfall[]> {
  say('Five ways in which parallel work goes wrong. Each does the same work in a plain loop, with the')
  say('pool used badly, and with the pool used well.')
  say(`${machine()}.`)
  const measured = await inTemporaryFolder(MOST_BYTES, async (folder) => {
    const pool = new Pool()
    try {
      const done: MeasuredPitfall[] = []
      for (const make of pitfalls) {
        const pitfall = make()
        say(`\n${done.length + 1}. ${pitfall.title}\n   Work: ${pitfall.work}.\n`)
        let loop: MeasuredTime | undefined
        const shown = await measurePitfall(pitfall, { pool, folder, tasks, signal }, (way) => {
          loop ??= way
          say(wayLine(way, loop))
        })
        done.push(shown)
        for (const way of consulted(shown)) {
          say(`\n   The doctor on "${labelOf(way)}":`)
          for (const verdict of way.verdicts) say(wrapped(verdictText(verdict), '     '))
        }
        say(`\n${wrapped(conclusion(shown), '   ')}`)
      }
      return done
    } finally {
      await pool.terminate()
    }
  })
  say(`\n${row(SUMMARY_HEAD)}`)
  for (const pitfall of measured) say(summaryRow(pitfall))
  say(`\n${SUMMARY_NOTE}`)
  const busy = busyText(measured)
  if (busy !== undefined) say(`\n${wrapped(busy, '')}`)
  return measured
}

const say = (text: string) => process.stdout.write(`${text}\n`)

const LINE_WIDTH = 96

/** Breaks a text into lines, each of which begins with the indent. */
function wrapped(text: string, indent: string): string {
  const lines = ['']
  for (const word of text.split(' ')) {
    const line = lines[lines.length - 1]
    if (line !== '' && indent.length + line.length + word.length >= LINE_WIDTH) lines.push(word)
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`
  }
  return lines.map((line) => indent + line).join('\n')
}

const showFactor = (factor: number): string => `${digits(factor)} x`

const digits = (value: number): string => value.toFixed(value < 9.995 ? 2 : value < 99.95 ? 1 : 0)

const KINDS: Readonly<Record<MeasuredTime['kind'], string>> = {
  loop: '',
  badly: 'pool, badly: ',
  other: 'pool: ',
  well: 'pool, well: ',
}

/** Returns how a way is named among others of its pitfall. */
export const labelOf = ({ kind, name }: MeasuredTime): string => `${KINDS[kind]}${name}`

/** Compares the time of a way with that of the plain loop. */
export function comparison({ time }: MeasuredTime, loop: MeasuredTime): string {
  if (time === null || time === loop.time) return ''
  const factor = time / loop.time!
  return factor > 1 ? `${showFactor(factor)} slower` : `${showFactor(1 / factor)} faster`
}

const LABEL_WIDTH = 49

function wayLine(way: MeasuredTime, loop: MeasuredTime): string {
  const label = `   ${labelOf(way).padEnd(LABEL_WIDTH)}`
  if (way.time === null) return `${label}   fails\n${wrapped(showText(way.failure!), '     ')}`
  return `${label}${showTime(way.time).padStart(8)}  ${comparison(way, loop)}`.trimEnd()
}

/** Returns the ways whose verdicts are shown: the bad ones, and the fastest good one. */
export function consulted({ ways }: MeasuredPitfall): MeasuredWay[] {
  const good = ways.filter(({ kind }) => kind === 'well').sort((a, b) => (a.time ?? Infinity) - (b.time ?? Infinity))
  return [...ways.filter(({ kind }) => kind === 'badly'), ...good.slice(0, 1)]
}

export const verdictText = ({ subject, state, text, remedy }: Verdict): string =>
  `${state} (${subject}): ${text}${remedy === null ? '' : ` ${remedy}`}`

/** Says that the machine was busy, by the worst of the doctor's verdicts. Undefined if it was not. */
export function busyText(pitfalls: readonly MeasuredPitfall[]): string | undefined {
  const busy = pitfalls.flatMap(({ ways }) => ways.flatMap((way) => way.busy ?? []))
  const [worst] = busy.sort((a, b) => (b.milliseconds ?? 0) - (a.milliseconds ?? 0))
  if (worst === undefined) return undefined
  return `The machine was busy, so that pools gain less. In the longest such run: ${worst.text} ${worst.remedy}`
}

/** Says in sentences what the figures of a pitfall show. */
export function conclusion(pitfall: MeasuredPitfall): string {
  const { loop, well, cure } = findingsOf(pitfall)
  const cured =
    cure === null
      ? 'Used badly, the pool fails. Used well, it does the work.'
      : `Used well, the pool is ${showFactor(cure)} as fast as used badly.`
  return `${cured} ${comparedWithLoop(loop / well)}`
}

/** A loop is advised only where it is much faster. On a busy machine, any way may be a little slower. */
const MUCH_FASTER = 2

function comparedWithLoop(gain: number): string {
  if (gain > 1) return `It is ${showFactor(gain)} as fast as a plain loop.`
  if (gain > 1 / MUCH_FASTER) return 'A plain loop takes about as long here.'
  return `But a plain loop is still ${showFactor(1 / gain)} as fast: use one for such work.`
}

/** Head of the table at the end, and what its words mean. */
export const SUMMARY_HEAD = ['', 'plain loop', 'pool, badly', 'pool, well', 'lost', 'won back']
export const SUMMARY_NOTE =
  'lost: time of the pool used badly, over that of the fastest way; won back: over that of the pool used well.'

const WIDTHS = [16, 12, 13, 12, 10, 10]
const row = (cells: readonly string[]) =>
  cells.map((cell, i) => (i === 0 ? cell.padEnd(WIDTHS[i]) : cell.padStart(WIDTHS[i]))).join('')

/** Returns the cells of a pitfall in the table at the end. */
export function summaryCells(pitfall: MeasuredPitfall): string[] {
  const { loop, badly, well, loss, cure } = findingsOf(pitfall)
  const factor = (value: number | null) => (value === null ? '' : showFactor(value))
  return [
    pitfall.name,
    showTime(loop),
    badly === null ? 'fails' : showTime(badly),
    showTime(well),
    factor(loss),
    factor(cure),
  ]
}

const summaryRow = (pitfall: MeasuredPitfall) => row(summaryCells(pitfall))

/** Prints the pitfalls of `noisemill demo pitfalls`. It uses only the public API. */

import { Pool } from '../index.js'
import { showText } from '../show.js'
import { inTemporaryFolder } from './folder.js'
import { machine } from './machine.js'
import { findingsOf, type MeasuredPitfall, type MeasuredWay, measurePitfall } from './measure.js'
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
        let loop: MeasuredWay | undefined
        const shown = await measurePitfall(pitfall, { pool, folder, tasks, signal }, (way) => {
          loop ??= way
          say(wayLine(way, loop))
        })
        done.push(shown)
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

/** Formats milliseconds with three digits, in milliseconds or seconds. */
export const showTime = (milliseconds: number): string =>
  milliseconds < 999.5 ? `${digits(milliseconds)} ms` : `${digits(milliseconds / 1000)} s`

const showFactor = (factor: number): string => `${digits(factor)} x`

const digits = (value: number): string => value.toFixed(value < 9.995 ? 2 : value < 99.95 ? 1 : 0)

const KINDS: Readonly<Record<MeasuredWay['kind'], string>> = {
  loop: '',
  badly: 'pool, badly: ',
  other: 'pool: ',
  well: 'pool, well: ',
}

/** Returns how a way is named among others of its pitfall. */
export const labelOf = ({ kind, name }: MeasuredWay): string => `${KINDS[kind]}${name}`

/** Compares the time of a way with that of the plain loop. */
export function comparison({ time }: MeasuredWay, loop: MeasuredWay): string {
  if (time === null || time === loop.time) return ''
  const factor = time / loop.time!
  return factor > 1 ? `${showFactor(factor)} slower` : `${showFactor(1 / factor)} faster`
}

const LABEL_WIDTH = 49

function wayLine(way: MeasuredWay, loop: MeasuredWay): string {
  const label = `   ${labelOf(way).padEnd(LABEL_WIDTH)}`
  if (way.time === null) return `${label}   fails\n${wrapped(showText(way.failure!), '     ')}`
  return `${label}${showTime(way.time).padStart(8)}  ${comparison(way, loop)}`.trimEnd()
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

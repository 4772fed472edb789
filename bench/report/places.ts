/**
 * Figures in prose: a document marks each with the row that it comes from, and `npm run tables` fills
 * it in from the kept record.
 *
 *     It takes <!-- figure: talk native median -->0.46 s<!-- /figure -->.
 *
 * The words are the workload, the contender, and what to show of it:
 *
 *     median, minimum, maximum    the value with its unit
 *     times-as-fast-as:OTHER      how many times the value of another contender goes into this one's
 *     times-as-long-as:OTHER      the same the other way around
 *     memory, cpu                 peak memory in MB and CPU time, with their units
 *     use                         CPU time as a share of all cores, in per cent
 *     rounds                      number of trials
 *     reported:NAME               a figure that the contender's process reported, without a unit
 */

import type { BenchRecord } from '../harness/record.js'
import { showNumber } from '../harness/text.js'
import { figuresOf, ratioOf, reportedFigure, rowNamed, workloadNamed } from './figures.js'
import { showDuration, showFactor, showPercent, showValue } from './show.js'

const PLACE = /(<!-- figure: (.*?) -->)(.*?)(<!-- \/figure -->)/gs

/** What the places of a text ask for, such as `talk native median`. */
export const figurePlaces = (text: string): string[] => Array.from(text.matchAll(PLACE), ([, , asked]) => asked)

/**
 * A document with its figures as they are to be. Each comes from the first record that has its workload.
 *
 * @throws Error that names the place that the records have no figure for
 */
export const withFigures = (text: string, ...records: readonly BenchRecord[]): string =>
  text.replaceAll(PLACE, (_, start, asked, _before, end) => {
    const record = records.find((one) => workloadNamed(one, asked.split(' ')[0])) ?? records[0]
    return `${start}${figureFor(asked, record)}${end}`
  })

/** A document without the marked figures. */
export const withoutFigures = (text: string): string => text.replaceAll(PLACE, '')

/** @throws Error if the record has no such figure */
export function figureFor(asked: string, record: BenchRecord): string {
  const [workloadName, name, what, ...rest] = asked.split(' ')
  const fail = (why: string): never => {
    throw new Error(`<!-- figure: ${asked} -->: ${why}`)
  }
  if (what === undefined || rest.length > 0) return fail('a place has three words: workload, contender, figure')
  const workload = workloadNamed(record, workloadName) ?? fail(`the record has no workload ${workloadName}`)
  const rowOf = (contender: string) =>
    rowNamed(workload, contender) ?? fail(`${workloadName} has no contender ${contender}`)
  const row = rowOf(name)
  const figures = figuresOf(row, record.machine.cores)
  const known = (value: number | undefined) => value ?? fail('the trials have no such figure')
  const [kind, argument = ''] = what.split(/:(.*)/s)
  switch (kind) {
    case 'median':
    case 'minimum':
    case 'maximum':
      return showValue(figures[kind], workload.unit)
    case 'times-as-fast-as':
      return showFactor(known(ratioOf(rowOf(argument), row)?.value))
    case 'times-as-long-as':
      return showFactor(known(ratioOf(row, rowOf(argument))?.value))
    case 'memory':
      return `${Math.round(known(figures.memory))} MB`
    case 'cpu':
      return showDuration(known(figures.cpu))
    case 'use':
      return showPercent(known(figures.use))
    case 'rounds':
      return String(figures.rounds)
    case 'reported':
      return showNumber(known(reportedFigure(row, argument)), 2)
    default:
      return fail(`unknown figure ${kind}`)
  }
}

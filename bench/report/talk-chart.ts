/** The chart of README: what each way takes for the talk's files. */

import { svgBarChart } from '../../dist-lib/page/charts.js'
import type { BenchRecord } from '../harness/record.js'
import { rowsOf, workloadNamed } from './figures.js'
import { madeOn } from './markdown.js'
import { barsOf } from './workload-html.js'

/** Contenders of the workload `talk` that the chart shows. */
const SHOWN = [
  'loop',
  'threads-unordered',
  'processes',
  'threads-wasm',
  'native',
  'talk-imap_unordered',
  'numpy-imap_unordered',
  'cp',
  'cp-2',
]

/**
 * Returns an SVG file.
 *
 * @throws Error if the record has no talk
 */
export function talkChart(record: BenchRecord): string {
  const talk = workloadNamed(record, 'talk')
  if (!talk) throw new Error('the record has no workload talk')
  const rows = rowsOf(talk).filter(({ name }) => SHOWN.includes(name))
  const rounds = Math.max(...rows.map(({ trials }) => trials.length))
  const runs = rounds === 1 ? 'One run' : `Medians of ${rounds} runs; lines go from the fastest to the slowest`
  return svgBarChart(
    {
      title: 'Noise for 24 files, as in the talk: seconds, less is better',
      note: `${talk.work}. ${runs}. ${madeOn(record)}.`,
    },
    barsOf(rows, talk),
  )
}

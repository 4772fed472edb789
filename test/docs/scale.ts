/** The table of docs/scale.md that is computed from the kept record of benchmarks. */

import type { BenchRecord } from '../../bench/harness/record.js'
import { showCount, showNumber } from '../../bench/harness/text.js'
import { figuresOf, rowNamed, workloadNamed } from '../../bench/report/figures.js'
import { showDuration } from '../../bench/report/show.js'

const FILES = 1e9
const HOUR = 3600
/** CPU time of a producer for a short file, and for a message, in seconds, as measured for the page. */
const PRODUCER = { file: 42e-6, message: 1.3e-3 }
/** Files whose work takes this long go into a message together, in seconds. */
const MESSAGE_SECONDS = 0.3

/** Work of the benchmarks: what its files are, how many, and the bytes of one. */
const works = [
  { workload: 'counts', row: 'native-100000', files: 100_000, bytes: 3200, text: '0.1 s, 16 kHz, 16-bit' },
  { workload: 'many', row: 'native', files: 20_000, bytes: 32_000, text: '1 s, 16 kHz, 16-bit' },
  { workload: 'talk', row: 'native', files: 24, bytes: 240 * 44_100 * 4, text: '240 s, 44.1 kHz, float32' },
] as const

/** CPU time of a producer for a file that takes `each` seconds. The cost of short files has that of their messages. */
const producerSeconds = (each: number) =>
  each < 1e-3 ? PRODUCER.file : PRODUCER.file + PRODUCER.message / Math.max(1, Math.floor(MESSAGE_SECONDS / each))

export const scaleHead = [
  'length and format',
  'CPU time, measured',
  'for one file',
  'cores that one producer keeps busy',
  'core hours for a billion files',
  'TB to read',
]

export const scaleRows = (record: BenchRecord): string[][] =>
  works.map(({ workload, row, files, bytes, text }) => {
    const { cpu } = figuresOf(rowNamed(workloadNamed(record, workload)!, row)!, record.machine.cores)
    const each = cpu! / files
    return [
      text,
      `${showDuration(cpu!)} for ${showCount(files)}`,
      showDuration(each),
      showNumber(each / producerSeconds(each), 2),
      showCount(Number(((each * FILES) / HOUR).toPrecision(2))),
      showCount(Number(((bytes * FILES) / 1e12).toPrecision(2))),
    ]
  })

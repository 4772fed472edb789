/** The five pitfalls in one table: what each costs with each library, used badly and well. */

import type { BenchRecord, Row, WorkloadRecord } from '../harness/record.js'
import { showNumber } from '../harness/text.js'
import { curvesOf } from './curves.js'
import { medianOf, ratioOf, rowNamed, rowsOf, workloadNamed } from './figures.js'
import { showValue } from './show.js'
import { fateOf, type Table } from './tables.js'

/** Workloads of pitfalls, in the order of the documentation. */
export const PITFALLS = ['pitfall-overhead', 'pitfall-values', 'pitfall-data', 'pitfall-shared', 'pitfall-chunks']

/** Libraries by the first word of the names of their contenders. */
const LIBRARIES = {
  noisemill: 'noisemill',
  python: "Python's Pool",
  piscina: 'Piscina',
  tinypool: 'tinypool',
  poolifier: 'poolifier',
  workerpool: 'workerpool',
} as const

type Library = keyof typeof LIBRARIES

/** A row for each pitfall with each library that the record has both ways of. */
export function pitfallTable(record: BenchRecord): Table {
  const rows = PITFALLS.flatMap((name) => {
    const workload = workloadNamed(record, name)
    return workload ? (Object.keys(LIBRARIES) as Library[]).flatMap((library) => rowsWith(workload, library)) : []
  })
  return { head: ['pitfall', 'library', 'badly', 'well', 'times as long', 'what happens'], rows }
}

function rowsWith(workload: WorkloadRecord, library: Library): string[][] {
  const title = workload.title.replace(/^Pitfall: /, '')
  if (workload.name === 'pitfall-values') {
    const row = rowNamed(workload, `${library}-function`)
    return row ? [[`${title}, such as a function`, LIBRARIES[library], '', '', '', fateOf(row) ?? '']] : []
  }
  const { badly, well, about } =
    workload.name === 'pitfall-chunks' ? extremes(workload, library) : pair(workload, library)
  const ratio = badly && well && ratioOf(badly, well)
  if (!ratio) return []
  const [bad, good] = [badly, well].map((row) => showValue(medianOf(row), workload.unit))
  return [[title, LIBRARIES[library], bad, good, showNumber(ratio.value, 2), about]]
}

interface Pair {
  readonly badly?: Row | undefined
  readonly well?: Row | undefined
  readonly about: string
}

const pair = (workload: WorkloadRecord, library: Library): Pair => ({
  badly: rowNamed(workload, `${library}-badly`),
  well: rowNamed(workload, `${library}-well`),
  about: '',
})

/** The slowest and the fastest size of chunks that were tried, of the library's first curve. */
function extremes(workload: WorkloadRecord, library: Library): Pair {
  const curve = curvesOf(workload).find(({ label }) => label.startsWith(LIBRARIES[library]))
  const [slowest, ...others] = [...(curve?.points ?? [])].sort((a, b) => b.y - a.y)
  const fastest = others.at(-1)
  if (!slowest || !fastest) return { about: '' }
  return { badly: slowest.row, well: fastest.row, about: `chunks of ${slowest.x}, and of ${fastest.x}` }
}

/** What each library does with each value that cannot cross, in its own words. */
export function valueTable(workload: WorkloadRecord): Table {
  return {
    head: ['', 'what happens', 'what the program is told'],
    rows: rowsOf(workload).map((row) => [
      row.label,
      fateOf(row) ?? '',
      row.trials.find(({ note }) => note)?.note ?? '',
    ]),
  }
}

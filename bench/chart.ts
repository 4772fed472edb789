/** Draws the chart of README: the seconds that each contender takes for the talk's files. */

import { svgBarChart } from '../dist-lib/page/charts.js'

/** A file of bench/results of one benchmark. */
export interface Recorded {
  /** The unit of the figures, and what they are compared with. */
  readonly caption: string
  /** Lines of Markdown. */
  readonly table: readonly string[]
  readonly machine: { readonly cpu: string; readonly cores: number; readonly versions: { readonly node: string } }
  readonly date: string
  readonly rows: readonly {
    readonly name: string
    readonly minimum: number
    readonly median: number
    readonly maximum: number
    readonly trials: readonly number[]
  }[]
}

/** Label of each bar, by the name of its row in the record. The slowest is first. */
const LABELS: Readonly<Record<string, string>> = {
  'noisemill --backend workers --kernel ts': 'noisemill, worker threads, TypeScript',
  'Python Pool': 'Python multiprocessing.Pool, NumPy',
  'noisemill --backend workers --kernel wasm': 'noisemill, worker threads, WebAssembly',
  cp: 'cp (copies only)',
  'noisemill --backend native': 'noisemill, native threads',
  '2 x cp at once': '2 x cp at once (copies only)',
}

export function talkChart({ rows, date, machine }: Recorded): string {
  const bars = rows
    .filter(({ name }) => name in LABELS)
    .sort((a, b) => b.median - a.median)
    .map(({ name, minimum, median, maximum }) => ({
      label: LABELS[name],
      value: median,
      text: `${median.toPrecision(3)} s`,
      isOwn: name.startsWith('noisemill'),
      spread: [minimum, maximum] as const,
    }))
  if (bars.length !== Object.keys(LABELS).length) throw new Error('a row of the chart is not in the record')
  const title = 'Noise onto 24 files of four minutes (1 GB): seconds, less is better'
  const note = `Median of ${rows[0].trials.length} runs; lines go from the fastest to the slowest. ${machine.cores} cores (${machine.cpu}), Node ${machine.versions.node}, ${date.slice(0, 10)}.`
  return svgBarChart({ title, note }, bars)
}

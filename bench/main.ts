/** `npm run bench`: runs workloads, keeps a record, and writes the report. */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { Command } from 'commander'
import { describeMachine } from './harness/machine.js'
import { ROOT } from './harness/paths.js'
import { lineProgress } from './harness/progress.js'
import { type BenchRecord, RECORD_FORMAT, RECORD_VERSION, valuesOf } from './harness/record.js'
import { runWorkloads } from './harness/run.js'
import { Scratch } from './harness/scratch.js'
import { spread } from './harness/statistics.js'
import { workloads } from './workloads/index.js'

const ROUNDS = { short: 3, full: 7 }

const program = new Command('bench')
  .option('--full', 'all contenders, and at least 7 rounds')
  .option('--rounds <n>', 'number of rounds', Number)
  .option('--filter <regex>', 'only workloads whose name matches')
  .option('--list', 'list workloads and contenders')
  .option('--json <file>', 'where the record goes')
  .parse()
const flags = program.opts<{ full?: boolean; rounds?: number; filter?: string; list?: boolean; json?: string }>()
const size = flags.full ? 'full' : 'short'
const wanted = workloads.filter(({ name }) => flags.filter === undefined || new RegExp(flags.filter).test(name))
const stop = new AbortController()
process.once('SIGINT', () => stop.abort(new Error('interrupted')))
using scratch = new Scratch()
const record: BenchRecord = {
  format: RECORD_FORMAT,
  version: RECORD_VERSION,
  size,
  noisemill: { version: JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')).version },
  machine: describeMachine(scratch.folder),
  started: new Date().toISOString(),
  workloads: [],
}
const file = flags.json ?? path.join(ROOT, 'dist-bench/bench.json')
const keep = () => {
  mkdirSync(path.dirname(file), { recursive: true })
  writeFileSync(file, `${JSON.stringify(record)}\n`)
}
const progress = lineProgress()
await runWorkloads(wanted, record, scratch, {
  size,
  rounds: flags.rounds ?? ROUNDS[size],
  build: ROOT,
  signal: stop.signal,
  progress,
  keep,
})
record.ended = new Date().toISOString()
keep()
progress.clear()
for (const workload of record.workloads) {
  console.log(`\n${workload.title} (${workload.unit}; ${workload.work})`)
  for (const row of workload.rows) {
    const { minimum, median, maximum } = spread(valuesOf(row))
    console.log(`${row.label.padEnd(50)} ${[minimum, median, maximum].map((value) => value.toPrecision(3)).join('  ')}`)
  }
  for (const { label, what, install } of workload.missing) console.log(`${label}: needs ${what} (${install})`)
  for (const { label, why } of workload.failed) console.log(`${label} failed: ${why}`)
}

/** `npm run bench`: runs workloads, keeps a record, and writes the report. */

import path from 'node:path'
import { runAgainst } from './harness/against-run.js'
import { comparedContenders } from './harness/compared.js'
import { type Flags, parseFlags } from './harness/flags.js'
import { whyNotWritable, writeAtomically } from './harness/kept-files.js'
import { listLines } from './harness/list.js'
import { isBusy, loadNow } from './harness/load.js'
import { describeMachine, describePackage } from './harness/machine.js'
import { ROOT } from './harness/paths.js'
import { Estimate, lineProgress } from './harness/progress.js'
import { type BenchRecord, RECORD_FORMAT, RECORD_VERSION } from './harness/record.js'
import { runWorkloads, SHORT_DEADLINE } from './harness/run.js'
import { Scratch } from './harness/scratch.js'
import { isWanted, select } from './harness/selection.js'
import { exitOfSignal, stopOnSignals } from './harness/stop.js'
import { UsageError } from './harness/usage-error.js'
import type { Size } from './harness/workload.js'
import { recordLines } from './report/text.js'
import { againstRows } from './workloads/against.js'
import { workloads } from './workloads/index.js'

const ROUNDS = { short: 3, full: 7 } as const

/** Returns the exit code: 0, 1 if a contender does not count, 130 or 143 if a signal ended it. */
async function bench(flags: Flags, size: Size): Promise<number> {
  const selections = select(workloads, size, flags.filter)
  if (selections.length === 0) {
    const namesOf = (one: Size) => select(workloads, one).map(({ workload }) => workload.name)
    const others = namesOf('full').filter((name) => !namesOf(size).includes(name))
    const more = others.length === 0 ? '' : `; with --full also ${others.join(', ')}`
    throw new UsageError(
      `no workload or contender matches --filter. The workloads are: ${namesOf(size).join(', ')}${more}`,
    )
  }
  if (flags.list) {
    console.log((await listLines(selections, size)).join('\n'))
    return 0
  }
  const files = {
    json: path.resolve(flags.json ?? path.join(ROOT, 'dist-bench/bench.json')),
    html: path.resolve(flags.html ?? path.join(ROOT, 'dist-bench/bench.html')),
  }
  if (files.json === files.html) throw new UsageError('--json and --html name the same file')
  for (const [flag, file] of Object.entries(files)) {
    const why = whyNotWritable(file)
    if (why !== undefined) throw new UsageError(`--${flag}: cannot write ${file}: ${why}`)
  }
  const stop = stopOnSignals()
  using scratch = new Scratch()
  const progress = lineProgress()
  const busyBefore = await loadNow()
  if (isBusy(busyBefore))
    progress.note(
      `Other programs use ${Math.round(100 * busyBefore)} % of the CPUs now, so the figures will be less certain.`,
    )
  const rounds = flags.rounds ?? ROUNDS[size]
  const record: BenchRecord = {
    format: RECORD_FORMAT,
    version: RECORD_VERSION,
    size,
    noisemill: describePackage(ROOT),
    machine: describeMachine(scratch.folder),
    started: new Date().toISOString(),
    rounds,
    ...(flags.filter && { filters: flags.filter.map(({ source }) => source.replaceAll('\\/', '/')) }),
    busyBefore,
    workloads: [],
  }
  const keep = () => writeAtomically(files.json, `${JSON.stringify(record)}\n`)
  const trials = Array.from({ length: rounds }, () =>
    selections.flatMap(({ workload, contenders }) => contenders.map(({ name }) => `${workload.name}/${name}`)),
  ).flat()
  const started = performance.now()
  const elapsed = () => (performance.now() - started) / 1000
  const isLimited = size === 'short' && flags.rounds === undefined
  try {
    await runWorkloads(selections, record, scratch, {
      size,
      rounds,
      build: ROOT,
      signal: stop.signal,
      progress,
      estimate: new Estimate(trials),
      keep,
      ...(isLimited && { deadline: { ...SHORT_DEADLINE, elapsed } }),
    })
    record.ended = new Date().toISOString()
  } catch (error) {
    if (!stop.signal.aborted) throw error
  }
  keep()
  progress.clear()
  console.log(recordLines(record).join('\n'))
  // Loaded only now, so that nothing that the page needs delays or ends a run.
  const { pageOf } = await import('./report/page.js')
  writeAtomically(files.html, pageOf(record))
  console.log(`Record: ${files.json}\nPage: ${files.html}`)
  return exitOfSignal(stop.signal) ?? (record.workloads.some(({ failed }) => failed.length > 0) ? 1 : 0)
}

async function main(args: readonly string[]): Promise<number> {
  try {
    const flags = parseFlags(args)
    if ('help' in flags) {
      process.stdout.write(flags.help)
      return 0
    }
    const { against } = flags
    if (against === undefined) return await bench(flags, flags.full ? 'full' : 'short')
    const rows = [...comparedContenders(select(workloads, 'short')), ...againstRows]
    const wanted = rows.filter(({ name }) => isWanted(name, flags.filter))
    if (wanted.length === 0)
      throw new UsageError(`no row matches --filter. The rows are: ${rows.map(({ name }) => name).join(', ')}`)
    return await runAgainst(wanted, { ...flags, against })
  } catch (error) {
    const { message, syscall } = error as NodeJS.ErrnoException
    // A full disk, for one. Errors of the program itself keep their stack.
    if (!(error instanceof UsageError) && syscall === undefined) throw error
    console.error(`bench: ${message}`)
    return error instanceof UsageError ? 2 : 1
  }
}

// Whoever reads the output may end early, as `head` does. The run goes on, and cleans up.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
process.exit(await main(process.argv.slice(2)))

/**
 * Runs trials of contenders in turn, so that a slow phase of the machine affects all of them.
 * Tables compare minima, because fresh memory on a virtual machine slows single trials up to
 * threefold. They also show medians and maxima.
 */

import { type SpawnOptions, spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, release, totalmem } from 'node:os'

export interface Contender {
  readonly name: string
  /**
   * Runs one trial, in one process or several. Resolves to the measured value, in seconds or in the
   * table's unit.
   */
  run(): Promise<number>
  /**
   * Runs once more without timing. Resolves to the peak memory of its process in MB, or undefined
   * if that cannot be measured.
   */
  memory?(): Promise<number | undefined>
}

export interface Row {
  readonly name: string
  readonly minimum: number
  readonly median: number
  readonly maximum: number
  readonly trials: readonly number[]
  /** Peak memory in MB. */
  readonly memory?: number
}

export async function compare(contenders: readonly Contender[], rounds: number): Promise<Row[]> {
  const trials = new Map<Contender, number[]>(contenders.map((contender) => [contender, []]))
  for (let round = 0; round < rounds; round++) {
    for (const contender of contenders) {
      progress(`round ${round + 1} of ${rounds}: ${contender.name}`)
      trials.get(contender)!.push(await contender.run())
    }
  }
  const rows: Row[] = []
  for (const contender of contenders) {
    progress(`memory: ${contender.name}`)
    const memory = await contender.memory?.()
    rows.push({ ...rowOf(contender.name, trials.get(contender)!), ...(memory !== undefined && { memory }) })
  }
  progress('')
  return rows
}

export const rowOf = (name: string, trials: readonly number[]): Row => ({ name, ...spread(trials), trials })

/** Shows a line on a terminal that the next call replaces. */
export function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`${text}\x1b[K\r`)
}

export function spread(values: readonly number[]): { minimum: number; median: number; maximum: number } {
  const sorted = [...values].sort((a, b) => a - b)
  return { minimum: sorted[0], median: sorted[Math.floor(sorted.length / 2)], maximum: sorted[sorted.length - 1] }
}

/** How a table compares a row with the reference. */
const comparisons = {
  ratio: (own: number, reference: number) => own / reference,
  difference: (own: number, reference: number) => own - reference,
}

/** Data for a record. */
interface Notes {
  /** How many times as many items as usual a trial had, if that can be chosen. */
  readonly scale?: number
  readonly [name: string]: unknown
}

/**
 * Prints and records a table of rows, each compared with a reference.
 *
 * @param notes data for the record; if `files` has the number of files in a trial, the table shows
 *   files per second (from trials in seconds)
 */
export function report(
  title: string,
  unit: string,
  rows: readonly Row[],
  reference: string,
  notes: Notes & { readonly files?: number } = {},
  comparison: keyof typeof comparisons = 'ratio',
): void {
  const base = rows.find((row) => row.name === reference)!
  const { files } = notes
  const hasMemory = rows.some((row) => row.memory !== undefined)
  const lines = rows.map(({ name, minimum, median, maximum, memory }) => [
    name,
    ...[minimum, median, maximum, comparisons[comparison](minimum, base.minimum)].map(show),
    ...(files === undefined ? [] : [show(files / minimum)]),
    ...(hasMemory ? [memory === undefined ? '' : show(memory)] : []),
  ])
  const headings = [
    ...['', 'minimum', 'median', 'maximum', comparison],
    ...(files === undefined ? [] : ['files a second']),
    ...(hasMemory ? ['memory, MB'] : []),
  ]
  keep(title, `${unit}; ${comparison} of minima to ${reference}`, table(headings, lines), {
    unit,
    reference,
    ...notes,
    rows,
  })
}

/** A file of bench/results. The record `Latency` has trials in place of rows. */
export interface Recorded {
  readonly title: string
  /** The unit of the figures, and what they are compared with. */
  readonly caption: string
  /** Lines of Markdown. */
  readonly table: readonly string[]
  readonly machine: ReturnType<typeof machine>
  readonly date: string
  readonly rows: readonly Row[]
}

/**
 * Prints a table, and records it in bench/results with its data, unless its trials had another
 * number of items than usual.
 */
export function keep(title: string, caption: string, lines: readonly string[], data: Notes): void {
  const record = { title, caption, table: lines, machine: machine(), date: new Date().toISOString(), ...data }
  console.log(`\n${title} (${caption})\n\n${lines.join('\n')}`)
  if (data.scale !== undefined && data.scale !== 1) return
  mkdirSync('bench/results', { recursive: true })
  const name = title.toLowerCase().replace(/\W+/g, '-')
  writeFileSync(`bench/results/${name}.json`, `${JSON.stringify(record, null, 2)}\n`)
}

/** Returns the lines of a Markdown table. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`.replaceAll('|  |', '| |')
  return [line(headings), `|${headings.map(() => '---|').join('')}`, ...rows.map(line)]
}

/** Formats a number with three significant digits. */
export const show = (value: number): string => (value >= 999.5 ? String(Math.round(value)) : value.toPrecision(3))

function machine() {
  const { node, v8, uv } = process.versions
  return {
    cpu: cpus()[0]?.model.trim(),
    cores: availableParallelism(),
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    system: `${process.platform} ${release()} ${process.arch}`,
    versions: { node, v8, uv },
  }
}

/**
 * Runs a command to its end. Resolves to its duration in seconds and its stdout. Rejects if it
 * fails.
 */
export function time(
  command: string,
  args: readonly string[],
  options: SpawnOptions = {},
): Promise<{ seconds: number; output: string }> {
  return new Promise((resolve, reject) => {
    const started = process.hrtime.bigint()
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'], ...options })
    let output = ''
    child.stdout?.on('data', (data) => {
      output += data
    })
    child.on('error', reject)
    child.on('close', (code) => {
      const seconds = Number(process.hrtime.bigint() - started) / 1e9
      if (code === 0) resolve({ seconds, output })
      else reject(new Error(`${command} ${args.join(' ')} ended with ${code}`))
    })
  })
}

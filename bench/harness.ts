/**
 * Trials of contenders, interleaved, so that whatever slows the machine for a while slows all of them. Ratios are of minima: fresh
 * memory on a virtual machine slows single trials up to threefold. Medians and spreads stand beside them.
 */

import { type SpawnOptions, spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, release, totalmem } from 'node:os'

export interface Contender {
  readonly name: string
  /** One trial, a process of its own or several. Resolves to what is compared: seconds, or whatever the table says. */
  run(): Promise<number>
  /** One more run, which is not timed. Resolves to the most memory that its process had at once, in MB, where that can be told. */
  memory?(): Promise<number | undefined>
}

export interface Row {
  readonly name: string
  readonly minimum: number
  readonly median: number
  readonly maximum: number
  readonly trials: readonly number[]
  /** MB. */
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
    const own = trials.get(contender)!
    const { minimum, median, maximum } = spread(own)
    rows.push({ name: contender.name, minimum, median, maximum, trials: own, ...(memory !== undefined && { memory }) })
  }
  progress('')
  return rows
}

/** A line that the next one replaces, where a person watches. */
export function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`${text}\x1b[K\r`)
}

export function spread(values: readonly number[]): { minimum: number; median: number; maximum: number } {
  const sorted = [...values].sort((a, b) => a - b)
  return { minimum: sorted[0], median: sorted[Math.floor(sorted.length / 2)], maximum: sorted[sorted.length - 1] }
}

/** What a table says of each row beside its own figures. */
const against = {
  ratio: (own: number, reference: number) => own / reference,
  difference: (own: number, reference: number) => own - reference,
}

/**
 * Prints and keeps a table of rows, each compared with a reference.
 *
 * @param files that a trial works on, for a column of files a second; then trials are seconds
 */
export function report(
  title: string,
  unit: string,
  rows: readonly Row[],
  reference: string,
  notes: { files?: number; [name: string]: unknown } = {},
  comparison: keyof typeof against = 'ratio',
): void {
  const base = rows.find((row) => row.name === reference)!
  const { files } = notes
  const hasMemory = rows.some((row) => row.memory !== undefined)
  const lines = rows.map(({ name, minimum, median, maximum, memory }) => [
    name,
    ...[minimum, median, maximum, against[comparison](minimum, base.minimum)].map(show),
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

/** Prints a table, and keeps it in bench/results with what it was made from. */
export function keep(title: string, caption: string, lines: readonly string[], data: object): void {
  const record = { title, caption, table: lines, machine: machine(), date: new Date().toISOString(), ...data }
  console.log(inMarkdown(record))
  mkdirSync('bench/results', { recursive: true })
  const name = title.toLowerCase().replace(/\W+/g, '-')
  writeFileSync(`bench/results/${name}.json`, `${JSON.stringify(record, null, 2)}\n`)
}

/** What bench/results keeps, as the docs show it. */
export function inMarkdown({ title, caption, table }: { title: string; caption: string; table: readonly string[] }) {
  return `\n${title} (${caption})\n\n${table.join('\n')}`
}

/** Lines of a Markdown table. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`.replaceAll('|  |', '| |')
  return [line(headings), `|${headings.map(() => '---|').join('')}`, ...rows.map(line)]
}

/** Three digits that count. */
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

/** Runs a command to its end; resolves to its seconds and what it wrote to stdout. Rejects if it fails. */
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

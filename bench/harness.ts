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
}

export interface Row {
  readonly name: string
  readonly minimum: number
  readonly median: number
  readonly maximum: number
  readonly trials: readonly number[]
}

export async function compare(contenders: readonly Contender[], rounds: number): Promise<Row[]> {
  const trials = new Map<Contender, number[]>(contenders.map((contender) => [contender, []]))
  for (let round = 0; round < rounds; round++) {
    for (const contender of contenders) {
      if (process.stderr.isTTY) process.stderr.write(`round ${round + 1} of ${rounds}: ${contender.name}\x1b[K\r`)
      trials.get(contender)!.push(await contender.run())
    }
  }
  if (process.stderr.isTTY) process.stderr.write('\x1b[K')
  return contenders.map(({ name }, i) => {
    const sorted = [...trials.get(contenders[i])!].sort((a, b) => a - b)
    const median = sorted[Math.floor(sorted.length / 2)]
    return { name, minimum: sorted[0], median, maximum: sorted[sorted.length - 1], trials: trials.get(contenders[i])! }
  })
}

/** Prints a Markdown table with each row's ratio to a reference, and keeps everything in bench/results. */
export function report(title: string, unit: string, rows: readonly Row[], reference: string, notes: object = {}): void {
  const base = rows.find((row) => row.name === reference)!
  const number = (value: number) => value.toPrecision(3)
  console.log(`\n${title} (${unit}; ratio of minima to ${reference})\n`)
  console.log(`| | minimum | median | maximum | ratio |\n|---|---|---|---|---|`)
  for (const { name, minimum, median, maximum } of rows) {
    const ratio = number(minimum / base.minimum)
    console.log(`| ${name} | ${number(minimum)} | ${number(median)} | ${number(maximum)} | ${ratio} |`)
  }
  mkdirSync('bench/results', { recursive: true })
  const record = { title, unit, machine: machine(), date: new Date().toISOString(), ...notes, rows }
  writeFileSync(
    `bench/results/${title.toLowerCase().replace(/\W+/g, '-')}.json`,
    `${JSON.stringify(record, null, 2)}\n`,
  )
}

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

/**
 * Benchmark of responsiveness: event-loop delay and file reads in a program that adds noise through
 * the library, with Node's default size of libuv's pool. For comparison the same program also runs
 * idle: alone, and beside one spinning process per CPU. The latter shows the effect of the system's
 * scheduler alone.
 */

import { spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { keep, progress, show, spread, table, time } from './harness.js'
import { writeMany } from './many.js'
import { JOBS, Scratch } from './programs.js'
import { writeTalk } from './talk.js'

interface Trial {
  readonly seconds: number
  /** Number of finished outputs. */
  readonly files: number
  /**
   * Median, 99th percentile and maximum in milliseconds. They include the monitor's interval of 1
   * ms.
   */
  readonly delay: readonly number[]
  readonly read: readonly number[]
  readonly delayMean: number
  readonly reads: number
}

const trial = fileURLToPath(new URL('./latency-trial.js', import.meta.url))

export default async function latency(rounds = 3): Promise<void> {
  using scratch = new Scratch()
  const small = scratch.file('small')
  writeFileSync(small, 'small')
  const [talk, short] = ['talk', 'short'].map((name) => scratch.file(name))
  for (const folder of [talk, short]) mkdirSync(folder)
  writeTalk(talk)
  writeMany(short)
  const run = async (backend: string, clean = '', copies = 1): Promise<Trial> => {
    const args = [trial, backend, clean, `${clean}-out`, String(copies), small]
    return JSON.parse((await time(process.execPath, args)).output)
  }
  const contenders: Readonly<Record<string, () => Promise<Trial>>> = {
    idle: () => run('idle'),
    [`idle, beside ${JOBS} spinning processes`]: () => besideSpinning(() => run('idle')),
    'files of four minutes, native': () => run('native', talk, 4),
    'files of four minutes, workers': () => run('workers', talk, 4),
    'files of a second, native': () => run('native', short),
    'files of a second, workers': () => run('workers', short),
  }
  const trials: Record<string, Trial[]> = {}
  for (let round = 0; round < rounds; round++) {
    for (const [name, start] of Object.entries(contenders)) {
      progress(`round ${round + 1} of ${rounds}: ${name}`)
      trials[name] = [...(trials[name] ?? []), await start()]
    }
  }
  const rows = Object.entries(trials).map(([name, own]) => [
    name,
    ...(['delay', 'read'] as const).flatMap((kind) =>
      [0, 1, 2].map((i) => {
        const { median, maximum } = spread(own.map((one) => one[kind][i]))
        return show(i === 2 ? maximum : median)
      }),
    ),
  ])
  const headings = ['', 'loop delay p50', 'p99', 'maximum', 'readFile p50', 'p99', 'maximum']
  const caption = `milliseconds; p50 and p99 are medians of ${rounds} rounds, and the maximum is the largest of all rounds; the loop is checked every millisecond, and this millisecond is part of each delay`
  keep('Latency', caption, table(headings, rows), { jobs: JOBS, trials })
}

/** Runs `run` beside one process per CPU that spins in an endless loop. */
async function besideSpinning<T>(run: () => Promise<T>): Promise<T> {
  const spinning = Array.from({ length: JOBS }, () => spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' }))
  try {
    return await run()
  } finally {
    for (const child of spinning) child.kill()
  }
}

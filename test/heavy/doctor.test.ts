/**
 * Workloads, each made to have certain problems and no others. The doctor must find all of them, and nothing
 * else, every time. Other programs on the machine are a problem that no workload can exclude, so `machine` counts only
 * where it is planted.
 */

import { spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished } from 'vitest'
import { diagnose, Pool, type RunOptions, type RunReport, showDiagnosis, type Verdict } from '../../dist/index.js'
import { numbers } from '../support/sources.js'
import { linuxTest } from '../support/systems.js'
import { diagnosed as task } from '../support/tasks.js'

const REPEATS = 10

/** Rounds of `work` that take about a millisecond. */
const MILLISECOND = 400_000

/** Items of about the same time, all of them different. */
const items = (count: number, milliseconds: number) =>
  numbers(count).map((i) => Math.round(milliseconds * MILLISECOND) + i)

interface Workload {
  /** What the doctor must find. */
  readonly problems: readonly Verdict['subject'][]
  run(pool: Pool, options: RunOptions): Promise<unknown>
}

async function consume(results: AsyncIterable<unknown>, each: () => unknown): Promise<void> {
  for await (const _ of results) await each()
}

const workloads: Readonly<Record<string, Workload>> = {
  'a run that is well done': { problems: [], run: (pool, options) => pool.map(task('work'), items(150, 4), options) },
  'items of 30 us, with chunks that the pool chooses': {
    problems: [],
    run: (pool, options) => pool.map(task('work'), items(20_000, 0.03), options),
  },
  'many calls that wait together': {
    problems: [],
    run: (pool, options) =>
      pool.map(
        task('pause'),
        numbers(4000).map((i) => 10 + i / 1e6),
        { concurrency: 50, ...options },
      ),
  },
  'numbers multiplied by ten': {
    problems: ['overhead'],
    run: (pool, options) => pool.map(task('ten'), numbers(500_000), options),
  },
  'functions in items': {
    problems: ['values'],
    run: (pool, options) =>
      pool.map(
        task('work'),
        items(100, 4).map((n, i) => (i % 20 === 7 ? ((() => n) as never) : n)),
        { errors: 'collect', ...options },
      ),
  },
  'arrays that are sent': {
    problems: ['data'],
    run: (pool, options) =>
      pool.map(
        task('total'),
        numbers(300).map((i) => new Float64Array(200_000).fill(i)),
        options,
      ),
  },
  'a setup in each thread': {
    problems: ['repetition'],
    run: (pool, options) =>
      pool.map(task('work', { setup: 'prepare', data: 600 * MILLISECOND }), items(100, 4), options),
  },
  'equal items': {
    problems: ['repetition'],
    run: (pool, options) =>
      pool.map(
        task('work'),
        numbers(150).map((i) => 4 * MILLISECOND + (i % 5)),
        options,
      ),
  },
  'chunks of one small item': {
    problems: ['chunks'],
    run: (pool, options) => pool.map(task('work'), items(10_000, 0.02), { chunkSize: 1, ...options }),
  },
  'calls that block their threads': {
    problems: ['waiting'],
    run: (pool, options) =>
      pool.map(
        task('block'),
        numbers(60).map((i) => 10 + i / 1e6),
        options,
      ),
  },
  'a slow source': {
    problems: ['source'],
    run: (pool, options) =>
      pool.map(
        task('work'),
        (async function* () {
          for (const item of items(60, 0.5)) {
            await sleep(8)
            yield item
          }
        })(),
        options,
      ),
  },
  'a slow consumer': {
    problems: ['consumer'],
    run: (pool, options) => consume(pool.imap(task('work'), items(150, 4), options), () => sleep(12)),
  },
  'calls that wait one after the other': {
    problems: ['waiting'],
    run: (pool, options) =>
      pool.map(
        task('pause'),
        numbers(100).map((i) => 10 + i / 1e6),
        options,
      ),
  },
  'one giant among small items': {
    problems: ['largest'],
    run: (pool, options) =>
      pool.map(
        task('work'),
        items(100, 1).map((n, i) => (i === 60 ? 600 * MILLISECOND : n)),
        options,
      ),
  },
  'a slow source of large arrays': {
    problems: ['data', 'source'],
    run: (pool, options) =>
      pool.map(
        task('total'),
        (async function* () {
          for (const i of numbers(40)) {
            await sleep(10)
            yield new Float64Array(500_000).fill(i)
          }
        })(),
        options,
      ),
  },
  'programs that use all CPUs': {
    problems: ['machine'],
    run: async (pool, options) => {
      const spinning = numbers(4).map(() => spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' }))
      try {
        await pool.map(task('work'), items(150, 4), options)
      } finally {
        for (const each of spinning) each.kill('SIGKILL')
      }
    },
  },
}

/** What the doctor must find whether functions are called in threads or in processes. */
const inProcesses = [
  'a run that is well done',
  'many calls that wait together',
  'arrays that are sent',
  'a setup in each thread',
  'calls that block their threads',
  'calls that wait one after the other',
  'programs that use all CPUs',
]

const cases = [
  ...Object.keys(workloads).map((name) => [name, 'native'] as const),
  ...inProcesses.map((name) => [name, 'processes'] as const),
]

// The wait for a CPU is measured on Linux.
linuxTest.each(cases)('%s, with the backend %s', async (name, backend) => {
  const { problems, run } = workloads[name]
  const wrong: string[] = []
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    const pool = new Pool({ size: 2, backend })
    // The start of processes takes longer than some of the workloads.
    if (backend === 'processes') await pool.map(task('pause'), [50, 51])
    onTestFinished(() => pool.terminate())
    let report: RunReport | undefined
    await run(pool, {
      onReport: (given) => {
        report = given
      },
    })
    const diagnosis = diagnose(report!, pool.info)
    await pool.close()
    const found = diagnosis.verdicts.filter(({ state }) => state === 'problem').map(({ subject }) => subject)
    const counted = found.filter((subject) => subject !== 'machine' || problems.includes('machine')).sort()
    if (`${counted}` !== `${problems.toSorted()}`) wrong.push(showDiagnosis(diagnosis))
  }
  console.log(`  ${REPEATS - wrong.length} of ${REPEATS} right`)
  expect(wrong).toEqual([])
})

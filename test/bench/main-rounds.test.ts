import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterAll, describe, expect, test } from 'vitest'
import { excludeUnequal } from '../../bench/harness/equal-work.js'
import { parseFlags } from '../../bench/harness/flags.js'
import { loadWarnings, othersDuring } from '../../bench/harness/load.js'
import { fileSystemOf } from '../../bench/harness/machine.js'
import { runProcess } from '../../bench/harness/process.js'
import { Estimate, lineProgress, showLeft } from '../../bench/harness/progress.js'
import type { BenchRecord, Row } from '../../bench/harness/record.js'
import { roomLack } from '../../bench/harness/room.js'
import { inOrder, type RunOptions, runWorkloads } from '../../bench/harness/run.js'
import { Scratch } from '../../bench/harness/scratch.js'
import { isWanted, select } from '../../bench/harness/selection.js'
import { reportedIn } from '../../bench/harness/trial.js'
import { UsageError } from '../../bench/harness/usage-error.js'
import type { Contender, Workload } from '../../bench/harness/workload.js'
import { temporaryFolder } from '../support/folders.js'

const isPosix = process.platform !== 'win32'

const contenderOf = (name: string, script: string, more: Partial<Contender> = {}): Contender => ({
  name,
  label: `the way ${name}`,
  kind: 'noisemill',
  value: 'reported',
  command: ({ scratch, out }) => ({ file: 'sh', args: ['-c', script, scratch.folder, out] }),
  ...more,
})

const saying = (value: number, digest = 'd') => `echo words; echo '{"value":${value},"digest":"${digest}"}'`

const workloadOf = (contenders: readonly Contender[], more: Partial<Workload> = {}): Workload => ({
  name: 'fake',
  title: 'A fake',
  question: 'Does it run?',
  unit: 'ms',
  reference: contenders[0]?.name ?? '',
  work: (size) => `${size} work`,
  needs: () => ({ disk: 0, memory: 0 }),
  contenders: () => contenders,
  ...more,
})

const SILENT = { begin: () => {}, say: () => {}, note: () => {}, clear: () => {} }

const emptyRecord = (): BenchRecord => ({
  format: 'noisemill-bench',
  version: 1,
  size: 'short',
  noisemill: { version: '0.0.0' },
  machine: { cpu: 'C', cores: 1, memory: 1, system: 's', fileSystem: 'f', versions: {} },
  started: '2026-01-01T00:00:00Z',
  workloads: [],
})

const scratches: Scratch[] = []
afterAll(() => {
  for (const scratch of scratches) scratch[Symbol.dispose]()
})

const recordIn = ({ folder }: Scratch, fileSystem = fileSystemOf(folder)): BenchRecord => {
  const record = emptyRecord()
  return { ...record, machine: { ...record.machine, fileSystem } }
}

const DEFAULTS = {
  size: 'short',
  rounds: 3,
  build: '/',
  progress: SILENT,
  estimate: new Estimate([]),
  keep: () => {},
} as const

/** Runs workloads in a folder of their own. */
async function run(workloads: readonly Workload[], options: Partial<RunOptions> = {}): Promise<BenchRecord> {
  const scratch = new Scratch()
  scratches.push(scratch)
  const record = recordIn(scratch)
  await runWorkloads(select(workloads, 'short'), record, scratch, {
    ...DEFAULTS,
    signal: new AbortController().signal,
    ...options,
  })
  return record
}

const valuesOf = ({ workloads: [{ rows }] }: BenchRecord) =>
  Object.fromEntries(rows.map(({ name, trials }) => [name, trials.map(({ value }) => value)]))

const failuresOf = ({ workloads: [{ failed }] }: BenchRecord) =>
  Object.fromEntries(failed.map(({ name, why }) => [name, why]))

describe.skipIf(!isPosix)('rounds (need sh)', () => {
  test('run every contender once, in an order that changes', async () => {
    const order: string[] = []
    const contenders = ['a', 'b', 'c'].map((name, i) => contenderOf(name, saying(i)))
    const workload = workloadOf(contenders, {
      verify: async () => '',
      contenders: () =>
        contenders.map((contender) => ({
          ...contender,
          command: (place) => {
            order.push(contender.name)
            return contender.command(place)
          },
        })),
    })
    const record = await run([workload], { rounds: 4 })
    expect(valuesOf(record)).toEqual({ a: [0, 0, 0, 0], b: [1, 1, 1, 1], c: [2, 2, 2, 2] })
    expect(order.slice(0, 6)).toEqual(['a', 'b', 'c', 'c', 'b', 'a'])
    expect(record.workloads[0]).toMatchObject({ work: 'short work', failed: [], missing: [] })
  })

  test('measure the whole process in the unit of the workload', async () => {
    const whole = contenderOf('whole', 'echo no figures', { value: 'whole', scale: 1000 })
    const trialOf = async (more: Partial<Workload>) =>
      (await run([workloadOf([whole], more)], { rounds: 1 })).workloads[0].rows[0].trials[0]
    const trial = await trialOf({ showsCores: true })
    expect(trial.value).toBeCloseTo(1000 * trial.seconds, 9)
    expect(trial.cores?.use.length).toBeGreaterThan(0)
    expect(await trialOf({})).not.toHaveProperty('cores')
  })

  test('name contenders that fail, and go on with the others', async () => {
    const record = await run([
      workloadOf([
        contenderOf('good', saying(1)),
        contenderOf('exits', 'echo first >&2; echo the reason >&2; exit 3'),
        contenderOf('silent', 'true'),
        contenderOf('negative', saying(-1)),
        contenderOf('absent', '', { command: () => ({ file: '/nowhere/program', args: [] }) }),
        contenderOf('signal', 'kill -9 $$'),
      ]),
    ])
    expect(valuesOf(record)).toEqual({ good: [1, 1, 1] })
    expect(failuresOf(record)).toEqual({
      exits: 'ended with 3: the reason',
      silent: 'did not report its time, but: ',
      negative: 'reported no valid time: {"value":-1,"digest":"d"}',
      absent: expect.stringMatching(/ended with 127|ENOENT/),
      signal: expect.stringMatching(/ended with (137|SIGKILL)/),
    })
  })

  test('take out a contender that fails later, with its earlier trials', async () => {
    const later = contenderOf('later', `test -e "$0/seen" && exit 1; touch "$0/seen"; ${saying(1)}`)
    const record = await run([workloadOf([contenderOf('good', saying(1)), later])])
    expect(valuesOf(record)).toEqual({ good: [1, 1, 1] })
    expect(failuresOf(record)).toEqual({ later: 'ended with 1' })
  })

  test('take out contenders that did less than their work', async () => {
    const files = (names: string) =>
      contenderOf(names.replaceAll(' ', '-'), `cd "$1" && touch ${names}`, { value: 'whole', outputs: 'files' })
    const workload = workloadOf([files('x y'), files('x')], {
      verify: async ({ out }) => {
        if (!existsSync(path.join(out, 'y'))) throw new Error('wrote 1 file instead of 2')
        return 'digest'
      },
    })
    const record = await run([workload])
    expect(Object.keys(valuesOf(record))).toEqual(['x-y'])
    expect(failuresOf(record)).toEqual({ x: 'wrote 1 file instead of 2' })
  })

  test('take out contenders whose outputs differ from those of the others, or from their own', async () => {
    const same = { outputs: 'same' }
    const record = await run([
      workloadOf([
        contenderOf('other', saying(1, 'x'), same),
        contenderOf('one', saying(2), same),
        contenderOf('two', saying(3), same),
        contenderOf('free', saying(4, 'z')),
        contenderOf('random', `echo '{"value":5,"digest":"'$$'"}'`, { outputs: 'alone' }),
        contenderOf('none', `echo '{"value":6}'`, { outputs: 'no digest' }),
      ]),
    ])
    expect(Object.keys(valuesOf(record))).toEqual(['one', 'two', 'free'])
    expect(failuresOf(record)).toEqual({
      other: 'its outputs differ from those of the way one',
      random: 'its outputs differ between its trials',
      none: 'it reports no digest of its outputs',
    })
  })

  test('begin with an empty folder for outputs', async () => {
    const only = contenderOf('only', `test -z "$(ls "$1")" && touch "$1/file" && ${saying(1)}`)
    expect(valuesOf(await run([workloadOf([only])]))).toEqual({ only: [1, 1, 1] })
  })

  test('name what is missing, with the command that installs it', async () => {
    const missing = async () => ({ what: 'sox', install: 'apt-get install sox' })
    const record = await run([workloadOf([contenderOf('good', saying(1)), contenderOf('sox', 'false', { missing })])])
    expect(record.workloads[0].missing).toEqual([
      { name: 'sox', label: 'the way sox', what: 'sox', install: 'apt-get install sox' },
    ])
    expect(failuresOf(record)).toEqual({})
  })

  test('go on if it cannot be found out what is missing', async () => {
    const missing = async () => {
      throw new Error('no answer')
    }
    const record = await run([workloadOf([contenderOf('good', saying(1)), contenderOf('odd', 'true', { missing })])])
    expect(valuesOf(record)).toEqual({ good: [1, 1, 1] })
    expect(failuresOf(record)).toEqual({ odd: 'no answer' })
  })

  test('skip a workload without room, and say why', async () => {
    const workload = workloadOf([contenderOf('a', saying(1))], { needs: () => ({ disk: 1e18, memory: 0 }) })
    const record = await run([workload])
    expect(record.workloads[0].skipped).toMatch(/^needs 1000000 TB of disk, and .* has /)
    expect(record.workloads[0].rows).toEqual([])
  })

  test('say where their files are, if that is not where those of others are', async () => {
    const scratch = new Scratch()
    scratches.push(scratch)
    const record = recordIn(scratch, 'elsewhere')
    await runWorkloads(select([workloadOf([contenderOf('a', saying(1))])], 'short'), record, scratch, {
      ...DEFAULTS,
      signal: new AbortController().signal,
    })
    expect(record.workloads[0].work).toBe(`short work, on ${fileSystemOf(scratch.folder)}`)
  })

  test('go on with other workloads if inputs cannot be made', async () => {
    const broken = workloadOf([contenderOf('a', saying(1))], {
      prepare: async () => {
        throw new Error('no room')
      },
    })
    const record = await run([broken, workloadOf([contenderOf('b', saying(1))], { name: 'next' })])
    expect(failuresOf(record)).toEqual({ a: 'its inputs could not be made: no room' })
    expect(record.workloads[1].rows).toHaveLength(1)
  })

  test('are kept after each workload', async () => {
    let kept = 0
    const workloads = ['one', 'two'].map((name) => workloadOf([contenderOf('a', saying(1))], { name }))
    await run(workloads, { keep: () => kept++ })
    expect(kept).toBe(2)
  })

  /** A contender that moves a clock forward, and the deadlines by that clock. */
  const clock = (oneRound: number, end: number) => {
    let now = 0
    const slow = (name: string, seconds: number): Contender =>
      contenderOf(name, '', {
        command: () => {
          now += seconds
          return { file: 'sh', args: ['-c', saying(1)] }
        },
      })
    return { slow, deadline: { oneRound, end, elapsed: () => now } }
  }

  test('become one when the time is over, and then none', async () => {
    const { slow, deadline } = clock(100, 170)
    const workloads = ['one', 'two', 'three'].map((name) => workloadOf([slow('a', 60)], { name }))
    const record = await run(workloads, { deadline })
    expect(record.isCutShort).toBe(true)
    expect(record.workloads.map(({ rounds, rows }) => [rounds, rows[0]?.trials.length])).toEqual([
      [2, 2],
      [1, 1],
      [undefined, undefined],
    ])
    expect(record.workloads[2].skipped).toContain("--filter '^three$'")
  })

  test('end in their middle when the time is over, also the first', async () => {
    const { slow, deadline } = clock(100, 170)
    const workloads = ['one', 'two'].map((name) =>
      workloadOf(
        ['a', 'b', 'c'].map((way) => slow(way, 30)),
        { name },
      ),
    )
    const record = await run(workloads, { deadline })
    expect(record.workloads.map(({ rounds, rows }) => [rounds, rows.map(({ trials }) => trials.length)])).toEqual([
      [1, [1, 1, 2]],
      [0, [1, 1]],
    ])
    expect(record.workloads.flatMap(({ failed }) => failed)).toEqual([])
  })

  test('do not wait for a trial longer than there is time, and do not call it failed', async () => {
    const started = performance.now()
    const deadline = { oneRound: 0.5, end: 1, elapsed: () => (performance.now() - started) / 1000 }
    const record = await run([workloadOf([contenderOf('endless', 'sleep 600')])], { deadline })
    expect(record.workloads[0]).toMatchObject({ rounds: 0, rows: [], failed: [] })
    expect(record.isCutShort).toBe(true)
  })

  test('keep all finished trials when they are interrupted, also of the workload that is being run', async () => {
    const stop = new AbortController()
    const record = emptyRecord()
    const scratch = new Scratch()
    scratches.push(scratch)
    const running = runWorkloads(
      select([workloadOf([contenderOf('quick', saying(1)), contenderOf('slow', 'sleep 60')])], 'short'),
      record,
      scratch,
      {
        size: 'short',
        rounds: 3,
        build: '/',
        signal: stop.signal,
        progress: { ...SILENT, say: (text) => text.includes('slow') && stop.abort(new Error('stopped')) },
        estimate: new Estimate([]),
        keep: () => {},
      },
    )
    await expect(running).rejects.toThrow('stopped')
    expect(valuesOf(record)).toEqual({ quick: [1] })
    expect(failuresOf(record)).toEqual({})
  })

  test('do not begin if a signal came while the inputs were made', async () => {
    const stop = new AbortController()
    const onSignal = () => stop.abort(new Error('stopped'))
    process.once('SIGUSR2', onSignal)
    const begun: string[] = []
    const workload = workloadOf([contenderOf('a', saying(1))], {
      // It holds the thread, as most do.
      prepare: async () => void spawnSync('sh', ['-c', `kill -USR2 ${process.pid}; sleep 0.1`]),
    })
    const progress = { ...SILENT, say: (text: string) => begun.push(text) }
    await expect(run([workload], { signal: stop.signal, progress })).rejects.toThrow('stopped')
    expect(begun).toEqual(['A fake: making the inputs'])
  })
})

describe.skipIf(!isPosix)('processes (need sh)', () => {
  const isAlive = (pid: number): boolean => {
    try {
      process.kill(pid, 0)
      // A process that nobody has waited for is dead too.
      return process.platform !== 'linux' || !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
    } catch {
      return false
    }
  }

  async function expectDead(file: string): Promise<void> {
    const pids = readFileSync(file, 'utf8').trim().split('\n').map(Number)
    expect(pids.length).toBeGreaterThan(0)
    while (pids.some(isAlive)) await setTimeout(10)
  }

  const ENDLESS = 'sleep 600 & echo $! >> pids; echo $$ >> pids; wait'

  test('are killed with all that they started when the limit is over', async () => {
    const cwd = temporaryFolder()
    await expect(runProcess('sh', ['-c', ENDLESS], { cwd, limit: 10 })).rejects.toThrow(
      /did not end within 10 s, and was killed/,
    )
    await expectDead(path.join(cwd, 'pids'))
  })

  test('are killed with all that they started by the signal', async () => {
    const cwd = temporaryFolder()
    const stop = new AbortController()
    const running = runProcess('sh', ['-c', ENDLESS], { cwd, signal: stop.signal })
    while (!existsSync(path.join(cwd, 'pids'))) await setTimeout(10)
    stop.abort(new Error('stopped'))
    await expect(running).rejects.toThrow('stopped')
    await expectDead(path.join(cwd, 'pids'))
  })

  test('leave nothing behind that disturbs the next one', async () => {
    const cwd = temporaryFolder()
    const ended = await runProcess('sh', ['-c', 'sleep 600 & echo $! > pids; echo done'], { cwd })
    expect(ended).toMatchObject({ code: 0, stdout: 'done\n' })
    await expectDead(path.join(cwd, 'pids'))
  })

  test('that cannot be started say so', async () => {
    await expect(runProcess('/nowhere/program', [], { cwd: '/' })).rejects.toThrow('ENOENT')
  })
})

describe('what a process reports', () => {
  test.each(['', 'words', 'null', '3', '{}', '{"value":null}', '{"value":"1"}', '{"value":1e999}', '{"value":-1}'])(
    'must be a time: %j is refused',
    (line) => expect(() => reportedIn(`first\n${line}\n`)).toThrow(/^(did not report|reported no valid)/),
  )

  test('is the last line', () => expect(reportedIn('words\n{"value":2,"digest":"d"}\n').value).toBe(2))
})

describe('equal work', () => {
  const rowOf = (name: string, ...digests: string[]): Row => ({
    name,
    label: name,
    kind: 'noisemill',
    trials: digests.map((digest) => ({ value: 1, seconds: 1, digest })),
  })
  const exclude = (reference: string, ...rows: Row[]) => {
    const done = { reference, rows, failed: [] as { name: string; label: string; why: string }[] }
    excludeUnequal(
      done,
      rows.map(({ name }) => contenderOf(name, '', { outputs: 'same' })),
    )
    return done.failed.map(({ name }) => name)
  }

  test('is that of most contenders', () => {
    expect(exclude('a', rowOf('a', 'x'), rowOf('b', 'y'), rowOf('c', 'y'))).toEqual(['a'])
  })

  test('is that of the reference, or of the first one, if there is no majority', () => {
    expect(exclude('b', rowOf('a', 'x'), rowOf('b', 'y'))).toEqual(['a'])
    expect(exclude('elsewhere', rowOf('a', 'x'), rowOf('b', 'y'))).toEqual(['b'])
  })

  test('does not count contenders that contradict themselves', () => {
    expect(exclude('a', rowOf('a', 'x', 'y'), rowOf('b', 'x', 'z'), rowOf('c', 'y'))).toEqual(['a', 'b'])
  })
})

describe('orders of rounds', () => {
  test('come in pairs that mirror each other', () => {
    const items = ['a', 'b', 'c', 'd', 'e']
    expect(inOrder(items, 0)).toEqual(items)
    for (const round of [0, 2, 4, 6]) expect(inOrder(items, round + 1)).toEqual(inOrder(items, round).reverse())
    expect(inOrder(items, 2)).not.toEqual(items)
    expect(inOrder([], 3)).toEqual([])
  })
})

describe('selection', () => {
  const workload = workloadOf([
    contenderOf('quick', ''),
    contenderOf('slow', '', { isOnlyInFull: true }),
    contenderOf('other', ''),
  ])
  const names = (size: 'short' | 'full', ...filters: RegExp[]) =>
    select([workload], size, filters).flatMap(({ contenders }) => contenders.map(({ name }) => name))

  test('is by workload, or by workload and contender', () => {
    expect(names('short')).toEqual(['quick', 'other'])
    expect(names('full')).toEqual(['quick', 'slow', 'other'])
    expect(names('full', /^fake$/)).toEqual(['quick', 'slow', 'other'])
    expect(names('full', /fake\/slow/, /other/)).toEqual(['slow', 'other'])
    expect(names('short', /slow/)).toEqual([])
  })
})

describe('room', () => {
  const room = { disk: 1e9, memory: 1e9, isInMemory: false }

  test('is enough, or the lack is named', () => {
    expect(roomLack({ disk: 1e9, memory: 1e9 }, '/x', room)).toBeUndefined()
    expect(roomLack({ disk: 2e9, memory: 0 }, '/x', room)).toBe('needs 2.0 GB of disk, and /x has 1.0 GB')
    expect(roomLack({ disk: 0, memory: 2e9 }, '/x', room)).toBe('needs 2.0 GB of memory, and 1.0 GB are free')
  })

  test('counts files as memory where the disk is memory', () => {
    expect(roomLack({ disk: 6e8, memory: 6e8 }, '/x', room)).toBeUndefined()
    expect(roomLack({ disk: 6e8, memory: 6e8 }, '/x', { ...room, isInMemory: true })).toContain('1.2 GB of memory')
  })
})

describe('load', () => {
  const trials = (others: number | undefined, seconds: number) => [
    { value: 1, seconds, ...(others !== undefined && { others }) },
  ]

  test('counts long trials more', () => {
    expect(othersDuring([...trials(0.5, 1), ...trials(0.1, 3)])).toBeCloseTo(0.2)
    expect(othersDuring(trials(undefined, 1))).toBeUndefined()
  })

  test('is said if it was high before or during a workload', () => {
    const workload = (others: number) => ({
      ...emptyRecord(),
      name: 'talk',
      title: 't',
      question: 'q',
      unit: 's' as const,
      reference: 'a',
      work: 'w',
      missing: [],
      failed: [],
      rows: [{ name: 'a', label: 'a', kind: 'node' as const, trials: trials(others, 1) }],
    })
    expect(loadWarnings({ busyBefore: 0.01, workloads: [workload(0.02)] })).toEqual([])
    expect(loadWarnings({ busyBefore: 0.4, workloads: [workload(0.3)] })).toEqual([
      'The machine was busy before the first trial: other programs used 40 % of its CPUs.',
      'Other programs used CPUs during these workloads, so their figures are less certain: talk (30 %).',
    ])
  })
})

describe('progress', () => {
  const shown = (screen: { isTTY?: boolean; columns?: number }) => {
    let text = ''
    const progress = lineProgress({
      ...screen,
      write: (more) => {
        text += more
      },
    })
    progress.begin('begin')
    progress.say('detail')
    progress.note('note')
    progress.clear()
    return text
  }

  test('replaces one line on a terminal', () => {
    expect(shown({ isTTY: true, columns: 80 })).toContain('\rdetail\x1b[K')
  })

  test('has plain lines elsewhere', () => {
    expect(shown({})).toBe('begin\nnote\n')
    expect(shown({ isTTY: true, columns: 0 })).toBe('begin\nnote\n')
  })

  test('estimates what is left by what trials took', () => {
    const estimate = new Estimate(['a/x', 'a/y', 'b/x', 'a/x', 'a/y', 'b/x'])
    expect(estimate.secondsLeft()).toBeUndefined()
    estimate.add('a/x', 2)
    expect(estimate.secondsLeft()).toBe(10)
    estimate.add('a/y', 4)
    expect(estimate.secondsLeft()).toBe(2 + 4 + 3 + 3)
    estimate.drop((name) => name === 'b/x')
    expect(estimate.secondsLeft()).toBe(6)
  })

  test('shows seconds, then minutes', () => {
    expect([undefined, 0.1, 42, 600].map(showLeft)).toEqual([
      '',
      ', about 1 s left',
      ', about 42 s left',
      ', about 10 min left',
    ])
  })
})

describe('flags', () => {
  test('are parsed', () => {
    expect(parseFlags(['--full', '--rounds', '9', '--filter', 'a', 'b', '--filter', '^c$'])).toEqual({
      full: true,
      rounds: 9,
      filter: [/a/, /b/, /^c$/],
    })
    expect(parseFlags(['--against', 'main', '--threshold', '2.5'])).toEqual({ against: 'main', threshold: 2.5 })
    expect(parseFlags(['--help'])).toEqual({ help: expect.stringContaining('--against') })
  })

  test.each([
    '--bogus',
    'word',
    '--rounds',
    '--rounds 0',
    '--rounds 1e3',
    '--rounds 2.5',
    '--rounds NaN',
    '--rounds 1001',
    '--filter (',
    '--threshold 5',
    '--against x --threshold -1',
    '--against x --full',
    '--against x --list',
  ])('are refused: %s', (line) => expect(() => parseFlags(line.split(' '))).toThrow(UsageError))
})

test('a temporary folder that cannot be made is said', () => {
  const file = path.join(temporaryFolder(), 'file')
  writeFileSync(file, '')
  const { NOISEMILL_BENCH_DIR: before } = process.env
  process.env.NOISEMILL_BENCH_DIR = file
  try {
    expect(() => new Scratch()).toThrow(UsageError)
  } finally {
    if (before === undefined) delete process.env.NOISEMILL_BENCH_DIR
    else process.env.NOISEMILL_BENCH_DIR = before
  }
})

test('programs are not compiled into memory, and are removed with the rest', () => {
  const folder = temporaryFolder()
  let program: string
  {
    using scratch = new Scratch(0, folder)
    program = scratch.program('x')
    writeFileSync(program, '')
    expect(path.dirname(path.dirname(program))).toBe(tmpdir())
    expect(scratch.program('x')).toBe(program)
  }
  expect(existsSync(path.dirname(program))).toBe(false)
  expect(readdirSync(folder)).toEqual([])
})

test('files are in memory only where it has room, and the inputs of the workload before are removed', () => {
  const { NOISEMILL_BENCH_DIR: before } = process.env
  delete process.env.NOISEMILL_BENCH_DIR
  try {
    using scratch = new Scratch()
    const first = scratch.inputs
    writeFileSync(path.join(first, 'file'), '')
    scratch.begin({ disk: 1e18, memory: 0 })
    expect(path.dirname(scratch.folder)).toBe(tmpdir())
    expect(readdirSync(scratch.inputs)).toEqual([])
    expect(existsSync(path.join(first, 'file'))).toBe(false)
    scratch.begin({ disk: 0, memory: 1e18 })
    expect(path.dirname(scratch.folder)).toBe(tmpdir())
    scratch.begin({ disk: 0, memory: 0 })
    expect(scratch.inputs).toBe(first)
    expect(readdirSync(first)).toEqual([])
  } finally {
    if (before !== undefined) process.env.NOISEMILL_BENCH_DIR = before
  }
})

test('a filter matches a workload, or one of its contenders', () => {
  const matches = (filter: RegExp) => ['start/pool', 'pool/items'].filter((name) => isWanted(name, [/^none$/, filter]))
  expect(matches(/^start$/)).toEqual(['start/pool'])
  expect(matches(/^pool$/)).toEqual(['pool/items'])
  expect(matches(/^start\/pool$/)).toEqual(['start/pool'])
  expect(matches(/pool/)).toEqual(['start/pool', 'pool/items'])
  expect(isWanted('start/pool')).toBe(true)
})

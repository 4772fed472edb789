/** Runs that end because of a signal or a closed pipe. */

import path from 'node:path'
import { expect, test } from 'vitest'
import { describeBackends } from '../support/backends.js'
import { filesOf, writeFiles, writeLongInputs } from '../support/files.js'
import { filesBelow, hashesBelow, isTemporary, temporaryFolder } from '../support/folders.js'
import { type Ended, hasEnded, jsonOf, linesOf, noisemill, rowsOf, startNoisemill } from '../support/programs.js'
import { posixTest } from '../support/systems.js'
import { inTime, until } from '../support/waiting.js'
import { pcm16 } from '../support/wav.js'

/** Far more than are usually done by the time that a run is ended. */
const FILES = 150

function workplace(files: number): string {
  const cwd = temporaryFolder()
  writeLongInputs(path.join(cwd, 'in'), files)
  return cwd
}

const levels = ['--sigma', '0.1', '--seed', 'signals']

interface Midway extends Ended {
  readonly cwd: string
  /** How many files there are. */
  readonly files: number
}

/** Ends a run over many files of 4 MB by these signals, once some are done and one is being written. */
const endedMidway = (flags: readonly string[], ...signals: readonly NodeJS.Signals[]): Promise<Midway> =>
  inTime(FILES, async (files) => {
    const cwd = workplace(files)
    const running = startNoisemill(['add', 'in', '--out', 'out', ...levels, ...flags], { cwd })
    const out = path.join(cwd, 'out')
    let isSaid = false
    running.child.stdout.once('data', () => {
      isSaid = true
    })
    await until(() => hasEnded(running) || (isSaid && filesBelow(out).some(isTemporary)))
    for (const signal of signals) running.child.kill(signal)
    const ended = await running.ended
    const done = filesBelow(out).filter((name) => !isTemporary(name))
    return done.length === files ? undefined : { ...ended, cwd, files }
  })

/** No temporary file is there, every final one is what an undisturbed run makes of it, and stderr says how many they are. */
async function expectWholeFiles({ cwd, files, stderr }: Midway): Promise<void> {
  const hashes = hashesBelow(path.join(cwd, 'out'))
  const names = Object.keys(hashes)
  expect(names.filter(isTemporary)).toEqual([])
  expect(names.length).toBeGreaterThan(0)
  expect(names.length).toBeLessThan(files)
  const again = ['add', ...names.map((name) => `in/${name}`), '--root', 'in', '--out', 'undisturbed', ...levels]
  expect((await noisemill(again, { cwd })).code).toBe(0)
  expect(hashes).toEqual(hashesBelow(path.join(cwd, 'undisturbed')))
  expect(stderr).toBe(interrupted(names.length, files - names.length))
}

const interrupted = (done: number, left: number) =>
  `noisemill: interrupted; ${done} ${done === 1 ? 'file' : 'files'} done, ${left} left to do. ` +
  'Run the same command with --resume to go on.\n'

describeBackends('a run', (backend) => {
  const flags = ['--backend', backend, '--jobs', '1']

  posixTest.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)(
    'that %s ends exits with %i, and leaves whole files only (needs POSIX signals)',
    async (signal, expected) => {
      const ended = await endedMidway(flags, signal)
      expect(ended.code).toBe(expected)
      expect(linesOf(ended.stdout).at(-1)).toMatch(/^\d+ done: .* seed signals$/)
      await expectWholeFiles(ended)
    },
  )

  // `timeout`, `npx` and others pass a signal on to a child that has had it from the terminal or its group already.
  posixTest('leaves whole files only where a second signal follows the first (needs POSIX signals)', async () => {
    const ended = await endedMidway(flags, 'SIGINT', 'SIGTERM')
    expect([130, 143]).toContain(ended.code)
    await expectWholeFiles(ended)
  })

  test.each(['stdout', 'stderr'] as const)('ends quietly where nobody reads its %s any more', async (stream) => {
    const cwd = workplace(20)
    // Each pair says something on both streams; one thread fails the missing ones while the other writes.
    const inputs = Array.from({ length: 20 }, (_, i) => [`missing${i}.wav`, `in/${i}.wav`]).flat()
    const twoThreads = ['--backend', backend, '--jobs', '2', '--chunk-size', '1']
    const running = startNoisemill(['add', ...inputs, '--out', 'out', ...levels, ...twoThreads], { cwd })
    running.child[stream].on('data', () => running.child[stream].destroy())
    const { code, stderr } = await running.ended
    // Not by a signal.
    expect(code).toEqual(expect.any(Number))
    expect(linesOf(stderr).filter((line) => !line.startsWith('noisemill: '))).toEqual([])
    expect(filesBelow(path.join(cwd, 'out')).filter(isTemporary)).toEqual([])
  })

  // One output after another, these would take minutes to compare with the inputs before the first result.
  posixTest.each([
    ['elsewhere', 'out'],
    ['beside an input', 'one'],
  ])('over many copies of many files can be interrupted, with outputs %s (needs POSIX signals)', async (_, out) => {
    const cwd = temporaryFolder()
    writeFiles(cwd, {
      'one/a.wav': pcm16(100),
      ...filesOf(
        Array.from({ length: 100 }, (_, i) => `in/${i}.wav`),
        100,
      ),
    })
    const args = ['add', 'in', 'one/a.wav', '--out', out, ...levels, ...flags, '--copies', '1000000', '--dry-run']
    const running = startNoisemill(args, { cwd })
    running.child.stdout.once('data', () => running.child.kill('SIGINT'))
    const { code, stderr } = await running.ended
    expect([code, stderr]).toEqual([130, 'noisemill: interrupted.\n'])
  })

  posixTest(
    'that is interrupted says the same on stdout and in the report, and all that is so (needs POSIX signals)',
    async () => {
      const { cwd, count, ended } = await inTime(500, async (count) => {
        const cwd = temporaryFolder()
        // Short ones, of which many go in one trip, so that some are done while others are being told of.
        writeFiles(cwd, Object.fromEntries(Array.from({ length: count }, (_, i) => [`in/${i}.wav`, pcm16(100)])))
        const args = ['add', 'in', '--out', 'out', ...levels, ...flags, '--json', '--report', 'r.jsonl']
        const running = startNoisemill(args, { cwd })
        running.child.stdout.once('data', () => running.child.kill('SIGINT'))
        const ended = await running.ended
        return jsonOf(ended).summary.done === count ? undefined : { cwd, count, ended }
      })
      const { files, summary } = jsonOf(ended)
      expect([ended.code, ended.stderr]).toEqual([130, interrupted(files.length, count - files.length)])
      expect(rowsOf(path.join(cwd, 'r.jsonl')).map((row) => ({ type: 'file', ...row }))).toEqual(files)
      expect(summary).toMatchObject({ type: 'summary', done: files.length, failed: 0 })
      const told = files.map(({ output }) => path.basename(String(output)))
      expect(told.sort()).toEqual(filesBelow(path.join(cwd, 'out')))
      expect(filesBelow(path.join(cwd, 'out'))).toEqual(expect.arrayContaining(files.map(({ key }) => key)))
    },
  )
})

test.each(['info', 'info --json', '--help', 'add --help'])('%s ends quietly where nobody reads it', async (args) => {
  const running = startNoisemill(args.split(' '))
  running.child.stdout.destroy()
  expect((await running.ended).stderr).toBe('')
})

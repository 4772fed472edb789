/** Runs that end because of a signal or a closed pipe. */

import path from 'node:path'
import { expect, test } from 'vitest'
import { describeBackends } from '../support/backends.js'
import { filesOf, writeFiles, writeLongInputs } from '../support/files.js'
import { filesBelow, hashesBelow, isTemporary, temporaryFolder } from '../support/folders.js'
import { jsonOf, linesOf, noisemill, type Running, rowsOf, startNoisemill } from '../support/programs.js'
import { posixTest } from '../support/systems.js'
import { until } from '../support/waiting.js'
import { pcm16 } from '../support/wav.js'

/** Far more than are done by the time that a run is ended. */
const FILES = 150

function workplace(): string {
  const cwd = temporaryFolder()
  writeLongInputs(path.join(cwd, 'in'), FILES)
  return cwd
}

const levels = ['--sigma', '0.1', '--seed', 'signals']

/** Starts a run over many files of 4 MB; resolves once some are done and one is being written. */
async function midway(cwd: string, ...flags: string[]): Promise<Running> {
  const running = startNoisemill(['add', 'in', '--out', 'out', ...levels, ...flags], { cwd })
  const out = path.join(cwd, 'out')
  let isSaid = false
  running.child.stdout.once('data', () => {
    isSaid = true
  })
  await until(() => isSaid && filesBelow(out).some(isTemporary), running)
  return running
}

/**
 * No temporary file is there, every final one is what an undisturbed run makes of it, and `stderr` says how many they
 * are.
 */
async function expectWholeFiles(cwd: string, stderr?: string): Promise<void> {
  const hashes = hashesBelow(path.join(cwd, 'out'))
  const names = Object.keys(hashes)
  expect(names.filter(isTemporary)).toEqual([])
  expect(names.length).toBeGreaterThan(0)
  expect(names.length).toBeLessThan(FILES)
  const again = ['add', ...names.map((name) => `in/${name}`), '--root', 'in', '--out', 'undisturbed', ...levels]
  expect((await noisemill(again, { cwd })).code).toBe(0)
  expect(hashes).toEqual(hashesBelow(path.join(cwd, 'undisturbed')))
  if (stderr !== undefined) expect(stderr).toBe(interrupted(names.length, FILES - names.length))
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
      const cwd = workplace()
      const running = await midway(cwd, ...flags)
      running.child.kill(signal)
      const { code, stdout, stderr } = await running.ended
      expect(code).toBe(expected)
      expect(linesOf(stdout).at(-1)).toMatch(/^\d+ done: .* seed signals$/)
      await expectWholeFiles(cwd, stderr)
    },
  )

  // `timeout`, `npx` and others pass a signal on to a child that has had it from the terminal or its group already.
  posixTest('leaves whole files only where a second signal follows the first (needs POSIX signals)', async () => {
    const cwd = workplace()
    const running = await midway(cwd, ...flags)
    running.child.kill('SIGINT')
    running.child.kill('SIGTERM')
    const { code, stderr } = await running.ended
    expect([130, 143]).toContain(code)
    await expectWholeFiles(cwd, stderr)
  })

  test.each(['stdout', 'stderr'] as const)('ends quietly where nobody reads its %s any more', async (stream) => {
    const cwd = workplace()
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
      const cwd = temporaryFolder()
      // Short ones, of which many go in one trip, so that some are done while others are being told of.
      writeFiles(cwd, Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`in/${i}.wav`, pcm16(100)])))
      const args = ['add', 'in', '--out', 'out', ...levels, ...flags, '--json', '--report', 'r.jsonl']
      const running = startNoisemill(args, { cwd })
      running.child.stdout.once('data', () => running.child.kill('SIGINT'))
      const ended = await running.ended
      const { files, summary } = jsonOf(ended)
      expect([ended.code, ended.stderr]).toEqual([130, interrupted(files.length, 500 - files.length)])
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

import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { type AgainstRecord, againstLines, exitCode, type MeasuredRow } from '../../bench/harness/against-run.js'
import { describeBuilds, findTarget, makeBuilds } from '../../bench/harness/builds.js'
import type { ComparedRow } from '../../bench/harness/compared.js'
import { Scratch } from '../../bench/harness/scratch.js'
import { Stepper } from '../../bench/harness/steps.js'
import type { RowVerdict, Verdict } from '../../bench/harness/verdict.js'
import type { Place } from '../../bench/harness/workload.js'
import { againstRows } from '../../bench/workloads/against.js'
import { root, temporaryFolder, temporaryIn } from '../support/folders.js'
import { type Ended, start } from '../support/programs.js'

const never = new AbortController().signal
const options = { signal: never, say: () => {} }

/** Something that loads like noisemill, and does nothing, as a tarball of npm has it. */
function fakePackage(folder: string, dependencies: Record<string, string> = {}): string {
  const target = path.join(folder, 'package')
  mkdirSync(path.join(target, 'dist'), { recursive: true })
  writeFileSync(
    path.join(target, 'package.json'),
    JSON.stringify({ name: 'noisemill', version: '0.0.1', type: 'module', dependencies }),
  )
  writeFileSync(
    path.join(target, 'dist/index.js'),
    `export class Pool { info = { backend: 'none', kernel: 'fake', instructionSet: null } }\n`,
  )
  return target
}

describe('what --against names', () => {
  test('is a tarball, a folder or a commit', async () => {
    const folder = temporaryFolder()
    const file = path.join(folder, 'x.tgz')
    writeFileSync(file, '')
    expect(await findTarget(file, never)).toEqual({ kind: 'tarball', path: file })
    const fake = fakePackage(folder)
    expect(await findTarget(fake, never)).toEqual({ kind: 'folder', path: fake })
  })

  test.skipIf(!existsSync(path.join(root, '.git')))('may be a commit (needs the clone)', async () => {
    const commit = execFileSync('git', ['rev-parse', 'HEAD'], { cwd: root, encoding: 'utf8' }).trim()
    expect(await findTarget('HEAD', never)).toEqual({ kind: 'ref', commit })
  })

  test.each(['nothing-of-this-name', '-x', '--help', 'HEAD:lib', ''])('is not %j', async (name) => {
    await expect(findTarget(name, never)).rejects.toThrow('no commit of this clone')
  })
})

describe('two builds', () => {
  test('of a folder: lie in paths of the same length, and say what computes their noise', async () => {
    const [folder, given] = [temporaryFolder(), temporaryFolder()]
    const builds = await makeBuilds({ kind: 'folder', path: fakePackage(given) }, folder, options)
    expect(builds.before.length).toBe(builds.now.length)
    expect(readFileSync(path.join(builds.now, 'dist/index.js'))).toEqual(readFileSync(path.join(root, 'dist/index.js')))
    const { before, now } = await describeBuilds(builds, never)
    expect(before).toBe('none, fake')
    expect(now).toMatch(/^(native|workers), /)
  })

  test('of a tarball: are unpacked, with the dependencies of this clone', async () => {
    const [folder, given] = [temporaryFolder(), temporaryFolder()]
    const { dependencies } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'))
    fakePackage(given, dependencies)
    const tarball = path.join(given, 'noisemill.tgz')
    execFileSync('tar', ['-czf', tarball, '-C', given, 'package'])
    const { before } = await makeBuilds({ kind: 'tarball', path: tarball }, folder, options)
    expect(readdirSync(before).sort()).toEqual(['dist', 'node_modules', 'package.json'])
    expect(existsSync(path.join(before, 'node_modules/commander/package.json'))).toBe(true)
  })

  test.each([
    ['no archive', () => 'text'],
    ['another package', (folder: string) => archiveOf(folder, 'other.txt')],
  ])('of a tarball that is %s: are refused', async (_, make) => {
    const [folder, given] = [temporaryFolder(), temporaryFolder()]
    const tarball = path.join(given, 'x.tgz')
    writeFileSync(tarball, make(given))
    await expect(makeBuilds({ kind: 'tarball', path: tarball }, folder, options)).rejects.toThrow(/^--against: /)
  })

  function archiveOf(folder: string, name: string): Buffer {
    mkdirSync(path.join(folder, 'package'))
    writeFileSync(path.join(folder, 'package', name), '')
    return execFileSync('tar', ['-cz', '-C', folder, 'package'])
  }

  test('that cannot be loaded are refused', async () => {
    const [folder, given] = [temporaryFolder(), temporaryFolder()]
    const fake = fakePackage(given)
    writeFileSync(path.join(fake, 'dist/index.js'), 'export class Pool { constructor() { throw new Error("broken") } }')
    const builds = await makeBuilds({ kind: 'folder', path: fake }, folder, options)
    await expect(describeBuilds(builds, never)).rejects.toThrow(/a build cannot be loaded: .*broken/s)
  })
})

describe('a process that works step by step', () => {
  const stepper = (program: string, signal = never) =>
    new Stepper({ file: process.execPath, args: ['-e', program] }, { cwd: temporaryFolder(), signal })

  test('answers with its times, and at last with a digest', async () => {
    using process = stepper(`let n = 0; require('node:readline').createInterface(process.stdin)
      .on('line', () => console.log(++n, n / 2)).on('close', () => console.log('digest'))`)
    expect(await process.step()).toEqual({ time: 1, cpu: 0.5 })
    expect(await process.step()).toEqual({ time: 2, cpu: 1 })
    expect(await process.end()).toBe('digest')
  })

  test.each([
    ['ends', 'process.exit(3)', 'ended early'],
    ['fails', 'throw new Error("the reason")', 'ended early'],
    ['says words', 'console.log("words")', 'reported no valid time: words'],
    ['says nothing of the time', 'console.log("-1 2")', 'reported no valid time: -1 2'],
  ])('is refused if it %s', async (_, program, message) => {
    using process = stepper(program)
    await expect(process.step()).rejects.toThrow(message)
  })

  test('is ended by the signal', async () => {
    const stop = new AbortController()
    using process = stepper('setInterval(() => {}, 1000)', stop.signal)
    const step = process.step()
    stop.abort(new Error('stopped'))
    await expect(step).rejects.toThrow('stopped')
  })
})

describe('the result of two builds', () => {
  const figure = (verdict: Verdict, ratio: number): RowVerdict => ({
    verdict,
    ratio,
    low: ratio,
    high: ratio,
    p: 0.001,
  })
  const rowOf = (label: string, more: Partial<MeasuredRow>): MeasuredRow => ({
    name: label,
    label,
    pairs: [],
    hasOtherBytes: false,
    ...more,
  })
  const record = (rows: MeasuredRow[]): AgainstRecord => ({
    format: 'noisemill-bench-against',
    version: 1,
    machine: { cpu: 'C', cores: 2, memory: 1, system: 's', fileSystem: 'f', versions: {} },
    against: 'main',
    builds: { before: 'native', now: 'native' },
    started: '2026-01-01T00:00:00Z',
    busyBefore: 0,
    missing: [],
    rows,
  })
  const same = rowOf('same', { time: figure('no change', 1.2), cpu: figure('no change', 0.99) })
  const slower = rowOf('slow', { time: figure('no change', 1), cpu: figure('slower', 1.07) })
  const faster = rowOf('fast', { time: figure('faster', 0.8) })

  test('is a failure only for rows that are slower beyond the threshold', () => {
    expect(exitCode([same, faster], 5)).toBe(0)
    expect(exitCode([same, slower], 5)).toBe(1)
    expect(exitCode([same, slower], 10)).toBe(0)
    expect(exitCode([same, rowOf('broken', { failed: 'ended with 1' })], 5)).toBe(1)
  })

  test('has a verdict for each row', () => {
    const text = againstLines(record([same, slower, faster]), 5).join('\n')
    expect(text).toMatch(/^same .* no change$/m)
    expect(text).toMatch(/^slow .* slower$/m)
    expect(text).toMatch(/^fast .* - +- +faster$/m)
    expect(text).toContain('Slower beyond the threshold of 5 %: slow.')
    expect(againstLines(record([same]), 5).at(-1)).toBe('No change.')
    expect(againstLines(record([slower]), 10).at(-1)).toBe('Nothing is slower beyond the threshold of 10 %.')
  })

  test('says that bytes differ, and what could not be compared', () => {
    const text = againstLines(
      record([{ ...same, hasOtherBytes: true }, rowOf('broken', { failed: 'ended with 1' })]),
      5,
    )
    expect(text).toContain('same: the outputs have other bytes')
    expect(text).toContain('broken: not compared: ended with 1')
  })

  test('names rows that cannot run here, which are no failure', () => {
    const missing = [{ name: 'x', label: 'the row', what: 'the addon', install: 'npm run build' }]
    const text = againstLines({ ...record([same]), missing }, 5).join('\n')
    expect(text).toContain('the row: not compared, because this is missing: the addon. To have it: npm run build')
  })
})

describe('npm run bench -- --against', () => {
  const against = (build: string, filter: string, folder: string): Promise<Ended> =>
    start(
      [
        ...[process.execPath, path.join(root, 'dist-bench/main.js'), '--against', build, '--filter', filter],
        ...['--rounds', '12', '--json', path.join(folder, 'record.json')],
      ],
      { env: { NOISEMILL_BENCH_DIR: folder, ...temporaryIn(folder) } },
    ).ended

  test('calls a build slower that is, with exit code 1, and leaves nothing behind', async () => {
    const [folder, given] = [temporaryFolder(), temporaryFolder()]
    const { code, stdout, stderr } = await against(fakePackage(given), '^start/pool$', folder)
    expect({ code, stderr }).toMatchObject({ code: 1 })
    expect(stdout).toMatch(/new Pool\(\) .* slower$/m)
    expect(stderr).toContain('The builds compute noise in different ways.')
    expect(readdirSync(folder)).toEqual(['record.json'])
    const record = JSON.parse(readFileSync(path.join(folder, 'record.json'), 'utf8'))
    expect(record.rows[0].pairs).toHaveLength(12)
  })

  test('compares bytes, and names rows that cannot be compared', async () => {
    const [folder, given] = [temporaryFolder(), temporaryFolder()]
    const other = fakePackage(given)
    writeFileSync(
      path.join(other, 'dist/index.js'),
      `export class Pool { info = { backend: 'none', kernel: 'fake', instructionSet: null } }
export const addNoise = async (samples) => { for (let i = 0; i < 1e6; i++) samples[0] += i; return samples }\n`,
    )
    const { code, stdout, stderr } = await against(other, '^(samples/typescript|pool/items)$', folder)
    expect(code).toBe(1)
    expect(stdout).toContain('samples in memory, TypeScript kernel: the outputs have other bytes')
    expect(stderr).toMatch(/small items through a pool cannot be compared: ended early: /)
  })
})

describe('rows of two builds', async () => {
  const rows = await Promise.all(againstRows.map(async (row) => ({ row, lack: await row.missing?.() })))

  for (const { row, lack } of rows) {
    const title = `take turns, with the same bytes: ${row.name}${lack === undefined ? '' : `, needs ${lack.what}`}`
    test.skipIf(lack !== undefined)(title, () => takesTurns(row))
  }

  async function takesTurns(row: ComparedRow): Promise<void> {
    using scratch = new Scratch()
    const placeOf = (out: string): Place => ({
      scratch,
      size: 'short',
      inputs: scratch.inputs,
      out: scratch.file(out),
      build: root,
    })
    const places = { before: placeOf('one'), now: placeOf('two') }
    await row.prepare?.(places.now)
    const { before, now } = await row.measure(places, { isNowFirst: true, signal: never })
    for (const { time, cpu } of [before, now]) expect([time > 0, cpu! > 0]).toEqual([true, true])
    expect(now.digest).toMatch(/^[0-9a-f]{64}$/)
    expect(before.digest).toBe(now.digest)
  }
})

import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseRecord } from '../../bench/harness/record-check.js'
import { workloads } from '../../bench/workloads/index.js'
import { root, temporaryFolder } from '../support/folders.js'
import { type Ended, type Running, start } from '../support/programs.js'
import { until } from '../support/waiting.js'

const main = path.join(root, 'dist-bench/main.js')

const startBench = (args: readonly string[], scratch: string) =>
  start([process.execPath, main, ...args], { env: { NOISEMILL_BENCH_DIR: scratch } })

const bench = (...args: readonly string[]): Promise<Ended> => startBench(args, temporaryFolder()).ended

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\x00-\x09\x0b-\x1f\x7f]/

/** A run of the quickest contender. */
const quick = (folder: string, ...args: readonly string[]) => [
  ...['--filter', '^start/node$', '--rounds', '2', '--json', path.join(folder, 'record.json')],
  ...['--html', path.join(folder, 'page.html'), ...args],
]

describe('npm run bench', () => {
  test('keeps a record and a page, and prints tables without control characters', async () => {
    const [folder, scratch] = [temporaryFolder(), temporaryFolder()]
    const { code, stdout, stderr } = await startBench(quick(folder), scratch).ended
    expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringContaining('[1 of 1]') })
    expect(stdout).toMatch(/minimum, ms +median +maximum +ratio/)
    expect(stdout).toMatch(/Node, doing nothing \(limit\) +\S+ +\S+ +\S+ +1\.00/)
    expect(stdout).toContain(`Record: ${folder}/record.json\nPage: ${folder}/page.html\n`)
    expect(stdout + stderr).not.toMatch(CONTROL)
    expect(readdirSync(folder).sort()).toEqual(['page.html', 'record.json'])
    expect(readdirSync(scratch)).toEqual([])

    const record = parseRecord(readFileSync(path.join(folder, 'record.json'), 'utf8'))
    expect(record).toMatchObject({ size: 'short', rounds: 2, filters: ['^start/node$'] })
    expect(record.ended).toBeDefined()
    expect(record.busyBefore).toBeGreaterThanOrEqual(0)
    expect(record.machine.versions.node).toBe(process.versions.node)
    expect(record.noisemill.version).toBe(JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')).version)
    expect(record.workloads.map(({ name }) => name)).toEqual(['start'])
    expect(record.workloads[0].rows.map(({ name, trials }) => [name, trials.length])).toEqual([['node', 2]])
  })

  test('has intervals of the ratios with --full', async () => {
    const folder = temporaryFolder()
    const { code, stdout } = await bench(...quick(folder, '--filter', '^start/pool$', '--full', '--rounds', '5'))
    expect(code).toBe(0)
    expect(stdout).toMatch(/95 % interval/)
    expect(stdout).toMatch(/new Pool\(\).* to /)
  })

  test('lists workloads, contenders and their work', async () => {
    const { code, stdout, stderr } = await bench('--list', '--full')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    for (const { name, title } of workloads) expect(stdout).toContain(`${name}: ${title}\n`)
    expect(stdout).toContain('    start/node: Node, doing nothing\n')
  })

  test('lists what is missing, with the command that installs it', async () => {
    const folder = temporaryFolder()
    const { code, stdout } = await start([process.execPath, main, '--list', '--full'], {
      env: { PATH: folder, NOISEMILL_BENCH_DIR: folder },
    }).ended
    expect(code).toBe(0)
    expect(stdout).toMatch(/To run the contenders that are missing:\n( {2}.*\n)* {2}apt-get install sox/)
  })

  test.each([
    ['--bogus', "unknown option '--bogus'"],
    ['--rounds 0', 'It must be an integer from 1 to 1000.'],
    ['--filter (', 'Invalid regular expression'],
    ['--filter ^nothing$', 'The workloads are: '],
    ['--json /tmp/same --html /tmp/same', '--json and --html name the same file'],
    ['--against nothing-of-this-name', 'is no file, no folder with a built package, and no commit of this clone'],
    ['--against --version', ''],
    ['--against package.json', ''],
    ['--against . --filter ^nothing$', 'The rows are: start/pool'],
    ['--against . --rounds 3', 'pairs or more are needed'],
  ])('refuses %s', async (line, message) => {
    const { code, stdout, stderr } = await bench(...line.split(' '))
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(/^bench: /m)
    expect(stderr).toContain(message)
    expect(stderr).not.toContain('    at ')
  })

  test.each(['json', 'html'])('says that --%s cannot be written before anything runs', async (flag) => {
    const [folder, scratch] = [temporaryFolder(), temporaryFolder()]
    mkdirSync(path.join(folder, 'a-folder'))
    const { code, stdout, stderr } = await startBench(
      [...quick(folder), `--${flag}`, path.join(folder, 'a-folder')],
      scratch,
    ).ended
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toBe(`bench: --${flag}: cannot write ${folder}/a-folder: it is not a file\n`)
  })

  test.skipIf(process.platform === 'win32')('says that permission is missing (needs POSIX permissions)', async () => {
    const folder = temporaryFolder()
    chmodSync(folder, 0o555)
    // Root may write everywhere, except below a file.
    const target = process.getuid?.() === 0 ? path.join(main, 'record.json') : path.join(folder, 'record.json')
    const { code, stderr } = await bench('--filter', '^start/node$', '--json', target)
    chmodSync(folder, 0o755)
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringMatching(/^bench: --json: cannot write .*: (EACCES|ENOTDIR|EEXIST)\n$/),
    })
  })

  test.skipIf(process.platform === 'win32').each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('keeps finished trials when it gets %s (needs signals)', async (signal, expected) => {
    const [folder, scratch] = [temporaryFolder(), temporaryFolder()]
    const running = startBench(quick(folder, '--rounds', '1000'), scratch)
    await secondTrial(scratch, running)
    running.child.kill(signal)
    const { code, stdout } = await running.ended
    expect(code).toBe(expected)
    expect(stdout).toContain('The run was interrupted: ')
    const record = parseRecord(readFileSync(path.join(folder, 'record.json'), 'utf8'))
    expect(record.ended).toBeUndefined()
    expect(record.workloads[0].rows[0].trials.length).toBeGreaterThan(0)
    expect(record.workloads[0].failed).toEqual([])
    expect(readFileSync(path.join(folder, 'page.html'), 'utf8')).toMatch(/interrupted/)
    expect(readdirSync(scratch)).toEqual([])
  })
})

/** Waits until the folder for outputs is there a second time: each trial has a new one. */
async function secondTrial(scratch: string, running: Running): Promise<void> {
  const look = () => {
    const [name] = readdirSync(scratch)
    const out = path.join(scratch, name ?? '', 'out')
    return name !== undefined && existsSync(out) ? statSync(out, { throwIfNoEntry: false })?.birthtimeMs : undefined
  }
  let first: number | undefined
  await until(() => {
    const now = look()
    first ??= now
    return now !== undefined && now !== first
  }, running)
}

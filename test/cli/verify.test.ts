/** `add --verify` finds which outputs differ, are missing or are foreign, and changes nothing. */

import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { addNoiseToFiles, type FileResult, noiseTask, Pool } from '../../dist/index.js'
import { describeBackends } from '../support/backends.js'
import { writeFiles } from '../support/files.js'
import { hashesBelow, JOURNAL, native, temporaryFolder } from '../support/folders.js'
import { commandRunner, type Json, linesOf, rowsOf } from '../support/programs.js'
import { posixTest } from '../support/systems.js'
import { pcm16 } from '../support/wav.js'

const run = commandRunner()

/** A folder `in` with short files, some of them in folders. */
function inputs(count: number, names = (i: number) => `${i % 7}/${i}.wav`): string {
  const cwd = temporaryFolder()
  const files = Array.from({ length: count }, (_, i) => [names(i), pcm16(50 + i, 0.3)])
  writeFiles(path.join(cwd, 'in'), Object.fromEntries(files))
  return cwd
}

const level = ['--snr', '5:20', '--seed', 'v']
const add = (cwd: string, ...flags: string[]) => run(['add', 'in', '--out', 'out', ...level, ...flags], { cwd })

/** What --verify --json says: the codes and statuses of outputs, and the foreign files. */
async function verify(cwd: string, ...flags: string[]) {
  const { code, stdout, stderr } = await add(cwd, '--verify', '--json', ...flags)
  const lines: Json[] = linesOf(stdout).map((line) => JSON.parse(line))
  const found = lines.filter(({ type }) => type === 'file').map((r) => [r.output, r.error?.code ?? r.status])
  const foreign = lines.filter(({ type }) => type === 'foreign').map((line) => line.path)
  return { code, stderr, outputs: Object.fromEntries(found), foreign: foreign.sort(), summary: lines.at(-1) }
}

describe('verify', () => {
  test('finds all planted changes, and nothing else', async () => {
    const cwd = inputs(200)
    await add(cwd)
    const out = (name: string) => path.join(cwd, 'out', name)
    const name = (i: number) => `${i % 7}/${i}.wav`
    const journal = readFileSync(out(JOURNAL))
    const expected: Record<string, string> = Object.fromEntries(
      Array.from({ length: 200 }, (_, i) => [native(`out/${name(i)}`), 'verified']),
    )
    const plant = (i: number, code: string, change: (file: string) => void) => {
      change(out(name(i)))
      expected[native(`out/${name(i)}`)] = code
    }
    for (const [i, at] of [0, 40, 44, 45, 100, 143].entries())
      plant(3 + 10 * i, 'E_OUTPUT_DIFFERS', (file) => {
        const bytes = readFileSync(file)
        bytes[at] ^= 1
        writeFileSync(file, bytes)
      })
    for (const i of [100, 101]) plant(i, 'E_OUTPUT_DIFFERS', (file) => truncateSync(file, 44))
    plant(102, 'E_OUTPUT_DIFFERS', (file) => appendFileSync(file, 'more'))
    for (const i of [110, 111]) plant(i, 'E_OUTPUT_MISSING', (file) => rmSync(file))
    plant(120, 'E_OUTPUT_DIFFERS', (file) => copyFileSync(out(name(119)), file))
    mkdirSync(out('other'))
    const foreign = ['extra.wav', '3/extra.WAV', 'other/3.wav', '0/1.wav']
    for (const file of foreign) copyFileSync(out(name(1)), out(file))
    // Only WAV files can be outputs. Hidden files are not looked at.
    for (const file of ['notes.txt', '.hidden.wav', '.3.wav.box.1.x-0.tmp']) writeFileSync(out(file), 'mine')
    const before = hashesBelow(cwd)

    const found = await verify(cwd)
    expect(found.outputs).toEqual(expected)
    expect(found.foreign).toEqual(foreign.map((file) => native(`out/${file}`)).sort())
    expect(found.summary).toMatchObject({ verified: 188, failed: 12, foreign: 4, done: 0 })
    expect(found.code).toBe(1)
    expect(found.stderr).toContain('(E_OUTPUT_FOREIGN)')
    expect(hashesBelow(cwd)).toEqual(before)
    expect(readFileSync(out(JOURNAL)).equals(journal)).toBe(true)
  })

  test('finds that other settings, or other inputs, give other outputs', async () => {
    const cwd = inputs(5, (i) => `${i}.wav`)
    await add(cwd)
    const { outputs, code } = await verify(cwd, '--dither')
    expect(new Set(Object.values(outputs))).toEqual(new Set(['E_OUTPUT_DIFFERS']))
    expect(code).toBe(1)
    writeFileSync(path.join(cwd, 'in', '3.wav'), pcm16(53, 0.31))
    const changed = (await verify(cwd)).outputs
    expect(Object.keys(changed).filter((name) => changed[name] !== 'verified')).toEqual([native('out/3.wav')])
    rmSync(path.join(cwd, 'in', '3.wav'))
    expect((await verify(cwd)).foreign).toEqual([native('out/3.wav')])
  })

  test('knows the outputs of copies and of lists of SNRs', async () => {
    const cwd = inputs(3, (i) => `${i}.wav`)
    const flags = ['--copies', '2', '--snr-mode', 'each', '--kind', 'pink']
    const snr = (...more: string[]) => run(['add', 'in', '--out', 'out', '--snr', '0/5', ...flags, ...more], { cwd })
    await snr()
    expect((await snr('--verify')).stdout).toMatch(/^12 verified: /m)
    for (const name of ['1.3_snr0.wav', '1.1_snr1.wav', '1.wav', '5.1_snr0.wav'])
      copyFileSync(path.join(cwd, 'out', '1.1_snr0.wav'), path.join(cwd, 'out', name))
    const { stdout, code } = await snr('--verify')
    expect(stdout).toMatch(/^12 verified, 4 foreign: /m)
    expect(code).toBe(1)
  })

  test('makes no folder, and says that all are missing', async () => {
    const cwd = inputs(3)
    const { outputs, foreign, code } = await verify(cwd)
    expect(Object.values(outputs)).toEqual(Array(3).fill('E_OUTPUT_MISSING'))
    expect([foreign, code]).toEqual([[], 1])
    expect(existsSync(path.join(cwd, 'out'))).toBe(false)
  })

  test('a bad input fails as ever, and its output is not foreign', async () => {
    const cwd = inputs(2, (i) => `${i}.wav`)
    await add(cwd)
    writeFileSync(path.join(cwd, 'in', '0.wav'), 'this is no audio at all')
    const { outputs, foreign } = await verify(cwd)
    expect(outputs).toEqual({ [native('out/0.wav')]: 'E_WAV_NOT_RIFF', [native('out/1.wav')]: 'verified' })
    expect(foreign).toEqual([])
  })

  posixTest('names that are not UTF-8 are compared too (needs POSIX file names)', async () => {
    const cwd = inputs(1)
    const odd = Buffer.concat([Buffer.from(path.join(cwd, 'in', 'odd')), Buffer.of(0xff), Buffer.from('.wav')])
    writeFileSync(odd, pcm16(70))
    await add(cwd)
    const { outputs, foreign } = await verify(cwd)
    expect(Object.values(outputs)).toEqual(['verified', 'verified'])
    expect(foreign).toEqual([])
  })

  test('the report has the rows of verified outputs', async () => {
    const cwd = inputs(3)
    await add(cwd, '--report', 'made.jsonl')
    await add(cwd, '--verify', '--report', 'verified.jsonl')
    const rows = (file: string) =>
      rowsOf(path.join(cwd, file))
        .map(({ seconds, status, ...row }) => row)
        .sort((a, b) => (a.output < b.output ? -1 : 1))
    expect(rows('verified.jsonl')).toEqual(rows('made.jsonl'))
  })

  test.each(['--resume', '--overwrite', '--dry-run'])('is refused together with %s', async (flag) => {
    const cwd = inputs(1)
    const { code, stderr } = await add(cwd, '--verify', flag)
    expect(stderr).toMatch(new RegExp(`(--verify|--resume): invalid option: .*${flag}.*\\(E_OPTION_INVALID\\)`))
    expect(code).toBe(2)
  })
})

describeBackends('the API', (backend) => {
  const statusOf = ({ status, error }: FileResult) => error?.code ?? status

  test('verifies by addNoiseToFiles, and tells foreign files', async () => {
    const cwd = inputs(4, (i) => `${i}.wav`)
    const options = { out: path.join(cwd, 'out'), sigma: 0.1, backend, size: 2 } as const
    for await (const _ of addNoiseToFiles(path.join(cwd, 'in'), options));
    copyFileSync(path.join(cwd, 'out/1.wav'), path.join(cwd, 'out/x.wav'))
    writeFileSync(path.join(cwd, 'out/2.wav'), 'short')
    const foreign: string[] = []
    const statuses: string[] = []
    const onForeign = (file: string) => foreign.push(file)
    for await (const result of addNoiseToFiles(path.join(cwd, 'in'), { ...options, verify: true, onForeign }))
      statuses.push(statusOf(result))
    expect(statuses.sort()).toEqual(['E_OUTPUT_DIFFERS', 'verified', 'verified', 'verified'])
    expect(foreign).toEqual([path.join(cwd, 'out/x.wav')])
  })

  test('verifies by noiseTask', async () => {
    const cwd = inputs(1, () => 'a.wav')
    const input = path.join(cwd, 'in/a.wav')
    await using pool = new Pool({ backend, size: 1 })
    const options = { out: path.join(cwd, 'out'), snr: 10, kind: 'brown' }
    await pool.map(noiseTask(options), [input])
    const [verified] = await pool.map(noiseTask({ ...options, verify: true }), [input])
    const [other] = await pool.map(noiseTask({ ...options, seed: 1, verify: true }), [input])
    expect([verified, other].map(statusOf)).toEqual(['verified', 'E_OUTPUT_DIFFERS'])
    expect(other.error?.path).toBe(path.join(cwd, 'out', 'a.wav'))
  })
})

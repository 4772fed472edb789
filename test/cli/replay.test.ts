/** `replay` makes the same bytes from the rows of a report, and refuses rows that nobody can have written so. */

import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { addNoiseToFiles, type FileResult, noiseTask, Pool, replay } from '../../dist/index.js'
import { readRows } from '../../dist-lib/record/row-reader.js'
import { describeBackends, present } from '../support/backends.js'
import { writeFiles } from '../support/files.js'
import { filesBelow, hashesBelow, native, sharedFolder, temporaryFolder } from '../support/folders.js'
import { commandRunner, type Json, jsonOf, linesOf, rowsOf } from '../support/programs.js'
import { posixTest } from '../support/systems.js'
import { formats, pcm16, sine, wav } from '../support/wav.js'

const run = commandRunner()

/** A folder `in` with files of several formats, folders and lengths. */
function inputs(cwd = temporaryFolder()): string {
  writeFiles(path.join(cwd, 'in'), {
    'a.wav': pcm16(3000),
    'b.WAV': pcm16(5000, 0.9),
    'sub/a.wav': wav({ tag: 3, bits: 32, channels: 2, data: sine(formats[4], 6000) }),
    'sub/deep/c.d.wav': pcm16(900, 0.2),
    'sub/silent.wav': pcm16(700, 0),
  })
  writeFiles(path.join(cwd, 'noise'), {
    'hum.wav': wav({ data: sine(formats[1], 20_000) }),
    'sub/short.wav': pcm16(400, 0.5),
    'sub/other.wav': pcm16(2500, 0.7),
  })
  return cwd
}

/** Runs `add` with a report. Returns the folder, and the rows. */
const added = (...flags: string[]) => addedIn(inputs(), ...flags)

async function addedIn(cwd: string, ...flags: string[]) {
  const { code, stderr } = await run(['add', 'in', '--out', 'out', '--report', 'r.jsonl', ...flags], { cwd })
  expect([code, stderr.replaceAll(/.*warning.*\n/g, '')]).toEqual([0, ''])
  const report = path.join(cwd, 'r.jsonl')
  return { cwd, report, rows: rowsOf(report), made: hashesBelow(path.join(cwd, 'out')) }
}

const again = (cwd: string, ...flags: string[]) => run(['replay', 'r.jsonl', '--out', 'again', ...flags], { cwd })

const write = (file: string, rows: readonly Json[]) =>
  writeFileSync(file, rows.map((row) => `${typeof row === 'string' ? row : JSON.stringify(row)}\n`).join(''))

describe('the same bytes come from rows', () => {
  test.each<[string, string[]]>([
    ['a level', ['--sigma', '0.05', '--seed', 'x']],
    ['a range of SNRs', ['--snr', '0:20', '--seed', '-7']],
    ['a list of SNRs, exact', ['--snr', '0/5/10', '--exact-snr']],
    ['each SNR of a list, with copies', ['--snr', '0/5.5', '--snr-mode', 'each', '--copies', '3']],
    ['the active level', ['--snr', '5:10', '--snr-reference', 'active']],
    ['a colour with parameters', ['--dbfs', '-30', '--kind', 'color', '--slope', '-4.5', '--low', '30']],
    ['a level of the mixture', ['--snr', '3', '--level', 'rms:-30:-20', '--clip', 'scale', '--ceiling', '0.7']],
    ['dither', ['--sigma', '0', '--dither', '--silent', 'copy'].slice(0, 3)],
    ['a root', ['--snr', '10', '--root', '.']],
    ['stems', ['--snr', '0:20', '--stems', 'clean,noise', '--copies', '2', '--level', 'peak:-3']],
    ['recordings', ['--snr', '0:10', '--noise', 'noise']],
    ['a babble', ['--dbfs', '-30', '--noise', 'noise', '--voices', '2:3']],
    ['events', ['--snr', '5', '--noise', 'noise', '--gap', '0.05:0.1', '--copies', '2']],
    ['float without clipping', ['--snr', '-20', '--no-clip', '--kind', 'uniform']],
  ])('%s', async (_, flags) => {
    const { cwd, rows, made } = await added(...flags)
    const { code, stdout, stderr } = await again(cwd, '--report', 'again.jsonl')
    expect([code, stderr.replaceAll(/.*warning.*\n/g, '')]).toEqual([0, ''])
    expect(stdout).toMatch(new RegExp(`^${rows.length} done: `, 'm'))
    expect(hashesBelow(path.join(cwd, 'again'))).toEqual(made)
    // The rows of the replay are those of the run, but for the folder and the time.
    const below = (file?: string) => file?.replace(/^(out|again)/, '')
    const plain = ({ stems, ...row }: Json) => ({
      ...row,
      ...{ seconds: 0, output: below(row.output), clean: below(stems?.clean), noise: below(stems?.noise) },
    })
    const sorted = (all: Json[]) => all.map(plain).sort((a, b) => (a.output < b.output ? -1 : 1))
    expect(sorted(rowsOf(path.join(cwd, 'again.jsonl')))).toEqual(sorted(rows))
  })

  test.each(present)('on the backend %s', async (backend) => {
    const { cwd, made } = await added('--snr', '0:20', '--kind', 'pink')
    expect((await again(cwd, '--backend', backend)).code).toBe(0)
    expect(hashesBelow(path.join(cwd, 'again'))).toEqual(made)
  })

  test('the rows of several runs with different settings may be in one report', async () => {
    const { cwd, report, made } = await added('--snr', '0:20')
    const more = ['--report', 'r2.jsonl', '--sigma', '0.1', '--kind', 'brown', '--seed', '3', '--root', '.']
    await run(['add', 'in', '--out', 'out2', ...more], { cwd })
    appendFileSync(report, readFileSync(path.join(cwd, 'r2.jsonl')))
    const { stdout } = await again(cwd, '--json')
    expect(jsonOf({ code: 0, stdout, stderr: '' }).summary).toMatchObject({ done: 10, failed: 0, seed: null })
    const others = hashesBelow(path.join(cwd, 'out2'))
    expect(hashesBelow(path.join(cwd, 'again'))).toEqual({ ...made, ...others })
  })

  test('inputs may be elsewhere', async () => {
    const { cwd, made } = await added('--snr', '0:20')
    renameSync(path.join(cwd, 'in'), path.join(cwd, 'moved'))
    const missing = await again(cwd, '--json')
    expect(jsonOf(missing).files.map(({ error }) => error.code)).toEqual(Array(5).fill('E_INPUT_MISSING'))
    expect((await again(cwd, '--root', 'moved')).code).toBe(0)
    expect(hashesBelow(path.join(cwd, 'again'))).toEqual(made)
  })

  test('noise files may be elsewhere, under their last names', async () => {
    const { cwd, made } = await added('--snr', '0:20', '--noise', 'noise')
    mkdirSync(path.join(cwd, 'disk'))
    renameSync(path.join(cwd, 'noise'), path.join(cwd, 'disk', 'noise'))
    expect((await again(cwd)).stderr).toContain('(E_NOISE_BANK)')
    expect((await again(cwd, '--noise-root', 'disk')).code).toBe(0)
    expect(hashesBelow(path.join(cwd, 'again'))).toEqual(made)
  })

  test('what --json printed is a report', async () => {
    const cwd = inputs()
    const { stdout } = await run(['add', 'in', '--out', 'out', '--snr', '10', '--json'], { cwd })
    writeFileSync(path.join(cwd, 'r.jsonl'), stdout)
    expect((await again(cwd)).stdout).toMatch(/^5 done: /m)
  })

  test('rows of a dry run make what it planned', async () => {
    const { cwd, made } = await added('--snr', '0:20', '--dry-run')
    expect(made).toEqual({})
    await run(['add', 'in', '--out', 'out', '--snr', '0:20'], { cwd })
    await again(cwd)
    expect(hashesBelow(path.join(cwd, 'again'))).toEqual(hashesBelow(path.join(cwd, 'out')))
  })

  posixTest('names that are not UTF-8 (needs POSIX file names)', async () => {
    const cwd = inputs()
    const odd = Buffer.concat([Buffer.from(path.join(cwd, 'in', 'sub', 'odd')), Buffer.of(0xff), Buffer.from('\n.wav')])
    writeFileSync(odd, pcm16(70))
    await run(['add', 'in', '--out', 'out', '--snr', '3', '--report', 'r.jsonl'], { cwd })
    expect((await again(cwd)).stdout).toMatch(/^6 done: /m)
    expect((await run(['add', 'in', '--out', 'again', '--snr', '3', '--verify'], { cwd })).stdout).toMatch(
      /^6 verified: /m,
    )
  })
})

describe('rows that are left out', () => {
  test('those of outputs that were not made are counted', async () => {
    const cwd = inputs()
    writeFileSync(path.join(cwd, 'in', 'bad.wav'), 'this is no audio at all')
    const flags = ['--snr', '5', '--silent', 'skip', '--report', 'r.jsonl']
    await run(['add', 'in', '--out', 'out', ...flags], { cwd })
    const { stdout, code } = await again(cwd)
    expect(stdout).toMatch(/^4 done, 2 rows left out: /m)
    expect(code).toBe(0)
    expect(hashesBelow(path.join(cwd, 'again'))).toEqual(hashesBelow(path.join(cwd, 'out')))
  })

  test('so are those that a resumed run has repeated, and one that was cut when its run was killed', async () => {
    const { cwd, report } = await added('--snr', '0:20')
    const lines = linesOf(readFileSync(report, 'utf8'))
    const cut = lines[4].slice(0, 200)
    writeFileSync(report, [...lines.slice(0, 4), cut, ''].join('\n').slice(0, -1))
    rmSync(path.join(cwd, 'out', 'a.wav'))
    await run(['add', 'in', '--out', 'out', '--snr', '0:20', '--report', 'r.jsonl', '--resume'], { cwd })
    const { stdout, code } = await again(cwd)
    // The resumed run has five rows, four of which are there already.
    expect(stdout).toMatch(/^5 done, 5 rows left out: /m)
    expect(code).toBe(0)
    expect(hashesBelow(path.join(cwd, 'again'))).toEqual(hashesBelow(path.join(cwd, 'out')))
  })

  test('a line that was cut anywhere is one of them, at the end and before other lines', async () => {
    const { cwd, report } = await added('--snr', '0:20')
    const { stdout } = await run(['add', 'in', '--out', 'out2', '--snr', '0:20', '--stems', 'noise', '--json'], { cwd })
    const [whole, ...others] = linesOf(readFileSync(report, 'utf8'))
    for (const line of [others[0], ...linesOf(stdout).filter((text) => /"file".*in.a\.wav|"summary"/.test(text))])
      for (let length = 1; length < line.length; length++) {
        const cut = line.slice(0, length)
        const lines = length % 2 === 0 ? `${cut}\n${whole}\n` : `${whole}\n${cut}`
        writeFileSync(report, lines)
        const isCut: boolean[] = []
        for await (const rows of readRows(report)) isCut.push(...rows.map(({ row }) => row === undefined))
        expect([cut, isCut]).toEqual([cut, length % 2 === 0 ? [true, false] : [false, true]])
      }
  })

  test('a row that follows a cut one in the same line is not ignored', async () => {
    const { cwd, report } = await added('--snr', '0:20')
    const [first, second] = linesOf(readFileSync(report, 'utf8'))
    writeFileSync(report, `${first}\n${first.slice(0, 100)}${second}\n`)
    expect((await again(cwd)).stderr).toContain('r.jsonl:2: the row cannot be replayed: ')
  })

  test('a byte order mark before the rows is ignored', async () => {
    const { cwd, report } = await added('--snr', '0:20')
    writeFileSync(report, `\ufeff${readFileSync(report, 'utf8')}`)
    expect((await again(cwd)).stdout).toMatch(/^5 done: /m)
  })

  test('if nothing is left, there is no input', async () => {
    const { cwd, report, rows } = await added('--snr', '0:20')
    write(
      report,
      rows.map((row) => ({ ...row, status: 'omitted' })),
    )
    const { code, stderr } = await again(cwd)
    expect(stderr).toMatch(/r\.jsonl: there is no input: there is no row to replay.*\(E_NO_INPUT\)/)
    expect(code).toBe(2)
    expect(existsSync(path.join(cwd, 'again'))).toBe(false)
  })
})

describe('outputs', () => {
  test('are not replaced without --overwrite', async () => {
    const { cwd, made } = await added('--snr', '0:20')
    writeFiles(path.join(cwd, 'again'), { 'a.wav': Buffer.from('mine') })
    const { stderr, code } = await again(cwd)
    expect(stderr).toContain('(E_OUTPUT_EXISTS)')
    expect(code).toBe(1)
    expect(readFileSync(path.join(cwd, 'again', 'a.wav'), 'utf8')).toBe('mine')
    expect((await again(cwd, '--overwrite')).code).toBe(0)
    expect(hashesBelow(path.join(cwd, 'again'))).toEqual(made)
  })

  test('never replace inputs', async () => {
    const { cwd } = await added('--snr', '0:20')
    const before = hashesBelow(path.join(cwd, 'in'))
    const { stdout } = await run(['replay', 'r.jsonl', '--out', 'in', '--overwrite', '--json'], { cwd })
    const codes = jsonOf({ code: 0, stdout, stderr: '' }).files.map(({ error }) => error?.code)
    expect(codes).toEqual(Array(5).fill('E_INPUT_IN_OUTPUT'))
    expect(hashesBelow(path.join(cwd, 'in'))).toEqual(before)
  })

  test('are verified: all planted changes are found, and nothing else', async () => {
    const { cwd } = await added('--snr', '0:20')
    const verify = () => run(['replay', 'r.jsonl', '--out', 'out', '--verify', '--json'], { cwd })
    expect(jsonOf(await verify()).summary).toMatchObject({ verified: 5, failed: 0, foreign: 0 })
    const out = (name: string) => path.join(cwd, 'out', name)
    appendFileSync(out('a.wav'), 'x')
    rmSync(out('sub/a.wav'))
    copyFileSync(out('b.WAV'), out('sub/deep/b.wav'))
    const before = hashesBelow(cwd)
    const { code, stdout } = await verify()
    const { files, summary } = jsonOf({ code, stdout, stderr: '' })
    const found = files.filter(({ type, status }) => type === 'foreign' || status === 'failed')
    expect(found.map(({ path, output, error }) => [path ?? output, error?.code]).sort()).toEqual([
      [native('out/a.wav'), 'E_OUTPUT_DIFFERS'],
      [native('out/sub/a.wav'), 'E_OUTPUT_MISSING'],
      [native('out/sub/deep/b.wav'), undefined],
    ])
    expect([code, summary.verified]).toEqual([1, 3])
    expect(hashesBelow(cwd)).toEqual(before)
  })
})

test('stems are verified, too', async () => {
  const { cwd } = await added('--snr', '10', '--level', 'peak:-3', '--stems', 'noise')
  const verify = () => run(['replay', 'r.jsonl', '--out', 'out', '--verify', '--json'], { cwd })
  expect(jsonOf(await verify()).summary).toMatchObject({ verified: 5, failed: 0, foreign: 0 })
  appendFileSync(path.join(cwd, 'out', 'noise', 'a.wav'), 'x')
  copyFileSync(path.join(cwd, 'in', 'a.wav'), path.join(cwd, 'out', 'a.wav'))
  const { files } = jsonOf(await verify())
  const found = files.filter(({ type, status }) => type === 'foreign' || status === 'failed')
  expect(found.map(({ path, error }) => path ?? [error.code, error.path]).sort()).toEqual(
    [native('out/a.wav'), ['E_OUTPUT_DIFFERS', native('out/noise/a.wav')]].sort(),
  )
})

describe('inputs and noise that are not those of the row fail it, and nothing is written', () => {
  test.each<[string, string, (file: string) => void]>([
    ['another size', 'E_REPLAY_INPUT', (file) => appendFileSync(file, Buffer.alloc(10))],
    [
      'another number of frames',
      'E_REPLAY_INPUT',
      (file) => writeFileSync(file, wav({ bits: 8, data: Buffer.alloc(6000, 99) })),
    ],
    ['other samples of another power', 'E_REPLAY_DIFFERS', (file) => writeFileSync(file, pcm16(3000, 0.3))],
  ])('%s', async (_, expected, change) => {
    const { cwd, made } = await added('--snr', '0:20')
    change(path.join(cwd, 'in', 'a.wav'))
    const { stdout, code } = await again(cwd, '--json')
    const { files } = jsonOf({ code, stdout, stderr: '' })
    expect(files.filter(({ error }) => error).map(({ input, error }) => [input, error.code])).toEqual([
      [native('in/a.wav'), expected],
    ])
    const { 'a.wav': _changed, ...others } = made
    expect(hashesBelow(path.join(cwd, 'again'))).toEqual(others)
    expect(code).toBe(1)
  })

  test.each<[string, (row: Json) => Json]>([
    ['another sigma', (row) => ({ ...row, sigma: row.sigma * (1 + 2 ** -40) })],
    ['another seed', (row) => ({ ...row, seed: '1' })],
    ['another key', (row) => ({ ...row, key: `x${row.key}` })],
    ['another kind', (row) => ({ ...row, kind: 'uniform' })],
  ])('a row with %s', async (_, edit) => {
    const { cwd, report, rows } = await added('--snr', '10')
    write(
      report,
      rows.map((row) => (row.key === 'a.wav' ? edit(row) : row)),
    )
    const { stdout } = await again(cwd, '--json')
    const { files } = jsonOf({ code: 0, stdout, stderr: '' })
    expect(files.filter(({ error }) => error).map(({ error }) => error.code)).toEqual(['E_REPLAY_DIFFERS'])
    expect(filesBelow(path.join(cwd, 'again'))).toHaveLength(4)
  })
})

describe('bad rows are refused with their line, before anything is written', () => {
  const folder = sharedFolder()
  let kept: Awaited<ReturnType<typeof added>>
  beforeAll(async () => {
    kept = await addedIn(inputs(folder), '--snr', '0:20')
  })

  test.each<[string, (row: Json) => Json, string]>([
    ['another version of the stream', (row) => ({ ...row, stream: 2 }), 'version 2'],
    ['an unknown field', (row) => ({ ...row, echo: 1 }), 'unknown field echo'],
    ['an unknown option', (row) => ({ ...row, asked: { ...row.asked, echo: 1 } }), 'unknown option echo'],
    ['an option of files', (row) => ({ ...row, asked: { ...row.asked, overwrite: true } }), 'unknown option overwrite'],
    ['an unknown kind', (row) => ({ ...row, kind: 'plaid' }), 'plaid'],
    ['an unknown parameter', (row) => ({ ...row, parameters: { low: 1 } }), 'low'],
    ['an impossible level', (row) => ({ ...row, asked: { snr: [20, 5] } }), 'lower number first'],
    ['no level', (row) => ({ ...row, asked: {} }), 'level is missing'],
    ['another range', (row) => ({ ...row, asked: { snr: [0, 21] } }), 'its settings and its key give'],
    ['another draw', (row) => ({ ...row, drawn: { snr: 3 } }), 'its settings and its key give'],
    ['another seed, with a draw', (row) => ({ ...row, seed: '5' }), 'its settings and its key give'],
    ['another copy', (row) => ({ ...row, copy: 2 }), 'its settings and its key give'],
    ['no copy', (row) => ({ ...row, copy: 0 }), 'its copy is 0'],
    ['a seed that is a number', (row) => ({ ...row, seed: 0 }), 'its seed is 0'],
    ['a seed with a NUL', (row) => ({ ...row, seed: 'a\0' }), 'seed'],
    ['an unknown status', (row) => ({ ...row, status: 'fine' }), 'its status is "fine"'],
    ['a negative size', (row) => ({ ...row, bytesIn: -1 }), 'its bytesIn is -1'],
    ['no figure', ({ frames, ...row }) => row, 'its frames is missing'],
    ['a text for a figure', (row) => ({ ...row, sigma: '0.1' }), 'its sigma is "0.1"'],
    ['no output', (row) => ({ ...row, output: 'out/' }), 'no name for a file'],
    ['an output that leads out', (row) => ({ ...row, output: 'out/..' }), 'no name for a file'],
    ['the journal as its output', (row) => ({ ...row, output: 'out/.noisemill-journal' }), 'no name for a file'],
    [
      'a key that leads out',
      (row) => ({ ...row, key: '../a.wav', output: 'x/../a.wav' }),
      'its settings and its key give',
    ],
    ['an input that is a number', (row) => ({ ...row, input: 3 }), 'its input is 3'],
    ['an input with a NUL', (row) => ({ ...row, inputBase64: 'AA==' }), 'has a NUL'],
    ['an array', () => [], 'not an object'],
    ['no JSON', () => '{"input":"a.wav",}', 'JSON'],
    ['another file', () => 'RIFF', 'JSON'],
  ])('%s', async (_, edit, said) => {
    const { cwd, rows } = kept
    const place = path.join(temporaryFolder(), 'bad.jsonl')
    write(place, [...rows.slice(0, 3), edit(rows[3]), rows[4]])
    const { code, stderr, stdout } = await run(['replay', place, '--out', 'bad'], { cwd })
    expect(stderr).toContain(`${place}:4: the row cannot be replayed: `)
    expect(stderr).toContain(said)
    expect(stderr).toContain('(E_REPLAY_ROW)')
    expect([code, stdout]).toEqual([2, ''])
    expect(existsSync(path.join(cwd, 'bad'))).toBe(false)
  })

  test('a key that leads out of the root is refused', async () => {
    const { cwd, report, rows } = await added('--snr', '10')
    write(
      report,
      rows.map((row) => ({ ...row, key: `../in/${row.key}` })),
    )
    const { code, stderr } = await again(cwd, '--root', 'in')
    expect(stderr).toContain('is not a path below a root')
    expect(code).toBe(2)
    write(report, [{ ...rows[0], key: '../a.wav', output: 'x/../a.wav' }])
    expect((await again(cwd)).stderr).toContain('no name for a file')
  })

  test('two rows for one output: the second fails', async () => {
    const { cwd, report, rows } = await added('--snr', '10')
    const other = rows.find(({ key }) => key === 'b.WAV')
    write(report, [...rows, { ...other, output: native('out/a.wav') }])
    const { stdout } = await again(cwd, '--json')
    const { files } = jsonOf({ code: 0, stdout, stderr: '' })
    expect(files.filter(({ error }) => error).map(({ error }) => error.code)).toEqual(['E_OUTPUT_CLASH'])
  })

  test('a report that is CSV, missing or a folder is refused', async () => {
    const { cwd } = kept
    await run(['add', 'in', '--out', 'csv', '--snr', '10', '--report', 'r.csv'], { cwd })
    for (const [file, said] of [
      ['r.csv', /it is CSV\. Pass a report of JSON lines/],
      ['none.jsonl', /ENOENT/],
      ['in', /it is not a file/],
    ] as const) {
      const { code, stderr } = await run(['replay', file, '--out', 'bad'], { cwd })
      expect(stderr).toMatch(said)
      expect(stderr).toContain('(E_REPLAY_ROWS)')
      expect(code).toBe(2)
    }
  })
})

describe('recordings and layers', () => {
  const layers = [
    { name: 'street', noise: { from: '' }, snr: [5, 10] as const },
    { kind: 'brown', dbfs: -40, chance: 0.5 },
    { name: 'hiss', sigma: { values: [0.001, 0.002] } },
  ]
  const rowsIn = async (cwd: string, more: object = {}) => {
    const [street, ...others] = layers
    const own = [{ ...street, noise: { from: path.join(cwd, 'noise') } }, ...others]
    const rows: Json[] = []
    for await (const row of addNoiseToFiles(path.join(cwd, 'in'), { out: path.join(cwd, 'out'), layers: own, ...more }))
      rows.push(JSON.parse(JSON.stringify(row)))
    return rows
  }
  const replayed = async (cwd: string, rows: Json[]) => {
    const results: FileResult[] = []
    for await (const result of replay(rows, { out: path.join(cwd, 'again') })) results.push(result)
    return results
  }

  test.each([{}, { pick: 'one' }, { copies: 4 }])('are replayed with the options %j', async (options) => {
    const cwd = inputs()
    const rows = await rowsIn(cwd, options)
    expect((await replayed(cwd, rows)).map(({ status }) => status)).toEqual(rows.map(() => 'done'))
    expect(hashesBelow(path.join(cwd, 'again'))).toEqual(hashesBelow(path.join(cwd, 'out')))
  })

  test('other noise files are refused before anything is written', async () => {
    const cwd = inputs()
    const rows = await rowsIn(cwd)
    const noise = (name: string) => path.join(cwd, 'noise', name)
    renameSync(noise('hum.wav'), noise('buzz.wav'))
    const failed = replayed(cwd, rows)
    await expect(failed).rejects.toMatchObject({ code: 'E_REPLAY_ROW', path: 'row 1' })
    await expect(failed).rejects.toThrow(/the noise files .*noise of its layer street are not those/)
    expect(existsSync(path.join(cwd, 'again'))).toBe(false)
  })

  test('noise files that have other samples fail the outputs that have them', async () => {
    const cwd = inputs()
    const rows = await rowsIn(cwd)
    for (const [name, frames] of [
      ['hum.wav', 20_000],
      ['sub/short.wav', 400],
      ['sub/other.wav', 2500],
    ] as const)
      writeFileSync(path.join(cwd, 'noise', name), pcm16(frames, 0.11))
    const codes = (await replayed(cwd, rows)).map(({ error }) => error?.code)
    // A silent file has no SNR, so it has no recordings.
    expect(codes.sort()).toEqual([...Array(4).fill('E_REPLAY_DIFFERS'), undefined])
  })

  test('edited layers are refused', async () => {
    const cwd = inputs()
    const rows = await rowsIn(cwd)
    const refused = async (edit: (layer: Json) => Json) => {
      const edited = rows.map((row) => ({ ...row, layers: row.layers.map(edit) }))
      await expect(replayed(cwd, edited)).rejects.toMatchObject({ code: 'E_REPLAY_ROW', path: 'row 1' })
    }
    await refused((layer) => ({ ...layer, name: `${layer.name}x` }))
    await refused((layer) => ({ ...layer, drawn: { snr: 3 } }))
    await refused(({ bank, ...layer }) => layer)
    await refused((layer) => (layer.bank ? { ...layer, bank: 'f'.repeat(64) } : layer))
    await expect(
      replayed(
        cwd,
        rows.map((row) => ({ ...row, layers: [] })),
      ),
    ).rejects.toThrow('its layers are not those')
    await expect(
      replayed(
        cwd,
        rows.map((row) => ({ ...row, kind: 'gaussian' })),
      ),
    ).rejects.toThrow('its kind is')
    expect(existsSync(path.join(cwd, 'again'))).toBe(false)
  })

  test('outputs do not go among the noise files', async () => {
    const cwd = inputs()
    const rows = await rowsIn(cwd)
    const results = replay(rows, { out: path.join(cwd, 'noise', 'again') })
    await expect(results.next()).rejects.toMatchObject({ code: 'E_OPTION_INVALID', option: 'out' })
  })
})

describeBackends('the API', (backend) => {
  const collect = async (results: AsyncIterable<FileResult>) => {
    const all: FileResult[] = []
    for await (const result of results) all.push(result)
    return all
  }

  test('replays results, and rows of a noiseTask with keys and outputs of their own', async () => {
    const cwd = inputs()
    const at = (name: string) => path.join(cwd, name)
    await using pool = new Pool({ backend, size: 2 })
    const items = [
      { input: at('in/a.wav'), key: 'speaker 7', output: at('own/one.wav') },
      { input: at('in/b.WAV'), key: 'x/speaker 8', output: at('own/x/two.wav') },
    ]
    const rows = await pool.map(noiseTask({ snr: [0, 20] }), items)
    const again = await collect(replay(rows, { out: at('again'), pool }))
    expect(again.map(({ status }) => status)).toEqual(['done', 'done'])
    expect(hashesBelow(at('again'))).toEqual(hashesBelow(at('own')))
    const leftOut: unknown[] = []
    const onLeftOut = (...args: unknown[]) => leftOut.push(args)
    const verify = { out: at('own'), pool, verify: true, onLeftOut }
    expect((await collect(replay([...rows, rows[1]], verify))).map(({ status }) => status)).toEqual([
      'verified',
      'verified',
    ])
    expect(leftOut).toEqual([[3, 'repeat']])
  })

  test('takes rows as they come', async () => {
    const cwd = inputs()
    const at = (name: string) => path.join(cwd, name)
    const rows = addNoiseToFiles(at('in'), { out: at('out'), snr: 10, backend })
    expect(await collect(replay(rows, { out: at('again'), backend }))).toHaveLength(5)
    expect(hashesBelow(at('again'))).toEqual(hashesBelow(at('out')))
  })

  test('checks its options and its rows', async () => {
    const out = path.join(temporaryFolder(), 'out')
    const failure = (rows: never, options: object) =>
      collect(replay(rows, options as never)).catch(({ code, option, path }) => [code, option ?? path])
    const rows = [] as never
    expect(await failure(rows, {})).toEqual(['E_OPTION_INVALID', 'out'])
    expect(await failure(rows, { out, snr: 3 })).toEqual(['E_OPTION_UNKNOWN', 'snr'])
    expect(await failure(rows, { out, verify: true, overwrite: true })).toEqual(['E_OPTION_INVALID', 'verify'])
    expect(await failure(rows, { out, onLeftOut: 1 })).toEqual(['E_OPTION_INVALID', 'onLeftOut'])
    expect(await failure(rows, { out, root: 3 })).toEqual(['E_OPTION_INVALID', 'root'])
    expect(await failure(5 as never, { out })).toEqual(['E_OPTION_INVALID', 'rows'])
    expect(await failure(rows, { out })).toEqual(['E_NO_INPUT', 'rows'])
    expect(await failure([undefined] as never, { out })).toEqual(['E_REPLAY_ROW', 'row 1'])
  })
})

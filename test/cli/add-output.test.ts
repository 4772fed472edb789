/** The output of `add`: results on stdout, messages on stderr, and a live line on a terminal. */

import { existsSync, linkSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { filesOf, writeFiles, writeLongInputs } from '../support/files.js'
import { filesBelow, hashesBelow, JOURNAL, native, sha256OfFile, temporaryFolder } from '../support/folders.js'
import { bin, commandRunner, jsonOf, linesOf, noisemill, rowsOf, shellLine, start } from '../support/programs.js'
import { hasTerminal, isWindows, linuxTest, posixTest } from '../support/systems.js'
import { pcm16 } from '../support/wav.js'

const ESCAPE = '\x1b'
/** Control characters, and those of other sorts that are in these tests. */
const INVISIBLE = /[\p{Cc}\u202e\u{e0041}]/u

/** A name that would colour a terminal red, and how it is shown; Windows has no such names. */
const [red, shownRed] = isWindows ? ['[31m.wav', '[31m.wav'] : [`${ESCAPE}[31m.wav`, '\\x1b[31m.wav']

/**
 * `in` holds a good file, a silent one that is warned of, one whose name would colour a terminal red, and a bad one.
 */
function workplace(): string {
  const cwd = temporaryFolder()
  const bad = { 'bad.wav': Buffer.from('this is no audio') }
  writeFiles(path.join(cwd, 'in'), {
    'a.wav': pcm16(),
    'silent.wav': pcm16(undefined, 0),
    [red]: pcm16(),
    ...bad,
  })
  return cwd
}

const args = ['add', 'in', '--out', 'out', '--snr', '10']

const run = commandRunner()

describe('streams', () => {
  test('results go to stdout and diagnostics to stderr, without escape codes where no terminal is', async () => {
    const { code, stdout, stderr } = await noisemill(args, { cwd: workplace() })
    const [summary, figures, ...results] = linesOf(stdout).reverse()
    expect(results.sort()).toEqual([
      expect.stringContaining(`done  ${native('out/')}${shownRed}  `),
      expect.stringMatching(
        /^done {2}out[/\\]a\.wav {2}0\.63 s {2}pcm16 {2}sigma 0\.\d+ {2}SNR \d+\.\d\d dB {2}clipped 0$/,
      ),
      expect.stringMatching(/^done {2}out[/\\]silent\.wav {2}.* no SNR/),
    ])
    expect(summary).toMatch(/^3 done, 1 failed: /)
    expect(figures).toMatch(
      /^SNR achieved: minimum \d+\.\d\d dB, median \d+\.\d\d dB, maximum \d+\.\d\d dB; warnings: 1 W_SILENT$/,
    )
    expect(linesOf(stderr).sort()).toEqual([
      expect.stringMatching(/^noisemill: in[/\\]bad\.wav: .*\(E_WAV_NOT_RIFF\)$/),
      expect.stringMatching(/^noisemill: warning: in[/\\]silent\.wav: .*\(W_SILENT\)\.$/),
    ])
    expect(stdout + stderr).not.toContain(ESCAPE)
    expect(code).toBe(1)
  })

  /** Colours, a control sequence of one byte, text from right to left, and a line that noisemill did not write. */
  const hostile = `${ESCAPE}[31m\x9b1m\u202e\nnoisemill: `
  const shown = '\\x1b[31m\\x9b1m\\u{202e}\\x0anoisemill: '

  test.each([
    ['the seed', [...args, '--seed', hostile], `, seed ${shown}`],
    ['an unknown command', [hostile], `unknown command '${shown}'`],
    ['an unknown command of help', ['help', hostile], undefined],
    ['an unknown option', [...args, `--${hostile}`], `unknown option '--${shown}'`],
    ['an option that is nearly right', [...args, '--jop', hostile], '\n(Did you mean one of --jobs, --json?)\n'],
    ['a false proposal', [`--foo\n(Did you mean ${hostile}`], `--foo\\x0a(Did you mean ${shown}`],
    ['a false proposal of one line', [`--foo\n(Did you mean ${ESCAPE}[31m`], '--foo\\x0a(Did you mean \\x1b[31m'],
    [
      'a false proposal that is complete',
      [...args, `--jop\n(Did you mean ${ESCAPE}?)`],
      '--jop\\x0a(Did you mean \\x1b?)',
    ],
    ['an argument too many', ['info', hostile], undefined],
    ['a level', ['add', 'in', '--out', 'out', '--sigma', hostile], '\\u{202e}'],
    ['a backend', [...args, '--backend', hostile], '\\u{202e}'],
    ['a level that is given twice', [...args, '--snr', hostile], '\\u{202e}'],
    ['an input', ['add', hostile, '--out', 'out', '--snr', '10'], shown],
    ['an output folder', ['add', 'in', '--out', `in/a.wav/${hostile}`, '--snr', '10'], shown],
    ['a root', [...args, '--root', hostile], '\\u{202e}'],
    ['a report', [...args, '--report', `in/a.wav/${hostile}`], shown],
  ] as const)('%s with control characters is shown escaped', async (_, words, expected) => {
    const { stdout, stderr } = await run(words, { cwd: workplace() })
    expect(`${stdout}${stderr}`.replaceAll('\n', '')).not.toMatch(INVISIBLE)
    if (expected !== undefined) expect(stdout + stderr).toContain(expected)
  })

  test('--json escapes control characters in its own way', async () => {
    const ended = await noisemill([...args, '--json', '--seed', `${hostile}\u{e0041}`], { cwd: workplace() })
    expect(ended.stdout.replaceAll('\n', '')).not.toMatch(INVISIBLE)
    expect(jsonOf(ended).summary.seed).toBe(`${hostile}\u{e0041}`)
  })

  test('the values of variables are shown escaped', async () => {
    const env = { NOISEMILL_NATIVE: hostile, NOISEMILL_ISA: hostile, NOISEMILL_WASM: hostile }
    const { stdout, stderr } = await noisemill(args, { cwd: workplace(), env })
    expect(`${stdout}${stderr}`.replaceAll('\n', '')).not.toMatch(INVISIBLE)
    expect(stderr).toContain('\\u{202e}')
  })

  test('--json prints one object for each output and one for all of them', async () => {
    const { files, summary } = jsonOf(await noisemill([...args, '--json'], { cwd: workplace() }))
    expect(files.map(({ type, status, input, error }) => [type, status, input, error?.code]).sort()).toEqual([
      ...[shownRed, 'a.wav', 'silent.wav'].map((name) => ['file', 'done', native(`in/${name}`), undefined]),
      ['file', 'failed', native('in/bad.wav'), 'E_WAV_NOT_RIFF'],
    ])
    const bytesIn = files.reduce((sum, file) => sum + file.bytesIn, 0)
    expect(summary).toMatchObject({ type: 'summary', done: 3, failed: 1, planned: 0, bytesIn, seed: '0' })
  })

  test('the summary adds up what the lines of the files say', async () => {
    const cwd = workplace()
    writeFiles(path.join(cwd, 'in'), { 'loud.wav': pcm16(undefined, 1), 'louder.wav': pcm16(5000, 1) })
    const snr = ['add', 'in', '--out', 'out', '--snr', '-10:20', '--copies', '3']
    const { files, summary } = jsonOf(await noisemill([...snr, '--json'], { cwd }))
    const snrs = files.flatMap((file) => (file.status === 'done' && file.snr !== null ? [file.snr] : []))
    const ordered = snrs.toSorted((a, b) => a - b)
    expect(ordered).toHaveLength(12)
    expect(summary.snr).toEqual({ minimum: ordered[0], median: (ordered[5] + ordered[6]) / 2, maximum: ordered[11] })
    const clipped = files.map((file) => file.clipped ?? 0)
    expect(summary.clippedFiles).toBe(clipped.filter((count) => count > 0).length)
    expect(summary.clippedSamples).toBe(clipped.reduce((sum, count) => sum + count, 0))
    expect(summary.clippedSamples).toBeGreaterThan(0)
    const codes = files.flatMap(({ warnings }) => warnings)
    expect(summary.warnings.W_SILENT).toBe(3)
    for (const [code, count] of Object.entries(summary.warnings))
      expect(count, code).toBe(codes.filter((one) => one === code).length)
    const again = jsonOf(await noisemill([...snr, '--json', '--resume'], { cwd }))
    for (const name of ['snr', 'clippedFiles', 'clippedSamples', 'warnings'])
      expect(again.summary[name]).toEqual(summary[name])
  })

  test('a message that all copies of a file share is shown once', async () => {
    const copies = [...args, '--copies', '3', '--quiet']
    const cwd = workplace()
    const loud = await noisemill(copies.slice(0, -1), { cwd })
    expect(linesOf(loud.stderr).sort()).toEqual([
      expect.stringMatching(/^noisemill: in[/\\]bad\.wav: .*\(E_WAV_NOT_RIFF; copies 1 to 3\)$/),
      expect.stringMatching(/^noisemill: warning: in[/\\]silent\.wav: .*\(W_SILENT; copies 1 to 3\)\.$/),
    ])
    const quiet = await noisemill([...copies, '--overwrite'], { cwd })
    expect(linesOf(quiet.stderr)).toEqual([expect.stringMatching(/\(E_WAV_NOT_RIFF; copies 1 to 3\)$/)])
  })

  test('and one that all SNRs of a copy share', async () => {
    const add = async (...flags: string[]) => {
      const each = ['add', 'in', '--out', 'out', '--snr', '0/5/10', '--snr-mode', 'each', ...flags]
      return linesOf((await noisemill(each, { cwd: workplace() })).stderr).sort()
    }
    const lines = (copies: string) => [
      expect.stringMatching(new RegExp(`^noisemill: in.bad\\.wav: .*\\(E_WAV_NOT_RIFF${copies}\\)$`)),
      expect.stringMatching(new RegExp(`^noisemill: warning: in.silent\\.wav: .*\\(W_SILENT${copies}\\)\\.$`)),
    ]
    expect(await add()).toEqual(lines(''))
    expect(await add('--copies', '2')).toEqual(lines('; copies 1 to 2'))
  })

  test('a silent file that is left out has its warning in each run, and one that is skipped in the first', async () => {
    const cwd = workplace()
    const warned = async (...flags: string[]) => {
      const { stderr } = await noisemill([...args, ...flags], { cwd })
      return linesOf(stderr).filter((line) => line.includes('W_SILENT')).length
    }
    expect(await warned('--silent', 'skip')).toBe(1)
    expect(await warned('--silent', 'skip', '--resume')).toBe(1)
    expect(await warned('--overwrite')).toBe(1)
    expect(await warned('--resume')).toBe(0)
  })

  test('outputs that exist have one line on stderr, and each has one in --json and the report', async () => {
    const cwd = temporaryFolder()
    const names = Array.from({ length: 9 }, (_, i) => `${i}.wav`)
    writeFiles(path.join(cwd, 'in'), Object.fromEntries(names.map((name) => [name, pcm16(500)])))
    expect((await noisemill(args, { cwd })).code).toBe(0)
    const ended = await noisemill([...args, '--json', '--report', 'r.jsonl'], { cwd })
    expect(ended.code).toBe(1)
    expect(linesOf(ended.stderr)).toEqual([
      expect.stringMatching(
        /^noisemill: 9 outputs \(out.\d\.wav, out.\d\.wav, out.\d\.wav, and 6 more\): .*\(E_OUTPUT_EXISTS\)$/,
      ),
    ])
    const rows = rowsOf(path.join(cwd, 'r.jsonl'))
    for (const told of [jsonOf(ended).files, rows])
      expect(told.map(({ key, error }) => [key, error.code]).sort()).toEqual(
        names.map((name) => [name, 'E_OUTPUT_EXISTS']),
      )
  })

  test('audio files of other formats are counted by format, and reported if there are no inputs', async () => {
    const cwd = temporaryFolder()
    const others = ['b.flac', 'c.FLAC', 'below/d.mp3', '.hidden.flac', 'notes.txt']
    writeFiles(path.join(cwd, 'in'), { 'a.wav': pcm16(), ...Object.fromEntries(others.map((name) => [name, pcm16()])) })
    const plain = await noisemill(args, { cwd })
    expect([plain.code, plain.stderr]).toEqual([0, ''])
    expect(linesOf(plain.stdout).at(-1)).toMatch(/^1 done, other audio files not read \(2 flac, 1 mp3\): /)
    const counted = async (inputs: string[], out: string) => {
      const ended = await noisemill(['add', ...inputs, '--out', out, '--snr', '10', '--json'], { cwd })
      return { ...ended, ...jsonOf(ended) }
    }
    expect((await counted(['in'], 'folder')).summary.unread).toEqual({ flac: 2, mp3: 1 })
    expect((await counted(['in/*.wav'], 'pattern')).summary.unread).toEqual({})
    // A file that several inputs contain is counted once, as a WAV file is.
    const repeated = [
      ['in', 'in'],
      ['in/b.wav', './in', 'in/*.flac', 'in/**'],
      ['in', path.join(cwd, 'in')],
    ]
    for (const [i, inputs] of repeated.entries())
      expect((await counted(inputs, `repeated-${i}`)).summary.unread, `${inputs}`).toEqual({ flac: 2, mp3: 1 })
    writeFiles(path.join(cwd, 'other'), { 'b.flac': pcm16(), 'e.wav': pcm16() })
    expect((await counted(['in', 'other', 'in'], 'both')).summary.unread).toEqual({ flac: 3, mp3: 1 })
    const some = await counted(['in', 'in/*.flac', 'in/*.opus'], 'some')
    expect(some.summary.unread).toEqual({ flac: 2, mp3: 1 })
    expect(linesOf(some.stderr)).toEqual([
      expect.stringMatching(
        /^noisemill: in.\*\.flac: there is no input: there are only audio files that are not read \(1 flac\)/,
      ),
      expect.stringMatching(/^noisemill: in.\*\.opus: there is no input\. /),
    ])
    for (const inputs of [['in/**/*.mp3'], ['in/**/*.mp3', 'in/*/*.mp3']]) {
      const { code, stderr } = await noisemill(['add', ...inputs, '--out', 'none', '--snr', '10'], { cwd })
      expect(code).toBe(2)
      expect(stderr).toMatch(
        /there is no input: there are only audio files that are not read \(1 mp3\)\. .*\(E_NO_INPUT\)\n$/,
      )
    }
  })

  test('a dry run does not keep the names of its outputs', async () => {
    const cwd = temporaryFolder()
    writeFiles(cwd, { [`in/${'a'.repeat(200)}.wav`]: pcm16(10) })
    // The run needs 18 MB of heap, and with the names of all outputs about 40 MB.
    const env = { NODE_OPTIONS: '--max-old-space-size=28' }
    const copies = 100_000
    const dry = ['add', 'in', '--out', 'out', '--sigma', '0.1', '--dry-run', '--quiet', '--copies', `${copies}`]
    expect(await noisemill(dry, { cwd, env })).toMatchObject({ code: 0, stderr: '' })
  })

  test('a dry run shows the SNR that is drawn', async () => {
    const dry = ['add', 'in', '--out', 'out', '--snr', '5:20', '--dry-run']
    const { stdout } = await noisemill(dry, { cwd: workplace() })
    expect(linesOf(stdout)[0]).toMatch(/^planned {2}out.* {2}sigma [\d.]+ {2}SNR \d+\.\d\d dB drawn$/)
  })

  // Other systems refuse such names.
  linuxTest('--json gives names that are not UTF-8 in base64 too (needs Linux)', async () => {
    const cwd = temporaryFolder()
    mkdirSync(path.join(cwd, 'in'))
    const name = Buffer.from([0xff, 0x2e, 0x77, 0x61, 0x76])
    writeFiles(cwd, { 'a.wav': pcm16() })
    linkSync(path.join(cwd, 'a.wav'), Buffer.concat([Buffer.from(`${cwd}/in/`), name]))
    const [file] = jsonOf(await noisemill([...args, '--json'], { cwd })).files
    expect(file).toMatchObject({ input: 'in/\\xff.wav', output: 'out/\\xff.wav', status: 'done' })
    const output = Buffer.from(file.outputBase64, 'base64')
    expect(output).toEqual(Buffer.concat([Buffer.from('out/'), name]))
    expect(existsSync(Buffer.concat([Buffer.from(`${cwd}/`), output]))).toBe(true)
  })

  posixTest('a folder that contains itself is walked once, and reported (needs symbolic links)', async () => {
    const cwd = temporaryFolder()
    writeFiles(path.join(cwd, 'in'), { 'a.wav': pcm16() })
    symlinkSync('.', path.join(cwd, 'in/loop'))
    const { code, stderr } = await noisemill(args, { cwd })
    expect([code, filesBelow(path.join(cwd, 'out'))]).toEqual([0, ['a.wav']])
    expect(linesOf(stderr)).toEqual([expect.stringMatching(/^noisemill: in\/loop: .*contains itself/)])
    expect((await noisemill([...args, '--overwrite', '--quiet'], { cwd })).stderr).toBe('')
  })

  test('files that are named twice are done once; three are named, and all are counted', async () => {
    const cwd = temporaryFolder()
    const names = ['a', 'b', 'c', 'd', 'e'].map((name) => `${name}.wav`)
    writeFiles(path.join(cwd, 'in/sub'), filesOf(names, 100))
    const twice = ['in/sub', ...args.slice(2), '--root', 'in']
    const ended = await noisemill(['add', 'in/sub/a.wav', ...twice, '--json'], { cwd })
    expect([ended.code, jsonOf(ended).files.length]).toEqual([0, 5])
    expect(jsonOf(ended).summary).toMatchObject({ done: 5, repeatedFiles: 1, repeatedFolders: 0 })
    expect(linesOf(ended.stderr)).toEqual([
      `noisemill: files that are repeated among the inputs are processed once: ${native('in/sub/a.wav')}.`,
    ])
    const many = await noisemill(['add', 'in/sub', ...twice, '--overwrite'], { cwd })
    expect([many.code, many.stdout]).toEqual([0, expect.stringMatching(/^5 done, 5 repeated: /m)])
    expect(linesOf(many.stderr)).toEqual([expect.stringMatching(/processed once: [^,]*, [^,]*, [^,]*, and 2 more\.$/)])
  })

  posixTest('a folder that a link repeats is reported; --no-follow leaves it out (needs symbolic links)', async () => {
    const cwd = temporaryFolder()
    writeFiles(path.join(cwd, 'in/real'), { 'a.wav': pcm16(), 'b.wav': pcm16() })
    symlinkSync('real', path.join(cwd, 'in/link'))
    const ended = await noisemill([...args, '--json'], { cwd })
    expect([ended.code, filesBelow(path.join(cwd, 'out')).length]).toEqual([0, 4])
    expect(jsonOf(ended).summary).toMatchObject({ done: 4, repeatedFiles: 0, repeatedFolders: 1 })
    expect(linesOf(ended.stderr)).toEqual([
      expect.stringMatching(
        /^noisemill: in\/(link is the same folder as in\/real|real is the same folder as in\/link), .*--no-follow/,
      ),
    ])
    const once = await noisemill([...args, '--overwrite', '--json', '--no-follow'], { cwd })
    expect([once.code, once.stderr]).toEqual([0, ''])
    expect(jsonOf(once).summary).toMatchObject({ done: 2, repeatedFolders: 0 })
  })

  test('--quiet prints failures, to stderr, and nothing else', async () => {
    const { code, stdout, stderr } = await noisemill([...args, '--quiet'], { cwd: workplace() })
    expect([code, stdout]).toEqual([1, ''])
    expect(linesOf(stderr)).toEqual([expect.stringContaining('(E_WAV_NOT_RIFF)')])
  })
})

describe('--report', () => {
  const reporting = (file: string, ...flags: string[]) => [...args, '--report', file, ...flags]

  test('holds what --json says of each output, line by line', async () => {
    const cwd = workplace()
    const { files } = jsonOf(await noisemill(reporting('r.jsonl', '--json'), { cwd }))
    const rows = rowsOf(path.join(cwd, 'r.jsonl'))
    expect(rows.map((row) => ({ type: 'file', ...row }))).toEqual(files)
    expect(rows).toHaveLength(4)
  })

  test('makes the folder of its file', async () => {
    const cwd = workplace()
    await noisemill(reporting('reports/today/r.jsonl'), { cwd })
    expect(rowsOf(path.join(cwd, 'reports/today/r.jsonl'))).toHaveLength(4)
  })

  test('leaves no folder behind where the command is wrong', async () => {
    const cwd = workplace()
    const before = readdirSync(cwd)
    const wrong = ['add', 'in', '--out', 'out', '--report', 'reports/today/r.jsonl']
    expect((await noisemill(wrong, { cwd })).code).toBe(2)
    expect(readdirSync(cwd)).toEqual(before)
  })

  test('replaces nothing without --overwrite, and all of it with it', async () => {
    const cwd = workplace()
    const old = '{"input":"old.wav"}\n'.repeat(1000)
    writeFiles(cwd, { 'r.jsonl': Buffer.from(old) })
    const refused = await noisemill(reporting('r.jsonl'), { cwd })
    expect([refused.code, refused.stdout, existsSync(path.join(cwd, 'out'))]).toEqual([4, '', false])
    expect(refused.stderr).toContain('(E_REPORT)')
    expect(readFileSync(path.join(cwd, 'r.jsonl'), 'utf8')).toBe(old)
    expect((await noisemill(reporting('r.jsonl', '--overwrite'), { cwd })).code).toBe(1)
    const rows = rowsOf(path.join(cwd, 'r.jsonl'))
    expect(rows.map(({ status }) => status).sort()).toEqual(['done', 'done', 'done', 'failed'])
  })

  test.each(['r.wav', 'r.BWF'])('is refused the name of an audio file, %s', async (name) => {
    const cwd = workplace()
    const { code, stderr } = await noisemill(reporting(name), { cwd })
    expect([code, filesBelow(cwd).includes(name), existsSync(path.join(cwd, 'out'))]).toEqual([4, false, false])
    expect(stderr).toContain('(E_REPORT)')
  })

  test.each([
    ['no level', ['add', 'in', '--out', 'out']],
    ['there is no input', ['add', 'in/*.flac', '--out', 'out', '--snr', '10']],
    ['a root elsewhere', ['add', 'in', '--out', 'out', '--snr', '10', '--root', 'other']],
    ['outputs among inputs', ['add', 'in', '--out', 'in/out', '--snr', '10']],
    ['no level, with --overwrite', ['add', 'in', '--out', 'out', '--overwrite']],
  ])('leaves none behind where the command is wrong: %s', async (_, wrong) => {
    const cwd = workplace()
    expect((await noisemill([...wrong, '--report', 'r.jsonl'], { cwd })).code).toBe(2)
    expect(existsSync(path.join(cwd, 'r.jsonl'))).toBe(false)
  })

  test('keeps an old one where the command is wrong', async () => {
    const cwd = workplace()
    const old = '{"input":"old.wav"}\n'
    writeFiles(cwd, { 'r.jsonl': Buffer.from(old) })
    await noisemill(['add', 'in', '--out', 'out', '--overwrite', '--report', 'r.jsonl'], { cwd })
    expect(readFileSync(path.join(cwd, 'r.jsonl'), 'utf8')).toBe(old)
  })

  /** Runs with such a report are refused for this reason, with a report of an earlier run in its place or without. */
  async function expectRefused(reports: readonly string[], reason: string, links: () => [string, string][] = () => []) {
    for (const report of reports) {
      for (const flags of [[], ['--overwrite'], ['--resume']]) {
        const cwd = temporaryFolder()
        writeFiles(cwd, { take1: pcm16(), 'in/a.wav': pcm16() })
        for (const [target, link] of links()) symlinkSync(target, path.join(cwd, link))
        const found = () => [filesBelow(cwd), hashesBelow(path.join(cwd, 'in')), sha256OfFile(path.join(cwd, 'take1'))]
        const before = found()
        const inputs = ['in', 'take1', 'gone', '--out', 'out', '--copies', '2', '--snr', '10']
        const { code, stdout, stderr } = await run(['add', ...inputs, ...flags, '--report', report], { cwd })
        expect([code, stdout, linesOf(stderr)], report).toEqual([
          2,
          '',
          [expect.stringMatching(new RegExp(`${report}: .*over a file of the run.*${reason}.*\\(E_REPORT_CLASH\\)$`))],
        ])
        expect([found(), existsSync(path.join(cwd, 'out'))]).toEqual([before, false])
      }
    }
  }

  const asJournal = 'it is a journal of the output folder'
  const asOutput = 'it is an output of the run'

  test('cannot be the journal', () =>
    expectRefused([`out/${JOURNAL}`, `in/../out/${JOURNAL}`, `out/${JOURNAL.toUpperCase()}`], asJournal))

  test('cannot be an output', () =>
    expectRefused(['out/take1.1', 'out/take1.2', 'out/TAKE1.2', 'out/gone.1'], asOutput))

  test('cannot be an input', () => expectRefused(['take1', 'in/../take1', 'gone'], 'it is an input'))

  posixTest('cannot be one of these by way of a link (needs symbolic links)', async () => {
    const links = (): [string, string][] => [
      ['.', 'here'],
      ['take1', 'link'],
    ]
    await expectRefused([`here/out/${JOURNAL}`], asJournal, links)
    await expectRefused(['here/out/take1.1'], asOutput, links)
    await expectRefused(['here/take1', 'here/gone', 'link', 'here/link'], 'it is an input', links)
  })

  test('cannot be the journal of an earlier run, which stays as it is', async () => {
    const cwd = workplace()
    const journal = path.join(cwd, 'out', JOURNAL)
    await noisemill(args, { cwd })
    linkSync(journal, path.join(cwd, 'link'))
    const before = sha256OfFile(journal)
    for (const report of [`out/${JOURNAL}`, 'link']) {
      const { code, stderr } = await noisemill(reporting(report, '--resume'), { cwd })
      expect([code, stderr]).toEqual([2, expect.stringContaining(asJournal)])
      expect(sha256OfFile(journal)).toBe(before)
    }
  })

  test('may have the name of a number that no copy has, or lie beside an input', async () => {
    for (const report of ['out/take1.3', 'out/take1', 'in/report']) {
      const cwd = temporaryFolder()
      writeFiles(cwd, { take1: pcm16(), 'in/a.wav': pcm16() })
      const inputs = ['in', 'take1', '--out', 'out', '--copies', '2', '--snr', '10']
      const { code, stderr } = await noisemill(['add', ...inputs, '--report', report], { cwd })
      expect([code, stderr]).toEqual([0, ''])
      expect(rowsOf(path.join(cwd, report))).toHaveLength(4)
    }
  })

  test.each([
    ['a hard link to an input', 'link.txt', linkSync],
    ['an input that was named outright', 'speech.bin', () => {}],
  ])('never overwrites %s', (_, report, link) => expectKept(report, link))

  posixTest('never overwrites a link to an input (needs symbolic links)', () => expectKept('link.txt', symlinkSync))

  /** A report of this name is not written, where a link to an input may have it. */
  async function expectKept(report: string, link: (to: string, at: string) => void) {
    const cwd = temporaryFolder()
    writeFiles(cwd, { 'in/a.wav': pcm16(), 'speech.bin': pcm16() })
    link(path.join(cwd, 'in/a.wav'), path.join(cwd, 'link.txt'))
    const before = sha256OfFile(path.join(cwd, report))
    const inputs = ['in', 'speech.bin']
    await noisemill(['add', ...inputs, '--out', 'out', '--snr', '10', '--report', report, '--overwrite'], { cwd })
    expect(sha256OfFile(path.join(cwd, report))).toBe(before)
  }
})

describe.skipIf(isWindows || !hasTerminal)('on a terminal (needs script of util-linux)', () => {
  /** All that a person would get to see, of stdout and stderr alike; `script` gives the terminal no size. */
  async function onTerminal(cwd: string, args: readonly string[], environment: NodeJS.ProcessEnv = {}, before = '') {
    return onTerminalBy(cwd, `${before} ${shellLine([process.execPath, bin, ...args])}`, environment)
  }

  /** The same of a line for the shell. */
  async function onTerminalBy(cwd: string, line: string, environment: NodeJS.ProcessEnv = {}) {
    const env = { TERM: 'xterm-256color', CI: undefined, ...environment }
    return start(['script', '-qec', `stty cols 100 rows 30; ${line}`, '/dev/null'], { cwd, env }).ended
  }

  const longRun = ['add', 'long', '--out', 'out', '--sigma', '0.1']
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  const COLOR = /\x1b\[[\d;]*m/

  test('a live line shows how far a run is, and the cursor is given back', async () => {
    const cwd = temporaryFolder()
    // A second or so of work, where the line is painted ten times a second.
    writeLongInputs(path.join(cwd, 'long'), 12)
    const slowly = ['--backend', 'workers', '--kernel', 'ts', '--jobs', '1']
    const { code, stdout } = await onTerminal(cwd, [...longRun, ...slowly])
    expect(code).toBe(0)
    expect(stdout).toMatch(/\d+ of 12 files {2}[\d.]+ [kM]?B\/s {2}CPU \d+ % {2}[\d.]+ s left/)
    expect(stdout).toContain('12 done')
    expect(stdout.lastIndexOf(`${ESCAPE}[?25h`)).toBeGreaterThan(stdout.lastIndexOf(`${ESCAPE}[?25l`))
    const { stdout: nothing } = await onTerminal(cwd, [...longRun, '--quiet', '--overwrite'])
    expect(nothing).toBe('')
  })

  test('a live line needs a terminal on stderr alone, and counts failures', async () => {
    const cwd = temporaryFolder()
    writeLongInputs(path.join(cwd, 'long'), 6)
    // An input of its own, and the first: the system decides on the order within a folder.
    writeFiles(cwd, { 'bad/00.wav': Buffer.from('no audio'), 'bad/01.wav': Buffer.from('no audio') })
    const slowly = ['--backend', 'workers', '--kernel', 'ts', '--jobs', '1', '--chunk-size', '1']
    const command = shellLine([process.execPath, bin, 'add', 'bad', ...longRun.slice(1), ...slowly])
    const shown = await onTerminalBy(cwd, `${command} > log`)
    expect(shown.code).toBe(1)
    expect(shown.stdout).toMatch(/\d+ of 8 files, [12] failed {2}[\d.]+ [kM]?B\/s {2}CPU \d+ %/)
    expect(shown.stdout).not.toContain('done  ')
    const log = linesOf(readFileSync(path.join(cwd, 'log'), 'utf8'))
    expect(log.filter((line) => line.startsWith('done  '))).toHaveLength(6)
    expect(log.join()).not.toContain(ESCAPE)
  })

  test('without a terminal on stderr there is no live line, and each result has its line', async () => {
    const command = shellLine([process.execPath, bin, ...args])
    const { stdout } = await onTerminalBy(workplace(), `${command} 2> errors`)
    expect(stdout.split('\r\n').filter((line) => line.startsWith('done  '))).toHaveLength(3)
    expect(stdout).not.toContain(ESCAPE)
  })

  test('failures are coloured, but not with NO_COLOR', async () => {
    const [colored, plain] = await Promise.all([
      onTerminal(workplace(), args),
      onTerminal(workplace(), args, { NO_COLOR: '1' }),
    ])
    expect(colored.stdout).toContain('E_WAV_NOT_RIFF')
    expect(colored.stdout).toMatch(COLOR)
    expect(plain.stdout).toContain('E_WAV_NOT_RIFF')
    expect(plain.stdout).not.toMatch(COLOR)
  })

  test('an interrupt ends a run over a folder that has no end', async () => {
    const cwd = temporaryFolder()
    // Two ways at each of so many forks, which is a thousand million files to count for the live line.
    const forks = 30
    writeFiles(cwd, { [`${forks}/a.wav`]: pcm16() })
    for (let i = 0; i < forks; i++) {
      mkdirSync(path.join(cwd, `${i}`))
      for (const way of ['left', 'right']) symlinkSync(`../${i + 1}`, path.join(cwd, `${i}`, way))
    }
    const afterTwoSeconds = 'timeout --foreground --preserve-status --signal=INT --kill-after=100 2'
    const { code } = await onTerminal(
      cwd,
      ['add', '0', '--out', 'out', '--dry-run', '--sigma', '0.1'],
      {},
      afterTwoSeconds,
    )
    expect(code).toBe(130)
  })
})

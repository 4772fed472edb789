/** Exit codes of command lines, the error codes on stderr, and the files that are left. */

import { existsSync, readFileSync, symlinkSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { hasAddon } from '../support/backends.js'
import { writeFiles } from '../support/files.js'
import { filesBelow, hashesBelow, temporaryFolder } from '../support/folders.js'
import { jsKernel } from '../support/kernels.js'
import { bin, commandRunner, jsonOf, linesOf, noisemill, start } from '../support/programs.js'
import { posixTest } from '../support/systems.js'
import { pcm16 } from '../support/wav.js'

const snr = ['--snr', '10']
const toOut = ['--out', 'out', ...snr]

/** `in` with a.wav and deep/b.wav, and `empty` with nothing to hear. */
function workplace(): string {
  const cwd = temporaryFolder()
  writeFiles(cwd, { 'in/a.wav': pcm16(), 'in/deep/b.wav': pcm16(), 'empty/notes.txt': Buffer.from('not audio') })
  return cwd
}

describe('0', () => {
  test.each(['--help', '--version', 'help add', 'add --help'])('for %s, which is told on stdout', async (args) => {
    const { code, stdout, stderr } = await noisemill(args.split(' '))
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).not.toBe('')
  })
})

test('add --help says what noise depends on, and what an SNR refers to', async () => {
  const { stdout } = await noisemill(['add', '--help'])
  expect(stdout).toMatch(/noise of a file depends on .* path below the INPUT .*--root/s)
  expect(stdout).toMatch(/silence included.*about 0\.1 dB/s)
})

describe('1, each failure named and the others done', () => {
  test('for missing, foreign and unreadable inputs among others', async () => {
    const cwd = workplace()
    writeFiles(cwd, { 'in/text.wav': Buffer.from('this is no audio') })
    const { code, stdout, stderr } = await noisemill(['add', 'missing.wav', 'in', ...toOut], { cwd })
    expect(code).toBe(1)
    expect(linesOf(stderr).sort()).toEqual([
      expect.stringMatching(/in[/\\]text\.wav: .*\(E_WAV_NOT_RIFF\)$/),
      expect.stringMatching(/missing\.wav: .*\(E_INPUT_MISSING\)$/),
    ])
    expect(stdout).toContain('2 done, 2 failed')
    expect(filesBelow(path.join(cwd, 'out'))).toEqual(['a.wav', 'deep/b.wav'])
  })

  posixTest('for a dangling link among the inputs (needs symbolic links)', async () => {
    const cwd = workplace()
    symlinkSync('nowhere', path.join(cwd, 'in/dangling.wav'))
    const { code, stdout, stderr } = await noisemill(['add', 'in', ...toOut], { cwd })
    expect([code, linesOf(stderr)]).toEqual([1, [expect.stringMatching(/in\/dangling\.wav: .*\(E_INPUT_MISSING\)$/)]])
    expect(stdout).toContain('2 done, 1 failed')
    expect(filesBelow(path.join(cwd, 'out'))).toEqual(['a.wav', 'deep/b.wav'])
  })

  test('for an output that exists, which is left as it is', async () => {
    const cwd = workplace()
    writeFiles(cwd, { 'out/a.wav': Buffer.from('old') })
    const { code, stderr } = await noisemill(['add', 'in', ...toOut], { cwd })
    expect([code, linesOf(stderr)]).toEqual([1, [expect.stringMatching(/out[/\\]a\.wav: .*\(E_OUTPUT_EXISTS\)$/)]])
    expect(readFileSync(path.join(cwd, 'out/a.wav'), 'utf8')).toBe('old')
    expect(filesBelow(path.join(cwd, 'out'))).toEqual(['a.wav', 'deep/b.wav'])
  })

  test('for two inputs with one output, of which neither is written', async () => {
    const cwd = workplace()
    writeFiles(cwd, { 'other/a.wav': pcm16(), 'other/c.wav': pcm16() })
    const { code, stderr } = await noisemill(['add', 'in', 'other', ...toOut], { cwd })
    expect(code).toBe(1)
    expect(linesOf(stderr).sort()).toEqual([
      expect.stringMatching(/in[/\\]a\.wav: .*other[/\\]a\.wav.*\(E_OUTPUT_CLASH\)$/),
      expect.stringMatching(/other[/\\]a\.wav: .*in[/\\]a\.wav.*\(E_OUTPUT_CLASH\)$/),
    ])
    expect(filesBelow(path.join(cwd, 'out'))).toEqual(['c.wav', 'deep/b.wav'])
  })

  test('for an output that is its input, even with --overwrite', async () => {
    const cwd = workplace()
    const before = hashesBelow(path.join(cwd, 'in'))
    const { code, stderr } = await noisemill(['add', 'in/a.wav', '--out', 'in', ...snr, '--overwrite'], { cwd })
    expect([code, linesOf(stderr)]).toEqual([1, [expect.stringContaining('(E_OUTPUT_IS_INPUT)')]])
    expect(hashesBelow(path.join(cwd, 'in'))).toEqual(before)
  })
})

const fallback = () => ({ cwd: workplace(), env: { NOISEMILL_NATIVE: 'off' } })

describe('2, and nothing is done,', () => {
  const run = commandRunner()

  /** Runs each in a folder of its own; each must be refused with these words. */
  const expectRefusals = (words: string, ...commands: (readonly string[])[]) =>
    expectRefusalsIn(workplace, words, commands)

  async function expectRefusalsIn(makePlace: () => string, words: string, commands: readonly (readonly string[])[]) {
    const outcomes = await Promise.all(
      commands.map(async (args) => {
        const cwd = makePlace()
        const before = filesBelow(cwd)
        const { code, stdout, stderr } = await run(args, { cwd })
        expect({ args, code, stdout }).toEqual({ args, code: 2, stdout: '' })
        expect(filesBelow(cwd)).toEqual(before)
        expect(existsSync(path.join(cwd, 'out'))).toBe(false)
        return stderr
      }),
    )
    for (const stderr of outcomes) expect(stderr).toContain(words)
  }

  // The words are those of commander, which has no codes.
  test.each([
    ['Usage: noisemill', []],
    ["unknown command 'mix'", ['mix']],
    ["unknown option '--loud'", ['add', 'in', ...toOut, '--loud']],
    ['too many arguments', ['demo', 'more']],
    ["required option '--out <dir>'", ['add', 'in', ...snr]],
    ["unknown option '--output'\n(Did you mean --out?)", ['add', 'in', ...snr, '--output', 'out']],
    ['the noise level is missing. Give --sigma (', ['add', 'in', '--out', 'out', '--noise', '0.1']],
    ['(Did you mean --sigma, --snr or --dbfs?)', ['add', 'in', '--out', 'out', '--noise-level', '0.1']],
    ["missing required argument 'input', or option '--from <file>'", ['add', ...toOut]],
  ])('%s: %j', (words, args) => expectRefusals(words, args))

  const add = (...flags: string[]) => ['add', 'in', '--out', 'out', ...flags]

  test('E_LEVEL_MISSING and E_LEVEL_BOTH', async () => {
    await expectRefusals('(E_LEVEL_MISSING)', add())
    await expectRefusals('(E_LEVEL_BOTH)', add(...snr, '--sigma', '0.1'))
  })

  test.each([
    ['--sigma', ['-1', 'NaN', '17', 'abc', '', '0x10', '1:2:3', '2:1']],
    ['--snr', ['201', '-101']],
  ])('E_OPTION_INVALID: %s %j', (flag, texts) =>
    expectRefusals('(E_OPTION_INVALID)', ...texts.map((text) => add(flag, text))),
  )

  test.each([
    ['--chunk-size', ['0', '-1', '1.5', 'x']],
    ['--jobs', ['0', 'x', '1e9']],
    ['--copies', ['0', '1000001']],
    ['--backend', ['gpu']],
    ['--kernel', ['sse']],
    ['--kind', ['Pink']],
    ['--root', ['elsewhere']],
  ])('E_OPTION_INVALID: %s %j', (flag, texts) =>
    expectRefusals('(E_OPTION_INVALID)', ...texts.map((text) => add(...snr, flag, text))),
  )

  test.each([
    ['INPUT', (name: string) => ['add', 'in', name, ...toOut]],
    ['--out', (name: string) => ['add', 'in', '--out', name, ...snr]],
    ['--report', (name: string) => add(...snr, '--report', name)],
    ['--root', (name: string) => add(...snr, '--root', name)],
  ])('E_OPTION_INVALID: %s is no path, or stands for a stream elsewhere', (name, command) =>
    expectRefusals(`${name}: invalid option: expected a path, not a standard stream`, ...['', '-'].map(command)),
  )

  test.each([
    ['--snr: invalid option: it is given twice, as "0" and "5"', ['--snr', '0', '--snr', '5']],
    ['--sigma: invalid option: it is given twice, as "1" and "1"', ['--sigma', '1', '--sigma', '1']],
    ['--seed: invalid option: it is given twice, as "" and "a"', [...snr, '--seed', '', '--seed', 'a']],
    ['--clip: invalid option: it is given twice, as "scale" and --no-clip', [...snr, '--clip', 'scale', '--no-clip']],
    ['--clip: invalid option: it is given twice, as --no-clip and "scale"', [...snr, '--no-clip', '--clip', 'scale']],
    ['--snr: invalid option: expected a number without a unit', ['--snr', '10dB']],
    ['--copies: invalid option: expected a number without a unit', [...snr, '--copies', '2x']],
    ['--snr: invalid option: expected a range LOW:HIGH with the lower number first but got 20:0', ['--snr', '20:0']],
    ['or a range LOW:HIGH of such numbers but got 5:300', ['--snr', '5:300']],
    ['--snr: invalid option: expected a list of different numbers but got 5/5', ['--snr', '5/5.0']],
    ['a list of 1 to 1000 numbers from -100 to 200 but got -5/300/1e+21', ['--snr', '-5/300/1e21']],
    ['--level: invalid option: expected a list of different numbers but got -1/-1', [...snr, '--level', 'rms:-1/-1']],
    ['--low: unknown option: the kind gaussian has no parameter low; kinds that have it are ', [...snr, '--low', '3']],
    ['--resume: invalid option: expected only one of --resume and --overwrite', [...snr, '--resume', '--overwrite']],
    ['Give --sigma (standard deviation, 1.0 = full scale), --snr or --dbfs (decibels)', []],
  ])('%s', (words, flags) => expectRefusals(words, add(...flags)))

  test('but a switch may be repeated', async () => {
    const repeated = ['--quiet', '--quiet', '--no-clip', '--no-clip', '--no-follow', '--no-follow']
    const { code, stderr } = await noisemill(add(...snr, ...repeated), { cwd: workplace() })
    expect([code, stderr]).toEqual([0, ''])
  })

  test('E_OPTION_INVALID: a second input outside the root', () =>
    expectRefusals('(E_OPTION_INVALID)', ['add', 'in', 'empty', ...toOut, '--root', 'in']))

  test('E_KERNEL_UNAVAILABLE: --kernel wasm where it cannot be had', async () => {
    const env = { NOISEMILL_WASM: 'off' }
    const { code, stdout, stderr } = await noisemill(
      ['add', 'in', ...toOut, '--kernel', 'wasm', '--backend', 'workers'],
      { ...fallback(), env },
    )
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(/NOISEMILL_WASM is off.*\(E_KERNEL_UNAVAILABLE\)/)
  })

  test('E_ISA_UNAVAILABLE: NOISEMILL_ISA forces what the machine lacks', async () => {
    const env = { NOISEMILL_ISA: 'mmx' }
    const { code, stdout, stderr } = await noisemill(['add', 'in', ...toOut], { ...fallback(), env })
    expect([code, stdout === '']).toEqual(hasAddon ? [2, true] : [0, false])
    if (hasAddon) expect(stderr).toMatch(/"?mmx"?.*\(E_ISA_UNAVAILABLE\)/)
  })

  test('E_NO_INPUT: an empty folder, a glob without match', () =>
    expectRefusals('(E_NO_INPUT)', ['add', 'empty', ...toOut], ['add', 'in/*.flac', ...toOut]))

  const into = (out: string, ...inputs: string[]) => ['add', ...inputs, '--out', out, ...snr]

  test('E_OUTPUT_IN_INPUT: the output folder is an input folder, or lies in one', () =>
    expectRefusals(
      '(E_OUTPUT_IN_INPUT)',
      ...['in', 'in/new/er'].map((out) => into(out, 'in')),
      into('in/new', 'in/**/*.wav'),
      into('in/new', 'empty', 'in'),
    ))

  posixTest(
    'E_OUTPUT_IN_INPUT: the output folder lies in an input folder through a link (needs symbolic links)',
    () => {
      const withLink = () => {
        const cwd = workplace()
        symlinkSync('in', path.join(cwd, 'link'))
        return cwd
      }
      return expectRefusalsIn(withLink, '(E_OUTPUT_IN_INPUT)', [into('link/new', 'in')])
    },
  )

  test('E_BACKEND_UNAVAILABLE: --backend native where the addon cannot be had', async () => {
    const { code, stdout, stderr } = await noisemill(['add', 'in', ...toOut, '--backend', 'native'], fallback())
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(/NOISEMILL_NATIVE is off.*\(E_BACKEND_UNAVAILABLE\)/)
  })
})

describe('70, with the fault on stderr,', () => {
  // Faults that are planted before the command is loaded: in its own course, and beside it.
  test.each([
    ['an error', "process.cpuUsage = () => { throw new RangeError('planted') }"],
    ['an error in a timer', "setTimeout(() => { throw new RangeError('planted') }, 0)"],
    ['a promise that nobody awaits', "setTimeout(() => Promise.reject(new RangeError('planted')), 0)"],
  ])('for %s that nobody foresaw', async (_, fault) => {
    const cwd = workplace()
    writeFiles(cwd, { 'fault.cjs': Buffer.from(fault) })
    const preload = `--require=${path.join(cwd, 'fault.cjs')}`
    const { code, stderr } = await start([process.execPath, preload, bin, 'add', 'in', ...toOut], { cwd }).ended
    expect({ code, stderr }).toMatchObject({ code: 70, stderr: expect.stringContaining('planted') })
    expect(stderr).toMatch(
      /^noisemill: an error inside noisemill: planted\. Report it.*\(E_INTERNAL\)\nRangeError: planted\n +at /,
    )
  })
})

test('without the addon workers do it, and the summary says so', async () => {
  const [plain, json] = await Promise.all([
    noisemill(['add', 'in', ...toOut], fallback()),
    noisemill(['add', 'in', ...toOut, '--json'], fallback()),
  ])
  expect([plain.code, plain.stderr]).toEqual([0, ''])
  expect(linesOf(plain.stdout).at(-1)).toMatch(/workers backend \(.*NOISEMILL_NATIVE is off.*\)/)
  const { summary } = jsonOf(json)
  expect(summary).toMatchObject({ backend: 'workers', kernel: jsKernel, instructionSet: null, done: 2 })
  expect(summary.reason).toContain('NOISEMILL_NATIVE is off')
})

/** Going on from an earlier run: what is done is skipped, what was begun is done again, and nothing else is replaced. */

import { spawn } from 'node:child_process'
import {
  cpSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { hostname } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { type AddNoiseOptions, addNoiseToFiles, type FileResult, Pool } from '../../dist/index.js'
import { describeBackends } from '../support/backends.js'
import { filesBelow, hashesBelow, JOURNAL, temporaryFolder } from '../support/folders.js'
import { posixTest } from '../support/systems.js'
import { formats, sine, wav } from '../support/wav.js'

const speech = (frames = 500, amplitude?: number) => wav({ data: sine(formats[1], frames, 1, amplitude) })
const broken = Buffer.from('RIFF')
const foreign = Buffer.from('somebody else made this')

/** Whole lines of a journal. */
const linesOf = (out: string) =>
  readFileSync(path.join(out, JOURNAL), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))

/** `in` with the files of these names, in a fresh folder. */
function place(...names: string[]) {
  const folder = temporaryFolder()
  const at = (...parts: string[]) => path.join(folder, ...parts)
  names.forEach((name, i) => {
    mkdirSync(path.dirname(at('in', name)), { recursive: true })
    writeFileSync(at('in', name), speech(500 + i))
  })
  return { at, input: at('in'), out: at('out') }
}

let pool: Pool

async function run(input: string | string[], out: string, options: Partial<AddNoiseOptions> = {}) {
  const results: FileResult[] = []
  for await (const result of addNoiseToFiles(input, { out, sigma: 0.1, seed: 'resume', pool, ...options }))
    results.push(result)
  return results
}

/** What became of each file, by its name. */
const outcomes = (results: FileResult[]) =>
  Object.fromEntries(results.map(({ key, status, error }) => [key, error?.code ?? status]).sort())

describeBackends('resuming', (backend) => {
  beforeAll(() => {
    pool = new Pool({ backend, size: 2 })
  })
  afterAll(() => pool.close())
  const resume = (input: string | string[], out: string, options: Partial<AddNoiseOptions> = {}) =>
    run(input, out, { resume: true, ...options })

  test('without an earlier run is a run like any other', async () => {
    const { input, out } = place('a.wav', 'b.wav')
    expect(outcomes(await resume(input, out))).toEqual({ 'a.wav': 'done', 'b.wav': 'done' })
  })

  test('skips what is done, tells its sizes, and does what came since', async () => {
    const { at, input, out } = place('a.wav', 'sub/b.wav')
    const [first] = await run(input, out)
    const before = statSync(first.output, { bigint: true })
    writeFileSync(at('in/new.wav'), speech())
    const results = await resume(input, out)
    expect(outcomes(results)).toEqual({ 'a.wav': 'skipped', 'new.wav': 'done', 'sub/b.wav': 'skipped' })
    const { bytesIn, bytesOut, warnings, snr, frames } = results.find(({ key }) => key === first.key)!
    expect({ bytesIn, bytesOut, warnings, snr, frames }).toEqual({
      bytesIn: first.bytesIn,
      bytesOut: first.bytesOut,
      warnings: [],
      snr: null,
      frames: null,
    })
    const after = statSync(first.output, { bigint: true })
    expect([after.ino, after.mtimeNs]).toEqual([before.ino, before.mtimeNs])
    // And so it goes on.
    expect(new Set(Object.values(outcomes(await resume(input, out))))).toEqual(new Set(['skipped']))
  })

  test('does not depend on how the work is done, nor on how inputs and outputs are spelled', async () => {
    const { input, out } = place('a.wav', 'b.wav')
    await run(input, out)
    const relative = (folder: string) => path.relative('.', folder)
    expect(outcomes(await resume(`${input}/`, `${out}/../out/`, { chunkSize: 1 }))).toEqual({
      'a.wav': 'skipped',
      'b.wav': 'skipped',
    })
    const results = await resume(relative(input), relative(out), { pool: new Pool({ backend: 'inline' }) })
    expect(outcomes(results)).toEqual({ 'a.wav': 'skipped', 'b.wav': 'skipped' })
  })

  test('goes on where inputs and outputs were moved together', async () => {
    const { at, input, out } = place('a.wav')
    await run(input, out)
    mkdirSync(at('moved'))
    renameSync(input, at('moved/in'))
    renameSync(out, at('moved/out'))
    expect(outcomes(await resume(at('moved/in'), at('moved/out')))).toEqual({ 'a.wav': 'skipped' })
  })

  test('does again what is not as it was: inputs by size, time and place, outputs by size', async () => {
    const names = ['kept', 'longer', 'touched', 'gone', 'short', 'empty', 'folder'].map((name) => `${name}.wav`)
    const { at, input, out } = place(...names)
    await run(input, out)
    const { mtime } = statSync(at('in/longer.wav'))
    writeFileSync(at('in/longer.wav'), speech(5000))
    utimesSync(at('in/longer.wav'), mtime, mtime)
    // Another sound of the same length, some milliseconds later.
    const { length } = readFileSync(at('in/touched.wav'))
    writeFileSync(at('in/touched.wav'), speech((length - 44) / 2, 0.5))
    utimesSync(at('in/touched.wav'), mtime, new Date(mtime.getTime() + 1000))
    unlinkSync(at('out/gone.wav'))
    truncateSync(at('out/short.wav'), 100)
    truncateSync(at('out/empty.wav'), 0)
    unlinkSync(at('out/folder.wav'))
    mkdirSync(at('out/folder.wav'))
    expect(outcomes(await resume(input, out))).toEqual({
      'kept.wav': 'skipped',
      'longer.wav': 'done',
      'touched.wav': 'done',
      'gone.wav': 'done',
      'short.wav': 'done',
      'empty.wav': 'done',
      'folder.wav': 'E_OUTPUT_PUBLISH',
    })
    rmSync(at('out/folder.wav'), { recursive: true })
    await resume(input, out)
    await run(input, at('fresh'))
    expect(hashesBelow(out)).toEqual(hashesBelow(at('fresh')))
  })

  test('says what is wrong with an input that is gone since', async () => {
    const { at, input, out } = place('a.wav', 'b.wav')
    const files = [at('in/a.wav'), at('in/b.wav')]
    await run(files, out)
    rmSync(input, { recursive: true })
    writeFileSync(input, '')
    const results = await resume(files, out)
    expect(outcomes(results)).toEqual({ 'a.wav': 'E_INPUT_MISSING', 'b.wav': 'E_INPUT_MISSING' })
    expect(filesBelow(out)).toEqual(['a.wav', 'b.wav'])
  })

  test('does again what has another input of the same size and time', async () => {
    const { at, input, out } = place('a.wav')
    await run(input, out)
    mkdirSync(at('other'))
    writeFileSync(at('other/a.wav'), speech(500, 0.5))
    const { atime, mtime } = statSync(at('in/a.wav'))
    utimesSync(at('in/a.wav'), atime, mtime)
    utimesSync(at('other/a.wav'), atime, mtime)
    await resume(input, out)
    expect(outcomes(await resume(at('other'), out))).toEqual({ 'a.wav': 'done' })
    await run(at('other'), at('fresh'))
    expect(hashesBelow(out)).toEqual(hashesBelow(at('fresh')))
  })

  test('refuses other settings, before anything is done, and says which', async () => {
    const { input, out } = place('a.wav')
    await run(input, out)
    const bytes = readFileSync(path.join(out, JOURNAL))
    const others: [Partial<AddNoiseOptions>, string][] = [
      [{ sigma: 0.2 }, 'sigma was 0.1 and is 0.2'],
      [{ sigma: [0.1, 0.2] }, 'sigma was 0.1 and is [0.1,0.2]'],
      [{ sigma: undefined, snr: 0.1 } as never, 'sigma was 0.1 and is not given, snr was not given and is 0.1'],
      [{ seed: 1 }, 'seed was "resume" and is "1"'],
      [{ clip: false }, 'clip was true and is false'],
      [{ copies: 2 }, 'copies was 1 and is 2'],
    ]
    for (const [other, received] of others) {
      await expect(resume(input, out, other)).rejects.toMatchObject({ code: 'E_RESUME_SETTINGS', path: out, received })
    }
    expect(readFileSync(path.join(out, JOURNAL)).equals(bytes)).toBe(true)
    expect(filesBelow(out)).toEqual(['a.wav'])
  })

  test('goes by the last run that wrote anything', async () => {
    const { at, input, out } = place('a.wav')
    await run(input, out)
    // By mistake: nothing came of it.
    expect(outcomes(await run(input, out, { seed: 'other' }))).toEqual({ 'a.wav': 'E_OUTPUT_EXISTS' })
    expect(outcomes(await resume(input, out))).toEqual({ 'a.wav': 'skipped' })
    await run(input, out, { seed: 'other', overwrite: true })
    await expect(resume(input, out)).rejects.toMatchObject({ code: 'E_RESUME_SETTINGS' })
    writeFileSync(at('in/b.wav'), speech())
    expect(outcomes(await resume(input, out, { seed: 'other' }))).toEqual({ 'a.wav': 'skipped', 'b.wav': 'done' })
  })

  test('does not take for done what was made with other settings', async () => {
    const { at, input, out } = place('a.wav', 'b.wav')
    await run(at('in/a.wav'), out, { seed: 'other' })
    await run(at('in/b.wav'), out)
    const results = await resume(input, out)
    expect(outcomes(results)).toEqual({ 'a.wav': 'E_OUTPUT_EXISTS', 'b.wav': 'skipped' })
  })

  test('replaces nothing that is somebody else’s', async () => {
    const { at, input, out } = place('a.wav', 'b.wav', 'd.wav', 'e.wav')
    mkdirSync(out)
    writeFileSync(at('out/a.wav'), foreign)
    writeFileSync(at('in/b.wav'), broken)
    expect(outcomes(await run(input, out))).toEqual({
      'a.wav': 'E_OUTPUT_EXISTS',
      'b.wav': 'E_WAV_TRUNCATED',
      'd.wav': 'done',
      'e.wav': 'done',
    })
    // Had it been killed then, these are what resuming might replace.
    const begun = linesOf(out).flatMap(({ begin }) => begin ?? [])
    expect(begun.sort()).toEqual(['b.wav', 'd.wav', 'e.wav'])
    // It was begun, but nothing came of it: the name is as free as before.
    writeFileSync(at('out/b.wav'), foreign)
    writeFileSync(at('in/b.wav'), speech())
    expect(outcomes(await resume(input, out))).toEqual({
      'a.wav': 'E_OUTPUT_EXISTS',
      'b.wav': 'E_OUTPUT_EXISTS',
      'd.wav': 'skipped',
      'e.wav': 'skipped',
    })
    for (const name of ['a.wav', 'b.wav']) expect(readFileSync(at('out', name)).equals(foreign)).toBe(true)
  })

  posixTest('replaces no link that is somebody else’s (needs symbolic links)', async () => {
    const { at, input, out } = place('c.wav')
    mkdirSync(out)
    symlinkSync('nowhere', at('out/c.wav'))
    expect(outcomes(await run(input, out))).toEqual({ 'c.wav': 'E_OUTPUT_EXISTS' })
    expect(linesOf(out).flatMap(({ begin }) => begin ?? [])).toEqual([])
    expect(outcomes(await resume(input, out))).toEqual({ 'c.wav': 'E_OUTPUT_EXISTS' })
    expect(existsSync(at('out/nowhere'))).toBe(false)
  })

  test('an output that could not be made anew is still one of ours', async () => {
    const { at, input, out } = place('a.wav')
    await run(input, out)
    writeFileSync(at('in/a.wav'), broken)
    expect(outcomes(await resume(input, out))).toEqual({ 'a.wav': 'E_WAV_TRUNCATED' })
    writeFileSync(at('in/a.wav'), speech(600))
    expect(outcomes(await resume(input, out))).toEqual({ 'a.wav': 'done' })
  })

  test('an input is not replaced by an output that was begun under its name', async () => {
    const { at, out } = place('a.wav')
    await run(at('in/a.wav'), out, { copies: 2 })
    // Now the first copy is an input itself, and what it is made of has changed.
    writeFileSync(at('in/a.wav'), speech(600))
    const bytes = readFileSync(at('out/a.1.wav'))
    const results = await resume([at('in/a.wav'), at('out/a.1.wav')], out, { copies: 2 })
    expect(results.find(({ output }) => output === at('out/a.1.wav'))?.error?.code).toBe('E_OUTPUT_IS_INPUT')
    expect(readFileSync(at('out/a.1.wav')).equals(bytes)).toBe(true)
  })

  test('each copy counts for itself', async () => {
    const { at, input, out } = place('a.wav', 'b.wav')
    await run(input, out, { copies: 3 })
    unlinkSync(at('out/b.2.wav'))
    const results = await resume(input, out, { copies: 3 })
    const done = results.filter(({ status }) => status === 'done')
    expect(done.map(({ output }) => output)).toEqual([at('out/b.2.wav')])
    expect(results.filter(({ status }) => status === 'skipped').length).toBe(5)
  })

  const onLinux = test.skipIf(process.platform !== 'linux')
  onLinux('knows names of any bytes again (needs Linux)', async () => {
    const { input, out } = place()
    const bytes = (...parts: (string | number[])[]) => Buffer.concat(parts.map((part) => Buffer.from(part as string)))
    const folder = bytes(input, '/', [0xe4], '\n')
    mkdirSync(input)
    mkdirSync(folder)
    const names = [bytes([0xff, 0xfe], '.wav'), bytes('"quoted\\".wav'), bytes('line\nbreak.wav'), bytes('音.wav')]
    for (const name of names) writeFileSync(bytes(folder as never, '/', name as never), speech())
    await run(input, out)
    const resumed = await resume(input, out)
    expect(resumed.map(({ status }) => status)).toEqual(names.map(() => 'skipped'))
    writeFileSync(bytes(folder as never, '/', names[0] as never), speech(800))
    const again = await resume(input, out)
    expect(again.map(({ status }) => status).sort()).toEqual(['done', 'skipped', 'skipped', 'skipped'])
  })

  test('from a run that was left halfway', async () => {
    const names = Array.from({ length: 60 }, (_, i) => `${i}.wav`)
    const { at, input, out } = place(...names)
    for await (const { status } of addNoiseToFiles(input, { out, sigma: 0.1, seed: 'resume', pool, chunkSize: 5 })) {
      expect(status).toBe('done')
      break
    }
    const left = filesBelow(out)
    expect(left.length).toBeLessThan(names.length)
    const results = await resume(input, out)
    expect(results.filter(({ status }) => status === 'skipped').map(({ key }) => key)).toEqual(
      expect.arrayContaining(left),
    )
    expect(results.length).toBe(names.length)
    await run(input, at('fresh'))
    expect(hashesBelow(out)).toEqual(hashesBelow(at('fresh')))
  })

  test('wherever the journal ends', async () => {
    const names = ['a.wav', 'b.wav', 'sub/ü.wav']
    const { at, input, out } = place(...names)
    await run(input, out, { chunkSize: 1 })
    const journal = readFileSync(path.join(out, JOURNAL))
    // In steps that fall on any place of a line; with a zero or two behind, as file systems leave after a power cut.
    for (let end = 0; end <= journal.length; end += 11) {
      const cut = journal.subarray(0, end)
      // No output before the whole line.
      const begun = (name: string) => new RegExp(`{"begin":"${name}"[^\n]*}`).test(cut.toString())
      const state = at(`state-${end}`)
      mkdirSync(path.join(state, 'sub'), { recursive: true })
      writeFileSync(path.join(state, JOURNAL), end % 2 === 0 ? cut : Buffer.concat([cut, Buffer.alloc(2)]))
      // What was begun may be there, or not.
      for (const [i, name] of names.entries()) {
        if (begun(name) && (end / 11 + i) % 2 === 0) cpSync(path.join(out, name), path.join(state, name))
      }
      await resume(input, state)
      expect(hashesBelow(state), `${end} bytes`).toEqual(hashesBelow(out))
      // What was added behind a torn line can be read.
      const again = Object.values(outcomes(await resume(input, state)))
      expect(again, `${end} bytes`).toEqual(names.map(() => 'skipped'))
      rmSync(state, { recursive: true })
    }
  })

  test('a dry run tells what resuming would do, and writes nothing', async () => {
    const { at, input, out } = place('a.wav', 'b.wav')
    await run(at('in/a.wav'), out)
    const journal = readFileSync(path.join(out, JOURNAL))
    const results = await resume(input, out, { dryRun: true })
    expect(outcomes(results)).toEqual({ 'a.wav': 'skipped', 'b.wav': 'planned' })
    expect(readFileSync(path.join(out, JOURNAL)).equals(journal)).toBe(true)
    await resume(input, at('none'), { dryRun: true })
    await run(input, at('none'), { dryRun: true })
    expect(existsSync(at('none'))).toBe(false)
  })

  test('the journal has each output’s intent before it is written, and its end before the run’s', async () => {
    const { at, input, out } = place('a.wav', 'b.wav')
    writeFileSync(at('in/bad.wav'), broken)
    await run(input, out)
    const lines = linesOf(out)
    expect(Object.keys(lines[0])).toContain('run')
    for (const [name, end] of [
      ['a.wav', 'done'],
      ['b.wav', 'done'],
      ['bad.wav', 'failed'],
    ]) {
      const places = ['begin', end].map((kind) => lines.findIndex((line) => line[kind] === name))
      expect(places[0], name).toBeGreaterThan(0)
      expect(places[1], name).toBeGreaterThan(places[0])
      expect(lines[places[0]].id, name).toBe(lines[places[1]].id)
    }
    expect(lines.length).toBe(7)
  })
})

describe('resuming', () => {
  beforeAll(() => {
    pool = new Pool({ backend: 'inline' })
  })
  afterAll(() => pool.close())

  test.each([0, 1, 'false'])('is not asked for with %j', async (value) => {
    await expect(run('in', 'out', { resume: value as never })).rejects.toMatchObject({
      code: 'E_OPTION_INVALID',
      option: 'resume',
    })
  })

  test('what has the name of the journal and is none is not added to, an input least of all', async () => {
    const { at, input, out } = place('a.wav')
    const before = readFileSync(at('in', 'a.wav'))
    mkdirSync(out)
    linkSync(at('in', 'a.wav'), path.join(out, JOURNAL))
    await expect(run(input, out)).rejects.toMatchObject({ code: 'E_JOURNAL', path: path.join(out, JOURNAL) })
    expect(readFileSync(at('in', 'a.wav'))).toEqual(before)
    unlinkSync(path.join(out, JOURNAL))
    writeFileSync(path.join(out, JOURNAL), 'my diary')
    await expect(run(input, out, { resume: true })).rejects.toMatchObject({ code: 'E_JOURNAL' })
    expect(readFileSync(path.join(out, JOURNAL), 'utf8')).toBe('my diary')
    expect(filesBelow(out)).toEqual([])
  })

  test('no output takes the journal’s name', async () => {
    const { at, out } = place(JOURNAL, 'b.wav')
    const results = await run([at('in', JOURNAL), at('in', 'b.wav')], out, { overwrite: true })
    expect(outcomes(results)).toEqual({ [JOURNAL]: 'E_OUTPUT_CLASH', 'b.wav': 'done' })
    expect(linesOf(out).some((line) => line.done === 'b.wav')).toBe(true)
  })

  test('a journal without lines is not gathered, and what stands behind is read', async () => {
    const { input, out } = place('a.wav', 'b.wav')
    await run(input, out)
    const journal = readFileSync(path.join(out, JOURNAL))
    const junk = Buffer.alloc(40 << 20, 'x')
    writeFileSync(path.join(out, JOURNAL), Buffer.concat([Buffer.from('\n{"run":'), junk, journal]))
    expect(outcomes(await run(input, out, { resume: true }))).toEqual({ 'a.wav': 'skipped', 'b.wav': 'skipped' })
  })

  test('and overwriting exclude each other', async () => {
    const { input, out } = place('a.wav')
    await expect(run(input, out, { resume: true, overwrite: true })).rejects.toMatchObject({
      code: 'E_OPTION_INVALID',
      option: 'resume',
    })
  })

  /** A run of another process, as its journal has it, and the temporary file that it left. */
  function leftBehind(out: string, run: { host?: string; pids?: string; pid: number; name?: string; id?: string }) {
    const { pid, name = 'a.wav', id = 'x1-0' } = run
    const host = hostname()
      .replace(/[^\w-]/g, '_')
      .slice(0, 32)
    const pids = existsSync('/proc/self/ns/pid') ? readlinkSync('/proc/self/ns/pid') : ''
    const settings = { sigma: 0.1, seed: 'resume', kind: 'gaussian', clip: true, copies: 1 }
    const first = { run: id.split('-')[0], settings, stream: 1, host: run.host ?? host, pids: run.pids ?? pids, pid }
    mkdirSync(out, { recursive: true })
    const text = [first, { begin: name, id }].map((line) => `\n${JSON.stringify(line)}`).join('')
    writeFileSync(path.join(out, JOURNAL), text, { flag: 'a' })
    const file = path.join(out, path.dirname(name), `.${path.basename(name)}.${first.host}.${pid}.${id}.tmp`)
    mkdirSync(path.dirname(file), { recursive: true })
    writeFileSync(file, 'half a file')
    return file
  }

  /** The number of a process that has ended. */
  async function goneProcess(): Promise<number> {
    const child = spawn(process.execPath, ['-e', ''])
    await new Promise((resolve) => child.on('exit', resolve))
    return child.pid!
  }

  test.each([false, true])('removes temporary files of processes that are gone (resume: %j)', async (resume) => {
    const { input, out } = place('a.wav', 'b.wav')
    const file = leftBehind(out, { pid: await goneProcess() })
    const other = path.join(out, '.b.wav.other-program.tmp')
    writeFileSync(other, '')
    expect(outcomes(await run(input, out, { resume }))).toEqual({ 'a.wav': 'done', 'b.wav': 'done' })
    expect([file, other].map(existsSync)).toEqual([false, true])
  })

  test('leaves those of processes that live, of other machines, and of other containers', async () => {
    const { input, out } = place('a.wav')
    const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60_000)'])
    onTestFinished(() => {
      child.kill()
    })
    const pid = await goneProcess()
    const files = [
      leftBehind(out, { pid: child.pid!, id: 'x1-0' }),
      leftBehind(out, { pid: process.pid, id: 'x2-0' }),
      leftBehind(out, { pid, host: 'elsewhere', id: 'x3-0' }),
      leftBehind(out, { pid, pids: 'pid:[1]', id: 'x4-0' }),
    ]
    await run(input, out)
    expect(files.map(existsSync)).toEqual([true, true, true, true])
  })

  test('a dry run removes nothing', async () => {
    const { input, out } = place('a.wav')
    const file = leftBehind(out, { pid: await goneProcess() })
    await run(input, out, { dryRun: true, resume: true })
    expect(existsSync(file)).toBe(true)
  })

  test('no journal makes it touch what lies outside its folder, or has another form of name', async () => {
    const { at, input, out } = place('a.wav')
    const pid = await goneProcess()
    mkdirSync(at('out'))
    const outside = leftBehind(out, { pid, name: '../victim.wav' })
    const odd = leftBehind(out, { pid, name: 'x.wav', id: 'x1-Y' })
    writeFileSync(
      at('out', JOURNAL),
      '\n{"run":7}\nnull\n[]\n{"done":1,"id":"x1-0"}\n{"begin":{"base64":1},"id":"x1-0"}',
      {
        flag: 'a',
      },
    )
    await run(input, out, { resume: true })
    expect([outside, odd].map(existsSync)).toEqual([true, true])
  })

  test('an output that was begun is done again, whatever of it is there', async () => {
    const pid = await goneProcess()
    for (const there of [undefined, 'half', 'whole']) {
      const { at, input, out } = place('a.wav')
      await run(input, at('fresh'))
      leftBehind(out, { pid })
      if (there === 'half') writeFileSync(at('out/a.wav'), 'half')
      if (there === 'whole') cpSync(at('fresh/a.wav'), at('out/a.wav'))
      expect(outcomes(await run(input, out, { resume: true })), there).toEqual({ 'a.wav': 'done' })
      expect(hashesBelow(out), there).toEqual(hashesBelow(at('fresh')))
    }
  })

  describe('a journal that cannot be', () => {
    test('is told of: a folder', () => expectRefused((file) => mkdirSync(file)))

    posixTest.each([
      // It would be written to wherever the link leads.
      ['a link', '../elsewhere'],
      ['a link that leads to itself', JOURNAL],
    ])('is told of: %s (needs symbolic links)', (_, to) => expectRefused((file) => symlinkSync(to, file)))

    async function expectRefused(make: (file: string) => void) {
      const { at, input, out } = place('a.wav')
      mkdirSync(out)
      make(path.join(out, JOURNAL))
      for (const resume of [false, true]) {
        await expect(run(input, out, { resume })).rejects.toMatchObject({
          code: 'E_JOURNAL',
          path: path.join(out, JOURNAL),
        })
      }
      expect(filesBelow(out)).toEqual([])
      expect(existsSync(at('elsewhere'))).toBe(false)
    }
  })

  posixTest(
    'two inputs whose outputs differ in case or Unicode form do not replace each other where that is one name (needs a file system that tells case apart)',
    async () => {
      const composed = 'é.wav'
      const names = ['a.wav', 'A.WAV', 'b.wav', composed, composed.normalize('NFD'), 'straße.wav', 'STRASSE.wav']
      const { at, input, out } = place(...names)
      // File systems that fold are rarely at hand: by this name the journal says it lies on one.
      await run(at('in/b.wav'), out)
      linkSync(at('out', JOURNAL), at('out', JOURNAL.toUpperCase()))
      for (const overwrite of [true, false]) {
        const results = await run(input, out, { overwrite })
        const codes = results.map(({ error }) => error?.code).filter((code) => code !== 'E_OUTPUT_EXISTS')
        expect(codes.filter((code) => code === 'E_OUTPUT_CLASH').length, `${overwrite}`).toBe(3)
      }
      unlinkSync(at('out', JOURNAL.toUpperCase()))
      const results = await run(input, at('plain'))
      expect(results.map(({ status }) => status)).toEqual(names.map(() => 'done'))
    },
  )

  posixTest(
    'outputs stay in their folder: a link in it that leads out is not followed (needs symbolic links)',
    async () => {
      const { at, input, out } = place('a.wav', 'sub/b.wav', 'sub/deep/c.wav', 'inner/d.wav', 'new/e.wav')
      mkdirSync(at('out/real'), { recursive: true })
      mkdirSync(at('elsewhere'))
      symlinkSync('../elsewhere', at('out/sub'))
      symlinkSync('real', at('out/inner'))
      for (const dryRun of [true, false]) {
        const done = dryRun ? 'planned' : 'done'
        expect(outcomes(await run(input, out, { dryRun }))).toEqual({
          'a.wav': done,
          'sub/b.wav': 'E_OUTPUT_OUTSIDE',
          'sub/deep/c.wav': 'E_OUTPUT_OUTSIDE',
          'inner/d.wav': done,
          'new/e.wav': done,
        })
      }
      expect(filesBelow(at('elsewhere'))).toEqual([])
      expect(filesBelow(out)).toEqual(['a.wav', 'inner', 'new/e.wav', 'real/d.wav', 'sub'])
      // A folder that is reached by a link itself is as good as any.
      symlinkSync('elsewhere', at('linked'))
      expect(outcomes(await run(at('in/sub'), at('linked')))).toEqual({ 'b.wav': 'done', 'deep/c.wav': 'done' })
    },
  )
})

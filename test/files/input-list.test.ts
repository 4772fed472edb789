/** Lists of inputs: their lines, keys and clashes, and what is wrong with them. */

import { spawnSync } from 'node:child_process'
import { linkSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type AddNoiseOptions, addNoiseToFiles, type FileResult } from '../../dist/index.js'
import { InputList, type ListedFile } from '../../dist-lib/files/input-list.js'
import { tree, under, writeFiles } from '../support/files.js'
import { filesBelow, hashesBelow, native, sha256OfFile, temporaryFolder } from '../support/folders.js'
import {
  bin,
  commandRunner,
  type Ended,
  jsonOf,
  linesOf,
  startNoisemill,
  TIMEOUT_MILLISECONDS,
} from '../support/programs.js'
import { Random } from '../support/random.js'
import { collect } from '../support/sources.js'
import { isWindows, linuxTest, posixTest } from '../support/systems.js'
import { until } from '../support/waiting.js'
import { pcm16 } from '../support/wav.js'

const args = (...flags: string[]) => ['add', '--out', 'out', '--snr', '10', ...flags]

/** Runs the command with this text on stdin. */
function withStdin(input: string | Uint8Array, cwd: string, ...flags: string[]): Ended {
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, ...args('--from', '-', ...flags)], {
    ...{ cwd, input, encoding: 'utf8', timeout: TIMEOUT_MILLISECONDS },
  })
  return { code: status, stdout, stderr }
}

const run = commandRunner()

/** Runs the command with a list of this content. */
function withList(content: string | Uint8Array, cwd: string, ...flags: string[]): Promise<Ended> {
  writeFileSync(path.join(cwd, 'list'), content)
  return run(args('--from', 'list', ...flags), { cwd })
}

async function linesIn(content: string | Uint8Array, name = 'list'): Promise<string[]> {
  const file = path.join(temporaryFolder(), name)
  writeFileSync(file, content)
  const groups = await collect(new InputList(file).groups())
  return groups.flat().map(({ input, failure }: ListedFile) => failure?.code ?? `${input}`)
}

describe('lines', () => {
  test.each([
    ['LF', 'a\nb c\n', ['a', 'b c']],
    ['CRLF', 'a\r\nb c\r\n', ['a', 'b c']],
    ['no end of the last line', 'a\nb', ['a', 'b']],
    ['no end of the last line, with CR', 'a\r\nb\r', ['a', 'b']],
    ['empty lines', '\n\r\n\na\n\n\r\nb\n\n', ['a', 'b']],
    ['spaces, tabs, quotes and marks of comments', ' a \n\tb\n"c"\n# d\n', [' a ', '\tb', '"c"', '# d']],
    ['a byte order mark', '\ufeffa\n\ufeffb\n', ['a', '\ufeffb']],
    [
      'globs, URLs and what stands for a stream elsewhere',
      '*.wav\nfile:///a\n-\na |\n',
      ['*.wav', 'file:///a', '-', 'a |'],
    ],
  ])('%s', async (_, content, expected) => {
    expect(await linesIn(content)).toEqual(expected)
  })

  test('of any length are the same, wherever reads end', async () => {
    const random = new Random(5)
    const lines = Array.from({ length: 3000 }, () => 'x'.repeat(1 + random.below(random.once(50) ? 60_000 : 90)))
    for (const end of ['\n', '\r\n']) expect(await linesIn(lines.join(end))).toEqual(lines)
  })

  test('that are too long, or have a NUL, fail alone', async () => {
    const long = 'x'.repeat(70_000)
    const much = 'x'.repeat(300_000)
    expect(await linesIn(`a\n${long}\nb\n${much}\nc\n`)).toEqual(['a', 'E_LIST_LINE', 'b', 'E_LIST_LINE', 'c'])
    expect(await linesIn(`a\n${much}`)).toEqual(['a', 'E_LIST_LINE'])
    const padding = 'y\n'.repeat(40_000)
    const found = await linesIn(`${padding}a\0b\nc\n`)
    expect(found.slice(40_000)).toEqual(['E_LIST_LINE', 'c'])
  })

  test.each([
    ['id a.wav', 'a.wav'],
    ['id\ta.wav', 'a.wav'],
    ['id \t a.wav', 'a.wav'],
    ['id a b.wav \t', 'a b.wav'],
    ['id /far/a.wav\r', '/far/a.wav'],
    ['id a|b.wav', 'a|b.wav'],
    ['id C:/a.wav', 'C:/a.wav'],
    ['id', 'E_LIST_LINE'],
    ['id ', 'E_LIST_LINE'],
    [' id a.wav', 'E_LIST_LINE'],
    ['id -', 'E_LIST_LINE'],
    ['id wav.ark:1234', 'E_LIST_LINE'],
    ['id sox a.flac -t wav - |', 'E_LIST_COMMAND'],
    ['id touch executed|', 'E_LIST_COMMAND'],
    ['id touch executed | ', 'E_LIST_COMMAND'],
    ['id |touch executed', 'E_LIST_COMMAND'],
  ])("of Kaldi's wav.scp: %j is %s", async (line, expected) => {
    for (const name of ['wav.scp', 'WAV.SCP']) expect(await linesIn(`${line}\n`, name)).toEqual([expected])
    // Elsewhere it is a path.
    expect(await linesIn(`${line}\n`)).toEqual([line.replace(/\r$/, '')])
  })
})

describe('--from', () => {
  test('processes the files of a list, and each gets what it gets as an INPUT', async () => {
    const cwd = tree('in/a.wav', 'in/d/b c.wav', 'in/d/notes', 'in/other.wav')
    const { code, stderr } = await withList('in/a.wav\r\n./in/d/b c.wav\n\nin/d/notes', cwd)
    expect([code, stderr]).toEqual([0, ''])
    const inputs = ['in/a.wav', 'in/d/b c.wav', 'in/d/notes']
    await run(['add', ...inputs, '--out', 'named', '--snr', '10'], { cwd })
    expect(hashesBelow(path.join(cwd, 'out'))).toEqual(hashesBelow(path.join(cwd, 'named')))
    expect(filesBelow(path.join(cwd, 'out'))).toEqual(['a.wav', 'b c.wav', 'notes'])
  })

  test('- reads stdin, and --root gives keys and paths of outputs', async () => {
    const cwd = tree('in/a.wav', 'in/d/a.wav')
    const { code, stderr } = withStdin('in/d/a.wav\nin/a.wav\n', cwd, '--root', 'in')
    expect([code, stderr]).toEqual([0, ''])
    await run(['add', 'in', '--out', 'named', '--snr', '10'], { cwd })
    expect(hashesBelow(path.join(cwd, 'out'))).toEqual(hashesBelow(path.join(cwd, 'named')))
  })

  test("reads Kaldi's wav.scp, and runs no command", async () => {
    const cwd = tree('in/a b.wav', 'in/c.wav')
    const scp = ['utt1 in/a b.wav', 'utt2 touch executed |', 'utt3 in/c.wav', 'utt4 x.ark:17', 'utt5', '']
    writeFileSync(path.join(cwd, 'wav.scp'), scp.join('\n'))
    const ended = await run(args('--from', 'wav.scp', '--json'), { cwd })
    expect(ended.code).toBe(1)
    expect(filesBelow(cwd)).not.toContain('executed')
    expect(filesBelow(path.join(cwd, 'out'))).toEqual(['a b.wav', 'c.wav'])
    const failed = jsonOf(ended).files.filter(({ status }) => status === 'failed')
    expect(failed.map(({ input, error }) => [input, error.code, error.path])).toEqual([
      ['wav.scp:2', 'E_LIST_COMMAND', 'wav.scp:2'],
      ['wav.scp:4', 'E_LIST_LINE', 'wav.scp:4'],
      ['wav.scp:5', 'E_LIST_LINE', 'wav.scp:5'],
    ])
    expect(ended.stderr).toMatch(/^noisemill: wav\.scp:2: .* is a command, .*: touch executed \|\. Run the command, /m)
  })

  // Other systems refuse such names.
  linuxTest('takes paths that are not UTF-8, and escapes control characters (needs Linux)', async () => {
    const cwd = tree('a.wav', 'in/')
    const names = [
      Buffer.from([0xff, 0x2e, 0x77, 0x61, 0x76]),
      Buffer.from('\u001b[31m.wav'),
      Buffer.from('\ufffd.wav'),
    ]
    for (const name of names) linkSync(path.join(cwd, 'a.wav'), Buffer.concat([Buffer.from(`${cwd}/in/`), name]))
    const list = Buffer.concat(names.flatMap((name) => [Buffer.from('in/'), name, Buffer.from('\n')]))
    for (const ended of [await withList(list, cwd, '--json'), withStdin(list, cwd, '--json', '--overwrite')]) {
      expect([ended.code, ended.stderr]).toEqual([0, ''])
      const written = jsonOf(ended).files.map(({ output, outputBase64 }) =>
        outputBase64 ? Buffer.from(outputBase64, 'base64').toString('latin1') : Buffer.from(output).toString('latin1'),
      )
      expect(written.sort()).toEqual(names.map((name) => `out/${name.toString('latin1')}`).sort())
      expect(ended.stdout).not.toContain('\u001b')
    }
    await run(['add', 'in', '--out', 'walked', '--snr', '10'], { cwd })
    for (const name of names) {
      const [out, walked] = ['out', 'walked'].map((folder) => Buffer.concat([Buffer.from(`${cwd}/${folder}/`), name]))
      expect(readFileSync(out).equals(readFileSync(walked))).toBe(true)
    }
  })

  test('fails what is not a file: folders, missing files, files in the output folder, files outside the root', async () => {
    const cwd = tree('in/a.wav', 'in/sub/', 'out/b.wav', 'far/c.wav')
    const list = 'in/sub\nin/none.wav\nout/b.wav\nfar/c.wav\nin/a.wav\n'
    const ended = await withList(list, cwd, '--root', 'in', '--json')
    expect(ended.code).toBe(1)
    const codes = jsonOf(ended).files.map(({ input, status, error }) => [input, error?.code ?? status])
    expect(Object.fromEntries(codes)).toEqual({
      [native('in/sub')]: 'E_INPUT_NOT_FILE',
      'in/none.wav': 'E_INPUT_MISSING',
      'out/b.wav': 'E_ITEM_INVALID',
      'far/c.wav': 'E_ITEM_INVALID',
      'in/a.wav': 'done',
    })
    const inOut = await withList('out/b.wav\n./out/../out/b.wav\n', cwd, '--json')
    expect(jsonOf(inOut).files.map(({ error }) => error.code)).toEqual(['E_INPUT_IN_OUTPUT', 'E_INPUT_IN_OUTPUT'])
  })

  posixTest('fails a link to a file in the output folder (needs symbolic links)', async () => {
    const cwd = tree('in/a.wav', 'out/b.wav', 'link.wav -> out/b.wav', 'linked -> out')
    const { files } = jsonOf(await withList('link.wav\nlinked/b.wav\nin/a.wav', cwd, '--json'))
    expect(files.map(({ error, status }) => error?.code ?? status).sort()).toEqual(
      ['E_INPUT_IN_OUTPUT', 'E_INPUT_IN_OUTPUT', 'done'].sort(),
    )
  })

  posixTest('ends, though the list grows with the outputs (needs find)', async () => {
    const cwd = tree('in/a.wav', 'in/b.wav')
    // The second time, the list has the outputs of what it had the first time.
    const written = ['a', 'b'].map((name) => `[ -e out/in/${name}.wav ]`).join(' && ')
    const command = `find . -name '*.wav'; until ${written}; do sleep 0.05; done; find . -name '*.wav'`
    const noisemill = `'${process.execPath}' '${bin}' ${args('--from', '-', '--root', '.').join(' ')}`
    const { status } = spawnSync('sh', ['-c', `{ ${command}; } | ${noisemill}`], { cwd, timeout: TIMEOUT_MILLISECONDS })
    expect(status).toBe(1)
    expect(filesBelow(path.join(cwd, 'out'))).toEqual(['in/a.wav', 'in/b.wav'])
  })

  test('gives an output to the first file that has it; a path that is repeated is done once', async () => {
    const cwd = tree('one/a.wav', 'two/a.wav', 'b.wav')
    const list = ['one/a.wav', 'b.wav', 'two/a.wav', './b.wav', 'one/../b.wav', 'two/a.wav']
    for (const ended of [
      await withList(list.join('\n'), cwd, '--json'),
      withStdin(list.join('\n'), cwd, '--json', '--overwrite'),
    ]) {
      expect(ended.code).toBe(1)
      const { files, summary } = jsonOf(ended)
      const codes = files.map(({ input, status, error }) => `${input} ${error?.code ?? status}`)
      expect(codes.sort()).toEqual(
        ['b.wav done', 'one/a.wav done', 'two/a.wav E_OUTPUT_CLASH', 'two/a.wav E_OUTPUT_CLASH'].sort(),
      )
      expect(summary).toMatchObject({ done: 2, failed: 2, repeatedFiles: 2 })
      expect(ended.stderr).toMatch(/processed once: \.\/b\.wav, one\/\.\.\/b\.wav\.$/m)
    }
    const rooted = await withList(list.join('\n'), cwd, '--json', '--root', '.', '--overwrite')
    expect(jsonOf(rooted).summary).toMatchObject({ done: 3, failed: 0, repeatedFiles: 3 })
  })

  test('is subject to --exclude and --copies, and --resume goes on', async () => {
    const cwd = tree('in/a.wav', 'in/b.wav', 'in/raw/c.wav')
    const flags = ['--root', 'in', '--exclude', 'raw', '--copies', '2', '--json']
    const list = 'in/a.wav\nin/b.wav\nin/raw/c.wav\n'
    expect(jsonOf(await withList('in/a.wav', cwd, ...flags)).summary).toMatchObject({ done: 2, excludedFiles: 0 })
    for (const ended of [await withList(list, cwd, ...flags, '--resume'), withStdin(list, cwd, ...flags, '--resume')])
      expect(jsonOf(ended).summary).toMatchObject({ failed: 0, excludedFiles: 1 })
    expect(filesBelow(path.join(cwd, 'out'))).toEqual(['a.1.wav', 'a.2.wav', 'b.1.wav', 'b.2.wav'])
  })

  /** Runs that may replace outputs leave a file alone that the list names later. */
  async function expectProtected(link: (cwd: string) => string): Promise<void> {
    for (const flags of [['--overwrite'], ['--overwrite', '--copies', '2'], ['--resume']]) {
      for (const isFile of [true, false]) {
        const cwd = tree('in/a.wav')
        const name = flags.length > 1 ? 'a.2.wav' : 'a.wav'
        // Outputs of an earlier run, one of which has become an input since.
        await run(['add', 'in', '--out', 'out', '--snr', '10', ...flags.slice(1)], { cwd })
        writeFiles(cwd, { [`out/${name}`]: pcm16(700, 0.25), 'in/a.wav': pcm16(900) })
        const before = sha256OfFile(path.join(cwd, 'out', name))
        const later = link(cwd).replace('NAME', name)
        const list = `in/a.wav\n${'\n'.repeat(100_000)}${later}\n`
        const ended = isFile ? await withList(list, cwd, ...flags, '--json') : withStdin(list, cwd, ...flags, '--json')
        const codes = new Set(jsonOf(ended).files.map(({ error }) => error?.code))
        expect([...codes].sort(), `${flags}`).toEqual(['E_INPUT_IN_OUTPUT', 'E_OUTPUT_IS_INPUT'])
        expect(sha256OfFile(path.join(cwd, 'out', name))).toBe(before)
      }
    }
  }

  test('never writes to a file that the list names later', () => expectProtected(() => 'out/NAME'))

  test.each([
    ['out/a.wav', []],
    ['out/a.2.wav', ['--copies', '2']],
    ['out/a_snr2.5.wav', ['--snr', '0/2.5', '--snr-mode', 'each']],
  ])('never writes to the list itself, %s', async (list, flags) => {
    const cwd = tree('in/a.wav', 'in/b.wav')
    writeFiles(cwd, { [list]: Buffer.from('in/a.wav\nin/b.wav\n') })
    const level = flags[0] === '--snr' ? [] : ['--sigma', '0.1']
    const add = ['add', '--from', list, '--out', 'out', '--overwrite', ...level, ...flags]
    const { files, summary } = jsonOf(await run([...add, '--json'], { cwd }))
    expect(new Set(files.map(({ input, error }) => `${input} ${error?.code}`))).toEqual(
      new Set(['in/a.wav E_OUTPUT_IS_INPUT', 'in/b.wav undefined']),
    )
    expect(summary.failed).toBe(files.length / 2)
    expect(readFileSync(path.join(cwd, list), 'utf8')).toBe('in/a.wav\nin/b.wav\n')
  })

  posixTest('nor by way of links (needs symbolic links)', () =>
    expectProtected((cwd) => {
      symlinkSync('out', path.join(cwd, 'here'))
      return 'here/NAME'
    }),
  )
})

describe('2', () => {
  const refused = async (content: Uint8Array | string, message: RegExp) => {
    const cwd = tree('in/a.wav')
    const ended = [await withList(content, cwd), withStdin(content, cwd)]
    for (const { code, stdout, stderr } of ended) {
      expect([code, stdout]).toEqual([2, ''])
      expect(stderr).toMatch(message)
    }
    expect(filesBelow(cwd)).toEqual(['in/a.wav', 'list'])
  }

  test('for a list without a file', () =>
    refused('\n\r\n', /^noisemill: (list|stdin): there is no input: the list is empty\. .*\(E_NO_INPUT\)\n$/))

  test('for a file that is no text', async () => {
    const message =
      /^noisemill: (list|stdin): the list of files cannot be read: it has NUL bytes\. A list is a text file/
    await refused(pcm16(), message)
    await refused(Buffer.from('in/a.wav\r\n', 'utf16le'), message)
    await refused('in/a.wav\0in/b.wav\0', message)
  })

  test.each([
    ['a list that is missing', ['--from', 'none'], /^noisemill: none: .*ENOENT.* Check its path\. \(E_LIST\)\n$/],
    ['a folder', ['--from', 'in'], /^noisemill: in: .* A list is a file\. .*\(E_LIST\)\n$/],
    ['no name', ['--from', ''], /^noisemill: --from: invalid option: expected a path, or - for stdin /],
    [
      'a list and an INPUT',
      ['in', '--from', 'list'],
      /^noisemill: --from: .*expected no INPUT beside it.* got 1 INPUT\./,
    ],
    ['two lists', ['--from', 'list', '--from', 'list'], /^noisemill: --from: .*given twice/],
    ['neither', [], /^noisemill: missing required argument 'input', or option '--from <file>'/],
  ])('for %s', async (_, flags, message) => {
    if (isWindows && flags[1] === 'in') return
    const cwd = tree('in/a.wav')
    writeFileSync(path.join(cwd, 'list'), 'in/a.wav')
    const { code, stdout, stderr } = await run(args(...flags), { cwd })
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(message)
    expect(filesBelow(cwd)).toEqual(['in/a.wav', 'list'])
  })

  test('for a report that is the list', async () => {
    const cwd = tree('in/a.wav')
    for (const flags of [[], ['--overwrite']]) {
      const { code, stderr } = await withList('in/a.wav', cwd, '--report', './list', ...flags)
      expect([code, stderr]).toEqual([2, expect.stringMatching(/it is the list of inputs.*\(E_REPORT_CLASH\)/)])
    }
    expect(readFileSync(path.join(cwd, 'list'), 'utf8')).toBe('in/a.wav')
  })
})

posixTest('a signal ends a run that waits for more lines (needs POSIX signals)', async () => {
  const cwd = tree('in/a.wav')
  mkdirSync(path.join(cwd, 'pipes'))
  expect(spawnSync('mkfifo', [path.join(cwd, 'pipes/list')]).status).toBe(0)
  const running = startNoisemill(args('--from', 'pipes/list'), { cwd })
  const writer = spawnSync('sh', ['-c', 'exec 3>pipes/list; echo in/a.wav >&3; sleep 1000 >&- 2>&- & echo $!'], {
    cwd,
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: TIMEOUT_MILLISECONDS,
    encoding: 'utf8',
  })
  expect(writer.stdout).toMatch(/^\d+\n$/)
  // It may have ended by then.
  onTestFinished(() => void spawnSync('kill', [writer.stdout.trim()]))
  running.child.stdout.once('data', () => running.child.kill('SIGINT'))
  const { code, stdout } = await running.ended
  expect([code, linesOf(stdout)[0]]).toEqual([130, expect.stringContaining('done  out')])
})

describe('addNoiseToFiles', () => {
  const collected = (inputs: Parameters<typeof addNoiseToFiles>[0], options: Partial<AddNoiseOptions> = {}) =>
    collect(
      addNoiseToFiles(inputs, {
        ...{ sigma: 0.1, out: path.join(temporaryFolder(), 'out'), backend: 'inline', ...options },
      }),
    )
  const shown = (results: readonly FileResult[]) =>
    results.map(({ key, status, error }) => [key, error?.code ?? status])

  test('takes iterables and async iterables of files', async () => {
    const folder = tree('a.wav', 'd/b.wav')
    const names = [path.join(folder, 'a.wav'), Buffer.from(path.join(folder, 'd/b.wav'))]
    async function* later() {
      yield* names
    }
    const expected = [
      ['a.wav', 'done'],
      ['b.wav', 'done'],
    ]
    expect(shown(await collected(new Set(names)))).toEqual(expected)
    expect(shown(await collected(later()))).toEqual(expected)
    expect(shown(await collected(later(), { root: folder }))).toEqual([expected[0], ['d/b.wav', 'done']])
    expect(shown(await collected(new Set(names), { overwrite: true, out: folder }))).toEqual([
      ['a.wav', 'E_INPUT_IN_OUTPUT'],
      ['b.wav', 'E_INPUT_IN_OUTPUT'],
    ])
  })

  test('fails an element that is not a path, and the others are done', async () => {
    const folder = tree('a.wav')
    const [good] = under(folder, 'a.wav')
    const wrong = [7, null, '', 'a\0b', {}] as unknown as string[]
    const results = await collected(new Set([...wrong, folder, good]))
    expect(results.map(({ status, error }) => error?.code ?? status)).toEqual([
      ...wrong.map(() => 'E_ITEM_INVALID'),
      'E_INPUT_NOT_FILE',
      'done',
    ])
  })

  test('reads only as far ahead as it needs, and ends the iterable if the caller stops', async () => {
    const [file] = under(tree('a.wav'), 'a.wav')
    let pulled = 0
    let returned = 0
    function* endless() {
      try {
        for (; pulled < 100_000; pulled++) yield pulled === 0 ? file : `/none/${pulled}.wav`
        throw new Error('an endless source was read without end')
      } finally {
        returned++
      }
    }
    const out = path.join(temporaryFolder(), 'out')
    // The first to end may be any of them.
    for await (const { input } of addNoiseToFiles(endless(), { sigma: 0.1, out })) {
      expect(input).not.toBe('')
      break
    }
    expect(pulled).toBeLessThan(5000)
    await until(() => returned > 0)
    expect(returned).toBe(1)
  })

  test.each([[new Set<string>()], [(async function* () {})()]])(
    'throws E_NO_INPUT if nothing is given',
    async (inputs) => {
      await expect(collected(inputs)).rejects.toMatchObject({ code: 'E_NO_INPUT' })
    },
  )

  test.each([[7], [null], [Buffer.from([0xff])], [{}]])('refuses %j', async (inputs) => {
    await expect(collected(inputs as never)).rejects.toMatchObject({ code: 'E_OPTION_INVALID', option: 'inputs' })
  })
})

test('a long list takes little memory', () => {
  const folder = temporaryFolder()
  const list = path.join(folder, 'list')
  const count = 100_000
  const name = 'x'.repeat(200)
  writeFileSync(list, Array.from({ length: count }, (_, i) => `${name}/${i}-${name}.wav\n`).join(''))
  const modules = ['input-list', 'listed'].map(
    (file) => new URL(`../../dist-lib/files/${file}.js`, import.meta.url).href,
  )
  const program = `
    const [{ InputList }, { walkListed }] = await Promise.all(${JSON.stringify(modules)}.map((url) => import(url)))
    const options = { root: '.', out: 'out', variants: { copies: 1, labels: [] }, stems: [], replaces: false, onRepeat() {} }
    let count = 0
    for await (const files of walkListed(new InputList(${JSON.stringify(list)}), options)) count += files.length
    console.log(count)`
  // The names alone would take 40 MB.
  const heap = ['--max-old-space-size=12', '--max-semi-space-size=1']
  const ended = spawnSync(process.execPath, [...heap, '--input-type=module', '--eval', program], {
    cwd: folder,
    encoding: 'utf8',
  })
  expect([ended.stdout, ended.stderr]).toEqual([`${count}\n`, ''])
})

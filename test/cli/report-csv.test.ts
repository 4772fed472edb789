/** Reports as CSV: Python's csv module reads the same as from lines of JSON. */

import { spawnSync } from 'node:child_process'
import { linkSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { writeFiles } from '../support/files.js'
import { filesBelow, temporaryFolder } from '../support/folders.js'
import { commandRunner, type Json, jsonOf, rowsOf } from '../support/programs.js'
import { outputOf, python } from '../support/readers.js'
import { isWindows, mountVolume, posixTest } from '../support/systems.js'
import { pcm16 } from '../support/wav.js'

const run = commandRunner()
const hasPython = spawnSync(python, ['--version']).status === 0
const pythonTest = test.skipIf(!hasPython)

/** Reads a file by Python's csv module: the header, and the rows by column. It is strict about quotes. */
function readByPython(file: string): { header: string[]; rows: Record<string, string>[] } {
  const program = `
import csv, json, sys
with open(sys.argv[1], newline='', encoding='utf-8') as f:
    rows = list(csv.reader(f, strict=True))
assert all(len(row) == len(rows[0]) for row in rows), 'rows differ in length'
print(json.dumps({'header': rows[0], 'rows': [dict(zip(rows[0], row)) for row in rows[1:]]}))`
  return JSON.parse(outputOf(python, ['-c', program, file]).toString())
}

/** What a row of JSON is in CSV, written apart from the code under test. */
function cellsOf(row: Json): Record<string, string> {
  const text = (value: unknown) => {
    if (value === null || value === undefined) return ''
    return typeof value === 'object' ? JSON.stringify(value) : String(value)
  }
  const range = (value: Json) => {
    if (Array.isArray(value)) return `${value[0]}:${value[1]}`
    return value.values === undefined ? text(value) : value.values.join('/')
  }
  const flat = (name: string, fields: object, show: (value: unknown) => string) =>
    Object.fromEntries(Object.entries(fields).map(([field, value]) => [`${name}_${field}`, show(value)]))
  const { type, asked, drawn, error, warnings, ...plain } = row
  return {
    ...Object.fromEntries(Object.entries(plain).map(([name, value]) => [name, text(value)])),
    ...flat('asked', asked, range),
    ...flat('drawn', drawn, text),
    warnings: warnings.join(' '),
    ...flat('error', error ?? {}, text),
  }
}

const odd = [
  'a,b.wav',
  '=1+1.wav',
  '@x.wav',
  '-5.wav',
  "it's.wav",
  'ä ü.wav',
  ...(isWindows ? [] : ['"q".wav', 'a\nb.wav', 'a\r\nb.wav']),
]

/** Good files with odd names, a silent one, one that is damaged, and one whose name is not UTF-8. */
function workplace(): string {
  const cwd = temporaryFolder()
  writeFiles(path.join(cwd, 'in'), {
    ...Object.fromEntries(odd.map((name) => [name, pcm16(500)])),
    'silent.wav': pcm16(500, 0),
    'bad.wav': Buffer.from('no audio'),
  })
  if (process.platform === 'linux')
    linkSync(
      path.join(cwd, 'in/a,b.wav'),
      Buffer.concat([Buffer.from(`${cwd}/in/`), Buffer.from([0xff, 0x2e, 0x77, 0x61, 0x76])]),
    )
  return cwd
}

const add = ['add', 'in', '--out', 'out']

describe('--report x.csv', () => {
  pythonTest.each([
    ['of a range', ['--snr', '-5:20']],
    ['of a list and a level', ['--snr', '5/10', '--level', 'rms:-30:-20']],
    ['of a level', ['--sigma', '0.1', '--seed', 'a "seed", of\r\ntwo lines']],
    ['of a dry run', ['--snr', '10', '--dry-run']],
  ])('%s has what --json says, by Python (needs Python)', async (_, flags) => {
    const cwd = workplace()
    const { files } = jsonOf(await run([...add, ...flags, '--json', '--report', 'r.csv'], { cwd }))
    const { header, rows } = readByPython(path.join(cwd, 'r.csv'))
    expect(files.length).toBeGreaterThan(odd.length)
    const none = Object.fromEntries(header.map((name) => [name, '']))
    expect(rows).toEqual(files.map((file) => ({ ...none, ...cellsOf(file) })))
    expect(new Set(header).size).toBe(header.length)
  })

  test('has the same columns whatever it holds, in the order of JSON lines, and ends rows with CRLF', async () => {
    const cwd = workplace()
    const headers = []
    for (const [i, flags] of [
      ['--snr', '10'],
      ['--sigma', '0.1:0.2', '--overwrite'],
      ['--snr', '10', '--dry-run', '--overwrite'],
    ].entries()) {
      await run([...add, ...flags, '--report', `${i}.CSV`], { cwd })
      const text = readFileSync(path.join(cwd, `${i}.CSV`), 'utf8')
      expect(text.startsWith('\ufeff')).toBe(false)
      expect(text.replaceAll('\r\n', '')).not.toContain('\n')
      headers.push(text.slice(0, text.indexOf('\r\n')))
    }
    expect(new Set(headers).size).toBe(1)
    expect(headers[0]).toMatch(/^input,output,status,frames,.*,asked_sigma,asked_snr,.*drawn_sigma,drawn_snr,.*sigma,/)
  })

  pythonTest('goes on with --resume, after a row that is not whole too (needs Python)', async () => {
    const cwd = temporaryFolder()
    writeFiles(path.join(cwd, 'in'), { 'a.wav': pcm16(500), 'b.wav': pcm16(500) })
    const report = path.join(cwd, 'r.csv')
    const args = [...add, '--snr', '10', '--report', 'r.csv']
    await run(args, { cwd })
    const whole = readFileSync(report, 'utf8')
    const [header, first, second] = whole.split('\r\n')
    const open = `${first}\r\n"in/a, ""b\r\nc`
    const cases: [string, number][] = [
      [`${header}\r\n${first}\r\n${second}\r\n`, 2],
      [`${header}\r\n${first}\r\n${second}`, 1],
      [`${header}\r\n${first}\r\n${second}\r`, 1],
      [`${header}\r\n${open}`, 1],
      [`${header}\r\n${open}"`, 1],
      [`${header}\r\n`, 0],
      [header, 0],
      [header.slice(0, 9), 0],
      ['', 0],
    ]
    for (const [content, kept] of cases) {
      writeFileSync(report, content)
      const { code, stderr } = await run([...args, '--resume'], { cwd })
      expect([code, stderr], content).toEqual([0, ''])
      const { header: columns, rows } = readByPython(report)
      expect(columns.join()).toBe(header)
      const statuses = [...Array(kept).fill('done'), 'skipped', 'skipped']
      expect(
        rows.map(({ status }) => status),
        content,
      ).toEqual(statuses)
    }
  })

  test('replaces nothing without --overwrite, and only reports of the same form with it', async () => {
    const cwd = workplace()
    const args = [...add, '--snr', '10', '--report']
    await run([...args, 'r.csv'], { cwd })
    await run([...args, 'r.jsonl', '--overwrite'], { cwd })
    const [csv, json] = ['r.csv', 'r.jsonl'].map((name) => readFileSync(path.join(cwd, name), 'utf8'))
    const others = { 'lines.csv': json, 'rows.jsonl': csv, 'other.csv': 'input,output\r\n', 'text.csv': 'dear diary' }
    for (const [name, content] of Object.entries(others)) {
      writeFileSync(path.join(cwd, name), content)
      for (const flag of ['--overwrite', '--resume']) {
        const { code, stderr } = await run([...args, name, flag], { cwd })
        expect([code, stderr], name).toEqual([4, expect.stringContaining('is not a report')])
        expect(readFileSync(path.join(cwd, name), 'utf8')).toBe(content)
      }
    }
    expect(await run([...args, 'r.csv'], { cwd })).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('(E_REPORT)'),
    })
    expect((await run([...args, 'r.csv', '--overwrite'], { cwd })).code).toBe(1)
    expect(readFileSync(path.join(cwd, 'r.csv'), 'utf8').length).toBeGreaterThan(csv.length / 2)
    expect(readFileSync(path.join(cwd, 'r.csv'), 'utf8').split(',frames,')).toHaveLength(2)
  })

  test('of another version is replaced by --overwrite, but nothing is added to it', async () => {
    const cwd = workplace()
    const old = 'input,output,status,bpm\r\na.wav,b.wav,done,120\r\n'
    writeFileSync(path.join(cwd, 'r.csv'), old)
    const args = [...add, '--snr', '10', '--report', 'r.csv']
    const { code, stderr } = await run([...args, '--resume'], { cwd })
    expect([code, stderr]).toEqual([4, expect.stringContaining('its columns are those of another version')])
    expect(readFileSync(path.join(cwd, 'r.csv'), 'utf8')).toBe(old)
    await run([...args, '--overwrite'], { cwd })
    expect(readFileSync(path.join(cwd, 'r.csv'), 'utf8')).not.toContain('bpm')
  })

  posixTest(
    'ends the run with 4 on a full volume, and each row is whole or the last (needs mount)',
    async ({ skip }) => {
      const cwd = temporaryFolder()
      mkdirSync(path.join(cwd, 'in'))
      for (let i = 0; i < 60; i++) writeFiles(path.join(cwd, 'in'), { [`${i}.wav`]: pcm16(500) })
      const volume = mountVolume(cwd, 'size=8k') ?? skip('mounting is not permitted')
      const { code, stderr } = await run([...add, '--snr', '10', '--report', 'volume/r.csv'], { cwd })
      expect([code, stderr]).toEqual([4, expect.stringMatching(/\(E_REPORT\)$/m)])
      const lines = readFileSync(path.join(volume, 'r.csv'), 'utf8').split('\r\n')
      const count = (line: string) => line.split(',').length
      expect(lines.length).toBeGreaterThan(5)
      expect(new Set(lines.slice(0, -1).map(count)).size).toBe(1)
      expect(filesBelow(path.join(cwd, 'out')).length).toBeGreaterThan(0)
    },
  )

  test('other extensions are lines of JSON', async () => {
    const cwd = workplace()
    for (const name of ['r.jsonl', 'r.csv.json', 'csv'])
      await run([...add, '--snr', '10', '--dry-run', '--report', name], { cwd }).then(() =>
        rowsOf(path.join(cwd, name)),
      )
  })
})

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { comparisonLines } from '../../bench/harness/comparison.js'
import { whyNotWritable, writeAtomically } from '../../bench/harness/kept-files.js'
import type { BenchRecord, Row, Trial } from '../../bench/harness/record.js'
import { parseRecord, RecordError } from '../../bench/harness/record-check.js'
import { recordLines } from '../../bench/report/text.js'
import { root, temporaryFolder } from '../support/folders.js'
import { type Ended, start } from '../support/programs.js'

const trial = (value: number): Trial => ({
  value,
  seconds: value,
  cpu: value,
  memory: 50,
  others: 0.01,
  digest: 'd',
  cores: { interval: 100, use: [[0.5], [1]] },
  figures: { requests: 5, histogram: [1, 2] },
})

const row = (name: string, values: readonly number[]): Row => ({
  name,
  label: `the way ${name}`,
  kind: 'noisemill',
  trials: values.map(trial),
})

function recordOf(rows: readonly Row[], changes: Partial<BenchRecord> = {}): BenchRecord {
  return {
    format: 'noisemill-bench',
    version: 1,
    size: 'short',
    noisemill: { version: '0.1.0', commit: 'abc', isChanged: false },
    machine: { cpu: 'C', cores: 2, memory: 1e9, system: 'linux', fileSystem: 'tmpfs', versions: { node: '20.0.0' } },
    started: '2026-01-01T00:00:00.000Z',
    ended: '2026-01-01T00:01:00.000Z',
    rounds: 3,
    busyBefore: 0,
    workloads: [
      {
        name: 'talk',
        title: 'The talk',
        question: 'How long?',
        unit: 's',
        reference: 'loop',
        work: '24 files',
        missing: [{ name: 'sox', label: 'SoX', what: 'sox', install: 'apt-get install sox' }],
        failed: [{ name: 'bad', label: 'Bad', why: 'it copied' }],
        rows: [...rows],
      },
    ],
    ...changes,
  }
}

const FIRST = recordOf([row('loop', [10, 11, 12]), row('pool', [5, 5.1, 5.2]), row('old', [1, 1, 1])])
const SECOND = recordOf([row('loop', [10.5, 11.5, 12.5]), row('pool', [6, 6.1, 6.2]), row('new', [1, 1, 1])], {
  started: '2026-01-03T12:00:00.000Z',
})

const copyOf = <T>(value: T): T => JSON.parse(JSON.stringify(value))

describe('reading a record', () => {
  test('returns what was written', () => {
    expect(parseRecord(JSON.stringify(FIRST))).toEqual(copyOf(FIRST))
  })

  test.each([
    ['', 'not JSON'],
    ['{', 'not JSON'],
    ['null', 'the record is not an object'],
    ['[]', 'the record is not an object'],
    ['3', 'the record is not an object'],
    ['{}', 'no record of npm run bench'],
    [`${'['.repeat(200_000)}`, 'not JSON'],
    [JSON.stringify({ ...FIRST, version: 2 }), 'version 2 of the format; this program reads version 1'],
    [JSON.stringify({ ...FIRST, format: 'other' }), 'no record of npm run bench'],
    [JSON.stringify({ ...FIRST, workloads: {} }), 'workloads is not an array'],
    [JSON.stringify({ ...FIRST, started: 'soon' }), 'started is not a time in ISO 8601'],
    [JSON.stringify({ ...FIRST, machine: [] }), 'machine is not an object'],
    [
      JSON.stringify(FIRST).replace('"value":10,', '"value":"10",'),
      'workloads[0].rows[0].trials[0].value is not a number',
    ],
    [
      JSON.stringify(FIRST).replace('"value":10,', '"value":1e999,'),
      'workloads[0].rows[0].trials[0].value is not a number',
    ],
    [JSON.stringify(recordOf([row('loop', [])])), 'workloads[0].rows[0].trials is empty'],
    [JSON.stringify(recordOf([row('loop', [1]), row('loop', [2])])), 'workloads[0].rows[1].name is there twice'],
  ])('refuses %.60s', (text, message) => {
    expect(() => parseRecord(text)).toThrow(RecordError)
    expect(() => parseRecord(text)).toThrow(message)
  })

  /** All places of a value, as functions that put something else there. */
  function* places(value: unknown): Generator<(replacement: unknown) => void> {
    if (typeof value !== 'object' || value === null) return
    const fields = value as Record<string, unknown>
    for (const name of Object.keys(fields)) {
      yield (replacement) => {
        if (replacement === undefined) delete fields[name]
        else fields[name] = replacement
      }
      yield* places(fields[name])
    }
  }

  test.each([undefined, null, 0, -1, 1e300, 'text', '\x1b[31m', true, [], {}, [[]], [null]])(
    'refuses any record with %j somewhere, or can show it and compare it',
    (replacement) => {
      const count = [...places(copyOf(FIRST))].length
      expect(count).toBeGreaterThan(100)
      for (let i = 0; i < count; i++) {
        const changed = copyOf(FIRST)
        ;[...places(changed)][i](replacement)
        let record: BenchRecord
        try {
          record = parseRecord(JSON.stringify(changed))
        } catch (error) {
          expect(error).toBeInstanceOf(RecordError)
          continue
        }
        comparisonLines(record, SECOND)
        comparisonLines(SECOND, record)
        recordLines(record)
      }
    },
  )
})

describe('two kept records', () => {
  const lines = (first: BenchRecord, second: BenchRecord) => comparisonLines(first, second).join('\n')

  test('name only rows whose ranges do not overlap', () => {
    const text = lines(FIRST, SECOND)
    expect(text).toMatch(/the way loop +11\.0 +11\.5 +1\.05x$/m)
    expect(text).toMatch(/the way pool +5\.10 +6\.10 +1\.20x +probably slower/)
    expect(text).toContain('Probably changed:\n  The talk: the way pool: probably slower')
    expect(text).toContain('Only in the first: talk/old')
    expect(text).toContain('Only in the second: talk/new')
    expect(lines(SECOND, FIRST)).toContain('the way pool: probably faster')
  })

  test('say how little they know', () => {
    const text = lines(FIRST, SECOND)
    expect(text).toContain('They were made 3 days apart')
    expect(text).toContain('no test of significance')
    expect(text).toContain('--against')
  })

  test('need three trials of a row', () => {
    expect(lines(recordOf([row('loop', [1, 1])]), recordOf([row('loop', [9, 9])]))).toContain('No row is probably')
  })

  test('say that machines, versions, load, order or completeness differ', () => {
    const other = recordOf([row('loop', [1, 1, 1])], {
      machine: { ...FIRST.machine, cores: 8, versions: { node: '22.0.0' } },
      started: '2025-12-31T00:00:00.000Z',
      noisemill: { version: '0.1.0', isChanged: true },
      busyBefore: 0.5,
    })
    delete other.ended
    const text = lines(FIRST, other)
    expect(text).toContain('THE MACHINES DIFFER')
    expect(text).toContain('cores (2, then 8)')
    expect(text).toContain('Versions differ: node (20.0.0, then 22.0.0).')
    expect(text).toContain('The second record is the older one.')
    expect(text).toContain('The second run was interrupted.')
    expect(text).toContain('during the second run')
    expect(text).toContain('The second run was made of files that differ from their commit.')
  })

  test('are not compared where the work or the unit differs', () => {
    const other = copyOf(SECOND) as { workloads: { work: string; unit: string }[] }
    other.workloads[0].work = '12 files'
    expect(lines(FIRST, other as BenchRecord)).toContain(
      "Not compared: the work differs: first '24 files', then '12 files'.",
    )
    other.workloads[0].unit = 'ms'
    expect(lines(FIRST, other as BenchRecord)).toContain('Not compared: the first has the unit s, the second ms.')
  })
})

describe('npm run bench:compare', () => {
  const compare = (...args: readonly string[]): Promise<Ended> =>
    start([process.execPath, path.join(root, 'dist-bench/compare.js'), ...args]).ended

  const fileOf = (folder: string, name: string, content: unknown): string => {
    const file = path.join(folder, name)
    writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content))
    return file
  }

  test('compares two files', async () => {
    const folder = temporaryFolder()
    const { code, stdout, stderr } = await compare(fileOf(folder, 'a', FIRST), fileOf(folder, 'b', SECOND))
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toContain('probably slower')
  })

  test.each([
    ['no file', []],
    ['one file', ['a']],
    ['a missing file', ['a', 'missing']],
    ['a folder', ['a', '.']],
    ['no JSON', ['a', 'text']],
    ['another version', ['a', 'newer']],
    ['another size', ['a', 'full']],
  ])('refuses %s with one clear message', async (_, names) => {
    const folder = temporaryFolder()
    fileOf(folder, 'a', FIRST)
    fileOf(folder, 'text', 'no JSON \x1b[31m')
    fileOf(folder, 'newer', { ...FIRST, version: 2 })
    fileOf(folder, 'full', { ...FIRST, size: 'full' })
    const { code, stdout, stderr } = await compare(...names.map((name) => path.join(folder, name)))
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(/^bench:compare: /)
    expect(stderr).not.toContain('\x1b')
    expect(stderr).not.toContain('    at ')
  })
})

describe('files that are kept', () => {
  test('are replaced at once, and nothing else is left', () => {
    const folder = temporaryFolder()
    const file = path.join(folder, 'record.json')
    writeAtomically(file, 'one')
    writeAtomically(file, 'two')
    expect(readFileSync(file, 'utf8')).toBe('two')
    expect(readdirSync(folder)).toEqual(['record.json'])
  })

  test('are checked without changing them', () => {
    const folder = temporaryFolder()
    const file = path.join(folder, 'new/record.json')
    expect(whyNotWritable(file)).toBeUndefined()
    expect(readdirSync(path.join(folder, 'new'))).toEqual([])
    writeFileSync(file, 'kept')
    expect(whyNotWritable(file)).toBeUndefined()
    expect(readFileSync(file, 'utf8')).toBe('kept')
    expect(whyNotWritable(path.join(file, 'below'))).toMatch(/ENOTDIR|EEXIST/)
    mkdirSync(path.join(folder, 'folder'))
    expect(whyNotWritable(path.join(folder, 'folder'))).toBe('it is not a file')
  })
})

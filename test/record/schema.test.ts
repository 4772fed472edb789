/** The published schema of the rows of reports, by an independent validator. */

import { readFileSync } from 'node:fs'
import path from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { beforeAll, describe, expect, test } from 'vitest'
import { errorCodes } from '../../dist/index.js'
import { warnings } from '../../dist-lib/warnings.js'
import { writeFiles } from '../support/files.js'
import { root, sharedFolder } from '../support/folders.js'
import { type Json, jsonOf, noisemill, rowsOf } from '../support/programs.js'
import { isWindows } from '../support/systems.js'
import { pcm16 } from '../support/wav.js'

const schema: Json = JSON.parse(readFileSync(path.join(root, 'dist/report.schema.json'), 'utf8'))
const { version, exports } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'))

const ajv = new Ajv2020({ strict: true, strictRequired: false, allowUnionTypes: true, allErrors: true })
const validate = ajv.compile(schema)

/** The same schema, which refuses fields that it does not declare, at every depth. */
function closed(part: Json): Json {
  if (Array.isArray(part)) return part.map(closed)
  if (typeof part !== 'object' || part === null) return part
  const inside = Object.fromEntries(Object.entries(part).map(([name, value]) => [name, closed(value)]))
  return part.properties && part.type === 'object' && !part.additionalProperties
    ? { ...inside, additionalProperties: false }
    : inside
}
const validateClosed = new Ajv2020({ strict: false, allErrors: true }).compile({
  ...closed(schema),
  $id: 'urn:noisemill:closed',
})

const cwd = sharedFolder()
const rows: Json[] = []
const lines: Json[] = []

beforeAll(async () => {
  const odd = isWindows ? {} : { 'line\nend.wav': pcm16(500), '\u001b[31m.wav': pcm16(500) }
  writeFiles(path.join(cwd, 'in'), {
    ...odd,
    'a.wav': pcm16(500),
    'silent.wav': pcm16(500, 0),
    'empty.wav': pcm16(0),
    'loud.wav': pcm16(500, 1),
    'bad.wav': Buffer.from('no audio'),
  })
  const add = ['add', 'in', '--json', '--snr', '-10:20', '--report']
  for (const [name, ...flags] of [
    ['done', '--out', 'out', '--copies', '2'],
    ['failed', '--out', 'out', '--copies', '2'],
    ['skipped', '--out', 'out', '--copies', '2', '--resume'],
    ['planned', '--out', 'planned', '--dry-run'],
  ]) {
    const { files } = jsonOf(await noisemill([...add, `${name}.jsonl`, ...flags], { cwd }))
    lines.push(...files)
    rows.push(...rowsOf(path.join(cwd, `${name}.jsonl`)))
  }
  const { files } = jsonOf(
    await noisemill(['add', 'in', '--json', '--sigma', '0.1', '--level', 'peak:-6/-3', '--out', 'sigma'], { cwd }),
  )
  lines.push(...files)
})

describe('the schema', () => {
  test('accepts real rows of every status', () => {
    expect(new Set(rows.map(({ status }) => status))).toEqual(new Set(['done', 'failed', 'skipped', 'planned']))
    for (const row of [...rows, ...lines]) expect(validate(row) ? [] : validate.errors, JSON.stringify(row)).toEqual([])
  })

  test('declares every field of them, at every depth', () => {
    for (const row of rows) expect(validateClosed(row) ? [] : validateClosed.errors, JSON.stringify(row)).toEqual([])
  })

  test('has every code of errors and warnings', () => {
    const { error, warnings: field } = schema.properties
    expect(error.properties.code.enum.toSorted()).toEqual(errorCodes.toSorted())
    expect(field.items.enum.toSorted()).toEqual(Object.keys(warnings).sort())
  })

  test('describes every field', () => {
    for (const [name, { description }] of Object.entries<Json>(schema.properties))
      expect(description, name).toMatch(/^[A-Z'].*\.$/)
  })

  const done = () => structuredClone(rows.find(({ status }) => status === 'done'))
  const failed = () => structuredClone(rows.find(({ status }) => status === 'failed'))

  test.each<[string, () => Json]>([
    ['an unknown status', () => ({ ...done(), status: 'lost' })],
    ['no status', () => ({ ...done(), status: undefined })],
    ['a number as text', () => ({ ...done(), frames: '500' })],
    ['null where there is always a value', () => ({ ...done(), copy: null })],
    ['a format that there is not', () => ({ ...done(), format: 'mp3' })],
    ['an unknown warning', () => ({ ...done(), warnings: ['W_NOTHING'] })],
    ['a range of three numbers', () => ({ ...done(), asked: { snr: [1, 2, 3] } })],
    ['a range of one number', () => ({ ...done(), asked: { snr: [1] } })],
    ['an error of an output that was written', () => ({ ...done(), error: failed().error })],
    ['a failure without an error', () => ({ ...failed(), error: undefined })],
    ['an error without a code', () => ({ ...failed(), error: { message: 'why' } })],
    ['an unknown code', () => ({ ...failed(), error: { ...failed().error, code: 'E_NOTHING' } })],
    ...['input', 'output', 'key', 'seed', 'stream', 'asked', 'drawn', 'warnings', 'snr'].map(
      (name): [string, () => Json] => [`no ${name}`, () => ({ ...done(), [name]: undefined })],
    ),
  ])('refuses %s', (_, row) => {
    // As JSON, where what is undefined is missing.
    expect(validate(JSON.parse(JSON.stringify(row())))).toBe(false)
  })

  test('accepts fields of later versions', () => expect(validate({ ...done(), tempo: 120 })).toBe(true))

  test('has the version of the package, and is published', () => {
    expect(schema.$id).toBe(`urn:noisemill:report:${version}`)
    expect(exports['./report.schema.json']).toBe('./dist/report.schema.json')
    expect(ajv.validateSchema(schema)).toBe(true)
  })
})

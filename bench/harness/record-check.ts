/** Reads records, which may be any bytes: of another version, damaged, or no record at all. */

import { type BenchRecord, RECORD_FORMAT, RECORD_VERSION } from './record.js'

/** Why a text is no record that this program can read. */
export class RecordError extends Error {}

/**
 * Parses a record, and checks the fields that this version declares. Others are kept.
 *
 * @throws RecordError that names the field
 */
export function parseRecord(text: string): BenchRecord {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new RecordError(`not JSON: ${(error as Error).message}`)
  }
  checkRecord(value)
  return value
}

type Fields = Readonly<Record<string, unknown>>

function fail(at: string, expected: string): never {
  throw new RecordError(`${at} is not ${expected}`)
}

/** Calls a check for each element, with the place of the element for messages. */
function each<T>(value: unknown, at: string, check: (element: unknown, at: string) => T): T[] {
  if (!Array.isArray(value)) fail(at, 'an array')
  return value.map((element, i) => check(element, `${at}[${i}]`))
}

function fieldsOf(value: unknown, at: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) fail(at, 'an object')
  return value as Fields
}

type Check = (value: unknown, at: string) => void

const text: Check = (value, at) => {
  if (typeof value !== 'string') fail(at, 'a string')
}
const flag: Check = (value, at) => {
  if (typeof value !== 'boolean') fail(at, 'a boolean')
}
const number: Check = (value, at) => {
  if (typeof value !== 'number' || !Number.isFinite(value)) fail(at, 'a finite number')
}
const amount: Check = (value, at) => {
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 0) fail(at, 'a number of at least 0')
}
const count: Check = (value, at) => {
  if (!Number.isSafeInteger(value) || (value as number) < 1) fail(at, 'a positive integer')
}
const word =
  (...words: readonly string[]): Check =>
  (value, at) => {
    if (!words.includes(value as string)) fail(at, `one of ${words.join(', ')}`)
  }
const list =
  (check: Check): Check =>
  (value, at) => {
    each(value, at, check)
  }
const values =
  (check: Check): Check =>
  (value, at) => {
    for (const [name, element] of Object.entries(fieldsOf(value, at))) check(element, `${at}.${name}`)
  }
const optional =
  (check: Check): Check =>
  (value, at) => {
    if (value !== undefined) check(value, at)
  }
/** An object with at least these fields. */
const object =
  (checks: Readonly<Record<string, Check>>): Check =>
  (value, at) => {
    const fields = fieldsOf(value, at)
    for (const [name, check] of Object.entries(checks)) check(fields[name], at === '' ? name : `${at}.${name}`)
  }
/** Objects whose names differ, because others refer to them by name. */
const named =
  (check: Check): Check =>
  (value, at) => {
    const names = new Set<unknown>()
    each(value, at, (element, place) => {
      check(element, place)
      const { name } = element as Fields
      if (names.has(name)) throw new RecordError(`${place}.name is there twice: ${JSON.stringify(name)}`)
      names.add(name)
    })
  }
const both =
  (...checks: readonly Check[]): Check =>
  (value, at) => {
    for (const check of checks) check(value, at)
  }
const notEmpty: Check = (value, at) => {
  if ((value as unknown[]).length === 0) throw new RecordError(`${at} is empty`)
}
const date: Check = (value, at) => {
  if (typeof value !== 'string' || Number.isNaN(Date.parse(value))) fail(at, 'a time in ISO 8601')
}

const figure: Check = (value, at) => (Array.isArray(value) ? list(number)(value, at) : number(value, at))

const trial = object({
  value: amount,
  seconds: amount,
  cpu: optional(amount),
  memory: optional(amount),
  others: optional(amount),
  digest: optional(text),
  cores: optional(object({ interval: amount, use: list(list(amount)) })),
  figures: optional(values(figure)),
  note: optional(text),
})

const row = object({
  name: text,
  label: text,
  kind: word('noisemill', 'node', 'python', 'tool', 'limit'),
  limit: optional(text),
  series: optional(text),
  x: optional(number),
  trials: both(list(trial), notEmpty),
})

const workload = object({
  name: text,
  title: text,
  question: text,
  unit: word('s', 'ms', 'us an item', 'ns a sample', 'us a file'),
  reference: text,
  work: text,
  skipped: optional(text),
  rounds: optional(count),
  missing: list(object({ name: text, label: text, what: text, install: text })),
  failed: list(object({ name: text, label: text, why: text })),
  rows: named(row),
})

const record = object({
  size: word('short', 'full'),
  noisemill: object({ version: text, commit: optional(text), isChanged: optional(flag) }),
  machine: object({
    cpu: text,
    cores: count,
    cpuLimit: optional(amount),
    memory: amount,
    system: text,
    fileSystem: text,
    versions: values(text),
  }),
  started: date,
  ended: optional(date),
  rounds: optional(count),
  filters: optional(list(text)),
  isCutShort: optional(flag),
  busyBefore: optional(amount),
  workloads: named(workload),
})

function checkRecord(value: unknown): asserts value is BenchRecord {
  const { format, version } = fieldsOf(value, 'the record')
  if (format !== RECORD_FORMAT) throw new RecordError(`no record of npm run bench: format is not ${RECORD_FORMAT}`)
  if (version !== RECORD_VERSION)
    throw new RecordError(
      `version ${JSON.stringify(version)} of the format; this program reads version ${RECORD_VERSION}`,
    )
  record(value, '')
}

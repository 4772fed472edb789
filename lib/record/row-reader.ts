/** Reads the rows of a report again. */

import { createReadStream, readFileSync, statSync } from 'node:fs'
import { NoisemillError } from '../errors.js'
import { packageFile } from '../package-files.js'

/** A row, and the number of its line or its number among the rows of a caller, from 1. */
export interface NumberedRow {
  readonly number: number
  readonly row: unknown
}

/** A longer line is not a row. It must not fill memory. */
const MAX_LINE = 1024 * 1024
const CSV_START = 'input,output,status,'
/** How rows of a report begin, and how lines of `--json` do. */
const ROW_STARTS = ['{"input":', '{"type":"']
/** A string of JSON; the last of a line that was cut may have no end. */
const STRING = /"(?:[^"\\]|\\.)*(?:"|\\?$)/g

/** Returns the names of the fields that rows have, from their schema. */
export function rowFields(): ReadonlySet<string> {
  const { properties } = JSON.parse(readFileSync(packageFile('dist/report.schema.json'), 'utf8'))
  return new Set(Object.keys(properties))
}

/**
 * Yields the rows of a report of JSON lines, in groups, which may begin with a byte order mark. A line that a killed run
 * began, and did not end, is the row `undefined`. Throws E_REPLAY_ROWS if the file cannot be read or is none, and E_REPLAY_ROW with the number of a line that
 * is not JSON.
 */
export async function* readRows(file: string): AsyncGenerator<readonly NumberedRow[]> {
  let number = 0
  let rest = ''
  const parsed = (lines: readonly string[]) =>
    lines.flatMap((text): NumberedRow[] => {
      number++
      const line = number === 1 && text.startsWith('\ufeff') ? text.slice(1) : text
      if (number === 1 && line.startsWith(CSV_START))
        throw new NoisemillError('E_REPLAY_ROWS', { path: file, received: 'it is CSV' })
      return line.trim() === '' ? [] : [{ number, row: parse(line, file, number) }]
    })
  try {
    if (!statSync(file).isFile())
      throw new NoisemillError('E_REPLAY_ROWS', { path: file, received: 'it is not a file' })
    for await (const text of createReadStream(file, { encoding: 'utf8' })) {
      const lines = (rest + text).split('\n')
      rest = lines.pop()!
      if (rest.length > MAX_LINE) throw notRow(file, number + 1, `it is longer than ${MAX_LINE} characters`)
      const rows = parsed(lines)
      if (rows.length > 0) yield rows
    }
    const rows = parsed([rest])
    if (rows.length > 0) yield rows
  } catch (cause) {
    if (cause instanceof NoisemillError) throw cause
    throw new NoisemillError('E_REPLAY_ROWS', { path: file, cause })
  }
}

function parse(line: string, file: string, number: number): unknown {
  try {
    return JSON.parse(line)
  } catch (cause) {
    if (isCut(line)) return undefined
    throw notRow(file, number, (cause as Error).message)
  }
}

/**
 * Whether a line is the beginning of a row: its object does not end. A row that follows it in the same line is not
 * ignored with it.
 */
function isCut(line: string): boolean {
  const begins = ROW_STARTS.some((start) => line.startsWith(start) || start.startsWith(line))
  if (!begins || ROW_STARTS.some((start) => line.includes(start, 1))) return false
  const marks = line.replaceAll(STRING, '')
  return marks.split('{').length > marks.split('}').length
}

/** Makes the error of a row that cannot be replayed. @param rows path of its file; undefined for rows of a caller */
export function notRow(rows: string | undefined, number: number, received: string): NoisemillError {
  return new NoisemillError('E_REPLAY_ROW', {
    path: rows === undefined ? `row ${number}` : `${rows}:${number}`,
    received,
  })
}

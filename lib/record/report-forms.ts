/** The forms of reports: JSON lines, and CSV by RFC 4180. */

import { readFileSync } from 'node:fs'
import { packageFile } from '../package-files.js'

/** How a report is written. */
export interface ReportForm {
  /**
   * The bytes that every report of this form begins with. They are checked so that a report never replaces another file,
   * such as an input.
   */
  readonly start: string
  /** The first line, with its end; '' if there is none. */
  readonly header: string
  /** Returns the line of a result, with its end. */
  line(result: object): string
}

const jsonLines: ReportForm = {
  start: '{"input":',
  header: '',
  line: (result) => `${JSON.stringify(result)}\n`,
}

/** Returns the form of a report by the extension of its name. Packages that only CSV needs are loaded only for it. */
export const formOf = async (file: string): Promise<ReportForm> => (/\.csv$/i.test(file) ? csv() : jsonLines)

/** The parts of a JSON schema that decide about columns. */
interface Schema {
  readonly type?: string | readonly string[]
  readonly description?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly items?: Schema
  readonly prefixItems?: readonly Schema[]
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly Schema[]
}

/** A column of CSV reports: a field of results, or a field of one. */
export interface Column {
  /** Names of the fields, joined by _: `asked_snr`. */
  readonly name: string
  readonly path: readonly string[]
  readonly schema: Schema
}

/** Returns the columns of CSV reports. They follow from the schema of rows, which is made of the declaration of results. */
export function csvColumns(): Column[] {
  return columnsOf(JSON.parse(readFileSync(packageFile('dist/report.schema.json'), 'utf8')), [])
}

function columnsOf({ properties = {} }: Schema, above: readonly string[]): Column[] {
  return Object.entries(properties).flatMap(([name, schema]) => {
    const path = [...above, name]
    return schema.properties === undefined ? [{ name: path.join('_'), path, schema }] : columnsOf(schema, path)
  })
}

async function csv(): Promise<ReportForm> {
  const { stringify } = await import('csv-stringify/sync')
  const line = (cells: readonly string[]) => stringify([cells], { record_delimiter: 'windows' })
  const columns = csvColumns()
  const cells = columns.map(({ path, schema }) => {
    const show = shownAs(schema)
    return (result: object) => {
      const value = path.reduce((inside: unknown, name) => (inside as Record<string, unknown> | null)?.[name], result)
      return value === undefined || value === null ? '' : show(value)
    }
  })
  const header = line(columns.map(({ name }) => name))
  return { start: 'input,output,status,', header, line: (result) => line(cells.map((cell) => cell(result))) }
}

/** Returns how values with a schema are shown in a cell. */
function shownAs({ type, items, anyOf = [] }: Schema): (value: unknown) => string {
  if (anyOf.some(({ prefixItems }) => prefixItems !== undefined)) return asTyped
  // Codes contain no spaces.
  if (type === 'array' && items?.enum !== undefined) return (value) => (value as readonly unknown[]).join(' ')
  return shown
}

/** Shows a level as the command line has it: a number, a range LOW:HIGH or a list A/B/C. */
function asTyped(value: unknown): string {
  if (Array.isArray(value)) return value.join(':')
  const { values } = Object(value)
  return Array.isArray(values) ? values.join('/') : shown(value)
}

const shown = (value: unknown): string => (typeof value === 'object' ? JSON.stringify(value) : String(value))

const LINE_FEED = 0x0a
const QUOTE = 0x22

/** Finds the end of the last whole row of a CSV file, whose cells may contain line ends in quotes. */
export class RowEnds {
  /** Offset of the byte after the last whole row. */
  end = 0
  #at = 0
  #isQuoted = false

  /** Takes the next bytes of the file. */
  add(bytes: Uint8Array): void {
    for (const byte of bytes) {
      this.#at++
      if (byte === QUOTE) this.#isQuoted = !this.#isQuoted
      else if (byte === LINE_FEED && !this.#isQuoted) this.end = this.#at
    }
  }
}

/**
 * The journal's lines, and what they add up to. A line is a JSON object, and begins with its line feed: so one that a run was killed in the
 * middle of does not spoil the next. What cannot be read means nothing.
 */

import { hash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { CODEC_VERSION } from '../core/wav/codecs.js'
import { type FilePath, pathFromBytes, pathToBytes } from '../files/paths.js'

/** Who wrote what follows under its id, and with which settings. */
export interface RunLine {
  readonly run: string
  readonly settings: Readonly<Record<string, unknown>>
  readonly stream: number
  /** Version of the decoders; missing where version 1 decoded, which was not recorded. */
  readonly codecs?: number
  readonly host: string
  /** Where process numbers are counted, on systems that have several such places. */
  readonly pids: string
  readonly pid: number
}

/** A path as JSON has it. */
type JsonPath = string | { readonly base64: string }

/** What became of an output: about to be written, written whole, or not written after all. Ids are RUN-NUMBER. */
export type OutputLine =
  | { readonly begin: JsonPath; readonly id: string }
  | { readonly failed: JsonPath; readonly id: string }
  | {
      readonly done: JsonPath
      readonly id: string
      /** From the output folder, by text. */
      readonly input: JsonPath
      /** Of the input, in bytes, and when it was modified, in microseconds since 1970. */
      readonly size: number
      readonly modified: number
      /** Of the output. */
      readonly bytes: number
      /** Version of the decoders, where the samples of the input are coded. */
      readonly codec?: number
    }

export const jsonPath = (file: FilePath): JsonPath =>
  typeof file === 'string' ? file : { base64: pathToBytes(file).toString('base64') }

/** A path as a key of maps: no path has a NUL. */
export const textOf = (path: JsonPath): string => (typeof path === 'string' ? path : `\0${path.base64}`)

export const pathOf = (text: string): FilePath =>
  text.startsWith('\0') ? pathFromBytes(Buffer.from(text.slice(1), 'base64')) : text

/** Characters of a stamp: 72 bits, and as little memory as a string takes. */
const STAMP_LENGTH = 12

/** What has to be as it was for an output to be done, as a short fingerprint: there may be millions. */
export function stampOf(bytes: number, size: number, modified: number, input: JsonPath): string {
  return hash('sha256', `${bytes} ${size} ${modified} ${textOf(input)}`, 'base64').slice(0, STAMP_LENGTH)
}

interface Begun {
  readonly text: string
  /** What was recorded before: it holds again where this fails. */
  readonly before: string | undefined
}

/** Longer than any two paths: what has no end before that is not ours, and is not gathered. */
const MAX_LINE = 64 * 1024

/** What earlier runs have left. */
export class Records {
  readonly runs = new Map<string, RunLine>()
  /** By id: begun, and neither done nor failed. */
  readonly begun = new Map<string, Begun>()
  lastRun: RunLine | undefined
  /** The stamps of outputs that are done with the settings that are looked for. */
  readonly #done = new Map<string, string>()

  /** @param settings those to look for, as JSON; without them only `begun` is kept */
  constructor(readonly settings: string | undefined) {}

  /** Reads an open file from its beginning to its end. */
  async read(fd: number): Promise<void> {
    let rest = ''
    let isTooLong = false
    const parts = createReadStream('', { fd, start: 0, autoClose: false, encoding: 'utf8' })
    for await (const part of parts) {
      const lines: string[] = part.split('\n')
      lines[0] = rest + lines[0]
      rest = lines.pop()!
      for (const line of lines) {
        if (!isTooLong) this.#add(line)
        isTooLong = false
      }
      if (rest.length > MAX_LINE) {
        rest = ''
        isTooLong = true
      }
    }
    if (!isTooLong) this.#add(rest)
    // Begun since, or before it was done by another: it counts as begun only where nothing else is known.
    for (const [id, { text }] of this.begun) {
      if (this.#isWanted(id) && !this.#done.has(text)) this.#done.set(text, '')
    }
  }

  /**
   * What is recorded of an output, which is forgotten with that: its stamp; '' where it is to be done again, because nobody knows how far it came
   * or because other decoders made it; undefined where it is none of ours.
   */
  take(text: string): string | undefined {
    const stamp = this.#done.get(text)
    this.#done.delete(text)
    return stamp
  }

  #isWanted(id: string): boolean {
    const run = this.runs.get(runOf(id))
    return run?.codecs !== undefined && JSON.stringify(run.settings) === this.settings
  }

  #add(line: string): void {
    const entry = parse(line)
    if (entry === undefined) return
    if ('run' in entry) {
      this.lastRun = entry
      this.runs.set(entry.run, entry)
    } else if ('begin' in entry) {
      const text = textOf(entry.begin)
      this.begun.set(entry.id, { text, before: this.#done.get(text) })
      this.#done.delete(text)
    } else if ('failed' in entry) {
      const begun = this.begun.get(entry.id)
      this.begun.delete(entry.id)
      if (begun?.before !== undefined && !this.#done.has(begun.text)) this.#done.set(begun.text, begun.before)
    } else {
      const { id, done, bytes, size, modified, input, codec = CODEC_VERSION } = entry
      this.begun.delete(id)
      if (this.settings === undefined) return
      // What other decoders made is done again, as what was only begun.
      const stamp = codec === CODEC_VERSION ? stampOf(bytes, size, modified, input) : ''
      if (this.#isWanted(id)) this.#done.set(textOf(done), stamp)
      else this.#done.delete(textOf(done))
    }
  }
}

/** The run that an id is of. */
export const runOf = (id: string): string => id.slice(0, id.indexOf('-'))

function parse(line: string): RunLine | OutputLine | undefined {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return undefined
  }
  return typeof value === 'object' && value !== null && isEntry(value as Record<string, unknown>)
    ? (value as RunLine | OutputLine)
    : undefined
}

/** Ids go into the names of files that are removed. */
const ID = /^[0-9a-z]+-[0-9a-z]+$/

/** Whether a line is one of ours, as far as harm could come of another. */
function isEntry({ run, settings, pid, id, begin, failed, done }: Record<string, unknown>): boolean {
  if (typeof run === 'string') return typeof settings === 'object' && settings !== null && Number.isInteger(pid)
  return typeof id === 'string' && ID.test(id) && isJsonPath(begin ?? failed ?? done)
}

function isJsonPath(value: unknown): value is JsonPath {
  if (typeof value === 'string') return true
  return typeof value === 'object' && value !== null && typeof (value as { base64?: unknown }).base64 === 'string'
}

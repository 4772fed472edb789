/**
 * The journal's lines, and what they add up to. A line is a JSON object, and begins with its line feed: so one that a run was killed in the
 * middle of does not spoil the next. What cannot be read means nothing.
 */

import { createReadStream, readSync } from 'node:fs'
import type { EtlFigures } from '../core/etl.js'
import { CODEC_VERSION, codecs } from '../core/wav/codecs.js'
import { sampleFormats } from '../core/wav/samples.js'
import { type FilePath, pathFromBytes, pathToBytes } from '../files/paths.js'
import { warnings } from '../warnings.js'

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
  | DoneLine

interface DoneLine {
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
  /** Missing in journals of earlier versions. */
  readonly figures?: unknown
}

/** What a line that is done says of an output beside its sizes. */
export type DoneFigures = Omit<EtlFigures, 'bytesIn' | 'modified' | 'bytesOut'>

export const jsonPath = (file: FilePath): JsonPath =>
  typeof file === 'string' ? file : { base64: pathToBytes(file).toString('base64') }

/** A path as a key of maps: no path has a NUL. */
export const textOf = (path: JsonPath): string => (typeof path === 'string' ? path : `\0${path.base64}`)

export const pathOf = (text: string): FilePath =>
  text.startsWith('\0') ? pathFromBytes(Buffer.from(text.slice(1), 'base64')) : text

/** Numbers among the figures; JSON has no infinite sums and makes them null. */
const COUNTS = ['channels', 'sampleRate', 'frames', 'sigma', 'clipped', 'nonFinite', 'seconds'] as const
const SUMS = ['signalEnergy', 'noiseEnergy'] as const

/** The figures that a line has; undefined where it has none, or others than noisemill writes. */
export function figuresIn({ figures }: DoneLine): DoneFigures | undefined {
  if (typeof figures !== 'object' || figures === null) return undefined
  const values = figures as Readonly<Record<string, unknown>>
  const { format, codec, warnings: codes } = values
  const isKnown =
    COUNTS.every((name) => typeof values[name] === 'number') &&
    SUMS.every((name) => typeof values[name] === 'number' || values[name] === null) &&
    sampleFormats.some(({ name }) => name === format) &&
    (codec === null || codecs.some(({ name }) => name === codec)) &&
    Array.isArray(codes) &&
    codes.every((code) => Object.hasOwn(warnings, code))
  if (!isKnown) return undefined
  const numbers = [...COUNTS, ...SUMS].map((name) => [name, values[name] ?? Number.POSITIVE_INFINITY])
  return { ...Object.fromEntries(numbers), format, codec, warnings: codes } as DoneFigures
}

/** Where a line is in the file: its first byte times MAX_LINE, plus its length. There may be millions, and a number takes least memory. */
type Place = number

/** In the place of a line: the output is to be done again. */
const AGAIN: Place = -1

interface Begun {
  readonly text: string
  /** What was recorded before: it holds again where this fails. */
  readonly before: Place | undefined
}

/** Longer than any two paths: what has no end before that is not ours, and is not gathered. */
const MAX_LINE = 64 * 1024
const LINE_FEED = 0x0a

/** What earlier runs have left. */
export class Records {
  readonly runs = new Map<string, RunLine>()
  /** By id: begun, and neither done nor failed. */
  readonly begun = new Map<string, Begun>()
  lastRun: RunLine | undefined
  /** Where the lines are of outputs that are done with the settings that are looked for. */
  readonly #done = new Map<string, Place>()
  #fd = -1

  /** @param settings those to look for, as JSON; without them only `begun` is kept */
  constructor(readonly settings: string | undefined) {}

  /** Reads an open file from its beginning to its end. */
  async read(fd: number): Promise<void> {
    this.#fd = fd
    /** What has no line feed yet, and where it is in the file. */
    let rest: Buffer = Buffer.alloc(0)
    let start = 0
    let isTooLong = false
    for await (const part of createReadStream('', { fd, start: 0, autoClose: false })) {
      const bytes: Buffer = rest.length === 0 ? part : Buffer.concat([rest, part])
      let from = 0
      for (let end = bytes.indexOf(LINE_FEED); end >= 0; end = bytes.indexOf(LINE_FEED, from)) {
        if (!isTooLong) this.#add(bytes.subarray(from, end), start + from)
        isTooLong = false
        from = end + 1
      }
      start += from
      rest = bytes.subarray(from)
      if (rest.length < MAX_LINE) continue
      start += rest.length
      rest = Buffer.alloc(0)
      isTooLong = true
    }
    if (!isTooLong) this.#add(rest, start)
    // Begun since, or before it was done by another: it counts as begun only where nothing else is known.
    for (const [id, { text }] of this.begun) {
      if (this.#isWanted(id) && !this.#done.has(text)) this.#done.set(text, AGAIN)
    }
  }

  /** What is recorded of an output, for `doneLine`, which is forgotten with that; undefined where it is none of ours. */
  take(text: string): Place | undefined {
    const place = this.#done.get(text)
    this.#done.delete(text)
    return place
  }

  /**
   * The line of an output that is done, read again from the file; undefined where the output is to be done again, because nobody knows how far it
   * came or because other decoders made it.
   */
  doneLine(place: Place): DoneLine | undefined {
    if (place === AGAIN) return undefined
    const length = place % MAX_LINE
    const bytes = Buffer.alloc(length)
    readSync(this.#fd, bytes, 0, length, (place - length) / MAX_LINE)
    const line = parse(bytes)
    return line !== undefined && 'done' in line ? line : undefined
  }

  #isWanted(id: string): boolean {
    const run = this.runs.get(runOf(id))
    return run?.codecs !== undefined && JSON.stringify(run.settings) === this.settings
  }

  #add(line: Buffer, start: number): void {
    const entry = line.length < MAX_LINE ? parse(line) : undefined
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
      const { id, done, codec = CODEC_VERSION } = entry
      this.begun.delete(id)
      if (this.settings === undefined) return
      // What other decoders made is done again, as what was only begun.
      const place = codec === CODEC_VERSION ? start * MAX_LINE + line.length : AGAIN
      if (this.#isWanted(id)) this.#done.set(textOf(done), place)
      else this.#done.delete(textOf(done))
    }
  }
}

/** The run that an id is of. */
export const runOf = (id: string): string => id.slice(0, id.indexOf('-'))

function parse(line: Buffer): RunLine | OutputLine | undefined {
  let value: unknown
  try {
    value = JSON.parse(line.toString())
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

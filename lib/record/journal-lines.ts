/**
 * Reads the lines of a journal. A line is a line feed and then a JSON object: if a run is killed in the middle of a line,
 * the next line is still whole. Lines that cannot be read are ignored.
 */

import type { EtlFigures } from '../core/etl.js'
import type { LayerFigures } from '../core/measuring.js'
import { codecs } from '../core/wav/codecs.js'
import { sampleFormats } from '../core/wav/samples.js'
import { type FilePath, pathFromBytes, pathToBytes } from '../files/paths.js'
import { warnings } from '../warnings.js'
import type { RunProcess } from './run-process.js'

/** The first line of a run: its id, its settings and its process. */
export interface RunLine extends RunProcess {
  readonly run: string
  readonly settings: Readonly<Record<string, unknown>>
  readonly stream: number
  /** Version of the decoders. Missing in journals of releases that did not record it; those had version 1. */
  readonly codecs?: number
  /** True for a run with `overwrite`, and for a run that resumed one. Otherwise missing. */
  readonly overwrite?: boolean
}

/** The last line of a run. It is missing if the process was killed. */
export interface EndLine {
  /** The id of the run. */
  readonly end: string
  /** Numbers of outputs. */
  readonly counts: { readonly done: number; readonly skipped: number; readonly failed: number }
  /** True if the run was interrupted, left by its caller or ended by an error. Otherwise missing. */
  readonly stopped?: boolean
}

/** A path in JSON: text, or base64 if its bytes are not UTF-8. */
export type JsonPath = string | { readonly base64: string }

/**
 * A line about one output. Ids have the form RUN-NUMBER.
 *
 * - `begin`: it is about to be written
 * - `failed`: it was not written. There is a code if that was because of an error
 * - `left`: it was not written, or it was written and that is not certain
 * - `done`: it is complete
 */
export type OutputLine =
  | { readonly begin: JsonPath; readonly id: string }
  | { readonly failed: JsonPath; readonly id: string; readonly code?: string }
  | { readonly left: JsonPath; readonly id: string; readonly code: string }
  | DoneLine

export type JournalLine = RunLine | OutputLine | EndLine

export interface DoneLine {
  readonly done: JsonPath
  readonly id: string
  /** Path of the input, relative to the output folder, computed without resolving links. */
  readonly input: JsonPath
  /** Size of the input, in bytes. */
  readonly size: number
  /** When the input was modified, in microseconds since 1970. */
  readonly modified: number
  /** Size of the output, in bytes. */
  readonly bytes: number
  /** Version of the decoders, if the samples of the input are coded. */
  readonly codec?: number
  /** The other figures of the output. Missing in journals of earlier releases. */
  readonly figures?: unknown
}

/** The figures in a `done` line, apart from the sizes and the time, which are fields of the line. */
export type DoneFigures = Omit<EtlFigures, 'bytesIn' | 'modified' | 'bytesOut'>

export const jsonPath = (file: FilePath): JsonPath =>
  typeof file === 'string' ? file : { base64: pathToBytes(file).toString('base64') }

/** Converts a path to a string for use as a map key. A NUL marks base64, because no path contains one. */
export const textOf = (path: JsonPath): string => (typeof path === 'string' ? path : `\0${path.base64}`)

export const pathOf = (text: string): FilePath =>
  text.startsWith('\0') ? pathFromBytes(Buffer.from(text.slice(1), 'base64')) : text

/** Names of the figures that are numbers. Sums may also be null, because JSON writes an infinite sum as null. */
const COUNTS = ['channels', 'sampleRate', 'frames', 'sigma', 'clipped', 'nonFinite', 'seconds'] as const
const SUMS = ['signalEnergy', 'noiseEnergy'] as const
/** Figures that lines have only if they were measured or changed, with what they are otherwise. */
const OPTIONAL = { gain: 1, peak: null, activePower: null, activity: null } as const

/** Returns the figures of noise for a `done` line, as JSON. A template takes half the time that JSON.stringify does. */
export function figuresText({
  format,
  codec,
  channels,
  sampleRate,
  frames,
  sigma,
  layers,
  gain,
  peak,
  activePower,
  activity,
  signalEnergy,
  noiseEnergy,
  clipped,
  nonFinite,
  seconds,
  warnings: codes,
}: DoneFigures): string {
  const samples = `"format":"${format}","codec":${codec === null ? null : `"${codec}"`},"channels":${channels}`
  const level = `"sampleRate":${sampleRate},"frames":${frames},"sigma":${sigma}`
  const sums = `"signalEnergy":${sumText(signalEnergy)},"noiseEnergy":${sumText(noiseEnergy)}`
  const mixing = `${gain === 1 ? '' : `"gain":${gain},`}${peak === null ? '' : `"peak":${peak},`}`
  const speech = activePower === null ? '' : `"activePower":${activePower},"activity":${activity},`
  const noises = layers.length === 0 ? '' : `"layers":${JSON.stringify(layers)},`
  const rest = `"clipped":${clipped},"nonFinite":${nonFinite},"seconds":${seconds}`
  return `{${samples},${level},${sums},${mixing}${speech}${noises}${rest},"warnings":${codes.length === 0 ? '[]' : JSON.stringify(codes)}}`
}

const sumText = (sum: number): number | null => (Number.isFinite(sum) ? sum : null)

/** Returns the figures of noise in a `done` line. Undefined if it has none, or if one is missing or invalid. */
export function figuresIn(figures: unknown): DoneFigures | undefined {
  if (typeof figures !== 'object' || figures === null) return undefined
  const values = figures as Readonly<Record<string, unknown>>
  const { format, codec, warnings: codes, layers = [] } = values
  const isKnown =
    COUNTS.every((name) => typeof values[name] === 'number') &&
    SUMS.every((name) => typeof values[name] === 'number' || values[name] === null) &&
    sampleFormats.some(({ name }) => name === format) &&
    (codec === null || codecs.some(({ name }) => name === codec)) &&
    isLayers(layers) &&
    Array.isArray(codes) &&
    codes.every((code) => Object.hasOwn(warnings, code))
  if (!isKnown) return undefined
  const numbers = [...COUNTS, ...SUMS].map((name) => [name, values[name] ?? Number.POSITIVE_INFINITY])
  const others = Object.entries(OPTIONAL).map(([name, otherwise]) => {
    return [name, typeof values[name] === 'number' ? values[name] : otherwise]
  })
  return { ...Object.fromEntries([...numbers, ...others]), format, codec, layers, warnings: codes } as DoneFigures
}

/** Whether a value of a line is the figures of layers. */
const isLayers = (value: unknown): value is readonly LayerFigures[] => Array.isArray(value) && value.every(isLayer)

function isLayer(value: unknown): boolean {
  const { deviation, pieces } = Object(value)
  return typeof deviation === 'number' && Array.isArray(pieces) && pieces.every(isPiece)
}

function isPiece(value: unknown): boolean {
  const { file, from, at } = Object(value)
  return [file, from, at].every(Number.isSafeInteger)
}

/** Lines of this many bytes or more are ignored: noisemill writes none, and an endless line must not fill memory. */
export const MAX_LINE = 64 * 1024
const LINE_FEED = 0x0a

/** Divides the bytes of a journal, which may still grow, into lines. */
export class Lines {
  /** Bytes of a line whose end was not read yet. */
  #rest: Buffer = Buffer.alloc(0)
  #isTooLong = false
  /** Offset of `#rest` in the file. */
  #start = 0

  /** @param onLine receives each line that can be read, its offset in the file, and its length in bytes */
  constructor(readonly onLine: (line: JournalLine, start: number, length: number) => void) {}

  /** Offset of the first byte that was not read yet. */
  get position(): number {
    return this.#start + this.#rest.length
  }

  add(part: Buffer): void {
    const bytes = this.#rest.length === 0 ? part : Buffer.concat([this.#rest, part])
    let from = 0
    for (let end = bytes.indexOf(LINE_FEED); end >= 0; end = bytes.indexOf(LINE_FEED, from)) {
      if (!this.#isTooLong) this.#read(bytes.subarray(from, end), this.#start + from)
      this.#isTooLong = false
      from = end + 1
    }
    const rest = bytes.subarray(from)
    this.#start += from
    this.#isTooLong ||= rest.length >= MAX_LINE
    // The part is not kept with it.
    if (this.#isTooLong) this.#drop(rest.length)
    else this.#rest = Buffer.from(rest)
  }

  /** Reads the last line, which has no line feed behind it. If it is not complete, its rest may still come. */
  readLast(): void {
    if (!this.#isTooLong && this.#read(this.#rest, this.#start)) this.#drop(this.#rest.length)
  }

  /** Passes over bytes, which begin with a line feed and end with a whole line. */
  skip(count: number): void {
    this.#isTooLong = false
    this.#drop(this.#rest.length + count)
  }

  #drop(count: number): void {
    this.#start += count
    this.#rest = Buffer.alloc(0)
  }

  #read(bytes: Buffer, start: number): boolean {
    const line = bytes.length < MAX_LINE ? parseLine(bytes) : undefined
    if (line !== undefined) this.onLine(line, start, bytes.length)
    return line !== undefined
  }
}

/** Returns the run in an output's id. */
export const runOf = (id: string): string => id.slice(0, id.indexOf('-'))

/** Returns what a line says; undefined if it cannot be read. */
export function parseLine(line: Buffer): JournalLine | undefined {
  // After a power cut, bytes that were not yet written may read as zeros.
  let end = line.length
  while (end > 0 && line[end - 1] === 0) end--
  let value: unknown
  try {
    value = JSON.parse(line.toString('utf8', 0, end))
  } catch {
    return undefined
  }
  return typeof value === 'object' && value !== null && isEntry(value as Record<string, unknown>)
    ? (value as JournalLine)
    : undefined
}

/** The form of an id. It is checked because ids are part of the names of files that are removed. */
const ID = /^[0-9a-z]+-[0-9a-z]+$/

/** The fields by which kinds of lines are told apart. */
const KINDS = ['run', 'end', 'begin', 'failed', 'left', 'done'] as const

/** Whether a parsed line is of one kind, and has the fields that are used without further checks. */
function isEntry(fields: Readonly<Record<string, unknown>>): boolean {
  const [kind, ...others] = KINDS.filter((name) => name in fields)
  if (kind === undefined || others.length > 0) return false
  const { run, settings, pid, end, id } = fields
  if (kind === 'run')
    return typeof run === 'string' && typeof settings === 'object' && settings !== null && Number.isInteger(pid)
  if (kind === 'end') return typeof end === 'string'
  return typeof id === 'string' && ID.test(id) && isJsonPath(fields[kind])
}

function isJsonPath(value: unknown): value is JsonPath {
  if (typeof value === 'string') return true
  return typeof value === 'object' && value !== null && typeof (value as { base64?: unknown }).base64 === 'string'
}

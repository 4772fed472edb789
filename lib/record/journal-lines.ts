/**
 * Reads the lines of a journal. A line is a line feed and then a JSON object: if a run is killed in the middle of a line,
 * the next line is still whole. Lines that cannot be read are ignored.
 */

import { createReadStream, readSync } from 'node:fs'
import type { EtlFigures } from '../core/etl.js'
import type { LayerFigures } from '../core/measuring.js'
import { CODEC_VERSION, codecs } from '../core/wav/codecs.js'
import { sampleFormats } from '../core/wav/samples.js'
import { type FilePath, pathFromBytes, pathToBytes } from '../files/paths.js'
import { warnings } from '../warnings.js'

/** The first line of a run: its id, its settings and its process. */
export interface RunLine {
  readonly run: string
  readonly settings: Readonly<Record<string, unknown>>
  readonly stream: number
  /** Version of the decoders. Missing in journals of releases that did not record it; those had version 1. */
  readonly codecs?: number
  /** True for a run with `overwrite`, and for a run that resumed one. Otherwise missing. */
  readonly overwrite?: boolean
  readonly host: string
  /** PID namespace of the process (Linux), because a process id is unique only within its namespace. Otherwise ''. */
  readonly pids: string
  readonly pid: number
}

/** A path in JSON: text, or base64 if its bytes are not UTF-8. */
type JsonPath = string | { readonly base64: string }

/**
 * A line about one output: it is about to be written, was not written, or is complete. Ids have the form RUN-NUMBER.
 */
export type OutputLine =
  | { readonly begin: JsonPath; readonly id: string }
  | { readonly failed: JsonPath; readonly id: string }
  | DoneLine

interface DoneLine {
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

/**
 * Position of a line in the file: the offset of its first byte times MAX_LINE, plus its length. There may be millions of
 * positions, and one number takes the least memory.
 */
type Place = number

/** Used instead of a position for an output that must be done again. */
const AGAIN: Place = -1
/** Used instead of a position for an output that only runs with other settings made or began. */
const OLDER: Place = -2

interface Begun {
  readonly text: string
  /** What was recorded before for the same output. It becomes valid again if this attempt fails. */
  readonly before: Place | undefined
}

/** Lines of this many bytes or more are ignored: noisemill writes none, and an endless line must not fill memory. */
const MAX_LINE = 64 * 1024
const LINE_FEED = 0x0a

/** The records of earlier runs, read from a journal. */
export class Records {
  readonly runs = new Map<string, RunLine>()
  /** Outputs that were begun and neither completed nor failed, by id. */
  readonly begun = new Map<string, Begun>()
  lastRun: RunLine | undefined
  /** Positions of the `done` lines of outputs that were made with the settings of this run, AGAIN or OLDER. */
  readonly #done = new Map<string, Place>()
  #fd = -1

  /** @param settings the settings of this run, as JSON; without them, complete outputs are not remembered */
  constructor(readonly settings: string | undefined) {}

  /** Reads an open file from its beginning to its end. */
  async read(fd: number): Promise<void> {
    this.#fd = fd
    /** Bytes of a line whose end was not read yet; `start` is their offset in the file. */
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
    if (this.settings === undefined) return
    // An output that was only begun must be done again, unless a run with these settings recorded it as done.
    for (const [id, { text }] of this.begun) {
      if ((this.#done.get(text) ?? OLDER) === OLDER) this.#done.set(text, this.#isWanted(id) ? AGAIN : OLDER)
    }
  }

  /**
   * Returns and forgets the record of an output, for `doneLine`. Undefined if no run with these settings began it, unless
   * the last run replaced existing outputs: its successor must replace those that it had not come to.
   */
  take(text: string): Place | undefined {
    const place = this.#done.get(text)
    this.#done.delete(text)
    if (place !== OLDER) return place
    return this.lastRun?.overwrite === true ? AGAIN : undefined
  }

  /**
   * Reads the `done` line of an output from the file. Undefined if the output must be done again, because it was only
   * begun or because another version of the decoders made it.
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
      // An output that other decoders made must be done again, like one that was only begun.
      const place = codec === CODEC_VERSION ? start * MAX_LINE + line.length : AGAIN
      this.#done.set(textOf(done), this.#isWanted(id) ? place : OLDER)
    }
  }
}

/** Returns the run in an output's id. */
export const runOf = (id: string): string => id.slice(0, id.indexOf('-'))

function parse(line: Buffer): RunLine | OutputLine | undefined {
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
    ? (value as RunLine | OutputLine)
    : undefined
}

/** The form of an id. It is checked because ids are part of the names of files that are removed. */
const ID = /^[0-9a-z]+-[0-9a-z]+$/

/** Whether a parsed line has the fields that are used without further checks. */
function isEntry({ run, settings, pid, id, begin, failed, done }: Record<string, unknown>): boolean {
  if (typeof run === 'string') return typeof settings === 'object' && settings !== null && Number.isInteger(pid)
  return typeof id === 'string' && ID.test(id) && isJsonPath(begin ?? failed ?? done)
}

function isJsonPath(value: unknown): value is JsonPath {
  if (typeof value === 'string') return true
  return typeof value === 'object' && value !== null && typeof (value as { base64?: unknown }).base64 === 'string'
}

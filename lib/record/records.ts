/** What the journals of a folder record of its outputs. */

import { closeSync, constants, createReadStream, fstatSync, readSync } from 'node:fs'
import { CODEC_VERSION } from '../core/wav/codecs.js'
import { openJournal } from './journal-files.js'
import {
  type DoneLine,
  type JournalLine,
  type JsonPath,
  Lines,
  MAX_LINE,
  type OutputLine,
  parseLine,
  type RunLine,
  runOf,
  textOf,
} from './journal-lines.js'
import { isAlive } from './run-process.js'

/**
 * Position of a line in the file: the offset of its first byte times MAX_LINE, plus its length. There may be millions of
 * positions, and one number takes the least memory.
 */
export type Place = number

/** Used instead of a position for an output that must be done again. */
const AGAIN: Place = -1
/** Used instead of a position for an output that only runs with other settings made or began. */
export const OLDER: Place = -2

/** Whether a place is that of a `done` line. */
export const isDone = (place: Place | undefined): place is Place => place !== undefined && place >= 0

/** Reads the `done` line at a place of an open file. Undefined if there is none. */
export function doneLineAt(fd: number, place: Place): DoneLine | undefined {
  const length = place % MAX_LINE
  const bytes = Buffer.alloc(length)
  readSync(fd, bytes, 0, length, (place - length) / MAX_LINE)
  const line = parseLine(bytes)
  return line !== undefined && 'done' in line ? line : undefined
}

interface Begun {
  readonly text: string
  /** What was recorded before for the same output. It becomes valid again if this attempt fails. */
  readonly before: Place | undefined
}

/** An output that a run has begun and not ended. */
export interface Holder {
  readonly id: string
  readonly run: RunLine
  /** Whether the run may still end it. */
  readonly isWorking: boolean
}

/** Runs of this process that have not ended, by their ids. */
export const openRuns = new Set<string>()

const PART_BYTES = 64 * 1024

/** The records of one journal. */
export class Records {
  readonly runs = new Map<string, RunLine>()
  /** Outputs that were begun and neither completed nor failed, by id. */
  readonly begun = new Map<string, Begun>()
  /** The last run that began an output. */
  lastRun: RunLine | undefined
  /** Ids of outputs of this run that another run had begun, or completed, just before. */
  readonly lost = new Set<string>()
  /** Positions of the `done` lines of outputs that were made with the settings of this run, AGAIN or OLDER. */
  readonly #done = new Map<string, Place>()
  /** Ids of outputs that runs with the settings of this run have begun and not ended, by their names. */
  readonly #held = new Map<string, string>()
  readonly #ended = new Set<string>()
  readonly #lines = new Lines((line, start, length) => this.#add(line, start, length))
  /** For each run, whether it has the settings of this run. */
  readonly #wanted = new Map<string, boolean>()
  /** For each run, whether it was still running after the last reading. */
  readonly #running = new Map<string, boolean>()
  #fd = -1

  /**
   * @param settings the settings of this run, as JSON; without them, complete outputs are not remembered
   * @param own the id of this run
   */
  constructor(
    readonly settings: string | undefined,
    readonly own: string,
  ) {}

  /** Reads an open file from its beginning to its end. */
  async read(fd: number): Promise<void> {
    this.#fd = fd
    for await (const part of createReadStream('', { fd, start: 0, autoClose: false })) this.#lines.add(part)
    this.#lines.readLast()
    if (this.settings === undefined) return
    // An output that was only begun must be done again, unless a run with these settings recorded it as done.
    for (const [id, { text }] of this.begun) {
      if ((this.#done.get(text) ?? OLDER) === OLDER) this.#done.set(text, this.#isWanted(id) ? AGAIN : OLDER)
    }
  }

  /**
   * Reads what was appended since. If it is nothing but what this run has just appended, it is not read.
   *
   * @param own number of bytes that this run has just appended
   */
  refresh(own = 0): void {
    this.#running.clear()
    const { size } = fstatSync(this.#fd)
    if (own > 0 && size === this.#lines.position + own) {
      this.#lines.skip(own)
      return
    }
    const part = Buffer.allocUnsafe(Math.min(PART_BYTES, Math.max(0, size - this.#lines.position)))
    while (this.#lines.position < size) {
      const length = readSync(this.#fd, part, 0, part.length, this.#lines.position)
      if (length === 0) break
      this.#lines.add(part.subarray(0, length))
      this.#lines.readLast()
    }
  }

  /** Returns and forgets the record of an output. Undefined if there is none. */
  take(text: string): Place | undefined {
    const place = this.#done.get(text)
    this.#done.delete(text)
    return place
  }

  /** Yields and forgets all records. */
  *takeAll(): Generator<[text: string, place: Place]> {
    yield* this.#done
    this.#done.clear()
  }

  /** Returns which other run with these settings has begun an output. One that does not work any more is forgotten. */
  holderOf(text: string): Holder | undefined {
    const id = this.#held.get(text)
    const run = id === undefined ? undefined : this.runs.get(runOf(id))
    if (id === undefined || run === undefined) return undefined
    const isWorking = this.#isWorking(run)
    if (!isWorking) this.#held.delete(text)
    return { id, run, isWorking }
  }

  #isWorking(run: RunLine): boolean {
    let isRunning = this.#running.get(run.run)
    if (isRunning === undefined) {
      // Runs of earlier versions do not say enough about their processes to be waited for.
      const isSure = run.at !== undefined && !this.#ended.has(run.run)
      isRunning = isSure && isAlive(run) === true && (run.pid !== process.pid || openRuns.has(run.run))
      this.#running.set(run.run, isRunning)
    }
    return isRunning
  }

  #isWanted(id: string): boolean {
    const name = runOf(id)
    let isWanted = this.#wanted.get(name)
    if (isWanted === undefined) {
      const run = this.runs.get(name)
      isWanted = run?.codecs !== undefined && JSON.stringify(run.settings) === this.settings
      this.#wanted.set(name, isWanted)
    }
    return isWanted
  }

  #add(line: JournalLine, start: number, length: number): void {
    if ('run' in line) this.runs.set(line.run, line)
    else if ('end' in line) this.#ended.add(line.end)
    else if (runOf(line.id) === this.own) this.#addOwn(line)
    else if ('begin' in line) this.#addBegin(line)
    else if ('left' in line) this.#addLeft(line)
    else if ('failed' in line) this.#addFailed(line)
    else this.#addDone(line, start * MAX_LINE + length)
  }

  /** Another run may have begun the same output meanwhile. The first line counts. */
  #addOwn(line: OutputLine): void {
    if (!('begin' in line)) return
    const text = textOf(line.begin)
    if (this.#held.has(text) || isDone(this.#done.get(text))) this.lost.add(line.id)
  }

  #addBegin({ begin, id }: { begin: JsonPath; id: string }): void {
    const text = textOf(begin)
    this.lastRun = this.runs.get(runOf(id)) ?? this.lastRun
    this.begun.set(id, { text, before: this.begun.get(id)?.before ?? this.#done.get(text) })
    this.#done.delete(text)
    if (this.settings !== undefined && this.#isWanted(id) && !this.holderOf(text)?.isWorking) this.#held.set(text, id)
  }

  /** Notes that a run works no more on an output. */
  #release(path: JsonPath, id: string): void {
    const text = textOf(path)
    if (this.#held.get(text) === id) this.#held.delete(text)
  }

  /** What was left may exist, so whoever makes it must replace it. */
  #addLeft({ left, id }: { left: JsonPath; id: string }): void {
    this.#release(left, id)
    if (this.settings !== undefined && this.#isWanted(id)) this.#done.set(textOf(left), AGAIN)
  }

  #addFailed({ failed, id }: { failed: JsonPath; id: string }): void {
    const begun = this.begun.get(id)
    this.begun.delete(id)
    this.#release(failed, id)
    if (begun?.before !== undefined && !this.#done.has(begun.text)) this.#done.set(begun.text, begun.before)
  }

  #addDone({ id, done, codec = CODEC_VERSION }: DoneLine, at: Place): void {
    this.begun.delete(id)
    if (this.settings === undefined) return
    this.#release(done, id)
    // An output that other decoders made must be done again, like one that was only begun.
    const place = codec === CODEC_VERSION ? at : AGAIN
    this.#done.set(textOf(done), this.#isWanted(id) ? place : OLDER)
  }
}

/** The records of the other journals of a folder. Their lines have no common order. */
export class OtherRecords {
  /** What journals record of an output. There are seldom several of them, so arrays are made only for these. */
  readonly #places = new Map<string, Place | readonly Place[]>()
  /** The journals, as if they were one file: where each begins there, in bytes. */
  readonly #journals: { readonly file: string; readonly start: number }[] = []
  #size = 0

  /** Adds what a journal records, and takes it from there. */
  add(file: string, size: number, records: Records): void {
    for (const [text, place] of records.takeAll()) {
      const at = isDone(place) ? place + this.#size * MAX_LINE : place
      const known = this.#places.get(text)
      this.#places.set(text, known === undefined ? at : [known, at].flat())
    }
    this.#journals.push({ file, start: this.#size })
    this.#size += size
  }

  /** Returns and forgets what is recorded of an output. */
  take(text: string): readonly Place[] {
    const places = this.#places.get(text)
    if (places === undefined) return []
    this.#places.delete(text)
    return [places].flat()
  }

  /** Reads a `done` line. There may be more journals than files that a process may have open. */
  doneLine(place: Place): DoneLine | undefined {
    const offset = Math.floor(place / MAX_LINE)
    const { file, start } = this.#journals.findLast((journal) => journal.start <= offset)!
    const fd = openJournal(file, constants.O_RDONLY)
    try {
      return doneLineAt(fd, place - start * MAX_LINE)
    } finally {
      closeSync(fd)
    }
  }
}

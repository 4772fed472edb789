/**
 * The journal of an output folder. It records each output before it is written, and again when it is complete. From it, a
 * later run knows which outputs are done, which it may replace because an earlier run began them, and which temporary
 * files belong to processes that have ended. See docs/reliability.md.
 */

import { createHash } from 'node:crypto'
import { closeSync, constants, fdatasyncSync, fstatSync, lstatSync, readSync, statSync } from 'node:fs'
import type { EtlFigures } from '../core/etl.js'
import { isVolumeFull } from '../core/failure.js'
import { fsPath, modifiedOf, nameExists, syncFolder } from '../core/files.js'
import { STREAM_VERSION } from '../core/noise/keys.js'
import type { ByStem } from '../core/stems.js'
import { CODEC_VERSION } from '../core/wav/codecs.js'
import { NoisemillError } from '../errors.js'
import { freshRunId, isEmptyFolder } from '../files/outputs.js'
import { baseName, type FilePath, joinSlashed, slashedPathTo } from '../files/paths.js'
import type { Shard } from '../files/shard.js'
import type { Parent } from '../files/walk.js'
import { Appender } from './appender.js'
import { isJournalName, journalName, journalOf, journalsIn, openJournal } from './journal-files.js'
import { type DoneLine, jsonPath, Lines, MAX_LINE, type RunLine, textOf } from './journal-lines.js'
import { LeftBehind } from './left-behind.js'
import { doneLineAt, isDone, OLDER, OtherRecords, openRuns, type Place, Records } from './records.js'
import { thisProcess } from './run-process.js'

/** `done` and `failed` lines are written with the next `begin` lines, or after this time. */
const FLUSH_MILLISECONDS = 200

/** An output of the run. */
export interface RecordedOutput {
  /** The id of its lines. */
  readonly id: string
  readonly input: FilePath
  /** The folder that contains the input. */
  readonly parent: Parent
  readonly output: FilePath
  /** Its path below the output folder, with '/' between names. */
  readonly relative: FilePath
  /** The paths of its stems. */
  readonly stems?: ByStem<FilePath> | undefined
  /**
   * Its name in lines, as JSON, while it is recorded as begun but not as done or failed; otherwise undefined. The journal
   * sets it.
   */
  begun: string | undefined
}

/** What tells whether the input and the output of a job have changed since. */
type WrittenFigures = Pick<EtlFigures, 'bytesIn' | 'modified' | 'bytesOut' | 'codec'>

/** An output that is about to be written. */
type Intent = RecordedOutput & { readonly job: { overwrite: boolean; readonly free: boolean } }

/**
 * What a run does with an output in place of making it: another run has made it, or is about to, in which case the run asks
 * again later. Undefined if the run makes it.
 */
export type Elsewhere = Skipped | 'later' | undefined

/** An output that an earlier run completed: its sizes, and its other figures if that run recorded them. */
export interface Skipped {
  readonly bytesIn: number
  readonly bytesOut: number
  /** What `done` got as text, parsed and not checked. */
  readonly figures: unknown
}

/** The options of the run that a journal records. */
export interface JournalOptions {
  /** Returns the settings that decide the bytes of outputs, by option name. It is called when the journal is opened. */
  readonly settings: () => RunLine['settings']
  /** Use the records of earlier runs: skip complete outputs, and replace unfinished ones. */
  readonly resume: boolean
  /** Existing outputs are replaced. The journal records it for a run that resumes this one. */
  readonly overwrite: boolean
  /** Only read the journal. */
  readonly dryRun: boolean
  /** Sync `begin` lines to the disk before their outputs are written. */
  readonly fsync: boolean
  /** The shard of the run, which has a journal of its own. */
  readonly shard: Shard | undefined
}

export class Journal {
  /** Id of this run, and the first part of the ids of its outputs. */
  readonly run = freshRunId()
  /** Whether the output folder ignores case in file names. Set by `open`. */
  foldsCase = false
  readonly #file: string
  /** The output folder with its separator, which all paths of outputs begin with. */
  readonly #prefix: string
  /** What earlier runs recorded, if they are resumed: in this journal, and in the others of the folder. */
  #records: Records | undefined
  readonly #others = new OtherRecords()
  readonly #leftBehind: LeftBehind
  /** Whether an earlier run that is resumed replaced existing outputs. */
  #resumesReplacing = false
  /** Numbers of outputs, for the last line of the run. */
  readonly #counts = { done: 0, skipped: 0, failed: 0 }
  #fd = -1
  #lines: Appender | undefined
  #pending = ''
  #timer: NodeJS.Timeout | undefined
  /**
   * Error of the first sync that failed. The system may drop the unwritten data then, so a later sync proves nothing.
   */
  #failure: unknown
  /**
   * Folder of the last input, and its path from the output folder. It is cached because files come folder by folder.
   */
  #inputFolder: { readonly parent: Parent; readonly fromOut: FilePath } | undefined
  /** Folder of the last output, and whether it was empty when the run came to it. */
  #outputFolder: { readonly folder: FilePath; readonly wasEmpty: boolean } | undefined

  constructor(
    readonly out: string,
    readonly options: JournalOptions,
  ) {
    this.#file = journalOf(out, options.shard)
    this.#prefix = this.#file.slice(0, -this.#name.length)
    this.#leftBehind = new LeftBehind(this.#prefix)
  }

  get #name(): string {
    return journalName(this.options.shard)
  }

  /**
   * Reads the records of earlier runs, removes temporary files of processes that have ended, and prepares the line of this
   * run. A dry run only reads. Throws NoisemillError E_RESUME_SETTINGS, E_JOURNAL or E_VOLUME_FULL.
   */
  async open(): Promise<void> {
    const { resume, overwrite, dryRun } = this.options
    const settings = shortened(this.options.settings())
    const records = new Records(resume ? JSON.stringify(settings) : undefined, this.run)
    try {
      this.#fd = this.#openFile()
      if (this.#fd !== -1) {
        this.#lines = new Appender(this.#fd)
        await records.read(this.#fd)
        this.foldsCase = isOpenAs(this.#fd, `${this.#prefix}${this.#name.toUpperCase()}`)
      }
    } catch (error) {
      throw this.#errorOf(error)
    }
    if (resume) {
      this.#resumeRun(records.lastRun, settings)
      await this.#readOthers(settings)
      this.#records = records
    }
    if (dryRun) return
    this.#leftBehind.remove(records)
    const versions = { stream: STREAM_VERSION, codecs: CODEC_VERSION }
    const replaces = (overwrite || this.#resumesReplacing) && { overwrite: true }
    const line: RunLine = { run: this.run, settings, ...versions, ...replaces, ...thisProcess() }
    // It is written with the first output.
    this.#pending = `\n${JSON.stringify(line)}`
    openRuns.add(this.run)
  }

  /** Reads the other journals of the folder, which runs of other shards wrote. */
  async #readOthers(settings: RunLine['settings']): Promise<void> {
    const { shard, dryRun } = this.options
    const wanted = JSON.stringify(settings)
    const found = await journalsIn(this.out === '' ? '.' : this.out).catch(() => [])
    for (const { name, file, shard: other } of found) {
      if (name === this.#name) continue
      const records = new Records(wanted, this.run)
      try {
        const fd = openJournal(file, constants.O_RDONLY)
        try {
          // Of the same number of shards, another one has other outputs. Only its settings matter.
          const isApart = shard !== undefined && shard.count === other?.count
          if (isApart && JSON.stringify(firstRun(fd)?.settings) === wanted) continue
          await records.read(fd)
          this.#others.add(file, fstatSync(fd).size, records)
        } finally {
          closeSync(fd)
        }
      } catch (error) {
        throw this.#errorOf(error, file)
      }
      this.#resumeRun(records.lastRun, settings, name)
      if (!dryRun) this.#leftBehind.remove(records)
    }
  }

  /** Opens the journal, and creates it if necessary. Returns -1 for a dry run in a folder that has no journal. */
  #openFile(): number {
    const { dryRun, fsync } = this.options
    if (dryRun && lstatSync(this.#file, { throwIfNoEntry: false }) === undefined) return -1
    const access = dryRun ? constants.O_RDONLY : constants.O_RDWR | constants.O_APPEND | constants.O_CREAT
    const fd = openJournal(this.#file, access)
    if (fsync && fstatSync(fd).size === 0) syncFolder(this.#prefix)
    return fd
  }

  /** Whether an output would have the name of a journal. */
  hasNameOf(output: FilePath): boolean {
    if (typeof output !== 'string' || !output.startsWith(this.#prefix)) return false
    const name = output.slice(this.#prefix.length)
    return isJournalName(name) && (this.foldsCase || name === name.toLowerCase())
  }

  /**
   * Notes the last run of a journal, and checks that it had the settings of this one.
   *
   * @param journal name of the journal, if it is not that of this run
   */
  #resumeRun(last: RunLine | undefined, settings: RunLine['settings'], journal?: string): void {
    if (last === undefined) return
    this.#resumesReplacing ||= last.overwrite === true
    const was: RunLine['settings'] = { ...last.settings, stream: last.stream, codecs: last.codecs }
    // Decoder versions are compared for each output. They differ here only if the earlier run did not record any.
    const is: RunLine['settings'] = { ...settings, stream: STREAM_VERSION, codecs: last.codecs ?? CODEC_VERSION }
    const names = new Set([...Object.keys(was), ...Object.keys(is)])
    const differ = [...names].filter((name) => JSON.stringify(was[name]) !== JSON.stringify(is[name]))
    if (differ.length === 0) return
    const text = (value: unknown) => (value === undefined ? 'not given' : JSON.stringify(value))
    const received = differ.map((name) =>
      name === 'codecs'
        ? 'an earlier version of the decoders was used'
        : `${name} was ${text(was[name])} and is ${text(is[name])}`,
    )
    const where = journal === undefined ? '' : ` (in ${journal})`
    throw new NoisemillError('E_RESUME_SETTINGS', { path: this.out, received: `${received.join(', ')}${where}` })
  }

  /**
   * Looks an output up in the records of earlier runs. Returns its figures if it is complete and neither it nor its input
   * has changed, 'replace' for any other output with a record, and undefined if there is no record.
   */
  look(looked: RecordedOutput): Skipped | 'replace' | undefined {
    if (this.#records === undefined) return undefined
    const text = textOf(jsonPath(looked.relative))
    const own = this.#records.take(text)
    const others = this.#others.take(text)
    const places = own === undefined ? others : [own, ...others]
    if (places.length === 0) return undefined
    if (places.includes(OLDER)) {
      // What a run with other settings made last is done again, and lines of several journals have no order. A run that
      // continues one that replaced existing outputs must replace those that it had not come to.
      return this.#resumesReplacing || places.some((place) => place !== OLDER) ? 'replace' : undefined
    }
    for (const [i, place] of places.entries()) {
      const isOwn = i === 0 && own !== undefined
      const done = isDone(place) ? this.#doneLine(place, isOwn) : undefined
      if (done === undefined || !this.#isUnchanged(looked, done)) continue
      this.#counts.skipped++
      return { bytesIn: done.size, bytesOut: done.bytes, figures: done.figures }
    }
    return 'replace'
  }

  #doneLine(place: Place, isOwn: boolean): DoneLine | undefined {
    try {
      return isOwn ? doneLineAt(this.#fd, place) : this.#others.doneLine(place)
    } catch {
      // A journal was removed meanwhile, or cannot be read.
      return undefined
    }
  }

  /** Whether an output and its input are still those that a `done` line is about. */
  #isUnchanged(looked: RecordedOutput, done: DoneLine): boolean {
    const { input, output, stems = {} } = looked
    try {
      const read = statSync(fsPath(input), { bigint: true })
      return (
        [output, ...Object.values(stems)].every((file) => isFileOf(file, done.bytes)) &&
        done.size === Number(read.size) &&
        done.modified === modifiedOf(read) &&
        textOf(done.input) === textOf(jsonPath(this.#inputPath(looked)))
      )
    } catch {
      // The input or the output is missing or not accessible: the job reports that.
      return false
    }
  }

  /**
   * Whether the names of outputs in a folder, and of their stems in others, are free for certain: when the run came to
   * the folders, they were missing or had nothing but journals. Names in other folders must be looked up.
   */
  isSurelyFree(folder: FilePath, stems: ByStem<FilePath> = {}): boolean {
    if (folder !== this.#outputFolder?.folder) {
      const isEmpty = (one: FilePath) => isEmptyFolder(one === '' ? '.' : one, isJournalName)
      this.#outputFolder = { folder, wasEmpty: [folder, ...Object.values(stems)].every(isEmpty) }
    }
    return this.#outputFolder.wasEmpty
  }

  /**
   * Records outputs that are about to be written. An existing file that may not be replaced is not recorded, so that no
   * later run takes it for its own. A resumed run shares the work with other runs of the same settings: it returns which
   * outputs it must not write, by their places among the given ones. Throws NoisemillError E_JOURNAL or E_VOLUME_FULL.
   */
  begin(outputs: readonly Intent[]): readonly Elsewhere[] {
    if (this.options.dryRun) return []
    // Names come before the lines of other runs: whoever made an output that exists has recorded it by then.
    const exists = outputs.map(({ output, stems = {}, job }) => {
      return !job.overwrite && !job.free && [output, ...Object.values(stems)].some(nameExists)
    })
    this.#refresh()
    const elsewhere = outputs.map((output) => this.#elsewhere(output))
    const begun = outputs.filter(({ job }, i) => elsewhere[i] === undefined && (job.overwrite || !exists[i]))
    for (const intent of begun) {
      intent.begun = JSON.stringify(jsonPath(intent.relative))
      this.#pending += `\n{"begin":${intent.begun},"id":"${intent.id}"}`
    }
    if (begun.length === 0) return elsewhere
    try {
      this.#flush()
    } catch (error) {
      // These outputs are not written, but their `begin` lines may be written later, so they need `failed` lines.
      for (const output of begun) this.failed(output)
      throw error
    }
    return this.#records === undefined || this.#records.lost.size === 0
      ? elsewhere
      : outputs.map((output, i) => elsewhere[i] ?? this.#yield(output))
  }

  #refresh(): void {
    try {
      this.#records?.refresh()
    } catch (error) {
      throw this.#errorOf(error)
    }
  }

  /** Gives up an output that another run began just before. */
  #yield(output: Intent): Elsewhere {
    if (!this.#records!.lost.delete(output.id)) return undefined
    this.failed(output)
    return this.#elsewhere(output) ?? 'later'
  }

  /** Looks what other runs have done with an output since this run planned it. */
  #elsewhere(intent: Intent): Elsewhere {
    if (this.#records === undefined) return undefined
    const holder = this.#records.holderOf(textOf(jsonPath(intent.relative)))
    if (holder?.isWorking) return 'later'
    if (holder !== undefined) {
      intent.job.overwrite = true
      this.#leftBehind.removeBeside(intent.relative, holder.run)
    }
    const found = this.look(intent)
    if (found !== 'replace') return found
    intent.job.overwrite = true
    return undefined
  }

  /**
   * Records that an output is complete.
   *
   * @param figures all figures that its result needs, as JSON without line feeds
   */
  done(recorded: RecordedOutput, file: WrittenFigures, figures: string): void {
    if (this.options.dryRun) return
    const { id, relative } = recorded
    const name = recorded.begun ?? JSON.stringify(jsonPath(relative))
    recorded.begun = undefined
    this.#counts.done++
    const source = JSON.stringify(jsonPath(this.#inputPath(recorded)))
    const sizes = `"size":${file.bytesIn},"modified":${file.modified},"bytes":${file.bytesOut}`
    const decoders = file.codec === null ? '' : `,"codec":${CODEC_VERSION}`
    const rest = `${sizes}${decoders},"figures":${figures}`
    this.#add(`\n{"done":${name},"id":"${id}","input":${source},${rest}}`)
  }

  /**
   * Records that an output was not written, and that a file that had its name before is unchanged.
   *
   * @param code that of the error, if this was because of an error
   */
  failed(recorded: RecordedOutput, code?: string): void {
    if (this.options.dryRun) return
    const { id, relative, begun } = recorded
    recorded.begun = undefined
    if (code !== undefined) this.#counts.failed++
    else if (begun === undefined) return
    const name = begun ?? JSON.stringify(jsonPath(relative))
    this.#add(`\n{"failed":${name},"id":"${id}"${code === undefined ? '' : `,"code":"${code}"`}}`)
  }

  /** Records that an output failed, and that it may have been written nevertheless. */
  left({ id, begun }: RecordedOutput, code: string): void {
    this.#counts.failed++
    if (begun !== undefined) this.#add(`\n{"left":${begun},"id":"${id}","code":"${code}"}`)
  }

  #add(line: string): void {
    this.#pending += line
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      try {
        this.#flush()
      } catch {
        // The next flush tries again, and throws if that fails too.
      }
    }, FLUSH_MILLISECONDS).unref()
  }

  #flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const text = this.#pending
    this.#pending = ''
    try {
      const before = this.#lines!.written
      const isWritten = this.#lines!.add(text)
      this.#records?.refresh(this.#lines!.written - before)
      if (this.options.fsync && isWritten) this.#sync()
    } catch (error) {
      throw this.#errorOf(error)
    }
  }

  #sync(): void {
    if (this.#failure !== undefined) throw this.#failure
    try {
      fdatasyncSync(this.#fd)
    } catch (error) {
      this.#failure = error
      throw error
    }
  }

  /** Writes the remaining lines and closes the file. Throws NoisemillError E_JOURNAL or E_VOLUME_FULL. */
  close(): void {
    this.#end({})
  }

  #end(how: { readonly stopped?: true }): void {
    if (this.#fd === -1) return
    try {
      if (this.#timer !== undefined || this.#lines!.hasRest) this.#flush()
      if (this.#failure !== undefined) throw this.#errorOf(this.#failure)
      if (openRuns.delete(this.run)) this.#addEnd(how)
    } finally {
      openRuns.delete(this.run)
      this.#closeFile()
    }
  }

  /** Writes the last line of the run. Nothing is lost without it. */
  #addEnd(how: { readonly stopped?: true }): void {
    this.#pending += `\n${JSON.stringify({ end: this.run, counts: this.#counts, ...how })}`
    try {
      this.#flush()
    } catch {}
  }

  #closeFile(): void {
    const fd = this.#fd
    this.#fd = -1
    try {
      closeSync(fd)
    } catch (error) {
      throw this.#errorOf(error)
    }
  }

  /**
   * Closes the journal of a run that has failed already, and ignores errors: outputs without a record are only done
   * again.
   */
  abandon(): void {
    try {
      this.#end({ stopped: true })
    } catch {}
  }

  #errorOf(cause: unknown, file = this.#file): NoisemillError {
    const { code: errno = '' } = cause as NodeJS.ErrnoException
    const code = isVolumeFull(errno) ? 'E_VOLUME_FULL' : 'E_JOURNAL'
    return new NoisemillError(code, { path: file, ...(errno === '' ? { cause } : { errno }) })
  }

  /**
   * Returns the path of an input, relative to the output folder. It stays the same if both are moved or mounted
   * elsewhere.
   */
  #inputPath({ input, parent }: RecordedOutput): FilePath {
    if (parent !== this.#inputFolder?.parent) {
      const folder = parent.path.length === 0 ? '.' : parent.path
      this.#inputFolder = { parent, fromOut: slashedPathTo(this.out, folder) }
    }
    return joinSlashed(this.#inputFolder.fromOut, baseName(input))
  }
}

/** Whether a path is that of a file of this size. Throws if there is none. */
function isFileOf(file: FilePath, size: number): boolean {
  const found = lstatSync(fsPath(file))
  return found.isFile() && found.size === size
}

/** Reads the line of the first run of a journal. Undefined if it cannot be read. */
function firstRun(fd: number): RunLine | undefined {
  const start = Buffer.alloc(MAX_LINE)
  let run: RunLine | undefined
  const lines = new Lines((line) => {
    if ('run' in line) run ??= line
  })
  lines.add(start.subarray(0, readSync(fd, start, 0, start.length, 0)))
  lines.readLast()
  return run
}

/** Longest settings in a journal, in characters: longer lines would be ignored. */
const MAX_SETTINGS = 32 * 1024

/** Returns the settings, or their hash if they are long. */
function shortened(settings: RunLine['settings']): RunLine['settings'] {
  const text = JSON.stringify(settings)
  if (text.length <= MAX_SETTINGS) return settings
  return { settings: `sha256 ${createHash('sha256').update(text).digest('hex')}` }
}

/** Whether a path leads to the open file. */
function isOpenAs(fd: number, file: string): boolean {
  const [own, other] = [fstatSync(fd, { bigint: true }), lstatSync(file, { bigint: true, throwIfNoEntry: false })]
  return other !== undefined && own.ino === other.ino && own.dev === other.dev
}

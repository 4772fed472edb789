/**
 * The journal of an output folder. It records each output before it is written, and again when it is complete. From it, a
 * later run knows which outputs are done, which it may replace because an earlier run began them, and which temporary
 * files belong to processes that have ended. See docs/reliability.md.
 */

import { createHash } from 'node:crypto'
import {
  closeSync,
  constants,
  fdatasyncSync,
  fstatSync,
  lstatSync,
  openSync,
  readlinkSync,
  readSync,
  statSync,
} from 'node:fs'
import type { EtlFigures, EtlJob } from '../core/etl.js'
import { isVolumeFull } from '../core/failure.js'
import { fsPath, modifiedOf, nameExists, removeFile, syncFolder } from '../core/files.js'
import { STREAM_VERSION } from '../core/noise/keys.js'
import type { ByStem } from '../core/stems.js'
import { CODEC_VERSION } from '../core/wav/codecs.js'
import { NoisemillError } from '../errors.js'
import { freshRunId, host, isEmptyFolder, TRIES, temporaryName } from '../files/outputs.js'
import {
  baseName,
  type FilePath,
  joinPath,
  joinSlashed,
  pathToBytes,
  slashedPathTo,
  splitPath,
} from '../files/paths.js'
import { recordedFiles } from '../files/stems.js'
import type { Parent } from '../files/walk.js'
import { Appender } from './appender.js'
import { jsonPath, pathOf, Records, type RunLine, runOf, textOf } from './journal-lines.js'

const JOURNAL_NAME = '.noisemill-journal'

/** Returns the path of the journal of an output folder. */
export const journalOf = (out: string): string => joinPath(out, JOURNAL_NAME) as string

/** Whether a file system, which may ignore case, takes a name for that of a journal. */
export const isJournalName = (name: string): boolean => name.toLowerCase() === JOURNAL_NAME

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
type Intent = RecordedOutput & { readonly job: Pick<EtlJob, 'overwrite' | 'free'> }

/** An output that an earlier run completed: its sizes, and its other figures if that run recorded them. */
export interface Skipped {
  readonly bytesIn: number
  readonly bytesOut: number
  /** What `done` got as text, parsed and not checked. */
  readonly figures: unknown
}

const processes = (() => {
  try {
    // Containers may have the same host name, and each counts its processes from 1.
    return readlinkSync('/proc/self/ns/pid')
  } catch {
    return ''
  }
})()

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
}

export class Journal {
  /** Id of this run, and the first part of the ids of its outputs. */
  readonly run = freshRunId()
  /** Whether the output folder ignores case in file names. Set by `open`. */
  foldsCase = false
  readonly #file: string
  /** The output folder with its separator, which all paths of outputs begin with. */
  readonly #prefix: string
  #records: Records | undefined
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
    this.#file = journalOf(out)
    this.#prefix = this.#file.slice(0, -JOURNAL_NAME.length)
  }

  /**
   * Reads the records of earlier runs, removes temporary files of processes that have ended, and prepares the line of this
   * run. A dry run only reads. Throws NoisemillError E_RESUME_SETTINGS, E_JOURNAL or E_VOLUME_FULL.
   */
  async open(): Promise<void> {
    const { resume, overwrite, dryRun } = this.options
    const settings = shortened(this.options.settings())
    const records = new Records(resume ? JSON.stringify(settings) : undefined)
    try {
      this.#fd = this.#openFile()
      if (this.#fd === -1) return
      this.#lines = new Appender(this.#fd)
      await records.read(this.#fd)
      this.foldsCase = isOpenAs(this.#fd, `${this.#prefix}${JOURNAL_NAME.toUpperCase()}`)
    } catch (error) {
      throw this.#errorOf(error)
    }
    if (resume) {
      this.#checkSettings(records.lastRun, settings)
      this.#records = records
    }
    if (dryRun) return
    removeTemporaries(this.#prefix, records)
    const versions = { stream: STREAM_VERSION, codecs: CODEC_VERSION }
    const replaces = (overwrite || this.#records?.lastRun?.overwrite === true) && { overwrite: true }
    const line: RunLine = { run: this.run, settings, ...versions, ...replaces, host, pids: processes, pid: process.pid }
    // The line is written with the first output, because a run without outputs leaves nothing to resume.
    this.#pending = `\n${JSON.stringify(line)}`
  }

  /** Opens the journal, and creates it if necessary. Returns -1 for a dry run in a folder that has no journal. */
  #openFile(): number {
    const { dryRun, fsync } = this.options
    const named = lstatSync(this.#file, { throwIfNoEntry: false })
    if (named === undefined && dryRun) return -1
    // A link might lead anywhere. Opening it would report ELOOP, as does a path with too many links.
    if (named?.isSymbolicLink()) throw new Error('it is a symbolic link')
    if (named?.isFile() === false) throw new Error('it is not a file')
    // Do not follow a link that is made meanwhile, and do not wait for the other end of a pipe.
    const flags = (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)
    const access = dryRun ? constants.O_RDONLY : constants.O_RDWR | constants.O_APPEND | constants.O_CREAT
    const fd = openSync(this.#file, access | flags, 0o666)
    const found = fstatSync(fd)
    if (fsync && found.size === 0) syncFolder(this.#prefix)
    if (found.isFile() && isJournal(fd)) return fd
    closeSync(fd)
    throw new Error('the file with this name is not a journal')
  }

  /** Whether an output would have the journal's own name. */
  hasNameOf(output: FilePath): boolean {
    if (typeof output !== 'string' || output.length !== this.#file.length) return false
    return output === this.#file || (this.foldsCase && output.toLowerCase() === this.#file.toLowerCase())
  }

  #checkSettings(last: RunLine | undefined, settings: RunLine['settings']): void {
    if (last === undefined) return
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
    throw new NoisemillError('E_RESUME_SETTINGS', { path: this.out, received: received.join(', ') })
  }

  /**
   * Looks an output up in the records of earlier runs. Returns its figures if it is complete and neither it nor its input
   * has changed, 'replace' for any other output with a record, and undefined if there is no record.
   */
  look(looked: RecordedOutput): Skipped | 'replace' | undefined {
    const { input, output, stems = {} } = looked
    const place = this.#records?.take(textOf(jsonPath(looked.relative)))
    if (place === undefined) return undefined
    try {
      const done = this.#records!.doneLine(place)
      const read = statSync(fsPath(input), { bigint: true })
      const isSame =
        done !== undefined &&
        [output, ...Object.values(stems)].every((file) => isFileOf(file, done.bytes)) &&
        done.size === Number(read.size) &&
        done.modified === modifiedOf(read) &&
        textOf(done.input) === textOf(jsonPath(this.#inputPath(looked)))
      if (isSame) return { bytesIn: done.size, bytesOut: done.bytes, figures: done.figures }
    } catch {
      // The input or the output is missing or not accessible: the job reports that.
    }
    return 'replace'
  }

  /**
   * Whether the names of outputs in a folder, and of their stems in others, are free for certain: when the run came to
   * the folders, they were missing or had nothing but this journal. Names in other folders must be looked up.
   */
  isSurelyFree(folder: FilePath, stems: ByStem<FilePath> = {}): boolean {
    if (folder !== this.#outputFolder?.folder) {
      const isEmpty = (one: FilePath) => isEmptyFolder(one === '' ? '.' : one, JOURNAL_NAME)
      this.#outputFolder = { folder, wasEmpty: [folder, ...Object.values(stems)].every(isEmpty) }
    }
    return this.#outputFolder.wasEmpty
  }

  /**
   * Records outputs that are about to be written. An existing file that may not be replaced is not recorded, so that no
   * later run takes it for its own. Throws NoisemillError E_JOURNAL or E_VOLUME_FULL.
   */
  begin(outputs: readonly Intent[]): void {
    if (this.options.dryRun) return
    let begun = 0
    for (const intent of outputs) {
      const { id, output, stems = {}, relative, job } = intent
      if (!job.overwrite && !job.free && [output, ...Object.values(stems)].some(nameExists)) continue
      intent.begun = JSON.stringify(jsonPath(relative))
      this.#pending += `\n{"begin":${intent.begun},"id":"${id}"}`
      begun++
    }
    if (begun === 0) return
    try {
      this.#flush()
    } catch (error) {
      // These outputs are not written, but their `begin` lines may be written later, so they need `failed` lines.
      for (const output of outputs) this.failed(output)
      throw error
    }
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
    const source = JSON.stringify(jsonPath(this.#inputPath(recorded)))
    const sizes = `"size":${file.bytesIn},"modified":${file.modified},"bytes":${file.bytesOut}`
    const decoders = file.codec === null ? '' : `,"codec":${CODEC_VERSION}`
    const rest = `${sizes}${decoders},"figures":${figures}`
    this.#add(`\n{"done":${name},"id":"${id}","input":${source},${rest}}`)
  }

  /** Records that an output was not written, and that a file that had its name before is unchanged. */
  failed(recorded: RecordedOutput): void {
    const { id, begun } = recorded
    recorded.begun = undefined
    if (begun !== undefined) this.#add(`\n{"failed":${begun},"id":"${id}"}`)
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
      const isWritten = this.#lines!.add(text)
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
    if (this.#fd === -1) return
    try {
      if (this.#timer !== undefined || this.#lines!.hasRest) this.#flush()
      if (this.#failure !== undefined) throw this.#errorOf(this.#failure)
    } finally {
      this.#closeFile()
    }
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
      this.close()
    } catch {}
  }

  #errorOf(cause: unknown): NoisemillError {
    const { code: errno = '' } = cause as NodeJS.ErrnoException
    const code = isVolumeFull(errno) ? 'E_VOLUME_FULL' : 'E_JOURNAL'
    return new NoisemillError(code, { path: this.#file, ...(errno === '' ? { cause } : { errno }) })
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

/**
 * The bytes that every journal begins with. They are checked so that noisemill never appends to another file, such as
 * an input.
 */
const START = Buffer.from('\n{"run":')

function isJournal(fd: number): boolean {
  const start = Buffer.alloc(START.length)
  const length = readSync(fd, start, 0, start.length, 0)
  // After a power cut, bytes that were not yet written may read as zeros.
  const zero = start.subarray(0, length).indexOf(0)
  const written = start.subarray(0, zero < 0 ? length : zero)
  return written.equals(START.subarray(0, written.length))
}

/** Whether a path is that of a file of this size. Throws if there is none. */
function isFileOf(file: FilePath, size: number): boolean {
  const found = lstatSync(fsPath(file))
  return found.isFile() && found.size === size
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

/** Names of the files between the steps of a transform. */
const STEPS = ['before', 'after'] as const

/** Removes the temporary files of outputs that were begun by processes that have ended. */
function removeTemporaries(prefix: string, { begun, runs }: Records): void {
  for (const [id, { text }] of begun) {
    const run = runs.get(runOf(id))
    const output = pathOf(text)
    const names = pathToBytes(output).toString('latin1').split(/[\\/]/)
    if (run === undefined || !isGone(run) || names.includes('..')) continue
    // A file may already have its final name, was removed, or was never there.
    for (const file of recordedFiles(output, run.settings.stems)) {
      const { folder, name } = splitPath(joinPath(prefix, file))
      for (const part of [undefined, ...STEPS, ...TRIES])
        removeFile(joinPath(folder, temporaryName(name, id, run, part)))
    }
  }
}

function isGone(run: RunLine): boolean {
  if (run.host !== host || run.pids !== processes) return false
  try {
    process.kill(run.pid, 0)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH'
  }
}

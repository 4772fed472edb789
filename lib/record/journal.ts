/**
 * The journal of an output folder: what was about to be written, before it is, and what was written. By it a later run knows what is done,
 * what may be replaced because an earlier one began it, and what temporary files are nobody's any more. See docs/reliability.md.
 */

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
  unlinkSync,
} from 'node:fs'
import type { EtlFigures } from '../core/etl.js'
import { isVolumeFull } from '../core/failure.js'
import { fsPath, modifiedOf, nameExists, syncFolder } from '../core/files.js'
import { STREAM_VERSION } from '../core/noise/keys.js'
import { CODEC_VERSION } from '../core/wav/codecs.js'
import { NoisemillError } from '../errors.js'
import { freshRunId, host, temporaryName } from '../files/outputs.js'
import {
  asSlashed,
  type FilePath,
  joinPath,
  joinSlashed,
  pathToBytes,
  slashedPathTo,
  splitPath,
} from '../files/paths.js'
import { Appender } from './appender.js'
import { type DoneFigures, figuresIn, jsonPath, pathOf, Records, type RunLine, runOf, textOf } from './journal-lines.js'

const JOURNAL_NAME = '.noisemill-journal'

/** What is done is written down together with what is begun next, or after this time. */
const FLUSH_MILLISECONDS = 200

/** An output that is about to be written, and what its lines are told by. */
export interface Intent {
  readonly id: string
  readonly output: FilePath
  readonly overwrite: boolean
}

/** An output that is done already: its sizes, and the other figures of the run that did it, where that run recorded them. */
export interface Skipped extends Partial<DoneFigures> {
  readonly bytesIn: number
  readonly bytesOut: number
}

const processes = (() => {
  try {
    // Containers may share a host's name and count their processes from 1, each for itself.
    return readlinkSync('/proc/self/ns/pid')
  } catch {
    return ''
  }
})()

/** What a journal has to know of the run that it records. */
export interface JournalOptions {
  /** What decides the bytes of outputs, by the names of the options. */
  readonly settings: RunLine['settings']
  /** Go by what is recorded. */
  readonly resume: boolean
  /** Only read. */
  readonly dryRun: boolean
  /** Have lines on the disk before the outputs that they are of are written. */
  readonly fsync: boolean
}

export class Journal {
  /** Begins the ids of this run's outputs. */
  readonly run = freshRunId()
  /** Whether the output folder takes names for the same that differ in upper and lower case; known once it is open. */
  foldsCase = false
  readonly #file: string
  /** What stands before the names of outputs in their paths. */
  readonly #prefix: string
  #records: Records | undefined
  #fd = -1
  #lines: Appender | undefined
  /** Ids of outputs that are recorded as begun, and no more yet. */
  readonly #begun = new Set<string>()
  #pending = ''
  #timer: NodeJS.Timeout | undefined
  /** Why lines could not be synced: the system forgets which, so that no later call can make up for it. */
  #failure: unknown
  /** The folder of the last input, and its path from the output folder: files come folder by folder. */
  #inputFolder: { readonly folder: FilePath; readonly fromOut: FilePath } | undefined

  constructor(
    readonly out: string,
    readonly options: JournalOptions,
  ) {
    this.#file = joinPath(out, JOURNAL_NAME) as string
    this.#prefix = this.#file.slice(0, -JOURNAL_NAME.length)
  }

  /**
   * Reads what earlier runs have left, removes the temporary files of those that are gone, and begins a run. A dry run only reads. Throws
   * NoisemillError E_RESUME_SETTINGS, E_JOURNAL or E_VOLUME_FULL.
   */
  async open(): Promise<void> {
    const { settings, resume, dryRun } = this.options
    const records = new Records(resume ? JSON.stringify(settings) : undefined)
    try {
      this.#fd = this.#openFile()
      if (this.#fd === -1) return
      this.#lines = new Appender(this.#fd)
      await records.read(this.#fd)
      this.foldsCase = isSameFile(this.#fd, `${this.#prefix}${JOURNAL_NAME.toUpperCase()}`)
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
    const line: RunLine = { run: this.run, settings, ...versions, host, pids: processes, pid: process.pid }
    // Written with the first output: a run that comes to write none is nothing to go on from.
    this.#pending = `\n${JSON.stringify(line)}`
  }

  /** -1 where there is nothing to read and nothing is to be written. */
  #openFile(): number {
    const { dryRun, fsync } = this.options
    // Not through a link, which might lead anywhere; and without waiting for the other end of a pipe.
    const flags = (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)
    if (dryRun && !nameExists(this.#file)) return -1
    const access = dryRun ? constants.O_RDONLY : constants.O_RDWR | constants.O_APPEND | constants.O_CREAT
    const fd = openSync(this.#file, access | flags, 0o666)
    const found = fstatSync(fd)
    // Windows has no flag that refuses a link.
    const isLink = constants.O_NOFOLLOW === undefined && lstatSync(this.#file).isSymbolicLink()
    if (fsync && found.size === 0) syncFolder(this.#prefix)
    const isFile = found.isFile() && !isLink
    if (isFile && isJournal(fd)) return fd
    closeSync(fd)
    throw new Error(isFile ? 'what is there is no journal' : 'it is not a file')
  }

  /** Whether an output would have the journal's own name. */
  hasNameOf(output: FilePath): boolean {
    if (typeof output !== 'string' || output.length !== this.#file.length) return false
    return output === this.#file || (this.foldsCase && output.toLowerCase() === this.#file.toLowerCase())
  }

  #checkSettings(last: RunLine | undefined, settings: RunLine['settings']): void {
    if (last === undefined) return
    const was: RunLine['settings'] = { ...last.settings, stream: last.stream, codecs: last.codecs }
    // Which decoders made an output is recorded with that; a run that did not record it had those of version 1.
    const is: RunLine['settings'] = { ...settings, stream: STREAM_VERSION, codecs: last.codecs ?? CODEC_VERSION }
    const names = new Set([...Object.keys(was), ...Object.keys(is)])
    const differ = [...names].filter((name) => JSON.stringify(was[name]) !== JSON.stringify(is[name]))
    if (differ.length === 0) return
    const text = (value: unknown) => (value === undefined ? 'not given' : JSON.stringify(value))
    const received = differ.map((name) =>
      name === 'codecs'
        ? 'an earlier version of noisemill wrote there, whose decoders were others'
        : `${name} was ${text(was[name])} and is ${text(is[name])}`,
    )
    throw new NoisemillError('E_RESUME_SETTINGS', { path: this.out, received: received.join(', ') })
  }

  /** Whether an output may be replaced because an earlier run began it, or need not be written because one wrote it. */
  look(input: FilePath, output: FilePath): Skipped | 'replace' | undefined {
    const place = this.#records?.take(textOf(jsonPath(this.#nameOf(output))))
    if (place === undefined) return undefined
    try {
      const done = this.#records!.doneLine(place)
      const read = statSync(fsPath(input), { bigint: true })
      const written = lstatSync(fsPath(output))
      const isSame =
        written.isFile() &&
        done?.bytes === written.size &&
        done.size === Number(read.size) &&
        done.modified === modifiedOf(read) &&
        textOf(done.input) === textOf(jsonPath(this.#inputPath(input)))
      if (isSame) return { bytesIn: done.size, bytesOut: done.bytes, ...figuresIn(done) }
    } catch {
      // One of them is not there, or not to be had: its job will say so.
    }
    return 'replace'
  }

  /**
   * Before outputs are written. Where something has the name already and is not to be replaced nothing is recorded: it is somebody else's, and
   * stays that. Throws NoisemillError E_JOURNAL or E_VOLUME_FULL.
   */
  begin(outputs: readonly Intent[]): void {
    if (this.options.dryRun) return
    for (const { id, output, overwrite } of outputs) {
      if (!overwrite && nameExists(output)) continue
      this.#begun.add(id)
      this.#pending += `\n{"begin":${this.#json(output)},"id":"${id}"}`
    }
    if (this.#begun.size === 0) return
    try {
      this.#flush()
    } catch (error) {
      // They are not written either, and their lines may be, later.
      for (const { id, output } of outputs) this.failed(id, output)
      throw error
    }
  }

  /** An output is there, whole. */
  done(
    id: string,
    { input, output }: { readonly input: FilePath; readonly output: FilePath },
    { bytesIn, modified, bytesOut, ...figures }: EtlFigures,
  ): void {
    this.#begun.delete(id)
    const source = JSON.stringify(jsonPath(this.#inputPath(input)))
    const sizes = `"size":${bytesIn},"modified":${modified},"bytes":${bytesOut}`
    const decoders = figures.codec === null ? '' : `,"codec":${CODEC_VERSION}`
    const rest = `${sizes}${decoders},"figures":${JSON.stringify(figures)}`
    this.#add(`\n{"done":${this.#json(output)},"id":"${id}","input":${source},${rest}}`)
  }

  /** What was begun was not written, and what had the name before has it still. */
  failed(id: string, output: FilePath): void {
    if (this.#begun.delete(id)) this.#add(`\n{"failed":${this.#json(output)},"id":"${id}"}`)
  }

  #add(line: string): void {
    if (this.options.dryRun) return
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

  /** Writes what is left to write. Throws NoisemillError E_JOURNAL or E_VOLUME_FULL. */
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

  /** The same where a run has failed already: what is not recorded is done again, no more. */
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

  #json(output: FilePath): string {
    return JSON.stringify(jsonPath(this.#nameOf(output)))
  }

  /** The path of an output in the output folder. */
  #nameOf(output: FilePath): FilePath {
    if (typeof output === 'string') return asSlashed(output.slice(this.#prefix.length))
    return pathToBytes(output).subarray(Buffer.byteLength(this.#prefix))
  }

  /** The path of an input from the output folder: the same where both were moved, or are mounted elsewhere. */
  #inputPath(input: FilePath): FilePath {
    const { folder, name } = splitPath(input)
    if (folder !== this.#inputFolder?.folder) {
      this.#inputFolder = { folder, fromOut: slashedPathTo(this.out, folder === '' ? '.' : folder) }
    }
    return joinSlashed(this.#inputFolder.fromOut, name)
  }
}

/** What every journal begins with, as far as it was written: nothing else is added to, an input by another name least of all. */
const START = Buffer.from('\n{"run":')

function isJournal(fd: number): boolean {
  const start = Buffer.alloc(START.length)
  const length = readSync(fd, start, 0, start.length, 0)
  // Zeros are what a power cut leaves of bytes that were to come.
  const zero = start.subarray(0, length).indexOf(0)
  const written = start.subarray(0, zero < 0 ? length : zero)
  return written.equals(START.subarray(0, written.length))
}

function isSameFile(fd: number, file: string): boolean {
  const [own, other] = [fstatSync(fd, { bigint: true }), lstatSync(file, { bigint: true, throwIfNoEntry: false })]
  return other !== undefined && own.ino === other.ino && own.dev === other.dev
}

/** Removes what processes that are gone have left of outputs that they did not finish. */
function removeTemporaries(prefix: string, { begun, runs }: Records): void {
  for (const [id, { text }] of begun) {
    const run = runs.get(runOf(id))
    const output = pathOf(text)
    const names = pathToBytes(output).toString('latin1').split(/[\\/]/)
    if (run === undefined || !isGone(run) || names.includes('..')) continue
    try {
      unlinkSync(fsPath(temporaryName(joinPath(prefix, output), id, run)))
    } catch {
      // It had come to have its final name, or was removed.
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

/** Writes the file of `--report`: a line for each output, as JSON or CSV. */

import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  rmdirSync,
  statSync,
  truncateSync,
  unlinkSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { makeFolders } from '../core/files.js'
import type { StemName } from '../core/stems.js'
import { NoisemillError } from '../errors.js'
import { isSameFile, type Variants } from '../files/outputs.js'
import { isAudioName, joinPath, joinSlashed, splitPath } from '../files/paths.js'
import { ProtectedFiles } from '../files/protected.js'
import { outputFolders } from '../files/stems.js'
import { relativeOf } from '../files/walk.js'
import { Appender } from './appender.js'
import { isJournalName, journalOf } from './journal-files.js'
import { formOf, type ReportForm, RowEnds } from './report-forms.js'

/** Bytes of a report that are read at once. */
const BLOCK_BYTES = 64 * 1024

/** What a report's run reads and writes. */
export interface ReportedRun {
  readonly inputs: readonly string[]
  /** The list of the inputs, if they are not given one by one. */
  readonly list?: string
  readonly out: string
  readonly root?: string | undefined
  readonly variants: Variants
  /** The stems of the run. */
  readonly stems?: readonly StemName[] | undefined
  readonly overwrite?: boolean | undefined
  readonly resume?: boolean | undefined
}

export class Report {
  readonly #fd: number
  readonly #isNew: boolean
  /** Folders that were created for the report, the deepest first. */
  readonly #made: readonly string[]
  readonly #lines: Appender
  #replaces = true
  #isEmpty = true
  /** Whether the header is still to be written. */
  #lacksHeader = true

  /**
   * Creates the file and its folder, or opens an existing report. With `overwrite`, the first result replaces its content;
   * with `resume`, results are added to it. Rejects with NoisemillError E_REPORT or E_REPORT_CLASH.
   */
  static async open(path: string, run: ReportedRun): Promise<Report> {
    return new Report(path, run, await formOf(path))
  }

  private constructor(
    readonly path: string,
    run: ReportedRun,
    readonly form: ReportForm,
  ) {
    const { overwrite = false, resume = false } = run
    if (isAudioName(path)) throw new NoisemillError('E_REPORT', { path, received: 'it has the name of an audio file' })
    const clash = clashOf(path, run)
    if (clash !== undefined) throw new NoisemillError('E_REPORT_CLASH', { path, received: clash })
    this.#made = missingFoldersOf(path)
    const opened = this.#guard(() => {
      try {
        if (this.#made.length > 0) makeFolders(this.#made[0], false)
        return openReport(path, { overwrite, resume })
      } catch (error) {
        removeFolders(this.#made)
        throw error
      }
    })
    this.#fd = opened.fd
    this.#lines = new Appender(this.#fd)
    this.#isNew = opened.isNew
    if (this.#isNew) return
    const fault = this.#faultOf(resume)
    if (fault === undefined) {
      this.#replaces = !resume
      if (resume) this.#guard(() => this.#endLine())
      return
    }
    closeSync(this.#fd)
    throw new NoisemillError('E_REPORT', { path, received: fault })
  }

  /** Returns why an existing file cannot be the report. Undefined if it can. */
  #faultOf(resume: boolean): string | undefined {
    const { start, header } = this.form
    const bytes = Buffer.alloc(Math.max(start.length, header.length))
    const text = bytes.toString(
      'latin1',
      0,
      this.#guard(() => readSync(this.#fd, bytes, 0, bytes.length, 0)),
    )
    // The run that wrote it may have been killed in the middle of the header.
    if (text === '' || header.startsWith(text)) return undefined
    if (!text.startsWith(start)) return 'the file with this name is not a report of this form'
    return resume && !text.startsWith(header) ? 'its columns are those of another version' : undefined
  }

  /**
   * Adds a line. Throws NoisemillError E_REPORT if it cannot be written; the next `add` or `close` then tries again.
   *
   * @param result the object to write, whose first key is `input`
   */
  add(result: { readonly input: string }): void {
    this.#guard(() => {
      if (this.#replaces) ftruncateSync(this.#fd)
      this.#replaces = false
      this.#isEmpty = false
      const line = this.form.line(result)
      const text = this.#lacksHeader ? this.form.header + line : line
      this.#lacksHeader = false
      this.#lines.add(text)
    })
  }

  /** Ends or removes the last line if it is not whole, because the run that wrote it was killed. */
  #endLine(): void {
    const { size } = fstatSync(this.#fd)
    if (this.form.header === '') {
      const last = Buffer.alloc(1)
      if (size > 0 && readSync(this.#fd, last, 0, 1, size - 1) === 1 && last.toString() !== '\n') this.#lines.add('\n')
      return
    }
    const rows = new RowEnds()
    const block = Buffer.alloc(BLOCK_BYTES)
    for (let at = 0, length = 1; length > 0; at += length) {
      length = readSync(this.#fd, block, 0, block.length, at)
      rows.add(block.subarray(0, length))
    }
    // On Windows, a file that is open for appending cannot be truncated.
    if (rows.end < size) truncateSync(this.path, rows.end)
    this.#lacksHeader = rows.end === 0
  }

  /**
   * Writes the remaining lines and closes the file. A new report without results is removed, with the folders that were
   * created for it. Throws NoisemillError E_REPORT.
   */
  close(): void {
    this.#guard(() => {
      try {
        this.#lines.add('')
      } finally {
        closeSync(this.#fd)
      }
      if (!this.#isEmpty || !this.#isNew) return
      unlinkSync(this.path)
      removeFolders(this.#made)
    })
  }

  #guard<T>(action: () => T): T {
    try {
      return action()
    } catch (cause) {
      throw new NoisemillError('E_REPORT', { path: this.path, cause })
    }
  }
}

/** Those of a file that has one output with its own name. */
const ONE: Variants = { copies: 1, labels: [] }

/** Returns which file of its run a report would be written over. Undefined if there is none. */
function clashOf(path: string, { inputs, list, out, root, variants, stems = [] }: ReportedRun): string | undefined {
  const report = new ProtectedFiles(ONE, true)
  const outputs = new ProtectedFiles(variants, true)
  for (const files of [report, outputs]) files.add(path)
  const isReport = (file: string) => report.find(file) !== undefined || isSameFile(file, path)
  const { folder, name } = splitPath(path)
  const isInOut = isSameFile(folder === '' ? '.' : folder, out)
  if (isReport(journalOf(out)) || (isInOut && isJournalName(String(name))))
    return 'it is a journal of the output folder'
  if (list !== undefined && isReport(list)) return 'it is the list of inputs'
  // Files that are found in folders have names of audio files, which a report cannot have.
  const files = inputs.filter((input) => !isFolder(input))
  if (files.some(isReport)) return 'it is an input'
  const isIn = (folder: string, file: string) =>
    outputs.find(joinPath(out, joinSlashed(folder, relativeOf(file, root)))) !== undefined
  const isOutput = files.some((file) => outputFolders(stems).some((folder) => isIn(folder, file)))
  return isOutput ? 'it is an output of the run' : undefined
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory()
  } catch {
    return false
  }
}

function openReport(path: string, { overwrite, resume }: { overwrite: boolean; resume: boolean }) {
  try {
    return { fd: openSync(path, 'wx'), isNew: true }
  } catch (error) {
    if (!(overwrite || resume) || (error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    // On Windows, a file that is open for appending cannot be truncated.
    return { fd: openSync(path, constants.O_RDWR | (resume ? constants.O_APPEND : 0)), isNew: false }
  }
}

/** Returns the missing folders above a file, the deepest first. */
function missingFoldersOf(file: string): string[] {
  const missing: string[] = []
  for (let folder = dirname(file); !existsSync(folder) && dirname(folder) !== folder; folder = dirname(folder))
    missing.push(folder)
  return missing
}

/** Removes empty folders, given with the deepest first. Folders that others have used meanwhile stay. */
function removeFolders(folders: readonly string[]): void {
  for (const folder of folders) {
    try {
      rmdirSync(folder)
    } catch {
      // It is not empty, or it was never created.
    }
  }
}

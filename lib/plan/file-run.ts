/** The run of a task that makes files of files: which output each item gets, and what the journal records of it. */

import { types } from 'node:util'
import { isUrl } from '../checks.js'
import type { EtlJob } from '../core/etl.js'
import type { ByStem, StemName } from '../core/stems.js'
import { MAY_BE_WRITTEN } from '../error-codes.js'
import { describe, NoisemillError } from '../errors.js'
import {
  countOf,
  freshRunId,
  isNameTooLong,
  mayHaveTwoOriginals,
  placeOf,
  temporaryName,
  variantName,
} from '../files/outputs.js'
import {
  type FilePath,
  joinPath,
  joinSlashed,
  nameOf,
  onWindows,
  pathFromCaller,
  relativeTo,
  showPath,
  splitPath,
} from '../files/paths.js'
import { ProtectedFiles } from '../files/protected.js'
import { byStem, outputFolders } from '../files/stems.js'
import type { Parent } from '../files/walk.js'
import type { Journal, RecordedOutput, Skipped } from '../record/journal.js'
import type { Instead, Planned, TaskRun } from '../task.js'
import type { FileSettings } from './options.js'

/**
 * A file to add noise to: its path, or an object that also has a key or an output. A path is a string, a file: URL, or
 * bytes, which paths that are not UTF-8 need.
 *
 * @example
 * import { type FileItem, noiseTask, Pool } from 'noisemill'
 *
 * const files: FileItem[] = ['speech/a.wav', { input: 'speech/b.wav', output: 'noisy/second.wav' }]
 * await using pool = new Pool()
 * for (const { output } of await pool.map(noiseTask({ out: 'noisy', snr: 10 }), files)) console.log(output)
 * // -> noisy/a.wav
 * // -> noisy/second.wav
 */
export type FileItem = string | URL | Uint8Array | FileItemObject

/**
 * A file to add noise to, with its own key or output path.
 *
 * @example
 * import { type FileItemObject, noiseTask, Pool } from 'noisemill'
 *
 * const file: FileItemObject = { input: 'speech/a.wav', key: '2024/a.wav', output: 'noisy/2024-a.wav' }
 * await using pool = new Pool()
 * const [{ key, output }] = await pool.map(noiseTask({ snr: 10 }), [file])
 * console.log(key, output) // -> 2024/a.wav noisy/2024-a.wav
 */
export interface FileItemObject {
  /** Path of the WAV file. */
  readonly input: string | URL | Uint8Array
  /**
   * The path or text that its noise follows from. By default the path relative to `root`; without `root`, the file's
   * name.
   */
  readonly key?: string | Uint8Array
  /**
   * Path of the output. By default the path relative to `root`, or without `root` the file's name, in the task's `out`.
   * Not with the option `stems`.
   */
  readonly output?: string | URL | Uint8Array
}

/** What is known of the items of a task before it runs. */
export interface ItemOrigin {
  /** Whether the items are `WalkedItem`s, of which no two have the same key. */
  readonly isWalked?: boolean
  /** The journal of the folder that all outputs lie in, if there is one. */
  readonly journal?: Journal | undefined
}

/** The fields of a job that are about its files. */
export type JobFiles = Omit<EtlJob, 'noise' | 'verify' | 'expected'>

/** An output before its job runs. */
export interface PlannedFile extends RecordedOutput {
  readonly key: FilePath
  readonly copy: number
}

/** What is drawn for an output: what its result tells, and the fields of its job that are not about files. */
export interface Drawn<Facts, Work> {
  readonly facts: Facts
  readonly work: Work
}

function isItemObject(item: FileItem): item is FileItemObject {
  return typeof item === 'object' && item !== null && !isUrl(item) && !types.isUint8Array(item)
}

const ITEM_KEYS = ['input', 'key', 'output']

/** An output and its job, or its result if it needs none. Its id is also part of the temporary file's name. */
type PlannedOutput<Facts, Work, Result> = PlannedFile & Facts & Planned<JobFiles & Work, Result>

/**
 * One pass of a task over some items. The class of a task draws what it needs for each output, and makes results.
 *
 * `Facts` are the fields that its outputs have besides those of `PlannedFile`, and `Work` the fields that its jobs have
 * besides `JobFiles`.
 */
export abstract class FileRun<
  Facts extends object,
  Work extends object,
  Value,
  Result extends { readonly error?: NoisemillError | undefined },
> implements TaskRun<FileItem, JobFiles & Work, Value, Result>
{
  /** Names of the outputs so far. Of two items with the same output, the first in the order of items gets it. */
  readonly #outputs = new Set<string>()
  /** The known inputs. Kept only if outputs may replace existing files. */
  readonly #inputs = new ProtectedFiles({ copies: 1, labels: [] })

  readonly #run: string
  #count = 0
  /** The item that was planned last. */
  #located: Located | undefined

  readonly copies: number
  protected readonly journal: Journal | undefined
  /** Whether items without an output are possible. Their outputs have the path ''. */
  protected readonly handsOn: boolean = false
  readonly #isWalked: boolean

  constructor(
    readonly files: FileSettings,
    { isWalked = false, journal }: ItemOrigin,
  ) {
    this.copies = countOf(files.variants)
    this.#isWalked = isWalked
    this.journal = journal
    this.#run = journal?.run ?? freshRunId()
  }

  /**
   * Draws what an output needs. Facts may replace the number of the copy.
   *
   * @param label place of the output's label among those of the variants
   * @param temporary returns the path of a file between two steps of the job
   */
  protected abstract draw(
    located: Located,
    copy: number,
    label: number,
    temporary: (part: string) => FilePath,
  ): Drawn<Facts, Work>

  protected abstract failedResult(output: PlannedFile & Facts, error: NoisemillError): Result

  /** Makes the result of an output that an earlier run has written. */
  protected abstract skippedResult(output: PlannedFile & Facts, recorded: Skipped): Result

  /** Passes the outcome of a job to the journal. Returns the result if the job failed. */
  protected abstract recordOutcome(output: PlannedFile & Facts, value: Value): Result | undefined

  protected abstract resultOf(output: PlannedFile & Facts, value: Value): Result

  /** Remembers all inputs before any output is written, so that a job cannot replace the input of a later item. */
  foresee(items: readonly FileItem[]): void {
    if (!this.files.overwrite) return
    for (const item of items) {
      const input = pathFromCaller(isItemObject(item) ? item.input : item)
      if (input !== undefined) this.#inputs.add(input)
    }
  }

  plan(item: FileItem, _index: number, copy: number): PlannedOutput<Facts, Work, Result> {
    if (copy === 1) {
      this.#located = this.#isWalked ? (item as WalkedItem) : this.locate(item)
      if (this.files.overwrite && this.#claims) this.#inputs.add(this.#located.input)
    }
    return this.#planOutput(this.#located!, copy)
  }

  begin(planned: readonly Planned<JobFiles & Work, Result>[]): readonly Instead<Result>[] | undefined {
    const elsewhere = this.journal?.begin(planned as unknown as readonly (PlannedFile & { job: JobFiles })[])
    if (elsewhere?.some((one) => one !== undefined) !== true) return undefined
    return elsewhere.map((one, i) => {
      if (typeof one !== 'object') return one
      return { result: this.skippedResult(planned[i] as PlannedOutput<Facts, Work, Result>, one) }
    })
  }

  record(planned: Planned<JobFiles & Work, Result>, value: Value): Result | undefined {
    return this.recordOutcome(planned as PlannedOutput<Facts, Work, Result>, value)
  }

  result(planned: Planned<JobFiles & Work, Result>, value: Value): Result {
    return this.resultOf(planned as PlannedOutput<Facts, Work, Result>, value)
  }

  /** Records that a job failed. Its output may exist nevertheless. */
  protected recordFailure(output: PlannedFile, code: string): void {
    if (MAY_BE_WRITTEN.includes(code)) this.journal?.left(output, code)
    else this.journal?.failed(output, code === 'E_CANCELLED' ? undefined : code)
  }

  fail(planned: Planned<JobFiles & Work, Result>, error: NoisemillError): Result {
    const output = planned as PlannedOutput<Facts, Work, Result>
    this.recordFailure(output, error.code)
    const { code, cause, received } = error
    const details = { path: showPath(output.input), cause, ...(received !== undefined && { received }) }
    return this.failedResult(output, new NoisemillError(code, details))
  }

  failureOf(result: Result): NoisemillError | undefined {
    return result.error
  }

  /** @param number number of the output among those of its input, from 1 */
  #planOutput(located: Located, number: number): PlannedOutput<Facts, Work, Result> {
    const { files, journal } = this
    const { input, key, parent, folder } = located
    const { variants, overwrite, fsync, dryRun, strict } = files
    const { copy, label } = placeOf(number, variants)
    const isOne = (variants.copies === 1 && variants.labels.length === 0) || located.output === ''
    const name = isOne ? located.name : variantName(located.name, number, variants)
    const output = !isOne ? joinPath(folder, name) : located.output
    const folders = located.stemFolders
    const stemNames = Object.keys(folders ?? {}) as StemName[]
    // The key of a walked file is its relative path.
    const relative = joinSlashed(outputFolders(stemNames)[0], !isOne ? joinSlashed(parent.relative, name) : key)
    const stems = folders && byStem(stemNames, (stem) => joinPath(folders[stem]!, name))
    const id = `${this.#run}-${(this.#count++).toString(36)}`
    const temporaryIn = (place: FilePath, part?: string) => joinPath(place, temporaryName(name, id, undefined, part))
    const { facts, work } = this.draw(located, copy, label, (part) => temporaryIn(folder, part))
    const plan = { id, input, parent, output, relative, stems, key, copy, begun: undefined, ...facts }
    const failure =
      located.failure ?? (output === '' ? undefined : (checkName(name, output) ?? this.#claim(output, stems)))
    if (failure) {
      journal?.failed(plan, failure.code)
      return { ...plan, result: this.failedResult(plan, failure) }
    }
    const recorded = journal?.look(plan)
    if (typeof recorded === 'object') return { ...plan, result: this.skippedResult(plan, recorded) }
    const job: JobFiles & Work = {
      input,
      output,
      temporary: temporaryIn(folder),
      stems:
        folders && byStem(stemNames, (stem) => ({ output: stems![stem]!, temporary: temporaryIn(folders[stem]!) })),
      overwrite: overwrite || recorded === 'replace',
      free: journal?.isSurelyFree(folder, folders) ?? false,
      follow: true,
      fsync,
      dryRun,
      strict,
      ...work,
    }
    return { job, id, input, parent, output, relative, stems, key, copy, begun: undefined, ...facts }
  }

  /**
   * Whether the names of all outputs are remembered and compared. For the files of a walk, this is needed only if the
   * output folder ignores case. The names would take most of the memory of a run.
   */
  get #claims(): boolean {
    return !this.#isWalked || (this.journal?.foldsCase ?? onWindows)
  }

  #claim(output: FilePath, stems: ByStem<FilePath> = {}): NoisemillError | undefined {
    if (this.journal?.hasNameOf(output))
      return new NoisemillError('E_OUTPUT_CLASH', { path: showPath(output), received: "the run's own journal" })
    if (!this.#claims && !mayHaveTwoOriginals(output, this.files.variants)) return undefined
    const replacing = [output, ...Object.values(stems)].find((file) => this.#inputs.find(file) !== undefined)
    if (replacing !== undefined) return new NoisemillError('E_OUTPUT_IS_INPUT', { path: showPath(replacing) })
    const name = nameOf(output, this.journal?.foldsCase)
    if (this.#outputs.has(name)) {
      const received = this.#claims && this.journal && 'the output folder ignores case'
      return new NoisemillError('E_OUTPUT_CLASH', { path: showPath(output), ...(received && { received }) })
    }
    this.#outputs.add(name)
    return undefined
  }

  /** Finds the paths of an item. */
  protected locate(item: FileItem): Located {
    const isObject = isItemObject(item)
    const parts: FileItemObject = isObject ? item : { input: item }
    const input = pathFromCaller(parts.input)
    const key = parts.key === undefined ? undefined : pathFromCaller(parts.key)
    const output = parts.output === undefined ? undefined : pathFromCaller(parts.output)
    const invalid = (received: string): Located => {
      const failure = new NoisemillError('E_ITEM_INVALID', { received })
      return { ...locatedAt(input ?? describe(parts.input), key ?? '', output ?? ''), failure }
    }
    const unknown = isObject && Object.keys(item).find((name) => !ITEM_KEYS.includes(name))
    if (unknown) return invalid(`unknown key ${unknown}`)
    if (input === undefined) return invalid(describe(item))
    if (parts.key !== undefined && key === undefined) return invalid(`key: ${describe(parts.key)}`)
    if (parts.output !== undefined && output === undefined) return invalid(`output: ${describe(parts.output)}`)
    const { root, out, stems } = this.files
    if (output !== undefined && stems.length > 0) return invalid('an output of its own, which has no place for stems')
    const relative = root === undefined ? splitPath(input).name : relativeTo(root, input)
    if (relative === undefined && (key === undefined || output === undefined))
      return invalid(`${showPath(input)} lies outside the root ${root}`)
    if (out === undefined && output === undefined && !this.handsOn)
      return invalid('the task has no option out, and the item has no output')
    if (output !== undefined || out === undefined) return locatedAt(input, key ?? relative!, output ?? '')
    const placeIn = (folder: string) => joinPath(out, joinSlashed(folder, relative!))
    return {
      ...locatedAt(input, key ?? relative!, placeIn(outputFolders(stems)[0])),
      stemFolders: byStem(stems, (stem) => splitPath(placeIn(stem)).folder),
    }
  }
}

export function locatedAt(input: FilePath, key: FilePath, output: FilePath): Located {
  return { input, parent: { path: splitPath(input).folder, relative: '' }, key, output, ...splitPath(output) }
}

/**
 * Fails an output whose name is too long before its job runs: its temporary file's name is short enough to be written.
 */
function checkName(name: FilePath, output: FilePath): NoisemillError | undefined {
  if (!isNameTooLong(name)) return undefined
  return new NoisemillError('E_OUTPUT_CREATE', { path: showPath(output), errno: 'ENAMETOOLONG' })
}

/** An item with all its paths. It may have failed already. */
export interface Located {
  readonly input: FilePath
  readonly parent: Parent
  readonly key: FilePath
  readonly output: FilePath
  /** The folder and the name of the output. */
  readonly folder: FilePath
  readonly name: FilePath
  /** The folders of its stems. */
  readonly stemFolders?: ByStem<FilePath> | undefined
  readonly failure?: NoisemillError | undefined
}

/** An item that `addNoiseToFiles` passes on from its walk. */
export type WalkedItem = Located

/** The noise task: from a file item to the jobs that make its outputs, and from their outcomes to results. */

import type { EtlJob, EtlOutcome } from '../core/etl.js'
import { describe, NoisemillError } from '../errors.js'
import { defineTask, type Planned, type Task, type TaskRun } from '../pool/task.js'
import { fileKey } from './keys.js'
import { levelFor, noiseGain } from './levels.js'
import { checkNoiseOptions, type NoiseOptions, type NoiseSettings } from './options.js'
import { copyName, temporaryName } from './outputs.js'
import { type FilePath, joinPath, pathFromCaller, relativeTo, resolvedName, showPath, splitPath } from './paths.js'
import { type FileResult, failedResult, type OutputPlan, resultOf } from './results.js'

/**
 * A file to add noise to: its path (a string, a file: URL, or bytes where they are not UTF-8), or an object with it and

 * - `key`: the path that its noise belongs to; its path relative to the root, or else its name, by default
 * - `output`: where the result goes; the relative path, or else the name, in the task's `out` by default
 */
export type FileItem = string | URL | Uint8Array | FileItemObject

export interface FileItemObject {
  readonly input: string | URL | Uint8Array
  readonly key?: string | Uint8Array
  readonly output?: string | URL | Uint8Array
}

/** A task that adds noise to files. */
export type NoiseTask = Task<FileItem, FileResult, 'files'>

/**
 * A task for Pool's map, imap and imapUnordered: read a WAV file, add noise to its samples, write it to the output folder.
 *
 * @throws NoisemillError E_OPTION_UNKNOWN, E_OPTION_INVALID, E_LEVEL_MISSING or E_LEVEL_BOTH
 */
export function noiseTask(options: NoiseOptions): NoiseTask {
  const settings = checkNoiseOptions(options)
  return defineTask<FileItem, EtlJob, EtlOutcome, FileResult, 'files'>({
    lane: 'files',
    start: () => new NoiseRun(settings),
  })
}

function isItemObject(item: FileItem): item is FileItemObject {
  return typeof item === 'object' && item !== null && !(item instanceof URL) && !(item instanceof Uint8Array)
}

const ITEM_KEYS = ['input', 'key', 'output']

interface PlannedOutput extends Planned<EtlJob, FileResult> {
  readonly plan: OutputPlan
}

/** One pass of the task over some items. */
class NoiseRun implements TaskRun<FileItem, EtlJob, EtlOutcome, FileResult> {
  /** Two inputs for one output are told by the output's name; the first in input order has it. */
  readonly #outputs = new Set<string>()
  /** Inputs seen, or known beforehand: none of them is an output. Kept only where outputs may replace what is there. */
  readonly #inputs = new Set<string>()

  constructor(readonly settings: NoiseSettings) {}

  /** Items that are all there can be looked at before the first of them is worked on. */
  foresee(items: readonly FileItem[]): void {
    if (!this.settings.overwrite) return
    for (const item of items) {
      const input = pathFromCaller(isItemObject(item) ? item.input : item)
      if (input !== undefined) this.#inputs.add(resolvedName(input))
    }
  }

  *plan(item: FileItem): Generator<PlannedOutput> {
    const { copies } = this.settings
    const located = this.#locate(item)
    if (this.settings.overwrite) this.#inputs.add(resolvedName(located.input))
    for (let copy = 1; copy <= copies; copy++) yield this.#planCopy(located, copy)
  }

  settle(planned: Planned<EtlJob, FileResult>, outcome: EtlOutcome): FileResult {
    return resultOf((planned as PlannedOutput).plan, outcome)
  }

  fail(planned: Planned<EtlJob, FileResult>, error: NoisemillError): FileResult {
    const { plan } = planned as PlannedOutput
    return failedResult(plan, new NoisemillError(error.code, { path: showPath(plan.input), cause: error.cause }))
  }

  failureOf(result: FileResult): NoisemillError | undefined {
    return result.error
  }

  #planCopy(located: Located, copy: number): PlannedOutput {
    const { settings } = this
    const key = fileKey(settings.seed, located.key, copy)
    const level = levelFor(settings.level, key)
    const output = copyName(located.output, copy, settings.copies)
    const plan: OutputPlan = {
      input: located.input,
      output,
      key: located.key,
      copy,
      seed: settings.seed,
      dryRun: settings.dryRun,
      askedSnr: settings.level.kind === 'snr' ? level : undefined,
    }
    const failure = located.failure ?? this.#claim(output)
    if (failure) return { plan, result: failedResult(plan, failure) }
    const job: EtlJob = {
      input: located.input,
      output,
      temporary: temporaryName(output),
      overwrite: settings.overwrite,
      fsync: settings.fsync,
      dryRun: settings.dryRun,
      kind: settings.kind.name,
      parameters: settings.parameters,
      key,
      levelKind: settings.level.kind,
      level: settings.level.kind === 'snr' ? noiseGain(level) : level,
      clip: settings.clip,
    }
    return { plan, job }
  }

  #claim(output: FilePath): NoisemillError | undefined {
    const name = resolvedName(output)
    if (this.#inputs.has(name)) return new NoisemillError('E_OUTPUT_IS_INPUT', { path: showPath(output) })
    if (this.#outputs.has(name)) return new NoisemillError('E_OUTPUT_CLASH', { path: showPath(output) })
    this.#outputs.add(name)
    return undefined
  }

  #locate(item: FileItem): Located {
    const isObject = isItemObject(item)
    const parts: WalkedItem = isObject ? item : { input: item }
    const input = pathFromCaller(parts.input)
    const key = parts.key === undefined ? undefined : pathFromCaller(parts.key)
    const output = parts.output === undefined ? undefined : pathFromCaller(parts.output)
    const invalid = (received: string): Located => ({
      input: input ?? describe(parts.input),
      key: key ?? '',
      output: output ?? '',
      failure: new NoisemillError('E_ITEM_INVALID', { received }),
    })
    if (parts.failure) return { input: input ?? '', key: key ?? '', output: output ?? '', failure: parts.failure }
    const unknown = isObject && Object.keys(item).find((name) => !ITEM_KEYS.includes(name))
    if (unknown) return invalid(`unknown key ${unknown}`)
    if (input === undefined) return invalid(describe(item))
    if (parts.key !== undefined && key === undefined) return invalid(`key: ${describe(parts.key)}`)
    if (parts.output !== undefined && output === undefined) return invalid(`output: ${describe(parts.output)}`)
    const { root, out } = this.settings
    const relative = root === undefined ? splitPath(input).name : relativeTo(root, input)
    if (relative === undefined && (key === undefined || output === undefined))
      return invalid(`${showPath(input)} lies outside the root ${root}`)
    if (out === undefined && output === undefined)
      return invalid('neither the task nor the item says where its output goes')
    return { input, key: key ?? relative!, output: output ?? joinPath(out!, relative!) }
  }
}

interface Located {
  readonly input: FilePath
  readonly key: FilePath
  readonly output: FilePath
  readonly failure?: NoisemillError
}

/** What `addNoiseToFiles` passes on from its walk: an item that may have failed already. */
export interface WalkedItem extends FileItemObject {
  readonly failure?: NoisemillError
}

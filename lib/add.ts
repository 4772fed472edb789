/** From folders to folders: what the command line calls. */

import path from 'node:path'
import type { PoolOptions } from './backends/options.js'
import { checkBoolean, checkKeys, checkObject, given } from './checks.js'
import { invalidOption, NoisemillError } from './errors.js'
import { refuseClashes, refuseOutside, refuseWithin } from './files/clashes.js'
import { isWithin, makeFolder, realPath } from './files/outputs.js'
import { joinPath, pathFromCaller } from './files/paths.js'
import { noInput, type UnreadCounts, type WalkedFile, walk, walkedFolders } from './files/walk.js'
import { type NoiseTask, noiseTaskOf, type WalkedItem } from './plan/noise-task.js'
import { checkNoiseOptions, NOISE_OPTIONS, type NoiseOptions, type NoiseSettings, recordOf } from './plan/options.js'
import type { FileResult } from './plan/results.js'
import type { RunOptions } from './pool/options.js'
import { isPool, Pool } from './pool/pool.js'
import { Journal } from './record/journal.js'

/**
 * Options of `addNoiseToFiles`: those of the noise task, with `out` required, of the pool and of the run.
 *
 * @example
 * import { type AddNoiseOptions, addNoiseToFiles } from 'noisemill'
 *
 * const options: AddNoiseOptions = { out: 'noisy', snr: 10, seed: 1, size: 2, resume: true }
 * for await (const { status } of addNoiseToFiles('speech', options)) console.log(status)
 * for await (const { status } of addNoiseToFiles('speech', options)) console.log(status)
 * // -> done
 * // -> done
 * // -> skipped
 * // -> skipped
 */
export interface AddNoiseOptions extends NoiseOptions, PoolOptions, Omit<RunOptions, 'errors'> {
  /** Folder for the outputs, made when needed: a path or a file: URL. Not in an input folder. */
  readonly out: string | URL
  /**
   * Go on from an earlier run with the same settings into the same folder: what it wrote is skipped where nothing has changed since,
   * what it began is done again. Nothing else is replaced. False by default; not together with `overwrite`.
   */
  readonly resume?: boolean
  /** Follow symbolic links that are found in input folders; true by default. An input may itself be a link. */
  readonly follow?: boolean
  /** A pool to run on, instead of one that is made for this call; then `size`, `backend` and `kernel` are its own. */
  readonly pool?: Pool
  /** Told of a folder that contains itself, or leads to `out`, by a symbolic link; it is not gone into. */
  readonly onLoop?: (folder: string) => void
  /**
   * Receives what the inputs have more than once, and its first path. A file with the same output is done once. The files of a folder
   * that a symbolic link repeats are done under each of its paths.
   */
  readonly onRepeat?: (repeated: string, first: string, kind: 'file' | 'folder') => void
  /** Told of an audio file of another kind in the inputs, which is not read, and of what its name ends with: 'flac' for example. */
  readonly onUnread?: (file: string, kind: string) => void
}

const POOL_OPTIONS = ['size', 'backend', 'kernel']
const CALLBACKS = ['onLoop', 'onRepeat', 'onUnread']
const OWN_OPTIONS = ['resume', 'chunkSize', 'signal', 'pool', 'follow', ...CALLBACKS]

/**
 * Adds noise to all audio files of the inputs, as they are walked; results come as files are finished. What it does is recorded in
 * `.noisemill-journal` in the output folder, for `resume`.
 *
 * @param inputs files, folders (walked for .wav, .wave, .bwf and .rf64) and globs
 * @throws NoisemillError for wrong options, E_NO_INPUT where nothing is found, E_OUTPUT_IN_INPUT, E_OUTPUT_FOLDER, E_RESUME_SETTINGS,
 * E_JOURNAL, and E_VOLUME_FULL where no room is left for the journal. A bad file is no error: its result has the status 'failed'.
 * @example
 * import { addNoiseToFiles } from 'noisemill'
 *
 * const outputs: string[] = []
 * for await (const r of addNoiseToFiles(['speech'], { out: 'noisy', snr: [5, 20], seed: 1 })) {
 *   if (r.status === 'failed') console.error(r.error.code, r.input)
 *   else outputs.push(r.output)
 * }
 * console.log(outputs.sort()) // -> [ 'noisy/a.wav', 'noisy/b.wav' ]
 */
export async function* addNoiseToFiles(
  inputs: string | URL | readonly (string | URL)[],
  options: AddNoiseOptions,
): AsyncGenerator<FileResult, void, undefined> {
  const plan = await planAddNoise(inputs, options)
  const pool = options.pool ?? new Pool(pick(options, POOL_OPTIONS))
  try {
    const { chunkSize, signal } = options
    const run: RunOptions = { ...(chunkSize !== undefined && { chunkSize }), ...(signal && { signal }) }
    yield* pool.imapUnordered(plan.task, plan.items, run)
    plan.journal?.close()
  } finally {
    plan.journal?.abandon()
    if (pool !== options.pool) await pool.terminate()
  }
}

interface AddNoisePlan {
  readonly task: NoiseTask
  readonly items: AsyncIterable<WalkedItem>
  /** None where nothing is written, nor to be gone by. */
  readonly journal: Journal | undefined
}

async function planAddNoise(inputs: unknown, options: unknown): Promise<AddNoisePlan> {
  checkObject('options', options)
  checkKeys(options, [...NOISE_OPTIONS, ...POOL_OPTIONS, ...OWN_OPTIONS])
  if (options.pool !== undefined && !isPool(options.pool)) throw invalidOption('pool', 'a Pool', options.pool)
  for (const name of CALLBACKS) {
    if (options[name] !== undefined && typeof options[name] !== 'function')
      throw invalidOption(name, 'a function', options[name])
  }
  const follow = checkBoolean('follow', given(options.follow, true))
  const settings = checkNoiseOptions(pick(options, NOISE_OPTIONS))
  const resume = checkBoolean('resume', given(options.resume, false))
  if (resume && settings.overwrite)
    throw new NoisemillError('E_OPTION_INVALID', {
      option: 'resume',
      expected: 'it without `overwrite`',
      received: 'both',
    })
  const out = pathFromCaller(options.out)
  if (typeof out !== 'string') throw invalidOption('out', 'a path or a file: URL', options.out)
  const names = checkInputs(inputs)
  const root = options.root === undefined ? undefined : (pathFromCaller(options.root) as string)
  const walked = await walkedFolders(names, root)
  for (const { folder, prefix, reaches } of walked) {
    // With a root the outputs of a folder lie in its path below the output folder.
    for (const outputs of [out, `${out}/${prefix}`]) {
      if (isWithin(outputs, folder) && reaches(path.relative(realPath(folder), realPath(outputs))))
        throw new NoisemillError('E_OUTPUT_IN_INPUT', { path: out, received: `input ${folder}` })
    }
  }
  const { onLoop, onRepeat, onUnread } = options as Pick<AddNoiseOptions, 'onLoop' | 'onRepeat' | 'onUnread'>
  const repeated = (kind: 'file' | 'folder') => (path: string, first: string) => onRepeat?.(path, first, kind)
  const unread: UnreadCounts = new Map()
  const files = walk(names, {
    root,
    out,
    follow,
    onLoop,
    onRepeat: repeated('folder'),
    onUnread(file, kind) {
      unread.set(kind, (unread.get(kind) ?? 0) + 1)
      onUnread?.(file, kind)
    },
  })
  // Of one input no two files have the same relative path, so it can be walked while it is worked on.
  const found = names.length === 1 ? files : await refuseClashes(files, out, settings.copies, repeated('file'))
  const folders = walked.map(({ folder }) => folder)
  const journal =
    settings.dryRun && !resume
      ? undefined
      : new Journal(out, { settings: recordOf(settings), resume, dryRun: settings.dryRun, fsync: settings.fsync })
  return {
    task: noiseTaskOf(settings, journal),
    items: asItems(found, out, folders, settings, journal, unread),
    journal,
  }
}

function checkInputs(inputs: unknown): string[] {
  const list: readonly unknown[] = Array.isArray(inputs) ? inputs : [inputs]
  return list.map((input) => {
    const file = pathFromCaller(input)
    if (typeof file !== 'string') throw invalidOption('inputs', 'paths or file: URLs', input)
    return file
  })
}

/** Makes the output folder, and opens its journal, once there is something to put into it. */
async function* asItems(
  files: Iterable<WalkedFile> | AsyncIterable<WalkedFile>,
  out: string,
  folders: readonly string[],
  { dryRun, fsync }: NoiseSettings,
  journal: Journal | undefined,
  unread: UnreadCounts,
): AsyncGenerator<WalkedItem> {
  const outputInInput = refuseWithin(out, folders)
  const outputOutside = refuseOutside(out)
  let isEmpty = true
  for await (const { input, relative, failure } of files) {
    if (isEmpty && !dryRun) makeFolder(out, fsync)
    if (isEmpty) await journal?.open()
    isEmpty = false
    const output = joinPath(out, relative)
    const refused = failure ?? outputInInput(relative) ?? outputOutside(relative)
    yield { input, key: relative, output, ...(refused && { failure: refused }) }
  }
  if (isEmpty) throw noInput(unread)
}

/** Those of the options that have one of the names. */
function pick(options: object, names: readonly string[]): object {
  return Object.fromEntries(Object.entries(options).filter(([name]) => names.includes(name)))
}

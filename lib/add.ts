/** `addNoiseToFiles`, which adds noise to the files of folders. The command line calls it. */

import path from 'node:path'
import type { PoolOptions } from './backends/options.js'
import { checkBoolean, checkKeys, checkObject, given } from './checks.js'
import { bothGiven, describe, invalidOption, NoisemillError } from './errors.js'
import { refuseClashes, refuseOutside, refuseWithin } from './files/clashes.js'
import { flatten } from './files/flatten.js'
import { KnownOutputs } from './files/foreign.js'
import { Exclusion } from './files/globs.js'
import { InputList, type ListedFile } from './files/input-list.js'
import { type Listing, walkListed } from './files/listed.js'
import { isWithin, makeFolder, realPath } from './files/outputs.js'
import { type FilePath, joinPath, joinSlashed, pathFromCaller } from './files/paths.js'
import { checkShard, inShard, type Shard } from './files/shard.js'
import { byStem, outputFolders } from './files/stems.js'
import { type Parent, type WalkedFile, walk, walkedFolders } from './files/walk.js'
import { NoiseBanks } from './plan/bank.js'
import type { WalkedItem } from './plan/file-run.js'
import { type NoiseTask, noiseTaskOf } from './plan/noise-task.js'
import {
  checkNoiseOptions,
  type FileSettings,
  NOISE_OPTIONS,
  type NoiseOptions,
  type NoiseSettings,
  recordOf,
} from './plan/options.js'
import type { FileResult } from './plan/results.js'
import type { RunOptions } from './pool/options.js'
import { isPool, Pool } from './pool/pool.js'
import { type Items, isItems } from './pool/source.js'
import { Journal } from './record/journal.js'

/**
 * Options of `addNoiseToFiles`: the options of the noise task, with `out` required, and the options
 * of the pool and of the run.
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
export interface AddNoiseOptions
  extends NoiseOptions,
    Pick<PoolOptions, 'size' | 'backend' | 'kernel'>,
    Pick<RunOptions, 'chunkSize' | 'signal' | 'onReport'> {
  /**
   * Folder for the outputs: a path or a file: URL. It is made if it does not exist. It must not be
   * inside an input folder.
   */
  readonly out: string | URL
  /**
   * Whether to continue an earlier run into the same folder with the same settings. Outputs that it
   * finished are skipped if the input and the output are unchanged. Outputs that it began are made
   * again. If it had `overwrite`, outputs of still earlier runs are replaced too. No other file is
   * replaced. False by default; not together with `overwrite`, which it takes the place of.
   */
  readonly resume?: boolean
  /**
   * Whether to follow symbolic links that are found in input folders; true by default. An input
   * may itself be a link.
   */
  readonly follow?: boolean
  /**
   * Globs of files and folders to leave out. A glob without a slash is compared with names. One with a slash is compared
   * with the path below `root`, or without `root` below the input. One that ends with a slash matches folders only. A
   * folder that matches is not searched.
   */
  readonly exclude?: string | readonly string[]
  /**
   * Which share of the files is processed: 'K/N' is shard K, from 1, of N. A hash of the path below `root`, or without `root`
   * below the input, decides which shard a file belongs to. Each shard has a journal of its own. By default, all files are
   * processed.
   */
  readonly shard?: string
  /**
   * Pool to run on. By default the call makes a pool of its own. With `pool`, the options `size`,
   * `backend` and `kernel` have no effect.
   */
  readonly pool?: Pool
  /**
   * Called with a folder that contains itself through a symbolic link, and with a link into `out`.
   * They are skipped.
   */
  readonly onLoop?: (path: string) => void
  /**
   * Called with what the inputs contain more than once, and its first path. A file with the same
   * output is processed once. The files of a folder that a symbolic link repeats are processed
   * under each of its paths.
   */
  readonly onRepeat?: (repeated: string, first: string, kind: 'file' | 'folder') => void
  /**
   * Called with an audio file that noisemill does not read, and with the ending of its name, such
   * as 'flac'. A file that several inputs contain under one relative path is reported once.
   */
  readonly onUnread?: (file: string, kind: string) => void
  /** Called with each file and folder that `exclude` leaves out. */
  readonly onExclude?: (path: string, kind: 'file' | 'folder') => void
  /** Called with each noise file that cannot be used, and why. If these are more than a tenth, the call fails. */
  readonly onNoiseLeftOut?: (path: string, error: NoisemillError) => void
  /**
   * Called at the end of a run with `verify`, with each WAV file of the output folder that no input of the run leads to.
   */
  readonly onForeign?: (path: string) => void
}

const POOL_OPTIONS = ['size', 'backend', 'kernel'] as const
/** Names of the options that say how a run is done. */
export const RUN_OPTIONS = [...POOL_OPTIONS, 'pool', 'chunkSize', 'signal', 'onReport'] as const
const CALLBACKS = ['onLoop', 'onRepeat', 'onUnread', 'onExclude', 'onForeign', 'onNoiseLeftOut', 'onReport']
const OWN_OPTIONS = ['resume', 'follow', 'exclude', 'shard', ...CALLBACKS]

/**
 * Adds noise to all WAV files of the inputs and yields a result for each output, in the order in
 * which they finish. It records its work in the file `.noisemill-journal` of the output folder,
 * which `resume` reads.
 *
 * @param inputs a path or an array of paths of files, folders (searched for .wav, .wave, .bwf and .rf64 files) and globs;
 * or another iterable or async iterable of paths of files, which is read as the run goes on
 * @throws NoisemillError for wrong options; E_NO_INPUT if no file is found, E_OUTPUT_IN_INPUT,
 * E_OUTPUT_FOLDER, E_RESUME_SETTINGS, E_JOURNAL, and E_VOLUME_FULL if the volume has no room for
 * the journal. A file that cannot be processed does not throw: its result has the status 'failed'.
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
  inputs: string | URL | readonly (string | URL)[] | Items<string | URL | Uint8Array>,
  options: AddNoiseOptions,
): AsyncGenerator<FileResult, void, undefined> {
  for await (const results of addNoiseInGroups(inputs, options)) {
    // With `yield*`, each result would take two more promises.
    for (const result of results) yield result
  }
}

/** Does what `addNoiseToFiles` does, and yields several results at a time. */
export async function* addNoiseInGroups(
  inputs: Parameters<typeof addNoiseToFiles>[0] | InputList,
  options: AddNoiseOptions,
): AsyncGenerator<readonly FileResult[], void, undefined> {
  const plan = await planAddNoise(inputs, options)
  try {
    yield* runOnPool(plan, options)
    plan.journal?.close()
  } finally {
    plan.journal?.abandon()
  }
}

/** The items of a run in one output folder. */
export interface FolderRun {
  readonly task: NoiseTask
  readonly items: AsyncIterable<WalkedItem>
  /** What the outputs are named after; undefined if nobody asks for other files. */
  readonly known: KnownOutputs | undefined
}

/** Options of a run in one output folder, apart from those of the noise. */
export type FolderRunOptions = Pick<AddNoiseOptions, 'out' | 'pool' | 'onForeign' | (typeof RUN_OPTIONS)[number]>

/** Yields the results of a run in one output folder, and looks for foreign files at its end. */
export async function* runOnPool(
  { task, items, known }: FolderRun,
  options: FolderRunOptions,
): AsyncGenerator<readonly FileResult[], void, undefined> {
  const pool = options.pool ?? new Pool(pick(options, POOL_OPTIONS))
  try {
    const { chunkSize, signal, onReport } = options
    const run: RunOptions = {
      ...(chunkSize !== undefined && { chunkSize }),
      ...(signal && { signal }),
      ...(onReport && { onReport }),
    }
    yield* pool.groups(task, items, run)
    if (known === undefined) return
    for await (const file of known.foreignIn(pathFromCaller(options.out) as string)) options.onForeign?.(file)
  } finally {
    if (pool !== options.pool) await pool.terminate()
  }
}

interface AddNoisePlan extends FolderRun {
  /** Undefined if nothing is written, for a dry run without `resume`. */
  readonly journal: Journal | undefined
}

async function planAddNoise(inputs: unknown, options: unknown): Promise<AddNoisePlan> {
  checkObject('options', options)
  checkKeys(options, [...NOISE_OPTIONS, ...RUN_OPTIONS, ...OWN_OPTIONS])
  checkRun(options, CALLBACKS)
  const follow = checkBoolean('follow', given(options.follow, true))
  const settings = checkNoiseOptions(pick(options, NOISE_OPTIONS))
  const resume = checkBoolean('resume', given(options.resume, false))
  if (resume && settings.overwrite) throw bothGiven('resume', 'overwrite')
  if (resume && settings.verify) throw bothGiven('resume', 'verify')
  const out = checkOut(options.out)
  const root = options.root === undefined ? undefined : (pathFromCaller(options.root) as string)
  const shard = checkShard(options.shard)
  const exclusion = await Exclusion.of(checkGlobs(options.exclude))
  const found = await findFiles(inputs, { ...(options as Callbacks), out, root, follow, exclusion, resume, settings })
  refuseNoiseIn(out, settings)
  const { onNoiseLeftOut } = options as unknown as AddNoiseOptions
  const banks = new NoiseBanks(settings.noise, {
    ...{ follow, out, overwrite: settings.overwrite },
    ...(onNoiseLeftOut && { onLeftOut: onNoiseLeftOut }),
  })
  const { dryRun, verify, fsync, overwrite } = settings
  const journal =
    (dryRun && !resume) || verify
      ? undefined
      : new Journal(out, { settings: () => recordOf(settings, banks.all), resume, overwrite, dryRun, fsync, shard })
  const known = verify && options.onForeign !== undefined ? new KnownOutputs(settings.variants) : undefined
  return {
    task: noiseTaskOf(settings, { isWalked: true, journal }, banks),
    items: asItems(found, { out, settings, shard, journal, known }),
    journal,
    known,
  }
}

/** Checks the options of a run that the pool does not check. */
export function checkRun(options: Readonly<Record<string, unknown>>, callbacks: readonly string[]): void {
  if (options.pool !== undefined && !isPool(options.pool)) throw invalidOption('pool', 'a Pool', options.pool)
  for (const name of callbacks) {
    if (options[name] !== undefined && typeof options[name] !== 'function')
      throw invalidOption(name, 'a function', options[name])
  }
}

/** Checks the path of an output folder. */
export function checkOut(value: unknown): string {
  const out = pathFromCaller(value)
  if (typeof out !== 'string') throw invalidOption('out', 'a path or a file: URL', value)
  return out
}

/** Refuses noise files in the output folder, and the output folder among noise files: outputs would become noise. */
export function refuseNoiseIn(out: string, { noise }: Pick<NoiseSettings, 'noise'>): void {
  for (const { recorded } of noise.layers) {
    for (const source of recorded?.sources ?? []) {
      if (isWithin(source, out)) throw invalidOption('noise', 'noise files outside the output folder', source)
      if (isWithin(out, source)) throw invalidOption('out', `a folder outside the noise files in ${source}`, out)
    }
  }
}

/** Options that are told of files and folders that are found. */
export type Callbacks = Pick<AddNoiseOptions, 'onLoop' | 'onRepeat' | 'onUnread' | 'onExclude'>

export function checkGlobs(value: unknown): string[] {
  const globs: readonly unknown[] = value === undefined ? [] : Array.isArray(value) ? value : [value]
  const isGlob = (glob: unknown): glob is string => typeof glob === 'string' && glob !== ''
  if (!globs.every(isGlob)) throw invalidOption('exclude', 'globs', value)
  return [...globs]
}

interface FindOptions extends Callbacks {
  readonly out: string
  readonly root: string | undefined
  readonly follow: boolean
  readonly exclusion: Exclusion | undefined
  readonly resume: boolean
  readonly settings: FileSettings
}

/** The files of all inputs, and the folders that are walked for them. */
interface FoundFiles {
  readonly groups: Iterable<readonly WalkedFile[]> | AsyncIterable<readonly WalkedFile[]>
  readonly folders: readonly string[]
}

/** Finds the files of all inputs. */
export async function findFiles(inputs: unknown, options: FindOptions): Promise<FoundFiles> {
  const { out, root, exclusion, resume, settings, onRepeat } = options
  const repeated = (kind: 'file' | 'folder') => (path: string, first: string) => onRepeat?.(path, first, kind)
  const listing = listingOf(inputs)
  if (listing !== undefined) {
    const { variants, stems, overwrite } = settings
    const groups = walkListed(listing, {
      ...options,
      variants,
      stems,
      replaces: overwrite || resume,
      onRepeat: repeated('file'),
    })
    return { groups, folders: [] }
  }
  const names = checkInputs(inputs)
  const walked = await walkedFolders(names, root, exclusion)
  for (const { folder, prefix, reaches } of walked) {
    // With a root, the outputs of a folder are written to the folder's own path below the output
    // folder.
    const places = outputFolders(settings.stems).map((folder) => joinPath(out, joinSlashed(folder, prefix)) as string)
    for (const outputs of [out, ...places]) {
      if (isWithin(outputs, folder) && reaches(path.relative(realPath(folder), realPath(outputs))))
        throw new NoisemillError('E_OUTPUT_IN_INPUT', { path: out, received: `input ${folder}` })
    }
  }
  const files = walk(names, { ...options, onRepeat: repeated('folder') })
  // No two files of one input have the same relative path, so outputs cannot clash and files are
  // processed while it is walked.
  const groups = names.length === 1 ? files : [await refuseClashes(files, out, settings, repeated('file'))]
  return { groups, folders: walked.map(({ folder }) => folder) }
}

function checkInputs(inputs: unknown): string[] {
  const list: readonly unknown[] = Array.isArray(inputs) ? inputs : [inputs]
  return list.map((input) => {
    const file = pathFromCaller(input)
    if (typeof file !== 'string') throw invalidOption('inputs', 'paths or file: URLs', input)
    return file
  })
}

/** Returns the list that inputs are. Undefined for a path or an array of paths, which may be folders and globs. */
function listingOf(inputs: unknown): Listing | undefined {
  if (inputs instanceof InputList) return inputs
  if (Array.isArray(inputs) || ArrayBuffer.isView(inputs) || !isItems(inputs)) return undefined
  return { isReadAgain: false, groups: () => groupsOf(inputs) }
}

async function* groupsOf(items: Items<unknown>): AsyncGenerator<readonly ListedFile[]> {
  for await (const item of items) {
    const input = pathFromCaller(item)
    if (input !== undefined) yield [{ input }]
    else yield [{ input: describe(item), failure: new NoisemillError('E_ITEM_INVALID', { received: describe(item) }) }]
  }
}

/** Where the items of a run go. */
interface ItemsOptions {
  readonly out: string
  readonly settings: FileSettings
  readonly shard: Shard | undefined
  readonly journal: Journal | undefined
  readonly known?: KnownOutputs | undefined
}

/**
 * Turns walked files into items. Makes the output folder and opens its journal when the first files
 * are found, even if none of them belongs to the shard.
 */
export function asItems(
  { groups, folders }: FoundFiles,
  { out, settings, shard, journal, known }: ItemsOptions,
): AsyncIterable<WalkedItem> {
  const { dryRun, verify, fsync, stems } = settings
  const all = outputFolders(stems)
  const isInShard = inShard(shard)
  async function* prepared() {
    let isFirst = true
    for await (const group of groups) {
      if (isFirst && !dryRun && !verify) makeFolder(out, fsync)
      if (isFirst) await journal?.open()
      isFirst = false
      if (known !== undefined)
        for (const { relative, failure } of group)
          for (const folder of all) known.add(joinSlashed(folder, relative), failure !== undefined)
      const files = shard === undefined ? group : group.filter(isInShard)
      if (files.length > 0) yield files
    }
  }
  const outputInInput = refuseWithin(out, folders)
  const outputOutside = refuseOutside(out)
  /** Returns the folder of outputs, given by its path below one of the folders. */
  const placeIn = (folder: string, relative: FilePath) => {
    const below = relative.length === 0 ? folder : joinSlashed(folder, relative)
    return { place: below.length === 0 ? out : joinPath(out, below), failure: outputOutside(below) }
  }
  // Of the last file. Files come folder by folder.
  let last: (Pick<WalkedItem, 'folder' | 'stemFolders' | 'failure'> & { readonly parent: Parent }) | undefined
  return flatten(prepared(), ({ input, relative, parent, name, failure }) => {
    if (parent !== last?.parent) {
      const places = all.map((folder) => placeIn(folder, parent.relative))
      last = {
        parent,
        folder: places[0].place,
        stemFolders: byStem(stems, (stem) => places[all.indexOf(stem)].place),
        failure: places.find(({ failure }) => failure !== undefined)?.failure,
      }
    }
    const { folder, stemFolders } = last
    const within = () => all.map((folder) => outputInInput(joinSlashed(folder, relative))).find((found) => found)
    return {
      input,
      key: relative,
      parent,
      output: joinPath(folder, name),
      folder,
      name,
      stemFolders,
      failure: failure ?? within() ?? last.failure,
    }
  })
}

/** Returns an object with the options that have one of the names. */
export function pick(options: object, names: readonly string[]): object {
  return Object.fromEntries(Object.entries(options).filter(([name]) => names.includes(name)))
}

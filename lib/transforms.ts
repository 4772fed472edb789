/** `transformTask` and `transformFiles`, which pass the samples of files through a function of a user. */

import { readFileSync } from 'node:fs'
import {
  type AddNoiseOptions,
  type addNoiseToFiles,
  asItems,
  type Callbacks,
  checkGlobs,
  checkRun,
  findFiles,
  pick,
  refuseNoiseIn,
} from './add.js'
import type { TransformOutcome } from './audio/job.js'
import { checkBoolean, checkKeys, checkObject, given } from './checks.js'
import { bothGiven, invalidOption } from './errors.js'
import { Exclusion } from './files/globs.js'
import { checkShard } from './files/shard.js'
import { type BankOptions, NoiseBanks } from './plan/bank.js'
import type { ItemOrigin, WalkedItem } from './plan/file-run.js'
import {
  AUDIO_OPTIONS,
  type AudioOptions,
  checkAudioOptions,
  type OfMoments,
  type TransformSettings,
  transformRecord,
} from './plan/transform-options.js'
import type { TransformResult } from './plan/transform-results.js'
import { type TransformItem, TransformRun } from './plan/transform-run.js'
import { checkCall, type ModuleTaskOptions, type PreparedCall } from './pool/module-options.js'
import type { RunOptions } from './pool/options.js'
import { Pool } from './pool/pool.js'
import { Journal } from './record/journal.js'
import { defineTask, type Task } from './task.js'

/**
 * Options of `transformTask`.
 *
 * @example
 * import { Pool, type TransformOptions, transformTask } from 'noisemill'
 *
 * // gain.js: export const gain = ({ channels }, factor) => channels.map((samples) => samples.map((x) => factor * x))
 * const options: TransformOptions = { out: 'louder', data: 2, blocks: true }
 * const task = transformTask(new URL('./gain.js', import.meta.url), 'gain', options)
 * await using pool = new Pool()
 * for (const { output, clipped } of await pool.map(task, ['speech/a.wav'])) console.log(output, clipped)
 * // -> louder/a.wav 0
 */
export interface TransformOptions
  extends AudioOptions,
    Pick<ModuleTaskOptions, 'setup' | 'teardown' | 'data' | 'shared'> {}

const CALL_OPTIONS = ['setup', 'teardown', 'data', 'shared']
const TRANSFORM_OPTIONS = [...AUDIO_OPTIONS, ...CALL_OPTIONS]
const POOL_OPTIONS = ['size', 'backend', 'kernel']
const CALLBACKS = ['onLoop', 'onRepeat', 'onUnread', 'onExclude', 'onNoiseLeftOut'] as const
const FOLDER_OPTIONS = ['size', 'backend', 'kernel', 'pool', 'follow', 'exclude', 'shard', ...CALLBACKS] as const
const RUN_OPTIONS = [
  'chunkSize',
  'signal',
  'concurrency',
  'timeout',
  'grace',
  'retries',
  'onProgress',
  'onReport',
] as const

/**
 * A task that passes samples through a function, made by `transformTask`.
 *
 * @example
 * import { Pool, type TransformTask, transformTask } from 'noisemill'
 *
 * // half.js: export const half = ({ channels }) => channels.map((samples) => samples.map((x) => x / 2))
 * const half: TransformTask = transformTask(new URL('./half.js', import.meta.url), 'half', { out: 'softer' })
 * await using pool = new Pool()
 * for await (const { output } of pool.imap(half, ['speech/a.wav'])) console.log(output) // -> softer/a.wav
 */
export type TransformTask = Task<TransformItem, TransformResult>

/**
 * Makes a task that reads a WAV file, calls a function of your own with its samples, and writes what
 * the function made of them to the output folder. `map`, `imap` and `imapUnordered` of a Pool run it.
 *
 * The function gets an `Audio` with the samples, and with `setup` or `data` a second argument. It
 * changes the samples, or returns others, also another number of them or at another rate; see
 * `Transformed`. It may be async. Its third argument is a `TaskContext`.
 *
 * @param url file: URL or absolute path of a JavaScript module, such as `new URL('./gain.js',
 * import.meta.url)`
 * @param name name of the exported function, 'default' by default
 * @throws NoisemillError E_OPTION_INVALID or E_OPTION_UNKNOWN
 * @example
 * import { Pool, transformTask } from 'noisemill'
 *
 * // half.js: export function half({ channels }) { for (const x of channels) for (let i = 0; i < x.length; i++) x[i] /= 2 }
 * const half = transformTask(new URL('./half.js', import.meta.url), 'half', { out: 'softer' })
 * await using pool = new Pool()
 * for await (const { output, frames } of pool.imap(half, ['speech/a.wav', 'speech/b.wav'])) console.log(output, frames)
 * // -> softer/a.wav 1600
 * // -> softer/b.wav 3200
 */
export function transformTask(url: URL | string, name?: string, options: TransformOptions = {}): TransformTask {
  checkObject('options', options)
  checkKeys(options, TRANSFORM_OPTIONS)
  return taskOf(checkTransform(url, name, options), {})
}

/** A checked transform. */
interface Transform {
  readonly settings: TransformSettings
  readonly prepared: PreparedCall
}

function checkTransform(url: unknown, name: unknown, options: TransformOptions): Transform {
  const call = pick(options, CALL_OPTIONS)
  const settings = checkAudioOptions(options)
  return {
    settings,
    prepared: checkCall(url, name ?? 'default', call, { around: 'audio', transferResults: true }),
  }
}

/** Returns the banks of the noise of a transform. */
const banksOf = ({ settings }: Transform, options: BankOptions = {}): OfMoments<NoiseBanks> =>
  Object.fromEntries(
    Object.entries(settings.noise).map(([moment, own]) => [
      moment,
      new NoiseBanks(own.noise, { ...settings.files, ...options }),
    ]),
  )

/** @param banks those of `noise`; without them, each run indexes its own */
function taskOf(transform: Transform, origin: ItemOrigin, banks?: OfMoments<NoiseBanks>): TransformTask {
  const { settings, prepared } = transform
  const { call, prepare } = prepared
  return defineTask<TransformItem, unknown, TransformOutcome, TransformResult, TransformResult, TransformResult>({
    work: { kind: 'calls', call },
    errors: 'collect',
    endsWhenCancelled: false,
    givesValues: false,
    start() {
      prepare()
      return new TransformRun(settings, origin, banks ?? banksOf(transform))
    },
  })
}

/**
 * Options of `transformFiles`: those of `transformTask`, with `out` required, and those of
 * `addNoiseToFiles` and of runs that are not about noise.
 *
 * @example
 * import { type TransformFilesOptions, transformFiles } from 'noisemill'
 *
 * // half.js: export const half = ({ channels }) => channels.map((samples) => samples.map((x) => x / 2))
 * const url = new URL('./half.js', import.meta.url)
 * const options: TransformFilesOptions = { out: 'softer', resume: true, timeout: 10_000 }
 * for await (const { status } of transformFiles('speech', url, 'half', options)) console.log(status)
 * for await (const { status } of transformFiles('speech', url, 'half', options)) console.log(status)
 * // -> done
 * // -> done
 * // -> skipped
 * // -> skipped
 */
export interface TransformFilesOptions
  extends TransformOptions,
    Pick<AddNoiseOptions, FolderOption>,
    Pick<RunOptions, RunOption> {
  /**
   * Folder for the outputs: a path or a file: URL. It is made if it does not exist. It must not be
   * inside an input folder.
   */
  readonly out: string | URL
  /**
   * Whether to continue an earlier run into the same folder with the same settings, as
   * `addNoiseToFiles` does. The content of the module and `data` are part of the settings; modules
   * that it imports, and `shared`, are not. False by default.
   */
  readonly resume?: boolean
}

type FolderOption = (typeof FOLDER_OPTIONS)[number]
type RunOption = (typeof RUN_OPTIONS)[number]

/**
 * Passes the samples of all WAV files of the inputs through a function, as `transformTask` does, and
 * yields a result for each output, in the order in which they finish. Like `addNoiseToFiles` it walks
 * folders and globs, and keeps a journal in the output folder, which `resume` reads.
 *
 * @param inputs those of `addNoiseToFiles`
 * @param url that of `transformTask`
 * @param name name of the exported function
 * @throws NoisemillError for wrong options, and what `addNoiseToFiles` throws
 * @example
 * import { transformFiles } from 'noisemill'
 *
 * // half.js: export const half = ({ channels }) => channels.map((samples) => samples.map((x) => x / 2))
 * const url = new URL('./half.js', import.meta.url)
 * const outputs: string[] = []
 * for await (const { output } of transformFiles(['speech'], url, 'half', { out: 'softer' })) outputs.push(output)
 * console.log(outputs.sort()) // -> [ 'softer/a.wav', 'softer/b.wav' ]
 */
export async function* transformFiles(
  inputs: Parameters<typeof addNoiseToFiles>[0],
  url: URL | string,
  name: string,
  options: TransformFilesOptions,
): AsyncGenerator<TransformResult, void, undefined> {
  const { task, items, journal } = await planFiles(inputs, url, name, options)
  const pool = options.pool ?? new Pool(pick(options, POOL_OPTIONS))
  try {
    for await (const results of pool.groups(task, items, pick(options, RUN_OPTIONS))) yield* results
    journal?.close()
  } finally {
    journal?.abandon()
    if (pool !== options.pool) await pool.terminate()
  }
}

interface FilesPlan {
  readonly task: TransformTask
  readonly items: AsyncIterable<WalkedItem>
  /** Undefined for a dry run without `resume`. */
  readonly journal: Journal | undefined
}

async function planFiles(
  inputs: unknown,
  url: unknown,
  name: unknown,
  options: TransformFilesOptions,
): Promise<FilesPlan> {
  checkObject('options', options)
  checkKeys(options, [...TRANSFORM_OPTIONS, ...POOL_OPTIONS, ...RUN_OPTIONS, ...FOLDER_OPTIONS, 'resume'])
  checkRun({ ...options }, CALLBACKS)
  const transform = checkTransform(url, name, options)
  const { files } = transform.settings
  const { out, root, dryRun, fsync, overwrite } = files
  const resume = checkBoolean('resume', given(options.resume, false))
  if (resume && overwrite) throw bothGiven('resume', 'overwrite')
  if (out === undefined) throw invalidOption('out', 'a path or a file: URL', options.out)
  const follow = checkBoolean('follow', given(options.follow, true))
  const shard = checkShard(options.shard)
  const exclusion = await Exclusion.of(checkGlobs(options.exclude))
  for (const own of Object.values(transform.settings.noise)) refuseNoiseIn(out, own)
  const { onNoiseLeftOut } = options as TransformFilesOptions
  const banks = banksOf(transform, { follow, ...(onNoiseLeftOut && { onLeftOut: onNoiseLeftOut }) })
  const callbacks = pick(options, CALLBACKS) as Callbacks
  const found = await findFiles(inputs, { ...callbacks, out, root, follow, exclusion, resume, settings: files })
  const journal =
    dryRun && !resume
      ? undefined
      : new Journal(out, { settings: () => recordOf(transform, banks), resume, overwrite, dryRun, fsync, shard })
  return {
    task: taskOf(transform, { isWalked: true, journal }, banks),
    items: asItems(found, { out, settings: files, shard, journal }),
    journal,
  }
}

/** Returns what decides the bytes of outputs, for the journal. */
function recordOf({ settings, prepared }: Transform, banks: OfMoments<NoiseBanks>): Record<string, unknown> {
  const { url, name, setup, data } = prepared.call
  const { option } = prepared
  return {
    transform: name,
    module: hashOf(() => readFileSync(url.startsWith('file:') ? new URL(url) : url)),
    ...(setup !== undefined && { setup }),
    ...(data !== undefined &&
      option === 'data' && { data: hashOf(() => process.getBuiltinModule('node:v8').serialize(data)) }),
    ...transformRecord(settings, banks),
  }
}

/** Returns the start of a hash. It is '' if there is nothing to hash, because then the items fail. */
function hashOf(bytes: () => Uint8Array): string {
  try {
    return process.getBuiltinModule('node:crypto').hash('sha256', bytes()).slice(0, 32)
  } catch {
    return ''
  }
}

/**
 * Indexes the noise files of a run. Their headers are read on the threads of the run's pool, and the
 * index is kept in the cache folder. A file whose size and time are those of the last index is not
 * read again.
 */

import { createHash } from 'node:crypto'
import { stat } from 'node:fs'
import path from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { EtlJob, EtlOutcome } from '../core/etl.js'
import { type Bank, openBank } from '../core/noise/bank.js'
import type { Noise } from '../core/noise/noise.js'
import type { ErrorCode } from '../error-codes.js'
import { invalidOption, NoisemillError } from '../errors.js'
import { cacheFolder, keepCached, readCached, writeCached } from '../files/cache.js'
import { isLink, isWithin, realPath } from '../files/outputs.js'
import { absolutePath, byteText, type FilePath, onWindows, showPath, splitPath } from '../files/paths.js'
import { defineTask, type Planned, type RunTask, type Task } from '../task.js'
import { bankHash, encodeIndex, type IndexedBank, type LeftOut, type NoiseFile, systemPath } from './bank-index.js'
import { type FoundNoise, findNoiseFiles, type SourceOptions } from './bank-sources.js'
import { type Banks, checkNoiseSpec, drawNoise, type NoiseSpecSettings } from './options.js'

const statAsync = promisify(stat)
/** Files that are looked up at the same time. */
const LOOKED_UP = 64
/**
 * Largest difference of equal times, in microseconds. An index has whole microseconds. Node has
 * fractions of a millisecond as float64, because exact times would take twice as long to get.
 */
const SAME_TIME = 2
/** Largest share of files that may be left out. */
const LEFT_OUT_SHARE = 0.1

/**
 * Indexes noise files, and returns where the index is and what was left out: files that cannot be
 * read, and files without samples.
 *
 * @param sources paths that `checkSources` returned
 * @param run reads headers on the threads of a pool
 * @throws NoisemillError E_NOISE_BANK if a source has no files, if two files have the same name, or
 * if more than a tenth of the files are left out; E_LIST if a list cannot be read; E_CACHE
 */
export async function indexBank(
  sources: readonly string[],
  run: RunTask,
  options: SourceOptions = {},
): Promise<IndexedBank> {
  const { files: found, leftOut } = await findNoiseFiles(sources, options)
  const folder = cacheFolder()
  const last = path.join(
    folder,
    `${sha256(sources.map((source) => byteText(absolutePath(source))).join('\0'))}.sources`,
  )
  const files = await unchanged(found, await lastBank(folder, last))
  const places = [...found.keys()].filter((place) => files[place] === undefined)
  let read = 0
  const unread = places.map((place) => found[place])
  for await (const { file, error } of run(headerTask(), unread)) {
    const place = places[read++]
    if (error === undefined) files[place] = file
    else leftOut.push({ path: showPath(unread[read - 1].path), error })
  }
  const kept = files.filter((file) => file !== undefined)
  refuseTooFew(kept.length, leftOut)
  const hash = bankHash(kept)
  // The event loop has its turn between steps that take a while.
  await setImmediate()
  const bytes = encodeIndex(kept, hash)
  const name = `${sha256(bytes)}.bank`
  const index = path.join(folder, name)
  await keepCached(index, bytes)
  await writeCached(last, name)
  return { index: path.toNamespacedPath(index), hash: hash.toString('hex'), count: kept.length, leftOut }
}

/** Options of `NoiseBanks`. */
export interface BankOptions extends SourceOptions {
  /** Called with each noise file that cannot be used, and why. */
  readonly onLeftOut?: (path: string, error: NoisemillError) => void
  /** The output folder, in which no noise file may lie. */
  readonly out?: string | undefined
  /** Whether outputs may replace files, so that links into the output folder matter too. */
  readonly overwrite?: boolean
}

/**
 * Indexes noise files, and reports those that are left out. Throws what indexBank throws, and E_OPTION_INVALID if a noise
 * file lies in the output folder.
 */
export async function indexOutside(
  sources: readonly string[],
  run: RunTask,
  { out, overwrite, onLeftOut, ...options }: BankOptions,
): Promise<IndexedBank> {
  // The output folder is no option of the walk, which would leave its files out without a word.
  const bank = await indexBank(sources, run, options)
  refuseFilesIn(bank, out, overwrite)
  for (const { path, error } of bank.leftOut) onLeftOut?.(path, error)
  return bank
}

/** The banks of a run: they are indexed when it begins. */
export class NoiseBanks {
  /** The banks of the layers, by their places; layers with the same sources share one. */
  all: Banks = []
  #isIndexed = false

  constructor(
    readonly noise: Pick<NoiseSpecSettings, 'layers'>,
    readonly options: BankOptions = {},
  ) {}

  /**
   * Indexes the noise files of all layers, once. Throws what indexBank throws, and E_OPTION_INVALID if a noise file lies in
   * the output folder.
   *
   * @param again options with which it is done once more
   */
  async index(run: RunTask, again?: Pick<BankOptions, 'follow'>): Promise<void> {
    if (this.#isIndexed && again === undefined) return
    const known = new Map<string, IndexedBank>()
    const banks: (IndexedBank | undefined)[] = []
    for (const { recorded } of this.noise.layers)
      banks.push(recorded && (await this.#bankOf(recorded.sources, known, run, again)))
    this.all = banks
    this.#isIndexed = true
  }

  async #bankOf(
    sources: readonly string[],
    known: Map<string, IndexedBank>,
    run: RunTask,
    again: Pick<BankOptions, 'follow'> | undefined,
  ): Promise<IndexedBank> {
    const name = JSON.stringify(sources)
    const found = known.get(name)
    if (found !== undefined) return found
    const bank = await indexOutside(sources, run, { ...this.options, ...again })
    known.set(name, bank)
    return bank
  }
}

/** Returns a path of an index in the form that it has elsewhere: on Windows without the prefix for long paths. */
const plainPath = (file: FilePath): FilePath =>
  onWindows && typeof file === 'string' ? file.replace(/^\\\\\?\\(?:UNC(\\))?/, '$1$1') : file

/** Throws E_OPTION_INVALID if a file of a bank lies in the output folder: an output could replace it, or become noise. */
function refuseFilesIn({ index }: IndexedBank, out: string | undefined, overwrite = false): void {
  if (out === undefined) return
  const bank = openBank(index)
  const folders = new Map<string, boolean>()
  const isInOut = (folder: FilePath) => {
    const key = byteText(folder)
    const known = folders.get(key) ?? isWithin(folder, out)
    folders.set(key, known)
    return known
  }
  for (let i = 0; i < bank.count; i++) {
    const file = plainPath(bank.path(i))
    const leads = overwrite && typeof file === 'string' && isLink(file) ? realPath(file) : file
    if (!isInOut(splitPath(file).folder) && (leads === file || !isInOut(splitPath(leads).folder))) continue
    throw invalidOption('noise', 'noise files outside the output folder', showPath(file))
  }
}

const sha256 = (data: string | Uint8Array) => createHash('sha256').update(data).digest('hex')

function refuseTooFew(count: number, leftOut: readonly LeftOut[]): void {
  const all = count + leftOut.length
  if (count > 0 && leftOut.length <= LEFT_OUT_SHARE * all) return
  const received = all === 0 ? 'there are none' : `${leftOut.length} of ${all} cannot be used`
  throw new NoisemillError('E_NOISE_BANK', { received, cause: leftOut[0]?.error })
}

/** Returns the bank that was made last of the same sources, if there is one. */
async function lastBank(folder: string, last: string): Promise<Bank | undefined> {
  const name = (await readCached(last))?.toString() ?? ''
  if (!/^[0-9a-f]{64}\.bank$/.test(name)) return undefined
  try {
    return openBank(path.join(folder, name))
  } catch {
    // It was removed, or has an earlier form.
    return undefined
  }
}

/**
 * Returns, for each file that was found, what the last bank says of it, if its size and time are the
 * same.
 */
async function unchanged(found: readonly FoundNoise[], bank: Bank | undefined): Promise<(NoiseFile | undefined)[]> {
  const files = new Array<NoiseFile | undefined>(found.length).fill(undefined)
  if (bank === undefined) return files
  const numbers = new Map<string, number>()
  for (let i = 0; i < bank.count; i++) numbers.set(byteText(bank.path(i)), i)
  let next = 0
  const lookUp = async () => {
    while (next < found.length) {
      const place = next++
      const file = found[place]
      const known = numbers.get(byteText(systemPath(file.path)))
      if (known === undefined) continue
      const facts = await statAsync(file.path as string).catch(() => undefined)
      const size = bank.size(known)
      const modified = bank.modified(known)
      if (facts?.size !== size || Math.abs(1000 * facts.mtimeMs - modified) > SAME_TIME) continue
      const frames = bank.frames(known)
      const sampleRate = bank.sampleRate(known)
      files[place] = { ...file, size, modified, frames, sampleRate, channels: bank.channels(known) }
    }
  }
  await Promise.all(Array.from({ length: LOOKED_UP }, lookUp))
  return files
}

/** What a header says, or why it cannot be used. */
type Header =
  | { readonly file: NoiseFile; readonly error?: undefined }
  | { readonly file?: undefined; readonly error: NoisemillError }

/** Makes a task that reads the headers of noise files. */
function headerTask(): Task<FoundNoise, Header> {
  const { noise } = drawNoise(checkNoiseSpec({ sigma: 0 }, ['sigma']), '', 1)
  return defineTask<FoundNoise, EtlJob, EtlOutcome, Header, Header, Header>({
    work: { kind: 'files' },
    errors: 'collect',
    endsWhenCancelled: true,
    givesValues: false,
    start: () => ({
      copies: 1,
      plan: (found): PlannedHeader => ({ found, job: headerJob(found, noise) }),
      result: (planned, outcome) => headerOf((planned as PlannedHeader).found, outcome),
      fail: (_planned, error) => ({ error }),
      failureOf: ({ error }) => error,
    }),
  })
}

interface PlannedHeader extends Planned<EtlJob, Header> {
  readonly found: FoundNoise
}

/** A job that checks a file, and writes nothing. */
const headerJob = ({ path: input }: FoundNoise, noise: Noise): EtlJob => ({
  input,
  output: '',
  temporary: '',
  overwrite: false,
  free: true,
  follow: true,
  fsync: false,
  dryRun: true,
  strict: false,
  verify: false,
  noise,
})

function headerOf(found: FoundNoise, outcome: EtlOutcome): Header {
  if ('failure' in outcome) {
    const { code, detail, errno, cause } = outcome.failure
    const details = {
      path: showPath(found.path),
      ...(detail !== '' && { received: detail }),
      ...(errno !== '' && { errno }),
    }
    return { error: new NoisemillError(code as ErrorCode, { ...details, cause }) }
  }
  const { bytesIn: size, modified, frames, sampleRate, channels } = outcome.figures
  if (frames === 0) return { error: new NoisemillError('E_NOISE_EMPTY', { path: showPath(found.path) }) }
  return { file: { ...found, size, modified, frames, sampleRate, channels } }
}

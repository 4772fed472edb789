/** `replay`, which makes the outputs of a run again from the rows of its report. The command line calls it. */

import {
  type AddNoiseOptions,
  checkOut,
  checkRun,
  type FolderRun,
  type FolderRunOptions,
  RUN_OPTIONS,
  refuseNoiseIn,
  runOnPool,
} from './add.js'
import { checkKeys, checkObject } from './checks.js'
import { invalidOption, NoisemillError } from './errors.js'
import { refuseOutside } from './files/clashes.js'
import { flatten } from './files/flatten.js'
import { KnownOutputs } from './files/foreign.js'
import { Fingerprints, within } from './files/listed.js'
import { isLink, makeFolder, type Variants } from './files/outputs.js'
import {
  type FilePath,
  joinPath,
  joinSlashed,
  nameOf,
  pathFromCaller,
  pathToBytes,
  showPath,
  splitPath,
} from './files/paths.js'
import { byStem, outputFolders } from './files/stems.js'
import type { Parent } from './files/walk.js'
import { checkFolder, checkNoiseOptions, type NoiseOptions } from './plan/options.js'
import type { FileResult } from './plan/results.js'
import {
  type LeftOutRow,
  type ReplayItem,
  type ReplaySpec,
  RowChecker,
  type RowOutput,
  replayTask,
} from './plan/rows.js'
import { type Items, isItems } from './pool/source.js'
import { type NumberedRow, notRow, readRows, rowFields } from './record/row-reader.js'

/**
 * Options of `replay`.
 *
 * @example
 * import { addNoiseToFiles, replay, type ReplayOptions } from 'noisemill'
 *
 * const rows: object[] = []
 * for await (const row of addNoiseToFiles('speech', { out: 'noisy', snr: [5, 20], seed: 1 })) rows.push(row)
 * const options: ReplayOptions = { out: 'noisy', verify: true }
 * for await (const { status } of replay(rows, options)) console.log(status)
 * // -> verified
 * // -> verified
 */
export interface ReplayOptions
  extends Pick<NoiseOptions, 'overwrite' | 'fsync' | 'verify'>,
    Pick<AddNoiseOptions, 'out' | 'size' | 'backend' | 'kernel' | 'pool' | 'chunkSize' | 'signal' | 'onReport'> {
  /**
   * Folder that has the inputs: that of a row is its key below this folder. By default, inputs are where the rows say, and
   * relative paths begin in the current folder.
   */
  readonly root?: string | URL
  /**
   * Folder that has the noise files: each folder, file, glob or list of a row is in it, under its last name. By default, noise
   * files are where the rows say.
   */
  readonly noiseRoot?: string | URL
  /** Called at the end of a run with `verify`, with each WAV file of the output folder that no row leads to. */
  readonly onForeign?: (path: string) => void
  /**
   * Called with the number of a row that is not replayed, from 1, and the reason: its output 'failed' or was 'omitted', the
   * row is a 'repeat' of an earlier one, or it was 'cut' when its run was killed.
   */
  readonly onLeftOut?: (row: number, reason: 'failed' | 'omitted' | 'repeat' | 'cut') => void
}

const CALLBACKS = ['onForeign', 'onLeftOut', 'onReport']
const SPEC = ['out', 'overwrite', 'fsync', 'verify']

/**
 * Makes the outputs of a run again, with the same bytes, from the rows of its report. Yields a result for each, in the
 * order in which they finish. Inputs must have the size and the number of frames that the rows say, and the noise their
 * level and power. If they do not, the output fails and is not written. There is no journal.
 *
 * @param rows path of a report of JSON lines, or the rows themselves: results, or what JSON makes of them. They are read to
 * their end before anything is written.
 * @throws NoisemillError for wrong options; E_REPLAY_ROWS and E_REPLAY_ROW; E_NO_INPUT if there is nothing to replay;
 * E_NOISE_BANK and E_OUTPUT_FOLDER
 * @example
 * import { readFileSync } from 'node:fs'
 * import { addNoiseToFiles, replay } from 'noisemill'
 *
 * const rows: object[] = []
 * for await (const row of addNoiseToFiles('speech', { out: 'noisy', snr: [5, 20], seed: 1 })) rows.push(row)
 * for await (const { output, key } of replay(rows, { out: 'again' }))
 *   console.log(readFileSync(output).equals(readFileSync(`noisy/${key}`)))
 * // -> true
 * // -> true
 */
export async function* replay(
  rows: string | URL | Items<object>,
  options: ReplayOptions,
): AsyncGenerator<FileResult, void, undefined> {
  for await (const results of replayInGroups(rows, options)) for (const result of results) yield result
}

/** Does what `replay` does, and yields several results at a time. `onCount` gets the number of outputs, if it is known. */
export async function* replayInGroups(
  rows: unknown,
  options: ReplayOptions,
  onCount: (outputs: number, seeds: ReadonlySet<string>) => void = () => {},
): AsyncGenerator<readonly FileResult[], void, undefined> {
  yield* runOnPool(await planReplay(rows, options, onCount), options as FolderRunOptions)
}

/** An output has one name, which its row says. */
const ONE: Variants = { copies: 1, labels: [] }

async function planReplay(
  rows: unknown,
  options: unknown,
  onCount: (outputs: number, seeds: ReadonlySet<string>) => void,
): Promise<FolderRun> {
  checkObject('options', options)
  checkKeys(options, [...SPEC, 'root', 'noiseRoot', ...RUN_OPTIONS, ...CALLBACKS])
  checkRun(options, CALLBACKS)
  const { onLeftOut, onForeign } = options as unknown as ReplayOptions
  const out = checkOut(options.out)
  const spec: ReplaySpec = { ...Object.fromEntries(SPEC.map((name) => [name, options[name]])), out }
  // What rows decide does not matter here.
  const settings = checkNoiseOptions({ ...spec, root: options.root as string, sigma: 0 })
  const source = await sourceOf(rows)
  const known = rowFields()
  const fail = (number: number, received: string) => notRow(source.file, number, received)
  const checker = new RowChecker(spec, settings.root, checkFolder('noiseRoot', options.noiseRoot), known, fail)
  await checkAll(source, checker, onCount)
  for (const recorded of checker.recorded) refuseNoiseIn(out, recorded)
  const outputs = settings.verify && onForeign !== undefined ? new KnownOutputs(ONE) : undefined
  async function* prepared() {
    let isFirst = true
    for await (const group of rowOutputs(source, checker, onLeftOut)) {
      if (isFirst && !settings.verify) makeFolder(out, settings.fsync)
      isFirst = false
      yield group
    }
    if (isFirst) throw new NoisemillError('E_NO_INPUT', { path: source.file ?? 'rows', received: NOTHING })
  }
  return { task: replayTask(settings, checker), items: flatten(prepared(), itemOf(out, outputs)), known: outputs }
}

const NOTHING = 'there is no row to replay'

interface RowSource {
  /** Path of the report; undefined for rows of a caller. */
  readonly file: string | undefined
  groups(): AsyncIterable<readonly NumberedRow[]>
}

async function sourceOf(rows: unknown): Promise<RowSource> {
  const file = pathFromCaller(rows)
  if (typeof file === 'string') return { file, groups: () => readRows(file) }
  if (!isItems(rows)) throw invalidOption('rows', 'the path of a report, or rows', rows)
  const all: unknown[] = []
  for await (const row of rows) all.push(row)
  return { file: undefined, groups: () => numbered(all) }
}

/** Rows of an array that are taken at once. */
const GROUP = 1000

async function* numbered(rows: readonly unknown[]): AsyncGenerator<readonly NumberedRow[]> {
  for (let at = 0; at < rows.length; at += GROUP)
    yield rows.slice(at, at + GROUP).map((row, i) => ({ number: at + i + 1, row: row ?? null }))
}

/** Checks all rows, so that nothing is done if one of them is wrong. */
async function checkAll(
  source: RowSource,
  checker: RowChecker,
  onCount: (outputs: number, seeds: ReadonlySet<string>) => void,
): Promise<void> {
  let count = 0
  const seeds = new Set<string>()
  for await (const group of rowOutputs(source, checker)) {
    count += group.length
    for (const { settings } of group) seeds.add(String(settings.noise.seed))
  }
  onCount(count, seeds)
}

/** An output of a row, or its failure. */
type Found = RowOutput & { readonly failure?: NoisemillError }

/** Yields the outputs of rows in groups. Of two rows with the same output, the first gets it. */
async function* rowOutputs(
  source: RowSource,
  checker: RowChecker,
  onLeftOut: ReplayOptions['onLeftOut'] = () => {},
): AsyncGenerator<readonly Found[]> {
  const names = new Fingerprints()
  for await (const group of source.groups()) {
    const found: Found[] = []
    for (const numberedRow of group) {
      const checked = checker.check(numberedRow)
      if (checked === undefined) continue
      if (isLeftOut(checked)) {
        onLeftOut(numberedRow.number, checked.leftOut)
        continue
      }
      const claims = pathsOf(checked).map((file) =>
        names.claim(pathToBytes(file).toString('latin1'), identityOf(checked)),
      )
      const claimed = claims.find((claim) => claim !== undefined)
      if (claimed === 'same') onLeftOut(numberedRow.number, 'repeat')
      else if (claimed === undefined) found.push(checked)
      else {
        const failure = new NoisemillError('E_OUTPUT_CLASH', { path: showPath(checked.relative) })
        found.push({ ...checked, failure })
      }
    }
    if (found.length > 0) yield found
  }
}

const isLeftOut = (checked: RowOutput | LeftOutRow): checked is LeftOutRow => 'leftOut' in checked

/** Returns the paths of the mixture and its stems below the output folder. */
const pathsOf = ({ settings, relative }: RowOutput): FilePath[] =>
  outputFolders(settings.stems).map((folder) => joinSlashed(folder, relative))

/** Returns what is equal for rows that stand for the same output. */
function identityOf({ input, key, copy, snr, settings }: RowOutput): string {
  const { asked, kind, parameters, seed } = settings.noise
  const text = JSON.stringify([settings.stems, asked, kind, parameters, String(seed), copy, snr, nameOf(input)])
  return `${Buffer.from(text).toString('latin1')}\0${pathToBytes(key).toString('latin1')}`
}

/** Makes the function that gives outputs their paths. */
function itemOf(out: string, known: KnownOutputs | undefined) {
  const outputOutside = refuseOutside(out)
  const isInOut = within(out)
  return (of: Found): ReplayItem => {
    const { input, key, relative } = of
    const { folder, name } = splitPath(relative)
    const { folder: inputFolder } = splitPath(input)
    const parent: Parent = { path: inputFolder, relative: folder }
    for (const file of pathsOf(of)) known?.add(file, false)
    const { stems } = of.settings
    const folders = outputFolders(stems)
    const belowOf = (top: string) => (folder.length === 0 ? top : joinSlashed(top, folder))
    const placeOf = (top: string) => (belowOf(top).length === 0 ? out : joinPath(out, belowOf(top)))
    // An output could otherwise replace the input of a later row.
    const isOutput = isInOut(inputFolder) || (isLink(input) && isInOut(input))
    const failure =
      of.failure ??
      (isOutput
        ? new NoisemillError('E_INPUT_IN_OUTPUT', { path: showPath(input) })
        : folders.map((top) => outputOutside(belowOf(top))).find((outside) => outside !== undefined))
    const place = placeOf(folders[0])
    const stemFolders = byStem(stems, placeOf)
    return { input, key, parent, output: joinPath(place, name), folder: place, name, stemFolders, failure, of }
  }
}

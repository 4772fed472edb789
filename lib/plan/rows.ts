/** Reads what a run is made of from the rows of its report, and makes a task that runs it again. */

import path from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { STREAM_VERSION } from '../core/noise/keys.js'
import { NoisemillError } from '../errors.js'
import { byteText, type FilePath, hasNul, isBelow, joinPath, pathFromBytes, splitPath } from '../files/paths.js'
import { isJournalName } from '../record/journal-files.js'
import type { NumberedRow } from '../record/row-reader.js'
import { defineTask, type RunTask } from '../task.js'
import { NoiseBanks } from './bank.js'
import type { Drawn, Located, WalkedItem } from './file-run.js'
import type { DrawnLayer } from './layers.js'
import { type NoiseFacts, NoiseRun, type NoiseTask, type NoiseWork } from './noise-task.js'
import { checkNoiseOptions, drawNoise, type NoiseOptions, type NoiseSettings, SPEC_OPTIONS } from './options.js'

/** An output that a row is about. */
export interface RowOutput {
  readonly input: FilePath
  readonly key: FilePath
  readonly copy: number
  /** Path of the output below the output folder, with '/' between names. */
  readonly relative: FilePath
  readonly settings: NoiseSettings
  /** The noise files of the layers, once they are indexed. */
  readonly banks: NoiseBanks
  /** The SNR of this output, if each of several has an output. */
  readonly snr: number | undefined
  readonly expected: NonNullable<NoiseWork['expected']>
}

/** A row that is not replayed, because its output was not made. */
export interface LeftOutRow {
  /** The status of the row, or 'cut' if the run was killed while it wrote it. */
  readonly leftOut: 'failed' | 'omitted' | 'cut'
}

/** An output to make again, with all its paths. */
export interface ReplayItem extends WalkedItem {
  readonly output: FilePath
  readonly of: RowOutput
}

/** Options that are the same for all rows. */
export type ReplaySpec = Pick<NoiseOptions, 'out' | 'overwrite' | 'fsync' | 'verify'>

/** Options of noise that rows have in fields of their own, and not in `asked`. */
const OWN_FIELDS: readonly string[] = ['seed', 'kind', 'parameters']
const MADE: readonly unknown[] = ['done', 'planned', 'verified', 'skipped']
/** Settings of rows that are kept, if they have no recordings. Most reports have one. */
const KEPT_SETTINGS = 1000
const MAX_COPY = 1_000_000

type Fields = Readonly<Record<string, unknown>>

/** Settings that rows share. */
interface Shared {
  readonly settings: NoiseSettings
  readonly banks: NoiseBanks
  /** The hash of the noise files of each layer, by its place, and the number of the row that first has it. */
  readonly hashes: Map<number, { readonly hash: string; readonly number: number }>
}

/** Checks rows. Its errors are thrown by `fail`. */
export class RowChecker {
  readonly #generated = new Map<string, Shared>()
  readonly #recorded = new Map<string, Shared>()

  /**
   * @param known names of the fields that rows have
   * @param root folder that has the inputs, in place of the recorded ones
   * @param noiseRoot folder that has the noise files, in place of the recorded ones
   */
  constructor(
    readonly spec: ReplaySpec,
    readonly root: string | undefined,
    readonly noiseRoot: string | undefined,
    readonly known: ReadonlySet<string>,
    readonly fail: (number: number, received: string) => NoisemillError,
  ) {}

  /** Returns the output of a row, or why it has none. Undefined for lines of `--json` that are not about outputs. */
  check({ number, row }: NumberedRow): RowOutput | LeftOutRow | undefined {
    const refuse = (received: string) => this.fail(number, received)
    if (row === undefined) return { leftOut: 'cut' }
    if (typeof row !== 'object' || row === null || Array.isArray(row)) throw refuse('it is not an object')
    const { type = 'file', ...fields } = row as Fields
    if (type === 'summary' || type === 'foreign') return undefined
    const unknown = Object.keys(fields).find((name) => !this.known.has(name))
    if (unknown !== undefined || type !== 'file') throw refuse(`it has an unknown field ${unknown ?? 'type'}`)
    const { status, stream } = fields
    if (stream !== STREAM_VERSION)
      throw refuse(`its noise is of version ${text(stream)}, and this noisemill makes version ${STREAM_VERSION}`)
    if (status === 'failed' || status === 'omitted') return { leftOut: status }
    if (!MADE.includes(status)) throw refuse(`its status is ${text(status)}`)
    const shared = this.#sharedOf(fields, refuse)
    const { settings, banks } = shared
    const key = pathIn(fields, 'key', refuse)
    const { copy } = fields
    if (!(Number.isInteger(copy) && (copy as number) >= 1 && (copy as number) <= MAX_COPY))
      throw refuse(`its copy is ${text(copy)}`)
    const snr = snrIn(fields, settings, refuse)
    const { drawn, layers } = drawNoise(settings.noise, key, copy as number, [], snr)
    if (!isDeepStrictEqual(drawn, fields.drawn))
      throw refuse(`it has drawn ${text(fields.drawn)}, but its settings and its key give ${text(drawn)}`)
    checkLayers(fields, shared, layers, number, refuse)
    return {
      input: this.#inputOf(fields, key, refuse),
      key,
      copy: copy as number,
      relative: relativeIn(fields, key, refuse),
      settings,
      banks,
      snr,
      expected: {
        bytesIn: figureIn(fields, 'bytesIn', refuse),
        frames: figureIn(fields, 'frames', refuse),
        sigma: figureIn(fields, 'sigma', refuse),
        noiseRms: figureIn(fields, 'noiseRms', refuse),
      },
    }
  }

  /**
   * Indexes the noise files of all rows that were checked. Throws E_REPLAY_ROW if they are not those of a row, and what
   * indexing throws.
   */
  async index(run: RunTask): Promise<void> {
    for (const { settings, banks, hashes } of this.#recorded.values()) {
      await banks.index(run)
      const isOwn = () => Array.from(hashes).every(([place, { hash }]) => banks.all[place]?.hash === hash)
      // Rows do not say whether their run followed links.
      if (!isOwn()) await banks.index(run, { follow: false })
      for (const [place, { hash, number }] of hashes) {
        if (banks.all[place]?.hash === hash) continue
        const { name, recorded } = settings.noise.layers[place]
        const files = `the noise files ${recorded!.sources.join(', ')}${name === '' ? '' : ` of its layer ${name}`}`
        throw this.fail(number, `${files} are not those that it was made with`)
      }
    }
  }

  /** The settings with recordings, of all rows that were checked. */
  get recorded(): NoiseSettings[] {
    return Array.from(this.#recorded.values(), ({ settings }) => settings)
  }

  #sharedOf(fields: Fields, refuse: Refuse): Shared {
    const { asked, kind, parameters, seed, stems } = fields
    const name = JSON.stringify([asked, kind, parameters, seed, Object.keys(Object(stems))])
    const found = this.#generated.get(name) ?? this.#recorded.get(name)
    if (found !== undefined) return found
    const settings = this.#settingsOf(fields, refuse)
    const shared = { settings, banks: new NoiseBanks(settings.noise, settings), hashes: new Map() }
    const hasRecordings = settings.noise.layers.some(({ recorded }) => recorded !== undefined)
    const kept = hasRecordings ? this.#recorded : this.#generated
    if (this.#generated.size === KEPT_SETTINGS) this.#generated.clear()
    kept.set(name, shared)
    return shared
  }

  #settingsOf({ asked, kind, parameters, seed, stems = {} }: Fields, refuse: Refuse): NoiseSettings {
    if (typeof asked !== 'object' || asked === null) throw refuse(`it has asked ${text(asked)}`)
    const foreign = Object.keys(asked).find((option) => !SPEC_OPTIONS.includes(option) || OWN_FIELDS.includes(option))
    if (foreign !== undefined) throw refuse(`it has asked for an unknown option ${foreign}`)
    if (typeof seed !== 'string') throw refuse(`its seed is ${text(seed)}`)
    if (typeof stems !== 'object' || stems === null) throw refuse(`it has stems ${text(stems)}`)
    // Recordings and layers have kinds that are no options.
    const generated = 'noise' in asked || 'layers' in asked ? {} : { kind, parameters }
    try {
      const settings = checkNoiseOptions({
        ...this.spec,
        ...asked,
        ...generated,
        seed,
        stems: Object.keys(stems),
      } as NoiseOptions)
      if (settings.noise.kind !== kind) throw refuse(`its kind is ${text(kind)}, and not ${settings.noise.kind}`)
      return this.noiseRoot === undefined ? settings : withNoiseIn(this.noiseRoot, settings)
    } catch (error) {
      if (error instanceof NoisemillError && error.code !== 'E_REPLAY_ROW') throw refuse(error.message)
      throw error
    }
  }

  #inputOf(fields: Fields, key: FilePath, refuse: Refuse): FilePath {
    const input = pathIn(fields, 'input', refuse)
    if (this.root === undefined) return input
    if (!isBelow(key)) throw refuse(`its key ${text(fields.key)} is not a path below a root`)
    return joinPath(this.root, key)
  }
}

/** Returns settings whose noise files are in another folder, under their last names. */
function withNoiseIn(folder: string, settings: NoiseSettings): NoiseSettings {
  const moved = (source: string) => path.join(folder, path.basename(source))
  const layers = settings.noise.layers.map(({ recorded, ...layer }) => ({
    ...layer,
    recorded: recorded && { ...recorded, sources: recorded.sources.map(moved) },
  }))
  return { ...settings, noise: { ...settings.noise, layers } }
}

type Refuse = (received: string) => NoisemillError

const text = (value: unknown): string => (value === undefined ? 'missing' : JSON.stringify(value))

/** Reads a path or a key. If it cannot be shown exactly, the row has its bytes too. */
function pathIn(fields: Fields, name: string, refuse: Refuse): FilePath {
  const { [name]: shown, [`${name}Base64`]: encoded } = fields
  if (typeof shown !== 'string') throw refuse(`its ${name} is ${text(shown)}`)
  if (encoded !== undefined && typeof encoded !== 'string') throw refuse(`its ${name}Base64 is ${text(encoded)}`)
  const file = encoded === undefined ? shown : pathFromBytes(Buffer.from(encoded, 'base64'))
  if (file.length === 0 && name !== 'key') throw refuse(`its ${name} is empty`)
  if (hasNul(file) && name !== 'key') throw refuse(`its ${name} has a NUL`)
  return file
}

function figureIn(fields: Fields, name: string, refuse: Refuse): number | null {
  const figure = fields[name]
  if (figure !== null && !(typeof figure === 'number' && figure >= 0)) throw refuse(`its ${name} is ${text(figure)}`)
  return figure
}

/** Returns the SNR of an output, if each of several has one. */
function snrIn({ drawn }: Fields, { noise }: NoiseSettings, refuse: Refuse): number | undefined {
  if (noise.each.length === 0) return undefined
  const snr: unknown = Object(drawn).snr
  if (!noise.each.includes(snr as number)) throw refuse(`its SNR ${text(snr)} is none of those that it has asked for`)
  return snr as number
}

/** Checks the layers of a row, and remembers the hashes of their noise files. */
function checkLayers(
  { layers: told = [] }: Fields,
  { settings: { noise }, hashes }: Shared,
  drawn: readonly DrawnLayer[],
  number: number,
  refuse: Refuse,
): void {
  const shown = (layer: unknown) => ({ name: Object(layer).name, drawn: Object(layer).drawn })
  // A single generated noise is no layer.
  const isTold = noise.isLayered || noise.layers[0].recorded !== undefined
  const expected = isTold ? drawn.map(({ settings: { name }, drawn }) => ({ name, drawn })) : []
  if (!Array.isArray(told) || !isDeepStrictEqual(told.map(shown), expected))
    throw refuse('its layers are not those that its settings and its key give')
  for (const [i, { bank }] of told.entries()) {
    const place = noise.layers.indexOf(drawn[i].settings)
    if (noise.layers[place].recorded === undefined) continue
    if (typeof bank !== 'string') throw refuse(`the hash of its noise files is ${text(bank)}`)
    const { hash } = hashes.get(place) ?? { hash: bank }
    if (hash !== bank) throw refuse('it has other noise files than an earlier row with the same settings')
    if (!hashes.has(place)) hashes.set(place, { hash, number })
  }
}

/**
 * Returns the path of an output below its output folder. Rows do not say what that folder was. The files of folders have
 * outputs in the folder of their keys, and others have none below it.
 */
function relativeIn(fields: Fields, key: FilePath, refuse: Refuse): FilePath {
  const output = byteText(pathIn(fields, 'output', refuse))
  // The row may be of Windows.
  const places = (byteText(key).includes('\\') ? output : output.replaceAll('\\', '/')).split('/')
  const name = places.at(-1)!
  const folder = byteText(splitPath(key).folder)
  const isInFolder = folder !== '' && `/${places.slice(0, -1).join('/')}`.endsWith(`/${folder}`)
  const relative = pathFromBytes(Buffer.from(isInFolder ? `${folder}/${name}` : name, 'latin1'))
  if (!isBelow(relative) || isJournalName(name))
    throw refuse(`its output ${text(fields.output)} has no name for a file`)
  return relative
}

/**
 * Makes a task that makes the outputs of rows again. Its items are `ReplayItem`s.
 *
 * @param checker the one that has checked all rows
 */
export function replayTask(settings: NoiseSettings, checker: RowChecker): NoiseTask {
  return defineTask({
    work: { kind: 'files' },
    errors: 'collect',
    endsWhenCancelled: true,
    givesValues: false,
    start: () => new ReplayRun(settings, checker),
  })
}

/** A noise task whose items have their own settings. */
class ReplayRun extends NoiseRun {
  constructor(
    settings: NoiseSettings,
    readonly checker: RowChecker,
  ) {
    super(settings, { isWalked: true })
  }

  override prepare(run: RunTask): Promise<void> {
    return this.checker.index(run)
  }

  protected override draw(item: Located): Drawn<NoiseFacts, NoiseWork> {
    const { settings, banks, key, copy, snr, expected } = (item as ReplayItem).of
    const { noise, drawn, layers } = drawNoise(settings.noise, key, copy, banks.all, snr)
    return { facts: { drawn, layers, settings, copy }, work: { noise, verify: settings.verify, expected } }
  }
}

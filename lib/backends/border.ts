/**
 * Packs jobs for the addon and reads its outcomes. Many fields are packed into few JavaScript
 * values, because each value that crosses costs about as much as reading the header of a small
 * file. Fields have names, and the addon exports the order in which it reads and writes them. An
 * addon whose names differ is not loaded. native/values.cc is the other side.
 */

import { toNamespacedPath } from 'node:path'
import type { EtlFigures, EtlJob, EtlWarning } from '../core/etl.js'
import type { FilePath } from '../core/files.js'
import type { LayerFigures } from '../core/measuring.js'
import { allKinds } from '../core/noise/kinds.js'
import {
  clipPolicies,
  type Layer,
  type LayerLevel,
  type Noise,
  outputLevels,
  silentPolicies,
  snrReferences,
  type Take,
} from '../core/noise/noise.js'
import { balances, fits } from '../core/noise/recorded.js'
import { downmixes } from '../core/noise/recording.js'
import type { SliceJob } from '../core/slice.js'
import type { PartTally, Pass } from '../core/transform.js'
import { codecs } from '../core/wav/codecs.js'
import { sampleFormats } from '../core/wav/samples.js'

/** The names of fields in the addon, each list in the addon's order. */
export interface Contract {
  readonly fileTexts: readonly string[]
  readonly fileNumbers: readonly string[]
  readonly sliceNumbers: readonly string[]
  readonly noiseNumbers: readonly string[]
  readonly layerTexts: readonly string[]
  readonly layerNumbers: readonly string[]
  readonly levelNumbers: readonly string[]
  readonly takeNumbers: readonly string[]
  readonly figures: readonly string[]
  readonly tally: readonly string[]
  /** The position of a warning is the number of its bit. */
  readonly warnings: readonly string[]
  readonly sampleFormats: readonly string[]
  readonly codecs: readonly string[]
  readonly kinds: readonly string[]
}

/** Packed jobs of one kind. Their memory is used again for the next ones. */
export interface PackedJobs {
  readonly count: number
  /**
   * The texts of each job, then those of its layers of noise, in UTF-8 or as the bytes of a path. Each
   * ends with a NUL.
   */
  readonly texts: Uint8Array
  /**
   * The numbers of each job and of its noise, then the number of its layers, then for each layer its
   * numbers, the number of its parameters and the parameters. A slice then has the levels of the layers.
   */
  readonly numbers: Float64Array
}

/**
 * Packed slices. The addon works in their memory, which must not be detached or resized before the
 * jobs have ended.
 */
export interface PackedSlices extends PackedJobs {
  readonly bytes: readonly Uint8Array[]
}

type Fields<Job, Value> = Readonly<Record<string, (job: Job) => Value>>

const fileTexts: Fields<EtlJob, FilePath> = {
  input: ({ input }) => input,
  output: ({ output }) => output,
  temporary: ({ temporary }) => temporary,
  clean: ({ stems }) => stems?.clean?.output ?? '',
  cleanTemporary: ({ stems }) => stems?.clean?.temporary ?? '',
  noise: ({ stems }) => stems?.noise?.output ?? '',
  noiseTemporary: ({ stems }) => stems?.noise?.temporary ?? '',
}

const fileNumbers: Fields<EtlJob, number> = {
  overwrite: ({ overwrite }) => Number(overwrite),
  free: ({ free }) => Number(free),
  follow: ({ follow }) => Number(follow),
  fsync: ({ fsync }) => Number(fsync),
  dryRun: ({ dryRun }) => Number(dryRun),
  strict: ({ strict }) => Number(strict),
  verify: ({ verify }) => Number(verify),
  expectedBytesIn: ({ expected }) => expected?.bytesIn ?? Number.NaN,
  expectedFrames: ({ expected }) => expected?.frames ?? Number.NaN,
  expectedSigma: ({ expected }) => expected?.sigma ?? Number.NaN,
  expectedNoiseRms: ({ expected }) => expected?.noiseRms ?? Number.NaN,
}

/** Passes, in the order of native/core/transform.h. */
const passes: readonly Pass[] = ['measure', 'survey', 'write']

const sliceNumbers: Fields<SliceJob, number> = {
  format: ({ format }) => sampleFormats.findIndex(({ name }) => name === format),
  channels: ({ channels }) => channels,
  sampleRate: ({ sampleRate }) => sampleRate,
  bigEndian: ({ bigEndian }) => Number(bigEndian),
  validBits: ({ validBits }) => validBits,
  frames: ({ frames }) => frames,
  firstFrame: ({ firstFrame }) => firstFrame,
  pass: ({ pass }) => passes.indexOf(pass),
  measured: ({ measured }) => measured,
  take: ({ take }) => take,
  activity: ({ activity }) => Number(activity),
  gain: ({ gain }) => gain,
}

const noiseNumbers: Fields<Noise, number> = {
  keyLow: ({ key }) => key.low,
  keyHigh: ({ key }) => key.high,
  output: ({ output }) => outputLevels.indexOf(output.kind),
  target: ({ output }) => output.target,
  reference: ({ mixing }) => snrReferences.indexOf(mixing.reference),
  clip: ({ mixing }) => clipPolicies.indexOf(mixing.clip),
  ceiling: ({ mixing }) => mixing.ceiling,
  dither: ({ mixing }) => Number(mixing.dither),
  silent: ({ mixing }) => silentPolicies.indexOf(mixing.silent),
}

const layerTexts: Fields<Layer, string> = {
  kind: ({ kind }) => kind,
  bank: ({ recorded }) => (recorded === undefined ? '' : toNamespacedPath(recorded.bank)),
}

const layerNumbers: Fields<Layer, number> = {
  keyLow: ({ key }) => key.low,
  keyHigh: ({ key }) => key.high,
  isSnr: ({ level }) => Number(level.kind === 'snr'),
  level: ({ level }) => level.deviation,
  exact: ({ exact }) => Number(exact),
  fit: ({ recorded }) => (recorded === undefined ? 0 : fits.indexOf(recorded.fit)),
  balance: ({ recorded }) => (recorded === undefined ? 0 : balances.indexOf(recorded.balance)),
  downmix: ({ recorded }) => (recorded === undefined ? 0 : downmixes.indexOf(recorded.downmix)),
  voices: ({ recorded }) => recorded?.voices ?? 0,
  gapLow: ({ recorded }) => recorded?.gap?.[0] ?? Number.NaN,
  gapHigh: ({ recorded }) => recorded?.gap?.[1] ?? Number.NaN,
}

const levelNumbers: Fields<LayerLevel, number> = {
  sigma: ({ sigma }) => sigma,
  deviation: ({ deviation }) => deviation,
}

const takeNumbers: Fields<Take, number> = {
  draw: ({ draw }) => draw,
  gain: ({ gain }) => gain,
}

/** Figures that cross as one number each. */
type FixedFigures = Omit<EtlFigures, 'layers'>

/** Every figure of a file but those of its layers. It is a Record, so that TypeScript reports a missing one. */
const figures: Readonly<Record<keyof FixedFigures, true>> = {
  format: true,
  codec: true,
  channels: true,
  sampleRate: true,
  frames: true,
  sigma: true,
  gain: true,
  peak: true,
  activePower: true,
  activity: true,
  signalEnergy: true,
  noiseEnergy: true,
  clipped: true,
  nonFinite: true,
  bytesIn: true,
  modified: true,
  bytesOut: true,
  seconds: true,
  warnings: true,
}

const tally: { readonly [Name in keyof PartTally]: true } = {
  signal: true,
  noise: true,
  mixture: true,
  clipped: true,
  nonFinite: true,
  peak: true,
  activity: true,
}

/** Every warning of core. It is a Record, so that TypeScript reports a missing one. */
const warnings: Readonly<Record<EtlWarning, true>> = {
  W_SIZE_UNKNOWN: true,
  W_DATA_CUT_SHORT: true,
  W_PARTIAL_FRAME: true,
  W_TRAILING_BYTES: true,
  W_BYTE_RATE: true,
  W_BLOCK_ALIGN: true,
  W_SILENT: true,
  W_NO_ACTIVITY: true,
  W_NOISE_RATE: true,
  W_NO_EVENTS: true,
  W_NO_HARD_LINKS: true,
  W_NON_FINITE: true,
}

/** Returns why an addon with these names does not fit this code; undefined if it fits. */
export function contractFault(contract: Contract | undefined): string | undefined {
  if (contract === undefined) return 'it was built for another version of noisemill'
  const own: { readonly [List in keyof Contract]: readonly string[] } = {
    fileTexts: Object.keys(fileTexts),
    fileNumbers: Object.keys(fileNumbers),
    sliceNumbers: Object.keys(sliceNumbers),
    noiseNumbers: Object.keys(noiseNumbers),
    layerTexts: Object.keys(layerTexts),
    layerNumbers: Object.keys(layerNumbers),
    levelNumbers: Object.keys(levelNumbers),
    takeNumbers: Object.keys(takeNumbers),
    figures: Object.keys(figures),
    tally: Object.keys(tally),
    warnings: Object.keys(warnings),
    sampleFormats: sampleFormats.map(({ name }) => name),
    codecs: codecs.map(({ name }) => name),
    kinds: allKinds.map(({ name, parameters }) => `${name} ${parameters.length}`),
  }
  for (const [list, names] of Object.entries(own)) {
    const others = contract[list as keyof Contract] ?? []
    const lacking = names.find((name) => !others.includes(name)) ?? others.find((name) => !names.includes(name))
    if (lacking !== undefined) return `it was built for another version of noisemill: ${list} differ in "${lacking}"`
  }
  // Formats and codecs cross as their positions in these lists.
  if (contract.sampleFormats.join() !== own.sampleFormats.join()) return 'it has the sample formats in another order'
  if (contract.codecs.join() !== own.codecs.join()) return 'it has the codecs in another order'
  return undefined
}

const inOrder = <Job, Value>(names: readonly string[], fields: Fields<Job, Value>) => names.map((name) => fields[name])

/**
 * Packs jobs and reads outcomes in the order of one addon, whose contract `contractFault` has
 * accepted.
 */
export class Border {
  readonly #contract: Contract
  readonly #fileTexts: readonly ((job: EtlJob) => FilePath)[]
  readonly #fileNumbers: readonly ((job: EtlJob) => number)[]
  readonly #sliceNumbers: readonly ((job: SliceJob) => number)[]
  readonly #noiseNumbers: readonly ((noise: Noise) => number)[]
  readonly #layerTexts: readonly ((layer: Layer) => string)[]
  readonly #layerNumbers: readonly ((layer: Layer) => number)[]
  readonly #levelNumbers: readonly ((level: LayerLevel) => number)[]
  readonly #takeNumbers: readonly ((take: Take) => number)[]
  /** The position of each figure among those of a file. */
  readonly #figures: Readonly<Record<keyof FixedFigures, number>>
  readonly #texts = new Texts()
  readonly #numbers = new Numbers()

  constructor(contract: Contract) {
    this.#contract = contract
    this.#fileTexts = inOrder(contract.fileTexts, fileTexts)
    this.#fileNumbers = inOrder(contract.fileNumbers, fileNumbers)
    this.#sliceNumbers = inOrder(contract.sliceNumbers, sliceNumbers)
    this.#noiseNumbers = inOrder(contract.noiseNumbers, noiseNumbers)
    this.#layerTexts = inOrder(contract.layerTexts, layerTexts)
    this.#layerNumbers = inOrder(contract.layerNumbers, layerNumbers)
    this.#levelNumbers = inOrder(contract.levelNumbers, levelNumbers)
    this.#takeNumbers = inOrder(contract.takeNumbers, takeNumbers)
    const positions = contract.figures.map((name, position) => [name, position])
    this.#figures = Object.fromEntries(positions) as Record<keyof FixedFigures, number>
  }

  packFiles(jobs: readonly EtlJob[]): PackedJobs {
    for (const job of jobs) {
      for (const text of this.#fileTexts) this.#texts.addPath(text(job))
      for (const number of this.#fileNumbers) this.#numbers.add(number(job))
      this.#addNoise(job.noise)
    }
    return this.#take(jobs.length)
  }

  packSlices(jobs: readonly SliceJob[]): PackedSlices {
    for (const job of jobs) {
      for (const number of this.#sliceNumbers) this.#numbers.add(number(job))
      this.#addNoise(job.noise)
      for (const level of job.levels) this.#addLevel(level)
    }
    return { ...this.#take(jobs.length), bytes: jobs.map(({ bytes }) => bytes) }
  }

  #addNoise(noise: Noise): void {
    const numbers = this.#numbers
    const { layers } = noise
    for (const number of this.#noiseNumbers) numbers.add(number(noise))
    numbers.add(layers.length)
    for (const layer of layers) {
      for (const text of this.#layerTexts) this.#texts.add(text(layer))
      for (const number of this.#layerNumbers) numbers.add(number(layer))
      numbers.add(layer.parameters.length)
      for (let i = 0; i < layer.parameters.length; i++) numbers.add(layer.parameters[i])
    }
  }

  #addLevel(level: LayerLevel): void {
    const numbers = this.#numbers
    for (const number of this.#levelNumbers) numbers.add(number(level))
    numbers.add(level.takes.length)
    for (const take of level.takes) for (const number of this.#takeNumbers) numbers.add(number(take))
  }

  #take(count: number): PackedJobs {
    return { count, texts: this.#texts.take(), numbers: this.#numbers.take() }
  }

  /**
   * Reads the figures of a file from those of several.
   *
   * @param layers for each layer of the file its deviation, the number of its pieces, and the file, the first frame and
   * the place of each; undefined if the only layer is generated
   */
  figuresOf(numbers: Float64Array, file: number, layers?: Float64Array): EtlFigures {
    const start = file * this.#contract.figures.length
    const at = this.#figures
    const codec = numbers[start + at.codec]
    const bits = numbers[start + at.warnings]
    // A literal takes a tenth of the time that an object takes whose fields are set by name.
    return {
      format: sampleFormats[numbers[start + at.format]].name,
      // The number is -1 if the samples were not coded.
      codec: codec < 0 ? null : codecs[codec].name,
      channels: numbers[start + at.channels],
      sampleRate: numbers[start + at.sampleRate],
      frames: numbers[start + at.frames],
      sigma: numbers[start + at.sigma],
      layers: layers === undefined ? [] : layersOf(layers),
      gain: numbers[start + at.gain],
      peak: known(numbers[start + at.peak]),
      activePower: known(numbers[start + at.activePower]),
      activity: known(numbers[start + at.activity]),
      signalEnergy: numbers[start + at.signalEnergy],
      noiseEnergy: numbers[start + at.noiseEnergy],
      clipped: numbers[start + at.clipped],
      nonFinite: numbers[start + at.nonFinite],
      bytesIn: numbers[start + at.bytesIn],
      modified: numbers[start + at.modified],
      bytesOut: numbers[start + at.bytesOut],
      seconds: numbers[start + at.seconds],
      warnings: bits === 0 ? [] : (this.#contract.warnings as EtlWarning[]).filter((_, bit) => bits & (1 << bit)),
    }
  }
}

function layersOf(numbers: Float64Array): LayerFigures[] {
  const layers: LayerFigures[] = []
  for (let at = 0; at < numbers.length; ) {
    const deviation = numbers[at++]
    const count = numbers[at++]
    const pieces = Array.from({ length: count }, () => ({
      file: numbers[at++],
      from: numbers[at++],
      at: numbers[at++],
    }))
    layers.push({ deviation, pieces })
  }
  return layers
}

/** Converts a number of the addon, which is NaN if it was not measured. */
const known = (number: number): number | null => (Number.isNaN(number) ? null : number)

/** Collects numbers into one array, in memory that is used again. */
class Numbers {
  #values = new Float64Array(256)
  #count = 0

  add(number: number): void {
    if (this.#count === this.#values.length) {
      const longer = new Float64Array(2 * this.#count)
      longer.set(this.#values)
      this.#values = longer
    }
    this.#values[this.#count++] = number
  }

  take(): Float64Array {
    const count = this.#count
    this.#count = 0
    return this.#values.subarray(0, count)
  }
}

/** Collects texts into one array of bytes, each with a NUL at its end. */
class Texts {
  #texts: string[] = []
  #parts: Uint8Array[] = []
  #bytes = Buffer.alloc(0)

  add(text: string): void {
    this.#texts.push(text)
  }

  addPath(path: FilePath): void {
    // On Windows this gives the form that may be longer than 260 characters, which Node's functions
    // use as well.
    if (typeof path === 'string') this.add(toNamespacedPath(path))
    else this.#parts.push(Buffer.from(this.#text()), path, Buffer.of(0))
  }

  /** Returns all texts, in memory that is used again. */
  take(): Uint8Array {
    const text = this.#text()
    if (this.#parts.length > 0) {
      const parts = this.#parts
      this.#parts = []
      return Buffer.concat([...parts, Buffer.from(text)])
    }
    const length = Buffer.byteLength(text)
    // Fresh memory would take longer than the texts.
    if (length > this.#bytes.length) this.#bytes = Buffer.allocUnsafeSlow(2 * length)
    this.#bytes.write(text)
    return this.#bytes.subarray(0, length)
  }

  #text(): string {
    const texts = this.#texts
    this.#texts = []
    return texts.length === 0 ? '' : `${texts.join('\0')}\0`
  }
}

/**
 * Results of files and of samples in memory: their fields with units, and how they are computed from outcomes. The
 * tables in docs/results.md are made from these declarations.
 */

import type { Activity } from '../core/activity.js'
import type { EtlFigures, EtlOutcome } from '../core/etl.js'
import type { FailureData } from '../core/failure.js'
import { openBank } from '../core/noise/bank.js'
import { STREAM_VERSION } from '../core/noise/keys.js'
import type { ByStem, StemName } from '../core/stems.js'
import type { FileTally } from '../core/transform.js'
import type { CodecName } from '../core/wav/codecs.js'
import type { FrameLayout, SampleFormatName } from '../core/wav/samples.js'
import type { ErrorCode } from '../error-codes.js'
import { NoisemillError } from '../errors.js'
import { type FilePath, pathToBytes, showPath } from '../files/paths.js'
import type { FileWarning } from '../warnings.js'
import type { Asked } from './asked.js'
import type { DrawnLayer } from './layers.js'
import { achievedSnr, CLIPPED_SHARE, type DrawnLevel, SNR_TOLERANCE } from './levels.js'
import type { NoiseSettings, NoiseSpecSettings } from './options.js'

/**
 * The result of one output. Figures that are not known are null: those of failed outputs, and some in a dry run.
 *
 * @example
 * import { addNoiseToFiles, type FileResult } from 'noisemill'
 *
 * const line = (r: FileResult) => (r.status === 'failed' ? `${r.input}: ${r.error.code}` : `${r.output}: ${r.frames}`)
 * for await (const r of addNoiseToFiles('speech/a.wav', { out: 'noisy', snr: 10 })) console.log(line(r))
 * for await (const r of addNoiseToFiles('speech/a.wav', { out: 'noisy', snr: 10 })) console.log(line(r))
 * // -> noisy/a.wav: 1600
 * // -> speech/a.wav: E_OUTPUT_EXISTS
 */
export type FileResult = FinishedFile | FailedFile

/**
 * The result of an output that exists, that would exist without `dryRun`, or that was omitted because the file is silent.
 *
 * @example
 * import { addNoiseToFiles, type FinishedFile } from 'noisemill'
 *
 * const finished: FinishedFile[] = []
 * for await (const r of addNoiseToFiles('speech', { out: 'noisy', snr: 10, dryRun: true })) {
 *   if (r.status !== 'failed') finished.push(r)
 * }
 * console.log(finished.map((r) => r.status)) // -> [ 'planned', 'planned' ]
 */
export interface FinishedFile extends FileFigures {
  /**
   * 'done' if it was written, 'planned' in a dry run, 'verified' if the file that has its name is equal to it, 'skipped' if an earlier run had written it, 'omitted' if nothing was
   * written because the file is silent and `silent` is 'skip'. A skipped output has the figures of the earlier run, or
   * only its sizes if the journal has no figures.
   */
  readonly status: 'done' | 'planned' | 'verified' | 'skipped' | 'omitted'
  /** Only failed outputs have an error. */
  readonly error?: undefined
}

/**
 * The result of an output that failed. A file that had the output's name before is usually unchanged. The complete output
 * may have replaced it if the code is E_OUTPUT_PUBLISH, E_VOLUME_FULL, E_WORKER_DIED, E_BACKEND_FAILED, E_POOL_TERMINATED,
 * E_NO_MEMORY, E_INTERNAL, E_QUEUE, E_MESSAGE_INVALID, E_MESSAGE_SIGNATURE, E_MESSAGE_EXPIRED or E_MACHINES_DIFFER.
 *
 * @example
 * import { writeFileSync } from 'node:fs'
 * import { addNoiseToFiles, type FailedFile } from 'noisemill'
 *
 * writeFileSync('speech/notes.wav', 'no samples at all')
 * const failed: FailedFile[] = []
 * for await (const r of addNoiseToFiles('speech', { out: 'noisy', snr: 10 })) if (r.status === 'failed') failed.push(r)
 * for (const { input, error } of failed) console.log(input, error.code) // -> speech/notes.wav E_WAV_NOT_RIFF
 */
export interface FailedFile extends FileFigures {
  /** 'failed', for the reason in `error`. */
  readonly status: 'failed'
  /** Why the output failed. Its `path` is that of the input or of the output, whichever caused the failure. */
  readonly error: NoisemillError
}

/**
 * The fields that all results of files have.
 *
 * @example
 * import { addNoiseToFiles, type FileFigures } from 'noisemill'
 *
 * const seconds = ({ frames, sampleRate }: FileFigures) => (frames ?? 0) / (sampleRate ?? 1)
 * let total = 0
 * for await (const r of addNoiseToFiles('speech', { out: 'noisy', snr: 10 })) total += seconds(r)
 * console.log(total.toFixed(1), 's') // -> 0.3 s
 */
export interface FileFigures {
  /**
   * Path of the input. Bytes that are not UTF-8, and control characters, are shown as \xHH; `inputBase64` then has the
   * exact bytes.
   */
  readonly input: string
  /** Path of the output, shown like `input`. */
  readonly output: string
  /** What became of the output. */
  readonly status: 'done' | 'planned' | 'verified' | 'skipped' | 'omitted' | 'failed'
  /** Number of frames: samples of one channel. */
  readonly frames: number | null
  /** Number of channels, 1 to 1024. */
  readonly channels: number | null
  /** Frames per second. */
  readonly sampleRate: number | null
  /** Sample format of input and output. If the input is coded, the format of the output. */
  readonly format: SampleFormatName | null
  /** Codec of the input: 'A-law', 'mu-law', 'IMA ADPCM' or 'MS ADPCM'; null if its samples are not coded. */
  readonly codec: CodecName | null
  /** Kind of the noise; 'recording', 'babble' or 'bursts' for recordings, and 'layers' for layers. */
  readonly kind: string
  /** Parameters of the kind, by name. */
  readonly parameters: Readonly<Record<string, number>>
  /** What the options ask for: `{ "snr": 10 }`, or `{ "snr": [5, 20] }` for a range, and what does not have its default. */
  readonly asked: Asked
  /**
   * Levels drawn for this output, `{ "snr": 12.3 }` in decibels or `{ "sigma": 0.1 }`; without a range, the level asked
   * for. Also known in a dry run and for failed outputs.
   */
  readonly drawn: DrawnLevel
  /** Standard deviation of the noise before the gain, clipping and rounding, in full-scale units. */
  readonly sigma: number | null
  /**
   * Root mean square of the noise, measured after the gain, clipping and rounding, in full-scale units; null if no sample
   * is finite.
   */
  readonly noiseRms: number | null
  /**
   * Signal-to-noise ratio in decibels, measured after clipping and rounding, against the power that SNRs refer to; null
   * if signal or noise is zero, and in a dry run.
   */
  readonly snr: number | null
  /**
   * Active speech level of the signal in decibels of full scale, by ITU-T P.56; null without `snrReference` 'active', and
   * if the signal is zero.
   */
  readonly activeLevel: number | null
  /** Share of the time in which the signal is active, from 0 to 1; null if it was not measured or is not known. */
  readonly activity: number | null
  /** Factor that `level` or `clip` 'scale' applied to the mixture; 1 if it was not changed. */
  readonly gain: number | null
  /** Largest magnitude of the mixture before the gain, in full-scale units; null if neither `level` nor `clip` needs it. */
  readonly peak: number | null
  /** Number of samples that clipping changed. */
  readonly clipped: number | null
  /** Size of the input, in bytes. */
  readonly bytesIn: number | null
  /** Size of the output, in bytes. In a dry run, the size that it would have. */
  readonly bytesOut: number | null
  /** Seconds from opening the input to publishing the output. */
  readonly seconds: number | null
  /** Key of the noise: the path relative to the root, or the key of the item. Shown like `input`. */
  readonly key: string
  /** Bytes of the key in base64, if `key` cannot show them exactly. */
  readonly keyBase64?: string
  /** Number of the copy, from 1 to 1,000,000. */
  readonly copy: number
  /** The seed, as text. */
  readonly seed: string
  /** Version of the noise stream: 1. */
  readonly stream: number
  /** The noises that were added up, if they come from `layers` or are recordings; otherwise empty. */
  readonly layers: readonly LayerResult[]
  /** Codes of the warnings about the input and the output. */
  readonly warnings: readonly FileWarning[]
  /** Why the output failed. */
  readonly error?: NoisemillError | undefined
  /** Bytes of the input's path in base64, if `input` cannot show them exactly. */
  readonly inputBase64?: string
  /** Bytes of the output's path in base64, if `output` cannot show them exactly. */
  readonly outputBase64?: string
  /** Paths of the stems, shown like `input`. Missing without the option `stems`. */
  readonly stems?: {
    /** Path of the clean signal at the mixture's scale. */
    readonly clean?: string
    /** Path of the noise. */
    readonly noise?: string
  }
}

/**
 * A warning about samples in memory: any warning except those about the file system, and about what transforms
 * change.
 *
 * @example
 * import { addNoise, type SampleWarning } from 'noisemill'
 *
 * const seen = new Set<SampleWarning>()
 * const onFigures = ({ warnings }: { warnings: readonly SampleWarning[] }) => {
 *   for (const warning of warnings) seen.add(warning)
 * }
 * await addNoise(new Float32Array(100), { snr: 10, onFigures })
 * await addNoise(new Float32Array(100).fill(Number.NaN), { sigma: 0.1, onFigures })
 * console.log([...seen].join(' ')) // -> W_SILENT W_NON_FINITE
 */
export type SampleWarning = Exclude<FileWarning, 'W_NO_HARD_LINKS' | 'W_ROUNDED' | 'W_METADATA_DROPPED'>

/**
 * Figures of noise that was added to samples in memory.
 *
 * @example
 * import { addNoise, type SampleFigures } from 'noisemill'
 *
 * let done: SampleFigures | undefined
 * const onFigures = (figures: SampleFigures) => {
 *   done = figures
 * }
 * await addNoise(new Int16Array(2000).fill(10_000), { snr: 20, channels: 2, onFigures })
 * console.log(done?.format, done?.frames, done?.sigma.toFixed(3)) // -> pcm16 1000 0.031
 */
export interface SampleFigures {
  /** Sample format of the array or file that is returned. */
  readonly format: SampleFormatName
  /** Codec of a file's samples: 'A-law', 'mu-law', 'IMA ADPCM' or 'MS ADPCM'; null if they are not coded. */
  readonly codec: CodecName | null
  /** Number of channels, 1 to 1024. */
  readonly channels: number
  /** Number of frames: samples of one channel. */
  readonly frames: number
  /** Kind of the noise. */
  readonly kind: string
  /** Parameters of the kind, by name. */
  readonly parameters: Readonly<Record<string, number>>
  /** What the options ask for: `{ "snr": 10 }`, or `{ "snr": [5, 20] }` for a range, and what does not have its default. */
  readonly asked: Asked
  /**
   * Levels drawn for these samples, `{ "snr": 12.3 }` in decibels or `{ "sigma": 0.1 }`; without a range, the level
   * asked for.
   */
  readonly drawn: DrawnLevel
  /** Standard deviation of the noise before the gain, clipping and rounding, in full-scale units. */
  readonly sigma: number
  /**
   * Root mean square of the noise, measured after the gain, clipping and rounding, in full-scale units; null if no sample
   * is finite.
   */
  readonly noiseRms: number | null
  /**
   * Signal-to-noise ratio in decibels, measured after clipping and rounding, against the power that SNRs refer to; null
   * if signal or noise is zero.
   */
  readonly snr: number | null
  /**
   * Active speech level of the signal in decibels of full scale, by ITU-T P.56; null without `snrReference` 'active', and
   * if the signal is zero.
   */
  readonly activeLevel: number | null
  /** Share of the time in which the signal is active, from 0 to 1; null if it was not measured or is not known. */
  readonly activity: number | null
  /** Factor that `level` or `clip` 'scale' applied to the mixture; 1 if it was not changed. */
  readonly gain: number
  /** Largest magnitude of the mixture before the gain, in full-scale units; null if neither `level` nor `clip` needs it. */
  readonly peak: number | null
  /** Number of samples that clipping changed. */
  readonly clipped: number
  /** Key of the noise. */
  readonly key: string
  /** The seed, as text. */
  readonly seed: string
  /** Version of the noise stream: 1. */
  readonly stream: number
  /** The noises that were added up, if they come from `layers` or are recordings; otherwise empty. */
  readonly layers: readonly LayerResult[]
  /** Codes of the warnings about the samples. */
  readonly warnings: readonly SampleWarning[]
}

/**
 * One of the noises that were added up.
 *
 * @example
 * import { addNoiseToFiles, type LayerResult } from 'noisemill'
 *
 * const show = ({ name, kind, drawn }: LayerResult) => `${name}: ${kind} at ${drawn.snr} dB`
 * const layers = [{ name: 'hum', kind: 'brown', snr: 20 }]
 * for await (const r of addNoiseToFiles('speech/a.wav', { out: 'noisy', layers })) console.log(show(r.layers[0]))
 * // -> hum: brown at 20 dB
 */
export interface LayerResult {
  /** Name of the layer; '' without the option `layers`. */
  readonly name: string
  /** Kind of the noise; 'recording', 'babble' or 'bursts' for recordings. */
  readonly kind: string
  /** Level drawn for this output. */
  readonly drawn: DrawnLevel
  /** Standard deviation of the noise before the gain, clipping and rounding, in full-scale units; of recordings, their RMS while they are heard. */
  readonly sigma: number | null
  /** Ratio of the signal to this noise in decibels, before clipping and rounding; null if either is zero or not known. */
  readonly snr: number | null
  /** The pieces of recordings that are heard, except events. */
  readonly pieces: readonly NoisePiece[]
  /** Hash of all noise files, in hexadecimal. Only recordings have it. */
  readonly bank?: string
}

/**
 * A piece of a noise file in an output.
 *
 * @example
 * import { writeFileSync } from 'node:fs'
 * import { addNoiseToFiles, type NoisePiece } from 'noisemill'
 *
 * writeFileSync('street.txt', 'speech/b.wav\n')
 * const pieces: NoisePiece[] = []
 * for await (const { layers } of addNoiseToFiles('speech/a.wav', { out: 'noisy', noise: { from: 'street.txt' }, snr: 5 }))
 *   pieces.push(...layers[0].pieces)
 * console.log(pieces[0].file, pieces[0].at) // -> speech/b.wav 0
 */
export interface NoisePiece {
  /** Name of the noise file: its path below its folder, or as a list has it. */
  readonly file: string
  /** First frame of the noise file that is heard. */
  readonly from: number
  /** Frame of the output at which it is heard first. */
  readonly at: number
}

/** The paths of an output. */
interface PlannedPaths {
  readonly input: FilePath
  readonly output: FilePath
  readonly stems?: ByStem<FilePath> | undefined
  readonly key: FilePath
}

/** The facts about an output that are known before its job runs. */
export interface OutputPlan extends PlannedPaths {
  readonly copy: number
  readonly drawn: DrawnLevel
  readonly layers: readonly DrawnLayer[]
  readonly settings: NoiseSettings
}

/** The sums that the RMS of the noise is computed from. Unknown ones are null. */
type NoiseSums = Pick<Learned, 'noiseEnergy' | 'frames' | 'channels' | 'nonFinite'>

type Learning =
  | 'format'
  | 'codec'
  | 'channels'
  | 'sampleRate'
  | 'frames'
  | 'sigma'
  | 'gain'
  | 'clipped'
  | 'nonFinite'
  | 'bytesIn'
  | 'bytesOut'
  | 'seconds'

/** The figures of a job, with null for each that is not known. */
type Learned = Pick<
  EtlFigures,
  'signalEnergy' | 'noiseEnergy' | 'warnings' | 'peak' | 'activePower' | 'activity' | 'layers'
> & {
  readonly [Name in Learning]: EtlFigures[Name] | null
}

const NOTHING: Learned = {
  format: null,
  codec: null,
  channels: null,
  sampleRate: null,
  frames: null,
  sigma: null,
  layers: [],
  gain: null,
  peak: null,
  activePower: null,
  activity: null,
  signalEnergy: 0,
  noiseEnergy: 0,
  clipped: null,
  nonFinite: null,
  bytesIn: null,
  bytesOut: null,
  seconds: null,
  warnings: [],
}

/** Makes the result of an output. Its fields are in the order in which JSON lines show them. */
function resultWith<Status extends FileResult['status']>(plan: OutputPlan, status: Status, learned: Learned) {
  const { asked, seed, kind, parameters } = plan.settings.noise
  // A dry run measures noise of another level, and an omitted output has none.
  const isMeasured = status !== 'planned' && status !== 'omitted'
  const snr = isMeasured ? snrOf(learned) : null
  const odd = oddities(learned.frames, learned.channels, learned.clipped)
  if (isMeasured && !isPartial(plan.layers) && isSnrOff(plan.drawn, snr, learned.signalEnergy)) odd.push('W_SNR_OFF')
  const result: Omit<FileFigures, 'error'> & { readonly status: Status } = {
    input: showPath(plan.input),
    output: showPath(plan.output),
    status,
    frames: learned.frames,
    channels: learned.channels,
    sampleRate: learned.sampleRate,
    format: learned.format,
    codec: learned.codec,
    kind,
    parameters,
    asked,
    drawn: plan.drawn,
    sigma: learned.sigma,
    noiseRms: isMeasured ? noiseRms(learned) : null,
    snr,
    activeLevel: decibelsOf(learned.activePower),
    activity: learned.activity,
    gain: learned.gain,
    peak: learned.peak,
    clipped: isMeasured ? learned.clipped : null,
    bytesIn: learned.bytesIn,
    bytesOut: learned.bytesOut,
    seconds: learned.seconds,
    key: showPath(plan.key),
    copy: plan.copy,
    seed: String(seed),
    stream: STREAM_VERSION,
    layers: layersOf(plan.settings.noise, plan.layers, learned),
    warnings: odd.length > 0 ? [...learned.warnings, ...odd] : learned.warnings,
  }
  return result
}

/**
 * Adds the fields that only some results have. It sets them one by one, because spreading would cost more than the rest
 * of a result.
 */
export function withBytes<Result extends Pick<FileFigures, 'input' | 'output' | 'key'>>(
  result: Result,
  { input, output, stems, key }: PlannedPaths,
): Result {
  const add = (name: string, shown: string, file: FilePath) => {
    if (shown !== file) Object.assign(result, { [name]: pathToBytes(file).toString('base64') })
  }
  add('inputBase64', result.input, input)
  add('outputBase64', result.output, output)
  add('keyBase64', result.key, key)
  if (stems !== undefined) {
    const shown = Object.entries(stems).map(([name, file]) => [name, showPath(file)])
    Object.assign(result, { stems: Object.fromEntries(shown) })
  }
  return result
}

export function failedResult(plan: OutputPlan, error: NoisemillError): FileResult {
  return withBytes({ ...resultWith(plan, 'failed', NOTHING), error }, plan)
}

/** Makes the result of an output that an earlier run has written, from the figures in the journal. */
export function skippedResult(plan: OutputPlan, recorded: Partial<EtlFigures>): FileResult {
  return withBytes(resultWith(plan, 'skipped', { ...NOTHING, ...recorded }), plan)
}

/** Whether a job that succeeded wrote nothing, and would write nothing, because the file is silent. */
export const isOmitted = ({ bytesOut }: EtlFigures): boolean => bytesOut === 0

export function resultOf(plan: OutputPlan, outcome: EtlOutcome): FileResult {
  if ('failure' in outcome) return failedResult(plan, errorOf(plan, outcome.failure))
  const { figures } = outcome
  if (isOmitted(figures)) return withBytes(resultWith(plan, 'omitted', figures), plan)
  return plan.settings.dryRun
    ? withBytes(resultWith(plan, 'planned', { ...figures, clipped: null }), plan)
    : withBytes(resultWith(plan, plan.settings.verify ? 'verified' : 'done', figures), plan)
}

/** Returns the warnings that follow from figures of the samples. A figure that is not known is null. */
function oddities(frames: number | null, channels: number | null, clipped: number | null): SampleWarning[] {
  if (frames === 0) return ['W_EMPTY']
  return clipped !== null && clipped > CLIPPED_SHARE * frames! * channels! ? ['W_CLIPPED'] : []
}

/**
 * Whether the SNR achieved is too far from the one drawn. If rounding has removed all noise there is no SNR, which counts
 * as too far. A silent signal never counts as too far.
 */
function isSnrOff({ snr }: DrawnLevel, achieved: number | null, signalEnergy: number): boolean {
  if (snr === undefined || signalEnergy === 0) return false
  return achieved === null || Math.abs(achieved - snr) > SNR_TOLERANCE
}

/** Whether noise is not heard all the time, so that its SNR is not that of the whole file. */
const isPartial = (layers: readonly DrawnLayer[]) =>
  layers.some(({ settings: { recorded } }) => recorded?.fit === 'once' || recorded?.gap !== undefined)

/** Makes the results of layers. None for a single noise that is generated, because the result itself has all. */
function layersOf(
  { isLayered }: NoiseSpecSettings,
  drawn: readonly DrawnLayer[],
  learned: SignalSums & Pick<Learned, 'layers' | 'sigma'>,
): LayerResult[] {
  if (!isLayered && drawn[0].settings.recorded === undefined) return []
  const power = signalEnergyOf(learned) / (learned.frames! * learned.channels! - learned.nonFinite!)
  return drawn.map(({ settings: { name, kind }, drawn, bank }, i) => {
    // Core has no figures of a single layer that is generated but sigma.
    const figures = learned.sigma === null ? undefined : (learned.layers[i] ?? { deviation: learned.sigma, pieces: [] })
    const files = bank && figures && openBank(bank.index)
    return {
      name,
      kind,
      drawn,
      sigma: figures?.deviation ?? null,
      snr: figures === undefined ? null : achievedSnr(power, figures.deviation * figures.deviation),
      pieces: (figures?.pieces ?? []).map(({ file, from, at }) => ({ file: showPath(files!.name(file)), from, at })),
      ...(bank && { bank: bank.hash }),
    }
  })
}

/** What the power that SNRs refer to is computed from. Unknown ones are null. */
type SignalSums = Pick<Learned, 'signalEnergy' | 'activePower' | 'frames' | 'channels' | 'nonFinite'>

/** Returns the energy of the signal, or that of a signal that is always active. */
const signalEnergyOf = ({ signalEnergy, activePower, frames, channels, nonFinite }: SignalSums): number =>
  activePower === null ? signalEnergy : activePower * (frames! * channels! - nonFinite!)

/** Returns the SNR against the power that SNRs refer to. */
function snrOf(sums: SignalSums & Pick<Learned, 'noiseEnergy' | 'gain'>): number | null {
  const { noiseEnergy, gain } = sums
  return achievedSnr(signalEnergyOf(sums) * gain! * gain!, noiseEnergy)
}

/** Converts a power to decibels of full scale. Null for no power. */
const decibelsOf = (power: number | null): number | null =>
  power === null || power === 0 ? null : 10 * Math.log10(power)

/** Returns the RMS of the noise over the finite samples. Null if no sample is finite or the sum overflows. */
function noiseRms({ noiseEnergy, frames, channels, nonFinite }: NoiseSums): number | null {
  const rms = Math.sqrt(noiseEnergy / (frames! * channels! - nonFinite!))
  return Number.isFinite(rms) ? rms : null
}

/** Makes the figures of samples in memory, from their settings and from the tally of the work on them. */
export function sampleFigures(work: {
  readonly layout: FrameLayout
  readonly codec: CodecName | null
  readonly sigma: number
  readonly gain: number
  readonly peak: number | null
  readonly activity: Activity | undefined
  readonly tally: FileTally
  readonly settings: NoiseSpecSettings
  readonly drawn: DrawnLevel
  readonly layers: readonly DrawnLayer[]
  readonly figures: EtlFigures['layers']
  readonly warnings: readonly SampleWarning[]
  readonly key: string
}): SampleFigures {
  const { layout, codec, settings, drawn, layers, sigma, gain, peak, activity, tally, key } = work
  const { channels, frames } = layout
  const { kind, parameters, asked, seed } = settings
  const activePower = activity?.power ?? null
  const { signal: signalEnergy, noise: noiseEnergy, nonFinite } = tally
  const snr = snrOf({ signalEnergy, noiseEnergy, activePower, gain, frames, channels, nonFinite })
  const warnings = [...work.warnings]
  if (nonFinite > 0) warnings.push('W_NON_FINITE')
  warnings.push(...oddities(frames, channels, tally.clipped))
  if (!isPartial(layers) && isSnrOff(drawn, snr, signalEnergy)) warnings.push('W_SNR_OFF')
  const sums = { signalEnergy, activePower, frames, channels, nonFinite }
  return {
    format: layout.format.name,
    codec,
    channels,
    frames,
    kind,
    parameters,
    asked,
    drawn,
    sigma,
    noiseRms: noiseRms({ noiseEnergy, frames, channels, nonFinite }),
    snr,
    activeLevel: decibelsOf(activePower),
    activity: activity?.factor ?? null,
    gain,
    peak,
    clipped: tally.clipped,
    key,
    seed: String(seed),
    stream: STREAM_VERSION,
    layers: layersOf(settings, layers, { ...sums, sigma, layers: work.figures }),
    warnings,
  }
}

/** Makes the error of a failure, with the output's path if its code is about outputs, and otherwise the input's. */
export function errorOf(plan: PlannedPaths, { code, detail, errno, stem, cause }: FailureData): NoisemillError {
  const ofOutput = code.startsWith('E_OUTPUT') || code === 'E_VOLUME_FULL'
  return new NoisemillError(code as ErrorCode, {
    path: showPath(ofOutput ? (plan.stems?.[stem as StemName] ?? plan.output) : plan.input),
    ...(detail === '' ? {} : { received: detail }),
    ...(errno === '' ? {} : { errno }),
    cause,
  })
}

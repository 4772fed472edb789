/**
 * What a run says of each file: the fields of results, with their units, and how they follow from what is known of an output. docs/results.md
 * has a table that is made of these declarations.
 */

import type { EtlFigures, EtlOutcome } from '../core/etl.js'
import type { FailureData } from '../core/failure.js'
import { STREAM_VERSION } from '../core/noise/keys.js'
import type { FileTally } from '../core/transform.js'
import type { CodecName } from '../core/wav/codecs.js'
import type { FrameLayout, SampleFormatName } from '../core/wav/samples.js'
import { type ErrorCode, NoisemillError } from '../errors.js'
import { type FilePath, pathToBytes, showPath } from '../files/paths.js'
import type { FileWarning } from '../warnings.js'
import type { Seed } from './keys.js'
import { type AskedLevel, achievedSnr, CLIPPED_SHARE, type DrawnLevel, SNR_TOLERANCE } from './levels.js'

/**
 * The result of one output. Figures that were not learned, of a failed output or in a dry run, are null.
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
 * The result of an output that is there, or in a dry run would be.
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
  /** 'done'; 'planned' in a dry run; 'skipped' where the run that is resumed had done it: its figures are those of that run, or sizes alone where the journal does not have them. */
  readonly status: 'done' | 'planned' | 'skipped'
  /** Only failed files have one. */
  readonly error?: undefined
}

/**
 * The result of an output that could not be made. What had its name before is as it was; or with E_OUTPUT_PUBLISH, E_VOLUME_FULL,
 * E_WORKER_DIED, E_BACKEND_FAILED or E_POOL_TERMINATED the output may be there all the same, and whole.
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
  /** Why the output could not be made. Its `path` is the input's or the output's, whichever is at fault. */
  readonly error: NoisemillError
}

/**
 * What all results of files have.
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
  /** The input's path. Bytes that are not UTF-8, and control characters, are shown as \xHH; then `inputBase64` has its bytes. */
  readonly input: string
  /** The output's path, shown as `input` is. */
  readonly output: string
  /** Samples of one channel. */
  readonly frames: number | null
  /** Channels, 1 to 1024. */
  readonly channels: number | null
  /** Frames a second. */
  readonly sampleRate: number | null
  /** How samples lie in the input, and in the output; of coded ones, how they leave. */
  readonly format: SampleFormatName | null
  /** The codec that the samples of the input were decoded from: 'A-law', 'mu-law', 'IMA ADPCM' or 'MS ADPCM'; null where they were not coded. */
  readonly codec: CodecName | null
  /** The level that was asked for, as the option is written: `{ "snr": 10 }`, or `{ "snr": [5, 20] }` for a range. */
  readonly asked: AskedLevel
  /** The level drawn for this output, `{ "snr": 12.3 }` in decibels or `{ "sigma": 0.1 }`: without a range the one asked for. Also known in a dry run, and of failed outputs. */
  readonly drawn: DrawnLevel
  /** Standard deviation of the noise before clipping and rounding, in full-scale units. */
  readonly sigma: number | null
  /** Root mean square of the noise, measured after clipping and rounding, in full-scale units; null where no sample is finite. */
  readonly noiseRms: number | null
  /** Signal-to-noise ratio in decibels, measured after clipping and rounding; null where signal or noise is zero. */
  readonly snr: number | null
  /** Samples that the clamp changed. */
  readonly clipped: number | null
  /** Size of the input, in bytes. */
  readonly bytesIn: number | null
  /** Size of the output, in bytes. */
  readonly bytesOut: number | null
  /** Seconds from opening the input to publishing the output. */
  readonly seconds: number | null
  /** The path, relative to the root, that the noise belongs to, shown as `input` is. */
  readonly key: string
  /** The bytes of the key, where `key` does not show them as they are. */
  readonly keyBase64?: string
  /** Number of the copy, from 1 to 1,000,000. */
  readonly copy: number
  /** The seed, as text. */
  readonly seed: string
  /** Version of the noise stream, 1. */
  readonly stream: number
  /** Codes of what is odd about the file, and of what came of it. */
  readonly warnings: readonly FileWarning[]
  /** The bytes of the input's path in base64, where `input` does not show them as they are. */
  readonly inputBase64?: string
  /** The bytes of the output's path in base64, where `output` does not show them as they are. */
  readonly outputBase64?: string
}

/**
 * Warnings of samples in memory: those of files, but for the one of file systems.
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
export type SampleWarning = Exclude<FileWarning, 'W_NO_HARD_LINKS'>

/**
 * What was done to samples in memory.
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
  /** How samples lie in the array, or in the file that is returned. */
  readonly format: SampleFormatName
  /** The codec that the samples of a file were decoded from: 'A-law', 'mu-law', 'IMA ADPCM' or 'MS ADPCM'; null where they were not coded. */
  readonly codec: CodecName | null
  /** Channels, 1 to 1024. */
  readonly channels: number
  /** Samples of one channel. */
  readonly frames: number
  /** The level that was asked for, as the option is written: `{ "snr": 10 }`, or `{ "snr": [5, 20] }` for a range. */
  readonly asked: AskedLevel
  /** The level drawn for these samples, `{ "snr": 12.3 }` in decibels or `{ "sigma": 0.1 }`: without a range the one asked for. */
  readonly drawn: DrawnLevel
  /** Standard deviation of the noise before clipping and rounding, in full-scale units. */
  readonly sigma: number
  /** Root mean square of the noise, measured after clipping and rounding, in full-scale units; null where no sample is finite. */
  readonly noiseRms: number | null
  /** Signal-to-noise ratio in decibels, measured after clipping and rounding; null where signal or noise is zero. */
  readonly snr: number | null
  /** Samples that the clamp changed. */
  readonly clipped: number
  /** The key that the noise belongs to. */
  readonly key: string
  /** The seed, as text. */
  readonly seed: string
  /** Version of the noise stream, 1. */
  readonly stream: number
  /** Codes of what is odd about the samples, and of what came of it. */
  readonly warnings: readonly SampleWarning[]
}

/** What is known of an output before its job has run. */
export interface OutputPlan {
  readonly input: FilePath
  readonly output: FilePath
  readonly key: FilePath
  readonly copy: number
  readonly seed: Seed
  readonly dryRun: boolean
  readonly asked: AskedLevel
  readonly drawn: DrawnLevel
}

/** What the noise of an output adds up to; what was not learned is null. */
type NoiseSums = Pick<Learned, 'noiseEnergy' | 'frames' | 'channels' | 'nonFinite'>

type Learning =
  | 'format'
  | 'codec'
  | 'channels'
  | 'sampleRate'
  | 'frames'
  | 'sigma'
  | 'clipped'
  | 'nonFinite'
  | 'bytesIn'
  | 'bytesOut'
  | 'seconds'

/** What is known of a file in the end: the figures of its job, with null for each that was not learned. */
type Learned = Pick<EtlFigures, 'signalEnergy' | 'noiseEnergy' | 'warnings'> & {
  readonly [Name in Learning]: EtlFigures[Name] | null
}

const NOTHING: Learned = {
  format: null,
  codec: null,
  channels: null,
  sampleRate: null,
  frames: null,
  sigma: null,
  signalEnergy: 0,
  noiseEnergy: 0,
  clipped: null,
  nonFinite: null,
  bytesIn: null,
  bytesOut: null,
  seconds: null,
  warnings: [],
}

/** The result of an output: all fields, in the order that JSON lines have them, and how each follows. */
function resultWith<Status extends FileResult['status']>(plan: OutputPlan, status: Status, learned: Learned) {
  const snr = achievedSnr(learned.signalEnergy, learned.noiseEnergy)
  const isMeasured = status !== 'planned'
  const odd = oddities(learned.frames, learned.channels, learned.clipped)
  if (isMeasured && isSnrOff(plan.drawn, snr, learned.signalEnergy)) odd.push('W_SNR_OFF')
  const result: FileFigures & { readonly status: Status } = {
    input: showPath(plan.input),
    output: showPath(plan.output),
    status,
    frames: learned.frames,
    channels: learned.channels,
    sampleRate: learned.sampleRate,
    format: learned.format,
    codec: learned.codec,
    asked: plan.asked,
    drawn: plan.drawn,
    sigma: learned.sigma,
    noiseRms: isMeasured ? noiseRms(learned) : null,
    snr,
    clipped: learned.clipped,
    bytesIn: learned.bytesIn,
    bytesOut: learned.bytesOut,
    seconds: learned.seconds,
    key: showPath(plan.key),
    copy: plan.copy,
    seed: String(plan.seed),
    stream: STREAM_VERSION,
    warnings: odd.length > 0 ? [...learned.warnings, ...odd] : learned.warnings,
  }
  return result
}

/** Fields that only some results have, put on after all others: spreading them into each is what a result would cost most. */
function withBytes<Result extends FileResult>(result: Result, { input, output, key }: OutputPlan): Result {
  const add = (name: string, shown: string, file: FilePath) => {
    if (shown !== file) Object.assign(result, { [name]: pathToBytes(file).toString('base64') })
  }
  add('inputBase64', result.input, input)
  add('outputBase64', result.output, output)
  add('keyBase64', result.key, key)
  return result
}

export function failedResult(plan: OutputPlan, error: NoisemillError): FileResult {
  return withBytes({ ...resultWith(plan, 'failed', NOTHING), error }, plan)
}

/** An output that an earlier run has written, with what is recorded of it. */
export function skippedResult(plan: OutputPlan, recorded: Partial<EtlFigures>): FileResult {
  return withBytes(resultWith(plan, 'skipped', { ...NOTHING, ...recorded }), plan)
}

export function resultOf(plan: OutputPlan, outcome: EtlOutcome): FileResult {
  if ('failure' in outcome) return failedResult(plan, errorOf(plan, outcome.failure))
  const { figures } = outcome
  return plan.dryRun
    ? withBytes(resultWith(plan, 'planned', { ...figures, clipped: null, bytesOut: null }), plan)
    : withBytes(resultWith(plan, 'done', figures), plan)
}

/** What figures say of the samples; null stands for what was not learned. */
function oddities(frames: number | null, channels: number | null, clipped: number | null): SampleWarning[] {
  if (frames === 0) return ['W_EMPTY']
  return clipped !== null && clipped > CLIPPED_SHARE * frames! * channels! ? ['W_CLIPPED'] : []
}

/** Noise that rounding has swallowed leaves no SNR; a silent signal has none to begin with. */
function isSnrOff({ snr }: DrawnLevel, achieved: number | null, signalEnergy: number): boolean {
  if (snr === undefined || signalEnergy === 0) return false
  return achieved === null || Math.abs(achieved - snr) > SNR_TOLERANCE
}

/** Null where no sample is finite, since those that are not are in no sum, or where the sum overflows. */
function noiseRms({ noiseEnergy, frames, channels, nonFinite }: NoiseSums): number | null {
  const rms = Math.sqrt(noiseEnergy / (frames! * channels! - nonFinite!))
  return Number.isFinite(rms) ? rms : null
}

/** The figures of samples, from what is known before the work on them and what it added up. */
export function sampleFigures(work: {
  readonly layout: FrameLayout
  readonly codec: CodecName | null
  readonly sigma: number
  readonly tally: FileTally
  readonly asked: AskedLevel
  readonly drawn: DrawnLevel
  readonly warnings: readonly SampleWarning[]
  readonly key: string
  readonly seed: Seed
}): SampleFigures {
  const { layout, codec, asked, drawn, sigma, tally, key, seed } = work
  const { channels, frames } = layout
  const snr = achievedSnr(tally.signal, tally.noise)
  const warnings = [...work.warnings]
  if (tally.nonFinite > 0) warnings.push('W_NON_FINITE')
  warnings.push(...oddities(frames, channels, tally.clipped))
  if (isSnrOff(drawn, snr, tally.signal)) warnings.push('W_SNR_OFF')
  return {
    format: layout.format.name,
    codec,
    channels,
    frames,
    asked,
    drawn,
    sigma,
    noiseRms: noiseRms({ noiseEnergy: tally.noise, frames, channels, nonFinite: tally.nonFinite }),
    snr,
    clipped: tally.clipped,
    key,
    seed: String(seed),
    stream: STREAM_VERSION,
    warnings,
  }
}

/** The error with the path at fault: outputs for codes of outputs, else the input. */
function errorOf(plan: OutputPlan, { code, detail, errno, cause }: FailureData): NoisemillError {
  const ofOutput = code.startsWith('E_OUTPUT') || code === 'E_VOLUME_FULL'
  return new NoisemillError(code as ErrorCode, {
    path: showPath(ofOutput ? plan.output : plan.input),
    ...(detail === '' ? {} : { received: detail }),
    ...(errno === '' ? {} : { errno }),
    cause,
  })
}

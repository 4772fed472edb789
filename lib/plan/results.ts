/** What a run says of each file. */

import type { EtlOutcome, EtlWarning } from '../core/etl.js'
import type { FailureData } from '../core/failure.js'
import type { SampleFormatName } from '../core/wav/samples.js'
import { type ErrorCode, NoisemillError } from '../errors.js'
import { type Seed, STREAM_VERSION } from './keys.js'
import { achievedSnr, SNR_TOLERANCE } from './levels.js'
import { type FilePath, pathToBytes, showPath } from './paths.js'

/** W_SNR_OFF: the achieved SNR is more than 0.5 dB from the one asked for. The others: docs/architecture.md. */
export type FileWarning = EtlWarning | 'W_SNR_OFF'

/** The result of one output. What was not learned, of a failed one or in a dry run, is null. */
export type FileResult = FinishedFile | FailedFile

export interface FinishedFile extends FileFigures {
  /** 'planned' is what a dry run would do. */
  readonly status: 'done' | 'planned' | 'skipped'
  readonly error?: undefined
}

export interface FailedFile extends FileFigures {
  readonly status: 'failed'
  readonly error: NoisemillError
}

export interface FileFigures {
  /** The input's path; bytes that are not UTF-8, and control characters, are shown as \xHH; then `inputBase64` has its bytes. */
  readonly input: string
  readonly inputBase64?: string
  readonly output: string
  readonly outputBase64?: string
  readonly frames: number | null
  readonly channels: number | null
  /** Frames a second. */
  readonly sampleRate: number | null
  readonly format: SampleFormatName | null
  /** Standard deviation of the noise before clipping and rounding, in full-scale units. */
  readonly sigma: number | null
  /** Decibels, measured after clipping and rounding; null where signal or noise is zero. */
  readonly snr: number | null
  /** Samples that the clamp changed. */
  readonly clipped: number | null
  readonly bytesIn: number | null
  readonly bytesOut: number | null
  /** Time on its thread. */
  readonly seconds: number | null
  /** The path, relative to the root, that the noise belongs to. */
  readonly key: string
  /** Number of the copy, from 1. */
  readonly copy: number
  readonly seed: string
  /** Version of the noise stream. */
  readonly stream: number
  readonly warnings: readonly FileWarning[]
}

/** What is known of an output before its job has run. */
export interface OutputPlan {
  readonly input: FilePath
  readonly output: FilePath
  readonly key: FilePath
  readonly copy: number
  readonly seed: Seed
  readonly dryRun: boolean
  /** Decibels asked for; undefined where sigma was. */
  readonly askedSnr: number | undefined
}

/** The bytes of a path whose shown form does not lead back to it. */
function base64(name: string, file: FilePath) {
  return showPath(file) === file ? {} : { [name]: pathToBytes(file).toString('base64') }
}

function common(plan: OutputPlan) {
  return {
    input: showPath(plan.input),
    ...base64('inputBase64', plan.input),
    output: showPath(plan.output),
    ...base64('outputBase64', plan.output),
    key: showPath(plan.key),
    copy: plan.copy,
    seed: String(plan.seed),
    stream: STREAM_VERSION,
  }
}

export function failedResult(plan: OutputPlan, error: NoisemillError): FileResult {
  return {
    ...common(plan),
    status: 'failed',
    frames: null,
    channels: null,
    sampleRate: null,
    format: null,
    sigma: null,
    snr: null,
    clipped: null,
    bytesIn: null,
    bytesOut: null,
    seconds: null,
    warnings: [],
    error,
  }
}

export function resultOf(plan: OutputPlan, outcome: EtlOutcome): FileResult {
  if ('failure' in outcome) return failedResult(plan, errorOf(plan, outcome.failure))
  const { figures } = outcome
  const snr = achievedSnr(figures.signalEnergy, figures.noiseEnergy)
  // Noise that rounding has swallowed leaves no SNR; a silent signal has none to begin with.
  const isMeasured = plan.askedSnr !== undefined && !plan.dryRun && figures.signalEnergy > 0
  const isOff = isMeasured && (snr === null || Math.abs(snr - plan.askedSnr!) > SNR_TOLERANCE)
  return {
    ...common(plan),
    status: plan.dryRun ? 'planned' : 'done',
    frames: figures.frames,
    channels: figures.channels,
    sampleRate: figures.sampleRate,
    format: figures.format,
    sigma: figures.sigma,
    snr,
    clipped: plan.dryRun ? null : figures.clipped,
    bytesIn: figures.bytesIn,
    bytesOut: plan.dryRun ? null : figures.bytesOut,
    seconds: figures.seconds,
    warnings: isOff ? [...figures.warnings, 'W_SNR_OFF'] : figures.warnings,
  }
}

/** The error with the path at fault: outputs for codes of outputs, else the input. */
function errorOf(plan: OutputPlan, { code, detail, errno }: FailureData): NoisemillError {
  const ofOutput = code.startsWith('E_OUTPUT') || code === 'E_VOLUME_FULL'
  return new NoisemillError(code as ErrorCode, {
    path: showPath(ofOutput ? plan.output : plan.input),
    ...(detail === '' ? {} : { received: detail }),
    ...(errno === '' ? {} : { errno }),
  })
}

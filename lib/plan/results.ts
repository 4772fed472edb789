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

/** The result of one output. Of a failed one, what was not learned is null. */
export interface FileResult {
  /** The input's path; bytes that are not UTF-8 are shown as \xHH and given in `inputBase64`. */
  readonly input: string
  readonly inputBase64?: string
  readonly output: string
  readonly outputBase64?: string
  /** 'planned' is what a dry run would do. */
  readonly status: 'done' | 'planned' | 'skipped' | 'failed'
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
  readonly error?: NoisemillError
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

function common(plan: OutputPlan) {
  return {
    input: showPath(plan.input),
    ...(typeof plan.input === 'string' ? {} : { inputBase64: pathToBytes(plan.input).toString('base64') }),
    output: showPath(plan.output),
    ...(typeof plan.output === 'string' ? {} : { outputBase64: pathToBytes(plan.output).toString('base64') }),
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
  const isOff = plan.askedSnr !== undefined && snr !== null && Math.abs(snr - plan.askedSnr) > SNR_TOLERANCE
  return {
    ...common(plan),
    status: plan.dryRun ? 'planned' : 'done',
    frames: figures.frames,
    channels: figures.channels,
    sampleRate: figures.sampleRate,
    format: figures.format,
    sigma: figures.sigma,
    snr,
    clipped: figures.clipped,
    bytesIn: figures.bytesIn,
    bytesOut: figures.bytesOut,
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

/** What a run says of each file. */

import type { EtlOutcome, EtlWarning } from '../core/etl.js'
import type { FailureData } from '../core/failure.js'
import type { FileTally } from '../core/transform.js'
import type { FrameLayout, SampleFormatName } from '../core/wav/samples.js'
import { type ErrorCode, NoisemillError } from '../errors.js'
import { type Seed, STREAM_VERSION } from './keys.js'
import { achievedSnr, SNR_TOLERANCE } from './levels.js'
import { type FilePath, pathToBytes, showPath } from './paths.js'

/** W_SNR_OFF: the achieved SNR is more than 0.5 dB from the one asked for. The others: docs/architecture.md and docs/formats.md. */
export type FileWarning = EtlWarning | 'W_SNR_OFF'

/** The result of one output. What was not learned, of a failed one or in a dry run, is null. */
export type FileResult = FinishedFile | FailedFile

export interface FinishedFile extends FileFigures {
  /** 'planned' is what a dry run would do; 'skipped' is done already, by the run that is resumed: of its figures only sizes are told. */
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

/** W_...: as for files. */
export type SampleWarning = Exclude<FileWarning, 'W_NO_HARD_LINKS'>

/** What was done to samples in memory. */
export interface SampleFigures {
  readonly format: SampleFormatName
  readonly channels: number
  readonly frames: number
  /** Standard deviation of the noise before clipping and rounding, in full-scale units. */
  readonly sigma: number
  /** Decibels, measured after clipping and rounding; null where signal or noise is zero. */
  readonly snr: number | null
  /** Samples that the clamp changed. */
  readonly clipped: number
  readonly key: string
  readonly seed: string
  /** Version of the noise stream. */
  readonly stream: number
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
  /** Decibels asked for; undefined where sigma was. */
  readonly askedSnr: number | undefined
}

/** Fields that only some results have, put on after all others: spreading them into each is what a result would cost most. */
function withBytes<Result extends object>(result: Result, plan: OutputPlan): Result {
  for (const [name, file] of [
    ['inputBase64', plan.input],
    ['outputBase64', plan.output],
  ] as const) {
    if (showPath(file) !== file) Object.assign(result, { [name]: pathToBytes(file).toString('base64') })
  }
  return result
}

export function failedResult(plan: OutputPlan, error: NoisemillError): FileResult {
  const result: FailedFile = { ...blankResult(plan), status: 'failed', error }
  return withBytes(result, plan)
}

/** What is known without a job. */
function blankResult(plan: OutputPlan) {
  return {
    input: showPath(plan.input),
    output: showPath(plan.output),
    status: '',
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
    key: showPath(plan.key),
    copy: plan.copy,
    seed: String(plan.seed),
    stream: STREAM_VERSION,
    warnings: [],
  }
}

/** An output that an earlier run has written: its figures were told then. */
export function skippedResult(plan: OutputPlan, sizes: { bytesIn: number; bytesOut: number }): FileResult {
  const result: FileResult = { ...blankResult(plan), ...sizes, status: 'skipped' }
  return withBytes(result, plan)
}

export function resultOf(plan: OutputPlan, outcome: EtlOutcome): FileResult {
  if ('failure' in outcome) return failedResult(plan, errorOf(plan, outcome.failure))
  const { figures } = outcome
  const snr = achievedSnr(figures.signalEnergy, figures.noiseEnergy)
  const isOff = !plan.dryRun && isSnrOff(plan.askedSnr, snr, figures.signalEnergy)
  const result: FinishedFile = {
    input: showPath(plan.input),
    output: showPath(plan.output),
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
    key: showPath(plan.key),
    copy: plan.copy,
    seed: String(plan.seed),
    stream: STREAM_VERSION,
    warnings: isOff ? [...figures.warnings, 'W_SNR_OFF'] : figures.warnings,
  }
  return withBytes(result, plan)
}

/** Noise that rounding has swallowed leaves no SNR; a silent signal has none to begin with. */
function isSnrOff(asked: number | undefined, achieved: number | null, signalEnergy: number): boolean {
  if (asked === undefined || signalEnergy === 0) return false
  return achieved === null || Math.abs(achieved - asked) > SNR_TOLERANCE
}

/** The figures of samples, from what is known before the work on them and what it added up. */
export function sampleFigures(work: {
  readonly layout: FrameLayout
  readonly sigma: number
  readonly tally: FileTally
  /** Decibels asked for; undefined where sigma was. */
  readonly askedSnr: number | undefined
  readonly warnings: readonly SampleWarning[]
  readonly key: string
  readonly seed: Seed
}): SampleFigures {
  const { layout, sigma, tally, askedSnr, key, seed } = work
  const snr = achievedSnr(tally.signal, tally.noise)
  const warnings = [...work.warnings]
  if (tally.nonFinite > 0) warnings.push('W_NON_FINITE')
  if (isSnrOff(askedSnr, snr, tally.signal)) warnings.push('W_SNR_OFF')
  return {
    format: layout.format.name,
    channels: layout.channels,
    frames: layout.frames,
    sigma,
    snr,
    clipped: tally.clipped,
    key,
    seed: String(seed),
    stream: STREAM_VERSION,
    warnings,
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

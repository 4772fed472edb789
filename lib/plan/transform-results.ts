/** Results of transforms: their fields, and how they are made from outcomes. */

import type { AudioFigures, TransformOutcome } from '../audio/job.js'
import type { EtlFigures } from '../core/etl.js'
import { type SampleFormatName, sampleFormats } from '../core/wav/samples.js'
import type { NoisemillError } from '../errors.js'
import { showPath } from '../files/paths.js'
import { figuresIn, figuresText } from '../record/journal-lines.js'
import type { FileWarning } from '../warnings.js'
import type { PlannedFile } from './file-run.js'
import { CLIPPED_SHARE } from './levels.js'
import type { DrawnNoise } from './options.js'
import { errorOf, type FileFigures, type FileResult, skippedResult, withBytes } from './results.js'
import { moments, type OfMoments, type TransformSettings } from './transform-options.js'

/**
 * The result of one output of a transform. Figures that are not known are null.
 *
 * @example
 * import { Pool, type TransformResult, transformTask } from 'noisemill'
 *
 * // half.js: export const half = ({ channels }) => channels.map((samples) => samples.map((x) => x / 2))
 * const task = transformTask(new URL('./half.js', import.meta.url), 'half', { out: 'softer' })
 * const line = (r: TransformResult) => (r.status === 'failed' ? `${r.input}: ${r.error.code}` : `${r.output}: ${r.frames}`)
 * await using pool = new Pool()
 * for (const result of await pool.map(task, ['speech/a.wav', 'speech/missing.wav'])) console.log(line(result))
 * // -> softer/a.wav: 1600
 * // -> speech/missing.wav: E_INPUT_MISSING
 */
export type TransformResult = TransformedFile | FailedTransform

/** The fields of results of files that are about noise. */
type AddedNoise = Pick<
  FileFigures,
  | 'kind'
  | 'parameters'
  | 'asked'
  | 'drawn'
  | 'sigma'
  | 'noiseRms'
  | 'snr'
  | 'activeLevel'
  | 'activity'
  | 'gain'
  | 'peak'
  | 'clipped'
  | 'seed'
  | 'layers'
>

type CommonField =
  | 'input'
  | 'output'
  | 'codec'
  | 'bytesIn'
  | 'seconds'
  | 'key'
  | 'copy'
  | 'seed'
  | 'warnings'
  | 'inputBase64'
  | 'outputBase64'
  | 'keyBase64'

/**
 * The result of an output that exists, that would exist without `dryRun`, or whose samples are handed
 * on. Its path is '' if the samples are handed on.
 *
 * @example
 * import { Pool, type TransformedFile, transformTask } from 'noisemill'
 *
 * // half.js: export const half = ({ channels }) => channels.map((samples) => samples.map((x) => x / 2))
 * const task = transformTask(new URL('./half.js', import.meta.url), 'half')
 * const lengthOf = ({ audio }: TransformedFile) => audio?.channels[0].length
 * await using pool = new Pool()
 * for (const r of await pool.map(task, ['speech/a.wav'])) if (r.status !== 'failed') console.log(lengthOf(r)) // -> 1600
 */
export interface TransformedFile extends Pick<FileFigures, CommonField> {
  /**
   * 'done' if it was written or handed on, 'planned' in a dry run, 'skipped' if an earlier run had
   * written it.
   */
  readonly status: 'done' | 'planned' | 'skipped'
  /** Number of frames of the output: samples of one channel. In a dry run, that of the input. */
  readonly frames: number | null
  /** Number of channels of the output, 1 to 1024. In a dry run, that of the input. */
  readonly channels: number | null
  /** Frames per second of the output. In a dry run, those of the input. */
  readonly sampleRate: number | null
  /** Sample format of the output. */
  readonly format: SampleFormatName | null
  /** Number of samples that PCM could not hold, so that they became the largest or smallest value. */
  readonly clipped: number | null
  /** Names of the chunks of the input that the output does not have, because they did not fit any more. */
  readonly dropped: readonly string[]
  /** Size of the output, in bytes; null in a dry run, and if the samples are handed on. */
  readonly bytesOut: number | null
  /** What `noise` added. Only with that option, and not in a dry run. */
  readonly noise?: {
    /** The noise before the function. */
    readonly before?: AddedNoise
    /** The noise after it. */
    readonly after?: AddedNoise
  }
  /** The samples, if the output has no path. */
  readonly audio?: {
    /** Samples of each channel, in full-scale units. */
    readonly channels: Float32Array[]
    /** Frames per second. */
    readonly sampleRate: number
  }
  /** Only failed outputs have an error. */
  readonly error?: undefined
}

/**
 * The result of an output that failed. A file that had the output's name before is usually unchanged,
 * as `FailedFile` says.
 *
 * @example
 * import { type FailedTransform, Pool, transformTask } from 'noisemill'
 *
 * // picky.js: export const picky = () => { throw new RangeError('too short') }
 * const task = transformTask(new URL('./picky.js', import.meta.url), 'picky', { out: 'picked' })
 * const reason = ({ error }: FailedTransform) => `${error.code} ${String(error.cause)}`
 * await using pool = new Pool()
 * for (const r of await pool.map(task, ['speech/a.wav'])) if (r.status === 'failed') console.log(reason(r))
 * // -> E_TASK_FAILED RangeError: too short
 */
export interface FailedTransform extends Omit<TransformedFile, 'status' | 'error' | 'audio' | 'noise'> {
  /** 'failed', for the reason in `error`. */
  readonly status: 'failed'
  /** Why the output failed. If the function threw, the `cause` is a copy of what it threw. */
  readonly error: NoisemillError
}

/** What results need to know of an output before its job runs. */
export interface TransformPlan extends PlannedFile {
  readonly settings: TransformSettings
  readonly noise: OfMoments<Pick<DrawnNoise, 'drawn' | 'layers'>>
}

type Learned = { readonly [Name in keyof AudioFigures]: AudioFigures[Name] | null }

const NOTHING: Learned = {
  format: null,
  codec: null,
  channels: null,
  sampleRate: null,
  frames: null,
  clipped: null,
  dropped: null,
  bytesIn: null,
  modified: null,
  bytesOut: null,
  seconds: null,
  warnings: null,
  noise: null,
}

/** Makes the results of noise, as those of a file. */
function noiseResults({ noise, settings, ...plan }: TransformPlan, figures: OfMoments<Partial<EtlFigures>>) {
  const present = moments.filter((moment) => noise[moment] !== undefined && figures[moment] !== undefined)
  return present.map((moment) => {
    const own = { ...plan, ...noise[moment]!, settings: settings.noise[moment]! }
    return [moment, skippedResult(own, figures[moment]!)] as const
  })
}

/** Returns the fields of a result that are about noise. */
function added(result: FileResult): AddedNoise {
  const { kind, parameters, asked, drawn, sigma, noiseRms, snr, activeLevel, activity, gain, peak } = result
  const { clipped, seed, layers } = result
  return {
    kind,
    parameters,
    asked,
    drawn,
    sigma,
    noiseRms,
    snr,
    activeLevel,
    activity,
    gain,
    peak,
    clipped,
    seed,
    layers,
  }
}

function resultWith<Status extends TransformResult['status']>(plan: TransformPlan, status: Status, learned: Learned) {
  const { frames, channels, clipped } = learned
  const noise = noiseResults(plan, learned.noise ?? {})
  const warnings = new Set<FileWarning>([
    ...(learned.warnings ?? []),
    ...noise.flatMap(([, { warnings }]) => warnings.filter((code) => code !== 'W_EMPTY')),
  ])
  if (frames === 0) warnings.add('W_EMPTY')
  else if (clipped !== null && clipped > CLIPPED_SHARE * frames! * channels!) warnings.add('W_CLIPPED')
  return {
    input: showPath(plan.input),
    output: showPath(plan.output),
    status,
    frames,
    channels,
    sampleRate: learned.sampleRate,
    format: learned.format,
    codec: learned.codec,
    clipped,
    dropped: learned.dropped ?? [],
    bytesIn: learned.bytesIn,
    bytesOut: learned.bytesOut === 0 ? null : learned.bytesOut,
    seconds: learned.seconds,
    key: showPath(plan.key),
    copy: plan.copy,
    seed: String(plan.settings.seed),
    warnings: [...warnings],
    ...(noise.length > 0 && { noise: Object.fromEntries(noise.map(([moment, own]) => [moment, added(own)])) }),
  }
}

export const failedTransform = (plan: TransformPlan, error: NoisemillError): TransformResult =>
  withBytes({ ...resultWith(plan, 'failed', NOTHING), error }, plan)

export const skippedTransform = (plan: TransformPlan, recorded: Partial<AudioFigures>): TransformResult =>
  withBytes(resultWith(plan, 'skipped', { ...NOTHING, ...recorded }), plan)

export function transformResult(plan: TransformPlan, outcome: TransformOutcome): TransformResult {
  if ('failure' in outcome) return failedTransform(plan, errorOf(plan, outcome.failure))
  const { figures, audio } = outcome
  const { dryRun } = plan.settings.files
  const result = resultWith(plan, dryRun ? 'planned' : 'done', dryRun ? { ...figures, clipped: null } : figures)
  return withBytes({ ...result, ...(audio && { audio }) }, plan)
}

/** Returns the figures for a `done` line of the journal, as JSON. */
export function transformText({ bytesIn, modified, bytesOut, noise, ...figures }: AudioFigures): string {
  const text = JSON.stringify(figures)
  const texts = Object.entries(noise).map(([moment, own]) => `"${moment}":${figuresText(own)}`)
  return texts.length === 0 ? text : `${text.slice(0, -1)},"noise":{${texts.join(',')}}}`
}

/** Returns the figures of a `done` line. They are empty if one is missing or invalid. */
export function transformFiguresIn(figures: unknown): Partial<AudioFigures> {
  if (typeof figures !== 'object' || figures === null) return {}
  const { format, dropped, warnings, noise, ...numbers } = figures as Readonly<Record<string, unknown>>
  const isKnown =
    ['channels', 'sampleRate', 'frames', 'clipped', 'seconds'].every((name) => typeof numbers[name] === 'number') &&
    sampleFormats.some(({ name }) => name === format) &&
    [dropped, warnings].every((list) => Array.isArray(list) && list.every((text) => typeof text === 'string'))
  if (!isKnown) return {}
  const own = moments.map((moment) => [moment, figuresIn(Object(noise)[moment])] as const)
  return { ...figures, noise: Object.fromEntries(own.filter(([, known]) => known !== undefined)) }
}

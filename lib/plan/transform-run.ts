/** The run of a transform: it turns items into jobs, and outcomes into results. */

import { unlinkSync } from 'node:fs'
import { types } from 'node:util'
import type { GivenSamples, Moment, TransformJob, TransformOutcome } from '../audio/job.js'
import { fsPath } from '../core/files.js'
import { MAX_CHANNELS } from '../core/wav/format.js'
import { MAX_U32 } from '../core/wav/header.js'
import { type SampleFormatName, sampleFormats } from '../core/wav/samples.js'
import { describe, NoisemillError } from '../errors.js'
import { type FilePath, joinPath, pathFromCaller, pathToBytes, showPath } from '../files/paths.js'
import type { Skipped } from '../record/journal.js'
import type { Planned, RunTask } from '../task.js'
import type { NoiseBanks } from './bank.js'
import {
  type Drawn,
  type FileItem,
  FileRun,
  type ItemOrigin,
  type JobFiles,
  type Located,
  locatedAt,
} from './file-run.js'
import { fileKey } from './keys.js'
import { type DrawnNoise, drawNoise } from './options.js'
import { moments, type OfMoments, type TransformSettings } from './transform-options.js'
import {
  failedTransform,
  skippedTransform,
  type TransformPlan,
  type TransformResult,
  transformFiguresIn,
  transformResult,
  transformText,
} from './transform-results.js'

/**
 * Samples for a transform, from any source.
 *
 * @example
 * import { Pool, type SamplesItem, transformTask } from 'noisemill'
 *
 * // half.js: export const half = ({ channels }) => channels.map((samples) => samples.map((x) => x / 2))
 * const task = transformTask(new URL('./half.js', import.meta.url), 'half', { out: 'made' })
 * const item: SamplesItem = { samples: new Float32Array(800).fill(0.5), sampleRate: 8000, key: 'step.wav' }
 * await using pool = new Pool()
 * for (const { output, format } of await pool.map(task, [item])) console.log(output, format) // -> made/step.wav float32
 */
export interface SamplesItem {
  /**
   * Samples in full-scale units: of one channel, or an array of those of each channel, 1 to 1024 of
   * one length. They are copied to the thread.
   */
  readonly samples: Float32Array | readonly Float32Array[]
  /** Frames per second, 1 to 4,294,967,295. */
  readonly sampleRate: number
  /** Text that the random numbers follow from. It is also the path of the output in the task's `out`. */
  readonly key: string
  /** Path of the output. By default the key, in the task's `out`. */
  readonly output?: string | URL | Uint8Array
  /** Sample format of the output; 'float32' by default. */
  readonly format?: SampleFormatName
}

/**
 * An item of a transform: a file, or samples from any source.
 *
 * @example
 * import { Pool, type TransformItem, transformTask } from 'noisemill'
 *
 * // half.js: export const half = ({ channels }) => channels.map((samples) => samples.map((x) => x / 2))
 * const task = transformTask(new URL('./half.js', import.meta.url), 'half')
 * const items: TransformItem[] = ['speech/a.wav', { samples: new Float32Array(800), sampleRate: 8000, key: 'rest' }]
 * await using pool = new Pool()
 * console.log((await pool.map(task, items)).map(({ frames }) => frames)) // -> [ 1600, 800 ]
 */
export type TransformItem = FileItem | SamplesItem

interface TransformFacts {
  readonly settings: TransformSettings
  readonly noise: TransformPlan['noise']
}

type TransformWork = Omit<TransformJob, keyof JobFiles>

interface LocatedSamples extends Located {
  readonly samples?: GivenSamples | undefined
}

/** After these failures a thread may have been ended while it wrote. */
const MAY_BE_LEFT: readonly string[] = [
  'E_TIMEOUT',
  'E_CANCELLED',
  'E_WORKER_DIED',
  'E_BACKEND_FAILED',
  'E_POOL_TERMINATED',
]

/** What the key of random numbers is for. No layer of noise has such a name. */
const RANDOM = '\0random'

const SAMPLES_KEYS = ['samples', 'sampleRate', 'key', 'output', 'format']

/** One pass of the task over some items. */
export class TransformRun extends FileRun<TransformFacts, TransformWork, TransformOutcome, TransformResult> {
  protected override readonly handsOn = true

  constructor(
    readonly settings: TransformSettings,
    origin: ItemOrigin,
    readonly banks: OfMoments<NoiseBanks>,
  ) {
    super(settings.files, origin)
  }

  async prepare(run: RunTask): Promise<void> {
    for (const moment of moments) await this.banks[moment]?.index(run)
  }

  protected draw(
    located: LocatedSamples,
    copy: number,
    _label: number,
    temporary: (part: string) => FilePath,
  ): Drawn<TransformFacts, TransformWork> {
    const { settings } = this
    const present = moments.filter((moment) => settings.noise[moment] !== undefined)
    const drawn = present.map((moment) => [moment, this.#drawNoise(moment, located.key, copy)] as const)
    const noise = Object.fromEntries(drawn)
    const placed = drawn.map(([moment, { noise }]) => [moment, { noise, file: temporary(moment) }] as const)
    const { input, key, samples } = located
    const { seed, blockFrames } = settings
    const shown = { input: showPath(input), key: showPath(key) }
    const randomKey = fileKey(seed, key, copy, RANDOM)
    const work = { samples, blockFrames, shown, copy, randomKey, noise: Object.fromEntries(placed) }
    return { facts: { settings, noise }, work }
  }

  #drawNoise(moment: Moment, key: FilePath, copy: number): DrawnNoise {
    const { noise } = this.settings.noise[moment]!
    // Noise before the function is that of noise tasks.
    const own = moment === 'before' ? key : Buffer.concat([pathToBytes(key), Buffer.from('\0after')])
    return drawNoise(noise, own, copy, this.banks[moment]!.all)
  }

  protected override locate(item: TransformItem): LocatedSamples {
    const isGiven = typeof item === 'object' && item !== null && 'samples' in item
    const located = isGiven ? this.#locateSamples(item) : super.locate(item)
    const needsFiles = Object.keys(this.settings.noise).length > 0
    if (located.failure !== undefined || !needsFiles || (!isGiven && located.output !== '')) return located
    return {
      ...located,
      failure: new NoisemillError('E_ITEM_INVALID', { received: 'noise needs a file and an output' }),
    }
  }

  #locateSamples(item: SamplesItem): LocatedSamples {
    const { key, output = this.#outputOf(key) } = item
    const place = pathFromCaller(output)
    const failed = (received: string): Located => {
      const text = typeof key === 'string' ? key : describe(key)
      return { ...locatedAt(text, text, ''), failure: new NoisemillError('E_ITEM_INVALID', { received }) }
    }
    const unknown = Object.keys(item).find((name) => !SAMPLES_KEYS.includes(name))
    if (unknown) return failed(`unknown key ${unknown}`)
    if (typeof key !== 'string' || key === '' || key.includes('\0')) return failed(`key: ${describe(key)}`)
    if (output !== '' && place === undefined)
      return failed(
        item.output === undefined ? `the key ${key} leads out of the output folder` : `output: ${describe(output)}`,
      )
    const samples = givenSamples(item)
    if (typeof samples === 'string') return failed(samples)
    return { ...locatedAt(key, key, place ?? ''), samples }
  }

  /** Returns the path of an output in the folder of the task. Undefined if the key leads out of it. */
  #outputOf(key: unknown): string | undefined {
    const { out } = this.files
    if (out === undefined) return ''
    const names = typeof key === 'string' ? key.split(/[/\\]/) : []
    return names.some((name) => name === '' || name === '..') ? undefined : (joinPath(out, names.join('/')) as string)
  }

  protected failedResult(plan: TransformPlan, error: NoisemillError): TransformResult {
    return failedTransform(plan, error)
  }

  protected skippedResult(plan: TransformPlan, { bytesIn, bytesOut, figures }: Skipped): TransformResult {
    return skippedTransform(plan, { bytesIn, bytesOut, ...transformFiguresIn(figures) })
  }

  protected recordOutcome(plan: TransformPlan, outcome: TransformOutcome): TransformResult | undefined {
    if ('figures' in outcome) {
      this.journal?.done(plan, outcome.figures, transformText(outcome.figures))
      return undefined
    }
    this.recordFailure(plan, outcome.failure.code)
    return transformResult(plan, outcome)
  }

  protected resultOf(plan: TransformPlan, outcome: TransformOutcome): TransformResult {
    return transformResult(plan, outcome)
  }

  override fail(planned: Planned<JobFiles & TransformWork, TransformResult>, error: NoisemillError): TransformResult {
    const { job } = planned
    if (job !== undefined && job.output !== '' && MAY_BE_LEFT.includes(error.code)) {
      for (const file of [job.temporary, ...Object.values(job.noise).map(({ file }) => file)]) {
        try {
          unlinkSync(fsPath(file))
        } catch {
          // It does not exist, or the thread is still writing: the next run into the folder removes it.
        }
      }
    }
    return super.fail(planned, error)
  }
}

/** Checks the samples of an item. Returns what is wrong with them, in words. */
function givenSamples({ samples, sampleRate, format = 'float32' }: SamplesItem): GivenSamples | string {
  const channels: readonly unknown[] = Array.isArray(samples) ? samples : [samples]
  if (channels.length === 0 || channels.length > MAX_CHANNELS) return `samples of ${channels.length} channels`
  if (!channels.every(types.isFloat32Array)) return `samples: ${describe(samples)}`
  if (channels.some(({ length }) => length !== channels[0].length)) return 'channels of different lengths'
  if (!Number.isInteger(sampleRate) || sampleRate < 1 || sampleRate > MAX_U32)
    return `sampleRate: ${describe(sampleRate)}`
  if (!sampleFormats.some(({ name }) => name === format)) return `format: ${describe(format)}`
  return { channels, sampleRate, format }
}

/** The noise task: draws the noise of each output, and turns outcomes into results. */

import type { EtlJob, EtlOutcome } from '../core/etl.js'
import type { NoisemillError } from '../errors.js'
import type { Skipped } from '../record/journal.js'
import { figuresIn, figuresText } from '../record/journal-lines.js'
import { defineTask, type RunTask, type Task } from '../task.js'
import { NoiseBanks } from './bank.js'
import { type Drawn, type FileItem, FileRun, type ItemOrigin, type Located, type PlannedFile } from './file-run.js'
import type { DrawnLayer } from './layers.js'
import type { DrawnLevel } from './levels.js'
import { checkNoiseOptions, drawNoise, type NoiseOptions, type NoiseSettings } from './options.js'
import { type FileResult, failedResult, isOmitted, type OutputPlan, resultOf, skippedResult } from './results.js'

/**
 * A task that adds noise to files, made by `noiseTask`.
 *
 * @example
 * import { type NoiseTask, noiseTask, Pool } from 'noisemill'
 *
 * const loud: NoiseTask = noiseTask({ out: 'loud', snr: 5 })
 * const soft: NoiseTask = noiseTask({ out: 'soft', snr: 30 })
 * await using pool = new Pool()
 * for (const task of [loud, soft]) console.log((await pool.map(task, ['speech/a.wav']))[0].output)
 * // -> loud/a.wav
 * // -> soft/a.wav
 */
export type NoiseTask = Task<FileItem, FileResult>

/**
 * Makes a task that reads a WAV file, adds noise to its samples, and writes it to the output folder. `map`, `imap` and
 * `imapUnordered` of a Pool run it.
 *
 * @throws NoisemillError E_OPTION_UNKNOWN, E_OPTION_INVALID, E_LEVEL_MISSING or E_LEVEL_BOTH
 * @example
 * import { noiseTask, Pool } from 'noisemill'
 *
 * const noisy = noiseTask({ out: 'noisy', sigma: 0.1, seed: 42 })
 * await using pool = new Pool()
 * for await (const { output, clipped } of pool.imap(noisy, ['speech/a.wav', 'speech/b.wav'])) console.log(output, clipped)
 * // -> noisy/a.wav 0
 * // -> noisy/b.wav 0
 */
export function noiseTask(options: NoiseOptions): NoiseTask {
  return noiseTaskOf(checkNoiseOptions(options), {})
}

/**
 * Makes a noise task of checked options.
 *
 * @param banks those of the layers; without them, each run indexes its own
 */
export function noiseTaskOf(settings: NoiseSettings, origin: ItemOrigin, banks?: NoiseBanks): NoiseTask {
  return defineTask({
    work: { kind: 'files' },
    errors: 'collect',
    endsWhenCancelled: true,
    givesValues: false,
    start: () => new NoiseRun(settings, origin, banks),
  })
}

export interface NoiseFacts {
  readonly drawn: DrawnLevel
  readonly layers: readonly DrawnLayer[]
  readonly settings: NoiseSettings
  readonly copy: number
}

export type NoiseWork = Pick<EtlJob, 'noise' | 'verify' | 'expected'>

type NoiseOutput = PlannedFile & OutputPlan

/** One pass of the task over some items. */
export class NoiseRun extends FileRun<NoiseFacts, NoiseWork, EtlOutcome, FileResult> {
  constructor(
    readonly settings: NoiseSettings,
    origin: ItemOrigin,
    readonly banks = new NoiseBanks(settings.noise, settings),
  ) {
    super(settings, origin)
  }

  prepare(run: RunTask): Promise<void> {
    return this.banks.index(run)
  }

  protected draw({ key }: Located, copy: number, label: number): Drawn<NoiseFacts, NoiseWork> {
    const { settings } = this
    const banks = this.banks.all
    const { noise, drawn, layers } = drawNoise(settings.noise, key, copy, banks, settings.noise.each[label])
    return { facts: { drawn, layers, settings, copy }, work: { noise, verify: settings.verify } }
  }

  protected failedResult(output: NoiseOutput, error: NoisemillError): FileResult {
    return failedResult(output, error)
  }

  protected skippedResult(output: NoiseOutput, recorded: Skipped): FileResult {
    const { figures, ...sizes } = recorded
    return skippedResult(output, { ...sizes, ...figuresIn(figures) })
  }

  protected recordOutcome(output: NoiseOutput, outcome: EtlOutcome): FileResult | undefined {
    if ('figures' in outcome) {
      if (isOmitted(outcome.figures)) this.journal?.failed(output)
      else this.journal?.done(output, outcome.figures, figuresText(outcome.figures))
      return undefined
    }
    this.recordFailure(output, outcome.failure.code)
    return resultOf(output, outcome)
  }

  protected resultOf(output: NoiseOutput, outcome: EtlOutcome): FileResult {
    return resultOf(output, outcome)
  }
}

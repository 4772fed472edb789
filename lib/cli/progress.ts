/** How far a run is: the live line, and the sums at its end. */

import { usableCpus } from '../cpus.js'
import type { PoolInfo } from '../index.js'
import type { FileResult } from '../plan/results.js'
import { plural, showBytes, showCounts, showSeconds } from '../show.js'

/** The last line that --json prints: the sums of a run, and what it ran on. */
export interface Summary extends PoolInfo {
  /** 'summary'; the lines before have 'file'. */
  readonly type: 'summary'
  /** Outputs that were written. */
  readonly done: number
  /** Outputs that a dry run would have written. */
  readonly planned: number
  /** Outputs that the run which was resumed had written. */
  readonly skipped: number
  /** Outputs that could not be made. */
  readonly failed: number
  /** Files that the inputs have again under the same output, and that were done once. */
  readonly repeatedFiles: number
  /** Folders whose files were done again under another path, because of a symbolic link. */
  readonly repeatedFolders: number
  /** Audio files of other kinds in input folders, which are not read, by what their names end with: `{ "flac": 12 }`. */
  readonly unread: Readonly<Record<string, number>>
  /** Outputs that have each warning, by its code: `{ "W_SILENT": 3 }`. Skipped outputs count here, and in the figures that follow. */
  readonly warnings: Readonly<Record<string, number>>
  /** Outputs with samples that the clamp changed. */
  readonly clippedFiles: number
  /** Samples that the clamp changed. */
  readonly clippedSamples: number
  /** Minimum, median and maximum of the SNR achieved, in decibels; null where no output has one. */
  readonly snr: SnrRange | null
  /** Bytes of the inputs, but for those of skipped outputs. */
  readonly bytesIn: number
  /** Seconds that the run took. */
  readonly seconds: number
  /** The seed, as text. */
  readonly seed: string
}

interface SnrRange {
  readonly minimum: number
  readonly median: number
  readonly maximum: number
}

const increment = (counts: Map<string, number>, name: string) => counts.set(name, (counts.get(name) ?? 0) + 1)

export class Progress {
  done = 0
  planned = 0
  /** Done by an earlier run. */
  skipped = 0
  failed = 0
  bytes = 0
  repeatedFiles = 0
  repeatedFolders = 0
  readonly #unread = new Map<string, number>()
  readonly #warnings = new Map<string, number>()
  #clippedFiles = 0
  #clippedSamples = 0
  /** Of each output that has one: eight bytes, which a median takes. */
  readonly #snrs: number[] = []
  /** Outputs in all, once that is known. */
  total: number | undefined
  readonly #started = performance.now()
  readonly #cpu = process.cpuUsage()

  add(result: FileResult): void {
    if (result.status === 'failed') this.failed++
    else if (result.status === 'planned') this.planned++
    else if (result.status === 'skipped') this.skipped++
    else this.done++
    if (result.status !== 'skipped') this.bytes += result.bytesIn ?? 0
    for (const warning of result.warnings) increment(this.#warnings, warning)
    const clipped = result.clipped ?? 0
    if (clipped > 0) this.#clippedFiles++
    this.#clippedSamples += clipped
    if (result.snr !== null) this.#snrs.push(result.snr)
  }

  addRepeat(kind: 'file' | 'folder'): void {
    if (kind === 'file') this.repeatedFiles++
    else this.repeatedFolders++
  }

  /** @param kind what the name of a file ends with that is not read */
  addUnread(kind: string): void {
    increment(this.#unread, kind)
  }

  get #snr(): SnrRange | null {
    const sorted = Float64Array.from(this.#snrs).sort()
    if (sorted.length === 0) return null
    const [below, above] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]]
    return { minimum: sorted[0], median: (below + above) / 2, maximum: sorted[sorted.length - 1] }
  }

  get finished(): number {
    return this.done + this.planned + this.skipped + this.failed
  }

  get seconds(): number {
    return (performance.now() - this.#started) / 1000
  }

  /** Share of all cores that this process used, 0 to 1. */
  get cpuShare(): number {
    const { user, system } = process.cpuUsage(this.#cpu)
    return (user + system) / 1e6 / this.seconds / usableCpus()
  }

  /** The live line. */
  line(): string {
    const { finished, total, seconds } = this
    const files = total === undefined ? plural(finished, 'file') : `${finished} of ${plural(total, 'file')}`
    const failed = this.failed > 0 ? `, ${this.failed} failed` : ''
    const rate = `${showBytes(this.bytes / seconds)}/s`
    const cpu = `CPU ${Math.round(100 * this.cpuShare)} %`
    const worked = finished - this.skipped
    const left =
      total === undefined || worked === 0 ? '' : `  ${showSeconds((seconds / worked) * (total - finished))} s left`
    return `${files}${failed}  ${rate}  ${cpu}${left}`
  }

  /** What was done, in figures. */
  summary(seed: string, info: PoolInfo): Summary {
    const { done, planned, skipped, failed, repeatedFiles, repeatedFolders, bytes, seconds } = this
    return {
      type: 'summary',
      done,
      planned,
      skipped,
      failed,
      repeatedFiles,
      repeatedFolders,
      unread: Object.fromEntries(this.#unread),
      warnings: Object.fromEntries(this.#warnings),
      clippedFiles: this.#clippedFiles,
      clippedSamples: this.#clippedSamples,
      snr: this.#snr,
      bytesIn: bytes,
      seconds,
      seed,
      ...info,
    }
  }

  /** What became of the samples, in a line; empty where there is nothing to tell. */
  figuresLine(): string {
    const snr = this.#snr
    const decibels = (value: number) => `${value.toFixed(2)} dB`
    return [
      ...(snr
        ? [
            `SNR achieved: minimum ${decibels(snr.minimum)}, median ${decibels(snr.median)}, maximum ${decibels(snr.maximum)}`,
          ]
        : []),
      ...(this.#clippedFiles > 0
        ? [`clipped: ${plural(this.#clippedSamples, 'sample')} in ${plural(this.#clippedFiles, 'file')}`]
        : []),
      ...(this.#warnings.size > 0 ? [`warnings: ${showCounts(this.#warnings)}`] : []),
    ].join('; ')
  }

  /** What was done, in a line. */
  summaryLine(): string {
    const counts = [
      this.planned > 0 ? `${this.planned} planned` : `${this.done} done`,
      ...(this.skipped > 0 ? [`${this.skipped} skipped`] : []),
      ...(this.failed > 0 ? [`${this.failed} failed`] : []),
      ...(this.repeatedFiles > 0 ? [`${this.repeatedFiles} repeated`] : []),
      ...(this.#unread.size > 0 ? [`other audio files not read (${showCounts(this.#unread)})`] : []),
    ]
    const rate = `${showBytes(this.bytes)} in ${showSeconds(this.seconds)} s`
    return `${counts.join(', ')}: ${rate}, CPU ${Math.round(100 * this.cpuShare)} %`
  }
}

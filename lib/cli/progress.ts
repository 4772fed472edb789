/** Counts the results of a run, for the live line and for the summary at its end. */

import { usableCpus } from '../cpus.js'
import type { Diagnosis, PoolInfo, Verdict } from '../index.js'
import type { FileResult } from '../plan/results.js'
import { Counts, plural, showBytes, showSeconds } from '../show.js'
import type { RoomFigures } from './room.js'

/** The last line that --json prints: the sums of a run, and the fields of its pool. */
export interface Summary extends PoolInfo {
  /** 'summary'; the lines before it have 'file'. */
  readonly type: 'summary'
  /** Outputs that were written. */
  readonly done: number
  /** Outputs that a dry run would have written. */
  readonly planned: number
  /** Existing outputs that --verify found equal to what the inputs and settings give. */
  readonly verified: number
  /** Outputs that an earlier run had written. */
  readonly skipped: number
  /** Outputs that were not written because the file is silent. */
  readonly omitted: number
  /** Outputs that failed. */
  readonly failed: number
  /** WAV files in the output folder that no input leads to, which --verify looks for. */
  readonly foreign: number
  /** Number of rows that `noisemill replay` left out: their outputs failed or were omitted, or they are repeated. */
  readonly rowsLeftOut: number
  /** Number of repeated input files with the same output, which were processed once. */
  readonly repeatedFiles: number
  /** Number of folders whose files were processed again under another path, because of a symbolic link. */
  readonly repeatedFolders: number
  /**
   * Audio files of other formats in input folders, which are not read. They are counted by extension: `{ "flac": 12 }`.
   */
  readonly unread: Readonly<Record<string, number>>
  /** Number of files that --exclude left out, without those in folders that it left out. */
  readonly excludedFiles: number
  /** Number of folders that --exclude left out. */
  readonly excludedFolders: number
  /**
   * Number of outputs with each warning, by code: `{ "W_SILENT": 3 }`. Skipped outputs count here,
   * and in `clippedFiles`, `clippedSamples` and `snr`.
   */
  readonly warnings: Readonly<Record<string, number>>
  /** Number of outputs with clipped samples. */
  readonly clippedFiles: number
  /** Number of samples that clipping changed, in all outputs. */
  readonly clippedSamples: number
  /** Minimum, median and maximum of the SNR achieved, in decibels; null if no output has one. */
  readonly snr: SnrRange | null
  /** Total size of the inputs in bytes, without those of skipped outputs. */
  readonly bytesIn: number
  /** Total size of the outputs in bytes, without skipped ones and stems; in a dry run, the size that they would have. */
  readonly bytesOut: number
  /**
   * In a dry run, the bytes that the outputs need and those that are free on their volume, `{ "needed": 5000, "free":
   * 90000 }`; `free` is null if the system does not say it. Null in other runs.
   */
  readonly room: RoomFigures | null
  /** Seconds that the run took. */
  readonly seconds: number
  /** The seed, as text; null if the rows that are replayed have several. */
  readonly seed: string | null
  /** The verdicts of --doctor, as those of `diagnose`; null without it. */
  readonly doctor: readonly Verdict[] | null
}

interface SnrRange {
  readonly minimum: number
  readonly median: number
  readonly maximum: number
}

export class Progress {
  /**
   * @param hasExclusions whether the summary says what was left out, even if it is nothing
   * @param verifies whether existing outputs are compared
   */
  constructor(
    readonly hasExclusions: boolean,
    readonly verifies = false,
  ) {}

  done = 0
  planned = 0
  verified = 0
  /** Outputs that an earlier run had written. */
  skipped = 0
  omitted = 0
  failed = 0
  foreign = 0
  rowsLeftOut = 0
  bytes = 0
  #bytesOut = 0
  /** The room for the outputs of a dry run. */
  room: RoomFigures | undefined
  repeatedFiles = 0
  repeatedFolders = 0
  excludedFiles = 0
  excludedFolders = 0
  readonly #unread = new Counts()
  readonly #warnings = new Counts()
  #clippedFiles = 0
  #clippedSamples = 0
  /** The SNR of each output that has one. The median needs them all; each takes eight bytes. */
  readonly #snrs: number[] = []
  /** Number of all outputs, once it is known. */
  total: number | undefined
  /** The workers of a queue, if one does the work. */
  machines: ReadonlyMap<string, unknown> | undefined
  readonly #started = performance.now()
  readonly #cpu = process.cpuUsage()

  add(result: FileResult): void {
    if (result.status === 'failed') this.failed++
    else if (result.status === 'planned') this.planned++
    else if (result.status === 'verified') this.verified++
    else if (result.status === 'skipped') this.skipped++
    else if (result.status === 'omitted') this.omitted++
    else this.done++
    if (result.status !== 'skipped') {
      this.bytes += result.bytesIn ?? 0
      this.#bytesOut += result.bytesOut ?? 0
    }
    for (const warning of result.warnings) this.#warnings.add(warning)
    const clipped = result.clipped ?? 0
    if (clipped > 0) this.#clippedFiles++
    this.#clippedSamples += clipped
    if (result.snr !== null) this.#snrs.push(result.snr)
  }

  addRepeat(kind: 'file' | 'folder'): void {
    if (kind === 'file') this.repeatedFiles++
    else this.repeatedFolders++
  }

  addExcluded(kind: 'file' | 'folder'): void {
    if (kind === 'file') this.excludedFiles++
    else this.excludedFolders++
  }

  /** @param kind the extension of an audio file that is not read */
  addUnread(kind: string): void {
    this.#unread.add(kind)
  }

  get #excluded(): string {
    const { excludedFiles: files, excludedFolders: folders } = this
    return folders === 0 ? `${files}` : `${plural(files, 'file')} and ${plural(folders, 'folder')}`
  }

  get #snr(): SnrRange | null {
    const sorted = Float64Array.from(this.#snrs).sort()
    if (sorted.length === 0) return null
    const [below, above] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]]
    return { minimum: sorted[0], median: (below + above) / 2, maximum: sorted[sorted.length - 1] }
  }

  get finished(): number {
    return this.done + this.planned + this.verified + this.skipped + this.omitted + this.failed
  }

  get seconds(): number {
    return (performance.now() - this.#started) / 1000
  }

  /** Share of the usable CPUs' time that this process used, 0 to 1. */
  get cpuShare(): number {
    const { user, system } = process.cpuUsage(this.#cpu)
    return (user + system) / 1e6 / this.seconds / usableCpus()
  }

  /** Returns the text of the live line. */
  line(): string {
    const { finished, total, seconds } = this
    const files = total === undefined ? plural(finished, 'file') : `${finished} of ${plural(total, 'file')}`
    const failed = this.failed > 0 ? `, ${this.failed} failed` : ''
    const rate = `${showBytes(this.bytes / seconds)}/s`
    const { machines } = this
    const cpu = machines ? plural(machines.size, 'worker') : `CPU ${Math.round(100 * this.cpuShare)} %`
    const worked = finished - this.skipped
    const left =
      total === undefined || worked === 0 ? '' : `  ${showSeconds((seconds / worked) * (total - finished))} s left`
    return `${files}${failed}  ${rate}  ${cpu}${left}`
  }

  /** Returns the summary for --json. */
  summary(seed: string | null, info: PoolInfo, diagnosis: Diagnosis | undefined): Summary {
    const { done, planned, verified, skipped, omitted, failed, foreign } = this
    const { repeatedFiles, repeatedFolders, bytes, seconds } = this
    return {
      type: 'summary',
      done,
      planned,
      verified,
      skipped,
      omitted,
      failed,
      foreign,
      rowsLeftOut: this.rowsLeftOut,
      repeatedFiles,
      repeatedFolders,
      unread: this.#unread.byName(),
      excludedFiles: this.excludedFiles,
      excludedFolders: this.excludedFolders,
      warnings: this.#warnings.byName(),
      clippedFiles: this.#clippedFiles,
      clippedSamples: this.#clippedSamples,
      snr: this.#snr,
      bytesIn: bytes,
      bytesOut: this.#bytesOut,
      room: this.room ?? null,
      seconds,
      seed,
      doctor: diagnosis?.verdicts ?? null,
      ...info,
    }
  }

  /** Returns a line about SNRs, clipping, warnings and room, or '' if there is nothing to report. */
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
      ...(this.#warnings.isEmpty ? [] : [`warnings: ${this.#warnings}`]),
      ...(this.room ? [`room: ${showBytes(this.room.needed)} needed, ${showFree(this.room)}`] : []),
    ].join('; ')
  }

  /** Returns a line with the counts, the size of the inputs and the time. */
  summaryLine(): string {
    const counts = [
      this.planned > 0 ? `${this.planned} planned` : this.verifies ? `${this.verified} verified` : `${this.done} done`,
      ...(this.skipped > 0 ? [`${this.skipped} skipped`] : []),
      ...(this.omitted > 0 ? [`${this.omitted} omitted`] : []),
      ...(this.failed > 0 ? [`${this.failed} failed`] : []),
      ...(this.foreign > 0 ? [`${this.foreign} foreign`] : []),
      ...(this.rowsLeftOut > 0 ? [`${plural(this.rowsLeftOut, 'row')} left out`] : []),
      ...(this.repeatedFiles > 0 ? [`${this.repeatedFiles} repeated`] : []),
      ...(this.hasExclusions ? [`${this.#excluded} excluded`] : []),
      ...(this.#unread.isEmpty ? [] : [`other audio files not read (${this.#unread})`]),
    ]
    const rate = `${showBytes(this.bytes)} in ${showSeconds(this.seconds)} s`
    return `${counts.join(', ')}: ${rate}, CPU ${Math.round(100 * this.cpuShare)} %`
  }
}

const showFree = ({ free }: RoomFigures): string => (free === null ? 'free room not known' : `${showBytes(free)} free`)

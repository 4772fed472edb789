/** How far a run is: the live line, and the sums at its end. */

import { usableCpus } from '../cpus.js'
import type { PoolInfo } from '../index.js'
import type { FileResult } from '../plan/results.js'
import { plural, showBytes, showSeconds } from '../show.js'

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
  /** Bytes of the inputs, but for those of skipped outputs. */
  readonly bytesIn: number
  /** Seconds that the run took. */
  readonly seconds: number
  /** The seed, as text. */
  readonly seed: string
}

export class Progress {
  done = 0
  planned = 0
  /** Done by an earlier run. */
  skipped = 0
  failed = 0
  bytes = 0
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
    const { done, planned, skipped, failed, bytes, seconds } = this
    return { type: 'summary', done, planned, skipped, failed, bytesIn: bytes, seconds, seed, ...info }
  }

  /** What was done, in a line. */
  summaryLine(): string {
    const counts = [
      this.planned > 0 ? `${this.planned} planned` : `${this.done} done`,
      ...(this.skipped > 0 ? [`${this.skipped} skipped`] : []),
      ...(this.failed > 0 ? [`${this.failed} failed`] : []),
    ]
    const rate = `${showBytes(this.bytes)} in ${showSeconds(this.seconds)} s`
    return `${counts.join(', ')}: ${rate}, CPU ${Math.round(100 * this.cpuShare)} %`
  }
}

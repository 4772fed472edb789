/** Collects what a WorkerPool measures of a chunk. */

import { bytesOf, type RunBytes } from './byte-count.js'
import type { Cancellation } from './cancellation.js'
import type { ChunkDetails, WorkerShare } from './chunk-details.js'
import { sharedTime } from './clock.js'
import type { HistogramData } from './histogram.js'
import type { LoadFigures } from './messages.js'

export class ChunkTally {
  readonly bytes: RunBytes
  readonly #sent = sharedTime()
  #began = Infinity
  /** Milliseconds that the JS thread needed to post the jobs. */
  posting = 0
  /** How often jobs were taken back from a thread. */
  takenBack = 0
  readonly #times: HistogramData[] = []
  readonly #shares: WorkerShare[] = []

  constructor(run: Cancellation) {
    this.bytes = bytesOf(run)
  }

  /** Notes that a thread has ended a load. */
  done({ began, ended, spent, used, times }: LoadFigures, share: Omit<WorkerShare, 'ended' | 'spent' | 'used'>): void {
    this.#began = Math.min(this.#began, began)
    this.#times.push(times)
    this.#shares.push({ ...share, ended, spent, used })
  }

  details(): ChunkDetails {
    const { posting, takenBack, bytes } = this
    const queued = Number.isFinite(this.#began) ? this.#began - this.#sent : null
    return { queued, posting, takenBack, times: this.#times, shares: this.#shares, bytes }
  }
}

/** The jobs that wait for workers, one queue for each run, so that no run waits for the end of another. */

import type { Cancellation } from './cancellation.js'
import type { AcceptedChunk, Jobs, Load } from './load.js'

interface RunQueue {
  readonly waiting: Jobs[]
  /** Loads that workers have. */
  loads: number
  /** Milliseconds that workers have worked for the run, counted from the least of the others. */
  served: number
  /** Milliseconds of its last load. */
  last: number
  /** Milliseconds of a job in its last load; undefined before its first load has ended. */
  pace: number | undefined
}

/**
 * Most milliseconds that the jobs of a run take before those of another have their turn. A trip
 * takes little of it.
 */
const TURN_MILLISECONDS = 20
/** Counts for a load that is in progress if it is not known how long one takes. */
const UNKNOWN_MILLISECONDS = 1

/** Chunks of one run have the same Cancellation, by which the queues know them. */
export class RunQueues {
  readonly #runs = new Map<Cancellation, RunQueue>()

  get hasWaiting(): boolean {
    for (const { waiting } of this.#runs.values()) if (waiting.length > 0) return true
    return false
  }

  isNew(run: Cancellation): boolean {
    return this.#runs.size > 0 && !this.#runs.has(run)
  }

  add(jobs: Jobs): void {
    this.#queueOf(jobs).waiting.push(jobs)
  }

  /** Queues jobs before all others of their run. */
  putBack(jobs: Jobs): void {
    this.#queueOf(jobs).waiting.unshift(jobs)
  }

  #queueOf({ accepted }: Jobs): RunQueue {
    const { cancellation } = accepted.chunk
    let queue = this.#runs.get(cancellation)
    if (queue === undefined) {
      let served = Infinity
      for (const other of this.#runs.values()) served = Math.min(served, other.served)
      queue = { waiting: [], loads: 0, served: Number.isFinite(served) ? served : 0, last: 0, pace: undefined }
      this.#runs.set(cancellation, queue)
    }
    return queue
  }

  /**
   * Removes and returns the next jobs: the first of the run that workers have worked for least. What
   * they do now counts as long as the run's last load.
   */
  next(): Jobs | undefined {
    let best: RunQueue | undefined
    let least = Infinity
    for (const queue of this.#runs.values()) {
      const cost = queue.served + queue.loads * (queue.last || UNKNOWN_MILLISECONDS)
      if (queue.waiting.length === 0 || cost >= least) continue
      least = cost
      best = queue
    }
    return best && this.#firstOf(best)
  }

  /** Removes and returns the first jobs of a run: not too many if other runs wait for their turn. */
  #firstOf({ waiting, pace }: RunQueue): Jobs {
    const jobs = waiting.shift()!
    const most = this.#runs.size === 1 || pace === undefined ? Infinity : Math.max(1, TURN_MILLISECONDS / pace)
    if (jobs.count <= most) return jobs
    const { accepted, first, count } = jobs
    const taken = Math.floor(most)
    waiting.unshift({ accepted, first: first + taken, count: count - taken })
    return { accepted, first, count: taken }
  }

  given(load: Load): void {
    this.#queueOf(load).loads++
  }

  /** Notes that a worker has finished a load. */
  done(load: Load, milliseconds: number): void {
    const queue = this.#queueOf(load)
    queue.loads--
    queue.served += milliseconds
    queue.last = milliseconds
    if (load.count > 0) queue.pace = milliseconds / load.count
    this.#forgetIfEmpty(load.accepted.chunk.cancellation, queue)
  }

  /** Removes the waiting jobs of a chunk, and returns them. */
  remove(accepted: AcceptedChunk): Jobs[] {
    const { cancellation } = accepted.chunk
    const queue = this.#runs.get(cancellation)
    if (queue === undefined) return []
    const removed = queue.waiting.filter((jobs) => jobs.accepted === accepted)
    const kept = queue.waiting.filter((jobs) => jobs.accepted !== accepted)
    queue.waiting.splice(0, queue.waiting.length, ...kept)
    this.#forgetIfEmpty(cancellation, queue)
    return removed
  }

  #forgetIfEmpty(run: Cancellation, queue: RunQueue): void {
    if (queue.loads === 0 && queue.waiting.length === 0) this.#runs.delete(run)
  }
}

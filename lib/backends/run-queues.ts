/** The jobs that wait for workers, one queue for each run, so that no run waits for the end of another. */

import type { Cancellation } from './cancellation.js'
import type { AcceptedChunk, Jobs, Load } from './load.js'
import { type Ranked, Ranking } from './ranking.js'

/** The queue of a run. Its rank is what it has cost so far. */
interface RunQueue extends Ranked {
  readonly waiting: Jobs[]
  /** Loads that workers have. */
  loads: number
  /** Milliseconds that workers have worked for the run, counted from those of the run before it. */
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
  /** Queues in which jobs wait. */
  readonly #turns = new Ranking<RunQueue>()
  /** What the run that had the last turn had been served. A new run begins with it. */
  #served = 0
  #order = 0

  get hasWaiting(): boolean {
    return this.#turns.first !== undefined
  }

  isNew(run: Cancellation): boolean {
    return this.#runs.size > 0 && !this.#runs.has(run)
  }

  add(jobs: Jobs): void {
    const queue = this.#queueOf(jobs)
    queue.waiting.push(jobs)
    this.#rank(queue)
  }

  /** Queues jobs before all others of their run. */
  putBack(jobs: Jobs): void {
    const queue = this.#queueOf(jobs)
    queue.waiting.unshift(jobs)
    this.#rank(queue)
  }

  #queueOf({ accepted }: Jobs): RunQueue {
    const { cancellation } = accepted.chunk
    let queue = this.#runs.get(cancellation)
    if (queue === undefined) {
      const ranked = { rank: 0, order: ++this.#order, place: -1 }
      queue = { ...ranked, waiting: [], loads: 0, served: this.#served, last: 0, pace: undefined }
      this.#runs.set(cancellation, queue)
    }
    return queue
  }

  /** Ranks a queue anew. What workers do now counts as long as the run's last load. */
  #rank(queue: RunQueue): void {
    queue.rank = queue.served + queue.loads * (queue.last || UNKNOWN_MILLISECONDS)
    if (queue.waiting.length > 0) this.#turns.update(queue)
    else this.#turns.remove(queue)
  }

  /** Removes and returns the next jobs: the first of the run that workers have worked for least. */
  next(): Jobs | undefined {
    const queue = this.#turns.first
    if (queue === undefined) return undefined
    this.#served = Math.max(this.#served, queue.served)
    const jobs = this.#firstOf(queue)
    this.#rank(queue)
    return jobs
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
    const queue = this.#queueOf(load)
    queue.loads++
    this.#rank(queue)
  }

  /** Notes that a worker has finished a load. */
  done(load: Load, milliseconds: number): void {
    const queue = this.#queueOf(load)
    queue.loads--
    queue.served += milliseconds
    queue.last = milliseconds
    if (load.count > 0) queue.pace = milliseconds / load.count
    this.#rank(queue)
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
    this.#rank(queue)
    this.#forgetIfEmpty(cancellation, queue)
    return removed
  }

  /** Forgets the run of jobs that `next` has returned and no worker gets, unless it has others. */
  forget({ accepted }: Jobs): void {
    const { cancellation } = accepted.chunk
    const queue = this.#runs.get(cancellation)
    if (queue !== undefined) this.#forgetIfEmpty(cancellation, queue)
  }

  #forgetIfEmpty(run: Cancellation, queue: RunQueue): void {
    if (queue.loads === 0 && queue.waiting.length === 0) this.#runs.delete(run)
  }
}

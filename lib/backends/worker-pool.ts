/**
 * A pool of worker threads. It starts workers when they are needed, replaces those that die, and
 * keeps all of them busy. Idle workers do not keep the process alive.
 */

import { isError, NoisemillError } from '../errors.js'
import { warnProcess } from '../warnings.js'
import type { Chunk, ChunkFigures, CloseOptions } from './backend.js'
import { workerEnd, workerStart } from './channels.js'
import { PoolFunctions } from './functions.js'
import type { HostEnd, Hosts } from './host.js'
import { AcceptedChunk, type Jobs, type Load } from './load.js'
import type { LoadFigures } from './messages.js'
import { isNested, isNestedRun } from './nesting.js'
import { Offers } from './offers.js'
import { PoolWorker } from './pool-worker.js'
import { RunQueues } from './run-queues.js'
import { textOf } from './thrown.js'
import { Watch } from './watch.js'
import type { WorkerFigures } from './worker-figures.js'
import { defaultRecycling, type Recycling } from './worker-options.js'

/**
 * Loads that a worker has when there is more work than workers: one that it works on and one that
 * waits, so that it need not wait for a message between them.
 */
const LOADS_AHEAD = 2
/**
 * How often the pool looks whether jobs should move to another worker. More often, quick jobs would
 * cross twice for nothing.
 */
const BALANCE_MILLISECONDS = 4

/** How many workers may be killed, one after the other, before they can begin. */
const MAX_KILLED_AT_START = 10

export class WorkerPool {
  readonly #workers = new Set<PoolWorker>()
  readonly #queues = new RunQueues()
  readonly #accepted = new Set<AcceptedChunk>()
  readonly #functions = new PoolFunctions({
    collected: (own) => {
      for (const worker of this.#workers) worker.release(own)
    },
    begun: () => {
      for (const worker of this.#workers) worker.releaseIdle()
    },
  })
  readonly #offers = new Offers()
  /** Workers that were replaced and have not ended. */
  readonly #replaced = new Map<PoolWorker, Promise<void>>()
  #isTerminated = false
  /** How many workers, one after the other, were killed before they could begin. */
  #killedAtStart = 0
  #hasWarnedOfFallback = false
  #isPrepared = false
  /** The current limit of workers. */
  #most: number
  #shortage: string | undefined
  #balancing: NodeJS.Timeout | undefined
  readonly #hosts: Hosts
  readonly #recycling: Recycling
  readonly #watch = new Watch(() => this.#killOverdue())

  constructor(
    readonly size: number,
    hosts: Hosts,
    recycling: Recycling = defaultRecycling,
  ) {
    this.#most = size
    this.#hosts = hosts
    this.#recycling = recycling
  }

  /**
   * Number of jobs that the pool works on at the same time: `size`, or fewer if the system allows
   * fewer workers.
   */
  get threads(): number {
    return this.#most
  }

  /** Why there are fewer workers than `size`, in words; undefined if there are not. */
  get shortage(): string | undefined {
    return this.#shortage
  }

  workers(): readonly WorkerFigures[] {
    return Array.from(this.#workers, (worker) => worker.figures())
  }

  /** See Backend. */
  execute(chunk: Chunk): Promise<ChunkFigures> {
    return new Promise((resolve) => {
      const own = chunk.kind === 'calls' ? this.#functions.begin(chunk) : undefined
      const accepted: AcceptedChunk = new AcceptedChunk(chunk, own, (figures) => {
        if (own !== undefined) own.chunks--
        this.#accepted.delete(accepted)
        resolve(figures)
      })
      const jobs: Jobs = { accepted, first: 0, count: chunk.jobs.length }
      if (this.#isTerminated) {
        accepted.fail(jobs, new NoisemillError('E_POOL_TERMINATED'))
        return
      }
      if (chunk.kind === 'calls' && (isNestedRun(chunk.cancellation) || isNested(chunk.call.url))) {
        accepted.fail(jobs, new NoisemillError('E_TASK_NESTED', { received: chunk.call.url }))
        return
      }
      this.#accepted.add(accepted)
      if (this.#queues.isNew(chunk.cancellation)) this.#makeRoom()
      this.#queues.add(jobs)
      accepted.forget = chunk.cancellation.onCancel(() => this.#cancel(accepted))
      this.#assign()
    })
  }

  /**
   * Takes back the jobs of a chunk that were not begun, wherever they are, and fails them. Tells
   * calls in progress that they are no longer wanted. Interrupts them later if the run asks for it.
   */
  #cancel(accepted: AcceptedChunk): void {
    const workers = Array.from(this.#workers).filter((worker) => worker.has(accepted))
    const unbegun = [...this.#queues.remove(accepted), ...Array.from(accepted.loads, (load) => load.close())]
    for (const jobs of unbegun) accepted.fail(jobs, new NoisemillError('E_CANCELLED'))
    if (accepted.chunk.kind !== 'calls') return
    for (const worker of workers) worker.abort(accepted)
    const { grace } = accepted.chunk.cancellation
    if (grace === undefined || workers.length === 0) return
    const timer = setTimeout(() => {
      for (const worker of workers) if (worker.isHeldUpBy(accepted)) worker.kill()
    }, grace)
    // The workers keep the process alive while they have work.
    timer.unref()
  }

  /** Ends the workers that are in a call whose time is up, and cannot end it themselves. */
  #killOverdue(): void {
    for (const worker of this.#workers) {
      if (worker.loads.some(({ isOverdue }) => isOverdue)) worker.kill()
      for (const { accepted } of worker.loads) this.#watch.within(accepted.timeout)
    }
  }

  /**
   * Ends all workers, also those that are working, and starts no more. Unsettled jobs are settled
   * with E_POOL_TERMINATED only when their worker has ended, because it may write files until then.
   * Workers that are not working call teardowns before, unless `force` is set or `signal` aborts.
   */
  async terminate({ force = false, signal }: CloseOptions = {}): Promise<void> {
    this.#isTerminated = true
    clearTimeout(this.#balancing)
    this.#watch.stop()
    this.#offers.close()
    const error = new NoisemillError('E_POOL_TERMINATED')
    for (const accepted of this.#accepted) {
      for (const jobs of this.#queues.remove(accepted)) accepted.fail(jobs, error)
      for (const load of accepted.loads) accepted.fail(load.close(), error)
    }
    const all = [...this.#workers, ...this.#replaced.keys()]
    const ended = all.map((worker) => worker.end(force))
    signal?.addEventListener('abort', () => {
      for (const worker of all) worker.end(true)
    })
    await Promise.all(ended)
  }

  /** Prepares the process for the first worker. */
  #prepare(): void {
    this.#isPrepared = true
    const { most, why } = this.#hosts.room(this.size)
    if (most < this.size) this.#limit(most, why)
  }

  #limit(workers: number, why: string): void {
    this.#most = workers
    this.#shortage ??= `fewer than ${this.size} worker threads can be started: ${why}`
  }

  /**
   * Starts no more workers, because one could not be started. Each attempt would use resources that
   * the existing workers may need.
   */
  #limitToExisting(cause: unknown): void {
    this.#limit(this.#workers.size, isError(cause) ? cause.message : String(cause))
  }

  /** Gives waiting jobs to workers while both last. */
  #assign(): void {
    for (;;) {
      const jobs = this.#queues.next()
      if (jobs === undefined) break
      let worker = this.#workerFor(jobs)
      if (worker === undefined && !this.#mayStart) {
        this.#queues.putBack(jobs)
        break
      }
      try {
        worker ??= this.#start()
      } catch (cause) {
        // The system refuses another worker, or Node's permission model forbids it.
        if (this.#notStarted(jobs, cause)) continue
        break
      }
      const { accepted, first, count } = jobs
      const { room } = worker
      if (count > room) this.#queues.putBack({ accepted, first: first + room, count: count - room })
      this.#give(worker, { accepted, first, count: Math.min(count, room) })
    }
    this.#shareLongFiles()
    this.#balanceSoon()
  }

  /**
   * Lets workers without jobs help with long files. It starts workers for very long ones. Jobs come
   * first, because several files are written faster than several parts of one.
   */
  #shareLongFiles(): void {
    if (this.#offers.isEmpty || this.#queues.hasWaiting || this.#isTerminated) return
    for (const worker of this.#workers) if (worker.loads.length === 0) this.#offers.invite(worker)
    while (this.#workers.size < this.#most && this.#offers.isWorthNewThread) {
      try {
        this.#offers.invite(this.#start())
      } catch (cause) {
        this.#limitToExisting(cause)
      }
    }
  }

  /**
   * Returns the worker that should have these jobs: an idle one, one that only helps another, or if
   * no more can be started, the one with the fewest jobs that has room for more. Undefined if there
   * is none.
   */
  #workerFor({ accepted }: Jobs): PoolWorker | undefined {
    let helper: PoolWorker | undefined
    let best: PoolWorker | undefined
    let least = Infinity
    for (const worker of this.#workers) {
      if (worker.room === 0) continue
      if (worker.loads.length === 0) {
        if (!this.#offers.isHelping(worker)) return worker
        helper ??= worker
        continue
      }
      const { unsettled } = worker
      // It can begin a job at once, or it will soon want the next. Jobs that cannot be taken back must
      // not wait behind a slow one.
      const hasRoom =
        (unsettled < accepted.concurrency && !worker.isFull && !worker.isBlocked) ||
        (worker.loads.length < LOADS_AHEAD && !worker.isStalled && !accepted.isTransferred)
      if (!hasRoom || unsettled >= least) continue
      best = worker
      least = unsettled
    }
    return helper ?? (this.#mayStart ? undefined : best)
  }

  /**
   * Gives the jobs of a worker that could not be started to the existing workers, or fails the jobs
   * if there are none. Returns whether jobs can be given now.
   */
  #notStarted(jobs: Jobs, cause: unknown): boolean {
    if (this.#workers.size > 0) {
      this.#limitToExisting(cause)
      this.#queues.putBack(jobs)
      return true
    }
    if (this.#replaced.size > 0) {
      // Those give back what the system lacks when they end.
      this.#queues.putBack(jobs)
      return false
    }
    jobs.accepted.fail(jobs, new NoisemillError('E_WORKER_START', { cause }))
    this.#queues.forget(jobs)
    return true
  }

  /** Whether another worker may be started. Of those that are being replaced, as many may still be ending. */
  get #mayStart(): boolean {
    return this.#workers.size < this.#most && this.#replaced.size < this.#most
  }

  #start(): PoolWorker {
    if (!this.#isPrepared) this.#prepare()
    const worker: PoolWorker = new PoolWorker(this.#hosts, this.#recycling, {
      done: (load, figures, unbegun) => this.#done(worker, load, figures, unbegun),
      offered: (offer) => {
        this.#offers.add(worker, offer)
        this.#shareLongFiles()
      },
      freed: () => {
        if (this.#queues.hasWaiting) this.#assign()
      },
      helped: () => {
        this.#offers.helped(worker)
        this.#replaceIfDue(worker)
        this.#assign()
      },
      fallback: (reason) => this.#warnOfFallback(reason),
      died: (end) => this.#died(worker, end),
    })
    this.#workers.add(worker)
    if (workerStart.hasSubscribers) workerStart.publish({ worker: worker.id })
    return worker
  }

  #give(worker: PoolWorker, jobs: Jobs): void {
    try {
      this.#queues.given(worker.give(jobs))
    } catch (error) {
      this.#refuse(jobs, error)
      this.#queues.forget(jobs)
      return
    }
    this.#offers.recall(worker)
    this.#watch.within(jobs.accepted.timeout)
  }

  /** Fails those of the given jobs that cannot be cloned, and queues the others again. */
  #refuse(jobs: Jobs, error: unknown): void {
    const { accepted, first, count } = jobs
    const { chunk } = accepted
    const failure = (received: string) => new NoisemillError('E_NOT_CLONEABLE', { received })
    const ofData = chunk.kind === 'calls' ? this.#hosts.refusal('data', chunk.call.data) : undefined
    if (ofData !== undefined) {
      accepted.fail(jobs, failure(ofData))
      return
    }
    /** Jobs that can be cloned, in ranges between those that cannot. */
    const whole: Jobs[] = []
    let from = first
    for (let index = first; index < first + count; index++) {
      const job = chunk.jobs[index]
      // Of several items, each is copied to find out. A single one is at fault itself.
      const refusal = this.#hosts.refusal('item', job, count === 1 ? error : undefined)
      if (refusal === undefined) continue
      if (index > from) whole.push({ accepted, first: from, count: index - from })
      from = index + 1
      accepted.settle(index, { error: failure(refusal) })
    }
    // If no item is at fault, another attempt would fail in the same way.
    if (from === first) accepted.fail(jobs, failure(textOf(error)))
    else if (from < first + count) whole.push({ accepted, first: from, count: first + count - from })
    for (const some of whole.reverse()) this.#queues.putBack(some)
  }

  #done(worker: PoolWorker, load: Load, { began, ended }: LoadFigures, unbegun: Jobs): void {
    const { accepted } = load
    this.#offers.remove(worker)
    const milliseconds = ended - began
    accepted.milliseconds += milliseconds
    this.#queues.done(load, milliseconds)
    if (load.settled < load.count) {
      // A message of the worker could not be read, and its results are lost.
      const received = `result: ${worker.unreadable?.message ?? 'it was not received'}`
      accepted.fail(load, new NoisemillError('E_NOT_CLONEABLE', { received }))
    }
    accepted.ended(load)
    if (unbegun.count > 0) this.#queueAgain(unbegun)
    this.#replaceIfDue(worker)
    this.#assign()
  }

  /** Ends a worker that has no work and may be given none. The next is started when it is needed. */
  #replaceIfDue(worker: PoolWorker): void {
    if (this.#isTerminated || worker.room > 0 || worker.loads.length > 0 || this.#offers.isHelping(worker)) return
    this.#workers.delete(worker)
    const ended = worker.end(false).then(() => {
      this.#replaced.delete(worker)
      this.#assign()
    })
    this.#replaced.set(worker, ended)
  }

  /** Warns once that noise is slower than it could be, and why. */
  #warnOfFallback(reason: string): void {
    if (this.#hasWarnedOfFallback) return
    this.#hasWarnedOfFallback = true
    const what = `some workers add noise in TypeScript, because they cannot load the wasm kernel: ${reason}`
    warnProcess('W_KERNEL_FALLBACK', what)
  }

  /**
   * Fails the jobs that a worker had begun and not reported when it died. They may have had effects,
   * so they are not run again. The jobs that it had not begun run elsewhere.
   */
  #died(worker: PoolWorker, end: HostEnd): void {
    this.#workers.delete(worker)
    this.#offers.died(worker)
    const cause = worker.causeOfDeath(end)
    if (workerEnd.hasSubscribers) {
      const { exitCode } = end
      workerEnd.publish({
        worker: worker.id,
        exitCode,
        cause: worker.isEnding ? undefined : cause,
        figures: worker.figures(),
      })
    }
    const wasToHelp = !worker.isReady && worker.loads.length === 0
    if (wasToHelp && this.#workers.size > 0 && !this.#isTerminated) this.#limitToExisting(cause)
    const unbegun: Jobs[] = []
    const rests = worker.loads.map((load) => load.stopped())
    const hasBegun = worker.loads.some(({ begun }) => begun > 0)
    for (const [i, load] of worker.loads.entries()) {
      const { accepted } = load
      const rest = rests[i]
      this.#queues.done(load, 0)
      if (this.#isTerminated) {
        accepted.fail(load, new NoisemillError('E_POOL_TERMINATED'))
        accepted.fail(rest, new NoisemillError('E_POOL_TERMINATED'))
        accepted.ended(load)
        continue
      }
      load.failBegun(new NoisemillError('E_WORKER_DIED', { cause }), worker.isKilled)
      accepted.ended(load)
      if (rest.count === 0) continue
      if (accepted.isTransferred) {
        accepted.fail(rest, new NoisemillError('E_WORKER_DIED', { cause }))
        continue
      }
      if (!hasBegun && worker.isReady && accepted.hasDiedUnbegun) {
        // The first time, the cause may be earlier work of the worker. If it happens again, the cause
        // is this chunk.
        accepted.fail(rest, new NoisemillError('E_WORKER_DIED', { cause }))
        continue
      }
      if (!hasBegun && worker.isReady) accepted.hasDiedUnbegun = true
      unbegun.push(rest)
    }
    // A system that lacks memory may end each one that starts.
    this.#killedAtStart = worker.isReady || !end.isBySignal ? 0 : this.#killedAtStart + 1
    const mayStartAgain = worker.isReady || (end.isBySignal && this.#killedAtStart < MAX_KILLED_AT_START)
    for (const jobs of unbegun.reverse()) {
      if (mayStartAgain) this.#queueAgain(jobs)
      else this.#notStarted(jobs, cause)
    }
    this.#assign()
  }

  /** Queues jobs that a worker had and did not begin, if they are still wanted. */
  #queueAgain(jobs: Jobs): void {
    const { accepted } = jobs
    if (accepted.chunk.cancellation.isCancelled) accepted.fail(jobs, new NoisemillError('E_CANCELLED'))
    else this.#queues.putBack(jobs)
  }

  /** Makes workers begin jobs of another run when the jobs that they are working on end. */
  #makeRoom(): void {
    if (this.#workers.size < this.#most) return
    for (const worker of this.#workers) if (worker.loads.length === 0) return
    for (const worker of this.#workers) this.#takeBack(worker, 0)
  }

  /**
   * Takes the jobs back that a worker has not begun.
   *
   * @param share how large a part of them stays with the worker
   */
  #takeBack(worker: PoolWorker, share: number): void {
    const taken = worker.loads
      .filter(({ accepted }) => !accepted.isTransferred)
      .map((load) => load.close())
      .filter(({ count }) => count > 0)
    for (const { accepted, first, count } of taken.reverse()) {
      accepted.tally.takenBack++
      const kept = Math.floor(count * share)
      if (kept > 0) this.#give(worker, { accepted, first: first + count - kept, count: kept })
      this.#queues.putBack({ accepted, first, count: count - kept })
    }
  }

  #balanceSoon(): void {
    if (this.#balancing !== undefined || !Array.from(this.#workers).some(({ unbegun }) => unbegun > 0)) return
    this.#balancing = setTimeout(() => {
      this.#balancing = undefined
      this.#balance()
      this.#assign()
    }, BALANCE_MILLISECONDS)
  }

  /**
   * Takes jobs back that wait behind a slow one. If a worker is idle, it gets half of the jobs that
   * the busiest worker has not begun.
   */
  #balance(): void {
    for (const worker of this.#workers) {
      worker.watch(BALANCE_MILLISECONDS - 1)
      if (worker.isStalled) this.#takeBack(worker, 0)
    }
    const isAnyIdle = this.#mayStart || Array.from(this.#workers).some(({ loads }) => loads.length === 0)
    if (!isAnyIdle || this.#queues.hasWaiting) return
    let busiest: PoolWorker | undefined
    // A worker that loads a module first will soon begin.
    for (const worker of this.#workers)
      if (worker.isWorking && worker.unbegun > (busiest?.unbegun ?? 0)) busiest = worker
    if (busiest !== undefined) this.#takeBack(busiest, 0.5)
  }
}

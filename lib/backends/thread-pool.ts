/**
 * A pool of worker threads. It starts threads when they are needed, replaces those that die, and
 * keeps all of them busy. Idle threads do not keep the process alive.
 */

import { stat } from 'node:fs'
import { isError, NoisemillError } from '../errors.js'
import { packageFile } from '../package-files.js'
import { warnProcess } from '../warnings.js'
import type { Chunk, ChunkFigures, CloseOptions } from './backend.js'
import { workerEnd, workerStart } from './channels.js'
import { findRefusal, refusalOf } from './crossing.js'
import { threadsWithRoom } from './descriptors.js'
import { PoolFunctions } from './functions.js'
import { AcceptedChunk, type Jobs, type Load } from './load.js'
import type { LoadFigures, ThreadKernels } from './messages.js'
import { isNested } from './nesting.js'
import { Offers } from './offers.js'
import { RunQueues } from './run-queues.js'
import { Thread } from './thread.js'
import { textOf } from './thrown.js'
import { Watch } from './watch.js'
import type { WorkerFigures } from './worker-figures.js'
import { defaultWorkerSettings, type WorkerSettings } from './worker-options.js'

/**
 * Loads that a thread has when there is more work than threads: one that it works on and one that
 * waits, so that it need not wait for a message between them.
 */
const LOADS_AHEAD = 2
/**
 * How often the pool looks whether jobs should move to another thread. More often, quick jobs would
 * cross twice for nothing.
 */
const BALANCE_MILLISECONDS = 4

export class ThreadPool {
  readonly #threads = new Set<Thread>()
  readonly #queues = new RunQueues()
  readonly #accepted = new Set<AcceptedChunk>()
  readonly #functions = new PoolFunctions({
    collected: (own) => {
      for (const thread of this.#threads) thread.release(own)
    },
    begun: () => {
      for (const thread of this.#threads) thread.releaseIdle()
    },
  })
  readonly #offers = new Offers()
  /** Threads that were replaced and have not ended. */
  readonly #replaced = new Map<Thread, Promise<void>>()
  #isTerminated = false
  #hasWarnedOfFallback = false
  #isPrepared = false
  /** The current limit of threads. */
  #most: number
  #shortage: string | undefined
  #balancing: NodeJS.Timeout | undefined
  readonly #watch = new Watch(() => this.#killOverdue())

  constructor(
    readonly size: number,
    /** Tests replace it to make threads fail. */
    readonly entry = packageFile('dist/thread-entry.js'),
    readonly wasm: ThreadKernels | undefined = undefined,
    readonly settings: WorkerSettings = defaultWorkerSettings,
  ) {
    this.#most = size
  }

  /**
   * Number of jobs that the pool works on at the same time: `size`, or fewer if the system allows
   * fewer threads.
   */
  get threads(): number {
    return this.#most
  }

  /** Why there are fewer threads than `size`, in words; undefined if there are not. */
  get shortage(): string | undefined {
    return this.#shortage
  }

  workers(): readonly WorkerFigures[] {
    return Array.from(this.#threads, (thread) => thread.figures())
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
      if (chunk.kind === 'calls' && isNested(chunk.call.url)) {
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
    const threads = Array.from(this.#threads).filter((thread) => thread.has(accepted))
    const unbegun = [...this.#queues.remove(accepted), ...Array.from(accepted.loads, (load) => load.close())]
    for (const jobs of unbegun) accepted.fail(jobs, new NoisemillError('E_CANCELLED'))
    if (accepted.chunk.kind !== 'calls') return
    for (const thread of threads) thread.abort(accepted)
    const { grace } = accepted.chunk.cancellation
    if (grace === undefined || threads.length === 0) return
    const timer = setTimeout(() => {
      for (const thread of threads) if (thread.isHeldUpBy(accepted)) thread.kill()
    }, grace)
    // The threads keep the process alive while they have work.
    timer.unref()
  }

  /** Ends the threads that are in a call whose time is up, and cannot end it themselves. */
  #killOverdue(): void {
    for (const thread of this.#threads) {
      if (thread.loads.some(({ isOverdue }) => isOverdue)) thread.kill()
      for (const { accepted } of thread.loads) this.#watch.within(accepted.timeout)
    }
  }

  /**
   * Ends all threads, also those that are working, and starts no more. Unsettled jobs are settled
   * with E_POOL_TERMINATED only when their thread has ended, because it may write files until then.
   * Threads that are not working call teardowns before, unless `force` is set.
   */
  async terminate({ force = false }: CloseOptions = {}): Promise<void> {
    this.#isTerminated = true
    clearTimeout(this.#balancing)
    this.#watch.stop()
    this.#offers.close()
    const error = new NoisemillError('E_POOL_TERMINATED')
    for (const accepted of this.#accepted) {
      for (const jobs of this.#queues.remove(accepted)) accepted.fail(jobs, error)
      for (const load of accepted.loads) accepted.fail(load.close(), error)
    }
    const ending = force ? [...this.#threads, ...this.#replaced.keys()] : this.#threads
    await Promise.all([...Array.from(ending, (thread) => thread.end(force)), ...this.#replaced.values()])
  }

  /** Prepares the process for the first thread. */
  #prepare(): void {
    this.#isPrepared = true
    // libuv starts its threads at the first call that needs them, and ends the process if it
    // cannot. This call starts them before worker threads use up the system's limit.
    stat(this.entry, () => {})
    const room = threadsWithRoom(this.size, this.entry)
    if (room < this.size) this.#limit(room, 'too many open files (EMFILE)')
  }

  #limit(threads: number, why: string): void {
    this.#most = threads
    this.#shortage ??= `fewer than ${this.size} worker threads can be started: ${why}`
  }

  /**
   * Starts no more threads, because one could not be started. Each attempt would use resources that
   * the existing threads may need.
   */
  #limitToExisting(cause: unknown): void {
    this.#limit(this.#threads.size, isError(cause) ? cause.message : String(cause))
  }

  /** Gives waiting jobs to threads while both last. */
  #assign(): void {
    for (;;) {
      const jobs = this.#queues.next()
      if (jobs === undefined) break
      let thread = this.#threadFor(jobs)
      if (thread === undefined && this.#threads.size >= this.#most) {
        this.#queues.putBack(jobs)
        break
      }
      try {
        thread ??= this.#start()
      } catch (cause) {
        // The system refuses another thread, or Node's permission model forbids threads.
        this.#notStarted(jobs, cause)
        continue
      }
      const { accepted, first, count } = jobs
      const { room } = thread
      if (count > room) this.#queues.putBack({ accepted, first: first + room, count: count - room })
      this.#give(thread, { accepted, first, count: Math.min(count, room) })
    }
    this.#shareLongFiles()
    this.#balanceSoon()
  }

  /**
   * Lets threads without jobs help with long files. It starts threads for very long ones. Jobs come
   * first, because several files are written faster than several parts of one.
   */
  #shareLongFiles(): void {
    if (this.#offers.isEmpty || this.#queues.hasWaiting || this.#isTerminated) return
    for (const thread of this.#threads) if (thread.loads.length === 0) this.#offers.invite(thread)
    while (this.#threads.size < this.#most && this.#offers.isWorthNewThread) {
      try {
        this.#offers.invite(this.#start())
      } catch (cause) {
        this.#limitToExisting(cause)
      }
    }
  }

  /**
   * Returns the thread that should have these jobs: an idle one, one that only helps another, or if
   * no more can be started, the one with the fewest jobs that has room for more. Undefined if there
   * is none.
   */
  #threadFor({ accepted }: Jobs): Thread | undefined {
    let helper: Thread | undefined
    let best: Thread | undefined
    let least = Infinity
    for (const thread of this.#threads) {
      if (thread.room === 0) continue
      if (thread.loads.length === 0) {
        if (!this.#offers.isHelping(thread)) return thread
        helper ??= thread
        continue
      }
      const { unsettled } = thread
      // It can begin a job at once, or it will soon want the next. Jobs that cannot be taken back must
      // not wait behind a slow one.
      const hasRoom =
        (unsettled < accepted.concurrency && !thread.isFull) ||
        (thread.loads.length < LOADS_AHEAD && !thread.isStalled && !accepted.isTransferred)
      if (!hasRoom || unsettled >= least) continue
      best = thread
      least = unsettled
    }
    return helper ?? (this.#threads.size < this.#most ? undefined : best)
  }

  /**
   * Gives the jobs of a thread that could not be started to the existing threads, or fails the jobs
   * if there are none.
   */
  #notStarted(jobs: Jobs, cause: unknown): void {
    const threads = this.#threads.size
    if (threads === 0) jobs.accepted.fail(jobs, new NoisemillError('E_WORKER_START', { cause }))
    else {
      this.#limitToExisting(cause)
      this.#queues.putBack(jobs)
    }
  }

  #start(): Thread {
    if (!this.#isPrepared) this.#prepare()
    const thread: Thread = new Thread(this.entry, this.wasm, this.settings, {
      done: (load, figures) => this.#done(thread, load, figures),
      offered: (offer) => {
        this.#offers.add(thread, offer)
        this.#shareLongFiles()
      },
      helped: () => {
        this.#offers.helped(thread)
        this.#replaceIfDue(thread)
        this.#assign()
      },
      fallback: (reason) => this.#warnOfFallback(reason),
      died: (exitCode) => this.#died(thread, exitCode),
    })
    this.#threads.add(thread)
    if (workerStart.hasSubscribers) workerStart.publish({ worker: thread.id })
    return thread
  }

  #give(thread: Thread, jobs: Jobs): void {
    try {
      this.#queues.given(thread.give(jobs))
    } catch (error) {
      this.#refuse(jobs, error)
      return
    }
    this.#offers.recall(thread)
    this.#watch.within(jobs.accepted.timeout)
  }

  /** Fails those of the given jobs that cannot be cloned, and queues the others again. */
  #refuse(jobs: Jobs, error: unknown): void {
    const { accepted, first, count } = jobs
    const { chunk } = accepted
    const failure = (received: string) => new NoisemillError('E_NOT_CLONEABLE', { received })
    const ofData = chunk.kind === 'calls' ? findRefusal('data', chunk.call.data) : undefined
    if (ofData !== undefined) {
      accepted.fail(jobs, failure(ofData))
      return
    }
    /** Jobs that can be cloned, in ranges between those that cannot. */
    const whole: Jobs[] = []
    let from = first
    for (let index = first; index < first + count; index++) {
      const job = chunk.jobs[index]
      // A single item is at fault itself. Of several, each is copied to find out.
      const refusal = count === 1 ? refusalOf('item', job, error) : findRefusal('item', job)
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

  #done(thread: Thread, load: Load, { began, ended }: LoadFigures): void {
    const { accepted } = load
    this.#offers.remove(thread)
    const milliseconds = ended - began
    accepted.milliseconds += milliseconds
    this.#queues.done(load, milliseconds)
    if (load.settled < load.count) {
      // A message of the thread could not be read, and its results are lost.
      const received = `result: ${thread.unreadable?.message ?? 'it was not received'}`
      accepted.fail(load, new NoisemillError('E_NOT_CLONEABLE', { received }))
    }
    accepted.ended(load)
    this.#replaceIfDue(thread)
    this.#assign()
  }

  /** Ends a thread that has no work and may be given none. The next is started when it is needed. */
  #replaceIfDue(thread: Thread): void {
    if (this.#isTerminated || thread.room > 0 || thread.loads.length > 0 || this.#offers.isHelping(thread)) return
    this.#threads.delete(thread)
    const ended = thread.end(false).then(() => {
      this.#replaced.delete(thread)
    })
    this.#replaced.set(thread, ended)
  }

  /** Warns once that noise is slower than it could be, and why. */
  #warnOfFallback(reason: string): void {
    if (this.#hasWarnedOfFallback) return
    this.#hasWarnedOfFallback = true
    const what = `some threads add noise in TypeScript, because they cannot load the wasm kernel: ${reason}`
    warnProcess('W_KERNEL_FALLBACK', what)
  }

  /**
   * Fails the jobs that a thread had begun and not reported when it died. They may have had effects,
   * so they are not run again. The jobs that it had not begun run elsewhere.
   */
  #died(thread: Thread, exitCode: number): void {
    this.#threads.delete(thread)
    this.#offers.died(thread)
    const cause = thread.causeOfDeath(exitCode)
    if (workerEnd.hasSubscribers) {
      const { id: worker, isEnding } = thread
      workerEnd.publish({ worker, exitCode, cause: isEnding ? undefined : cause, figures: thread.figures() })
    }
    const wasToHelp = !thread.isReady && thread.loads.length === 0
    if (wasToHelp && this.#threads.size > 0 && !this.#isTerminated) this.#limitToExisting(cause)
    const unbegun: Jobs[] = []
    const hasBegun = thread.loads.some(({ begun }) => begun > 0)
    for (const load of thread.loads) {
      const { accepted } = load
      const rest = load.close()
      this.#queues.done(load, 0)
      if (this.#isTerminated) {
        accepted.fail(load, new NoisemillError('E_POOL_TERMINATED'))
        accepted.fail(rest, new NoisemillError('E_POOL_TERMINATED'))
        accepted.ended(load)
        continue
      }
      load.failBegun(new NoisemillError('E_WORKER_DIED', { cause }), thread.isKilled)
      accepted.ended(load)
      if (rest.count === 0) continue
      if (accepted.isTransferred) {
        accepted.fail(rest, new NoisemillError('E_WORKER_DIED', { cause }))
        continue
      }
      if (!hasBegun && thread.isReady && accepted.hasDiedUnbegun) {
        // The first time, the cause may be earlier work of the thread. If it happens again, the cause
        // is this chunk.
        accepted.fail(rest, new NoisemillError('E_WORKER_DIED', { cause }))
        continue
      }
      if (!hasBegun && thread.isReady) accepted.hasDiedUnbegun = true
      unbegun.push(rest)
    }
    for (const jobs of unbegun.reverse()) {
      if (thread.isReady) this.#queues.putBack(jobs)
      else this.#notStarted(jobs, cause)
    }
    this.#assign()
  }

  /** Makes threads begin jobs of another run when the jobs that they are working on end. */
  #makeRoom(): void {
    if (this.#threads.size < this.#most) return
    for (const thread of this.#threads) if (thread.loads.length === 0) return
    for (const thread of this.#threads) this.#takeBack(thread, 0)
  }

  /**
   * Takes the jobs back that a thread has not begun.
   *
   * @param share how large a part of them stays with the thread
   */
  #takeBack(thread: Thread, share: number): void {
    const taken = thread.loads
      .filter(({ accepted }) => !accepted.isTransferred)
      .map((load) => load.close())
      .filter(({ count }) => count > 0)
    for (const { accepted, first, count } of taken.reverse()) {
      accepted.tally.takenBack++
      const kept = Math.floor(count * share)
      if (kept > 0) this.#give(thread, { accepted, first: first + count - kept, count: kept })
      this.#queues.putBack({ accepted, first, count: count - kept })
    }
  }

  #balanceSoon(): void {
    if (this.#balancing !== undefined || !Array.from(this.#threads).some(({ unbegun }) => unbegun > 0)) return
    this.#balancing = setTimeout(() => {
      this.#balancing = undefined
      this.#balance()
      this.#assign()
    }, BALANCE_MILLISECONDS)
  }

  /**
   * Takes jobs back that wait behind a slow one. If a thread is idle, it gets half of the jobs that
   * the busiest thread has not begun.
   */
  #balance(): void {
    for (const thread of this.#threads) {
      thread.watch(BALANCE_MILLISECONDS - 1)
      if (thread.isStalled) this.#takeBack(thread, 0)
    }
    const isAnyIdle =
      this.#threads.size < this.#most || Array.from(this.#threads).some(({ loads }) => loads.length === 0)
    if (!isAnyIdle || this.#queues.hasWaiting) return
    let busiest: Thread | undefined
    // A thread that loads a module first will soon begin.
    for (const thread of this.#threads)
      if (thread.isWorking && thread.unbegun > (busiest?.unbegun ?? 0)) busiest = thread
    if (busiest !== undefined) this.#takeBack(busiest, 0.5)
  }
}

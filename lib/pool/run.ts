/**
 * One pass of a task over some items: pull, cut into chunks, hand to a backend, put in order, hand to the consumer. What is
 * pulled and not yet consumed stays within a window, so that neither an endless source nor a slow consumer fills the memory.
 */

import type { Cancellation, Execute } from '../backends/backend.js'
import { NoisemillError } from '../errors.js'
import type { Planned, TaskRun } from '../task.js'
import { Chunker, type ChunkSize } from './chunks.js'
import { type Pulled, type Source, weigh } from './source.js'
import { Turn } from './turn.js'

/** At least this many items may be under way, so that one slow item does not leave the other threads idle. */
const MIN_WINDOW_ITEMS = 64
const WINDOW_CHUNKS_PER_THREAD = 4
/** Bytes of items under way; a single larger item still passes. */
const WINDOW_BYTES = 64 * 1024 * 1024

export interface RunParts<Item, Job, Value, Result> {
  readonly source: Source<Item>
  readonly task: TaskRun<Item, Job, Value, Result>
  readonly execute: Execute<Job, Value>
  readonly cancellation: Cancellation
  readonly threads: number
  readonly chunkSize: ChunkSize
  readonly inOrder: boolean
  readonly stopAtFailure: boolean
  /** Whether jobs end soon after they are cancelled, so that stopping can wait for them. */
  readonly cancelsSoon: boolean
}

interface Entry<Job, Result> {
  readonly sequence: number
  readonly weight: number
  readonly planned: Planned<Job, Result>
}

interface Ready<Result> {
  readonly result: Result
  readonly weight: number
}

const LATE = Symbol('late')
const MICROTASKS = 16

export class Run<Item, Job, Value, Result> {
  readonly #parts: RunParts<Item, Job, Value, Result>
  readonly #chunker: Chunker
  /** Planned entries of an item that gave several, not yet in a chunk. */
  #planned: Iterator<Planned<Job, Result>> | undefined
  #plannedWeight = 0
  #pull: Promise<Pulled<Item>> | undefined
  #sourceEnded = false
  #sourceError: { readonly reason: unknown } | undefined
  #pumpEnded = false
  #items = 0
  #entries = 0
  #consumed = 0
  #bytes = 0
  #next = 0
  readonly #ready = new Map<number, Ready<Result>>()
  readonly #chunks = new Set<Promise<void>>()
  #stopped = false
  readonly #turn = new Turn()
  #error: { readonly reason: unknown } | undefined
  #wakePump: (() => void) | undefined
  #wakeConsumer: (() => void) | undefined

  constructor(parts: RunParts<Item, Job, Value, Result>) {
    this.#parts = parts
    this.#chunker = new Chunker(parts.chunkSize, parts.threads)
  }

  /**
   * The results, as they come or in order. Ends by throwing where the source throws, `stop` was called with a reason, or an item
   * failed and `stopAtFailure` is set.
   */
  async *results(): AsyncGenerator<Result, void, undefined> {
    const pump = this.#pump()
    try {
      for (;;) {
        const ready = this.#takeReady()
        if (ready !== undefined) {
          const failure = this.#parts.stopAtFailure ? this.#parts.task.failureOf(ready.result) : undefined
          if (failure) throw failure
          if (this.#turn.isLong) await this.#turn.end()
          yield ready.result
        } else if (this.#error && !(this.#tellsTheRest && this.#chunks.size > 0)) {
          throw this.#error.reason
        } else if (!this.#error && this.#pumpEnded && this.#chunks.size === 0 && this.#ready.size === 0) {
          if (this.#sourceError) throw this.#sourceError.reason
          return
        } else {
          await new Promise<void>((resolve) => {
            this.#wakeConsumer = resolve
          })
          this.#turn.begin()
        }
      }
    } finally {
      await this.#finish(pump)
    }
  }

  /**
   * Ends the run early: nothing more is begun, and its results end by throwing `reason`. Results without an order, of jobs that end
   * soon, are told before that: what was finished is there, and somebody may keep a list of it.
   */
  stop(reason: unknown): void {
    this.#error ??= { reason }
    this.#halt()
    if (!this.#tellsTheRest) this.#ready.clear()
    this.#wakeConsumer?.()
  }

  /** Whether results that are there when a run is stopped are still given. */
  get #tellsTheRest(): boolean {
    return this.#parts.cancelsSoon && !this.#parts.inOrder
  }

  /** Resolves once the jobs that are under way have ended, for tasks that end soon after they are cancelled. */
  async settled(): Promise<void> {
    if (this.#parts.cancelsSoon) await Promise.all(this.#chunks)
  }

  #halt(): void {
    this.#stopped = true
    this.#parts.cancellation.cancel()
    this.#wakePump?.()
  }

  async #finish(pump: Promise<void>): Promise<void> {
    this.#halt()
    // A source that never answers must not hold up a consumer that has left; closing it is for the source to do in its time.
    this.#parts.source.close().catch(() => {})
    await this.settled()
    if (this.#pull === undefined) await pump
  }

  #takeReady(): Ready<Result> | undefined {
    const [first] = this.#ready.keys()
    const sequence = this.#parts.inOrder ? this.#next : first
    const ready = this.#ready.get(sequence)
    if (ready === undefined) return undefined
    this.#ready.delete(sequence)
    this.#next++
    this.#consumed++
    this.#bytes -= ready.weight
    this.#wakePump?.()
    return ready
  }

  #settled(entry: Entry<Job, Result>, result: Result): void {
    if (this.#error && (!this.#tellsTheRest || this.#parts.task.failureOf(result)?.code === 'E_CANCELLED')) return
    if (this.#parts.stopAtFailure && this.#parts.task.failureOf(result)) {
      // What was pulled before it is still finished; nothing after it is.
      this.#sourceEnded = true
      this.#planned = undefined
    }
    this.#ready.set(entry.sequence, { result, weight: entry.weight })
    this.#wakeConsumer?.()
  }

  /** Pulls, and sends chunks, as far as window and threads allow, until the source ends or the run is stopped. */
  async #pump(): Promise<void> {
    try {
      while (!this.#stopped) {
        if (!this.#hasRoom()) {
          await new Promise<void>((resolve) => {
            this.#wakePump = resolve
          })
          this.#turn.begin()
          continue
        }
        const chunk = await this.#collect()
        if (chunk.length > 0) this.#send(chunk)
        else if (this.#sourceEnded) break
        // Nothing but results that needed no job: others, an abort among them, must have their turn all the same.
        else await this.#turn.end()
      }
    } catch (reason) {
      this.stop(reason)
    }
    this.#sourceEnded = true
    this.#pumpEnded = true
    this.#wakeConsumer?.()
  }

  #isFull(): boolean {
    const { threads } = this.#parts
    const window = Math.max(MIN_WINDOW_ITEMS, WINDOW_CHUNKS_PER_THREAD * threads * this.#chunker.size(undefined))
    const underWay = this.#entries - this.#consumed
    return underWay >= window || (this.#bytes >= WINDOW_BYTES && underWay > 0)
  }

  #hasRoom(): boolean {
    // Twice the threads: while one chunk runs, the next already waits beside it.
    return this.#chunks.size < 2 * this.#parts.threads && !this.#isFull()
  }

  /** The next chunk; empty at the end, or where entries had their results already. */
  async #collect(): Promise<Entry<Job, Result>[]> {
    const { length } = this.#parts.source
    // Where an item gives several entries, what remains of the items says nothing of what remains to do.
    const isOneToOne = this.#entries <= this.#items
    const size = this.#chunker.size(length !== undefined && isOneToOne ? length - this.#items : undefined)
    const chunk: Entry<Job, Result>[] = []
    while (chunk.length < size && !this.#stopped) {
      if (this.#turn.isLong) await this.#turn.end()
      const planned = await this.#nextPlanned(chunk.length > 0 && this.#chunker.isAuto)
      if (planned === LATE || planned === undefined) break
      const entry = { sequence: this.#entries++, weight: this.#plannedWeight, planned }
      this.#bytes += entry.weight
      if ('result' in planned) {
        this.#settled(entry, planned.result as Result)
        if (this.#isFull()) break
      } else chunk.push(entry)
      if (this.#bytes >= WINDOW_BYTES) break
    }
    return chunk
  }

  /** The next entry; undefined at the end; LATE where `mayBeLate` and the source lets a thread wait. */
  async #nextPlanned(mayBeLate: boolean): Promise<Planned<Job, Result> | undefined | typeof LATE> {
    for (;;) {
      const step = this.#planned?.next()
      if (step && !step.done) return step.value
      this.#planned = undefined
      if (this.#sourceEnded) return undefined
      let pulled: Pulled<Item> | Promise<Pulled<Item>>
      try {
        pulled = this.#pull ?? this.#parts.source.next()
        if (pulled instanceof Promise) {
          this.#pull = pulled
          if (mayBeLate && (await this.#isLate(pulled))) return LATE
          pulled = await pulled
          this.#pull = undefined
        }
      } catch (reason) {
        this.#pull = undefined
        this.#sourceError = { reason }
        pulled = undefined
      }
      if (pulled === undefined) {
        this.#sourceEnded = true
        return undefined
      }
      this.#plannedWeight = this.#parts.task.weigh?.(pulled.item) ?? weigh(pulled.item)
      this.#planned = this.#parts.task.plan(pulled.item, this.#items++)[Symbol.iterator]()
    }
  }

  /** Waits for an item as long as no thread would be idle for it. True if then it is still not there. */
  async #isLate(pulled: Promise<Pulled<Item>>): Promise<boolean> {
    let came = false
    const arrived = pulled.then(
      () => {
        came = true
      },
      () => {
        came = true
      },
    )
    // An item that only passes through generators is there after a few microtasks.
    for (let i = 0; i < MICROTASKS && !came; i++) await undefined
    while (this.#chunks.size >= this.#parts.threads && !came && !this.#stopped)
      await Promise.race([arrived, ...this.#chunks])
    if (!came) await Promise.race([arrived, new Promise((resolve) => setImmediate(resolve))])
    return !came
  }

  #send(chunk: Entry<Job, Result>[]): void {
    if (this.#stopped) return
    const { execute, task, cancellation } = this.#parts
    const jobs = chunk.map((entry) => entry.planned.job as Job)
    task.begin?.(chunk.map((entry) => entry.planned))
    const trip = execute(jobs, cancellation, (index, outcome) => {
      const entry = chunk[index]
      this.#settled(
        entry,
        'value' in outcome ? task.settle(entry.planned, outcome.value) : task.fail(entry.planned, outcome.error),
      )
    })
      .then((milliseconds) => this.#chunker.measured(jobs.length, milliseconds))
      .catch((reason) => this.stop(reason))
      .finally(() => {
        this.#chunks.delete(trip)
        this.#wakePump?.()
        this.#wakeConsumer?.()
      })
    this.#chunks.add(trip)
  }
}

/** The error of a run that its pool ended. */
export const terminated = () => new NoisemillError('E_POOL_TERMINATED')

/** Collects the outcomes of a load in its thread, and posts them together. */

import { LOOKED_AT, look, refusalOf } from './crossing.js'
import type { FromWorker, LoadFigures, Settled, WorkerFailure, WorkerOutcome } from './messages.js'
import { pack } from './packing.js'

/**
 * Outcomes are collected for up to this time. It is short, because a consumer may be waiting, and
 * long compared with what a message costs: 0.1 to 0.2 ms on machines with few cores, where it also
 * interrupts a thread.
 */
const FLUSH_MILLISECONDS = 10

/** How a worker sends messages to its pool. */
export interface Port {
  /** Whether buffers can leave the worker, instead of being copied. */
  readonly moves: boolean
  /** Throws if the message cannot be cloned. */
  post(message: FromWorker, transfer: readonly ArrayBuffer[]): void
}

/** Outcomes that were collected. */
interface Taken {
  readonly settled: Settled
  /** What leaves the thread with values, by their position. */
  readonly transfer: [number, readonly ArrayBuffer[]][]
}

const bytesOf = (transfer: readonly ArrayBuffer[]): number =>
  // A user's function may list objects without memory, such as ports.
  transfer.reduce((sum, { byteLength = 0 }: Partial<ArrayBuffer>) => sum + byteLength, 0)

const allOf = ({ transfer }: Taken): ArrayBuffer[] => transfer.flatMap(([, buffers]) => buffers)

export class Report {
  readonly #port: Port
  readonly #load: number
  /** Indexes of the jobs in `#values`, or the first one if they follow each other. */
  #at: number | number[] = 0
  #values: unknown[] = []
  #failures: [number, WorkerFailure][] = []
  #lost: [number, string][] = []
  /** What leaves the thread with values, by their position in `#values`. */
  #transfer: Taken['transfer'] = []
  #moved = 0
  #posted = performance.now()

  constructor(port: Port, load: number) {
    this.#port = port
    this.#load = load
  }

  /** Adds the outcome of a job. Returns whether it was posted at once. */
  add(index: number, outcome: WorkerOutcome): boolean {
    // A message that the pool cannot read loses all of its values. Large values may be nested too
    // deeply for it, so each has a message of its own.
    const isAlone = 'value' in outcome ? outcome.isLarge === true : look(outcome.failure.thrown, LOOKED_AT).isLarge
    if (isAlone) this.post()
    this.#add(index, outcome)
    if (isAlone) this.post()
    return isAlone
  }

  #add(index: number, outcome: WorkerOutcome): void {
    const position = this.#values.length
    if (position === 0) this.#at = index
    else if (typeof this.#at !== 'number') this.#at.push(index)
    else if (index !== this.#at + position) {
      const first = this.#at
      this.#at = [...this.#values.map((_, i) => first + i), index]
    }
    if ('failure' in outcome) {
      this.#values.push(undefined)
      this.#failures.push([position, outcome.failure])
      return
    }
    this.#values.push(outcome.value)
    if (outcome.lost !== undefined) this.#lost.push([position, outcome.lost])
    if (outcome.transfer === undefined) return
    this.#transfer.push([position, outcome.transfer])
    if (this.#port.moves) this.#moved += bytesOf(outcome.transfer)
  }

  /** Whether everything that was added has been posted. */
  get isEmpty(): boolean {
    return this.#values.length === 0
  }

  /** Whether what was collected should be posted. */
  isDue(now: number): boolean {
    return now - this.#posted >= FLUSH_MILLISECONDS
  }

  /** Removes and returns what was collected; undefined if that is nothing. */
  #take(): Taken | undefined {
    if (this.#values.length === 0) return undefined
    const settled: Settled = {
      type: 'settled',
      load: this.#load,
      at: this.#at,
      values: pack(this.#values),
      moved: this.#moved,
      ...(this.#failures.length > 0 && { failures: this.#failures }),
      ...(this.#lost.length > 0 && { lost: this.#lost }),
    }
    const transfer = this.#transfer
    this.#values = []
    this.#failures = []
    this.#lost = []
    this.#transfer = []
    this.#moved = 0
    return { settled, transfer }
  }

  /** Posts what was collected. */
  post(): void {
    this.#posted = performance.now()
    const taken = this.#take()
    if (taken === undefined) return
    try {
      this.#send(taken.settled, allOf(taken))
    } catch {
      this.#postEach(taken)
    }
  }

  /** Posts that the load is done, together with what was collected. */
  done(figures: LoadFigures): void {
    // If the pool cannot read a value, it must still learn that the load is done.
    if (this.#failures.length > 0 || this.#lost.length > 0) this.post()
    const taken = this.#take()
    const message = { type: 'done', load: this.#load, figures } as const
    try {
      this.#send({ ...message, last: taken?.settled }, taken && allOf(taken))
    } catch {
      this.#postEach(taken!)
      this.#send({ ...message, last: undefined })
    }
  }

  /** Posts outcomes one by one. A value that cannot be cloned is replaced by a failure. */
  #postEach({ settled: { at, values, failures = [], lost = [] }, transfer }: Taken): void {
    const transferOf = new Map(transfer)
    for (let position = 0; position < values.length; position++) {
      const index = typeof at === 'number' ? at + position : at[position]
      const only = <T>(of: readonly (readonly [number, T])[]) =>
        of.filter(([own]) => own === position).map(([, it]): [number, T] => [0, it])
      const [failed, lossy] = [only(failures), only(lost)]
      const settled: Settled = {
        type: 'settled',
        load: this.#load,
        at: index,
        values: [values[position]],
        moved: this.#port.moves ? bytesOf(transferOf.get(position) ?? []) : 0,
        ...(failed.length > 0 && { failures: failed }),
        ...(lossy.length > 0 && { lost: lossy }),
      }
      try {
        this.#send(settled, transferOf.get(position))
      } catch (error) {
        const failure: WorkerFailure = {
          code: 'E_NOT_CLONEABLE',
          received: refusalOf('result', values[position], error),
        }
        this.#send({ ...settled, values: [undefined], moved: 0, failures: [[0, failure]] })
      }
    }
  }

  #send(settled: FromWorker, transfer: readonly ArrayBuffer[] = []): void {
    this.#port.post(settled, transfer)
  }
}

/** A worker thread, as the pool that owns it sees it. */

import { type MessagePort, receiveMessageOnPort, type Worker } from 'node:worker_threads'
import { isError } from '../errors.js'
import type { ModuleCall } from '../task.js'
import type { Load } from './load.js'
import type { FromThread, ThreadKernels, ThreadLoad, ToThread } from './messages.js'
import { taskFiles } from './nesting.js'
import { passOnOutput } from './output.js'
import { pack } from './packing.js'
import { startWorker } from './start-worker.js'
import { type Thrown, unpackThrown } from './thrown.js'

/**
 * Longest wait for the output of a thread before it is ended. A thread in an endless loop never
 * answers.
 */
const FLUSH_MILLISECONDS = 500

const functionIds = new WeakMap<ModuleCall, number>()
let lastFunctionId = 0

function functionId(call: ModuleCall): number {
  let id = functionIds.get(call)
  if (id === undefined) {
    id = ++lastFunctionId
    functionIds.set(call, id)
  }
  return id
}

/** What a pool does when something happens in a thread. */
export interface ThreadEvents {
  /** The thread has no more work on a load, whose jobs are settled unless a message was lost. */
  done(load: Load, milliseconds: number): void
  /** The thread uses the TypeScript kernels. */
  fallback(reason: string): void
  /** The thread has ended. */
  died(exitCode: number): void
}

export class Thread {
  /** What it was given and has not finished, in order. */
  readonly loads: Load[] = []
  /** Whether its own code has started. */
  isReady = false
  /** Whether it has not begun a job for some time, although it has more. */
  isStalled = false
  /** How many jobs it had begun when `watch` was last called. */
  #begunBefore = -1
  /** How many jobs of loads that have ended it has begun. */
  #begunEarlier = 0
  /** Why a message of the thread could not be read, if that happened. */
  unreadable: Error | undefined
  readonly #worker: Worker
  readonly #port: MessagePort
  readonly #functions = new Set<number>()
  readonly #events: ThreadEvents
  /** The error that ended the thread, as Node passes it on. */
  #failure: { readonly thrown: unknown } | undefined
  /**
   * The last uncaught error, as the thread posted it. The thread lives on if it has a handler for
   * such errors.
   */
  #uncaught: Thrown | undefined
  #flushed = () => {}
  #isEnding = false

  /** Throws if the system refuses another thread, or Node's permission model forbids threads. */
  constructor(entry: URL, wasm: ThreadKernels | undefined, events: ThreadEvents) {
    this.#events = events
    const { worker, port } = startWorker(entry, { wasm, files: taskFiles() })
    this.#worker = worker
    this.#port = port
    passOnOutput(worker)
    port.on('message', (message: FromThread) => this.#receive(message))
    port.on('messageerror', (error) => {
      this.unreadable = error
    })
    worker.on('error', (thrown) => {
      this.#failure = { thrown }
    })
    worker.on('exit', (code) => this.#ended(code))
  }

  /** Gives jobs to the thread. Throws if they cannot be cloned; then the thread does not have them. */
  give(load: Load): void {
    this.#port.postMessage(this.#message(load))
    if (this.loads.push(load) > 1) return
    this.#worker.ref()
    this.#port.ref()
  }

  /** Whether it has begun a job of a load that has not ended. */
  get isWorking(): boolean {
    return this.loads.length > 0 && this.loads[0].begun > 0
  }

  /** How many jobs it has not begun. */
  get unbegun(): number {
    return this.loads.reduce((sum, load) => sum + load.count - load.begun, 0)
  }

  /** How many jobs it has not settled. */
  get unsettled(): number {
    return this.loads.reduce((sum, load) => sum + load.count - load.settled, 0)
  }

  /** Notes whether the thread has begun a job since the last call. */
  watch(): void {
    const begun = this.#begunEarlier + this.loads.reduce((sum, load) => sum + load.begun, 0)
    this.isStalled = this.isWorking && begun === this.#begunBefore
    this.#begunBefore = begun
  }

  /** If the thread does not know the function of the jobs yet, it is posted before. */
  #message({ number, claims, first, count, accepted, deadlines }: Load): ThreadLoad {
    const { chunk } = accepted
    const jobs = first === 0 && count === chunk.jobs.length ? chunk.jobs : chunk.jobs.slice(first, first + count)
    const load = { load: number, claims }
    if (chunk.kind !== 'calls')
      return { ...load, kind: chunk.kind, jobs: jobs as never[], cancelled: chunk.cancellation.flag }
    const id = functionId(chunk.call)
    if (!this.#functions.has(id)) this.#port.postMessage({ kind: 'module', id, call: chunk.call } satisfies ToThread)
    this.#functions.add(id)
    const { concurrency, timeout } = accepted
    const { attempt = 1 } = chunk
    return { ...load, kind: 'calls', jobs: pack(jobs), id, concurrency, attempt, timeout, deadlines }
  }

  /** Aborts the signals of calls in progress. */
  abort({ number }: Load): void {
    this.#port.postMessage({ kind: 'abort', load: number } satisfies ToThread)
  }

  /** Ends the thread in the middle of its work. */
  kill(): void {
    this.#worker.terminate()
  }

  /**
   * Ends the thread after its output has arrived. It does not wait for threads that add noise, which
   * print nothing and answer late.
   */
  async end(): Promise<void> {
    this.#isEnding = true
    if (this.isReady && this.loads.every(({ accepted }) => accepted.chunk.kind === 'calls')) {
      await new Promise<void>((resolve) => {
        const late = setTimeout(resolve, FLUSH_MILLISECONDS)
        this.#flushed = () => {
          clearTimeout(late)
          resolve()
        }
        this.#port.postMessage({ kind: 'flush' } satisfies ToThread)
      })
    }
    await this.#worker.terminate()
  }

  #receive(message: FromThread): void {
    switch (message.type) {
      case 'ready':
        this.isReady = true
        break
      case 'settled':
        this.#uncaught = undefined
        this.loads.find(({ number }) => number === message.load)?.settle(message)
        break
      case 'done':
        this.#done(message.load, message.milliseconds)
        break
      case 'uncaught':
        this.#uncaught = message.thrown
        break
      case 'flushed':
        this.#flushed()
        break
      case 'fallback':
        this.#events.fallback(message.reason)
        break
    }
  }

  #done(number: number, milliseconds: number): void {
    const at = this.loads.findIndex((load) => load.number === number)
    const [load] = this.loads.splice(at, 1)
    this.#begunEarlier += load.count
    this.isStalled = false
    // A thread that is being ended keeps the process alive until it has ended.
    if (this.loads.length === 0 && !this.#isEnding) {
      this.#worker.unref()
      this.#port.unref()
    }
    this.#events.done(load, milliseconds)
  }

  #ended(exitCode: number): void {
    // Node may report the end of a thread before its last messages.
    for (;;) {
      const last = receiveMessageOnPort(this.#port)
      if (last === undefined) break
      this.#receive(last.message as FromThread)
    }
    this.#port.close()
    this.#flushed()
    this.#events.died(exitCode)
  }

  /** Returns why the thread has ended. */
  causeOfDeath(exitCode: number): unknown {
    if (this.#failure === undefined) return new Error(`the thread exited with code ${exitCode}`)
    const { thrown } = this.#failure
    const posted = this.#uncaught && unpackThrown(this.#uncaught)
    return this.#uncaught && isSameError(thrown, posted) ? posted : thrown
  }
}

/**
 * Whether the error that the thread posted is the one that Node says ended it. A handler in the
 * thread may have caught the posted one, and something else, such as a lack of memory, ended the
 * thread later. Node passes on some errors without their message.
 */
function isSameError(ended: unknown, posted: unknown): boolean {
  const { code, message } = Object(ended)
  if (typeof code === 'string' && code.startsWith('ERR_WORKER_')) return false
  return typeof message !== 'string' || !isError(posted) || message === posted.message
}

/** A pool of worker threads: started as they are needed, replaced when they die, no reason for the process to stay alive. */

import { Worker } from 'node:worker_threads'
import type { WasmModule } from '../core/kernels-wasm.js'
import { NoisemillError } from '../errors.js'
import { placeOf } from '../places.js'
import type { ModuleCall } from '../task.js'
import type { Cancellation, Outcome } from './backend.js'
import { asError, type FromThread, type ThreadData, type ToThread } from './messages.js'

/** What the jobs of a request are: files, slices of samples, or items for a module's function. */
export type Work = { readonly type: 'files' | 'slices' } | { readonly type: 'call'; readonly call: ModuleCall }

interface Request {
  readonly work: Work
  readonly jobs: readonly unknown[]
  /** Numbers of the jobs that are still to be run. */
  readonly remaining: Set<number>
  readonly cancellation: Cancellation
  readonly settle: (index: number, outcome: Outcome<unknown>) => void
  readonly resolve: (milliseconds: number) => void
  milliseconds: number
  /** Why a result could not be read: then the jobs go one by one, to find whose it was. */
  unreadable: Error | undefined
  /** Whether a thread has died with it before it began a job. */
  hasDiedUnbegun: boolean
  /** Takes back what cancelling would do. */
  forget: () => void
}

interface Thread {
  readonly worker: Worker
  readonly begun: Int32Array
  readonly modules: Set<number>
  isReady: boolean
  request: Request | undefined
  /** Numbers of the jobs that it was given, in their order. */
  given: number[]
  failure: unknown
}

/** Flags that a thread from a file must not inherit: they carry a program of their own. */
const EVAL_FLAGS = /^(-e|--eval|-p|--print|-pe|--input-type(=.*)?)$/

function threadFlags(): string[] {
  const flags: string[] = []
  const given = process.execArgv
  for (let i = 0; i < given.length; i++) {
    if (!EVAL_FLAGS.test(given[i])) flags.push(given[i])
    else if (!given[i].startsWith('--input-type=')) i++
  }
  return flags
}

const moduleIds = new WeakMap<ModuleCall, number>()
let lastModuleId = 0

function moduleId(call: ModuleCall): number {
  let id = moduleIds.get(call)
  if (id === undefined) {
    id = ++lastModuleId
    moduleIds.set(call, id)
  }
  return id
}

/** Flags are inherited, and not checked, unless some must be left out; then others may turn out not to be for threads. */
function startWorker(entry: URL, workerData: ThreadData): Worker {
  const options = { workerData, name: 'noisemill' }
  const flags = threadFlags()
  if (flags.length === process.execArgv.length) return new Worker(entry, options)
  try {
    return new Worker(entry, { ...options, execArgv: flags })
  } catch {
    return new Worker(entry, { ...options, execArgv: [] })
  }
}

export class Threads {
  readonly #threads = new Set<Thread>()
  #queue: Request[] = []

  constructor(
    readonly size: number,
    /** Replaced in tests that need a thread to fail. */
    readonly entry = placeOf('dist/thread.js'),
    /** Compiled kernels for those that are to work on files with them. */
    readonly wasm: WasmModule | undefined = undefined,
  ) {}

  /** See Execute: outcomes hold whatever the work gives. */
  execute(
    work: Work,
    jobs: readonly unknown[],
    cancellation: Cancellation,
    settle: (index: number, outcome: Outcome<unknown>) => void,
  ): Promise<number> {
    return new Promise((resolve) => {
      const remaining = new Set(jobs.keys())
      const request: Request = {
        work,
        jobs,
        remaining,
        cancellation,
        settle,
        resolve,
        milliseconds: 0,
        unreadable: undefined,
        hasDiedUnbegun: false,
        forget: () => {},
      }
      this.#queue.push(request)
      request.forget = cancellation.onCancel(() => {
        const at = this.#queue.indexOf(request)
        if (at < 0) return
        this.#queue.splice(at, 1)
        this.#failRemaining(request, new NoisemillError('E_CANCELLED'))
      })
      this.#assign()
    })
  }

  /** Ends all threads, whatever they are at. What they had not settled is settled as terminated. */
  async terminate(): Promise<void> {
    const requests = [...this.#queue, ...Array.from(this.#threads, (thread) => thread.request)]
    this.#queue = []
    const threads = [...this.#threads]
    this.#threads.clear()
    for (const request of requests) {
      if (request) this.#failRemaining(request, new NoisemillError('E_POOL_TERMINATED'))
    }
    await Promise.all(threads.map(({ worker }) => worker.terminate()))
  }

  #assign(): void {
    while (this.#queue.length > 0) {
      const idle = Array.from(this.#threads).find((thread) => thread.request === undefined)
      if (idle === undefined && this.#threads.size >= this.size) return
      const request = this.#queue.shift()!
      if (request.cancellation.isCancelled) {
        this.#failRemaining(request, new NoisemillError('E_CANCELLED'))
        continue
      }
      let thread = idle
      try {
        thread ??= this.#start()
      } catch (cause) {
        // Node's permission model forbids threads, for one.
        this.#failRemaining(request, new NoisemillError('E_WORKER_START', { cause }))
        continue
      }
      this.#give(thread, request)
    }
  }

  #start(): Thread {
    const begun = new Int32Array(new SharedArrayBuffer(4))
    const worker = startWorker(this.entry, { begun, wasm: this.wasm })
    const thread: Thread = {
      worker,
      begun,
      modules: new Set(),
      isReady: false,
      request: undefined,
      given: [],
      failure: undefined,
    }
    this.#threads.add(thread)
    worker.on('message', (message: FromThread) => this.#receive(thread, message))
    worker.on('messageerror', (error) => {
      if (thread.request) thread.request.unreadable = error
    })
    worker.on('error', (error) => {
      thread.failure = error
    })
    worker.on('exit', (code) => this.#died(thread, code))
    return thread
  }

  #give(thread: Thread, request: Request): void {
    thread.request = request
    thread.given = request.unreadable ? [...request.remaining].slice(0, 1) : [...request.remaining]
    thread.worker.ref()
    Atomics.store(thread.begun, 0, -1)
    const cancelled = request.cancellation.flag
    const jobs = thread.given.map((index) => request.jobs[index])
    try {
      if (request.work.type !== 'call') {
        this.#post(thread, { type: request.work.type, jobs: jobs as never[], cancelled })
      } else {
        const { call } = request.work
        const id = moduleId(call)
        if (!thread.modules.has(id)) this.#post(thread, { type: 'module', id, call })
        thread.modules.add(id)
        this.#post(thread, { type: 'call', id, items: jobs, cancelled })
      }
    } catch (error) {
      this.#release(thread)
      this.#refuse(request, error instanceof Error ? error : new Error(String(error)))
    }
  }

  #post(thread: Thread, message: ToThread): void {
    thread.worker.postMessage(message)
  }

  /** Something in a request could not be cloned: fails those items, and queues the others again. */
  #refuse(request: Request, error: Error): void {
    const failure = (received: string) => new NoisemillError('E_NOT_CLONEABLE', { received })
    if (request.work.type === 'call' && !isCloneable(request.work.call.data)) {
      this.#failRemaining(request, failure(`the task's data: ${error.message}`))
      return
    }
    const before = request.remaining.size
    for (const index of request.remaining) {
      if (isCloneable(request.jobs[index])) continue
      request.remaining.delete(index)
      request.settle(index, { error: failure(`the item: ${error.message}`) })
    }
    // Nothing was found: then nothing would be different the next time.
    if (request.remaining.size === before) this.#failRemaining(request, failure(error.message))
    this.#continue(request)
  }

  #receive(thread: Thread, message: FromThread): void {
    // A thread that is being ended must stay a reason for the process to wait: a late message would let go of it.
    if (!this.#threads.has(thread)) return
    // A user's module may post on the same port; what it says is not for here.
    if (typeof message?.type !== 'string') return
    const { request } = thread
    if (message.type === 'ready') thread.isReady = true
    if (request === undefined) return
    if (message.type === 'settled') {
      for (const [at, outcome] of message.outcomes) {
        const index = thread.given[at]
        request.remaining.delete(index)
        request.settle(index, 'value' in outcome ? outcome : { error: asError(outcome.failure) })
      }
    } else if (message.type === 'done') {
      request.milliseconds += message.milliseconds
      this.#release(thread)
      if (request.unreadable && !request.cancellation.isCancelled) {
        if (thread.given.length === 1 && request.remaining.delete(thread.given[0]))
          request.settle(thread.given[0], {
            error: new NoisemillError('E_NOT_CLONEABLE', { received: `the result: ${request.unreadable.message}` }),
          })
        this.#continue(request)
        return
      }
      this.#failRemaining(request, new NoisemillError('E_CANCELLED'))
      this.#assign()
    }
  }

  #release(thread: Thread): void {
    thread.request = undefined
    thread.worker.unref()
  }

  #died(thread: Thread, exitCode: number): void {
    if (!this.#threads.delete(thread)) return
    const { request, given, begun } = thread
    if (request === undefined) return
    const cause = thread.failure ?? new Error(`the thread exited with code ${exitCode}`)
    if (!thread.isReady) {
      this.#failRemaining(request, new NoisemillError('E_WORKER_START', { cause }))
      this.#assign()
      return
    }
    const index = Atomics.load(begun, 0)
    if (index < 0 && !request.hasDiedUnbegun) {
      // It may have died of what it did before; a second time it is of what it was given.
      request.hasDiedUnbegun = true
      this.#continue(request)
      return
    }
    const victim = given[Math.max(0, index)]
    if (request.remaining.delete(victim)) {
      request.settle(victim, { error: new NoisemillError('E_WORKER_DIED', { cause }) })
    }
    this.#continue(request)
  }

  /** Runs what remains of a request before all others. */
  #continue(request: Request): void {
    if (request.remaining.size === 0) {
      request.forget()
      request.resolve(request.milliseconds)
    } else this.#queue.unshift(request)
    this.#assign()
  }

  #failRemaining(request: Request, error: NoisemillError): void {
    request.forget()
    const failed = [...request.remaining]
    request.remaining.clear()
    for (const index of failed) request.settle(index, { error })
    request.resolve(request.milliseconds)
  }
}

function isCloneable(value: unknown): boolean {
  try {
    structuredClone(value)
    return true
  } catch {
    return false
  }
}

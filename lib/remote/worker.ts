/** A worker: takes jobs from a queue, does them on the threads of its machine, and returns their outcomes. */

import { statSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import type { Job, Worker } from 'bullmq'
import type { Outcome } from '../backends/backend.js'
import type { Cancellation } from '../backends/cancellation.js'
import { checkBoolean, checkInteger, checkObject, given } from '../checks.js'
import { invalidOption, isNoisemillError, NoisemillError } from '../errors.js'
import { host, isWithin } from '../files/outputs.js'
import { pathFromCaller } from '../files/paths.js'
import { createBackend, Pool, type PoolOptions } from '../index.js'
import type { BankOptions } from '../plan/bank.js'
import { Connection, PREFIX, type QueueOptions, readAddress } from './connection.js'
import { aliveKey, cancelledKey } from './keys.js'
import { Lease } from './lease.js'
import { doJobs, type Means } from './message-work.js'
import {
  codeOf,
  hasOutput,
  indexedText,
  type JobMessage,
  MAX_ONE,
  MAX_TRIES,
  type OutcomeMessage,
  outcomeToText,
  readJob,
  writeOutcome,
} from './messages.js'
import { loadPackages } from './packages.js'
import { Registry } from './registry.js'
import { hashOf, MAX_TEXT, readKey, type Signed, type Signer } from './signature.js'
import { type BankSources, WorkerBanks } from './worker-banks.js'

/**
 * Options of `startWorker`.
 *
 * @example
 * import { startWorker, type WorkerOptions } from 'noisemill/bullmq'
 *
 * const options: WorkerOptions = { redis: 'redis://127.0.0.1', key: 'a key of 16 bytes or more', read: 'missing' }
 * await startWorker(options).catch(({ code, option }) => console.log(code, option)) // -> E_OPTION_INVALID read
 */
export interface WorkerOptions extends QueueOptions {
  /** Folder that has the inputs. Jobs cannot make the worker read files outside of it. */
  readonly read?: string
  /** Folder for the outputs. Jobs cannot make the worker write outside of it. */
  readonly write?: string
  /**
   * The noise files that runs may use: for each bank, what `noise.from` of the run has. The worker
   * reads their headers when it starts. Their names, sizes and lengths must be those of the producer.
   */
  readonly noise?: readonly BankSources[]
  /** Whether to follow symbolic links in folders of noise files; true by default. */
  readonly follow?: boolean
  /** Module whose exported functions jobs can call. It must not be in `write`. */
  readonly tasks?: string | URL
  /** Number of threads, 1 to 1024; by default one for each CPU that the process may use. */
  readonly size?: number
  /** Whether jobs may replace existing outputs; false by default. */
  readonly allowOverwrite?: boolean
  /**
   * Milliseconds without a sign of life after which other workers take over the work of this one,
   * 2000 to 3,600,000; 20,000 by default. They notice it after up to half of this time more.
   */
  readonly lease?: number
  /** Called with each message that the worker has worked on or refused. */
  readonly onChunk?: (done: WorkerChunk) => void
  /** Called if Redis cannot be reached, and when it can be reached again. */
  readonly onNotice?: (text: string) => void
}

/**
 * What a worker has done with a message.
 *
 * @example
 * import type { WorkerChunk } from 'noisemill/bullmq'
 *
 * const line = ({ jobs, done, failed }: WorkerChunk) => `${jobs} jobs: ${done} done, ${failed} failed`
 * console.log(line({ jobs: 3, done: 2, failed: 0, milliseconds: 5000 })) // -> 3 jobs: 2 done, 0 failed
 */
export interface WorkerChunk {
  /** Number of jobs of the message. */
  readonly jobs: number
  /** How many of them were done. */
  readonly done: number
  /** How many of them failed. The others were returned, because the time for the message was up. */
  readonly failed: number
  /** How long it took. */
  readonly milliseconds: number
  /** Why the worker refused the message. */
  readonly refused?: NoisemillError
}

/**
 * A running worker.
 *
 * @example
 * import type { RemoteWorker } from 'noisemill/bullmq'
 *
 * const stop = async (worker: RemoteWorker) => worker.close()
 * console.log(typeof stop) // -> function
 */
export interface RemoteWorker {
  /** What does the work, and where it comes from. */
  readonly info: {
    /** Name of the backend of this machine that does the work. */
    readonly backend: string
    /** Number of its threads. */
    readonly threads: number
    /** Name of the queue. */
    readonly queue: string
    /** Address of Redis, without user and password. */
    readonly redis: string
  }
  /** Whether Redis can be reached, so that the worker takes jobs. */
  readonly isReady: boolean
  /**
   * Ends the worker. It finishes the jobs that it has begun, and returns the others. With `force`,
   * it stops those too, and returns them.
   */
  close(options?: { readonly force?: boolean }): Promise<void>
}

const OWN_OPTIONS = [
  'read',
  'write',
  'noise',
  'follow',
  'tasks',
  'size',
  'allowOverwrite',
  'lease',
  'onChunk',
  'onNotice',
]

/** Failures of functions whose threads were ended. */
const ENDED: readonly (string | undefined)[] = ['E_WORKER_DIED', 'E_POOL_TERMINATED']
/** No job of a message is begun later than this after its first, so that a slow machine does not hold up a run. */
const DEADLINE_MILLISECONDS = 3000
/** How often a worker that died may have had a message, before BullMQ fails it. */
const MAX_STALLED = 2
const LEASE_MILLISECONDS = 20_000
const WATCH_MILLISECONDS = 500
/** After this time without an answer, Redis counts as away. */
const SILENCE_MILLISECONDS = 10_000
/** Longest time that `close` waits for BullMQ when nothing is being worked on. */
const CLOSE_MILLISECONDS = 3000

/**
 * Starts a worker, which takes jobs from a queue until it is closed. `noisemill work` does the same
 * on the command line.
 *
 * @throws NoisemillError E_OPTION_INVALID, E_OPTION_UNKNOWN, or E_PACKAGE_MISSING without bullmq
 * and ioredis. It waits for Redis, and does not throw if it cannot be reached.
 * @example
 * import { startWorker } from 'noisemill/bullmq'
 *
 * try {
 *   await startWorker({ redis: 'redis://127.0.0.1', key: 'too short', read: 'speech', write: 'speech' })
 * } catch (error) {
 *   console.log((error as Error).message) // -> key: invalid option: expected a key of 16 to 4096 bytes but got one of 9.
 * }
 */
export async function startWorker(options: WorkerOptions): Promise<RemoteWorker> {
  checkObject('options', options)
  const address = readAddress(options as QueueOptions, OWN_OPTIONS)
  const signer = readKey(options as QueueOptions, address.queue)
  const settings = await checkWorker(options as WorkerOptions)
  // A connection would keep the process, so it is made last.
  return new QueueWorker(new Connection(address), signer, settings)
}

interface Settings extends Means {
  readonly lease: number
  readonly onChunk: (done: WorkerChunk) => void
  readonly onNotice: (text: string) => void
}

async function checkWorker(options: WorkerOptions): Promise<Settings> {
  const { read, write, tasks, size, onNotice = () => {} } = options
  const noise = WorkerBanks.check(options.noise)
  const follow = checkBoolean('follow', given(options.follow, true))
  const allowOverwrite = checkBoolean('allowOverwrite', given(options.allowOverwrite, false))
  const lease = checkInteger('lease', given(options.lease, LEASE_MILLISECONDS), 2000, 3_600_000)
  for (const name of ['onChunk', 'onNotice'] as const)
    if (options[name] !== undefined && typeof options[name] !== 'function')
      throw invalidOption(name, 'a function', options[name])
  const files =
    read === undefined && write === undefined
      ? undefined
      : { read: checkFolder('read', read), write: checkFolder('write', write), allowOverwrite }
  if (noise.length > 0 && files === undefined)
    throw invalidOption('noise', '`read` and `write` beside it', options.noise)
  const registry = tasks === undefined ? undefined : new Registry(tasks)
  if (files === undefined && registry === undefined)
    throw invalidOption('read', 'folders in `read` and `write`, or a module in `tasks`,', undefined)
  if (files?.allowOverwrite && isWithin(files.read, files.write))
    throw invalidOption('write', 'a folder that does not contain `read` beside `allowOverwrite`', files.write)
  if (registry !== undefined && files !== undefined && isWithin(registry.file, files.write))
    throw invalidOption('tasks', 'a module outside of `write`, so that no job can write it', registry.file)
  const onLeftOut = (file: string, { message }: NoisemillError) => onNotice(`left out ${file}: ${message}`)
  const bankOptions = { out: files?.write, overwrite: allowOverwrite, follow, onLeftOut }
  const threads = size === undefined ? {} : { size }
  return {
    files: files && { ...files, banks: await openBanks(noise, threads, bankOptions) },
    registry,
    backend: createBackend(threads),
    lease,
    onChunk: options.onChunk ?? (() => {}),
    onNotice,
  }
}

async function openBanks(noise: readonly string[][], threads: PoolOptions, options: BankOptions): Promise<WorkerBanks> {
  if (noise.length === 0) return new WorkerBanks()
  await using pool = new Pool(threads)
  return await WorkerBanks.open(noise, (task, items) => pool.imap(task, items), options)
}

function checkFolder(option: string, value: unknown): string {
  const folder = pathFromCaller(value)
  if (typeof folder !== 'string' || !statSync(folder, { throwIfNoEntry: false })?.isDirectory())
    throw invalidOption(option, 'a folder that exists', value)
  return folder
}

/** Returns how often workers have got a message, from 1. Redis may have anything there. */
function startsOf({ attemptsStarted }: Job): number {
  return Number.isInteger(attemptsStarted) ? Math.min(Math.max(1, attemptsStarted), MAX_TRIES + 1) : 1
}

/** A message that the worker has. */
interface Active {
  readonly run: string
  readonly chunk: number
  readonly lease: Lease
}

class QueueWorker implements RemoteWorker {
  readonly #connection: Connection
  readonly #signer: Signer
  readonly #settings: Settings
  readonly #worker: Worker
  readonly #active = new Set<Active>()
  readonly #watching: NodeJS.Timeout
  readonly #name = `${host}:${process.pid}`
  /** Constructor of the errors after which BullMQ does not try again. */
  readonly #Refusal: new (
    message: string,
  ) => Error
  #isDraining = false
  #isForced = false
  /** When Redis answered last. */
  #heard = performance.now()
  #closing: Promise<void> | undefined

  constructor(connection: Connection, signer: Signer, settings: Settings) {
    const { Worker: BullWorker, UnrecoverableError } = loadPackages()
    this.#connection = connection
    this.#signer = signer
    this.#settings = settings
    this.#Refusal = UnrecoverableError
    const { lease, backend, onNotice } = settings
    const { client, address } = connection
    this.#worker = new BullWorker(address.queue, (job: Job, token = '') => this.#process(job, token), {
      connection: client,
      prefix: PREFIX,
      // One more than threads, so that these need not wait for Redis between two messages.
      concurrency: backend.threads + 1,
      lockDuration: lease,
      // A Lease knows when it asked, which BullMQ does not tell.
      skipLockRenewal: true,
      // Redis takes integers only.
      stalledInterval: Math.ceil(lease / 2),
      maxStalledCount: MAX_STALLED,
    })
    let isNoted = false
    this.#worker.on('error', (error) => connection.note(error))
    client.on('close', () => {
      if (isNoted || this.#closing) return
      isNoted = true
      onNotice(
        `Redis at ${address.shown} cannot be reached; the worker waits for it: ${connection.fault ?? 'it closed the connection'}`,
      )
    })
    client.on('ready', () => {
      this.#hear()
      if (isNoted) onNotice(`Redis at ${address.shown} can be reached again`)
      isNoted = false
    })
    this.#watching = setInterval(() => this.#watch(), WATCH_MILLISECONDS)
  }

  get info(): RemoteWorker['info'] {
    const { backend } = this.#settings
    const { queue, shown } = this.#connection.address
    return { backend: backend.name, threads: backend.threads, queue, redis: shown }
  }

  get isReady(): boolean {
    return this.#hasRedis && this.#closing === undefined
  }

  /** A connection that broke on the way looks as if it were ready. */
  get #hasRedis(): boolean {
    return this.#connection.client.status === 'ready' && performance.now() - this.#heard < SILENCE_MILLISECONDS
  }

  close({ force = false }: { readonly force?: boolean } = {}): Promise<void> {
    this.#isDraining = true
    if (force) {
      this.#isForced = true
      for (const { lease } of this.#active) lease.cancellation.cancel(0)
      // It ends functions that do not end by themselves.
      this.#settings.backend.close({ force: true }).catch(() => {})
    }
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    // It waits for jobs as long as they take, but not for a Redis that is gone.
    const closed = this.#worker.close().catch((error) => this.#connection.note(error))
    await Promise.race([closed, this.#idle()])
    clearInterval(this.#watching)
    await this.#settings.backend.close({ force: true })
    this.#connection.close()
  }

  /** Resolves if nothing has been worked on for some time: BullMQ may wait for a connection that is gone. */
  #idle(): Promise<void> {
    return new Promise((resolve) => {
      let since = performance.now()
      const timer = setInterval(() => {
        if (this.#active.size > 0) since = performance.now()
        if (performance.now() - since < CLOSE_MILLISECONDS) return
        clearInterval(timer)
        resolve()
      }, 100)
      timer.unref()
    })
  }

  /** Stops messages whose run was cancelled, and keeps the leases of the others. */
  #watch(): void {
    const { client } = this.#connection
    const note = (error: unknown) => this.#connection.note(error)
    if (client.status === 'ready') client.ping().then(() => this.#hear(), note)
    for (const { run, chunk, lease } of this.#active) {
      lease.keep().catch(note)
      if (client.status !== 'ready') continue
      client.get(cancelledKey(run, chunk)).then((grace) => {
        if (grace !== null) lease.cancellation.cancel(grace === '' ? undefined : Math.max(0, Number(grace) || 0))
      }, note)
    }
  }

  #hear(): void {
    this.#heard = performance.now()
  }

  /** Does a message. What it throws fails it for its producer, who must not believe the text. */
  async #process(job: Job, token: string): Promise<Signed> {
    const begun = performance.now()
    const lease = new Lease(job, token, this.#settings.lease)
    const refuse = (error: unknown, jobs: number) => {
      if (!isNoisemillError(error)) return
      this.#settings.onChunk({ jobs, done: 0, failed: 0, milliseconds: performance.now() - begun, refused: error })
    }
    let text: string
    let message: JobMessage
    try {
      if (isDeepStrictEqual(job.data, {}))
        throw new NoisemillError('E_QUEUE', { received: 'Redis has lost the text of a message' })
      text = this.#signer.open('job', job.data)
      message = readJob(text)
      const renewed = lease.begin().catch((error) => this.#connection.note(error))
      await Promise.all([this.#checkFresh(message), renewed])
    } catch (error) {
      refuse(error, 0)
      throw new this.#Refusal(isNoisemillError(error) ? `${error.code}: ${error.received ?? ''}` : 'E_INTERNAL: ')
    }
    const tries = message.earlier + startsOf(job)
    const jobs = message.jobs.all.length
    const head = {
      job: hashOf(text),
      machine: this.#name,
      tries: Math.min(tries, MAX_TRIES),
      milliseconds: 0,
      isPartial: false,
    }
    const answer = (made: Partial<OutcomeMessage>, outcomes: readonly string[] = []) =>
      this.#signer.sign(
        'outcome',
        writeOutcome({ ...head, outcomes: new Map(), refused: undefined, ...made }, outcomes),
      )
    const active = { run: message.run, chunk: message.chunk, lease }
    this.#active.add(active)
    try {
      if (tries > MAX_TRIES) throw new NoisemillError('E_WORKER_DIED', { received: `${MAX_TRIES} workers` })
      const { outcomes, failed, milliseconds, isPartial } = await this.#work(message, tries, lease.cancellation)
      const done = outcomes.length - failed
      this.#settings.onChunk({ jobs, done, failed, milliseconds: performance.now() - begun })
      return answer({ milliseconds, isPartial }, outcomes)
    } catch (error) {
      if (!isNoisemillError(error)) throw error
      refuse(error, jobs)
      return answer({ refused: error })
    } finally {
      this.#active.delete(active)
    }
  }

  async #checkFresh({ expires, run }: JobMessage): Promise<void> {
    const isAlive = (await this.#connection.client.exists(aliveKey(run))) !== 0
    // Late, because the answer waits for a Redis that is away.
    const now = Date.now()
    if (expires < now) {
      const received = `it was valid until ${new Date(expires).toISOString()}, and here it is ${new Date(now).toISOString()}`
      throw new NoisemillError('E_MESSAGE_EXPIRED', { received })
    }
    if (!isAlive) throw new NoisemillError('E_MESSAGE_EXPIRED', { received: 'its producer has ended' })
  }

  /** Does the jobs of a message. Resolves to the outcomes of those that were begun, as text. */
  async #work(message: JobMessage, tries: number, cancellation: Cancellation) {
    const outcomes: string[] = []
    const { kind } = message.jobs
    let characters = 0
    let longest = 0
    let failed = 0
    let isPartial = false
    const add = (index: number, outcome: Outcome<unknown>) => {
      const code = codeOf(outcome, kind)
      const text = outcomeToText(outcome, kind)
      // It was stopped because of the worker or of the run, and is not at fault itself. Or the producer would refuse a longer
      // message. The job is returned, and done again.
      const wasStopped = code === 'E_CANCELLED' || (this.#isForced && ENDED.includes(code))
      if (wasStopped || (outcomes.length > 0 && characters + text.length > MAX_TEXT / 2)) {
        // It matters for what is left of them; results may be too large together again and again.
        isPartial ||= hasOutput(message.jobs, index)
        return
      }
      if (code !== undefined) failed++
      characters += text.length
      longest = Math.max(longest, text.length)
      outcomes.push(indexedText(index, text))
    }
    // Only from the first job on, because leftovers of other tries are removed before it.
    let began: number | undefined
    const mayBegin = () => {
      began ??= performance.now()
      const isTooLate = performance.now() - began >= DEADLINE_MILLISECONDS
      // Room for what is being worked on, which has settled only in part.
      const room = longest * 2 * this.#settings.backend.threads
      const isFull = characters >= MAX_ONE || characters + room > MAX_TEXT / 2
      // Every message gets on, however slow this machine is.
      const mustReturn = (isTooLate || isFull) && outcomes.length > 0
      return !this.#isDraining && !cancellation.isCancelled && !mustReturn
    }
    const milliseconds = await doJobs(this.#settings, { message, tries, cancellation, mayBegin, add })
    return { outcomes, failed, milliseconds, isPartial }
  }
}

/**
 * The backend of a pool that sends its chunks to a queue. Outcomes are the results of BullMQ's jobs. They stay in Redis until
 * the producer has settled them, because events alone may be lost.
 */

import { randomBytes } from 'node:crypto'
import path from 'node:path'
import type { Job, Queue, QueueEvents } from 'bullmq'
import type { Backend, CallsChunk, Chunk, ChunkFigures, CloseOptions, Outcome } from '../backends/backend.js'
import { checkInteger, checkObject, given } from '../checks.js'
import type { FailureData } from '../core/failure.js'
import { type ErrorCode, MAY_BE_WRITTEN } from '../error-codes.js'
import { invalidOption, isNoisemillError, NoisemillError } from '../errors.js'
import { pathFromCaller } from '../files/paths.js'
import { createBackend } from '../index.js'
import { showText, showTime } from '../show.js'
import { warnProcess } from '../warnings.js'
import { Connection, PREFIX, type QueueOptions, readAddress } from './connection.js'
import type { SharedFolders } from './file-messages.js'
import { ALIVE_MILLISECONDS, aliveKey, cancelledKey } from './keys.js'
import {
  codeOf,
  earlierTries,
  type JobHead,
  type JobKind,
  kindOf,
  MAX_JOBS,
  MAX_TRIES,
  type OutcomeMessage,
  readOutcome,
  writeJob,
} from './messages.js'
import { loadPackages } from './packages.js'
import { callTextOf, type Parcel, parcelsOf } from './parcels.js'
import { hashOf, readKey, type Signed, type Signer } from './signature.js'

/**
 * Options of `bullmq`.
 *
 * @example
 * import { type BullmqOptions, bullmq } from 'noisemill/bullmq'
 *
 * const options: BullmqOptions = { redis: 'redis://127.0.0.1', key: 'a key of 16 bytes or more', size: 8 }
 * console.log(bullmq(options).threads) // -> 8
 */
export interface BullmqOptions extends QueueOptions {
  /** Folder that contains all inputs. Workers read the files at the same relative paths below theirs. */
  readonly read?: string | URL
  /** Folder that contains all outputs. Workers write files at the same relative paths below theirs. */
  readonly write?: string | URL
  /**
   * Number of threads of all workers together, 1 to 1024, at a guess; 16 by default. A run has up to
   * twice as many messages in Redis, of up to 2 MiB each, and their outcomes.
   */
  readonly size?: number
  /** Milliseconds that a run waits for Redis if it cannot be reached or is full; 60,000 by default. */
  readonly patience?: number
  /** Called with what a run waits for, in words. By default a process warning says it. */
  readonly onNotice?: (text: string) => void
}

/**
 * What a worker has done for a producer.
 *
 * @example
 * import type { MachineFigures } from 'noisemill/bullmq'
 *
 * const line = ({ jobs, failed }: MachineFigures) => `${jobs} jobs, ${failed} failed`
 * console.log(line({ jobs: 10, failed: 1 })) // -> 10 jobs, 1 failed
 */
export interface MachineFigures {
  /** How many jobs it has ended. */
  readonly jobs: number
  /** How many of them failed. */
  readonly failed: number
}

/**
 * The backend that `bullmq` returns.
 *
 * @example
 * import { bullmq, type QueueBackend } from 'noisemill/bullmq'
 *
 * const backend: QueueBackend = bullmq({ redis: 'redis://127.0.0.1', key: 'a key of 16 bytes or more' })
 * console.log(backend.machines.size) // -> 0
 */
export interface QueueBackend extends Backend {
  /** What each worker has done so far, by the name of its host and the id of its process. */
  readonly machines: ReadonlyMap<string, MachineFigures>
}

const OWN_OPTIONS = ['read', 'write', 'size', 'patience', 'onNotice']

/** How long workers accept a message. A producer that lives renews those that wait. */
const VALID_MILLISECONDS = 600_000
const POLL_MILLISECONDS = 1000
/** A timer that is this late tells that the process was stopped, or its JavaScript blocked. */
const GAP_MILLISECONDS = 5000
/** After this time without Redis, or without an outcome, a run says what it waits for. */
const NOTICE_MILLISECONDS = 10_000
/** Longest time that a worker has to answer after a run was cancelled. */
const CANCEL_MILLISECONDS = 10_000
const CLOSE_MILLISECONDS = 2000
/** Tries that a worker and its successors may have made of a message that Redis has lost. */
const TRIES_OF_LOST = 3
/** Most times that a message is sent again because its worker found it too old. */
const MAX_SENDS = 10
/** Old jobs of runs that were killed are removed after this time. */
const LEFT_OVER_MILLISECONDS = 3_600_000

/**
 * Makes a backend that sends work to a queue, where workers on any number of machines take it:
 * `startWorker`, or the command `noisemill work`. The bytes of outputs are the same as on one
 * machine.
 *
 * It serves noise tasks, tasks of `moduleTask` whose items and results JSON can carry, and those of
 * `transformTask`. It does not serve samples in memory (E_REMOTE_UNSUPPORTED).
 *
 * @throws NoisemillError E_OPTION_INVALID, E_OPTION_UNKNOWN, or E_PACKAGE_MISSING without bullmq
 * and ioredis. If Redis cannot be reached, items fail with E_QUEUE.
 * @example
 * import { Pool } from 'noisemill'
 * import { bullmq } from 'noisemill/bullmq'
 *
 * const backend = bullmq({ redis: 'redis://127.0.0.1:6379', key: 'a key of 16 bytes or more', read: 'speech', write: 'noisy' })
 * await using pool = new Pool({ backend })
 * console.log(pool.info.backend, pool.info.threads) // -> bullmq 16
 */
export function bullmq(options: BullmqOptions = {}): QueueBackend {
  checkObject('options', options)
  const address = readAddress(options as QueueOptions, OWN_OPTIONS)
  const { read, write, size, patience, onNotice } = options as BullmqOptions
  if (onNotice !== undefined && typeof onNotice !== 'function') throw invalidOption('onNotice', 'a function', onNotice)
  loadPackages()
  return new Producer(() => new Connection(address), readKey(options as QueueOptions, address.queue), {
    folders: { read: checkFolder('read', read), write: checkFolder('write', write) },
    size: checkInteger('size', given(size, 16), 1, 1024),
    patience: checkInteger('patience', given(patience, 60_000), 0, 86_400_000),
    onNotice: onNotice ?? ((text) => warnProcess('W_QUEUE', text)),
  })
}

function checkFolder(option: string, value: unknown): string | undefined {
  if (value === undefined) return undefined
  const folder = pathFromCaller(value)
  if (typeof folder !== 'string') throw invalidOption(option, 'a path or a file: URL', value)
  return path.resolve(folder)
}

interface Settings {
  readonly folders: SharedFolders
  readonly size: number
  readonly patience: number
  readonly onNotice: (text: string) => void
}

/** What is sent to the queue. */
interface Queued {
  readonly connection: Connection
  readonly queue: Queue
  readonly events: QueueEvents
}

/**
 * How a message ended. It is sent again if it had no outcome: `again` is how often workers may have begun its jobs, and
 * `error` that of its jobs if it is given up.
 */
type Ended = OutcomeMessage | NoisemillError | { readonly again: number; readonly error: NoisemillError }

/** A message that has no outcome yet. */
interface Sent {
  readonly id: string
  readonly head: JobHead
  readonly call: string | undefined
  readonly kind: JobKind
  readonly parcel: Parcel
  /** Hashes of the texts that workers may have got. */
  readonly hashes: Set<string>
  readonly end: (result: Ended) => void
  expires: number
  /** BullMQ's job, when Redis has it. */
  job: Job | undefined
}

class Producer implements QueueBackend {
  readonly name = 'bullmq'
  readonly threads: number
  readonly chunkLimits = { milliseconds: 300, most: MAX_JOBS }
  readonly machines = new Map<string, { jobs: number; failed: number }>()
  readonly #connect: () => Connection
  readonly #signer: Signer
  readonly #settings: Settings
  /** No other producer has this id. */
  readonly #run = randomBytes(16).toString('hex')
  readonly #sent = new Map<string, Sent>()
  #count = 0
  #queued: Queued | undefined
  /** Reads the headers of noise files. */
  #local: Backend | undefined
  #polling: NodeJS.Timeout | undefined
  #isPolling = false
  /** When Redis last did what it was asked for. */
  #heard = 0
  /** When the timer called last. */
  #ticked = 0
  /** When there was last an outcome, or nothing to wait for. */
  #answered = 0
  #noticed: 'redis' | 'workers' | undefined

  constructor(connect: () => Connection, signer: Signer, settings: Settings) {
    this.#connect = connect
    this.#signer = signer
    this.#settings = settings
    this.threads = settings.size
  }

  async execute(chunk: Chunk): Promise<ChunkFigures> {
    // Jobs without an output look at noise files, as each worker does for itself.
    if (chunk.kind === 'files' && chunk.jobs.every(({ output }) => output.length === 0)) {
      this.#local ??= createBackend()
      return this.#local.execute(chunk)
    }
    const settle = chunk.settle as (index: number, outcome: Outcome<unknown>) => void
    let call: string | undefined
    try {
      call = callTextOf(chunk)
    } catch (error) {
      if (!isNoisemillError(error)) throw error
      for (let index = 0; index < chunk.jobs.length; index++) settle(index, { error })
      return { milliseconds: 0 }
    }
    const parcels = parcelsOf(chunk, earlierOf(chunk), this.#settings.folders, settle)
    let milliseconds = 0
    // One after the other, so that Redis holds no more at a time if items are large.
    for (const parcel of parcels) milliseconds += await this.#deliver(chunk, call, parcel, settle)
    return { milliseconds }
  }

  /** Sends jobs, and sends those again that a worker did not come to, until all are settled. */
  async #deliver(
    chunk: Chunk,
    call: string | undefined,
    first: Parcel,
    settle: (index: number, outcome: Outcome<unknown>) => void,
  ): Promise<number> {
    const { cancellation } = chunk
    const kind = kindOf(chunk.kind === 'calls' ? chunk.call : undefined)
    let parcel = first
    let milliseconds = 0
    let sends = 0
    const fail = (error: NoisemillError) => {
      for (const index of parcel.indexes) settle(index, { error })
    }
    while (parcel.indexes.length > 0) {
      if (cancellation.isCancelled) {
        fail(cancelledAfter(parcel.earlier))
        break
      }
      const result = await this.#roundTrip(chunk, call, kind, parcel)
      if ('again' in result) {
        const earlier = Math.min(parcel.earlier + result.again, MAX_TRIES)
        if (++sends <= MAX_SENDS && earlier < MAX_TRIES) {
          parcel = { ...parcel, earlier }
          // What made the message unusable, such as a Redis that was away, needs some time to pass.
          await wait(POLL_MILLISECONDS)
          continue
        }
        fail(result.error)
        break
      }
      const tries = isNoisemillError(result) ? parcel.earlier + 1 : result.tries
      const known = (error: NoisemillError) => (tries > 1 && kind !== 'calls' ? afterDeath(error) : error)
      if (isNoisemillError(result) || result.refused !== undefined) {
        fail(known(isNoisemillError(result) ? result : result.refused!))
        break
      }
      milliseconds += result.milliseconds
      this.#tell(result, kind)
      const left: number[] = []
      for (const [i, index] of parcel.indexes.entries()) {
        const outcome = result.outcomes.get(i)
        if (outcome === undefined) left.push(i)
        else if ('error' in outcome) settle(index, { error: known(outcome.error) })
        else settle(index, tries > 1 && kind !== 'calls' ? { value: failedAfterDeath(outcome.value) } : outcome)
      }
      parcel = {
        indexes: left.map((i) => parcel.indexes[i]),
        texts: left.map((i) => parcel.texts[i]),
        common: parcel.common,
        earlier: Math.max(parcel.earlier, result.tries - (result.isPartial ? 0 : 1)),
      }
      // A worker that ends returns all of it. Workers that do nothing must not be asked without a pause.
      if (result.outcomes.size === 0) await wait(POLL_MILLISECONDS)
    }
    return milliseconds
  }

  #tell({ machine, outcomes }: OutcomeMessage, kind: JobKind): void {
    const figures = this.machines.get(machine) ?? { jobs: 0, failed: 0 }
    this.machines.set(machine, figures)
    figures.jobs += outcomes.size
    for (const outcome of outcomes.values()) if (codeOf(outcome, kind) !== undefined) figures.failed++
  }

  /** Sends a message, and waits for its outcome. */
  #roundTrip(chunk: Chunk, call: string | undefined, kind: JobKind, parcel: Parcel): Promise<Ended> {
    const { cancellation } = chunk
    const limits: Partial<CallsChunk> = chunk.kind === 'calls' ? chunk : {}
    const head: JobHead = {
      run: this.#run,
      chunk: this.#count++,
      expires: 0,
      earlier: parcel.earlier,
      attempt: limits.attempt ?? 1,
      concurrency: limits.concurrency ?? 1,
      timeout: limits.timeout,
    }
    const queued = this.#open()
    return new Promise((resolve) => {
      const id = `${head.run}.${head.chunk}`
      const end: Sent['end'] = (result) => {
        if (!this.#sent.delete(id)) return
        forget()
        this.#answered = performance.now()
        this.#remove(id)
        resolve(result)
      }
      const sent: Sent = { id, head, call, kind, parcel, hashes: new Set(), end, expires: 0, job: undefined }
      if (this.#sent.size === 0) this.#answered = performance.now()
      this.#sent.set(id, sent)
      const adding = this.#add(queued, sent)
      const forget = cancellation.onCancel(() => void this.#cancel(queued, sent, adding, cancellation.grace))
    })
  }

  /** Signs the text of a message. It is valid from now on. */
  #sign(sent: Sent): Signed {
    const { head, call, parcel, hashes } = sent
    sent.expires = Date.now() + VALID_MILLISECONDS
    const text = writeJob({ ...head, expires: sent.expires }, call, parcel.common, parcel.texts)
    hashes.add(hashOf(text))
    return this.#signer.sign('job', text)
  }

  async #add({ queue, connection }: Queued, sent: Sent): Promise<void> {
    const data = this.#sign(sent)
    const began = performance.now()
    while (this.#sent.has(sent.id)) {
      try {
        // The signature says what the name of a job says otherwise.
        sent.job = await queue.add('chunk', data, { jobId: sent.id, removeOnComplete: false, removeOnFail: false })
        break
      } catch (error) {
        // Redis is full, for example. It may still do what needs no room.
        connection.note(error)
        const waited = performance.now() - began
        if (waited > this.#settings.patience) sent.end(this.#unusable(connection))
        else if (waited > NOTICE_MILLISECONDS) this.#notice('redis', connection)
        await wait(POLL_MILLISECONDS)
      }
    }
    if (!this.#sent.has(sent.id)) this.#remove(sent.id)
  }

  #remove(id: string): void {
    this.#queued?.queue.remove(id).catch(() => {})
  }

  /** Takes a message back. If a worker has it, the worker is told, and has some time to answer. */
  async #cancel(
    { queue, connection }: Queued,
    sent: Sent,
    adding: Promise<void>,
    grace: number | undefined,
  ): Promise<void> {
    const { earlier } = sent.parcel
    await Promise.race([adding, wait(CANCEL_MILLISECONDS)])
    if (sent.job === undefined) sent.end(cancelledAfter(earlier))
    try {
      const tries = (await queue.getJob(sent.id))?.attemptsStarted ?? 0
      // If it still waited, nobody can take it after this.
      const waited = await connection.client.lrem(queue.toKey('wait'), 1, sent.id)
      if (waited === 1) sent.end(cancelledAfter(earlier + tries))
      const key = cancelledKey(this.#run, sent.head.chunk)
      await connection.client.set(key, grace === undefined ? '' : String(grace), 'PX', LEFT_OVER_MILLISECONDS)
    } catch (error) {
      connection.note(error)
    }
    await wait(CANCEL_MILLISECONDS + (grace ?? 0))
    const received = 'bullmq: the run was cancelled, and a worker has not answered since'
    sent.end(new NoisemillError('E_BACKEND_FAILED', { received }))
  }

  #open(): Queued {
    this.#queued ??= this.#opened()
    return this.#queued
  }

  #opened(): Queued {
    const packages = loadPackages()
    const connection = this.#connect()
    const { queue: name } = connection.address
    const common = { connection: connection.client, prefix: PREFIX }
    // Events have the outcomes in them, so few are kept.
    const queue = new packages.Queue(name, { ...common, streams: { events: { maxLen: 4 * this.threads } } })
    // An outcome may come before the connection for events is there. Those of others are ignored.
    const events = new packages.QueueEvents(name, { ...common, lastEventId: '0-0' })
    queue.on('error', (error) => connection.note(error))
    events.on('error', (error) => connection.note(error))
    events.on('completed', ({ jobId, returnvalue }) => this.#completed(jobId, returnvalue))
    events.on('failed', ({ jobId }) => {
      const sent = this.#sent.get(jobId)
      if (sent !== undefined) this.#look(queue, sent).catch((error) => connection.note(error))
    })
    this.#heard = performance.now()
    this.#ticked = this.#heard
    this.#polling = setInterval(() => this.#tick(), POLL_MILLISECONDS)
    this.#poll({ connection, queue, events })
    for (const type of ['completed', 'failed'] as const) queue.clean(LEFT_OVER_MILLISECONDS, 1000, type).catch(() => {})
    return { connection, queue, events }
  }

  /** Takes the outcome of a message. A forged one fails its items, and nothing else. */
  #completed(id: string, answer: unknown): void {
    const sent = this.#sent.get(id)
    if (sent === undefined) return
    try {
      const signed = typeof answer === 'string' ? (JSON.parse(answer) as unknown) : answer
      const text = this.#signer.open('outcome', signed)
      const outcome = readOutcome(text, sent.parcel.texts.length, sent.kind)
      if (!sent.hashes.has(outcome.job))
        throw new NoisemillError('E_MESSAGE_INVALID', { received: 'it is the outcome of another message' })
      sent.end(outcome)
    } catch (error) {
      if (isNoisemillError(error)) sent.end(error)
      else sent.end(new NoisemillError('E_MESSAGE_INVALID', { received: 'it is not JSON' }))
    }
  }

  /**
   * @param reason text that is not signed, so that it is shown and not believed
   * @param tries how often workers have got it, the last of which has not begun its jobs
   */
  #failed(id: string, reason: unknown, tries: number): void {
    const sent = this.#sent.get(id)
    if (sent === undefined) return
    const text = showText(String(reason).slice(0, 1000))
    const [, code, received] = /^(E_MESSAGE_[A-Z]+|E_MACHINES_DIFFER|E_QUEUE): (.*)$/s.exec(text) ?? []
    const refused = (why: ErrorCode) => new NoisemillError(why, { received: `a worker says so. ${received}`.trim() })
    const again = Math.max(0, tries - 1)
    if (code === 'E_QUEUE') sent.end({ again, error: lost() })
    else if (code === 'E_MESSAGE_EXPIRED') sent.end({ again, error: refused(code) })
    else if (REFUSALS.includes(code as ErrorCode)) sent.end(refused(code as ErrorCode))
    else if (/stalled/.test(text))
      sent.end(new NoisemillError('E_WORKER_DIED', { received: 'several workers died of it' }))
    else sent.end(new NoisemillError('E_BACKEND_FAILED', { received: `bullmq: ${text}` }))
  }

  #tick(): void {
    const queued = this.#queued
    if (queued === undefined) return
    this.#poll(queued)
    const { connection } = queued
    // If this process itself was stopped, Redis may well have answered.
    const now = performance.now()
    if (now - this.#ticked > GAP_MILLISECONDS) this.#heard = now
    this.#ticked = now
    const away = performance.now() - this.#heard
    if (this.#sent.size === 0) this.#answered = performance.now()
    else if (away > this.#settings.patience || connection.isRefused) this.#giveUp(connection)
    else if (away > NOTICE_MILLISECONDS) this.#notice('redis', connection)
    else if (performance.now() - this.#answered > NOTICE_MILLISECONDS) void this.#noticeWorkers(queued)
    else if (this.#noticed === 'redis' && away < 2 * POLL_MILLISECONDS) this.#noticed = undefined
  }

  #notice(what: 'redis' | 'workers', { address, fault }: Connection): void {
    if (this.#noticed === what) return
    this.#noticed = what
    const { shown, queue } = address
    if (what === 'workers') this.#settings.onNotice(`no worker is connected to the queue ${queue} at ${shown}`)
    else this.#settings.onNotice(`Redis at ${shown} cannot be used: ${fault ?? 'it does not answer'}`)
  }

  async #noticeWorkers({ queue, connection }: Queued): Promise<void> {
    try {
      if ((await queue.getWorkersCount()) === 0) this.#notice('workers', connection)
    } catch {
      // Not every client may list the others.
    }
  }

  #giveUp(connection: Connection): void {
    for (const { end } of [...this.#sent.values()]) end(this.#unusable(connection))
  }

  #unusable({ address, fault, isRefused }: Connection): NoisemillError {
    const waited = isRefused ? '' : ` for ${showTime(this.#settings.patience)}`
    const received = `Redis at ${address.shown} could not be used${waited}: ${fault ?? 'it did not answer'}`
    return new NoisemillError('E_QUEUE', { received })
  }

  /** Looks for outcomes whose events were lost, for messages that Redis has lost, and for those that wait for long. */
  async #poll({ connection, queue }: Queued): Promise<void> {
    if (this.#isPolling) return
    this.#isPolling = true
    try {
      await connection.client.set(aliveKey(this.#run), '1', 'PX', ALIVE_MILLISECONDS)
      this.#heard = performance.now()
      await Promise.all(Array.from(this.#sent.values(), (sent) => this.#look(queue, sent)))
    } catch (error) {
      connection.note(error)
    } finally {
      this.#isPolling = false
    }
  }

  async #look(queue: Queue, { id, job, end, expires }: Sent): Promise<void> {
    if (job === undefined) return
    const state = await queue.getJobState(id)
    const sent = this.#sent.get(id)
    if (sent === undefined) return
    if (state === 'unknown') end({ again: TRIES_OF_LOST, error: lost() })
    if (state === 'waiting' && expires - Date.now() < VALID_MILLISECONDS / 2) await job.updateData(this.#sign(sent))
    if (state !== 'completed' && state !== 'failed') return
    const ended = await queue.getJob(id)
    if (ended === undefined) return
    if (state === 'completed') this.#completed(id, ended.returnvalue)
    else this.#failed(id, ended.failedReason, ended.attemptsStarted)
  }

  async close(options: CloseOptions = {}): Promise<void> {
    await this.#local?.close(options)
    for (const { end } of [...this.#sent.values()]) end(new NoisemillError('E_POOL_TERMINATED'))
    clearInterval(this.#polling)
    const queued = this.#queued
    if (queued === undefined) return
    const { connection, queue, events } = queued
    // Commands are done in their order, so the messages that were settled are removed after it.
    await Promise.race([connection.client.del(aliveKey(this.#run)).catch(() => {}), wait(CLOSE_MILLISECONDS)])
    // It would wait for a command that waits for events.
    for (const one of [events, queue]) one.close().catch(() => {})
    connection.close()
  }
}

const lost = () => new NoisemillError('E_QUEUE', { received: 'Redis lost the same message several times' })

/** A retry of the pool comes after tries of a message that it does not know. */
const earlierOf = (chunk: Chunk): number =>
  chunk.kind === 'calls' ? earlierTries(kindOf(chunk.call), chunk.attempt ?? 1) : 0

/** An earlier worker may have written an output that this failure says nothing of. */
const afterDeath = (error: NoisemillError): NoisemillError =>
  saysEnough(error.code) ? error : new NoisemillError('E_WORKER_DIED', { received: diedBefore(error), cause: error })

const saysEnough = (code: string) => code.startsWith('E_OUTPUT_') || MAY_BE_WRITTEN.includes(code)

const diedBefore = ({ code, received = '' }: Pick<NoisemillError, 'code' | 'received'>) =>
  `after it, another worker of the queue failed with ${code}: ${received}`

function failedAfterDeath(value: unknown): unknown {
  const { failure } = value as { readonly failure?: FailureData }
  if (failure === undefined || saysEnough(failure.code)) return value
  const detail = diedBefore({ code: failure.code as ErrorCode, received: failure.detail })
  return { failure: { code: 'E_WORKER_DIED', detail, errno: failure.errno } }
}

/** A worker that died may have done jobs, and then it is not known whether their outputs exist. */
const cancelledAfter = (tries: number): NoisemillError =>
  tries === 0
    ? new NoisemillError('E_CANCELLED')
    : new NoisemillError('E_BACKEND_FAILED', {
        received: 'bullmq: the run was cancelled, and a worker that died may have done this before',
      })

/** What a worker refuses for good. */
const REFUSALS: readonly ErrorCode[] = ['E_MESSAGE_SIGNATURE', 'E_MESSAGE_INVALID', 'E_MACHINES_DIFFER']

const wait = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, milliseconds).unref()
  })

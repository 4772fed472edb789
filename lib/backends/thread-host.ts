/** Worker threads, as a pool uses them. */

import { stat } from 'node:fs'
import { type MessagePort, receiveMessageOnPort, type Worker } from 'node:worker_threads'
import { findRefusal, refusalOf } from './crossing.js'
import { threadsWithRoom } from './descriptors.js'
import { type Host, type HostEvents, type Hosts, MAX_LOADS } from './host.js'
import type { FromWorker, ThreadKernels, ToWorker } from './messages.js'
import { taskFiles } from './nesting.js'
import { passOnOutput } from './output.js'
import { SharedLedger } from './shared-ledger.js'
import { startWorker } from './start-worker.js'
import type { WorkerSettings } from './worker-options.js'

/** @param entry file that the threads begin with; tests replace it to make threads fail */
export function threadHosts(entry: URL, wasm: ThreadKernels | undefined, settings: WorkerSettings): Hosts {
  return {
    refusal: (name, value, error) => (error === undefined ? findRefusal(name, value) : refusalOf(name, value, error)),
    start: (events) => new ThreadHost(entry, wasm, settings, events),
    room(wanted) {
      // libuv starts its threads at the first call that needs them, and ends the process if it
      // cannot. This call starts them before worker threads use up the system's limit.
      stat(entry, () => {})
      return { most: threadsWithRoom(wanted, entry), why: 'too many open files (EMFILE)' }
    },
  }
}

class ThreadHost implements Host {
  readonly moves = true
  hasPrinted = false
  readonly ledger = new SharedLedger(MAX_LOADS)
  /** Node's number of the thread, which its `Worker` loses when it ends. */
  readonly id: number
  readonly #worker: Worker
  readonly #port: MessagePort

  constructor(
    entry: URL,
    wasm: ThreadKernels | undefined,
    { recycling, worker: options }: WorkerSettings,
    events: HostEvents,
  ) {
    const weighs = Number.isFinite(recycling.bytes)
    const data = { ledger: this.ledger.words, wasm, files: taskFiles(), weighs }
    const { worker, port } = startWorker(entry, data, options)
    this.#worker = worker
    this.#port = port
    this.id = worker.threadId
    passOnOutput(worker, () => {
      this.hasPrinted = true
    })
    port.on('message', (message: FromWorker) => events.message(message))
    port.on('messageerror', (error) => events.unreadable(error))
    let failure: { thrown: unknown } | undefined
    worker.on('error', (thrown) => {
      failure = { thrown }
    })
    worker.on('exit', (exitCode) => {
      // Node may report the end of a thread before its last messages.
      for (;;) {
        try {
          const last = receiveMessageOnPort(port)
          if (last === undefined) break
          events.message(last.message as FromWorker)
        } catch (error) {
          events.unreadable(error as Error)
        }
      }
      port.close()
      events.ended({
        exitCode,
        reason: `the thread exited with code ${exitCode}`,
        failure,
        isByError: failure !== undefined,
        isBySignal: false,
      })
    })
    this.unref()
  }

  post(message: ToWorker, transfer: readonly ArrayBuffer[]): void {
    this.#port.postMessage(message, transfer)
  }

  ref(): void {
    this.#worker.ref()
    this.#port.ref()
  }

  unref(): void {
    this.#worker.unref()
    this.#port.unref()
  }

  async kill(): Promise<void> {
    await this.#worker.terminate()
  }
}

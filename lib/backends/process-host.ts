/** Worker processes, as a pool uses them. */

import type { ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { findShared, refusalOf } from './crossing.js'
import { FileLedger } from './file-ledger.js'
import { type Host, type HostEvents, type Hosts, MAX_LOADS } from './host.js'
import { FileWords, LedgerFile } from './ledger-file.js'
import type { FromWorker, ProcessData, ToWorker } from './messages.js'
import { taskFiles } from './nesting.js'
import { mourn, outlive } from './orphans.js'
import { deserialized, serialized } from './serialization.js'
import { inheritedFlags } from './start-worker.js'
import type { WorkerSettings } from './worker-options.js'

/**
 * Longest wait for messages that are on the way when a process has ended. Its own children may have
 * inherited the channel and keep it open.
 */
const LAST_MESSAGES_MILLISECONDS = 500

/** @param entry file that the processes begin with */
export function processHosts(entry: URL, settings: WorkerSettings): Hosts {
  return {
    start: (events) => new ProcessHost(fileURLToPath(entry), settings, events),
    room: (wanted) => ({ most: wanted, why: '' }),
    refusal(name, value, error = errorOf(value)) {
      if (error === undefined) return undefined
      const shared = findShared(value)
      return shared === undefined ? refusalOf(name, value, error) : `${name}${shared}`
    },
  }
}

/** Returns why a value cannot be serialised; undefined if it can. */
function errorOf(value: unknown): unknown {
  try {
    serialized(value)
    return undefined
  } catch (error) {
    return error
  }
}

const onWindows = process.platform === 'win32'
let lastUnnumbered = 0

class ProcessHost implements Host {
  readonly moves = false
  /** It writes to the streams of this process itself. */
  readonly hasPrinted = true
  readonly id: number
  readonly ledger: FileLedger
  readonly #child: ChildProcess
  readonly #ended: Promise<void>

  constructor(entry: string, { recycling, worker: options }: WorkerSettings, events: HostEvents) {
    const file = new LedgerFile()
    this.ledger = new FileLedger(MAX_LOADS, new FileWords(file.descriptor))
    try {
      this.#child = process.getBuiltinModule('node:child_process').fork(entry, [], {
        serialization: 'advanced',
        execArgv: [...(options.execArgv ?? inheritedFlags())],
        ...(options.env !== undefined && { env: options.env as NodeJS.ProcessEnv }),
        // A group of its own, so that processes that it leaves behind end with it.
        detached: !onWindows,
        stdio: ['ignore', 'inherit', 'inherit', file.descriptor, 'ipc'],
      })
    } catch (error) {
      file.close()
      throw error
    }
    this.#ended = new Promise((resolve) => {
      this.#listen(events, () => {
        file.close()
        resolve()
      })
    })
    // A process that could not be started has no number.
    this.id = this.#child.pid ?? --lastUnnumbered
    if (this.#child.pid !== undefined) {
      outlive(this.#child.pid)
      const data: ProcessData = { files: taskFiles(), weighs: Number.isFinite(recycling.bytes), name: options.name }
      this.#send(data)
    }
    this.unref()
  }

  #listen(events: HostEvents, ended: () => void): void {
    const child = this.#child
    let failure: { thrown: unknown } | undefined
    let isOver = false
    let isClosed = false
    const end = (exitCode: number, reason: string, isBySignal = false) => {
      if (isOver) return
      isOver = true
      events.ended({ exitCode, reason, failure, isByError: exitCode === 1, isBySignal })
      ended()
    }
    child.on('message', (bytes) => {
      if (isOver) return
      let message: FromWorker
      try {
        message = deserialized(bytes as unknown as Uint8Array) as FromWorker
      } catch (error) {
        events.unreadable(error as Error)
        return
      }
      events.message(message)
    })
    child.on('error', (thrown) => {
      if (child.pid !== undefined) return
      failure = { thrown }
      end(-1, 'the process could not be started')
    })
    child.on('disconnect', () => {
      isClosed = true
      // Without its channel it is of no use. If it has ended, this has no effect.
      killGroup(child)
    })
    child.on('exit', (code, signal) => {
      mourn(child.pid!)
      killGroup(child)
      const reason = signal === null ? `the process exited with code ${code}` : `the process was ended by ${signal}`
      const tell = () => end(code ?? -1, reason, signal !== null)
      if (isClosed) tell()
      else {
        const timer = setTimeout(tell, LAST_MESSAGES_MILLISECONDS)
        child.once('disconnect', () => {
          clearTimeout(timer)
          tell()
        })
      }
    })
  }

  post(message: ToWorker, transfer: readonly ArrayBuffer[]): void {
    this.#send(message, transfer)
  }

  #send(message: ToWorker | ProcessData, transfer: readonly ArrayBuffer[] = []): void {
    // Serialised here, because Node throws where nothing can catch it if it cannot read a message.
    const bytes = serialized(message, transfer)
    if (!this.#child.connected) return
    this.#child.send(bytes, () => {
      // The process has ended, which its event tells.
    })
  }

  ref(): void {
    this.#child.ref()
    this.#child.channel?.ref()
  }

  unref(): void {
    this.#child.unref()
    this.#child.channel?.unref()
  }

  async kill(): Promise<void> {
    if (this.#child.pid === undefined) return
    this.ref()
    killGroup(this.#child)
    await this.#ended
  }
}

/** Ends a process, and those that it has started. */
function killGroup(child: ChildProcess): void {
  try {
    if (onWindows) child.kill('SIGKILL')
    else process.kill(-child.pid!, 'SIGKILL')
  } catch {
    // All of them have ended.
  }
}

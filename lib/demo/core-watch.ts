/** Watches the cores from a thread of its own. */

import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { CoreUse } from './cores.js'
import type { FromCores, ToCores } from './cores-thread.js'

/** Time between two values in milliseconds. */
const INTERVAL = 50

export class CoreWatch {
  #looks: (readonly number[])[] = []
  #ended: ((use: CoreUse | undefined) => void) | undefined
  #isGone = false

  private constructor(readonly worker: Worker) {
    worker.on('message', (message: FromCores) => {
      if (message === 'ready') return
      if ('look' in message) this.#looks.push(message.look)
      else this.#end(message.ended)
    })
    // Without the thread there are no figures, and the demo does without.
    const gone = () => {
      this.#isGone = true
      this.#end(undefined)
    }
    worker.on('error', gone).on('exit', gone)
  }

  /**
   * Starts the thread. Returns undefined if the system tells nothing about cores, or Node may not
   * start threads.
   *
   * @param entry URL of the module `cores-thread.ts`
   */
  static async open(entry: URL): Promise<CoreWatch | undefined> {
    try {
      const worker = new Worker(entry)
      await once(worker, 'message')
      return new CoreWatch(worker)
    } catch {
      return undefined
    }
  }

  start(): void {
    this.#looks = []
    this.#tell({ interval: INTERVAL })
  }

  /** For each interval since the start that has arrived: how busy each core was, 0 to 1. */
  get looks(): readonly (readonly number[])[] {
    return this.#looks
  }

  /** Ends watching. Returns undefined if there are no figures. */
  async stop(): Promise<CoreUse | undefined> {
    if (this.#isGone) return undefined
    const ended = new Promise<CoreUse | undefined>((resolve) => {
      this.#ended = resolve
    })
    this.#tell('stop')
    const use = await ended
    return use && use.use.length > 0 ? use : undefined
  }

  async close(): Promise<void> {
    await this.worker.terminate()
  }

  #tell(message: ToCores): void {
    this.worker.postMessage(message)
  }

  #end(use: CoreUse | undefined): void {
    this.#ended?.(use)
    this.#ended = undefined
  }
}

import type { Cancellation } from './cancellation.js'

/** Limits how many callers work at the same time; the others wait in order. */
export class Slots {
  #free: number
  readonly #waiting: (() => void)[] = []

  constructor(size: number) {
    this.#free = size
  }

  /**
   * Runs `work` when a slot is free. If it is cancelled while it waits, `work` runs at once without
   * a slot, because it only has to settle its jobs.
   */
  async run<T>(cancellation: Cancellation, work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--
    else if (!(await this.#turn(cancellation))) return work()
    try {
      return await work()
    } finally {
      const next = this.#waiting.shift()
      if (next) next()
      else this.#free++
    }
  }

  /** Waits for a slot. Resolves to false if it was cancelled before one was free. */
  #turn(cancellation: Cancellation): Promise<boolean> {
    return new Promise((resolve) => {
      let forget = () => {}
      const next = () => {
        forget()
        resolve(true)
      }
      this.#waiting.push(next)
      forget = cancellation.onCancel(() => {
        const at = this.#waiting.indexOf(next)
        if (at < 0) return
        this.#waiting.splice(at, 1)
        resolve(false)
      })
    })
  }
}

import type { Cancellation } from './cancellation.js'

/** Lets a number of callers in at once; the others wait their turn. */
export class Slots {
  #free: number
  readonly #waiting: (() => void)[] = []

  constructor(size: number) {
    this.#free = size
  }

  /** Runs `work` when a slot is free, or at once when it is cancelled while it waits: then it has nothing left to do. */
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

  /** Waits for a slot. False if that was cancelled. */
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

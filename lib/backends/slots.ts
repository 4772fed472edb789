import type { Cancellation } from './cancellation.js'

interface Waiting {
  readonly size: number
  readonly begin: () => void
}

/** Limits how many callers work at the same time; the others wait in order. */
export class Slots {
  #used = 0
  readonly #waiting: Waiting[] = []

  /**
   * Runs `work` when fewer than `size` callers work. If it is cancelled while it waits, `work` runs
   * at once without a slot, because it only has to settle its jobs.
   */
  async run<T>(size: number, cancellation: Cancellation, work: () => Promise<T>): Promise<T> {
    if (this.#used < size && this.#waiting.length === 0) this.#used++
    else if (!(await this.#turn(size, cancellation))) return work()
    try {
      return await work()
    } finally {
      this.#used--
      this.#beginNext()
    }
  }

  #beginNext(): void {
    while (this.#waiting.length > 0 && this.#used < this.#waiting[0].size) {
      this.#used++
      this.#waiting.shift()!.begin()
    }
  }

  /** Waits for a slot. Resolves to false if it was cancelled before one was free. */
  #turn(size: number, cancellation: Cancellation): Promise<boolean> {
    return new Promise((resolve) => {
      let forget = () => {}
      const waiting: Waiting = {
        size,
        begin: () => {
          forget()
          resolve(true)
        },
      }
      this.#waiting.push(waiting)
      forget = cancellation.onCancel(() => {
        const at = this.#waiting.indexOf(waiting)
        if (at < 0) return
        this.#waiting.splice(at, 1)
        resolve(false)
        this.#beginNext()
      })
    })
  }
}

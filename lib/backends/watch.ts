/** Looks regularly whether calls have exceeded their time, as often as their time-outs need it. */

/** A call is found at most this part of its time-out late, or the milliseconds below. */
const PART = 0.1
const MIN_MILLISECONDS = 5
const MAX_MILLISECONDS = 1000

export class Watch {
  readonly #look: () => void
  #timer: NodeJS.Timeout | undefined
  #due = 0

  constructor(look: () => void) {
    this.#look = look
  }

  /** Looks soon enough for calls with a time-out; undefined for calls that have none. */
  within(timeout: number | undefined): void {
    if (timeout === undefined) return
    const wait = Math.min(Math.max(timeout * PART, MIN_MILLISECONDS), MAX_MILLISECONDS)
    const due = performance.now() + wait
    if (this.#timer !== undefined && this.#due <= due) return
    this.stop()
    this.#due = due
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#look()
    }, wait)
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }
}

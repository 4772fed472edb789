/** Records what a worker thread spends its time with. */

/** How a worker thread spent some time, in milliseconds. It was idle in the rest of the time. */
export interface TimeSpent {
  /** Items were in progress. */
  readonly busy: number
  /** The part of `busy` in which the thread only waited for timers, files or sockets. */
  readonly waiting: number
  /** It loaded a module or ran its `setup`, and no items were in progress. */
  readonly setup: number
  /** It received items and returned results. */
  readonly crossing: number
}

export class Timesheet {
  #busy = 0
  #waiting = 0
  #setup = 0
  #crossing = 0
  /** Loads of which items were begun, and that have not ended. */
  #loads = 0
  /** Functions that are being loaded. */
  #setups = 0
  /** Until when the time is recorded. */
  #until = performance.now()
  /** How long the event loop had been idle by then. */
  #idle = idleTime()
  /** Time since then that was needed to post results. */
  #posting = 0

  /** Forgets the time so far, and returns when the record begins. */
  begin(): number {
    this.take(performance.now())
    return this.#until
  }

  /** Notes that a load begins or ends. */
  load(change: 1 | -1, now: number): void {
    if (this.#loads === 0 || this.#loads + change === 0) this.#record(now)
    this.#loads += change
  }

  /** Notes that a function begins to load, or is loaded. */
  setup(change: 1 | -1): void {
    this.#record(performance.now())
    this.#setups += change
  }

  /** Notes that results were posted, which took some time. */
  posted(milliseconds: number): void {
    this.#posting += milliseconds
  }

  #record(now: number): void {
    const idle = idleTime()
    const span = now - this.#until
    const idled = Math.min(idle - this.#idle, span)
    if (this.#loads > 0) {
      this.#busy += span - this.#posting
      this.#waiting += idled
      this.#crossing += this.#posting
    } else if (this.#setups > 0) this.#setup += span
    // What the thread does between loads is to receive their messages.
    else this.#crossing += span - idled
    this.#until = now
    this.#idle = idle
    this.#posting = 0
  }

  /** Returns how the time since the last call was spent. */
  take(now: number): TimeSpent {
    if (now !== this.#until) this.#record(now)
    const spent = { busy: this.#busy, waiting: this.#waiting, setup: this.#setup, crossing: this.#crossing }
    this.#busy = 0
    this.#waiting = 0
    this.#setup = 0
    this.#crossing = 0
    return spent
  }
}

const idleTime = (): number => performance.eventLoopUtilization().idle

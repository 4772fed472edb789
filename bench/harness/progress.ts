/** Shows on stderr what is going on, and estimates what is left. */

export interface Progress {
  /** Something new begins. Without a terminal, it is a line. */
  begin(text: string): void
  /** A detail of what is going on, which replaces the one before. Without a terminal, it is not shown. */
  say(text: string): void
  /** Something that must stay on the screen. */
  note(text: string): void
  clear(): void
}

/** The part of a stream that progress needs. */
export interface Screen {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

/**
 * Shows one line that is replaced, if the stream is a terminal with a width. Otherwise it writes lines
 * without control characters.
 */
export function lineProgress(screen: Screen = process.stderr): Progress {
  const isLive = screen.isTTY === true && (screen.columns ?? 0) > 0
  const show = (text: string) => {
    if (isLive) screen.write(`\r${text.slice(0, screen.columns! - 1)}\x1b[K`)
  }
  const line = (text: string) => {
    show('')
    screen.write(`${isLive ? '\r' : ''}${text}\n`)
  }
  return { begin: (text) => (isLive ? show(text) : line(text)), say: show, note: line, clear: () => show('') }
}

/** Estimates the time that is left, from the times of trials so far. */
export class Estimate {
  readonly #trials: string[]
  readonly #taken = new Map<string, number[]>()
  #done = 0
  #before = performance.now()

  /** @param trials the name of the contender of each trial that is to come, `workload/contender` */
  constructor(trials: readonly string[]) {
    this.#trials = [...trials]
  }

  /**
   * A trial has ended. Its time is that since the trial before, so it includes preparations.
   *
   * @param seconds for tests
   */
  add(name: string, seconds = (performance.now() - this.#before) / 1000): void {
    this.#before = performance.now()
    this.#done++
    const times = this.#taken.get(name)
    if (times) times.push(seconds)
    else this.#taken.set(name, [seconds])
    const at = this.#trials.indexOf(name)
    if (at >= 0) this.#trials.splice(at, 1)
  }

  /** These trials will not run. */
  drop(isDropped: (name: string) => boolean): void {
    this.#before = performance.now()
    for (let i = this.#trials.length - 1; i >= 0; i--) if (isDropped(this.#trials[i])) this.#trials.splice(i, 1)
  }

  /**
   * Seconds for all trials that are left; undefined before the first trial. A contender takes its
   * mean, or else that of its workload, or else that of all trials.
   */
  secondsLeft(): number | undefined {
    if (this.#done === 0) return undefined
    const means = [...this.#taken].map(([name, times]) => ({ name, mean: mean(times) }))
    const all = mean(means.map(({ mean }) => mean))
    const ofWorkload = (name: string) => {
      const workload = name.split('/')[0]
      const known = means.filter((other) => other.name.split('/')[0] === workload)
      return known.length > 0 ? mean(known.map(({ mean }) => mean)) : all
    }
    return this.#trials.reduce(
      (sum, name) => sum + (this.#taken.has(name) ? mean(this.#taken.get(name)!) : ofWorkload(name)),
      0,
    )
  }
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length

/** Formats the time that is left: 'about 2 min left'. Empty if it is not known. */
export function showLeft(seconds: number | undefined): string {
  if (seconds === undefined) return ''
  if (seconds < 90) return `, about ${Math.max(1, Math.round(seconds))} s left`
  return `, about ${Math.round(seconds / 60)} min left`
}

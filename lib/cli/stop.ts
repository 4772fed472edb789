/** What ends a command before it is done: a signal, or a stream that cannot be written to any more. */

import { EXIT, exitForSignal } from './exit.js'

/** The same signal often comes twice, from a terminal and from `timeout` or `npx`. Later ones are of a person who will not wait. */
const SAME_MILLISECONDS = 1000

export class Stop {
  readonly #controller = new AbortController()
  #exitCode: number | undefined
  #stopped = 0
  #isInterrupted = false

  constructor() {
    const onSignal = (signal: NodeJS.Signals) => {
      if (this.#exitCode === undefined) {
        this.#isInterrupted = true
        this.#stop(exitForSignal(signal))
      } else if (performance.now() - this.#stopped > SAME_MILLISECONDS) process.exit(exitForSignal(signal))
    }
    process.on('SIGINT', onSignal).on('SIGTERM', onSignal)
    for (const stream of [process.stdout, process.stderr]) {
      stream.on('error', (error: NodeJS.ErrnoException) => {
        // Windows has either, by the kind of the pipe.
        const isClosed = error.code === 'EPIPE' || error.code === 'EOF'
        if (!isClosed && stream === process.stdout && this.#exitCode === undefined)
          process.stderr.write(`noisemill: the results cannot be written: ${error.message}.\n`)
        this.#stop(isClosed ? EXIT.filesFailed : EXIT.fatal)
      })
    }
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** What to exit with; undefined as long as nothing has ended the command. */
  get exitCode(): number | undefined {
    return this.#exitCode
  }

  /** Whether it was a signal that ended the command. */
  get isInterrupted(): boolean {
    return this.#isInterrupted
  }

  #stop(exitCode: number): void {
    if (this.#exitCode !== undefined) return
    this.#exitCode = exitCode
    this.#stopped = performance.now()
    // An exit code that the command sets itself comes after this one.
    process.exitCode = exitCode
    this.#controller.abort()
  }
}

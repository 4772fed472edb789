/** Ends a command early on a signal, or if stdout or stderr can no longer be written to. */

import { EXIT, exitForSignal } from './exit.js'

/**
 * A second signal within this time is ignored, because a terminal and `timeout` or `npx` often send the same one twice. A
 * later one means that the user will not wait, and ends the process at once.
 */
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
        // Windows reports one or the other, depending on the kind of pipe.
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

  /** The exit code, or undefined as long as nothing has ended the command. */
  get exitCode(): number | undefined {
    return this.#exitCode
  }

  /** Whether a signal ended the command. */
  get isInterrupted(): boolean {
    return this.#isInterrupted
  }

  #stop(exitCode: number): void {
    if (this.#exitCode !== undefined) return
    this.#exitCode = exitCode
    this.#stopped = performance.now()
    // It is set now, in case the command never comes to set it.
    process.exitCode = exitCode
    this.#controller.abort()
  }
}

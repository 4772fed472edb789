/** Writes results to stdout, messages to stderr, and a live line to stderr if that is a terminal. */

import { fstatSync } from 'node:fs'
import type { createLogUpdate } from 'log-update'
import { showJson, showText } from '../show.js'

/** Time between two updates of the live line. */
const PAINT_MILLISECONDS = 100

/** Whether stdout is a file, once it is known. */
let isFile: boolean | undefined
function stdoutIsFile(): boolean {
  isFile ??= !process.stdout.isTTY && fstatSync(process.stdout.fd).isFile()
  return isFile
}

type LiveLine = ReturnType<typeof createLogUpdate>

export class Terminal {
  readonly #color = process.stderr.isTTY && process.stderr.hasColors()
  #line: (() => string) | undefined
  #timer: NodeJS.Timeout | undefined

  private constructor(
    readonly quiet: boolean,
    readonly live: LiveLine | undefined,
  ) {}

  /** Opens the terminal. The package for the live line is loaded only if needed, because loading slows short runs. */
  static async open(quiet: boolean): Promise<Terminal> {
    // A terminal without a width cannot show a live line; some pipes pretend to be such a terminal.
    if (quiet || !process.stderr.isTTY || !(process.stderr.columns > 0)) return new Terminal(quiet, undefined)
    const { createLogUpdate } = await import('log-update')
    return new Terminal(quiet, createLogUpdate(process.stderr))
  }

  /**
   * Whether the live line replaces the lines of results. It does not if stdout goes elsewhere, where they are needed.
   */
  get replacesResults(): boolean {
    return this.isLive && process.stdout.isTTY === true
  }

  /** Whether a live line is shown. */
  get isLive(): boolean {
    return this.live !== undefined
  }

  /** Writes a result as text for people. */
  result(text: string): void {
    this.#print(showText(text))
  }

  /** Writes a result as a line of JSON for programs. */
  json(value: unknown): void {
    this.#print(showJson(value))
  }

  #print(line: string): void {
    // The reader of a pipe may print on the same screen as the live line. A file cannot.
    if (!stdoutIsFile()) this.live?.clear()
    process.stdout.write(`${line}\n`)
  }

  /** Writes an error, even with --quiet. */
  problem(text: string): void {
    this.#note(this.#color ? '\x1b[31mnoisemill:\x1b[39m' : 'noisemill:', text)
  }

  /** Writes a notice or warning, unless --quiet is set. */
  notice(text: string): void {
    if (!this.quiet) this.#note('noisemill:', text)
  }

  #note(name: string, text: string): void {
    this.live?.clear()
    process.stderr.write(`${name} ${showText(text)}\n`)
  }

  /** Shows a live line until `stopLive`, and calls `line` for each update. */
  startLive(line: () => string): void {
    if (this.live === undefined) return
    this.#line = line
    this.#timer = setInterval(() => this.live?.(this.#line?.() ?? ''), PAINT_MILLISECONDS)
    this.#timer.unref()
  }

  stopLive(): void {
    clearInterval(this.#timer)
    this.#line = undefined
    this.live?.clear()
  }
}

/** What the commands write: results to stdout, the rest to stderr, a live line where a person watches. */

import { fstatSync } from 'node:fs'
import type { createLogUpdate } from 'log-update'
import { showJson, showText } from '../show.js'

/** Between two paints of the live line. */
const PAINT_MILLISECONDS = 100

/** Whether stdout is a file, asked once. */
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

  /** The package for the live line is loaded only where there is one: starting up is most of a short run. */
  static async open(quiet: boolean): Promise<Terminal> {
    // A terminal without a width, as some pipes pretend to be, can show none.
    if (quiet || !process.stderr.isTTY || !(process.stderr.columns > 0)) return new Terminal(quiet, undefined)
    const { createLogUpdate } = await import('log-update')
    return new Terminal(quiet, createLogUpdate(process.stderr))
  }

  /** Whether the live line takes the place of a line for each result. If stdout goes elsewhere, those lines go there. */
  get replacesResults(): boolean {
    return this.isLive && process.stdout.isTTY === true
  }

  /** Whether a live line is shown. */
  get isLive(): boolean {
    return this.live !== undefined
  }

  /** A result, for people. */
  result(text: string): void {
    this.#print(showText(text))
  }

  /** A result, for programs. */
  json(value: unknown): void {
    this.#print(showJson(value))
  }

  #print(line: string): void {
    // A file cannot meet the live line on a screen; what reads a pipe may.
    if (!stdoutIsFile()) this.live?.clear()
    process.stdout.write(`${line}\n`)
  }

  /** Something went wrong. Shown with --quiet too. */
  problem(text: string): void {
    this.#note(this.#color ? '\x1b[31mnoisemill:\x1b[39m' : 'noisemill:', text)
  }

  /** Something that a person may want to know. */
  notice(text: string): void {
    if (!this.quiet) this.#note('noisemill:', text)
  }

  #note(name: string, text: string): void {
    this.live?.clear()
    process.stderr.write(`${name} ${showText(text)}\n`)
  }

  /** Shows a line that is asked for again and again, until `stopLive`. */
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

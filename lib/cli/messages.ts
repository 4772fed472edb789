/**
 * Writes errors and warnings about files to stderr: one line for all copies of a file, and one for all outputs that
 * exist.
 */

import { NoisemillError } from '../errors.js'
import { countOf, type Variants } from '../files/outputs.js'
import type { FileResult } from '../plan/results.js'
import { Names } from '../show.js'
import type { Flags } from './flags.js'
import { errorLine, errorMessage, type Message, messageLine, warningMessage } from './lines.js'
import type { Terminal } from './terminal.js'

/** A message, and the copies that it is about. */
interface Group {
  message: Message
  readonly copies: Set<number>
}

/** The messages about an input. The keys are what copies that share a line have in common. */
interface InputMessages {
  results: number
  readonly problems: Map<string, Group>
  readonly notices: Map<string, Group>
}

export class Messages {
  readonly #existing = new Names()
  readonly #inputs = new Map<string, InputMessages>()
  readonly #fatal = new Set<string>()
  readonly #repeated = new Names()
  readonly #leftOut = new Names()
  #hasReportedRates = false
  #hasReportedShortage = false

  /** Number of results of each input. */
  readonly #outputs: number

  constructor(
    readonly terminal: Terminal,
    readonly variants: Variants,
    /** Tables of the flags of the command. */
    readonly known: readonly Flags[],
  ) {
    this.#outputs = countOf(variants)
  }

  /** Writes an error that ends the run, once for each code, because every file in progress may fail with it. */
  fatal(error: NoisemillError): void {
    if (!this.#fatal.has(error.code)) this.terminal.problem(errorLine(error, this.known))
    this.#fatal.add(error.code)
  }

  add(result: FileResult): void {
    const { error, copy, status } = result
    if (this.#outputs === 1 && error === undefined && result.warnings.length === 0) return
    const name = `${result.input}\0${result.inputBase64 ?? ''}`
    const messages = this.#inputs.get(name) ?? { results: 0, problems: new Map(), notices: new Map() }
    this.#inputs.set(name, messages)
    messages.results++
    if (error?.code === 'E_OUTPUT_EXISTS') {
      this.#existing.add(result.output)
    } else if (error && !this.#fatal.has(error.code)) addTo(messages.problems, errorMessage(error, this.known), copy)
    // The run that wrote a skipped output has shown its warnings.
    if (status !== 'skipped')
      for (const warning of result.warnings) {
        if (warning === 'W_NOISE_RATE') this.#reportRates()
        else addTo(messages.notices, warningMessage(result, warning), copy)
      }
    if (messages.results < this.#outputs) return
    this.#inputs.delete(name)
    this.#write(messages)
  }

  /** Reports once that some noise files have other sample rates, because that is so for many inputs. */
  #reportRates(): void {
    if (this.#hasReportedRates) return
    this.#hasReportedRates = true
    const drawn = 'for each input, only noise files of its sample rate are drawn'
    this.terminal.notice(`warning: some noise files have another sample rate than some inputs; ${drawn} (W_NOISE_RATE)`)
  }

  /** Reports a noise file that is not used. */
  noiseLeftOut(path: string, { code }: NoisemillError): void {
    this.#leftOut.add(`${path} (${code})`)
  }

  /** Reports a repeated input: a folder at once, and all files in one line at the end. */
  repeat(path: string, first: string, kind: 'file' | 'folder'): void {
    if (kind === 'file') {
      this.#repeated.add(path === first ? path : `${path} (the file ${first})`)
      return
    }
    const what = `${path} is the same folder as ${first}, through a symbolic link`
    this.terminal.notice(`${what}: its files are processed under both paths. --no-follow ignores such links.`)
  }

  /** Reports once that there are fewer threads than were asked for. @param shortage what `pool.info` says */
  shortage(shortage: string | null): void {
    if (shortage === null || this.#hasReportedShortage) return
    this.#hasReportedShortage = true
    this.terminal.notice(`${shortage}. The threads that were started do the work.`)
  }

  /** Writes the remaining lines. */
  close(): void {
    for (const messages of this.#inputs.values()) this.#write(messages)
    this.#inputs.clear()
    if (this.#leftOut.count > 0)
      this.terminal.notice(`warning: noise files that cannot be used are left out: ${this.#leftOut}.`)
    if (this.#repeated.count > 0)
      this.terminal.notice(`files that are repeated among the inputs are processed once: ${this.#repeated}.`)
    if (this.#existing.count === 0) return
    const path =
      this.#existing.count === 1 ? `${this.#existing}` : `${this.#existing.count} outputs (${this.#existing})`
    this.terminal.problem(errorLine(new NoisemillError('E_OUTPUT_EXISTS', { path }), this.known))
  }

  #write({ problems, notices }: InputMessages): void {
    for (const group of problems.values()) this.terminal.problem(this.#line(group))
    for (const group of notices.values()) this.terminal.notice(this.#line(group))
  }

  #line({ message, copies }: Group): string {
    if (this.variants.copies === 1) return messageLine(message)
    return messageLine(message, `${copies.size === 1 ? 'copy' : 'copies'} ${showNumbers([...copies])}`)
  }
}

/** Adds a copy to the group that has the same message, apart from the number of clipped samples. */
function addTo(groups: Map<string, Group>, message: Message, copy: number): void {
  const { text, code, causes, clipped } = message
  const key = JSON.stringify([text, code, causes])
  const found = groups.get(key)
  if (found === undefined) {
    groups.set(key, { message, copies: new Set([copy]) })
    return
  }
  const [least, most] = found.message.clipped
  found.message = { ...message, clipped: [Math.min(least, clipped[0]), Math.max(most, clipped[1])] }
  found.copies.add(copy)
}

/** Formats numbers as ranges: '1 to 3, 5'. */
function showNumbers(numbers: readonly number[]): string {
  const sorted = numbers.toSorted((a, b) => a - b)
  const runs: [first: number, last: number][] = []
  for (const number of sorted) {
    const run = runs.at(-1)
    if (run && number === run[1] + 1) run[1] = number
    else runs.push([number, number])
  }
  return runs.map(([first, last]) => (first === last ? `${first}` : `${first} to ${last}`)).join(', ')
}

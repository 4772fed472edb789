/** Runs a command that makes results of files: prints and reports them, and finds its exit code. */

import { NoisemillError } from '../errors.js'
import type { FileResult } from '../plan/results.js'
import { type Diagnosis, diagnose, showDiagnosis } from '../pool/doctor.js'
import type { Pool } from '../pool/pool.js'
import type { RunReport } from '../pool/run-report.js'
import type { Report } from '../record/report.js'
import { EXIT, exitForError, isFatal } from './exit.js'
import { textInFlags } from './flag-words.js'
import type { OwnOptions } from './flags.js'
import { errorLine, resultLine } from './lines.js'
import type { Messages } from './messages.js'
import type { Progress } from './progress.js'
import type { Stop } from './stop.js'
import type { Terminal } from './terminal.js'

/** What the results of a run need. */
export interface RunCallbacks {
  readonly pool: Pool
  readonly signal: AbortSignal
  readonly onReport?: (report: RunReport) => void
  readonly onForeign: (file: string) => void
}

/** A command, with all that its results go to. */
export interface FileCommand {
  readonly own: Omit<OwnOptions, 'from'>
  readonly pool: Pool
  readonly terminal: Terminal
  readonly progress: Progress
  readonly messages: Messages
  readonly report: Report | undefined
  readonly stop: Stop
  results(callbacks: RunCallbacks): AsyncIterable<readonly FileResult[]>
  /** Begins to count the outputs for the live line, if it is shown. The signal ends the counting. */
  count?(signal: AbortSignal): void
  /** Called with each result. */
  onResult?(result: FileResult): void
  /** Called when the run has ended, however it did. */
  onEnd?(): void
  /** Called before the summary. */
  beforeSummary?(): Promise<void>
  /** The seed of the run, for the summary; null if there are several. */
  seed(): string | null
  /** Says how far an interrupted run came. */
  interrupted(): Promise<string>
}

/** Runs a command. Returns its exit code. */
export async function runFileCommand(command: FileCommand): Promise<number> {
  const { own, pool, terminal, progress, messages, report, stop } = command
  const ending = new AbortController()
  const signal = AbortSignal.any([stop.signal, ending.signal])
  const onForeign = (file: string) => {
    progress.foreign++
    if (own.json) terminal.json({ type: 'foreign', path: file })
    terminal.problem(errorLine(new NoisemillError('E_OUTPUT_FOREIGN', { path: file }), messages.known))
  }
  let diagnosis: Diagnosis | undefined
  const onReport = (report: RunReport) => {
    diagnosis = diagnose(report, pool.info)
  }
  const counting = new AbortController()
  let fatal: NoisemillError | undefined
  /** Ends the run because of a fatal error. Files in progress are still reported, because their outputs may exist. */
  const endFor = (error: NoisemillError) => {
    messages.fatal(error)
    fatal ??= error
    ending.abort(error)
  }
  try {
    for await (const results of command.results({ pool, signal, onForeign, ...(own.doctor && { onReport }) })) {
      if (progress.finished === 0) {
        messages.shortage(pool.info.shortage)
        // Mistakes in the command are reported before there is a result, so the live line hides none of them.
        if (terminal.isLive) {
          terminal.startLive(() => progress.line())
          command.count?.(counting.signal)
        }
      }
      for (const result of results) {
        progress.add(result)
        command.onResult?.(result)
        show(result, terminal, own)
        if (result.error && isFatal(result.error)) endFor(result.error)
        messages.add(result)
        try {
          report?.add(result)
        } catch (error) {
          // If the run is already ending, `report.close` tries again, and its error counts.
          if (fatal === undefined) endFor(error as NoisemillError)
        }
      }
    }
  } catch (error) {
    if (!signal.aborted) {
      // An error before the first result ends the command without a summary.
      if (progress.finished === 0 || !(error instanceof NoisemillError && isFatal(error))) throw error
      endFor(error)
    }
  } finally {
    counting.abort()
    command.onEnd?.()
    messages.shortage(pool.info.shortage)
    messages.close()
    try {
      report?.close()
    } catch (error) {
      endFor(error as NoisemillError)
    }
    terminal.stopLive()
    await pool.terminate()
  }
  await command.beforeSummary?.()
  printSummary(command, diagnosis)
  if (stop.exitCode !== undefined) {
    if (stop.isInterrupted) terminal.problem(await command.interrupted())
    return stop.exitCode
  }
  if (fatal) return exitForError(fatal)
  return progress.failed + progress.foreign > 0 ? EXIT.filesFailed : EXIT.done
}

function show(result: FileResult, terminal: Terminal, { json, quiet }: FileCommand['own']): void {
  if (json) terminal.json({ type: 'file', ...result })
  else if (!result.error && !quiet && !terminal.replacesResults) terminal.result(resultLine(result))
}

function printSummary(command: FileCommand, diagnosis: Diagnosis | undefined): void {
  const { terminal, progress, pool, own } = command
  const seed = command.seed()
  if (own.json) terminal.json(progress.summary(seed, pool.info, diagnosis))
  else if (!own.quiet) {
    const figures = progress.figuresLine()
    if (figures !== '') terminal.result(figures)
    terminal.result(`${progress.summaryLine()}; ${ranOn(pool)}${seed === null ? '' : `, seed ${seed}`}`)
    if (diagnosis)
      for (const line of showDiagnosis(diagnosis).split('\n'))
        terminal.result(textInFlags(line, command.messages.known))
  }
}

function ranOn({ info }: Pool): string {
  return `${info.backend} backend (${info.reason}), ${info.threads} at a time`
}

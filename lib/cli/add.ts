/** `noisemill add`: makes a folder of noisy copies from files, folders and globs. */

import type { Command } from 'commander'
import { addNoiseInGroups } from '../add.js'
import { NoisemillError } from '../errors.js'
import { Exclusion } from '../files/globs.js'
import { InputList } from '../files/input-list.js'
import { walkListed } from '../files/listed.js'
import { countOf } from '../files/outputs.js'
import { walk } from '../files/walk.js'
import { variantsOf } from '../plan/options.js'
import type { FileResult } from '../plan/results.js'
import { type Diagnosis, diagnose, showDiagnosis } from '../pool/doctor.js'
import { Pool } from '../pool/pool.js'
import type { RunReport } from '../pool/run-report.js'
import { Report, type ReportedRun } from '../record/report.js'
import { plural, showBytes } from '../show.js'
import { EXIT, exitForError, isFatal } from './exit.js'
import { type AddRequest, declareAddFlags, readAddFlags } from './flag-options.js'
import { textInFlags } from './flag-words.js'
import { parsePath } from './flags.js'
import { errorLine, resultLine } from './lines.js'
import { Messages } from './messages.js'
import { Progress } from './progress.js'
import { Room, type RoomFigures } from './room.js'
import type { Stop } from './stop.js'
import { Terminal } from './terminal.js'

const NOTES = `
The noise of a file depends on the seed and on its path below the INPUT that contains it. With --root, it depends on
its path below that folder instead.
An SNR refers to the mean power of the whole file, silence included. In a file of one second, the SNR achieved differs
from the one asked for by about 0.1 dB, because noise is random.`

export function defineAdd(program: Command, stop: Stop, exit: (code: number) => void): void {
  const command = program
    .command('add')
    .summary('add noise to audio files')
    .description(
      'Adds noise to WAV files. Each INPUT is a file, a folder or a glob. Outputs in DIR have the same relative paths.',
    )
    .usage('[options] INPUT...\n       noisemill add [options] --from FILE')
    .argument('[input...]', 'files, globs, and folders, which are searched for .wav, .wave, .bwf and .rf64')
  declareAddFlags(command)
  command.addHelpText('after', NOTES)
  command.action(async (inputs: string[], given: Record<string, unknown>) => {
    const request = readAddFlags(given)
    exit(await add(inputsOf(inputs, request.own.from, command), request, stop))
  })
}

type Inputs = readonly string[] | InputList

function inputsOf(inputs: readonly string[], from: string | undefined, command: Command): Inputs {
  if (from === undefined) {
    if (inputs.length === 0) command.error("error: missing required argument 'input', or option '--from <file>'")
    return inputs.map((input) => parsePath(input, 'INPUT'))
  }
  if (inputs.length > 0) {
    const expected = 'no INPUT beside it, because the list has all inputs'
    throw new NoisemillError('E_OPTION_INVALID', {
      option: '--from',
      expected,
      received: plural(inputs.length, 'INPUT'),
    })
  }
  return new InputList(from)
}

async function add(inputs: Inputs, request: AddRequest, stop: Stop): Promise<number> {
  const { noise, own } = request
  const terminal = await Terminal.open(own.quiet === true)
  const pool = new Pool(request.pool)
  const ending = new AbortController()
  const signal = AbortSignal.any([stop.signal, ending.signal])
  const progress = new Progress(noise.exclude !== undefined, noise.verify)
  const room = noise.dryRun ? new Room(noise.overwrite === true || noise.resume === true) : undefined
  const onUnread = (_: string, kind: string) => progress.addUnread(kind)
  const onExclude = (_: string, kind: 'file' | 'folder') => progress.addExcluded(kind)
  const messages = new Messages(terminal, variantsOf(noise))
  const onRepeat = (repeated: string, first: string, kind: 'file' | 'folder') => {
    progress.addRepeat(kind)
    messages.repeat(repeated, first, kind)
  }
  const onForeign = (file: string) => {
    progress.foreign++
    if (own.json) terminal.json({ type: 'foreign', path: file })
    terminal.problem(errorLine(new NoisemillError('E_OUTPUT_FOREIGN', { path: file })))
  }
  let diagnosis: Diagnosis | undefined
  const onReport = (report: RunReport) => {
    diagnosis = diagnose(report, pool.info)
  }
  const callbacks = {
    onLoop: onLoop(terminal),
    onRepeat,
    onUnread,
    onExclude,
    onForeign,
    ...(own.doctor && { onReport }),
  }
  const options = { ...noise, pool, signal, ...callbacks }
  const report = own.report === undefined ? undefined : await Report.open(own.report, reportedRun(inputs, noise))
  const counting = new AbortController()
  let fatal: NoisemillError | undefined
  /** Ends the run because of a fatal error. Files in progress are still reported, because their outputs may exist. */
  const endFor = (error: NoisemillError) => {
    messages.fatal(error)
    fatal ??= error
    ending.abort(error)
  }
  try {
    for await (const results of addNoiseInGroups(inputs, options)) {
      if (progress.finished === 0) {
        messages.shortage(pool.info.shortage)
        // Mistakes in the command are reported before there is a result, so the live line hides none of them.
        startLiveLine(terminal, progress, inputs, noise, counting.signal)
      }
      for (const result of results) {
        progress.add(result)
        room?.add(result)
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
    if (inputs instanceof InputList) inputs.close()
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
  if (room) progress.room = await roomFor(room, String(noise.out), pool, terminal)
  printSummary(terminal, progress, pool, request, diagnosis)
  if (stop.exitCode !== undefined) {
    if (stop.isInterrupted) terminal.problem(await interruptedLine(progress, inputs, noise))
    return stop.exitCode
  }
  if (fatal) return exitForError(fatal)
  return progress.failed + progress.foreign > 0 ? EXIT.filesFailed : EXIT.done
}

function reportedRun(inputs: Inputs, noise: AddRequest['noise']): ReportedRun {
  const { out, root, overwrite, resume } = noise
  const read = inputs instanceof InputList ? { inputs: [], list: inputs.file } : { inputs }
  const variants = variantsOf(noise)
  return { ...read, out: String(out), root: root === undefined ? undefined : String(root), variants, overwrite, resume }
}

/** Compares the room that the outputs of a dry run need with that of their volume, and warns if there is too little. */
async function roomFor(room: Room, out: string, { info }: Pool, terminal: Terminal): Promise<RoomFigures> {
  const figures = await room.figures(out, info.threads)
  const { needed, free } = figures
  if (free !== null && needed > free)
    terminal.notice(
      `warning: the outputs need ${showBytes(needed)}, but the volume of ${out} has only ${showBytes(free)} free.`,
    )
  return figures
}

const onLoop = (terminal: Terminal) => (path: string) =>
  terminal.notice(
    `${path}: skipped, because it contains itself through a symbolic link, or leads into the output folder.`,
  )

/** Shows the live line, and counts the outputs of the run for it. */
function startLiveLine(
  terminal: Terminal,
  progress: Progress,
  inputs: Inputs,
  noise: AddRequest['noise'],
  signal: AbortSignal,
): void {
  if (!terminal.isLive) return
  terminal.startLive(() => progress.line())
  countOutputs(inputs, noise, progress, signal).then(
    (outputs) => {
      progress.total = outputs
    },
    () => {},
  )
}

/** Longest time to count the remaining files after an interruption, because the user wants to leave. */
const COUNT_MILLISECONDS = 1000

/** Describes how far an interrupted run came, and how to continue it. */
async function interruptedLine(progress: Progress, inputs: Inputs, noise: AddRequest['noise']): Promise<string> {
  if (noise.dryRun || noise.verify) return 'interrupted.'
  const done = `interrupted; ${plural(progress.done + progress.skipped + progress.omitted, 'file')} done`
  const limit = AbortSignal.timeout(COUNT_MILLISECONDS)
  const outputs = await countOutputs(inputs, noise, progress, limit).catch(() => undefined)
  const left = outputs === undefined ? '' : `, ${Math.max(0, outputs - progress.finished)} left to do`
  const flags = noise.overwrite ? '--resume instead of --overwrite' : '--resume'
  return `${done}${left}. Run the same command with ${flags} to go on.`
}

/**
 * Counts the outputs of all inputs, by a second walk that runs at the same time as that of the run. Returns undefined for
 * a list that can be read only once.
 */
async function countOutputs(
  inputs: Inputs,
  noise: AddRequest['noise'],
  { repeatedFiles }: Progress,
  signal: AbortSignal,
): Promise<number | undefined> {
  const { follow, exclude } = noise
  const variants = variantsOf(noise)
  const exclusion = await Exclusion.of([exclude ?? []].flat())
  const root = noise.root === undefined ? undefined : String(noise.root)
  const options = { out: String(noise.out), root, follow, exclusion }
  const isList = inputs instanceof InputList
  if (isList && !inputs.isReadAgain) return undefined
  const groups = isList
    ? walkListed(inputs, { ...options, variants, replaces: false, onRepeat: () => {} })
    : walk(inputs, options)
  let files = 0
  for await (const group of groups) {
    signal.throwIfAborted()
    files += group.length
  }
  return (isList ? files : files - repeatedFiles) * countOf(variants)
}

function show(result: FileResult, terminal: Terminal, { json, quiet }: AddRequest['own']): void {
  if (json) terminal.json({ type: 'file', ...result })
  else if (!result.error && !quiet && !terminal.replacesResults) terminal.result(resultLine(result))
}

function printSummary(
  terminal: Terminal,
  progress: Progress,
  pool: Pool,
  { noise, own }: AddRequest,
  diagnosis: Diagnosis | undefined,
): void {
  const seed = String(noise.seed ?? 0)
  if (own.json) terminal.json(progress.summary(seed, pool.info, diagnosis))
  else if (!own.quiet) {
    const figures = progress.figuresLine()
    if (figures !== '') terminal.result(figures)
    terminal.result(`${progress.summaryLine()}; ${ranOn(pool)}, seed ${seed}`)
    if (diagnosis) for (const line of showDiagnosis(diagnosis).split('\n')) terminal.result(textInFlags(line))
  }
}

function ranOn({ info }: Pool): string {
  return `${info.backend} backend (${info.reason}), ${info.threads} at a time`
}

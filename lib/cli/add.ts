/** `noisemill add`: files, folders and globs to a folder of noisy copies. */

import { type Command, Option } from 'commander'
import { type AddNoiseOptions, addNoiseToFiles } from '../add.js'
import type { PoolOptions } from '../backends/options.js'
import { NoisemillError } from '../errors.js'
import { walk } from '../files/walk.js'
import { offeredKinds } from '../plan/kinds.js'
import type { LevelOption } from '../plan/levels.js'
import type { FileResult } from '../plan/results.js'
import { Pool } from '../pool/pool.js'
import { Report } from '../record/report.js'
import { EXIT, exitForError, isFatal } from './exit.js'
import { errorLine, failureLine, resultLine, warningLine } from './lines.js'
import { parseLevel, parseNumber, plural } from './numbers.js'
import { Progress } from './progress.js'
import type { Stop } from './stop.js'
import { Terminal } from './terminal.js'

interface AddFlags {
  readonly out: string
  readonly sigma?: LevelOption
  readonly snr?: LevelOption
  readonly seed?: string
  readonly root?: string
  readonly copies?: number
  readonly kind?: string
  readonly jobs?: number
  readonly backend?: PoolOptions['backend']
  readonly kernel?: PoolOptions['kernel']
  readonly chunkSize?: number | 'auto'
  readonly clip: boolean
  readonly overwrite?: boolean
  readonly resume?: boolean
  readonly fsync?: boolean
  readonly dryRun?: boolean
  readonly strict?: boolean
  readonly report?: string
  readonly json?: boolean
  readonly quiet?: boolean
}

const level = (flag: string) => (text: string) => parseLevel(flag, text)
const number = (flag: string) => (text: string) => parseNumber(flag, text)

/** Parameters of all kinds of noise, each a flag of its own. */
const parameters = offeredKinds().flatMap((kind) =>
  kind.parameters.map((parameter) => ({ kind: kind.name, parameter })),
)

export function defineAdd(program: Command, stop: Stop, exit: (code: number) => void): void {
  const command = program
    .command('add')
    .summary('add noise to audio files')
    .description(
      'Adds noise to WAV files: each INPUT is a file, a folder or a glob. Their folders are mirrored into DIR.',
    )
    .argument('<input...>', 'files, folders (walked for .wav .wave .bwf .rf64), globs')
    .requiredOption('--out <dir>', 'folder for the outputs')
    .option('--sigma <x>', 'noise level: standard deviation, 1.0 = full scale; or a range LOW:HIGH', level('--sigma'))
    .option('--snr <db>', 'noise level: signal-to-noise ratio in dB; or a range LOW:HIGH', level('--snr'))
    .option('--seed <s>', 'integer or text that decides the noise (default: 0)')
    .option('--root <dir>', 'folder that output names and noise keys are relative to (default: each input)')
    .option('--copies <n>', 'noisy variants of each file (default: 1)', number('--copies'))
    .option(
      '--kind <kind>',
      `kind of noise: ${offeredKinds()
        .map((kind) => kind.name)
        .join(', ')}`,
    )
    .option('--jobs <n>', 'files worked on at the same time (default: one for each CPU)', number('--jobs'))
    .option('--backend <b>', 'auto, native, workers or inline (default: auto)')
    .option('--kernel <k>', 'kernel of workers and inline: auto, wasm or ts (default: auto)')
    .option('--chunk-size <n>', 'files a trip to a thread, or auto (default: auto)', (text) =>
      text === 'auto' ? text : parseNumber('--chunk-size', text),
    )
    .option('--no-clip', 'let float formats exceed [-1, 1]')
    .option('--overwrite', 'replace existing outputs')
    .option('--resume', 'go on from an earlier run with the same settings')
    .option('--fsync', 'have each output on the disk before it counts as done; slow')
    .option('--dry-run', 'check what can be checked, write nothing')
    .option('--strict', 'refuse files whose header is not as it should be, instead of warning')
    .option('--report <file>', 'write a JSON line for each output to this file')
    .option('--json', 'print a JSON line for each output, and one for the sums')
    .option('--quiet', 'print nothing but errors')
  for (const { kind, parameter } of parameters) {
    const { name, summary, unit, default: preset } = parameter
    const flag = `--${name} <${unit}>`
    command.addOption(new Option(flag, `${kind}: ${summary} (default: ${preset})`).argParser(number(`--${name}`)))
  }
  command.action(async (inputs: string[], flags: AddFlags) => exit(await add(inputs, flags, stop)))
}

async function add(inputs: readonly string[], flags: AddFlags, stop: Stop): Promise<number> {
  const terminal = await Terminal.open(flags.quiet === true)
  const pool = new Pool({
    ...(flags.jobs !== undefined && { size: flags.jobs }),
    ...(flags.backend !== undefined && { backend: flags.backend }),
    ...(flags.kernel !== undefined && { kernel: flags.kernel }),
  })
  const options = { ...toOptions(flags), pool, signal: stop.signal, onLoop: onLoop(terminal) }
  const progress = new Progress()
  const report = flags.report === undefined ? undefined : new Report(flags.report, flags)
  let fatal: NoisemillError | undefined
  try {
    const results = addNoiseToFiles(inputs, options)
    for await (const result of withLiveLine(results, terminal, progress, inputs, flags)) {
      report?.add(result)
      progress.add(result)
      show(result, terminal, flags)
      if (result.error && isFatal(result.error)) fatal = result.error
      if (fatal) break
    }
  } catch (error) {
    if (!stop.signal.aborted) {
      // With nothing done there are no sums to tell either.
      if (progress.finished === 0 || !(error instanceof NoisemillError && isFatal(error))) throw error
      fatal = error
      terminal.problem(errorLine(error))
    }
  } finally {
    report?.close()
    terminal.stopLive()
    await pool.terminate()
  }
  if (flags.json) terminal.result(JSON.stringify(summaryOf(progress, pool, flags)))
  else if (!flags.quiet) terminal.result(`${progress.summary()}; ${ranOn(pool, flags)}`)
  if (stop.exitCode !== undefined) {
    if (stop.isInterrupted) terminal.problem(await interruptedLine(progress, inputs, flags))
    return stop.exitCode
  }
  if (fatal) return exitForError(fatal)
  return progress.failed > 0 ? EXIT.filesFailed : EXIT.done
}

function toOptions(flags: AddFlags): Omit<AddNoiseOptions, 'pool' | 'signal' | 'onLoop'> {
  const { out, sigma, snr, seed, root, copies, kind, clip, chunkSize, overwrite, resume, fsync, dryRun, strict } = flags
  const given = parameters
    .map(({ parameter }) => [parameter.name, (flags as unknown as Record<string, unknown>)[parameter.name]] as const)
    .filter((entry): entry is [string, number] => entry[1] !== undefined)
  return {
    out,
    ...(sigma !== undefined && { sigma }),
    ...(snr !== undefined && { snr }),
    ...(seed !== undefined && { seed }),
    ...(root !== undefined && { root }),
    ...(copies !== undefined && { copies }),
    ...(kind !== undefined && { kind }),
    ...(given.length > 0 && { parameters: Object.fromEntries(given) }),
    ...(chunkSize !== undefined && { chunkSize }),
    clip,
    ...(overwrite && { overwrite }),
    ...(resume && { resume }),
    ...(fsync && { fsync }),
    ...(dryRun && { dryRun }),
    ...(strict && { strict }),
  }
}

const onLoop = (terminal: Terminal) => (folder: string) =>
  terminal.notice(`${folder}: by a link it contains itself, or leads to the output folder; not gone into.`)

/** Passes the results on; shows the live line from the first one on, so that it never covers what is wrong with a command. */
async function* withLiveLine(
  results: AsyncIterable<FileResult>,
  terminal: Terminal,
  progress: Progress,
  inputs: readonly string[],
  flags: AddFlags,
): AsyncGenerator<FileResult> {
  let isStarted = false
  const counting = new AbortController()
  try {
    for await (const result of results) {
      if (!isStarted && terminal.isLive) {
        terminal.startLive(() => progress.line())
        countFiles(inputs, counting.signal).then(
          (files) => {
            progress.total = files * (flags.copies ?? 1)
          },
          () => {},
        )
      }
      isStarted = true
      yield result
    }
  } finally {
    counting.abort()
  }
}

/** Longer than this nobody is kept waiting who wants to leave. */
const COUNT_MILLISECONDS = 1000

/** What an interrupted run has come to, and how to go on. */
async function interruptedLine(progress: Progress, inputs: readonly string[], flags: AddFlags): Promise<string> {
  if (flags.dryRun) return 'interrupted.'
  const done = `interrupted; ${plural(progress.done + progress.skipped, 'file')} done`
  const limit = AbortSignal.timeout(COUNT_MILLISECONDS)
  const files = await countFiles(inputs, limit).catch(() => undefined)
  const left = files === undefined ? '' : `, ${Math.max(0, files * (flags.copies ?? 1) - progress.finished)} left to do`
  return `${done}${left}. Run the same command with --resume to go on.`
}

/** Walks beside the run, to know how much is to come. */
async function countFiles(inputs: readonly string[], signal: AbortSignal): Promise<number> {
  let files = 0
  for await (const _ of walk(inputs)) {
    signal.throwIfAborted()
    files++
  }
  return files
}

function show(result: FileResult, terminal: Terminal, flags: AddFlags): void {
  if (flags.json) terminal.result(JSON.stringify({ type: 'file', ...result }))
  if (result.error) terminal.problem(failureLine(result))
  else if (!flags.json && !flags.quiet && !process.stdout.isTTY) terminal.result(resultLine(result))
  for (const warning of result.warnings) terminal.notice(warningLine(result, warning))
}

function ranOn({ info }: Pool, { seed = '0' }: AddFlags): string {
  return `${info.backend} backend (${info.reason}), ${info.threads} at a time, seed ${seed}`
}

function summaryOf(progress: Progress, { info }: Pool, { seed = '0' }: AddFlags) {
  const { done, planned, skipped, failed, bytes, seconds } = progress
  return { type: 'summary', done, planned, skipped, failed, bytesIn: bytes, seconds, seed, ...info }
}

/** `noisemill add`: makes a folder of noisy copies from files, folders and globs. */

import type { Command } from 'commander'
import { addNoiseInGroups } from '../add.js'
import { NoisemillError } from '../errors.js'
import { Exclusion } from '../files/globs.js'
import { InputList } from '../files/input-list.js'
import { walkListed } from '../files/listed.js'
import { countOf } from '../files/outputs.js'
import { checkShard, inShard } from '../files/shard.js'
import { walk } from '../files/walk.js'
import { variantsOf } from '../plan/options.js'
import type { Pool } from '../pool/pool.js'
import { Report, type ReportedRun } from '../record/report.js'
import { plural, showBytes } from '../show.js'
import { runFileCommand } from './file-results.js'
import { type AddRequest, declareAddFlags, readAddFlags } from './flag-options.js'
import { parsePath, tables } from './flags.js'
import { Messages } from './messages.js'
import { Progress } from './progress.js'
import { openPool } from './queue.js'
import { Room, type RoomFigures } from './room.js'
import { readShard } from './shard.js'
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
    exit(await add(inputsOf(inputs, request.own.from, command), ...withShard(request), stop))
  })
}

/** Replaces --shard auto by the shard, and returns what took it. */
function withShard(request: AddRequest): [request: AddRequest, from: string | undefined] {
  const { shard: given, ...noise } = request.noise
  if (given === undefined) return [request, undefined]
  const { shard, from } = readShard(given, process.env)
  return [{ ...request, noise: { ...noise, shard } }, from]
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

async function add(inputs: Inputs, request: AddRequest, shardFrom: string | undefined, stop: Stop): Promise<number> {
  const { noise, own } = request
  const shard = checkShard(noise.shard)
  const shardText = shard && `shard ${shard.number} of ${shard.count}`
  const terminal = await Terminal.open(own.quiet === true)
  if (shardFrom !== undefined) terminal.notice(`${shardText}, from ${shardFrom}.`)
  const { pool, machines } = await openPool(inputs, request, (text) => terminal.notice(text))
  const progress = new Progress(noise.exclude !== undefined, noise.verify)
  progress.machines = machines
  const room = noise.dryRun ? new Room(noise.overwrite === true || noise.resume === true) : undefined
  const onUnread = (_: string, kind: string) => progress.addUnread(kind)
  const onExclude = (_: string, kind: 'file' | 'folder') => progress.addExcluded(kind)
  const messages = new Messages(terminal, variantsOf(noise), tables)
  const onRepeat = (repeated: string, first: string, kind: 'file' | 'folder') => {
    progress.addRepeat(kind)
    messages.repeat(repeated, first, kind)
  }
  const onNoiseLeftOut = (file: string, error: NoisemillError) => messages.noiseLeftOut(file, error)
  const callbacks = { onLoop: onLoop(terminal), onRepeat, onUnread, onExclude, onNoiseLeftOut }
  const report = own.report === undefined ? undefined : await Report.open(own.report, reportedRun(inputs, noise))
  return runFileCommand({
    ...{ own, pool, terminal, progress, messages, report, stop },
    results: (run) => addNoiseInGroups(inputs, { ...noise, ...callbacks, ...run }),
    count: (signal) => {
      countOutputs(inputs, noise, progress, signal).then(
        (outputs) => {
          progress.total = outputs
        },
        () => {},
      )
    },
    onResult: (result) => room?.add(result),
    onEnd: () => {
      if (inputs instanceof InputList) inputs.close()
    },
    beforeSummary: async () => {
      if (shard && progress.finished === 0 && stop.exitCode === undefined)
        terminal.notice(`${shardText} has no files: other shards have them all.`)
      for (const [name, { jobs, failed }] of machines ?? [])
        terminal.notice(`${name}: ${plural(jobs, 'file')}${failed === 0 ? '' : `, ${failed} failed`}`)
      if (room) progress.room = await roomFor(room, String(noise.out), pool, terminal)
    },
    seed: () => String(noise.seed ?? 0),
    interrupted: () => interruptedLine(progress, inputs, noise),
  })
}

function reportedRun(inputs: Inputs, noise: AddRequest['noise']): ReportedRun {
  const { out, root, stems, overwrite, resume } = noise
  const read = inputs instanceof InputList ? { inputs: [], list: inputs.file } : { inputs }
  const variants = variantsOf(noise)
  return {
    ...read,
    out: String(out),
    root: root === undefined ? undefined : String(root),
    variants,
    stems,
    overwrite,
    resume,
  }
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
  const { follow, exclude, shard } = noise
  const variants = variantsOf(noise)
  const exclusion = await Exclusion.of([exclude ?? []].flat())
  const root = noise.root === undefined ? undefined : String(noise.root)
  const options = { out: String(noise.out), root, follow, exclusion }
  const isList = inputs instanceof InputList
  if (isList && !inputs.isReadAgain) return undefined
  const groups = isList
    ? walkListed(inputs, { ...options, variants, stems: [], replaces: false, onRepeat: () => {} })
    : walk(inputs, options)
  const isInShard = inShard(checkShard(shard))
  let files = 0
  for await (const group of groups) {
    signal.throwIfAborted()
    files += group.filter(isInShard).length
  }
  return (isList ? files : files - repeatedFiles) * countOf(variants)
}

/** `noisemill work`: takes jobs from a queue, on one of several machines. */

import { once } from 'node:events'
import type { Command } from 'commander'
import type { RecordedNoise } from '../index.js'
import type { WorkerChunk, WorkerOptions } from '../remote/bullmq.js'
import { plural, showTime } from '../show.js'
import { EXIT } from './exit.js'
import { declareGroups, readFlags } from './flag-options.js'
import { workTables } from './flags.js'
import { showHealth } from './health.js'
import { errorLine } from './lines.js'
import { readRecipe } from './recipe.js'
import type { Stop } from './stop.js'
import { Terminal } from './terminal.js'

const NOTES = `
Give --read and --write for files, --tasks for functions, or all three. SIGTERM or SIGINT ends it: it finishes what it
has begun and returns the rest. A second one ends it at once, and others do its work again after the lease.`

/** Time for what was printed to be written. */
const LEAVE_MILLISECONDS = 1000

export function defineWork(program: Command, stop: Stop): void {
  const command = program
    .command('work')
    .summary('take jobs from a queue, on one of several machines')
    .description(
      'Takes jobs from a queue in Redis, which `noisemill add --queue` or a program fills, until it is stopped.',
    )
  declareGroups(command, Object.values(workTables))
  command.addHelpText('after', NOTES)
  command.action(async (given: Record<string, unknown>) => {
    const { noise, recipe, ...others } = readFlags(workTables.options, given)
    const queue = readFlags(workTables.queue, given)
    const { health, quiet } = readFlags(workTables.own, given)
    const banks: unknown[] = [
      ...(noise === undefined ? [] : [noise]),
      ...(recipe === undefined ? [] : banksOf(String(recipe))),
    ]
    // BullMQ goes on to look for a Redis that is away, also when its worker is closed.
    const leave = () => setTimeout(() => process.exit(), LEAVE_MILLISECONDS).unref()
    await work(
      { ...others, ...queue, ...(banks.length > 0 && { noise: banks }) } as WorkerOptions,
      health as string | undefined,
      quiet === true,
      stop,
    ).finally(leave)
    // A platform that stops a worker would take the code of a signal for a failure.
    process.exitCode = EXIT.done
  })
}

/** Returns the sources of noise files that a recipe names, for each of its layers. */
function banksOf(file: string): RecordedNoise['from'][] {
  const { noise, layers = [] } = readRecipe(file)
  return [noise, ...layers.map((layer) => layer.noise)].flatMap((recorded) => (recorded ? [recorded.from] : []))
}

async function work(
  options: WorkerOptions,
  health: string | undefined,
  quiet: boolean,
  { signal }: Stop,
): Promise<void> {
  const terminal = await Terminal.open(quiet)
  // Its packages are optional.
  const { startWorker } = await import('../remote/bullmq.js')
  const worker = await startWorker({
    ...options,
    onChunk: (chunk) => showChunk(chunk, terminal),
    onNotice: (text) => terminal.notice(text),
  })
  const { backend, threads, queue, redis } = worker.info
  if (!quiet) terminal.result(`takes jobs from ${queue} at ${redis}; ${backend} backend, ${threads} at a time`)
  let end = () => {}
  try {
    if (health !== undefined) end = await showHealth(health, () => worker.isReady)
    if (!signal.aborted) await once(signal, 'abort')
  } finally {
    await worker.close()
    end()
  }
}

function showChunk({ jobs, done, failed, milliseconds, refused }: WorkerChunk, terminal: Terminal): void {
  if (refused) terminal.problem(errorLine(refused, Object.values(workTables)))
  else if (!terminal.quiet) {
    const left = jobs - done - failed
    const rest = `${failed === 0 ? '' : `, ${failed} failed`}${left === 0 ? '' : `, ${left} returned`}`
    terminal.result(`${plural(jobs, 'job')}: ${done} done${rest}, ${showTime(milliseconds)}`)
  }
}

/** Runs one trial: one process, with what it took. */

import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { watchCores } from '../../dist-lib/demo/cores.js'
import { type Ended, runProcess } from './process.js'
import type { Trial } from './record.js'
import type { Command, Contender, Place, Reported, Workload } from './workload.js'

/** Tells the CPU time and the memory of a process and those that it started. */
const GNU_TIME = '/usr/bin/time'
const CORES_INTERVAL = 100

let found: boolean | undefined
/** Other systems have another program of this name. */
function hasGnuTime(): boolean {
  found ??= spawnSync(GNU_TIME, ['-q', '-f', '%U %S %M', 'true'], { stdio: 'ignore' }).status === 0
  return found
}

export interface TrialOptions {
  readonly signal: AbortSignal
  /** Seconds after which the process is killed. */
  readonly limit?: number
}

/**
 * Runs a trial of a contender with an empty output folder, which it makes and removes outside the
 * timed part.
 *
 * @throws Error that says why it does not count, if its process fails or it did less than its work
 */
export async function runTrial(
  workload: Pick<Workload, 'verify'>,
  contender: Contender,
  place: Place,
  options: TrialOptions,
): Promise<Trial> {
  mkdirSync(place.out)
  try {
    const { stdout, ...taken } = await timeCommand(contender.command(place), place, options)
    const reported = contender.value === 'reported' ? reportedIn(stdout) : undefined
    const digest = reported?.digest ?? (await workload.verify?.(place, contender))
    return {
      value: reported?.value ?? taken.seconds * (contender.scale ?? 1),
      ...taken,
      ...(digest !== undefined && { digest }),
      ...(reported?.figures && { figures: reported.figures }),
      ...(reported?.note !== undefined && { note: reported.note }),
    }
  } finally {
    rmSync(place.out, { recursive: true, force: true, maxRetries: 5 })
  }
}

/** @throws Error if the last line is not what a process must say that measures itself */
export function reportedIn(output: string): Reported {
  const line = output.trimEnd().split('\n').at(-1) ?? ''
  let reported: Reported | undefined
  try {
    reported = JSON.parse(line)
  } catch {
    throw new Error(`did not report its time, but: ${line.slice(0, 100)}`)
  }
  const value = reported?.value
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 0)
    throw new Error(`reported no valid time: ${line.slice(0, 100)}`)
  return reported!
}

async function timeCommand(
  { file, args, env, cwd }: Command,
  { scratch, out }: Place,
  { signal, limit }: TrialOptions,
): Promise<Omit<Trial, 'value'> & { stdout: string }> {
  const note = scratch.file('time')
  rmSync(note, { force: true })
  const isTimed = hasGnuTime()
  const [program, ...words] = [...(isTimed ? [GNU_TIME, '-q', '-f', '%U %S %M', '-o', note] : []), file, ...args]
  const watched = watchCores(CORES_INTERVAL)
  let ended: Ended
  let use: ReturnType<typeof watched.stop>
  try {
    ended = await runProcess(program, words, {
      cwd: cwd ?? out,
      env: { ...process.env, ...env },
      signal,
      ...(limit !== undefined && { limit }),
    })
  } finally {
    use = watched.stop()
  }
  if (ended.code !== 0) throw new Error(failureOf(ended))
  const { seconds, stdout } = ended
  const cores = { interval: use.interval, use: use.use.map((core) => core.map(rounded)) }
  if (!isTimed) return { stdout, seconds, cores }
  const [user, system, kilobytes] = readFileSync(note, 'utf8').trim().split(' ').map(Number)
  const cpu = user + system
  const others = Math.max(0, Math.min(1, (use.busySeconds - cpu) / seconds / Math.max(1, use.use.length)))
  return { stdout, seconds, cpu, memory: (kilobytes * 1024) / 1e6, others, cores }
}

/** Three digits keep records small. */
const rounded = (share: number): number => Math.round(1000 * share) / 1000

function failureOf({ code, signal, stderr }: Ended): string {
  const last = stderr.trim().split('\n').at(-1) ?? ''
  return `ended with ${code ?? signal}${last === '' ? '' : `: ${last.slice(0, 300)}`}`
}

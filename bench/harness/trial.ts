/** Runs one trial: one process, with what it took. */

import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { watchCores } from '../../dist-lib/demo/cores.js'
import type { Trial } from './record.js'
import type { Command, Contender, Place, Reported, Workload } from './workload.js'

/** Tells the CPU time and the memory of a process and those that it started. */
const GNU_TIME = '/usr/bin/time'
const CORES_INTERVAL = 100

/**
 * Runs a trial of a contender with an empty output folder, which it makes and removes outside the
 * timed part.
 *
 * @throws Error that names the contender, if its process fails or it did less than its work
 */
export async function runTrial(
  workload: Workload,
  contender: Contender,
  place: Place,
  signal: AbortSignal,
): Promise<Trial> {
  mkdirSync(place.out)
  try {
    const { value, ...taken } = await timeCommand(contender.command(place), place, signal)
    const reported = contender.value === 'reported' ? reportedIn(value) : undefined
    const digest = reported?.digest ?? (await workload.verify?.(place, contender))
    return {
      value: reported?.value ?? taken.seconds * (contender.scale ?? 1),
      ...taken,
      ...(digest !== undefined && { digest }),
      ...(reported?.figures && { figures: reported.figures }),
    }
  } finally {
    rmSync(place.out, { recursive: true, force: true })
  }
}

function reportedIn(output: string): Reported {
  return JSON.parse(output.trimEnd().split('\n').at(-1)!)
}

async function timeCommand(
  { file, args, env, cwd }: Command,
  { scratch, out }: Place,
  signal: AbortSignal,
): Promise<Omit<Trial, 'value'> & { value: string }> {
  const note = scratch.file('time')
  const timed = existsSync(GNU_TIME) ? [GNU_TIME, '-q', '-f', '%U %S %M', '-o', note, file, ...args] : [file, ...args]
  const watched = watchCores(CORES_INTERVAL)
  const started = performance.now()
  const { code, stdout, stderr } = await new Promise<{ code: number | null; stdout: string; stderr: string }>(
    (resolve, reject) => {
      const child = spawn(timed[0], timed.slice(1), {
        cwd: cwd ?? out,
        env: { ...process.env, ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
        signal,
      })
      const texts = { stdout: '', stderr: '' }
      for (const stream of ['stdout', 'stderr'] as const)
        child[stream].on('data', (data) => {
          texts[stream] += data
        })
      child.on('error', reject)
      child.on('close', (code) => resolve({ code, ...texts }))
    },
  )
  const seconds = (performance.now() - started) / 1000
  const { busySeconds, ...cores } = watched.stop()
  if (code !== 0) throw new Error(`ended with ${code}: ${stderr.trim().split('\n').at(-1) ?? ''}`)
  if (timed[0] !== GNU_TIME) return { value: stdout, seconds, cores }
  const [user, system, kilobytes] = readFileSync(note, 'utf8').trim().split(' ').map(Number)
  const cpu = user + system
  const others = Math.max(0, (busySeconds - cpu) / seconds / availableParallelism())
  return { value: stdout, seconds, cpu, memory: (kilobytes * 1024) / 1e6, others, cores }
}

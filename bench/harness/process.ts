/** Runs a process that is ended together with all that it started. */

import { type ChildProcess, spawn } from 'node:child_process'

export interface Ended {
  /** Null if a signal ended it. */
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
  /** From the start to the end of the process. */
  readonly seconds: number
}

export interface ProcessOptions {
  readonly cwd: string
  readonly env?: NodeJS.ProcessEnv
  /** Ends the process, and the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal
  /** Seconds after which the process is killed. No limit by default. */
  readonly limit?: number
}

/** Time after the end of a process in which its output is still read. Whoever inherited the pipe may keep it open. */
const OUTPUT_MILLISECONDS = 5000

/**
 * Runs a process as the leader of a new process group, and kills what is left of the group at its
 * end. It is also killed when `signal` aborts or the limit is over. Resolves after its end.
 *
 * @throws Error if it cannot be started or did not end within the limit; the reason of `signal`
 */
export async function runProcess(
  file: string,
  args: readonly string[],
  { cwd, env = process.env, signal, limit }: ProcessOptions,
): Promise<Ended> {
  signal?.throwIfAborted()
  const started = performance.now()
  const child = spawn(file, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], detached: hasGroups })
  let isOverLimit = false
  const kill = () => killGroup(child)
  const timer =
    limit === undefined
      ? undefined
      : setTimeout(() => {
          isOverLimit = true
          kill()
        }, 1000 * limit)
  signal?.addEventListener('abort', kill, { once: true })
  try {
    const ended = await endOf(child, started)
    signal?.throwIfAborted()
    if (isOverLimit) throw new Error(`did not end within ${Math.round(limit!)} s, and was killed`)
    return ended
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', kill)
  }
}

function endOf(child: ChildProcess, started: number): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const texts = { stdout: '', stderr: '' }
    let seconds = 0
    let timer: NodeJS.Timeout | undefined
    for (const name of ['stdout', 'stderr'] as const) {
      child[name]!.setEncoding('utf8').on('data', (text) => {
        texts[name] += text
      })
    }
    child.on('error', reject)
    child.on('exit', () => {
      seconds = (performance.now() - started) / 1000
      killGroup(child)
      timer = setTimeout(() => {
        child.stdout!.destroy()
        child.stderr!.destroy()
      }, OUTPUT_MILLISECONDS)
    })
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      resolve({ code, signal, ...texts, seconds })
    })
  })
}

/** Windows has no process groups. */
export const hasGroups = process.platform !== 'win32'

export function killGroup(child: ChildProcess): void {
  if (!hasGroups || child.pid === undefined) {
    child.kill('SIGKILL')
    return
  }
  try {
    process.kill(-child.pid, 'SIGKILL')
  } catch {
    // Nothing is left of the group.
  }
}

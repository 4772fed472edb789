/** The process of a run, and whether it still runs. */

import { readFileSync, readlinkSync } from 'node:fs'
import { uptime } from 'node:os'
import { host } from '../files/outputs.js'

/** What the first line of a run says about its process. */
export interface RunProcess {
  readonly host: string
  /** PID namespace of the process (Linux), because a process id is unique only within its namespace. Otherwise ''. */
  readonly pids: string
  readonly pid: number
  /** When the run began, in milliseconds since 1970. Missing in journals of earlier versions. */
  readonly at?: number
  /** When the process was started (Linux), because process ids are used again. */
  readonly start?: string
}

const textOf = (read: () => string): string => {
  try {
    return read()
  } catch {
    return ''
  }
}

// Containers may have the same host name, and each counts its processes from 1.
const processes = textOf(() => readlinkSync('/proc/self/ns/pid'))
const boot = textOf(() => readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim())

/** Returns when a process was started, as the system counts it; '' if it has ended, undefined if that cannot be known. */
function startOf(pid: number): string | undefined {
  const line = textOf(() => readFileSync(`/proc/${pid}/stat`, 'latin1'))
  if (line === '') return undefined
  // The name, in parentheses, may have spaces and parentheses.
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ')
  // A process that was killed is a zombie until its parent asks for it.
  return fields[0] === 'Z' || fields[0] === 'X' ? '' : `${boot}:${fields[19]}`
}

/** Describes this process, for the first line of a run. */
export function thisProcess(): RunProcess {
  const start = startOf(process.pid)
  return { host, pids: processes, pid: process.pid, at: Date.now(), ...(start && { start }) }
}

/** The clock may have been set since. */
const CLOCK_SECONDS = 600

/** Whether the process of a run still runs. Undefined if that cannot be known, because it is on another machine. */
export function isAlive(run: RunProcess): boolean | undefined {
  if (run.host !== host || run.pids !== processes) return undefined
  // Others than positive ones stand for several processes.
  if (run.pid <= 0) return false
  if (run.at !== undefined && run.at / 1000 < Date.now() / 1000 - uptime() - CLOCK_SECONDS) return false
  try {
    process.kill(run.pid, 0)
  } catch (error) {
    // The process of another user may not be sent signals.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false
  }
  const start = run.start === undefined ? undefined : startOf(run.pid)
  return start === undefined || start === run.start
}

/** Measures what the process and its JS thread use in the time of a run. */

import { readdirSync, readFileSync } from 'node:fs'
import type { CpuUse } from '../backends/cpu-use.js'
import { usableCpus } from '../cpus.js'
import type { ProcessTimes } from './run-report.js'

const TASKS = '/proc/self/task'

/**
 * Reads how long each thread of the process has waited for a CPU, in nanoseconds, by the number of
 * the thread. Undefined if the system does not tell. The file has the time that the thread ran, the
 * time that it waited, and how often it ran (https://docs.kernel.org/scheduler/sched-stats.html).
 */
function readWaits(): Map<string, number> | undefined {
  try {
    const waits = new Map<string, number>()
    for (const thread of readdirSync(TASKS)) {
      try {
        const [, waited] = readFileSync(`${TASKS}/${thread}/schedstat`, 'utf8').split(' ')
        waits.set(thread, Number(waited))
      } catch {
        // The thread has just ended.
      }
    }
    return waits.size > 0 ? waits : undefined
  } catch {
    return undefined
  }
}

const sumOf = (a: number | null, b: number | null) => (a === null || b === null ? null : a + b)

/** Returns the use of both together. */
export const together = (a: CpuUse, b: CpuUse): CpuUse => ({ cpu: a.cpu + b.cpu, waited: sumOf(a.waited, b.waited) })

/** How many CPUs the process may use, once it is known. */
let cpus: number | undefined

export class ProcessUse {
  readonly #cpu = process.cpuUsage()
  readonly #loop = performance.eventLoopUtilization()
  readonly #waits: Map<string, number> | undefined

  /** @param isPrecise whether the waits for CPUs are measured, which takes some 10 µs for each thread */
  constructor(isPrecise: boolean) {
    this.#waits = isPrecise ? readWaits() : undefined
  }

  /**
   * Returns what was used since this object was made.
   *
   * @param workers what worker processes have used
   */
  soFar(workers: CpuUse): ProcessTimes {
    const { user, system } = process.cpuUsage(this.#cpu)
    cpus ??= usableCpus()
    return {
      cpus,
      cpu: (user + system) / 1000 + workers.cpu,
      jsThread: performance.eventLoopUtilization(this.#loop).active,
      waitedForCpu: sumOf(this.#waitedForCpu(), workers.waited),
    }
  }

  #waitedForCpu(): number | null {
    const before = this.#waits
    const after = before && readWaits()
    if (before === undefined || after === undefined) return null
    let nanoseconds = 0
    for (const [thread, waited] of after) nanoseconds += waited - (before.get(thread) ?? 0)
    return nanoseconds / 1e6
  }
}

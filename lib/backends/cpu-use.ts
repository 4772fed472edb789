/** Measures what a worker process uses of the CPUs. Those of threads are known to the pool's process. */

import { openSync, readSync } from 'node:fs'

export interface CpuUse {
  /** Milliseconds of CPU time of all threads of the process. */
  readonly cpu: number
  /** Milliseconds in which its JS thread was ready to run and had no CPU; null if the system does not tell. */
  readonly waited: number | null
}

/** Its first number is how long the thread ran, its second one how long it waited, in nanoseconds. */
const SCHEDSTAT = '/proc/self/schedstat'

export class CpuMeter {
  readonly #descriptor: number | undefined
  readonly #buffer = Buffer.alloc(80)
  #cpu = 0
  #waited = 0

  constructor() {
    try {
      this.#descriptor = openSync(SCHEDSTAT, 'r')
    } catch {
      // Only Linux has it, and Node's permission model may refuse it.
    }
  }

  /** Returns what was used since the last call, or since the process began. */
  take(): CpuUse {
    const { user, system } = process.cpuUsage()
    const cpu = (user + system) / 1000
    const waited = this.#waitedSoFar()
    const use = { cpu: cpu - this.#cpu, waited: waited === undefined ? null : waited - this.#waited }
    this.#cpu = cpu
    this.#waited = waited ?? 0
    return use
  }

  #waitedSoFar(): number | undefined {
    if (this.#descriptor === undefined) return undefined
    try {
      const length = readSync(this.#descriptor, this.#buffer, 0, this.#buffer.length, 0)
      return Number(this.#buffer.toString('latin1', 0, length).split(' ')[1]) / 1e6
    } catch {
      // A function has closed it.
      return undefined
    }
  }
}

/** Watches how busy each core is. */

import { type CpuInfo, cpus } from 'node:os'

/** Use of each core over time. */
export interface CoreUse {
  /** Time between two values in milliseconds. */
  readonly interval: number
  /** For each core, a value for each interval: the share of it in which the core was busy, 0 to 1. */
  readonly use: readonly (readonly number[])[]
  /** Time in which cores were busy, with all programs and all cores taken together, in seconds. */
  readonly busySeconds: number
}

const busyOf = ({ times }: CpuInfo): number => times.user + times.nice + times.sys + times.irq
const totalOf = (cpu: CpuInfo): number => busyOf(cpu) + cpu.times.idle

/**
 * Watches all cores until `stop` is called. The system counts in steps of 10 ms, so an interval
 * should be 50 ms or more. The event loop must be free to turn meanwhile.
 *
 * @param interval time between two values in milliseconds
 */
export function watchCores(interval: number): { stop(): CoreUse } {
  const first = cpus()
  let before = first
  const use: number[][] = first.map(() => [])
  const look = () => {
    const now = cpus()
    for (const [i, cpu] of now.entries()) {
      const total = totalOf(cpu) - totalOf(before[i])
      use[i]?.push(total <= 0 ? 0 : (busyOf(cpu) - busyOf(before[i])) / total)
    }
    before = now
  }
  const timer = setInterval(look, interval)
  return {
    stop() {
      clearInterval(timer)
      look()
      const busy = before.reduce((sum, cpu, i) => sum + busyOf(cpu) - busyOf(first[i]), 0)
      return { interval, use, busySeconds: busy / 1000 }
    },
  }
}

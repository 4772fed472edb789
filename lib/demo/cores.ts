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
 * @param onLook gets the values of each interval: how busy each core was
 */
export function watchCores(interval: number, onLook?: (use: readonly number[]) => void): { stop(): CoreUse } {
  const first = cpus()
  let before = first
  const use: number[][] = first.map(() => [])
  const look = () => {
    const now = cpus()
    // The number of cores changes if one is switched off.
    const values = before.map((earlier, i) => {
      const cpu = now[i] ?? earlier
      const total = totalOf(cpu) - totalOf(earlier)
      // The system's count of idle time may be corrected, and become smaller.
      return total <= 0 ? 0 : Math.min(1, Math.max(0, (busyOf(cpu) - busyOf(earlier)) / total))
    })
    for (const [i, value] of values.entries()) use[i].push(value)
    if (now.length === before.length) before = now
    onLook?.(values)
  }
  const timer = setInterval(look, interval)
  return {
    stop() {
      clearInterval(timer)
      look()
      const busy = before.reduce((sum, cpu, i) => sum + busyOf(cpu) - busyOf(first[i]), 0)
      return { interval, use, busySeconds: Math.max(0, busy) / 1000 }
    },
  }
}

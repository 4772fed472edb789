/** Whether other programs disturb the benchmark. */

import { watchCores } from '../../dist-lib/demo/cores.js'
import type { BenchRecord, Trial, WorkloadRecord } from './record.js'

/** Share of all CPUs that other programs may use before a record says that the machine was busy. */
export const BUSY_SHARE = 0.1

export const isBusy = (share: number): boolean => share > BUSY_SHARE

const BEFORE_MILLISECONDS = 500

/** Measures for half a second which share of all CPUs is in use, 0 to 1. Nothing of the benchmark may run meanwhile. */
export async function loadNow(): Promise<number> {
  const watched = watchCores(BEFORE_MILLISECONDS / 5)
  await new Promise((resolve) => setTimeout(resolve, BEFORE_MILLISECONDS))
  const { use, busySeconds } = watched.stop()
  return Math.min(1, busySeconds / (use.length * (BEFORE_MILLISECONDS / 1000)))
}

/**
 * Share of all CPUs that other programs used during trials, 0 to 1; undefined if it is not known.
 * Long trials count more, because the figure of a short one is coarse: the system counts in steps of
 * 10 ms.
 */
export function othersDuring(trials: readonly Trial[]): number | undefined {
  let [busy, seconds] = [0, 0]
  for (const trial of trials) {
    if (trial.others === undefined) continue
    busy += trial.others * trial.seconds
    seconds += trial.seconds
  }
  return seconds === 0 ? undefined : busy / seconds
}

const trialsOf = ({ rows }: WorkloadRecord): Trial[] => rows.flatMap(({ trials }) => trials)

/** What a reader must know of the load of the machine, in sentences; none if it was quiet. */
export function loadWarnings({ busyBefore, workloads }: Pick<BenchRecord, 'busyBefore' | 'workloads'>): string[] {
  const percent = (share: number) => `${Math.round(100 * share)} %`
  const busy = workloads.flatMap((workload) => {
    const others = othersDuring(trialsOf(workload))
    return others !== undefined && isBusy(others) ? [`${workload.name} (${percent(others)})`] : []
  })
  return [
    ...(busyBefore !== undefined && isBusy(busyBefore)
      ? [`The machine was busy before the first trial: other programs used ${percent(busyBefore)} of its CPUs.`]
      : []),
    ...(busy.length > 0
      ? [`Other programs used CPUs during these workloads, so their figures are less certain: ${busy.join(', ')}.`]
      : []),
  ]
}

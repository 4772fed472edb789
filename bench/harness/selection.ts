/** Which workloads and contenders a run has. */

import type { Contender, Size, Workload } from './workload.js'

export interface Selection {
  readonly workload: Workload
  /** At least one. */
  readonly contenders: readonly Contender[]
}

/**
 * Whether a filter matches `workload/contender`, or the name of its workload. Without filters,
 * everything is wanted.
 */
export function isWanted(name: string, filters: readonly RegExp[] = []): boolean {
  const [workload] = name.split('/')
  return filters.length === 0 || filters.some((filter) => filter.test(workload) || filter.test(name))
}

/** Selects the wanted contenders of a size, with their workloads. */
export function select(workloads: readonly Workload[], size: Size, filters: readonly RegExp[] = []): Selection[] {
  return workloads.flatMap((workload) => {
    const all = workload.contenders(size).filter(({ isOnlyInFull }) => size === 'full' || !isOnlyInFull)
    const contenders = all.filter(({ name }) => isWanted(`${workload.name}/${name}`, filters))
    return contenders.length === 0 ? [] : [{ workload, contenders }]
  })
}

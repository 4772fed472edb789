/** Which workloads and contenders a run has. */

import type { Contender, Size, Workload } from './workload.js'

export interface Selection {
  readonly workload: Workload
  /** At least one. */
  readonly contenders: readonly Contender[]
}

/**
 * Selects workloads whose name one of the filters matches, with all contenders of the size, and
 * otherwise those contenders for which a filter matches `workload/contender`. Without filters, it
 * selects everything.
 */
export function select(workloads: readonly Workload[], size: Size, filters: readonly RegExp[] = []): Selection[] {
  const isWanted = (name: string) => filters.length === 0 || filters.some((filter) => filter.test(name))
  return workloads.flatMap((workload) => {
    const all = workload.contenders(size).filter(({ isOnlyInFull }) => size === 'full' || !isOnlyInFull)
    const contenders = isWanted(workload.name) ? all : all.filter(({ name }) => isWanted(`${workload.name}/${name}`))
    return contenders.length === 0 ? [] : [{ workload, contenders }]
  })
}

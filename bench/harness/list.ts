/** `npm run bench -- --list`. */

import { plural } from '../../dist-lib/show.js'
import type { Selection } from './selection.js'
import type { Missing, Size } from './workload.js'

/** Lists workloads with their work, their contenders, and what is missing on this machine. */
export async function listLines(selections: readonly Selection[], size: Size): Promise<string[]> {
  const lines: string[] = []
  const lacks = new Map<string, Missing>()
  for (const { workload, contenders } of selections) {
    lines.push(`${workload.name}: ${workload.title}`, `  ${workload.work(size)}`)
    for (const { name, label, missing } of contenders) {
      const lack = await missing?.()
      if (lack) lacks.set(lack.install, lack)
      lines.push(`    ${workload.name}/${name}: ${label}${lack ? ` (missing: ${lack.what})` : ''}`)
    }
  }
  const all = size === 'full' ? '' : ' --full has more contenders and larger sizes.'
  lines.push('', `${plural(selections.length, 'workload')}.${all}`)
  if (lacks.size > 0) lines.push('To run the contenders that are missing:')
  for (const { what, install } of lacks.values()) lines.push(`  ${install}  (${what})`)
  return lines
}

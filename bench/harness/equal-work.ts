/** Finds contenders that did other work than the others, by the digests of what they made. */

import type { Row, WorkloadRecord } from './record.js'
import type { Contender } from './workload.js'

/**
 * Takes contenders out of the figures whose digests differ between their own trials, or from those of
 * the other contenders with the same `outputs`. The digest of most contenders is the right one; if
 * there is no such digest, it is that of the reference, or of the first contender.
 */
export function excludeUnequal(
  done: Pick<WorkloadRecord, 'rows' | 'failed' | 'reference'>,
  contenders: readonly Contender[],
): void {
  const groups = new Map<string, Row[]>()
  for (const { name, outputs } of contenders) {
    const row = done.rows.find((row) => row.name === name)
    if (outputs === undefined || row === undefined) continue
    const why = ownFault(row)
    if (why !== undefined) exclude(done, row, why)
    else groups.set(outputs, [...(groups.get(outputs) ?? []), row])
  }
  for (const rows of groups.values()) {
    const right = mostCommon(rows, done.reference)
    for (const row of rows) {
      if (digestOf(row) === digestOf(right)) continue
      exclude(done, row, `its outputs differ from those of ${right.label}`)
    }
  }
}

/** Takes a contender out of the figures, and says why. */
export function exclude(
  done: Pick<WorkloadRecord, 'rows' | 'failed'>,
  { name, label }: Pick<Contender, 'name' | 'label'>,
  why: string,
): void {
  done.failed.push({ name, label, why })
  const at = done.rows.findIndex((row) => row.name === name)
  if (at >= 0) done.rows.splice(at, 1)
}

const digestOf = ({ trials }: Row): string | undefined => trials[0].digest

function ownFault({ trials }: Row): string | undefined {
  if (trials.some(({ digest }) => digest === undefined)) return 'it reports no digest of its outputs'
  return trials.every(({ digest }) => digest === trials[0].digest) ? undefined : 'its outputs differ between its trials'
}

/** A row with the digest that most rows have. */
function mostCommon(rows: readonly Row[], reference: string): Row {
  const counts = new Map<string | undefined, number>()
  for (const row of rows) counts.set(digestOf(row), (counts.get(digestOf(row)) ?? 0) + 1)
  const most = Math.max(...counts.values())
  const candidates = rows.filter((row) => counts.get(digestOf(row)) === most)
  return candidates.find(({ name }) => name === reference) ?? candidates[0]
}

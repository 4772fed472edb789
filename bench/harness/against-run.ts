import type { Flags } from './flags.js'
import { UsageError } from './usage-error.js'
export async function runAgainst(_: Flags & { against: string }): Promise<number> {
  throw new UsageError('not yet')
}

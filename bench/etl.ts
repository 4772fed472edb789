/**
 * Benchmarks the talk's workload, see talk.ts.
 *
 *     npm run bench:etl [-- ROUNDS]
 */

import talk from './talk.js'

const rounds = Number(process.argv[2] ?? 7)
if (!(rounds >= 1)) {
  console.error('Usage: etl [ROUNDS]')
  process.exit(2)
}
await talk(rounds)

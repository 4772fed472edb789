/**
 * Benchmarks whole programs on workloads of several shapes. Each workload has a file of its name,
 * which describes it.
 *
 *     npm run bench:etl [-- talk|many|long|coded|latency|start|all [ROUNDS]]
 */

import coded from './coded.js'
import latency from './latency.js'
import long from './long.js'
import many from './many.js'
import start from './start.js'
import talk from './talk.js'

/** Benchmarks by name. Each takes the number of rounds; the default is the number for records. */
const workloads: Readonly<Record<string, (rounds?: number) => Promise<void>>> = {
  talk,
  many,
  long,
  coded,
  latency,
  start,
}

const [name = 'all', rounds] = process.argv.slice(2)
const wanted = name === 'all' ? Object.values(workloads) : [workloads[name]]
if (wanted.includes(undefined!) || (rounds !== undefined && !(Number(rounds) >= 1))) {
  console.error(`Usage: etl [${Object.keys(workloads).join('|')}|all [ROUNDS]]`)
  process.exit(2)
}
for (const run of wanted) await (rounds === undefined ? run() : run(Number(rounds)))

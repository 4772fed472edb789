/**
 * Benchmarks the pool with functions of a user, beside a plain loop and other libraries. Each part
 * has a file in bench/pool, which describes it.
 *
 *     npm run bench:pool [-- PART|all [ROUNDS [SCALE]]]
 *
 * SCALE multiplies the number of items: 0.1 makes a quick trial.
 */

import { arrayItems } from './pool/arrays.js'
import { beside } from './pool/beside.js'
import { data } from './pool/data.js'
import { numbers } from './pool/numbers.js'
import { chunks, skewed } from './pool/skewed.js'
import { stream } from './pool/stream.js'
import { objects, steady, tinier, tiny } from './pool/uniform.js'
import { waits } from './pool/waits.js'

/** Parts by name. The defaults are those for records. */
const parts: Readonly<Record<string, (rounds?: number, scale?: number) => Promise<void>>> = {
  tiny,
  tinier,
  objects,
  steady,
  skewed,
  chunks,
  arrays: arrayItems,
  numbers,
  stream,
  waits,
  data,
  beside,
}

const [name = 'all', ...counts] = process.argv.slice(2)
const wanted = name === 'all' ? Object.values(parts) : [parts[name]]
if (wanted.includes(undefined!) || !counts.every((count) => Number(count) > 0)) {
  console.error(`Usage: pool [${Object.keys(parts).join('|')}|all [ROUNDS [SCALE]]]`)
  process.exit(2)
}
for (const run of wanted) await run(...counts.map(Number))

/**
 * Fills libuv's pool with more tasks than it has threads, then adds noise. Prints which ends first, the noise or a
 * task.
 */

import { pbkdf2 } from 'node:crypto'
import { writeSync } from 'node:fs'
import { addNoise, Pool } from '../../../dist/index.js'

const pool = new Pool({ size: Number(process.argv[2]), backend: 'native' })
for (let i = 0; i < 8; i++) pbkdf2('a', 'b', 2_000_000, 32, 'sha512', () => end('others'))
await addNoise(new Float32Array(1000), { sigma: 0.1, pool })
end('noise')

function end(first) {
  writeSync(1, `${first}\n`)
  // A normal exit would wait for all tasks.
  process.kill(process.pid, 'SIGKILL')
}

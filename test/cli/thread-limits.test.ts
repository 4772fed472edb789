/** The command with few threads, under the limit that `ulimit -u` sets. */

import { chmodSync } from 'node:fs'
import path from 'node:path'
import { expect } from 'vitest'
import { describeNative } from '../support/backends.js'
import { writeWavs } from '../support/files.js'
import { hashesBelow, temporaryFolder } from '../support/folders.js'
import { bin, start } from '../support/programs.js'
import { asLonelyUser, canBeLonely, posixTest, underLimit } from '../support/systems.js'

// The limit counts all threads of a user and does not apply to root.
const node = (limit: number, ...args: string[]) =>
  start(asLonelyUser(underLimit(`-u ${limit}`, [process.execPath, ...args]))).ended

/**
 * The least limit at which Node can read a file: below it libuv cannot start its own four threads, and ends the
 * process.
 */
async function leastForNode(): Promise<number> {
  const program = `fs.readFile(${JSON.stringify(bin)}, () => console.log('read'))`
  // Downwards, because Node hangs at still lower limits.
  for (let limit = 40; limit > 0; limit--) {
    if ((await node(limit, '-e', program)).stdout !== 'read\n') return limit + 1
  }
  throw new Error('the limit does not apply')
}

describeNative('if a user may have only few threads', () => {
  posixTest('all files are done, however many jobs were asked for (needs root, setpriv and bash)', async ({ skip }) => {
    if (!canBeLonely()) skip('only root can become another user')
    if ((await node(1000, bin, '--version')).code !== 0) skip('another user cannot run the command')
    const folder = temporaryFolder()
    chmodSync(folder, 0o777)
    writeWavs(folder, 40, 2000)
    const add = ['add', path.join(folder, '*.wav'), '--sigma', '0.1', '--backend', 'native', '--jobs', '64', '--out']
    const expected = path.join(folder, 'expected')
    await start([process.execPath, bin, ...add, expected]).ended
    const least = await leastForNode()
    for (const limit of [least, least + 1, least + 3, least + 9, 40, 60]) {
      const out = path.join(folder, `out-${limit}`)
      const { code, stderr } = await node(limit, bin, ...add, out)
      expect({ limit, code, stderr }).toEqual({ limit, code: 0, stderr: '' })
      expect(hashesBelow(out)).toEqual(hashesBelow(expected))
    }
    expect(Object.keys(hashesBelow(expected))).toHaveLength(40)
  })
})

/** What the command does before its bundle is loaded: it asks libuv for two threads more than jobs. */

import { writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import path from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../support/folders.js'
import { bin, start } from '../support/programs.js'

/** How many threads libuv is asked for. */
async function threadsWith(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
  const spy = path.join(temporaryFolder(), 'spy.cjs')
  writeFileSync(spy, `process.on('exit', () => console.log('asked for ' + process.env.UV_THREADPOOL_SIZE))`)
  const { stdout } = await start([process.execPath, '--require', spy, bin, ...args], { env }).ended
  return /asked for (.*)/.exec(stdout)![1]
}

const cpus = availableParallelism()

test.concurrent.each<[string[], number]>([
  [[], cpus],
  [['--jobs', '7'], 7],
  [['--jobs=7'], 7],
  [['--jobs', '1e1'], 10],
  [['--jobs', '3', '--seed', '1', '--jobs=7'], 7],
  [['--jobs=7', '--jobs', '3'], 3],
  [['--json', '--jobs', '3', '--quiet'], 3],
  [['--jobs', '5000'], 1022],
  // What the command refuses, or takes for something else.
  [['--jobs'], cpus],
  [['--jobs', 'many'], cpus],
  [['--jobs', '0'], cpus],
  [['--jobs', '-3'], cpus],
  [['--jobsize', '3'], cpus],
  [['--', '--jobs', '3'], cpus],
  [['--jobs', '3', '--', '--jobs', '7'], 3],
])('add %j has %i jobs', async (args, jobs) => {
  expect(await threadsWith(['add', 'missing.wav', ...args])).toBe(`${jobs + 2}`)
})

test('UV_THREADPOOL_SIZE of the environment stays', async () => {
  expect(await threadsWith(['info'], { UV_THREADPOOL_SIZE: '3' })).toBe('3')
})

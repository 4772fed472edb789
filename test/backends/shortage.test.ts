/** System limits that allow fewer worker threads than a pool's size: the threads that can be started do the work. */

import { chmodSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { describeNative } from '../support/backends.js'
import { filesOf, under, writeFiles } from '../support/files.js'
import { filesBelow, temporaryFolder } from '../support/folders.js'
import { bin, jsonOf, linesOf, programFor, quote, start } from '../support/programs.js'
import { numbers } from '../support/sources.js'
import { asLonelyUser, canBeLonely, underLimit } from '../support/systems.js'

const isLinux = process.platform === 'linux' && !process.env.NOISEMILL_SANITIZER

const FILES = 121
const SIZE = 64

/** How a test runs a command: under a limit. */
type Limited = (command: readonly string[]) => string[]

const withFiles =
  (limit: number): Limited =>
  (command) =>
    underLimit(`-n ${limit}`, command)
const withProcesses =
  (limit: number): Limited =>
  (command) =>
    asLonelyUser(underLimit(`-u ${limit}`, command))

/** Runs Node. With few of libuv's threads it starts under any of the limits. */
const node = (limited: Limited, ...args: string[]) =>
  start(limited([process.execPath, ...args]), { env: { UV_THREADPOOL_SIZE: '4' } }).ended

async function expectAllDone(limited: Limited): Promise<void> {
  const folder = temporaryFolder()
  const [inputs, out] = under(folder, 'in', 'out')
  const names = numbers(FILES).map((number) => `${number}.wav`)
  writeFiles(inputs, filesOf(names, 100))
  chmodSync(folder, 0o777)
  const flags = ['--sigma', '0.1', '--backend', 'workers', '--jobs', String(SIZE), '--chunk-size', '1', '--json']
  let ended = await node(limited, bin, 'add', inputs, '--out', out, ...flags)
  // Node itself crashes at times if it cannot open what a thread needs, as `ulimit -n 16; node -e 0` always does.
  for (let again = 0; ended.code === null && again < 5; again++)
    ended = await node(limited, bin, 'add', inputs, '--out', out, ...flags, '--overwrite')
  expect({ code: ended.code, stderr: linesOf(ended.stderr) }).toEqual({
    code: 0,
    stderr: [expect.stringMatching(/^noisemill: fewer than 64 worker threads can be started: .*(EMFILE|EAGAIN)/)],
  })
  expect(filesBelow(out)).toEqual(names.sort())
  const { summary } = jsonOf(ended)
  expect(summary).toMatchObject({
    done: FILES,
    failed: 0,
    size: SIZE,
    shortage: expect.stringMatching(/EMFILE|EAGAIN/),
  })
  expect(summary.threads).toBeGreaterThan(0)
  expect(summary.threads).toBeLessThan(SIZE)
}

const module = quote(new URL('../support/tasks/calls.mjs', import.meta.url).href)
const double = `noisemill.moduleTask(${module}, 'double')`

const program = (backend: string) =>
  programFor(`
    const pool = new noisemill.Pool({ backend: ${quote(backend)}, size: ${SIZE} })
    const values = await pool.map(${double}, Array.from({ length: 200 }, (_, n) => n), { chunkSize: 1 })
    const { shortage, threads } = pool.info
    console.log(JSON.stringify({ values, shortage, threads }))
    await pool.close()`)

async function expectAllCalled(backend: string, limited: Limited): Promise<void> {
  const { code, stdout, stderr } = await node(limited, '--input-type=module', '--eval', program(backend))
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  const { values, shortage } = JSON.parse(stdout)
  expect(values).toEqual(numbers(200).map((number) => 2 * number))
  expect(shortage).toMatch(/EMFILE|EAGAIN/)
}

describe.skipIf(!isLinux)('few open files (needs Linux, and no sanitizer)', () => {
  test.each([64, 100, 200])('leave a run of files fewer threads: %i', (limit) => expectAllDone(withFiles(limit)))

  test('leave functions fewer threads [workers]', () => expectAllCalled('workers', withFiles(100)))
  describeNative('functions on the backend native', () => {
    test('have fewer threads', () => expectAllCalled('native', withFiles(100)))
  })
})

describe.skipIf(!isLinux || !canBeLonely())(
  'few processes (needs Linux, root, setpriv, bash, and no sanitizer)',
  () => {
    test.each([24, 40])('leave a run of files fewer threads: %i', (limit) => expectAllDone(withProcesses(limit)))

    test('leave functions fewer threads [workers]', () => expectAllCalled('workers', withProcesses(40)))
    describeNative('functions on the backend native', () => {
      test('have fewer threads', () => expectAllCalled('native', withProcesses(40)))
    })

    test('fail every item if they leave no thread at all', async () => {
      // As many as there are already, once libuv has its threads.
      const body = programFor(`
      import { spawnSync } from 'node:child_process'
      import { readdirSync } from 'node:fs'
      import { stat } from 'node:fs/promises'
      await stat('.')
      const tasks = readdirSync('/proc/self/task').length
      spawnSync('prlimit', ['--pid', String(process.pid), '--nproc=' + tasks])
      const pool = new noisemill.Pool({ backend: 'workers', size: 4 })
      const records = await pool.map(${double}, [1, 2, 3, 4, 5, 6, 7, 8, 9], { chunkSize: 1, errors: 'collect' })
      console.log(records.map(({ error }) => error?.code).join(), pool.info.shortage)
      await pool.close()`)
      const { code, stdout, stderr } = await node(asLonelyUser, '--input-type=module', '--eval', body)
      const codes = numbers(9).map(() => 'E_WORKER_START')
      expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: `${codes} null\n`, stderr: '' })
    })
  },
)

/** System limits that allow fewer worker threads than a pool's size: the threads that can be started do the work. */

import { spawnSync } from 'node:child_process'
import { chmodSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { filesOf, under, writeFiles } from '../support/files.js'
import { filesBelow, temporaryFolder } from '../support/folders.js'
import { bin, jsonOf, linesOf, programFor, quote, start } from '../support/programs.js'
import { numbers } from '../support/sources.js'
import { isRoot, lonelyUser } from '../support/systems.js'

const isLinux = process.platform === 'linux' && !process.env.NOISEMILL_SANITIZER

const asUser = ['setpriv', `--reuid=${lonelyUser}`, '--clear-groups']
const canBeUser = isLinux && isRoot && spawnSync(asUser[0], [...asUser.slice(1), 'true']).status === 0

const FILES = 121
const SIZE = 64

/** Runs Node where the shell has set a limit. With few of libuv's threads it starts under any of them. */
const limited = (limit: string, args: readonly string[], user: readonly string[] = []) =>
  start([...user, '/bin/bash', '-c', `${limit} && exec "$0" "$@"`, process.execPath, ...args], {
    env: { UV_THREADPOOL_SIZE: '4' },
  })

async function expectAllDone(limit: string, user?: readonly string[]): Promise<void> {
  const folder = temporaryFolder()
  const [inputs, out] = under(folder, 'in', 'out')
  const names = numbers(FILES).map((number) => `${number}.wav`)
  writeFiles(inputs, filesOf(names, 100))
  chmodSync(folder, 0o777)
  const flags = ['--sigma', '0.1', '--backend', 'workers', '--jobs', String(SIZE), '--chunk-size', '1', '--json']
  const ended = await limited(limit, [bin, 'add', inputs, '--out', out, ...flags], user).ended
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

async function expectAllCalled(backend: string, limit: string, user?: readonly string[]): Promise<void> {
  const args = ['--input-type=module', '--eval', program(backend)]
  const { code, stdout, stderr } = await limited(limit, args, user).ended
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  const { values, shortage } = JSON.parse(stdout)
  expect(values).toEqual(numbers(200).map((number) => 2 * number))
  expect(shortage).toMatch(/EMFILE|EAGAIN/)
}

describe.skipIf(!isLinux)('few open files (needs Linux, and no sanitizer)', () => {
  test.each([64, 100, 200])('leave a run of files fewer threads: %i', (limit) => expectAllDone(`ulimit -n ${limit}`))

  test.each(['workers', 'native'])('leave functions fewer threads [%s]', (backend) =>
    expectAllCalled(backend, 'ulimit -n 100'),
  )
})

describe.skipIf(!canBeUser)('few processes (needs Linux, root, setpriv, and no sanitizer)', () => {
  test.each([24, 40])('leave a run of files fewer threads: %i', (limit) => expectAllDone(`ulimit -u ${limit}`, asUser))

  test.each(['workers', 'native'])('leave functions fewer threads [%s]', (backend) =>
    expectAllCalled(backend, 'ulimit -u 40', asUser),
  )

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
    const { code, stdout, stderr } = await limited('true', ['--input-type=module', '--eval', body], asUser).ended
    const codes = numbers(9).map(() => 'E_WORKER_START')
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: `${codes} null\n`, stderr: '' })
  })
})

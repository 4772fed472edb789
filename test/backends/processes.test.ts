/** Functions in worker processes: what happens to items and processes when these die, hang, print, or are left alone. */

import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { noiseTask, Pool, type PoolOptions } from '../../dist/index.js'
import { writeWavs } from '../support/files.js'
import { hashesBelow, temporaryFolder } from '../support/folders.js'
import { testPool } from '../support/pools.js'
import { start } from '../support/programs.js'
import { numbers } from '../support/sources.js'
import { posixTest } from '../support/systems.js'
import { calls, inProcesses } from '../support/tasks.js'
import { until } from '../support/waiting.js'

const processes = (options: PoolOptions = {}) => testPool({ backend: 'processes', ...options })

/** An empty file in which functions note their calls. */
function newLog(): string {
  const log = path.join(temporaryFolder(), 'log')
  writeFileSync(log, '')
  return log
}

const noted = (log: string): string[] => readFileSync(log, 'utf8').trim().split(' ')

/** Whether a process runs. One that has ended and was not waited for does not. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  try {
    return !/^\d+ \(.*\) [ZX]/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return process.platform !== 'linux'
  }
}

describe('a process that dies', () => {
  const ways: [string, string][] = [
    ['exits', 'the process exited with code 3'],
    ['throws where nobody catches it', 'thrown late'],
    ['closes its channel', 'the process '],
    ...(process.platform === 'win32'
      ? []
      : ([
          ['is killed', 'the process was ended by SIGKILL'],
          ['crashes natively', 'the process was ended by SIGSEGV'],
          ['aborts', 'the process was ended by SIGABRT'],
        ] as [string, string][])),
  ]

  test.each(ways)('because its function %s costs the item that was begun, and nothing else', async (way, why) => {
    const log = newLog()
    const bad = [3, 17, 18, 39]
    const items = numbers(40).map((value) => ({ value, log, ...(bad.includes(value) && { way }) }))
    const records = await processes().map(inProcesses('act'), items, { errors: 'collect', chunkSize: 10 })
    for (const [index, record] of records.entries()) {
      if (!bad.includes(index)) expect(record).toMatchObject({ status: 'done', value: index })
      else {
        expect(record).toMatchObject({ status: 'failed', error: { code: 'E_WORKER_DIED', index } })
        expect(String((record as { error: Error }).error.cause)).toContain(why)
      }
    }
    expect(noted(log).sort()).toEqual(numbers(40).map(String).sort())
  })

  test('is tried again with retries', async () => {
    const log = newLog()
    const item = { value: 1, log, way: 'exits' }
    const run = processes().run(inProcesses('act'), item, { retries: { attempts: 3, codes: ['E_WORKER_DIED'] } })
    await expect(run).rejects.toMatchObject({ code: 'E_WORKER_DIED' })
    expect(noted(log)).toEqual(['1', '1', '1', '1'])
  })
})

describe('a time-out', () => {
  const ways = ['spins', 'never settles', ...(process.platform === 'win32' ? [] : ['is stopped'])]

  test.each(ways)('fails the item whose function %s, and no other', async (way) => {
    const log = newLog()
    const items = numbers(20).map((value) => ({ value, log, ...([3, 12].includes(value) && { way }) }))
    const options = { errors: 'collect', timeout: 1000, chunkSize: 5 } as const
    const records = await processes().map(inProcesses('act'), items, options)
    expect(records.map((record) => (record.status === 'done' ? record.value : record.error.code))).toEqual(
      numbers(20).map((value) => ([3, 12].includes(value) ? 'E_TIMEOUT' : value)),
    )
    expect(noted(log).sort()).toEqual(numbers(20).map(String).sort())
  })

  test('is for each of the calls that wait together', async () => {
    const log = newLog()
    const items = numbers(12).map((value) => ({ value, log, milliseconds: value % 3 === 0 ? 60_000 : 1 }))
    const options = { errors: 'collect', timeout: 2000, concurrency: 12 } as const
    const records = await processes({ size: 1 }).map(inProcesses('act'), items, options)
    expect(records.map(({ status }) => status)).toEqual(items.map(({ value }) => (value % 3 === 0 ? 'failed' : 'done')))
  })
})

describe('an abort', () => {
  const ways = ['spins', ...(process.platform === 'win32' ? [] : ['is stopped'])]

  test.each(ways)('ends the process whose function %s, after the grace time, so that the pool goes on', async (way) => {
    const pool = processes({ size: 1 })
    const log = newLog()
    const controller = new AbortController()
    const run = pool.map(inProcesses('act'), [{ value: 1, log, way }], { signal: controller.signal, grace: 10 })
    await until(() => readFileSync(log, 'utf8') !== '')
    controller.abort(new Error('enough'))
    await expect(run).rejects.toThrow('enough')
    expect(await pool.map(calls('double'), [1, 2])).toEqual([2, 4])
  })
})

describe('processes', () => {
  test('have their own folder, title, variables and flags', async () => {
    const pool = processes({ size: 1, name: 'mill', env: { ...process.env, OWN: 'yes' }, execArgv: ['--no-warnings'] })
    const folder = temporaryFolder()
    const before = process.cwd()
    await pool.run(inProcesses('changeFolder'), folder)
    expect(await pool.run(inProcesses('place'), 0)).toEqual({
      folder,
      title: 'mill',
      own: 'yes',
      flags: ['--no-warnings'],
    })
    expect(process.cwd()).toBe(before)
  })

  test('are replaced after a number of items, and the pool tells their numbers', async () => {
    const pool = processes({ size: 1, recycleAfter: 2 })
    const pids = await pool.map(inProcesses('pid'), numbers(6), { chunkSize: 1 })
    expect(new Set(pids).size).toBe(3)
    expect(pids).not.toContain(process.pid)
    await pool.map(inProcesses('pid'), [1])
    expect(pool.stats().workers).toHaveLength(1)
  })

  test('call setup and teardown', async () => {
    const log = newLog()
    const pool = processes()
    const task = inProcesses('use', { setup: 'open', teardown: 'close', data: { log } })
    expect(await pool.map(task, numbers(100))).toEqual(numbers(100))
    const opened = noted(log).length
    expect(noted(log)).toEqual(Array(opened).fill('open'))
    await pool.close()
    expect(noted(log).filter((word) => word === 'close')).toHaveLength(opened)
  })

  test('hide their channel from functions', async () => {
    expect(await processes().run(inProcesses('channel'), 0)).toEqual(['undefined', 2])
  })

  test('share no memory: an item with shared memory fails alone', async () => {
    const shared = new Int32Array(new SharedArrayBuffer(4))
    const records = await processes().map(calls('same'), [1, { a: [shared] }, 3], { errors: 'collect', chunkSize: 3 })
    expect(records).toMatchObject([
      { status: 'done', value: 1 },
      { error: { code: 'E_NOT_CLONEABLE', received: 'items[1].a[0]: processes share no memory' } },
      { status: 'done', value: 3 },
    ])
  })

  test('leave noise to threads, with the same bytes', async () => {
    const folder = temporaryFolder()
    const files = writeWavs(folder, 5)
    const add = async (backend: 'processes' | 'inline') => {
      const out = path.join(folder, backend)
      await testPool({ backend }).map(noiseTask({ out, sigma: 0.1, seed: 1 }), files)
      return hashesBelow(out)
    }
    expect(await add('processes')).toEqual(await add('inline'))
  })

  posixTest('end with what they have started and left', async () => {
    const pool = processes({ size: 1 })
    const left = await pool.run(inProcesses('leave'), 0)
    expect(isRunning(left)).toBe(true)
    await pool.close()
    await until(() => !isRunning(left))
  })

  test('that cannot be started fail items with the reason', async () => {
    const pool = processes({ execArgv: ['--no-such-flag-of-node'] })
    await expect(pool.map(calls('double'), [1])).rejects.toMatchObject({ code: 'E_WORKER_START' })
  })
})

describe('options that processes cannot have', () => {
  test.each([
    ['resourceLimits', { resourceLimits: { stackSizeMb: 4 } }, 'execArgv'],
    ['env', { env: Symbol.for('nodejs.worker_threads.SHARE_ENV') }, 'cannot share'],
  ])('%s', (option, options, why) => {
    const make = () => new Pool({ backend: 'processes', ...options })
    expect(make).toThrow(expect.objectContaining({ code: 'E_OPTION_INVALID', option }))
    expect(make).toThrow(why)
  })
})

describe('a program', () => {
  const begin = `
    import { Pool, moduleTask } from ${JSON.stringify(new URL('../../dist/index.js', import.meta.url).href)}
    const task = (name) => moduleTask(${JSON.stringify(new URL('../support/tasks/processes.mjs', import.meta.url).href)}, name)
    const pool = new Pool({ backend: 'processes', size: 2 })
    `

  const startProgram = (body: string) => start([process.execPath, '--input-type=module', '-e', body])

  test('ends by itself when its work is done, and its processes with it', async () => {
    const { ended } = startProgram(`${begin}
      await pool.map(task('pid'), [1, 2, 3], { chunkSize: 1 })
      console.log(pool.stats().workers.map(({ worker }) => worker).join(' '))`)
    const { code, stdout, stderr } = await ended
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const pids = stdout.trim().split(' ').map(Number)
    expect(pids.length).toBeGreaterThan(0)
    await until(() => !pids.some(isRunning))
  })

  test('gets everything that processes print, however much that is', async () => {
    const { ended } = startProgram(`${begin}
      await pool.map(task('print'), Array(50).fill('x'.repeat(100_000)))
      await pool.close()`)
    const { code, stdout } = await ended
    expect({ code, bytes: stdout.length }).toEqual({ code: 0, bytes: 5_000_000 })
  })

  posixTest('that is killed leaves no process behind, not even in a loop', async () => {
    const log = newLog()
    const running = startProgram(`${begin}
      const run = pool.map(task('act'), [1, 2].map((value) => ({ value, log: ${JSON.stringify(log)}, way: 'spins' })), { chunkSize: 1 })
      setInterval(() => console.log(pool.stats().workers.map(({ worker }) => worker).join(' ')), 10)
      await run`)
    let printed = ''
    running.child.stdout.on('data', (text) => {
      printed += text
    })
    await until(() => noted(log).length === 2 && /^\d+ \d+$/m.test(printed), running)
    const pids = /^(\d+) (\d+)$/m.exec(printed)!.slice(1).map(Number)
    expect(pids.map(isRunning)).toEqual([true, true])
    running.ended.catch(() => {})
    running.child.kill('SIGKILL')
    await until(() => !pids.some(isRunning))
  })
})

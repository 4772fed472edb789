/** Workers and Redis that fail while a run is in progress. */

import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished } from 'vitest'
import { type BullmqOptions, bullmq } from '../../dist/bullmq.js'
import { moduleTask, Pool } from '../../dist/index.js'
import { writeFiles } from '../support/files.js'
import { filesBelow, hashesBelow, temporaryFolder } from '../support/folders.js'
import { noisemill, startNoisemill } from '../support/programs.js'
import { KEY, newQueue, ownRedis, type RedisServer, redisTest, startWork } from '../support/redis.js'
import { until } from '../support/waiting.js'
import { pcm16 } from '../support/wav.js'

const tasks = fileURLToPath(new URL('../support/tasks/remote.mjs', import.meta.url))
const settings = ['--snr', '10', '--quiet']

/** Files that take some time each, and folders for a run by a queue and for one on this machine. */
function folders() {
  const folder = temporaryFolder()
  const [read, write, local] = ['speech', 'noisy', 'local'].map((name) => path.join(folder, name))
  writeFiles(read, Object.fromEntries(Array.from({ length: 16 }, (_, i) => [`${i}.wav`, pcm16(1_500_000 + i)])))
  mkdirSync(write)
  return { read, write, local }
}

function startAdd(server: RedisServer, queue: string, read: string, write: string) {
  return startNoisemill(['add', read, '--out', write, '--snr', '10', '--json', '--queue', queue], {
    env: { NOISEMILL_REDIS: server.url, NOISEMILL_QUEUE_KEY: KEY },
  })
}

function queuePool(server: RedisServer, queue: string, options: BullmqOptions = {}): Pool {
  const pool = new Pool({ backend: bullmq({ queue, redis: server.url, key: KEY, size: 4, ...options }) })
  onTestFinished(() => pool.terminate())
  return pool
}

async function expectSame(read: string, write: string, local: string): Promise<void> {
  await noisemill(['add', read, '--out', local, ...settings])
  expect(hashesBelow(write)).toEqual(hashesBelow(local))
}

for (const [title, flags] of [
  ['without its data', []],
  ['with its data', ['--appendonly', 'yes', '--appendfsync', 'always']],
] as const) {
  redisTest(`a run goes on if Redis is restarted ${title}`, async () => {
    const server = await ownRedis(flags)
    const { read, write, local } = folders()
    const queue = newQueue()
    startWork(server, queue, ['--read', read, '--write', write, '--jobs', '1', '--lease', '2000'])
    const running = startAdd(server, queue, read, write)
    await until(() => filesBelow(write).some((name) => !name.endsWith('.tmp')), running)
    await server.stop('SIGKILL')
    await setTimeout(500)
    await server.start()
    expect(await running.ended).toMatchObject({ code: 0 })
    await expectSame(read, write, local)
  })
}

redisTest('a worker that only seemed dead does no harm', async () => {
  const server = await ownRedis()
  const { read, write, local } = folders()
  const queue = newQueue()
  const flags = ['--read', read, '--write', write, '--jobs', '1', '--lease', '2000']
  const first = startWork(server, queue, flags)
  const running = startAdd(server, queue, read, write)
  await until(() => filesBelow(write).some((name) => !name.endsWith('.tmp')), running)
  first.child.kill('SIGSTOP')
  startWork(server, queue, flags)
  const done = filesBelow(write).length
  await until(() => filesBelow(write).length > done + 2, running)
  first.child.kill('SIGCONT')
  expect(await running.ended).toMatchObject({ code: 0 })
  await first.stop()
  await expectSame(read, write, local)
})

redisTest('an item of which every worker dies fails, and others do not', async () => {
  const server = await ownRedis()
  const queue = newQueue()
  for (let i = 0; i < 4; i++) startWork(server, queue, ['--tasks', tasks, '--jobs', '1', '--lease', '2000'])
  const pool = queuePool(server, queue)
  const [record] = await pool.map(moduleTask<number, number>(tasks, 'fatal'), [1], { errors: 'collect' })
  expect(record).toMatchObject({ status: 'failed', error: { code: 'E_WORKER_DIED' } })
  expect(await pool.map(moduleTask<string, number>(tasks, 'lengthOf'), ['abc'])).toEqual([3])
})

redisTest('a run ends with a sentence if Redis is full', async () => {
  const server = await ownRedis(['--maxmemory', '4mb', '--maxmemory-policy', 'noeviction'])
  const notices: string[] = []
  const pool = queuePool(server, newQueue(), { patience: 12_000, onNotice: (text) => notices.push(text) })
  const items = Array.from({ length: 20 }, () => 'x'.repeat(500_000))
  // What Redis has room for would wait for a worker.
  const run = pool.imapUnordered(moduleTask<string, number>(tasks, 'lengthOf'), items)
  await expect(run.next()).rejects.toMatchObject({
    code: 'E_QUEUE',
    message: expect.stringMatching(/could not be used for 12\.0 s: .*OOM/),
  })
  expect(notices.join()).toMatch(/OOM/)
})

redisTest('the command ends with 4 if Redis does not accept it, and --resume does the rest', async () => {
  const server = await ownRedis(['--requirepass', 'a-secret'])
  const { read, write, local } = folders()
  const queue = newQueue()
  const args = ['add', read, '--out', write, ...settings, '--queue', queue]
  const env = (userinfo: string) => ({
    NOISEMILL_REDIS: `redis://${userinfo}127.0.0.1:${server.port}`,
    NOISEMILL_QUEUE_KEY: KEY,
  })
  for (const userinfo of ['', ':wrong-secret@']) {
    const { code, stderr } = await noisemill([...args, '--resume'], { env: env(userinfo) })
    expect(code).toBe(4)
    expect(stderr).toMatch(
      /the queue cannot be used: Redis at redis:\/\/127\.0\.0\.1:\d+\/ could not be used: .*(NOAUTH|WRONGPASS)/,
    )
    expect(stderr).not.toMatch(/-secret/)
  }
  const worker = startNoisemill(['work', '--queue', queue, '--read', read, '--write', write], {
    env: env(':a-secret@'),
  })
  worker.ended.catch(() => {})
  onTestFinished(() => void worker.child.kill('SIGKILL'))
  expect(await noisemill([...args, '--resume'], { env: env(':a-secret@') })).toEqual({
    code: 0,
    stdout: '',
    stderr: '',
  })
  await expectSame(read, write, local)
  worker.child.kill('SIGTERM')
  const { stdout, stderr } = await worker.ended
  expect(stdout + stderr).not.toMatch(/a-secret/)
})

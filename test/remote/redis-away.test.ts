/** Redis that is away for some time, is full, or evicts keys while a run is in progress. */

import { mkdirSync } from 'node:fs'
import path from 'node:path'
import type { Redis } from 'ioredis'
import { expect } from 'vitest'
import { writeFiles } from '../support/files.js'
import { filesBelow, hashesBelow, isTemporary, temporaryFolder } from '../support/folders.js'
import { noisemill, type Running, startNoisemill } from '../support/programs.js'
import { KEY, newQueue, ownRedis, type RedisServer, redisTest, startWork } from '../support/redis.js'
import { bySize } from '../support/size.js'
import { until } from '../support/waiting.js'
import { pcm16 } from '../support/wav.js'

const settings = ['--snr', '10', '--seed', 'away']

/** A run by a queue with one worker that is in progress, and what it has said so far. */
async function begin(server: RedisServer) {
  const folder = temporaryFolder()
  const [read, write, local] = ['speech', 'noisy', 'local'].map((name) => path.join(folder, name))
  writeFiles(read, Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`${i}.wav`, pcm16(1_000_000 + i)])))
  mkdirSync(write)
  const queue = newQueue()
  startWork(server, queue, ['--read', read, '--write', write, '--jobs', '1', '--lease', '2000'])
  const add = (...more: string[]): Running =>
    startNoisemill(['add', read, '--out', write, ...settings, '--json', '--queue', queue, '--jobs', '2', ...more], {
      env: { NOISEMILL_REDIS: server.url, NOISEMILL_QUEUE_KEY: KEY },
    })
  const running = add()
  let told = ''
  running.child.stderr.on('data', (text: string) => {
    told += text
  })
  await until(() => filesBelow(write).some((name) => !isTemporary(name)), running)
  return {
    running,
    told: () => told,
    resume: () => add('--resume').ended,
    async expectSame() {
      await noisemill(['add', read, '--out', local, ...settings])
      expect(hashesBelow(write)).toEqual(hashesBelow(local))
    },
  }
}

/** What a run says when it has waited for some time. */
const WAITS = /^noisemill: Redis at redis:\/\/127\.0\.0\.1:\d+\/ cannot be used: /m

const APPEND = ['--appendonly', 'yes', '--appendfsync', 'always']
const ways: [string, readonly string[], (server: RedisServer) => unknown, (server: RedisServer) => unknown][] = [
  ['does not answer', [], (server) => server.freeze(), (server) => server.thaw()],
  ['is stopped and started without its data', [], (server) => server.stop(), (server) => server.start()],
  ['is stopped and started with its data', APPEND, (server) => server.stop(), (server) => server.start()],
]
for (const [title, flags, away, back] of ways.slice(0, bySize(1, ways.length))) {
  redisTest(`a run waits if Redis ${title}, says so, and goes on`, async () => {
    const server = await ownRedis(flags)
    const { running, told, expectSame } = await begin(server)
    await away(server)
    await until(() => WAITS.test(told()), running)
    await back(server)
    expect(await running.ended).toMatchObject({ code: 0 })
    await expectSame()
  })
}

/** Bytes that Redis has in use. */
const memoryOf = async (client: Redis): Promise<number> =>
  Number(/^used_memory:(\d+)/m.exec(await client.info('memory'))![1])

redisTest('a run waits if Redis is full, says so, and goes on when there is room', async () => {
  const server = await ownRedis(['--maxmemory-policy', 'noeviction'])
  const { running, told, expectSame } = await begin(server)
  await server.with(async (client) => {
    await client.config('SET', 'maxmemory', '1')
    await until(() => WAITS.test(told()), running)
    expect(told()).toMatch(/OOM/)
    await client.config('SET', 'maxmemory', '0')
  })
  expect(await running.ended).toMatchObject({ code: 0 })
  await expectSame()
})

redisTest('a run beside a Redis that evicts keys ends with the right bytes, or says why it does not', async () => {
  const server = await ownRedis(['--maxmemory-policy', 'allkeys-lru'])
  const { running, resume, expectSame } = await begin(server)
  await server.with(async (client) => client.config('SET', 'maxmemory', String((await memoryOf(client)) + 20_000)))
  const { code, stderr } = await running.ended
  expect([0, 4], stderr).toContain(code)
  if (code === 4) expect(stderr).toMatch(/the queue cannot be used: .*noeviction.*\(E_QUEUE\)$/m)
  await server.with((client) => client.config('SET', 'maxmemory', '0'))
  const again = await resume()
  expect(again.code, again.stderr).toBe(0)
  await expectSame()
})

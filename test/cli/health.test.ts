/** What `noisemill work --health` tells container platforms, as Redis comes and goes. */

import { readFileSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import path from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { freePort } from '../../bench/harness/free-port.js'
import { temporaryFolder } from '../support/folders.js'
import { hasRedis, newQueue, ownRedis, type RedisServer, startWork } from '../support/redis.js'
import { until } from '../support/waiting.js'

function startWithHealth(server: RedisServer, where: string) {
  const folder = temporaryFolder()
  return startWork(server, newQueue(), ['--read', folder, '--write', folder, '--jobs', '1', '--health', where])
}

/** Resolves to the HTTP status, or to the code of the error if there is no answer. */
async function statusAt(host: string, port: number): Promise<number | string> {
  try {
    const response = await fetch(`http://${host}:${port}/`)
    expect(await response.json()).toEqual({ ready: response.status === 200 })
    return response.status
  } catch (error) {
    return ((error as Error).cause as NodeJS.ErrnoException | undefined)?.code ?? String(error)
  }
}

const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? [])
/** Addresses of this machine that others can reach, or at least other than the one that is listened on. */
const others = [
  ...addresses.filter(({ internal, family }) => !internal && family === 'IPv4').map(({ address }) => address),
  ...(process.platform === 'linux' ? ['127.0.0.2'] : []),
]
const hasIPv6 = addresses.some(({ address }) => address === '::1')

describe.skipIf(!hasRedis)('--health (needs redis-server)', () => {
  test('PORT answers 200 if Redis can be reached, and else 503, until the worker ends', async () => {
    const server = await ownRedis()
    await server.stop()
    const port = await freePort()
    const worker = startWithHealth(server, `${port}`)
    const isStatus = (status: number) => until(async () => (await statusAt('127.0.0.1', port)) === status, worker)
    await isStatus(503)
    await server.start()
    await isStatus(200)
    await server.stop('SIGKILL')
    await isStatus(503)
    await server.start()
    await isStatus(200)
    await worker.stop()
    expect(await worker.ended).toMatchObject({ code: 0 })
    expect(await statusAt('127.0.0.1', port)).toBe('ECONNREFUSED')
  })

  test.skipIf(others.length === 0)('PORT answers on the loopback alone (needs another address)', async () => {
    const port = await freePort()
    const worker = startWithHealth(await ownRedis(), `${port}`)
    await until(async () => (await statusAt('127.0.0.1', port)) === 200, worker)
    for (const host of others) expect([host, await statusAt(host, port)]).toEqual([host, 'ECONNREFUSED'])
  })

  test('HOST:PORT answers there', async () => {
    const port = await freePort()
    const worker = startWithHealth(await ownRedis(), `0.0.0.0:${port}`)
    for (const host of ['127.0.0.1', ...others]) await until(async () => (await statusAt(host, port)) === 200, worker)
  })

  test.skipIf(!hasIPv6).each(['[::1]', '::1'])('%s:PORT answers there (needs IPv6)', async (host) => {
    const port = await freePort()
    const worker = startWithHealth(await ownRedis(), `${host}:${port}`)
    await until(async () => (await statusAt('[::1]', port)) === 200, worker)
    expect(await statusAt('127.0.0.1', port)).toBe('ECONNREFUSED')
  })

  test('FILE is written again and again, but not while Redis is away or after the end', async () => {
    const server = await ownRedis()
    const file = path.join(temporaryFolder(), 'health')
    const worker = startWithHealth(server, file)
    const read = () => readFileSync(file, 'utf8')
    /** Whether it has another time after twice as long as it takes to write it again. */
    const isFresh = async () => {
      const before = read()
      await setTimeout(11_000)
      return read() !== before
    }
    await until(() => hasTime(file), worker)
    expect(await isFresh()).toBe(true)
    await server.stop('SIGKILL')
    // It may have been about to be written.
    await setTimeout(1000)
    expect(await isFresh()).toBe(false)
    await server.start()
    const old = read()
    await until(() => read() !== old, worker)
    await worker.stop()
    expect(await isFresh()).toBe(false)
  })
})

function hasTime(file: string): boolean {
  try {
    return !Number.isNaN(Date.parse(readFileSync(file, 'utf8').trim()))
  } catch {
    return false
  }
}

/** The lease of a message, with a real Redis: what it cancels, and when. */

import { Queue, Worker } from 'bullmq'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Lease } from '../../dist-lib/remote/lease.js'
import { hasRedis, newQueue, sharedRedis } from '../support/redis.js'
import { until } from '../support/waiting.js'

const TOKEN = 'token'
const MILLISECONDS = 2000

describe.skipIf(!hasRedis)('a lease (needs redis-server)', () => {
  const server = sharedRedis()

  /** Takes a message from a queue, whose lock in Redis lasts for an hour. */
  async function taken() {
    const settings = { connection: { host: '127.0.0.1', port: server.port }, prefix: 'noisemill' }
    const queue = new Queue(newQueue(), settings)
    const worker = new Worker(queue.name, null, { ...settings, lockDuration: 3_600_000, skipStalledCheck: true })
    onTestFinished(async () => {
      await worker.close(true)
      await queue.close()
    })
    await queue.add('chunk', {})
    const job = (await worker.getNextJob(TOKEN))!
    return { job, lock: `${queue.toKey(job.id!)}:lock` }
  }

  test('is renewed in Redis for its own time', async () => {
    const { job, lock } = await taken()
    const lease = new Lease(job, TOKEN, MILLISECONDS)
    await lease.begin()
    expect(lease.cancellation.isCancelled).toBe(false)
    const left = await server.with((client) => client.pttl(lock))
    expect(left).toBeGreaterThan(0)
    expect(left).toBeLessThanOrEqual(MILLISECONDS)
  })

  test('ends by itself if nobody renews it, and calls listeners when it is looked at', async () => {
    const { job } = await taken()
    const lease = new Lease(job, TOKEN, 20)
    await lease.begin()
    let called = false
    lease.cancellation.onCancel(() => {
      called = true
    })
    await until(() => lease.cancellation.isCancelled)
    expect(called).toBe(false)
    await lease.keep()
    expect(called).toBe(true)
  })

  test.each([
    ['has been lost', (lock: string) => server.with((client) => client.del(lock))],
    ['is that of another worker', (lock: string) => server.with((client) => client.set(lock, 'other'))],
  ])('whose lock %s cancels the work', async (_, change) => {
    const { job, lock } = await taken()
    const lease = new Lease(job, TOKEN, MILLISECONDS)
    await change(lock)
    await lease.begin().catch(() => {})
    expect(lease.cancellation.isCancelled).toBe(true)
  })

  test('that cannot be renewed at first cancels the work', async () => {
    const { job } = await taken()
    const lease = new Lease(job, TOKEN, MILLISECONDS)
    await server.with((client) => client.config('SET', 'maxmemory', '1'))
    await expect(lease.begin()).rejects.toThrow(/OOM/)
    await server.with((client) => client.config('SET', 'maxmemory', '0'))
    expect(lease.cancellation.isCancelled).toBe(true)
  })
})

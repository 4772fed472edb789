/**
 * Adds noise to the files of a folder by noisemill's API: on threads of this process, or through a
 * queue in Redis that worker processes of one job each take from.
 *
 *     node queue.js WORKERS ROOT OUT SIGMA JOBS
 *
 * ROOT has the folders `sounds`, whose files get noise, and `tiny`. With 0 WORKERS, JOBS native
 * threads do the work. It reports the time from the call to the last result. Before that, everything
 * is there and warm: Redis, the workers and their connections, the pool and its threads. Beside it,
 * it reports the CPU time of a file at each party, and what a message with one tiny file takes to go
 * to a worker and back (`trip`).
 */

import { readdirSync, statSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import type * as remote from '../../dist/bullmq.js'
import type { PoolOptions, RunReport } from '../../dist/index.js'
import { median } from '../harness/statistics.js'
import { loadNoisemill, sayReported } from './build.js'
import { KEY, QUEUE, type RedisServer, startRedis, startWorkers, threadCpu, type Workers } from './queue/processes.js'

const ROUND_TRIPS = 200

const [workerCount, root, out, sigma, jobs] = process.argv.slice(2)
const build = process.env.NOISEMILL_BENCH_BUILD!
const { addNoiseToFiles, noiseTask, Pool } = await loadNoisemill()

interface Queue {
  readonly redis: RedisServer
  readonly workers: Workers
}

async function openQueue(count: number): Promise<Queue> {
  const redis = await startRedis()
  return { redis, workers: await startWorkers(count, build, { read: root, write: out }, redis) }
}

async function poolOptions(queue: Queue | undefined): Promise<PoolOptions> {
  if (queue === undefined) return { backend: 'native', size: Number(jobs) }
  const { bullmq }: typeof remote = await import(pathToFileURL(path.join(build, 'dist/bullmq.js')).href)
  return { backend: bullmq({ redis: queue.redis.url, key: KEY, queue: QUEUE, read: root, write: out }) }
}

/** What everybody has used so far, in microseconds of CPU time. */
async function used(queue: Queue | undefined) {
  const { user, system } = process.cpuUsage()
  return {
    producer: user + system,
    producerThread: threadCpu(),
    workers: queue?.workers.cpu(),
    redis: queue && 1e6 * ((await queue.redis.info('used_cpu_user')) + (await queue.redis.info('used_cpu_sys'))),
  }
}

type Used = Awaited<ReturnType<typeof used>>

const NAMES = { producer: 'Producer', producerThread: 'ProducerThread', workers: 'Workers', redis: 'Redis' } as const

/** What one of `count` files or messages has used, as figures whose names begin with `prefix`. */
function each(prefix: 'file' | 'trip', from: Used, to: Used, count: number): Record<string, number> {
  const names = Object.keys(NAMES) as (keyof typeof NAMES)[]
  const known = names.flatMap((name) => {
    const [a, b] = [from[name], to[name]]
    return a === undefined || b === undefined ? [] : [[`${prefix}${NAMES[name]}Us`, (b - a) / count]]
  })
  return Object.fromEntries(known)
}

const queue = workerCount === '0' ? undefined : await openQueue(Number(workerCount))
const pool = new Pool(await poolOptions(queue))
const dry = noiseTask({ out, root, sigma: Number(sigma), dryRun: true })
const tiny = readdirSync(path.join(root, 'tiny')).map((name) => path.join(root, 'tiny', name))
await pool.map(dry, tiny, { chunkSize: 1 })

const sounds = path.join(root, 'sounds')
const [sound] = (readdirSync(sounds, { recursive: true }) as string[]).filter((name) => name.endsWith('.wav'))
const fileBytes = statSync(path.join(sounds, sound)).size

let report: RunReport | undefined
let files = 0
const onReport = (made: RunReport) => {
  report = made
}
const before = await used(queue)
const began = performance.now()
const options = { out, sigma: Number(sigma), pool, onReport }
for await (const { error } of addNoiseToFiles(sounds, options)) {
  if (error) throw error
  files++
}
const seconds = (performance.now() - began) / 1000
const after = await used(queue)

const trips: number[] = []
for (let i = 0; i < ROUND_TRIPS; i++) {
  const sent = performance.now()
  await pool.map(dry, tiny.slice(0, 1))
  trips.push(performance.now() - sent)
}
const last = await used(queue)
const peak = await queue?.redis.info('used_memory_peak')
await pool.terminate()
await queue?.workers.stop()
await queue?.redis.stop()

sayReported({
  value: seconds,
  figures: {
    filesPerSecond: files / seconds,
    ...(report && { messages: report.chunks.sent }),
    ...each('file', before, after, files),
    fileBytes,
    tripMs: median(trips),
    ...each('trip', after, last, ROUND_TRIPS),
    ...(peak !== undefined && { redisMegabytes: peak / 1e6 }),
  },
})

/** A Redis server and workers for `queue.ts`: real processes, which end with the program. */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { Redis } from 'ioredis'
import { freePort } from '../../harness/free-port.js'

export const QUEUE = 'bench'
export const KEY = 'a key of the benchmark that is long enough'

/** Longest time that Redis, or the workers together, take to be there. */
const START_MILLISECONDS = 60_000

/** Resolves when `isTrue` does to true. */
async function until(isTrue: () => Promise<boolean>, what: string): Promise<void> {
  const began = performance.now()
  while (!(await isTrue())) {
    if (performance.now() - began > START_MILLISECONDS) throw new Error(`waited too long for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

export interface RedisServer {
  readonly url: string
  readonly client: Redis
  /** A figure of its INFO command. */
  info(name: string): Promise<number>
  stop(): Promise<void>
}

/** Starts a server without files on a free port of the loopback. */
export async function startRedis(): Promise<RedisServer> {
  const port = await freePort()
  const flags = ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--maxmemory-policy', 'noeviction']
  const child = spawn('redis-server', flags, { stdio: 'ignore' })
  const url = `redis://127.0.0.1:${port}`
  const client = new Redis(url, { retryStrategy: () => 50, maxRetriesPerRequest: null })
  client.on('error', () => {})
  await Promise.race([client.ping(), ended(child, 'redis-server')])
  return {
    url,
    client,
    async info(name) {
      const text = await client.info()
      return Number(new RegExp(`^${name}:(.*)$`, 'm').exec(text)?.[1])
    },
    async stop() {
      client.disconnect()
      await stop(child)
    },
  }
}

export interface Workers {
  /** CPU time of all of them so far in microseconds; undefined if the system does not tell. */
  cpu(): number | undefined
  stop(): Promise<void>
}

/** Starts worker processes of one job each. Resolves when all of them wait for messages. */
export async function startWorkers(
  count: number,
  build: string,
  folders: { readonly read: string; readonly write: string },
  redis: RedisServer,
): Promise<Workers> {
  const args = [
    ...[path.join(build, 'dist/cli/bin.cjs'), 'work', '--jobs', '1', '--queue', QUEUE, '--quiet'],
    ...['--read', folders.read, '--write', folders.write],
  ]
  const env = { ...process.env, NOISEMILL_REDIS: redis.url, NOISEMILL_QUEUE_KEY: KEY }
  const children = Array.from({ length: count }, () =>
    spawn(process.execPath, args, { env, stdio: ['ignore', 'ignore', 'inherit'] }),
  )
  const waiting = until(async () => (await redis.info('blocked_clients')) >= count, 'the workers')
  await Promise.race([waiting, ...children.map((child) => ended(child, 'a worker'))])
  return {
    cpu() {
      const times = children.map(({ pid }) => cpuOf(pid!))
      return times.reduce((sum, time) => (sum === undefined || time === undefined ? undefined : sum + time), 0)
    },
    stop: async () => void (await Promise.all(children.map(stop))),
  }
}

/** Rejects if a process ends by itself. */
async function ended(child: ChildProcess, name: string): Promise<never> {
  const [code] = await once(child, 'exit')
  throw new Error(`${name} ended with ${code}`)
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  await ended
}

/** Microseconds of a tick, in which Linux counts CPU time for programs. */
const TICK = 10_000

/** CPU time of a process in microseconds (https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html). */
function cpuOf(pid: number): number | undefined {
  const fields = readProc(`${pid}/stat`)
    ?.replace(/^.*\) /s, '')
    .split(' ')
  return fields && (Number(fields[11]) + Number(fields[12])) * TICK
}

/** CPU time of the JS thread of this process in microseconds; undefined if the system does not tell. */
export function threadCpu(): number | undefined {
  const text = readProc(`self/task/${process.pid}/schedstat`)
  return text === undefined ? undefined : Number(text.split(' ')[0]) / 1000
}

function readProc(file: string): string | undefined {
  try {
    return readFileSync(`/proc/${file}`, 'utf8')
  } catch {
    return undefined
  }
}

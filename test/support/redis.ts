/** A Redis server on a free port of the loopback, and workers that take jobs from it. */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, onTestFinished, test } from 'vitest'
import { freePort } from '../../bench/harness/free-port.js'
import { newFolder, removeFolder } from './folders.js'
import { type Running, startNoisemill } from './programs.js'

export const hasRedis = spawnSync('redis-server', ['--version']).status === 0

/** A test that needs Redis, as its title says. It is skipped if redis-server is missing. */
export const redisTest = (title: string, body: () => Promise<void>): void =>
  test.skipIf(!hasRedis)(`${title} (needs redis-server)`, body)

export const KEY = 'a key of the tests that is long enough'

/** A server without files, unless it is told otherwise. */
export class RedisServer {
  #child: ChildProcess | undefined
  port = 0
  readonly #folder = newFolder()

  constructor(readonly flags: readonly string[] = []) {}

  /** Whether it accepts TLS alone. */
  get #isTls(): boolean {
    return this.flags.includes('--tls-cert-file')
  }

  get url(): string {
    return this.urlWith('')
  }

  /** @param userinfo such as ':PASSWORD@' */
  urlWith(userinfo: string): string {
    return `${this.#isTls ? 'rediss' : 'redis'}://${userinfo}127.0.0.1:${this.port}`
  }

  /** Starts it, on the port that it had before. */
  async start(): Promise<void> {
    if (this.port === 0) this.port = await freePort()
    const ports = this.#isTls ? ['--port', '0', '--tls-port', `${this.port}`] : ['--port', `${this.port}`]
    const flags = [...ports, '--bind', '127.0.0.1', '--dir', this.#folder, '--save', '', ...this.flags]
    const child = spawn('redis-server', flags, { stdio: ['ignore', 'pipe', 'inherit'] })
    this.#child = child
    let log = ''
    for await (const text of child.stdout!) {
      log += text
      if (log.includes('Ready to accept connections')) break
    }
    child.stdout!.resume()
    if (child.exitCode !== null) throw new Error(log)
  }

  /** Stops it where it is, with its connections. `thaw` lets it go on. */
  freeze(): void {
    this.#child?.kill('SIGSTOP')
  }

  thaw(): void {
    this.#child?.kill('SIGCONT')
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const child = this.#child
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill(signal)
    await ended
  }

  /** Calls a function with a client of its own. */
  async with<Result>(use: (client: Redis) => Promise<Result>): Promise<Result> {
    const client = new Redis(this.url)
    try {
      return await use(client)
    } finally {
      client.disconnect()
    }
  }

  remove(): void {
    removeFolder(this.#folder)
  }
}

/** A server for all tests of the file or `describe` that calls this. */
export function sharedRedis(flags: readonly string[] = []): RedisServer {
  const server = new RedisServer(flags)
  beforeAll(() => (hasRedis ? server.start() : undefined))
  afterAll(async () => {
    await server.stop('SIGKILL')
    server.remove()
  })
  return server
}

/** A server that ends with the running test. */
export async function ownRedis(flags: readonly string[] = []): Promise<RedisServer> {
  const server = new RedisServer(flags)
  onTestFinished(async () => {
    await server.stop('SIGKILL')
    server.remove()
  })
  await server.start()
  return server
}

let queues = 0
/** Returns a name that no other queue of the file has. */
export const newQueue = (): string => `queue-${queues++}`

/** Starts a worker process, which is killed when the running test ends. */
export function startWork(
  server: RedisServer,
  queue: string,
  args: readonly string[],
): Running & { stop(): Promise<void> } {
  const running = startNoisemill(['work', '--queue', queue, ...args], {
    env: { NOISEMILL_REDIS: server.url, NOISEMILL_QUEUE_KEY: KEY },
  })
  // It rejects if the process is killed.
  running.ended.catch(() => {})
  onTestFinished(() => void running.child.kill('SIGKILL'))
  return {
    ...running,
    async stop() {
      running.child.kill('SIGTERM')
      await running.ended
    },
  }
}

/** The connection to Redis: its address, and errors without secrets. */

import { isIP } from 'node:net'
import { checkKeys } from '../checks.js'
import { invalidOption, NoisemillError } from '../errors.js'
import { showText } from '../show.js'
import { loadPackages, type Redis, type RedisOptions } from './packages.js'
import { type KeyOptions, readFile } from './signature.js'

/**
 * Where a queue is, and the key that its messages are signed with.
 *
 * @example
 * import { bullmq, type QueueOptions } from 'noisemill/bullmq'
 *
 * const queue: QueueOptions = { queue: 'speech', redis: 'redis://127.0.0.1:6379', key: 'a key of 16 bytes or more' }
 * console.log(bullmq(queue).name) // -> bullmq
 */
export interface QueueOptions {
  /** Name of the queue, of letters, digits, '-', '_' and '.'; 'noisemill' by default. */
  readonly queue?: string
  /**
   * URL of Redis: redis://USER:PASSWORD@HOST:PORT/DATABASE, or rediss:// for TLS, which is verified.
   * By default that of `redisFile`, or of the environment variable NOISEMILL_REDIS.
   */
  readonly redis?: string
  /** File that has the URL. Other users of the machine see neither the URL nor its password. */
  readonly redisFile?: string | URL
  /** File with the certificates of authorities (PEM) that are trusted instead of the public ones. */
  readonly redisCa?: string | URL
  /**
   * Key of 16 bytes or more that the producer and all workers share. By default that of `keyFile`,
   * or of the environment variable NOISEMILL_QUEUE_KEY.
   */
  readonly key?: string | Uint8Array
  /** File that has the key. A line end after it does not belong to it. */
  readonly keyFile?: string | URL
}

const QUEUE_OPTIONS: readonly string[] = ['queue', 'redis', 'redisFile', 'redisCa', 'key', 'keyFile'] satisfies (
  | keyof QueueOptions
  | keyof KeyOptions
)[]

/** Keys of all queues in Redis begin with it. */
export const PREFIX = 'noisemill'

/** A checked address. */
export interface Address {
  readonly queue: string
  readonly options: Pick<RedisOptions, 'host' | 'port' | 'db' | 'username' | 'password' | 'tls'>
  /** The address for people, without user and password. */
  readonly shown: string
  /** Texts that no message may have. */
  readonly secrets: readonly string[]
}

const EXPECTED = 'redis://HOST:PORT, or rediss://HOST:PORT for TLS'

/** Reads an address. Throws E_OPTION_INVALID or E_OPTION_UNKNOWN, without the URL's user and password. */
export function readAddress(options: QueueOptions, known: readonly string[]): Address {
  checkKeys(options, [...QUEUE_OPTIONS, ...known])
  const { queue = 'noisemill', redis, redisFile, redisCa } = options
  if (typeof queue !== 'string' || !/^[\w.-]{1,100}$/.test(queue))
    throw invalidOption('queue', "up to 100 letters, digits, '-', '_' and '.'", queue)
  if (redis !== undefined && redisFile !== undefined)
    throw new NoisemillError('E_OPTION_INVALID', { option: 'redisFile', received: '`redis` is given too' })
  const ca = redisCa === undefined ? undefined : readFile('redisCa', redisCa)
  const address = (option: string, text: string) => ({ queue, ...addressOf(option, text, ca) })
  if (redisFile !== undefined) return address('redisFile', readFile('redisFile', redisFile).toString('utf8').trim())
  if (redis !== undefined) return address('redis', redis)
  const variable = process.env.NOISEMILL_REDIS
  if (variable !== undefined && variable !== '') return address('NOISEMILL_REDIS', variable)
  throw new NoisemillError('E_OPTION_INVALID', { option: 'redis', expected: EXPECTED, received: 'none' })
}

function addressOf(option: string, text: unknown, ca: Buffer | undefined): Omit<Address, 'queue'> {
  const url = typeof text === 'string' && URL.canParse(text) ? new URL(text) : undefined
  const refuse = (received: string) => new NoisemillError('E_OPTION_INVALID', { option, expected: EXPECTED, received })
  if (url === undefined) throw refuse('something that is no URL')
  const { protocol, hostname, port, username, password, pathname } = url
  const isTls = protocol === 'rediss:'
  if (!isTls && protocol !== 'redis:') throw refuse('a URL of another kind')
  const database = /^\/?(\d{0,4})$/.exec(pathname)?.[1]
  if (hostname === '' || database === undefined) throw refuse('a URL without a host, or with a path that is no number')
  if (ca !== undefined && !isTls)
    throw new NoisemillError('E_OPTION_INVALID', {
      option: 'redisCa',
      received: 'the URL is not one of TLS (rediss://)',
    })
  const host = hostname.replace(/^\[(.*)\]$/, '$1')
  const [user, secret] = [username, password].map(decoded)
  return {
    options: {
      host,
      port: port === '' ? 6379 : Number(port),
      db: Number(database),
      ...(user !== '' && { username: user }),
      ...(secret !== '' && { password: secret }),
      // NODE_TLS_REJECT_UNAUTHORIZED must not switch the check off.
      // An address is no name of a server (RFC 6066). It is compared with the certificate anyway.
      ...(isTls && {
        tls: { rejectUnauthorized: true, ...(isIP(host) === 0 && { servername: host }), ...(ca && { ca }) },
      }),
    },
    shown: `${protocol}//${hostname}:${port === '' ? 6379 : port}/${database}`,
    secrets: [password, secret, url.href].filter((text) => text !== ''),
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** Faults that do not pass: the server refuses the client, or is not the one that it should be. */
const LASTING =
  /\b(WRONGPASS|NOAUTH|NOPERM|ERR AUTH|ERR invalid password|ERR Client sent AUTH)\b|certificate|self.signed/i

const RETRY_MILLISECONDS = 1000

/** A connection, with what was wrong with it last. */
export class Connection {
  readonly client: Redis
  /** Those that BullMQ makes for commands that wait. */
  readonly #copies: Redis[] = []
  #fault: string | undefined

  constructor(readonly address: Address) {
    const { Redis } = loadPackages()
    this.client = new Redis({
      ...address.options,
      // BullMQ asks for this: its commands wait until Redis is there again.
      maxRetriesPerRequest: null,
      retryStrategy: () => RETRY_MILLISECONDS,
      connectTimeout: 10_000,
      keepAlive: 10_000,
    })
    const duplicate = this.client.duplicate.bind(this.client)
    this.client.duplicate = (override) => {
      const copy = duplicate(override)
      this.#listen(copy)
      this.#copies.push(copy)
      return copy
    }
    this.#listen(this.client)
    this.client.on('ready', () => {
      this.#fault = undefined
    })
  }

  /** BullMQ no longer listens when it has been closed. */
  #listen(client: Redis): void {
    client.on('error', (error: unknown) => {
      this.note(error)
      // ioredis listens for one error of a socket only. A second one, which TLS can have, would end the process.
      client.stream?.on('error', () => {})
    })
  }

  note(error: unknown): void {
    this.#fault = this.textOf(error)
  }

  /** What was wrong last, in words without secrets; undefined if nothing is. */
  get fault(): string | undefined {
    return this.#fault
  }

  /** Whether it is of no use to wait. */
  get isRefused(): boolean {
    return this.#fault !== undefined && LASTING.test(this.#fault)
  }

  /** Returns the message of an error. The error itself may have a command with the password. */
  textOf(error: unknown): string {
    const { message, code } = Object(error) as NodeJS.ErrnoException
    let text = String(message || code || error)
    for (const secret of this.address.secrets) text = text.replaceAll(secret, '***')
    return showText(text.slice(0, 300))
  }

  /** Closes all connections without waiting for commands. BullMQ would wait for a Redis that is gone. */
  close(): void {
    for (const client of [this.client, ...this.#copies]) client.disconnect()
  }
}

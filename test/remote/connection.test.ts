/** Addresses and keys of queues, and what messages about them say. */

import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import path from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { bullmq, startWorker } from '../../dist/bullmq.js'
import { NoisemillError, Pool } from '../../dist/index.js'
import { readAddress } from '../../dist-lib/remote/connection.js'
import { readKey } from '../../dist-lib/remote/signature.js'
import { temporaryFolder } from '../support/folders.js'
import { noisemill } from '../support/programs.js'
import { KEY } from '../support/redis.js'

const SECRET = 'p%40ss-word'

function fileWith(text: string): string {
  const file = path.join(temporaryFolder(), 'file')
  writeFileSync(file, text)
  return file
}

function setVariable(name: string, value: string): void {
  const before = process.env[name]
  process.env[name] = value
  onTestFinished(() => {
    if (before === undefined) delete process.env[name]
    else process.env[name] = before
  })
}

test('an address comes from the option, a file or the environment', () => {
  const expected = { host: 'h', port: 7, db: 2, username: 'me', password: 'p@ss-word' }
  const url = `redis://me:${SECRET}@h:7/2`
  setVariable('NOISEMILL_REDIS', url)
  for (const options of [{ redis: url }, { redisFile: fileWith(`${url}\n`) }, {}]) {
    const address = readAddress(options, [])
    expect(address.options).toEqual(expected)
    expect(address.shown).toBe('redis://h:7/2')
  }
})

test('TLS is verified, whatever the environment says', () => {
  const { options } = readAddress({ redis: 'rediss://h', redisCa: fileWith('a certificate') }, [])
  expect(options).toMatchObject({
    port: 6379,
    tls: { rejectUnauthorized: true, servername: 'h', ca: Buffer.from('a certificate') },
  })
})

test.each([
  [{ redis: `http://me:${SECRET}@h` }],
  [{ redis: `redis://me:${SECRET}@h/path` }],
  [{ redis: `me:${SECRET}@h` }],
  [{ redis: `redis://me:${SECRET}@` }],
  [{ redis: `redis://me:${SECRET}@h`, redisCa: import.meta.filename }],
  [{ redisFile: 'missing' }],
  [{ queue: 'a:b', redis: 'redis://h' }],
  [{}],
])('an address that is none is refused, without its password: %j', (options) => {
  const error = thrownBy(() => readAddress(options, []))
  expect(error.code).toBe('E_OPTION_INVALID')
  expect(error.message).not.toMatch(/ss-word/)
})

test.each([[{}], [{ key: 'short' }], [{ key: 5 as never }], [{ keyFile: 'missing' }], [{ key: KEY, keyFile: 'x' }]])(
  'a key that is none is refused, without the key: %j',
  (options) => {
    const error = thrownBy(() => readKey(options, 'queue'))
    expect(error.code).toBe('E_OPTION_INVALID')
    expect(error.message).not.toContain('short')
  },
)

test('a key comes from the option, a file or the environment', () => {
  setVariable('NOISEMILL_QUEUE_KEY', KEY)
  const signed = readKey({}, 'queue').sign('job', 'text')
  for (const options of [{ key: KEY }, { key: Buffer.from(KEY) }, { keyFile: fileWith(`${KEY}\r\n`) }])
    expect(readKey(options, 'queue').open('job', signed)).toBe('text')
})

function thrownBy(action: () => unknown): NoisemillError {
  try {
    action()
  } catch (error) {
    expect(error).toBeInstanceOf(NoisemillError)
    return error as NoisemillError
  }
  throw new Error('it did not throw')
}

test('unknown options are refused', async () => {
  expect(thrownBy(() => bullmq({ url: 'x' } as never))).toMatchObject({ code: 'E_OPTION_UNKNOWN', option: 'url' })
  const options = { redis: 'redis://h', key: KEY, reed: 'x' } as never
  await expect(startWorker(options)).rejects.toMatchObject({ code: 'E_OPTION_UNKNOWN', option: 'reed' })
})

test('a module of tasks in the folder for outputs is refused', async () => {
  const write = temporaryFolder()
  const tasks = path.join(write, 'tasks.mjs')
  writeFileSync(tasks, 'export const f = () => 1')
  const options = { redis: 'redis://h', key: KEY, read: write, write, tasks }
  await expect(startWorker(options)).rejects.toMatchObject({ code: 'E_OPTION_INVALID', option: 'tasks' })
})

test('items fail with E_QUEUE if Redis cannot be reached in time, and no message has the password', async () => {
  const notices: string[] = []
  const backend = bullmq({
    redis: `redis://me:${SECRET}@127.0.0.1:1`,
    ...{ key: KEY, read: '.', write: 'out', patience: 1500, onNotice: (text: string) => notices.push(text) },
  })
  const pool = new Pool({ backend })
  const { noiseTask } = await import('../../dist/index.js')
  const [{ error }] = await pool.map(noiseTask({ out: 'out', snr: 10 }), ['a.wav'])
  await pool.close()
  expect(error).toMatchObject({ code: 'E_QUEUE' })
  expect(error!.message).toMatch(/redis:\/\/127\.0\.0\.1:1\/ could not be used for 1\.50 s: connect ECONNREFUSED/)
  expect([error!.message, ...notices].join()).not.toMatch(/ss-word/)
})

test('the command refuses a password that others could see', async () => {
  const args = ['add', 'speech', '--out', 'noisy', '--snr', '10', '--queue', 'q', '--redis', `redis://me:${SECRET}@h`]
  const { code, stderr } = await noisemill(args)
  expect(code).toBe(2)
  expect(stderr).toMatch(/--redis: invalid option: expected a URL without a password/)
  expect(stderr).not.toMatch(/ss-word/)
})

/** Nothing listens on this port. */
const NOWHERE = 'redis://127.0.0.1:1'

describe('the command work ends with 2', () => {
  const work = (args: readonly string[], env = {}) =>
    noisemill(['work', '--read', '.', '--write', '.', '--redis', NOWHERE, ...args], {
      cwd: temporaryFolder(),
      env: { NOISEMILL_QUEUE_KEY: KEY, ...env },
    })

  test('without a key', async () => {
    const { code, stderr } = await work([], { NOISEMILL_QUEUE_KEY: '' })
    expect(code).toBe(2)
    expect(stderr).toMatch(/NOISEMILL_QUEUE_KEY/)
  })

  test('if the file of --health is another file, which it leaves as it is', async () => {
    const file = fileWith('notes')
    const { code, stderr } = await work(['--health', file])
    expect(code).toBe(2)
    expect(stderr).toMatch(/--health: .*a new file, or one of an earlier worker/)
    expect(readFileSync(file, 'utf8')).toBe('notes')
  })

  test('if the file of --health cannot be written', async () => {
    const { code, stderr } = await work(['--health', path.join('missing', 'file')])
    expect(code).toBe(2)
    expect(stderr).toMatch(/--health: .*a file that can be written.*ENOENT/)
  })

  test('if the port of --health is taken', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    onTestFinished(() => void server.close())
    await once(server, 'listening')
    const { code, stderr } = await work(['--health', String((server.address() as { port: number }).port)])
    expect(code).toBe(2)
    expect(stderr).toMatch(/--health: .*a free port.*EADDRINUSE/)
  })
})

/** Redis by TLS, with certificates of an authority of one's own: what is accepted, and what is refused. */

import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { type Certificate, hasOpenssl, makeAuthority, makeCertificate } from '../support/certificates.js'
import { writeFiles } from '../support/files.js'
import { filesBelow, hashesBelow, sharedFolder, temporaryFolder } from '../support/folders.js'
import { noisemill, startNoisemill } from '../support/programs.js'
import { hasRedis, KEY, newQueue, RedisServer } from '../support/redis.js'
import { until } from '../support/waiting.js'
import { pcm16 } from '../support/wav.js'

const PASSWORD = 'the-password'
const settings = ['--snr', '10', '--quiet']

describe.skipIf(!hasRedis || !hasOpenssl)('Redis by TLS (needs redis-server and openssl)', () => {
  const folder = sharedFolder()
  const servers: RedisServer[] = []
  let authority: Certificate
  let stranger: Certificate

  /** Starts a server with a certificate of the authority. */
  async function start(name: string, hosts: string, days?: number): Promise<RedisServer> {
    const { certificate, key } = makeCertificate(folder, name, authority, hosts, days)
    const files = ['--tls-cert-file', certificate, '--tls-key-file', key, '--tls-ca-cert-file', authority.certificate]
    const server = new RedisServer([...files, '--tls-auth-clients', 'no', '--requirepass', PASSWORD])
    servers.push(server)
    await server.start()
    return server
  }

  let good: RedisServer
  let elsewhere: RedisServer
  let expired: RedisServer
  beforeAll(async () => {
    authority = makeAuthority(folder, 'authority')
    stranger = makeAuthority(folder, 'stranger')
    good = await start('good', 'IP:127.0.0.1,DNS:localhost')
    elsewhere = await start('elsewhere', 'DNS:redis.example')
    expired = await start('expired', 'IP:127.0.0.1', -1)
  })
  afterAll(async () => {
    for (const server of servers) {
      await server.stop('SIGKILL')
      server.remove()
    }
  })

  const environment = (url: string, more = {}) => ({
    env: { NOISEMILL_REDIS: url, NOISEMILL_QUEUE_KEY: KEY, ...more },
  })

  function folders() {
    const place = temporaryFolder()
    const [read, write, local] = ['speech', 'noisy', 'local'].map((name) => path.join(place, name))
    writeFiles(read, Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`${i}.wav`, pcm16(300 + i)])))
    mkdirSync(write)
    return { read, write, local }
  }

  /** No output of a process may have the password or the key. */
  const expectNoSecret = (text: string) => {
    expect(text).not.toContain(PASSWORD)
    expect(text).not.toContain(KEY)
  }

  test.each(['127.0.0.1', 'localhost'])('is used by the name %s, with --redis-ca', async (host) => {
    const { read, write, local } = folders()
    const more = ['--queue', newQueue(), '--redis-ca', authority.certificate]
    const url = good.urlWith(`:${PASSWORD}@`).replace('127.0.0.1', host)
    const worker = startNoisemill(['work', '--read', read, '--write', write, ...more], environment(url))
    worker.ended.catch(() => {})
    onTestFinished(() => void worker.child.kill('SIGKILL'))
    const ended = await noisemill(['add', read, '--out', write, ...settings, ...more], environment(url))
    expect(ended).toMatchObject({ code: 0, stdout: '' })
    expectNoSecret(ended.stderr)
    worker.child.kill('SIGTERM')
    const { code, stdout, stderr } = await worker.ended
    expect(code, stderr).toBe(0)
    expectNoSecret(stdout + stderr)
    await noisemill(['add', read, '--out', local, ...settings])
    expect(hashesBelow(write)).toEqual(hashesBelow(local))
  })

  const faults = [
    ['of an authority that is not trusted', () => good, () => [], /self.signed certificate/],
    ['of another authority', () => good, () => ['--redis-ca', stranger.certificate], /certificate/],
    ['for another host', () => elsewhere, () => ['--redis-ca', authority.certificate], /does not match certificate/],
    ['that has expired', () => expired, () => ['--redis-ca', authority.certificate], /certificate has expired/],
  ] as const
  const variables = [{}, { NODE_TLS_REJECT_UNAUTHORIZED: '0' }]
  test.each(faults)('is refused with a certificate %s, whatever the environment says', async (...fault) => {
    const [, serverOf, flagsOf, reason] = fault
    const { read, write } = folders()
    const url = serverOf().urlWith(`:${PASSWORD}@`)
    const more = ['--queue', newQueue(), ...flagsOf()]
    const add = async (variable: object) => {
      const args = ['add', read, '--out', write, ...settings, ...more]
      const { code, stdout, stderr } = await noisemill(args, environment(url, variable))
      expect([code, stdout]).toEqual([4, ''])
      // It does not say how long it waited, because it does not wait.
      expect(stderr).toMatch(/Redis at rediss:\/\/127\.0\.0\.1:\d+\/ could not be used: .*\(E_QUEUE\)$/m)
      expect(stderr).toMatch(reason)
      expectNoSecret(stderr)
    }
    const work = async (variable: object) => {
      const worker = startNoisemill(['work', '--read', read, '--write', write, ...more], environment(url, variable))
      worker.ended.catch(() => {})
      onTestFinished(() => void worker.child.kill('SIGKILL'))
      const told = { stdout: '', stderr: '' }
      for (const stream of ['stdout', 'stderr'] as const)
        worker.child[stream].on('data', (text: string) => {
          told[stream] += text
        })
      // It waits for another certificate.
      await until(() => told.stderr.includes('the worker waits for it'), worker)
      expect(told.stderr).toMatch(reason)
      expectNoSecret(told.stdout + told.stderr)
    }
    await Promise.all(variables.flatMap((variable) => [add(variable), work(variable)]))
    expect(filesBelow(write)).toEqual([])
  })
})

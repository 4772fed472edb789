/**
 * Asks a server for answers at a fixed rate, whether earlier ones have come or not, while the server
 * also runs batches. A latency is the time from when a request was due, so that waiting is not
 * hidden where an answer is late.
 *
 *     node js-thread.js WAY FROM TO SECONDS
 *
 * WAY is one of js-thread-ways.ts, `nothing`, or `busy`, where other processes use all cores.
 */

import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import http from 'node:http'
import { fileURLToPath } from 'node:url'
import { usableCpus } from '../../dist-lib/cpus.js'
import { countsOf, edges, percentile } from '../harness/latencies.js'
import { sayReported } from './build.js'
import type { ClientMessage, ServerMessage } from './js-thread-server.js'

/** Requests a second. */
const RATE = 500
/**
 * Connections that are made before, and kept. Node 20 accepts one new connection in a turn of the event loop,
 * so with long turns, clients would mostly wait for that.
 */
const CONNECTIONS = RATE

const [way, root, out, seconds] = process.argv.slice(2)
const agent = new http.Agent({ keepAlive: true, maxFreeSockets: CONNECTIONS })

/** Resolves when the answer has come. */
function ask(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = http.get({ port, host: '127.0.0.1', agent }, (response) => {
      response.resume()
      response.on('end', resolve)
      response.on('error', reject)
    })
    request.on('error', reject)
  })
}

interface Measured {
  /** In milliseconds, one for each request. */
  readonly latencies: number[]
  /** How long after it was due each request was sent, in milliseconds: the part of the latency that is the client's. */
  readonly delays: number[]
  /** Answers that came before the time was over. */
  readonly served: number
}

async function measure(port: number, count: number): Promise<Measured> {
  const latencies: number[] = []
  const delays: number[] = []
  const asked: Promise<void>[] = []
  const first = performance.now()
  const end = first + (1000 * count) / RATE
  const dueOf = (i: number) => first + (1000 * i) / RATE
  let served = 0
  const send = async (due: number) => {
    delays.push(performance.now() - due)
    await ask(port)
    const now = performance.now()
    latencies.push(now - due)
    if (now <= end) served++
  }
  await new Promise<void>((resolve) => {
    const sendDue = () => {
      while (asked.length < count && dueOf(asked.length) <= performance.now()) asked.push(send(dueOf(asked.length)))
      if (asked.length === count) resolve()
      else setTimeout(sendDue, dueOf(asked.length) - performance.now())
    }
    sendDue()
  })
  await Promise.all(asked)
  return { latencies, delays, served }
}

/** Uses a core until the parent has ended, however it did. */
const SPIN = `
const { ppid } = process
while (process.ppid === ppid) for (const until = performance.now() + 10; performance.now() < until; );
`

/** Processes that use all cores. */
const startBusy = (): ChildProcess[] =>
  Array.from({ length: usableCpus() }, () => spawn(process.execPath, ['-e', SPIN], { stdio: 'ignore' }))

const server = fork(fileURLToPath(new URL('./js-thread-server.js', import.meta.url)), [way, root, out])
server.once('exit', (code) => {
  if (code !== 0) process.exit(code ?? 1)
})
const say = (message: ClientMessage) => server.send(message)
const hear = async () => (await once(server, 'message'))[0] as ServerMessage

const { port } = (await hear()) as { port: number }
await Promise.all(Array.from({ length: CONNECTIONS }, () => ask(port)))
const busy = way === 'busy' ? startBusy() : []
try {
  const warm = hear()
  say('begin')
  await warm
  const count = Math.round(Number(seconds) * RATE)
  const { latencies, delays, served } = await measure(port, count)
  const ended = hear()
  say('stop')
  const { filesPerSecond } = (await ended) as { filesPerSecond: number }
  agent.destroy()
  const p99 = percentile(latencies, 0.99)
  sayReported({
    value: p99,
    figures: {
      edges,
      counts: countsOf(latencies),
      sent: count,
      served,
      p50: percentile(latencies, 0.5),
      p99,
      max: Math.max(...latencies),
      delayP50: percentile(delays, 0.5),
      delayP99: percentile(delays, 0.99),
      filesPerSecond,
    },
  })
} finally {
  for (const child of busy) child.kill()
}

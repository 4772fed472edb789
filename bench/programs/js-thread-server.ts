/**
 * An HTTP server that runs batches in the same process, for `js-thread.ts`, which starts it with a
 * channel for messages. It says its port, begins when it is told so, says when the first file is
 * done, and when it is told to stop, it ends the batch and says how many files a second it made.
 *
 *     js-thread-server.js WAY FROM TO
 */

import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type OpenWay, ways } from './js-thread-ways.js'

/** What the server tells its client, in this order. */
export type ServerMessage = { readonly port: number } | 'warm' | { readonly filesPerSecond: number }
/** What the client tells the server, in this order. */
export type ClientMessage = 'begin' | 'stop'

/** Connections that may wait while the thread is busy. */
const BACKLOG = 4096

const [way, root, out] = process.argv.slice(2)
// Nobody waits any more if the client has ended, however it did.
process.on('disconnect', () => process.exit(1))
const say = (message: ServerMessage) => process.send!(message)

const server = createServer((_, response) => response.end('{"answer":42}'))
// Longer than a trial: connections that are not used at the moment stay.
server.keepAliveTimeout = 60_000
server.listen({ port: 0, host: '127.0.0.1', backlog: BACKLOG })
await once(server, 'listening')
const begun = once(process, 'message')
say({ port: (server.address() as AddressInfo).port })
await begun
let isWanted = true
process.once('message', () => {
  isWanted = false
})
const open = ways[way]
if (open === undefined) {
  say('warm')
  await once(process, 'message')
  say({ filesPerSecond: 0 })
} else await runBatches(await open({ root, out }))
server.close()
server.closeAllConnections()
process.removeAllListeners('disconnect')
process.disconnect()

async function runBatches({ run, close }: OpenWay): Promise<void> {
  const names = (readdirSync(root, { recursive: true }) as string[]).filter((name) => name.endsWith('.wav')).sort()
  let files = -1
  let started = 0
  const finished = () => {
    files++
    if (files > 0) return
    started = performance.now()
    say('warm')
  }
  do await run(names, finished)
  while (isWanted)
  say({ filesPerSecond: (1000 * files) / (performance.now() - started) })
  await close()
}

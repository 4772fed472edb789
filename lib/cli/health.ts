/** Says whether a worker takes jobs, for container platforms: over HTTP, or by a file that stays fresh. */

import { accessSync, constants, existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { invalidOption, isNoisemillError, NoisemillError } from '../errors.js'

const FILE_MILLISECONDS = 5000
/** How often it is seen whether the worker is ready. */
const LOOK_MILLISECONDS = 500
/** A port, after a host or alone. An IPv6 address may have brackets around it, as in URLs. */
const PORT = /^(?:(?:\[(.+)\]|(.+)):)?(\d{1,5})$/
const LOOPBACK = '127.0.0.1'
/** What a file of an earlier worker has. */
const TIME = /^\d{4}-\d{2}-\d{2}T[\d:.]{12}Z\n$/

/**
 * Begins to say whether a worker is ready. Returns a function that ends it.
 *
 * @param where PORT, HOST:PORT or a file
 */
export async function showHealth(where: string, isReady: () => boolean): Promise<() => void> {
  const [, bracketed, host = LOOPBACK, port] = PORT.exec(where) ?? []
  return port === undefined ? writeHealth(where, isReady) : serveHealth(bracketed ?? host, Number(port), isReady)
}

function writeHealth(file: string, isReady: () => boolean): () => void {
  checkFile(file)
  let written = Number.NEGATIVE_INFINITY
  const write = () => {
    if (!isReady() || performance.now() - written < FILE_MILLISECONDS) return
    written = performance.now()
    try {
      writeFileSync(file, `${new Date().toISOString()}\n`)
    } catch {
      // The volume may be full. A file that is not fresh says that something is wrong.
    }
  }
  write()
  const timer = setInterval(write, LOOK_MILLISECONDS)
  return () => clearInterval(timer)
}

/** Refuses a file that cannot be written, and one with anything but a time. */
function checkFile(file: string): void {
  try {
    const exists = existsSync(file)
    if (exists && !TIME.test(readFileSync(file, 'latin1')))
      throw invalidOption('health', 'a new file, or one of an earlier worker', file)
    // It is not written before the worker is ready.
    accessSync(exists ? file : path.dirname(path.resolve(file)), constants.W_OK)
  } catch (error) {
    if (isNoisemillError(error)) throw error
    throw invalidOption('health', 'a file that can be written', (error as NodeJS.ErrnoException).code)
  }
}

async function serveHealth(host: string, port: number, isReady: () => boolean): Promise<() => void> {
  if (port > 65_535) throw invalidOption('health', 'a port up to 65535', port)
  // Loaded here, because it takes every command some milliseconds.
  const { createServer } = await import('node:http')
  const server = createServer((_, response) => {
    const ready = isReady()
    response.writeHead(ready ? 200 : 503, { 'content-type': 'application/json' }).end(`${JSON.stringify({ ready })}\n`)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', ({ code = '' }: NodeJS.ErrnoException) =>
      reject(new NoisemillError('E_OPTION_INVALID', { option: 'health', expected: 'a free port', received: code })),
    )
    server.listen(port, host, resolve)
  })
  return () => {
    server.close()
    server.closeAllConnections()
  }
}

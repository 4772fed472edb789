/** What threads print: Node passes it to the main thread in steps, and drops what has not crossed when a thread ends. */

import { type Readable, Writable } from 'node:stream'
import type { Worker } from 'node:worker_threads'

/** In a thread: resolves once all that the thread has printed so far has crossed to its parent. */
export async function outputCrossed(): Promise<void> {
  await Promise.all([crossed(process.stdout), crossed(process.stderr)])
}

function crossed(stream: Writable): Promise<void> | undefined {
  // A stream that a user's function has ended, or has corked, would never answer.
  if (stream.writableLength === 0 || !stream.writable || stream.writableCorked > 0) return undefined
  return new Promise((resolve) => {
    // A user's function may have replaced the method of the stream itself.
    Writable.prototype.write.call(stream, '', 'utf8', () => resolve())
  })
}

/**
 * In its parent: writes what a thread prints to the same streams of this thread, and always takes more. Node's own pipe stops where the
 * stream is full or broken, so that a thread might wait forever for its output to cross.
 */
export function passOnOutput(worker: Worker): void {
  passOn(worker.stdout, process.stdout)
  passOn(worker.stderr, process.stderr)
}

function passOn(from: Readable, to: Writable): void {
  from.unpipe(to)
  from.on('data', (chunk) => to.write(chunk))
  from.resume()
}

/**
 * Passes on what worker threads print. Node sends a thread's output to its parent in steps, and
 * drops what it has not sent when the thread ends.
 */

import { type Readable, Writable } from 'node:stream'
import type { Worker } from 'node:worker_threads'

/**
 * Call this in a worker thread. Resolves when everything that the thread has printed so far has
 * reached its parent.
 */
export async function outputCrossed(): Promise<void> {
  await Promise.all([crossed(process.stdout), crossed(process.stderr)])
}

/** Call this in a worker thread. Whether something that it has printed has not reached its parent. */
export const hasOutput = (): boolean => process.stdout.writableLength > 0 || process.stderr.writableLength > 0

function crossed(stream: Writable): Promise<void> | undefined {
  // A stream that a user's function has ended or corked would never call back.
  if (stream.writableLength === 0 || !stream.writable || stream.writableCorked > 0) return undefined
  return new Promise((resolve) => {
    // A user's function may have replaced the stream's own `write`.
    Writable.prototype.write.call(stream, '', 'utf8', () => resolve())
  })
}

/**
 * Call this in the thread's parent. Writes what the thread prints to the same streams of this
 * thread, without back-pressure. Node's own pipe stops if a stream is full or broken, so that a
 * thread could wait forever for its output to reach the parent.
 *
 * @param printed called when some of it has arrived
 */
export function passOnOutput(worker: Worker, printed: () => void): void {
  passOn(worker.stdout, process.stdout, printed)
  passOn(worker.stderr, process.stderr, printed)
}

function passOn(from: Readable, to: Writable, printed: () => void): void {
  from.unpipe(to)
  from.on('data', (chunk) => {
    printed()
    to.write(chunk)
  })
  from.resume()
}

/**
 * Divides samples in memory into slices, sends them through a pool, and puts the results together.
 */

import { setImmediate } from 'node:timers/promises'
import { type Noise, startFrames } from './core/noise/noise.js'
import { BLOCK_FRAMES } from './core/noise/source.js'
import type { SliceJob } from './core/slice.js'
import { FileTally, type PassSettings } from './core/transform.js'
import type { FrameLayout } from './core/wav/samples.js'
import { sliceTask } from './plan/slice-task.js'
import type { AcceptedImap } from './pool/pool.js'

/**
 * Size of a slice in bytes, rounded down to whole noise blocks. A slice fits into a level-2 cache.
 */
const SLICE_BYTES = 256 * 1024
/** Largest slice in bytes, for noise whose blocks are long. */
const LONG_SLICE_BYTES = 4 * 1024 * 1024
/** Most slices in a chunk. */
const CHUNK_SLICES = 4
/**
 * Number of bytes that are copied before the event loop has its turn; copying them takes some
 * milliseconds.
 */
const TURN_BYTES = 4 * 1024 * 1024

/** Returns the size of a slice, in whole noise blocks, and in whole blocks of the kind if they are not too long. */
function sliceBytes(noise: Noise, { blockAlign, sampleRate }: FrameLayout): number {
  const block = BLOCK_FRAMES * blockAlign
  const own = Math.max(block, Math.min(startFrames(noise, sampleRate) * blockAlign, LONG_SLICE_BYTES))
  const whole = own - (own % block)
  return whole * Math.max(1, Math.floor(SLICE_BYTES / whole))
}

/** The members of a pool that slices need. */
export interface SliceThreads {
  readonly imap: AcceptedImap
  readonly threads: number
}

/**
 * Adds noise to frames in memory, on the threads of a pool. Threads work on slices that are copied
 * out and back, because the caller may detach or resize the memory itself at any time. The pool's
 * window limits the number of slices in progress.
 *
 * @param from returns the bytes of all frames. It is called for each slice, so that detached or
 * resized memory is noticed.
 * @param to returns the memory for the result, which may be the same memory; undefined to measure
 * only
 */
export async function runSlices(
  { imap, threads }: SliceThreads,
  layout: FrameLayout,
  noise: Noise,
  settings: PassSettings,
  from: () => Uint8Array,
  to: (() => Uint8Array) | undefined,
  signal: AbortSignal | undefined,
): Promise<FileTally> {
  const length = layout.frames * layout.blockAlign
  // The samples must come in order to measure the active level, so that is one slice.
  const size = settings.activity ? Math.max(1, length) : sliceBytes(noise, layout)
  // A short signal gets a short buffer, because worker threads copy the whole buffer both ways.
  const room = Math.min(size, length)
  const spare: ArrayBufferLike[] = []

  async function* slices(): AsyncGenerator<SliceJob> {
    let copied = 0
    for (let at = 0; at < length; at += size) {
      const bytes = new Uint8Array(spare.pop() ?? new ArrayBuffer(room), 0, Math.min(size, length - at))
      for (let done = 0; done < bytes.length; done += TURN_BYTES) {
        if (done > 0) await setImmediate()
        bytes.set(from().subarray(at + done, at + Math.min(done + TURN_BYTES, bytes.length)), done)
      }
      const { format, channels, sampleRate, frames, blockAlign, bigEndian, validBits } = layout
      const firstFrame = at / blockAlign
      const signal = { format: format.name, channels, sampleRate, bigEndian, validBits, frames, firstFrame }
      yield { bytes, ...signal, noise, ...settings }
      copied += bytes.length
      if (copied < TURN_BYTES) continue
      copied = 0
      await setImmediate()
    }
  }

  const tally = new FileTally()
  let at = 0
  const chunkSize = Math.min(CHUNK_SLICES, Math.max(1, Math.ceil(length / size / threads)))
  for await (const { bytes, tally: part } of imap(sliceTask, slices(), { chunkSize, ...(signal && { signal }) })) {
    tally.add(part)
    to?.().set(bytes, at)
    at += bytes.length
    if (bytes.buffer.byteLength === room) spare.push(bytes.buffer)
  }
  return tally
}

/** The walk over samples in memory: slices of them through a pool, and back to where they go. */

import { setImmediate } from 'node:timers/promises'
import type { Noise } from './core/noise/noise.js'
import { BLOCK_FRAMES } from './core/noise/source.js'
import type { SliceJob } from './core/slice.js'
import { FileTally } from './core/transform.js'
import type { FrameLayout } from './core/wav/samples.js'
import { sliceTask } from './plan/slice-task.js'
import type { AcceptedImap } from './pool/pool.js'

/** Bytes of a slice, in whole noise blocks: they stay in a level-2 cache. */
const SLICE_BYTES = 256 * 1024
/** Slices that go to the threads in one trip. */
const CHUNK_SLICES = 4
/** Bytes that are copied before others have their turn on this thread: some milliseconds. */
const TURN_BYTES = 4 * 1024 * 1024

/** Part of a pool. */
export interface SliceThreads {
  readonly imap: AcceptedImap
  readonly threads: number
}

/**
 * Adds noise to frames in memory, on the threads of a pool: from one place to another, or to the same. Threads never see that memory
 * itself, which its owner may detach or resize at any time, but slices of it that are copied out and back; no more of them at a time than
 * the pool's window has room for.
 *
 * @param noise with a level of the kind 'sigma'; 0 only measures
 * @param from the bytes of all frames; asked for anew for each slice, so that memory that is gone is noticed
 * @param to where they go; nowhere when they are only measured
 */
export async function runSlices(
  { imap, threads }: SliceThreads,
  layout: FrameLayout,
  noise: Noise,
  from: () => Uint8Array,
  to: (() => Uint8Array) | undefined,
  signal: AbortSignal | undefined,
): Promise<FileTally> {
  const block = BLOCK_FRAMES * layout.blockAlign
  const size = block * Math.max(1, Math.floor(SLICE_BYTES / block))
  const length = layout.frames * layout.blockAlign
  // What is short takes no more than it needs: on worker threads all of it is copied to and fro.
  const room = Math.min(size, length)
  const spare: ArrayBufferLike[] = []

  async function* slices(): AsyncGenerator<SliceJob> {
    let copied = 0
    for (let at = 0; at < length; at += size) {
      const bytes = new Uint8Array(spare.pop() ?? new ArrayBuffer(room), 0, Math.min(size, length - at))
      bytes.set(from().subarray(at, at + bytes.length))
      const { format, channels, sampleRate, frames, blockAlign, bigEndian, validBits } = layout
      const firstFrame = at / blockAlign
      yield { bytes, format: format.name, channels, sampleRate, bigEndian, validBits, frames, firstFrame, noise }
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

/**
 * Noise onto a slice of samples that lie in memory: whole noise blocks of a longer run of frames, or its end. native/core/slice.cc
 * is its twin.
 */

import type { IsCancelled } from './etl.js'
import { Failure, type FailureData } from './failure.js'
import { type Kernels, tsKernels } from './kernels.js'
import type { Noise } from './noise/noise.js'
import { NoiseTransform, type PartTally, PowerMeter, sliceFrames } from './transform.js'
import { type FrameLayout, type SampleFormatName, sampleFormats } from './wav/samples.js'

/** Bytes between two looks at whether it is cancelled: they stay in a level-2 cache. */
const RUN_BYTES = 256 * 1024

/** As plain data that crosses threads. */
export interface SliceJob {
  /** Whole frames at the start of memory of their own, worked on in place. */
  readonly bytes: Uint8Array
  readonly format: SampleFormatName
  readonly channels: number
  /** Frames a second; 0 where nobody has said. */
  readonly sampleRate: number
  readonly bigEndian: boolean
  readonly validBits: number
  /** Of all, the slice among them. */
  readonly frames: number
  /** The first of the slice: the first of a noise block. */
  readonly firstFrame: number
  /** With a level of the kind 'sigma'; 0 only measures. */
  readonly noise: Noise
}

export type SliceOutcome = { readonly tally: PartTally } | { readonly failure: FailureData }

/** A slice as it came back: `bytes` are those of the job, or where they crossed a thread others. */
export interface SettledSlice {
  readonly outcome: SliceOutcome
  readonly bytes: Uint8Array
}

/** Never throws for what samples can hold: the outcome says what went wrong. */
export function runSlice(job: SliceJob, isCancelled: IsCancelled, kernels: Kernels = tsKernels): SliceOutcome {
  try {
    return { tally: walk(job, isCancelled, kernels) }
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    return { failure: { code: error.code, detail: error.detail, errno: error.errno } }
  }
}

function walk(job: SliceJob, isCancelled: IsCancelled, kernels: Kernels): PartTally {
  const { bytes, channels, sampleRate, frames, bigEndian, validBits, firstFrame, noise } = job
  const sigma = noise.level.value
  const format = sampleFormats.find((known) => known.name === job.format)!
  const blockAlign = channels * format.bytes
  const layout: FrameLayout = { format, channels, sampleRate, blockAlign, frames, bigEndian, validBits }
  kernels.reset()
  const walk =
    sigma === 0
      ? new PowerMeter(layout, firstFrame, kernels)
      : new NoiseTransform(layout, firstFrame, noise, sigma, kernels)
  const slice = sliceFrames(channels) * layout.blockAlign
  const runBytes = slice * Math.max(1, Math.floor(RUN_BYTES / slice))
  // Kernels work on memory of their own, which does not grow.
  const room = kernels.bytes(Math.min(runBytes, bytes.length))
  for (let done = 0; done < bytes.length; done += room.length) {
    if (isCancelled()) throw new Failure('E_CANCELLED')
    const part = bytes.subarray(done, done + room.length)
    const run = room.subarray(0, part.length)
    run.set(part)
    walk.run(run)
    if (sigma !== 0) part.set(run)
  }
  return walk.takeTally()
}

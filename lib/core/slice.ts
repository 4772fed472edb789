/**
 * Adds noise to a slice of samples in memory. A slice is whole noise blocks of a longer signal, or
 * its end. The twin is native/core/slice.cc.
 */

import type { IsCancelled } from './etl.js'
import { caughtFailure, Failure, type FailureData } from './failure.js'
import { type Kernels, tsKernels } from './kernels.js'
import { checkNoise, type Noise } from './noise/noise.js'
import { BLOCK_FRAMES } from './noise/source.js'
import { openWalk, type PartTally, type PassSettings, pieceFrames } from './transform.js'
import { MAX_CHANNELS } from './wav/format.js'
import { type FrameLayout, type SampleFormatName, sampleFormats } from './wav/samples.js'

/** Bytes between two checks for cancellation. They stay in a level-2 cache. */
const STEP_BYTES = 256 * 1024

/**
 * The work on a slice of samples in memory, as plain data that can be cloned to threads and
 * processes. A backend passes it on unchanged; its fields may change with any version.
 *
 * @example
 * import { addNoise, type Backend, createBackend, Pool, type SliceJob } from 'noisemill'
 *
 * const sizeOf = ({ bytes, format }: SliceJob) => `${bytes.length} bytes of ${format}`
 * const inner = createBackend({ size: 1 })
 * const backend: Backend = {
 *   ...inner,
 *   name: 'logging',
 *   execute(chunk) {
 *     if (chunk.kind === 'slices') console.log(chunk.jobs.map(sizeOf).join())
 *     return inner.execute(chunk)
 *   },
 * }
 * await using pool = new Pool({ backend })
 * await addNoise(new Int16Array(1000), { sigma: 0.1, pool }) // -> 2000 bytes of pcm16
 */
export interface SliceJob extends PassSettings {
  /** Whole frames at the start of an ArrayBuffer of their own. Noise is added in place. */
  readonly bytes: Uint8Array
  /** Format of the samples. */
  readonly format: SampleFormatName
  /** Number of channels, which are interleaved. */
  readonly channels: number
  /** Frames per second; 0 if unknown. */
  readonly sampleRate: number
  /** Whether samples have their most significant byte first. */
  readonly bigEndian: boolean
  /** Number of valid bits of a sample, counted from the most significant. */
  readonly validBits: number
  /** Number of frames of the whole signal. */
  readonly frames: number
  /** Number of the slice's first frame in the signal; it starts a noise block. */
  readonly firstFrame: number
  /** The noise to add. Its level has no effect. */
  readonly noise: Noise
}

export type SliceOutcome = { readonly tally: PartTally } | { readonly failure: FailureData }

/**
 * A slice whose job has ended, with the outcome. It is plain data, which a backend passes on
 * unchanged.
 *
 * @example
 * import { addNoise, type Backend, createBackend, type Outcome, Pool, type SettledSlice } from 'noisemill'
 *
 * const sizeOf = (outcome: Outcome<SettledSlice>) => ('value' in outcome ? outcome.value.bytes.length : 0)
 * const inner = createBackend({ size: 1 })
 * const backend: Backend = {
 *   ...inner,
 *   name: 'logging',
 *   execute(chunk) {
 *     if (chunk.kind !== 'slices') return inner.execute(chunk)
 *     const settle = (index: number, outcome: Outcome<SettledSlice>) => {
 *       console.log(sizeOf(outcome))
 *       chunk.settle(index, outcome)
 *     }
 *     return inner.execute({ ...chunk, settle })
 *   },
 * }
 * await using pool = new Pool({ backend })
 * await addNoise(new Int16Array(1000), { sigma: 0.1, pool }) // -> 2000
 */
export interface SettledSlice {
  /** Counts and sums of the slice, or why its job failed. */
  readonly outcome: SliceOutcome
  /** The slice itself: the job's bytes, or a copy if they crossed to a thread. */
  readonly bytes: Uint8Array
}

/** Runs a job to its end. It never throws: a failure is part of the outcome. */
export function runSlice(job: SliceJob, isCancelled: IsCancelled, kernels: Kernels = tsKernels): SliceOutcome {
  try {
    return { tally: walk(job, isCancelled, kernels) }
  } catch (error) {
    return { failure: caughtFailure(error) }
  }
}

/**
 * Checks a job that may not come from checked options. Throws Failure E_OPTION_INVALID; see
 * checkNoise.
 */
export function checkSliceJob(job: SliceJob): void {
  const { bytes, format, channels, validBits, frames, firstFrame, noise, levels, measured, take } = job
  const known = sampleFormats.find(({ name }) => name === format)
  const invalid = (what: string) => new Failure('E_OPTION_INVALID', `a slice of ${what}`)
  const isCount = (value: number, least: number, most: number) =>
    Number.isSafeInteger(value) && value >= least && value <= most
  if (known === undefined) throw invalid(`the format ${format}`)
  if (!isCount(channels, 1, MAX_CHANNELS)) throw invalid(`${channels} channels`)
  if (!isCount(validBits, 1, known.bits)) throw invalid(`${validBits} valid bits in ${known.bits}`)
  const own = bytes.length / (channels * known.bytes)
  if (!isCount(frames, 0, Number.MAX_SAFE_INTEGER) || !isCount(own, 0, frames))
    throw invalid(`${own} frames of ${frames}`)
  if (!isCount(firstFrame, 0, frames - own) || firstFrame % BLOCK_FRAMES !== 0)
    throw invalid(`${own} frames from ${firstFrame} on, of ${frames}`)
  checkNoise(noise)
  const { layers } = noise
  if (!Array.isArray(levels) || levels.length !== layers.length)
    throw invalid('levels that are not those of its layers')
  if (!isCount(measured + 1, 0, layers.length)) throw invalid(`a measured layer ${measured} of ${layers.length}`)
  const takes = measured < 0 ? 0 : levels[measured].takes.length
  if (!isCount(take + 1, 0, takes)) throw invalid(`a take ${take} of ${takes}`)
}

function walk(job: SliceJob, isCancelled: IsCancelled, kernels: Kernels): PartTally {
  checkSliceJob(job)
  const { bytes, channels, sampleRate, frames, bigEndian, validBits, firstFrame, noise, pass } = job
  const format = sampleFormats.find((known) => known.name === job.format)!
  const blockAlign = channels * format.bytes
  const layout: FrameLayout = { format, channels, sampleRate, blockAlign, frames, bigEndian, validBits }
  kernels.reset()
  const walk = openWalk(layout, firstFrame, noise, job, kernels)
  const piece = pieceFrames(channels) * layout.blockAlign
  const stepBytes = piece * Math.max(1, Math.floor(STEP_BYTES / piece))
  // Kernels can only work on their own memory, which does not grow. So samples are copied there
  // piece by piece.
  const room = kernels.bytes(Math.min(stepBytes, bytes.length))
  try {
    for (let done = 0; done < bytes.length; done += room.length) {
      if (isCancelled()) throw new Failure('E_CANCELLED')
      const part = bytes.subarray(done, done + room.length)
      const copy = room.subarray(0, part.length)
      copy.set(part)
      walk.run(copy)
      if (pass === 'write') part.set(copy)
    }
    return walk.takeTally()
  } finally {
    walk.close()
  }
}

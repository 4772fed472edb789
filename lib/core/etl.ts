/**
 * The whole job for one file: extract (open, read the header), transform (noise, block by block), load (write, publish).
 * native/core/etl.cc is its twin.
 */

import { Failure, type FailureData } from './failure.js'
import { type FilePath, InputFile, nameExists, OutputFile } from './files.js'
import { type Kernels, tsKernels } from './kernels.js'
import { type FileKey, noiseKinds } from './noise/kinds.js'
import { NoiseTransform, PowerMeter, sliceFrames } from './transform.js'
import { readHeader, type WavHeader } from './wav/header.js'
import type { SampleFormatName } from './wav/samples.js'

/** Bytes that one read or write aims at: they stay in a level-2 cache from the read to the write. */
const IO_BYTES = 256 * 1024
const MAX_U32 = 0xffffffff

/** One file's work, as plain data that crosses threads. All options are checked and all draws made by then. */
export interface EtlJob {
  readonly input: FilePath
  readonly output: FilePath
  /** The name in the output's folder that the file has until it is whole. */
  readonly temporary: FilePath
  readonly overwrite: boolean
  /** Check everything that can be checked without writing, and stop there. */
  readonly dryRun: boolean
  readonly kind: string
  readonly parameters: Float64Array
  readonly key: FileKey
  /** 'sigma': `level` is the standard deviation in full-scale units. 'snr': it is that over the signal's RMS. */
  readonly levelKind: 'sigma' | 'snr'
  readonly level: number
  readonly clip: boolean
}

export type EtlWarning = 'W_SIZES_REPAIRED' | 'W_PARTIAL_FRAME' | 'W_NON_FINITE' | 'W_SILENT' | 'W_NO_HARD_LINKS'

/** What is known of a file once it is done. */
export interface EtlFigures {
  readonly format: SampleFormatName
  readonly channels: number
  readonly sampleRate: number
  readonly frames: number
  /** Standard deviation of the noise asked for, in full-scale units. */
  readonly sigma: number
  /** Sum of squares of the samples read. */
  readonly signalEnergy: number
  /** Sum of squares of the differences between samples written and samples read. */
  readonly noiseEnergy: number
  readonly clipped: number
  readonly nonFinite: number
  readonly bytesIn: number
  readonly bytesOut: number
  readonly seconds: number
  readonly warnings: readonly EtlWarning[]
}

export type EtlOutcome = { readonly figures: EtlFigures } | { readonly failure: FailureData }

/** What a job needs to know of the world around it: whether to stop. Asked before every read. */
export type IsCancelled = () => boolean

interface JobState {
  readonly job: EtlJob
  readonly input: InputFile
  readonly header: WavHeader
  readonly kernels: Kernels
  readonly buffer: Uint8Array
  readonly isCancelled: IsCancelled
  readonly warnings: EtlWarning[]
}

/** Runs a job to its end. Never throws for what a file can do: the outcome says it. */
export function runEtl(job: EtlJob, isCancelled: IsCancelled, kernels: Kernels = tsKernels): EtlOutcome {
  const started = performance.now()
  try {
    const input = new InputFile(job.input)
    try {
      return { figures: extract(job, input, isCancelled, kernels, started) }
    } finally {
      input.close()
    }
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    return { failure: { code: error.code, detail: error.detail, errno: error.errno } }
  }
}

function extract(
  job: EtlJob,
  input: InputFile,
  isCancelled: IsCancelled,
  kernels: Kernels,
  started: number,
): EtlFigures {
  kernels.reset()
  const header = readHeader(input)
  checkOutput(job, input)
  const kind = findKind(job.kind)
  const slice = sliceFrames(header.channels) * header.blockAlign
  const buffer = kernels.bytes(slice * Math.max(1, Math.floor(IO_BYTES / slice)))
  const state: JobState = { job, input, header, kernels, buffer, isCancelled, warnings: headerWarnings(header) }

  const sigma = job.levelKind === 'sigma' ? job.level : sigmaForSnr(state)
  const walk =
    sigma === 0
      ? new PowerMeter(header, kernels)
      : new NoiseTransform(header, { kind, parameters: job.parameters, key: job.key, sigma, clip: job.clip }, kernels)
  const bytesOut = job.dryRun ? 0 : load(state, walk)
  const { signal, noise, clipped, nonFinite } = walk.tally
  if (nonFinite > 0) state.warnings.push('W_NON_FINITE')
  return {
    format: header.format.name,
    channels: header.channels,
    sampleRate: header.sampleRate,
    frames: header.frames,
    sigma,
    signalEnergy: signal.total,
    noiseEnergy: noise.total,
    clipped,
    nonFinite,
    bytesIn: input.size,
    bytesOut,
    seconds: (performance.now() - started) / 1000,
    warnings: state.warnings,
  }
}

function findKind(name: string) {
  const kind = noiseKinds.find((known) => known.name === name)
  if (kind === undefined) throw new Failure('E_OPTION_INVALID', `noise kind ${name}`)
  return kind
}

function headerWarnings(header: WavHeader): EtlWarning[] {
  const warnings: EtlWarning[] = []
  if (header.sizesLie) warnings.push('W_SIZES_REPAIRED')
  if (header.partialFrameBytes > 0) warnings.push('W_PARTIAL_FRAME')
  return warnings
}

/** Early, so that no work is spent on a file that could not be written; `publish` has the last word on names. */
function checkOutput(job: EtlJob, input: InputFile): void {
  if (input.isSameFile(job.output)) throw new Failure('E_OUTPUT_IS_INPUT')
  if (!job.overwrite && nameExists(job.output)) throw new Failure('E_OUTPUT_EXISTS')
}

/** Reads the data once for their power. A silent file has no SNR: it gets sigma 0 and a warning. */
function sigmaForSnr(state: JobState): number {
  const { header, job, kernels } = state
  const meter = new PowerMeter(header, kernels)
  eachRun(state, header.dataOffset, header.dataBytes, (bytes) => meter.run(bytes))
  const { signal, nonFinite } = meter.tally
  const finite = header.frames * header.channels - nonFinite
  const power = finite === 0 ? 0 : signal.total / finite
  if (!Number.isFinite(power)) throw new Failure('E_SIGNAL_POWER', 'the sum of the squared samples overflows')
  if (power === 0) state.warnings.push('W_SILENT')
  const sigma = Math.sqrt(power) * job.level
  if (!Number.isFinite(header.format.wide ? sigma : Math.fround(sigma)))
    throw new Failure('E_SIGNAL_POWER', 'the noise would be beyond what the format can hold')
  return sigma
}

/** Writes the output. Returns its size in bytes. */
function load(state: JobState, walk: PowerMeter | NoiseTransform): number {
  const { job, input, header } = state
  const output = new OutputFile(job.temporary)
  try {
    const dataEnd = header.dataOffset + header.dataBytes
    eachRun(state, 0, header.dataOffset, (bytes, position) => output.write(position, bytes))
    eachRun(state, header.dataOffset, header.dataBytes, (bytes, position) => {
      walk.run(bytes)
      output.write(position, bytes)
    })
    let size = input.size
    if (header.sizesLie) {
      size = repairSizes(output, header)
    } else {
      eachRun(state, dataEnd, input.size - dataEnd, (bytes, position) => output.write(position, bytes))
    }
    if (!output.publish(job.output, job.overwrite)) state.warnings.push('W_NO_HARD_LINKS')
    return size
  } catch (error) {
    output.discard()
    throw error
  }
}

/** Puts true sizes where the header's run past the end of the file. Returns the size of the output. */
function repairSizes(output: OutputFile, header: WavHeader): number {
  const pad = header.dataBytes % 2
  const size = header.dataOffset + header.dataBytes + pad
  // RIFF keeps chunks at even positions.
  if (pad === 1) output.write(size - 1, new Uint8Array(1))
  const word = Buffer.alloc(4)
  word.writeUInt32LE(Math.min(size - 8, MAX_U32))
  output.write(4, word)
  word.writeUInt32LE(Math.min(header.dataBytes, MAX_U32))
  output.write(header.dataOffset - 4, word)
  return size
}

/** Reads `length` bytes from `start` in runs of the job's buffer. */
function eachRun(
  { input, buffer, isCancelled }: JobState,
  start: number,
  length: number,
  use: (bytes: Uint8Array, position: number) => void,
): void {
  for (let done = 0; done < length; ) {
    if (isCancelled()) throw new Failure('E_CANCELLED')
    const count = Math.min(buffer.length, length - done)
    input.read(start + done, buffer, count)
    use(buffer.subarray(0, count), start + done)
    done += count
  }
}

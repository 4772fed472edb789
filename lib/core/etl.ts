/**
 * The whole job for one file: extract (open, read the header), transform (noise, block by block), load (write, publish).
 * native/core/etl.cc is its twin.
 */

import { caughtFailure, Failure, type FailureData } from './failure.js'
import { type FilePath, InputFile, nameExists, OutputFile } from './files.js'
import { type Kernels, tsKernels } from './kernels.js'
import { checkNoise, type Noise } from './noise/noise.js'
import { BLOCK_FRAMES } from './noise/source.js'
import { FileTally, NoiseTransform, type PartTally, PowerMeter, pieceFrames } from './transform.js'
import type { CodecName } from './wav/codecs.js'
import { openSamples } from './wav/decoded.js'
import { endOfData, type HeaderWarning, refuseWarnings, type WavHeader } from './wav/header.js'
import type { Input } from './wav/reader.js'
import { type OutputSize, outputSize, repairSizes } from './wav/repair.js'
import type { FrameLayout, SampleFormatName } from './wav/samples.js'

/** Bytes of data that one read or write aims at: they stay in a level-2 cache from the read to the write. */
const READ_BYTES = 256 * 1024
/** A head or tail of up to this many bytes goes with the data beside it: a short file takes one read and one write. */
const SIDE_BYTES = 16 * 1024
/** Bytes of data of a part: what its sums of blocks take stays small. */
const PART_BYTES = 4 * 1024 * 1024
/** Files up to this size are read at once. */
const SHORT_FILE_BYTES = READ_BYTES
/** Most headers are shorter. */
const HEAD_BYTES = 4096
/** Files up to this size, which is what a thread may hold, are kept in memory between measuring and writing; longer ones are read twice. */
const HELD_FILE_BYTES = 16 * 1024 * 1024
/** What values of registers are aligned to. */
const ALIGNMENT = 64
const PAGE_BYTES = 4096

/**
 * The work on one file, as plain data that can be cloned to threads and processes. All options are checked and all draws made. A backend
 * passes it on as it is; its fields may change with any version.
 *
 * @example
 * import { type Backend, createBackend, type EtlJob, noiseTask, Pool } from 'noisemill'
 *
 * const namesOf = ({ input, output }: EtlJob) => `${input} -> ${output}`
 * const inner = createBackend({ size: 1 })
 * const backend: Backend = {
 *   ...inner,
 *   name: 'telling',
 *   execute(chunk) {
 *     if (chunk.kind === 'files') console.log(chunk.jobs.map(namesOf).join())
 *     return inner.execute(chunk)
 *   },
 * }
 * await using pool = new Pool({ backend })
 * await pool.map(noiseTask({ out: 'noisy', snr: 10 }), ['speech/a.wav']) // -> speech/a.wav -> noisy/a.wav
 */
export interface EtlJob {
  /** Path of the input; bytes where it is not UTF-8. */
  readonly input: FilePath
  /** Path of the output. */
  readonly output: FilePath
  /** The name in the output's folder that the file has until it is whole. */
  readonly temporary: FilePath
  /** Whether it may replace what has the name of the output. */
  readonly overwrite: boolean
  /** The output, and its name, are to be on the disk before the job is done. */
  readonly fsync: boolean
  /** Check everything that can be checked without writing, and stop there. */
  readonly dryRun: boolean
  /** Refuse a file whose header gives rise to any warning. */
  readonly strict: boolean
  /** The noise to add. */
  readonly noise: Noise
}

export type EtlWarning = HeaderWarning | 'W_NON_FINITE' | 'W_SILENT' | 'W_NO_HARD_LINKS'

/** What is known of a file once it is done. */
export interface EtlFigures {
  readonly format: SampleFormatName
  /** What the samples of the input were coded with; null where they were not. */
  readonly codec: CodecName | null
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
  /** When the input was last modified: microseconds since 1970. */
  readonly modified: number
  readonly bytesOut: number
  /** From opening the input to publishing the output. */
  readonly seconds: number
  readonly warnings: readonly EtlWarning[]
}

/**
 * What became of a file: its figures, or why it could not be done. Plain data, which a backend passes on as it is.
 *
 * @example
 * import { createBackend, type Backend, type EtlOutcome, noiseTask, type Outcome, Pool } from 'noisemill'
 *
 * const wasWritten = (outcome: Outcome<EtlOutcome>) => 'value' in outcome && 'figures' in outcome.value
 * const inner = createBackend({ size: 1 })
 * const backend: Backend = {
 *   ...inner,
 *   name: 'telling',
 *   execute(chunk) {
 *     if (chunk.kind !== 'files') return inner.execute(chunk)
 *     const settle = (index: number, outcome: Outcome<EtlOutcome>) => {
 *       console.log(wasWritten(outcome))
 *       chunk.settle(index, outcome)
 *     }
 *     return inner.execute({ ...chunk, settle })
 *   },
 * }
 * await using pool = new Pool({ backend })
 * await pool.map(noiseTask({ out: 'noisy', snr: 10 }), ['speech/a.wav', 'speech/missing.wav'])
 * // -> true
 * // -> false
 */
export type EtlOutcome =
  | {
      /** What is known of the file once it is done. */
      readonly figures: EtlFigures
    }
  | {
      /** Why it could not be done. */
      readonly failure: FailureData
    }

/** Throws Failure E_OPTION_INVALID for what no job has that options were checked for; see checkNoise. */
export function checkEtlJob({ input, output, temporary, noise }: EtlJob): void {
  for (const path of [input, output, temporary]) {
    if (typeof path === 'string' ? path.includes('\0') : path.includes(0))
      throw new Failure('E_OPTION_INVALID', 'a path with a NUL')
  }
  checkNoise(noise)
}

/** What a job needs to know of the world around it: whether to stop. Asked before every read. */
export type IsCancelled = () => boolean

/** Runs a job to its end. Never throws: the outcome says what went wrong. */
export function runEtl(job: EtlJob, isCancelled: IsCancelled, kernels: Kernels = tsKernels): EtlOutcome {
  const etl = new Etl(job, isCancelled, kernels)
  try {
    for (let parts = etl.begin(); parts > 0; parts = etl.endPass()) {
      for (let part = 0; part < parts; part++) etl.runPart(part)
    }
    return { figures: etl.figures() }
  } catch (error) {
    return { failure: caughtFailure(error) }
  } finally {
    etl.close()
  }
}

/**
 * A job on its way: `begin`; every part of the pass it announces, in order; `endPass`; the same with the parts of the next pass, until
 * there are none. A step that fails throws a Failure, and ends the job.
 */
class Etl {
  readonly #started = performance.now()
  readonly #warnings: EtlWarning[] = []
  #file!: InputFile
  /** The file, or what it is decoded. */
  #input!: Input
  #output: OutputFile | undefined
  #header!: WavHeader
  #codec: CodecName | null = null
  #outputSize!: OutputSize
  /** Bytes of data that one read aims at, and of a part: whole pieces, and whole blocks. */
  #readBytes = 0
  #partBytes = 0
  #pass: 'measure' | 'write' = 'write'
  #sigma = 0
  #tally = new FileTally()

  constructor(
    readonly job: EtlJob,
    readonly isCancelled: IsCancelled,
    readonly kernels: Kernels,
  ) {}

  /** Opens the input and checks all that can be checked without writing. Returns the number of parts of the first pass. */
  begin(): number {
    const { job } = this
    if (this.isCancelled()) throw new Failure('E_CANCELLED')
    checkEtlJob(job)
    const { level } = job.noise
    const measures = level.kind === 'snr'
    this.#file = new InputFile(job.input)
    const { size } = this.#file
    const isHeld = size <= SHORT_FILE_BYTES || (measures && size <= HELD_FILE_BYTES)
    this.#file.hold(isHeld ? size : Math.min(size, HEAD_BYTES))
    const { input, header, codec } = openSamples(this.#file)
    this.#input = input
    this.#header = header
    this.#codec = codec
    if (job.strict) refuseWarnings(header)
    this.#outputSize = outputSize(header, input.size)
    this.#checkOutput()
    this.#warnings.push(...header.warnings)
    const piece = pieceFrames(header.channels) * header.blockAlign
    this.#readBytes = piece * Math.max(1, Math.floor(READ_BYTES / piece))
    const block = BLOCK_FRAMES * header.blockAlign
    this.#partBytes = block * Math.max(1, Math.floor(PART_BYTES / block))
    return measures ? this.#startPass('measure') : this.#startWriting(level.deviation)
  }

  /** Early, so that no work is spent on a file that could not be written; `publish` has the last word on names. */
  #checkOutput(): void {
    const { output, overwrite } = this.job
    if (!nameExists(output)) return
    if (this.#file.isSameFile(output)) throw new Failure('E_OUTPUT_IS_INPUT')
    if (!overwrite) throw new Failure('E_OUTPUT_EXISTS')
  }

  #startPass(pass: 'measure' | 'write'): number {
    this.#pass = pass
    this.#tally = new FileTally()
    return Math.max(1, Math.ceil(this.#header.dataBytes / this.#partBytes))
  }

  #startWriting(sigma: number): number {
    this.#sigma = sigma
    if (this.job.dryRun) return 0
    this.#output = new OutputFile(this.job.temporary, this.#file.mode, this.job.fsync)
    return this.#startPass('write')
  }

  runPart(part: number): void {
    this.#tally.add(this.#walkPart(part))
  }

  /** Where the read ends that starts at `position`: whole pieces of data, and a short head before them or tail behind them. */
  #readEnd(position: number, end: number): number {
    const { dataOffset } = this.#header
    const dataEnd = endOfData(this.#header)
    if (position < dataOffset && dataOffset - position > SIDE_BYTES)
      return Math.min(position + this.#readBytes, dataOffset)
    const stop = Math.max(position, dataOffset) + this.#readBytes
    if (stop < dataEnd) return Math.min(stop, end)
    if (end <= dataEnd + SIDE_BYTES) return end
    return position < dataEnd ? dataEnd : Math.min(stop, end)
  }

  #walkPart(part: number): PartTally {
    const { job, kernels } = this
    const header = this.#header
    const { shift } = this.#outputSize
    const writes = this.#pass === 'write'
    const dataEnd = endOfData(header)
    // The head goes with the first part, and what follows the data with the last, unless it is what sizes lied about.
    const first = part * this.#partBytes
    const isLast = first + this.#partBytes >= header.dataBytes
    const lastEnd = writes && !header.sizesLie ? this.#input.size : dataEnd
    const end = isLast ? lastEnd : header.dataOffset + first + this.#partBytes
    let position = writes && part === 0 ? 0 : header.dataOffset + first

    kernels.reset()
    const room = kernels.bytes(this.#readBytes + 2 * SIDE_BYTES + PAGE_BYTES + ALIGNMENT)
    const firstFrame = first / header.blockAlign
    const walk =
      writes && this.#sigma !== 0
        ? new NoiseTransform(header, firstFrame, job.noise, this.#sigma, kernels)
        : new PowerMeter(header, firstFrame, kernels)
    while (position < end) {
      if (this.isCancelled()) throw new Failure('E_CANCELLED')
      const stop = this.#readEnd(position, end)
      const dataStart = Math.max(position, header.dataOffset)
      const dataStop = Math.min(stop, dataEnd)
      const at = placeInRoom(room.byteOffset, position, dataStart < dataStop ? dataStart - position : 0)
      const bytes = room.subarray(at, at + stop - position)
      this.#input.read(position, bytes)
      if (dataStart < dataStop) walk.run(bytes.subarray(dataStart - position, dataStop - position))
      if (writes) this.#output!.write(position + shift, bytes)
      position = stop
    }
    return walk.takeTally()
  }

  /** Returns the number of parts of the next pass; 0 when the job is done. */
  endPass(): number {
    const header = this.#header
    if (this.#pass === 'measure') {
      const sigma = sigmaForSnr(this.#tally, header, this.job.noise.level.deviation)
      if (sigma === 0) this.#warnings.push('W_SILENT')
      return this.#startWriting(sigma)
    }
    const output = this.#output!
    if (header.sizesLie) repairSizes(output, header, this.#outputSize)
    if (!output.publish(this.job.output, this.job.overwrite)) this.#warnings.push('W_NO_HARD_LINKS')
    this.#output = undefined
    return 0
  }

  /** Once the job is done. */
  figures(): EtlFigures {
    const { format, channels, sampleRate, frames } = this.#header
    const { signal, noise, clipped, nonFinite } = this.#tally
    if (nonFinite > 0) this.#warnings.push('W_NON_FINITE')
    return {
      format: format.name,
      codec: this.#codec,
      channels,
      sampleRate,
      frames,
      sigma: this.#sigma,
      signalEnergy: signal,
      noiseEnergy: noise,
      clipped,
      nonFinite,
      bytesIn: this.#file.size,
      modified: this.#file.modified,
      bytesOut: this.job.dryRun ? 0 : this.#outputSize.size,
      seconds: (performance.now() - this.#started) / 1000,
      warnings: this.#warnings,
    }
  }

  /** Closes the files, whatever became of the job; an output that was not published is gone with that. */
  close(): void {
    this.#output?.discard()
    this.#file?.close()
  }
}

/**
 * Where in room for it a run goes whose data begin `lead` bytes after `position`: so that the data are aligned, and half a page from
 * where the same bytes lie in the system's pages, since copying between places that agree in the last twelve bits of their
 * addresses, or nearly, is slower by half (4K aliasing).
 *
 * @param room where the room begins in memory that itself begins with a page
 */
function placeInRoom(room: number, position: number, lead: number): number {
  const data = ((position + PAGE_BYTES / 2 + PAGE_BYTES - (room % PAGE_BYTES)) % PAGE_BYTES) + lead
  return Math.ceil((room + data) / ALIGNMENT) * ALIGNMENT - room - lead
}

/**
 * A silent signal has no SNR: it gets sigma 0.
 *
 * @param gain standard deviation of the noise over the RMS of the signal
 */
export function sigmaForSnr({ signal, nonFinite }: FileTally, layout: FrameLayout, gain: number): number {
  const finite = layout.frames * layout.channels - nonFinite
  const power = finite === 0 ? 0 : signal / finite
  if (!Number.isFinite(power)) throw new Failure('E_SIGNAL_POWER', 'the sum of the squared samples overflows')
  const sigma = Math.sqrt(power) * gain
  if (!Number.isFinite(layout.format.wide ? sigma : Math.fround(sigma)))
    throw new Failure('E_SIGNAL_POWER', 'the noise would be beyond what the format can hold')
  return sigma
}

/**
 * The whole job for one file. It extracts (opens the file, reads its header), transforms (adds
 * noise block by block) and loads (writes the output, gives it its final name). The twin is
 * native/core/etl.cc.
 */

import { caughtFailure, Failure, type FailureData } from './failure.js'
import { type FileIdentity, type FilePath, InputFile } from './files.js'
import { type Kernels, tsKernels } from './kernels.js'
import { gainOf, type LayerFigures, Measuring, type MeasuringWarning, totalDeviation } from './measuring.js'
import { checkNoise, checkSampleRate, measuresSignal, type Noise, surveysMixture } from './noise/noise.js'
import { BLOCK_FRAMES } from './noise/source.js'
import { Outputs, placesOf } from './outputs.js'
import { type ByStem, StemMaker } from './stems.js'
import { FileTally, NOTHING_MEASURED, openWalk, type PartTally, type PassSettings, pieceFrames } from './transform.js'
import type { CodecName } from './wav/codecs.js'
import { openSamples } from './wav/decoded.js'
import { endOfData, type HeaderWarning, refuseWarnings, type WavHeader } from './wav/header.js'
import type { Input } from './wav/reader.js'
import { type OutputSize, outputSize, type Repair, repairBytes, sizeRepairs } from './wav/repair.js'
import type { SampleFormatName } from './wav/samples.js'

/** Target size of one read or write of data. The data stay in a level-2 cache between the two. */
const READ_BYTES = 256 * 1024
/**
 * A head or tail of up to this size is read and written with the data beside it. A short file then
 * takes one read and one write.
 */
const SIDE_BYTES = 16 * 1024
/** Bytes of data in a part: enough that giving a part to a thread costs little in comparison. */
const PART_BYTES = 4 * 1024 * 1024
/** A file of up to this size is read in one call. */
const SHORT_FILE_BYTES = READ_BYTES
/** Bytes that are read first from a longer file. Most headers are shorter. */
const HEAD_BYTES = 4096
/**
 * A file of up to this size stays in memory between measuring and writing. A longer one is read
 * twice. This bounds the memory of a thread.
 */
const HELD_FILE_BYTES = 16 * 1024 * 1024
/** Alignment of the data in memory: the size of the largest vector register. */
const ALIGNMENT = 64
const PAGE_BYTES = 4096

/**
 * The work on one file, as plain data that can be cloned to threads and processes. All options are
 * checked and all random values are drawn. A backend passes it on unchanged; its fields may change
 * with any version.
 *
 * @example
 * import { type Backend, createBackend, type EtlJob, noiseTask, Pool } from 'noisemill'
 *
 * const namesOf = ({ input, output }: EtlJob) => `${input} -> ${output}`
 * const inner = createBackend({ size: 1 })
 * const backend: Backend = {
 *   ...inner,
 *   name: 'logging',
 *   execute(chunk) {
 *     if (chunk.kind === 'files') console.log(chunk.jobs.map(namesOf).join())
 *     return inner.execute(chunk)
 *   },
 * }
 * await using pool = new Pool({ backend })
 * await pool.map(noiseTask({ out: 'noisy', snr: 10 }), ['speech/a.wav']) // -> speech/a.wav -> noisy/a.wav
 */
export interface EtlJob {
  /** Path of the input. It is an array of bytes if it is not valid UTF-8. */
  readonly input: FilePath
  /** Path of the output. */
  readonly output: FilePath
  /** Path of the output while it is incomplete. It is in the output's folder. */
  readonly temporary: FilePath
  /** The stems to write as well, by their names. */
  readonly stems?:
    | ByStem<{
        /** Path of the stem. */
        readonly output: FilePath
        /** Path of the stem while it is incomplete. It is in the stem's folder. */
        readonly temporary: FilePath
      }>
    | undefined
  /** Whether to replace files that already have the names of the output and its stems. */
  readonly overwrite: boolean
  /**
   * Whether these names are known to be free, so that the job need not look them up before its work.
   * They are protected in any case: the job fails if one is taken in the end.
   */
  readonly free: boolean
  /**
   * Whether the input may be a symbolic link, and with `verify` the output. If not, the job fails with
   * ELOOP for one.
   */
  readonly follow: boolean
  /** Whether the output and its name must be on the disk before the job ends. */
  readonly fsync: boolean
  /** Whether to do only the checks that need no writing. */
  readonly dryRun: boolean
  /** Whether to compare the output with the file that has its name, instead of writing it. */
  readonly verify: boolean
  /** What an earlier run recorded. The job fails if its own figures differ. */
  readonly expected?:
    | {
        /** Size of the input, in bytes; null if it is not known, as in all these fields. */
        readonly bytesIn: number | null
        /** Number of frames. */
        readonly frames: number | null
        /** Standard deviation of the noise before the gain, in full-scale units. */
        readonly sigma: number | null
        /** Root mean square of the noise, in full-scale units. */
        readonly noiseRms: number | null
      }
    | undefined
  /** Whether to refuse a file whose header causes a warning. */
  readonly strict: boolean
  /** The noise to add. */
  readonly noise: Noise
}

export type EtlWarning = HeaderWarning | MeasuringWarning | 'W_NON_FINITE' | 'W_NO_HARD_LINKS'

/** Figures of a file whose job succeeded. */
export interface EtlFigures {
  readonly format: SampleFormatName
  /** Codec of the input's samples; null if they are not coded. */
  readonly codec: CodecName | null
  readonly channels: number
  readonly sampleRate: number
  readonly frames: number
  /** Nominal standard deviation of the requested noise before the gain, in full-scale units. */
  readonly sigma: number
  /** Figures of the layers; empty if the only one is generated. */
  readonly layers: readonly LayerFigures[]
  /** Factor of the mixture; 1 if it was not changed. */
  readonly gain: number
  /** Largest magnitude of the mixture before the gain, in full-scale units; null if it was not measured. */
  readonly peak: number | null
  /** Active level of the signal: its mean power while active, in full-scale units; null if it was not measured. */
  readonly activePower: number | null
  /** Share of the time in which the signal is active, 0 to 1; null if it was not measured or is not known. */
  readonly activity: number | null
  /** Sum of the squares of the samples that were read. */
  readonly signalEnergy: number
  /** Sum of the squares of the differences between written samples and those read, times the gain. */
  readonly noiseEnergy: number
  readonly clipped: number
  readonly nonFinite: number
  readonly bytesIn: number
  /** Time of the input's last modification, in microseconds since 1970. */
  readonly modified: number
  /** Size of the output; in a dry run, the size that it would have. 0 if it is omitted. */
  readonly bytesOut: number
  /** Time from opening the input to publishing the output. */
  readonly seconds: number
  readonly warnings: readonly EtlWarning[]
}

/**
 * The outcome of a file's job: its figures, or why it failed. It is plain data, which a backend
 * passes on unchanged.
 *
 * @example
 * import { createBackend, type Backend, type EtlOutcome, noiseTask, type Outcome, Pool } from 'noisemill'
 *
 * const wasWritten = (outcome: Outcome<EtlOutcome>) => 'value' in outcome && 'figures' in outcome.value
 * const inner = createBackend({ size: 1 })
 * const backend: Backend = {
 *   ...inner,
 *   name: 'logging',
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
      /** Figures of the file, if the job succeeded. */
      readonly figures: EtlFigures
    }
  | {
      /** The reason, if the job failed. */
      readonly failure: FailureData
    }

/**
 * Checks a job that may not come from checked options. Throws Failure E_OPTION_INVALID; see
 * checkNoise.
 */
export function checkEtlJob(job: EtlJob): void {
  checkPath(job.input)
  for (const { output, temporary } of placesOf(job)) {
    checkPath(output)
    checkPath(temporary)
  }
  checkNoise(job.noise)
}

function checkPath(path: FilePath): void {
  if (typeof path === 'string' ? path.includes('\0') : path.includes(0))
    throw new Failure('E_OPTION_INVALID', 'a path with a NUL')
}

/** Returns whether the job is to stop. A job asks before every read, and before each
 * output gets its name. */
export type IsCancelled = () => boolean

/** A pass of a job over a file of several parts, as plain data that can be cloned to threads. */
export interface SharedPass extends PassSettings {
  readonly job: EtlJob
  readonly parts: number
  /** Noise blocks of a part; the last part may have fewer. */
  readonly partBlocks: number
  /** The input as it was when the job began. */
  readonly input: FileIdentity
  readonly size: number
  readonly modified: number
  /** The temporary files, if the pass writes. */
  readonly outputs: readonly FileIdentity[]
}

/** Walks parts of a pass, in any order. `walkPart` throws a Failure if it fails. */
export interface PartWalker {
  walkPart(part: number): PartTally
}

/**
 * Walks all parts of a pass, with or without other threads, and passes their tallies to `add` in the
 * order of the parts. Throws a Failure if a part fails.
 */
export type RunParts = (pass: SharedPass, walker: PartWalker, add: (tally: PartTally) => void) => void

/**
 * Runs a job to its end. It never throws: a failure is part of the outcome.
 *
 * @param runParts what walks the passes over a long file; by default this thread does, part by part
 */
export function runEtl(
  job: EtlJob,
  isCancelled: IsCancelled,
  kernels: Kernels = tsKernels,
  runParts?: RunParts,
): EtlOutcome {
  const etl = new Etl(job, isCancelled, kernels)
  try {
    for (let parts = etl.begin(); parts > 0; parts = etl.endPass()) {
      if (parts > 1 && runParts !== undefined) runParts(etl.sharedPass(parts), etl, (tally) => etl.add(tally))
      else for (let part = 0; part < parts; part++) etl.add(etl.walkPart(part))
    }
    return { figures: etl.figures() }
  } catch (error) {
    return { failure: caughtFailure(error) }
  } finally {
    etl.close()
  }
}

/** A pass that another thread began. Call `leave` after the last part. */
export interface JoinedPass extends PartWalker {
  /** Closes the files. Throws E_OUTPUT_WRITE or E_VOLUME_FULL if bytes that were written are lost. */
  leave(): void
}

/**
 * Opens the files of a pass that another thread began. Throws a Failure if that is not possible, or
 * if they are not the same files any more.
 */
export function joinPass(pass: SharedPass, isCancelled: IsCancelled, kernels: Kernels = tsKernels): JoinedPass {
  const etl = new Etl(pass.job, isCancelled, kernels)
  try {
    etl.join(pass)
    return etl
  } catch (error) {
    etl.leave()
    throw error
  }
}

/**
 * One job, as steps. Call `begin`, then `walkPart` for every part of the pass, in any order, and
 * `add` for their tallies, in the order of the parts, then `endPass`. Repeat the last three while
 * `endPass` announces parts. A step that fails throws a Failure, which ends the job.
 *
 * Other threads can walk parts of the same pass. Each has an Etl of its own, which calls `join`,
 * then `walkPart`, then `leave`.
 */
class Etl implements JoinedPass {
  readonly #started = performance.now()
  /** The warnings that come from neither the header nor the measuring. */
  readonly #warnings: EtlWarning[] = []
  #file!: InputFile
  /** The file, or its decoded form if it is coded. */
  #input!: Input
  readonly #outputs: Outputs
  #header!: WavHeader
  #codec: CodecName | null = null
  #outputSize!: OutputSize
  #repairs: readonly Repair[] = []
  /** Bytes of data in one read (whole pieces), and in one part (whole noise blocks). */
  #readBytes = 0
  #partBytes = 0
  #settings: PassSettings = { ...NOTHING_MEASURED, pass: 'write', levels: [], gain: 1 }
  #measuring!: Measuring
  #peak: number | null = null
  #tally = new FileTally()

  constructor(
    readonly job: EtlJob,
    readonly isCancelled: IsCancelled,
    readonly kernels: Kernels,
  ) {
    this.#outputs = new Outputs(job)
  }

  /**
   * Opens the input and does all checks that need no writing. Returns the number of parts of the
   * first pass.
   */
  begin(): number {
    const { job } = this
    if (this.isCancelled()) throw new Failure('E_CANCELLED')
    checkEtlJob(job)
    const { noise } = job
    const measures = measuresSignal(noise)
    this.#file = new InputFile(job.input, job.follow)
    const { size } = this.#file
    const isHeld = size <= SHORT_FILE_BYTES || ((measures || surveysMixture(noise)) && size <= HELD_FILE_BYTES)
    this.#openSamples(isHeld ? size : Math.min(size, HEAD_BYTES))
    this.#checkExpected('E_REPLAY_INPUT', 'bytesIn', size)
    this.#checkExpected('E_REPLAY_INPUT', 'frames', this.#header.frames)
    if (!job.free) this.#outputs.checkNames(this.#file)
    checkSampleRate(noise, this.#header.sampleRate)
    this.#measuring = new Measuring(noise, this.#header, job.strict)
    return this.#startMeasuring()
  }

  /**
   * Reads the header, and decides how the data are divided.
   *
   * @param held number of bytes that are read at once and stay in memory
   */
  #openSamples(held: number): void {
    this.#file.hold(held)
    const { input, header, codec } = openSamples(this.#file)
    this.#input = input
    this.#header = header
    this.#codec = codec
    if (this.job.strict) refuseWarnings(header.warnings)
    this.#outputSize = outputSize(header, input.size)
    this.#repairs = sizeRepairs(header, this.#outputSize)
    const piece = pieceFrames(header.channels) * header.blockAlign
    this.#readBytes = piece * Math.max(1, Math.floor(READ_BYTES / piece))
  }

  get #blockBytes(): number {
    return BLOCK_FRAMES * this.#header.blockAlign
  }

  /** Throws a failure if a figure is not what an earlier run recorded. */
  #checkExpected(code: string, name: keyof NonNullable<EtlJob['expected']>, figure: number): void {
    const expected = this.job.expected?.[name] ?? null
    if (expected !== null && expected !== figure) throw new Failure(code, name)
  }

  /** Returns the number of parts. A pass in which samples must come in order has one. */
  #startPass(settings: PassSettings): number {
    this.#settings = settings
    this.#tally = new FileTally()
    const all = Math.max(1, Math.ceil(this.#header.dataBytes / this.#blockBytes))
    const blocks = settings.activity ? all : Math.max(1, Math.floor(PART_BYTES / this.#blockBytes))
    this.#partBytes = this.#blockBytes * blocks
    return Math.ceil(all / blocks)
  }

  /** Starts the next pass that measures, or surveys the mixture if its gain depends on it. */
  #startMeasuring(): number {
    const pass = this.#measuring.next()
    if (pass !== undefined) return this.#startPass(pass)
    if (this.#measuring.isOmitted) {
      if (this.job.verify) this.#outputs.checkAbsent()
      return 0
    }
    this.#settings = { ...this.#settings, ...NOTHING_MEASURED, levels: this.#measuring.levels }
    return surveysMixture(this.job.noise)
      ? this.#startPass({ ...this.#settings, pass: 'survey' })
      : this.#startWriting()
  }

  #startWriting(): number {
    const { job } = this
    this.#checkExpected('E_REPLAY_DIFFERS', 'sigma', totalDeviation(this.#measuring.levels))
    if (job.dryRun) return 0
    this.#outputs.open(this.#outputSize.size, this.#file.mode)
    return this.#startPass({ ...this.#settings, pass: 'write' })
  }

  /** Returns what other threads need to `join` the pass. */
  sharedPass(parts: number): SharedPass {
    return {
      job: this.job,
      ...this.#settings,
      parts,
      partBlocks: this.#partBytes / this.#blockBytes,
      input: this.#file.identity,
      size: this.#file.size,
      modified: this.#file.modified,
      outputs: this.#outputs.identities,
    }
  }

  /** Opens the files of a pass that another Etl of the same job began. */
  join(shared: SharedPass): void {
    const { job, pass, measured, take, activity, levels, gain, partBlocks, input, size, modified, outputs } = shared
    this.#file = new InputFile(job.input, job.follow)
    this.#file.checkSame(input, size, modified)
    this.#openSamples(Math.min(this.#file.size, HEAD_BYTES))
    this.#partBytes = partBlocks * this.#blockBytes
    this.#settings = { pass, measured, take, activity, levels, gain }
    this.#outputs.join(outputs, this.#outputSize.size)
  }

  leave(): void {
    this.#file?.close()
    this.#outputs.leave()
  }

  add(tally: PartTally): void {
    this.#tally.add(tally)
  }

  /**
   * Returns the end of the read that starts at `position`. A read covers whole pieces of data, and
   * also a short head before them or a short tail after them.
   */
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

  walkPart(part: number): PartTally {
    const { job, kernels } = this
    const header = this.#header
    const { shift } = this.#outputSize
    const writes = this.#settings.pass === 'write'
    const dataEnd = endOfData(header)
    // The head belongs to the first part, and the bytes after the data to the last. If the sizes in
    // the header are wrong, the data extend to the end of the file, and nothing follows them.
    const first = part * this.#partBytes
    const isLast = first + this.#partBytes >= header.dataBytes
    const lastEnd = writes && !header.sizesLie ? this.#input.size : dataEnd
    const end = isLast ? lastEnd : header.dataOffset + first + this.#partBytes
    let position = writes && part === 0 ? 0 : header.dataOffset + first

    kernels.reset()
    const room = kernels.bytes(this.#readBytes + 2 * SIDE_BYTES + PAGE_BYTES + ALIGNMENT)
    const firstFrame = first / header.blockAlign
    const walk = openWalk(header, firstFrame, job.noise, this.#settings, kernels)
    const stems =
      writes && this.#outputs.hasStems
        ? new StemReads(new StemMaker(header, this.#settings.gain, kernels), room.length, kernels)
        : undefined
    try {
      while (position < end) {
        if (this.isCancelled()) throw new Failure('E_CANCELLED')
        const stop = this.#readEnd(position, end)
        const dataStart = Math.max(position, header.dataOffset)
        const dataStop = Math.min(stop, dataEnd)
        const [lead, count] = dataStart < dataStop ? [dataStart - position, dataStop - dataStart] : [0, 0]
        const at = placeInRoom(room.byteOffset, position, lead)
        const bytes = room.subarray(at, at + stop - position)
        this.#input.read(position, bytes)
        stems?.take(bytes, position, lead)
        if (count > 0) {
          walk.run(bytes.subarray(lead, lead + count))
          stems?.make(bytes.subarray(lead, lead + count), lead)
        }
        if (writes) {
          for (const all of [bytes, ...(stems?.all ?? [])]) repairBytes(all, position + shift, this.#repairs)
          this.#outputs.write(position + shift, bytes, stems)
        }
        position = stop
      }
      return stems === undefined ? walk.takeTally() : { ...walk.takeTally(), unfit: stems.maker.unfit }
    } finally {
      walk.close()
    }
  }

  /** Ends a pass. Returns the number of parts of the next pass; 0 if the job is done. */
  endPass(): number {
    const header = this.#header
    const { job } = this
    const { pass } = this.#settings
    if (pass === 'measure') {
      this.#measuring.end(this.#tally)
      return this.#startMeasuring()
    }
    if (pass === 'survey') {
      this.#peak = this.#tally.peak
      this.#settings = { ...this.#settings, gain: gainOf(job.noise, this.#tally, header) }
      return this.#startWriting()
    }
    if (job.noise.mixing.clip === 'error' && this.#tally.clipped > 0)
      throw new Failure('E_CLIPPED', `${this.#tally.clipped} samples`)
    if (this.#tally.unfit > 0) throw new Failure('E_STEM_RANGE', `${this.#tally.unfit} samples`)
    const finite = header.frames * header.channels - this.#tally.nonFinite
    this.#checkExpected('E_REPLAY_DIFFERS', 'noiseRms', Math.sqrt(this.#tally.noise / finite))
    // Some of them are in no part.
    for (const { position, bytes } of this.#repairs)
      this.#outputs.write(position, bytes, { clean: bytes, noise: bytes })
    if (!this.#outputs.publish(this.isCancelled)) this.#warnings.push('W_NO_HARD_LINKS')
    return 0
  }

  /** Returns the figures of the job, once it is done. */
  figures(): EtlFigures {
    const { format, channels, sampleRate, frames } = this.#header
    const { signal, noise, clipped, nonFinite } = this.#tally
    const { levels, activity, isOmitted } = this.#measuring
    if (nonFinite > 0) this.#warnings.push('W_NON_FINITE')
    return {
      format: format.name,
      codec: this.#codec,
      channels,
      sampleRate,
      frames,
      sigma: totalDeviation(levels),
      layers: this.#measuring.figures(),
      gain: this.#settings.gain,
      peak: this.#peak,
      activePower: activity?.power ?? null,
      activity: activity?.factor ?? null,
      signalEnergy: signal,
      noiseEnergy: noise,
      clipped,
      nonFinite,
      bytesIn: this.#file.size,
      modified: this.#file.modified,
      bytesOut: isOmitted ? 0 : this.#outputSize.size,
      seconds: (performance.now() - this.#started) / 1000,
      warnings: [...this.#header.warnings, ...this.#measuring.warnings, ...this.#warnings],
    }
  }

  /**
   * Closes the files, whether or not the job succeeded. Outputs that were not published are
   * removed.
   */
  close(): void {
    this.#outputs.discard()
    this.#file?.close()
  }
}

/** The bytes of the stems of a read. They have the head and the tail of the read. */
class StemReads implements ByStem<Uint8Array> {
  clean!: Uint8Array
  noise!: Uint8Array
  readonly #rooms: readonly Uint8Array[]

  /** @param roomBytes size of the buffer for a read */
  constructor(
    readonly maker: StemMaker,
    roomBytes: number,
    kernels: Kernels,
  ) {
    this.#rooms = [kernels.bytes(roomBytes), kernels.bytes(roomBytes)]
  }

  get all(): readonly Uint8Array[] {
    return [this.clean, this.noise]
  }

  /** Copies a read before noise is added. See placeInRoom. */
  take(bytes: Uint8Array, position: number, lead: number): void {
    ;[this.clean, this.noise] = this.#rooms.map((room) => {
      const at = placeInRoom(room.byteOffset, position, lead)
      const copy = room.subarray(at, at + bytes.length)
      copy.set(bytes)
      return copy
    })
  }

  /** @param mixture the data of the read, to which noise was added */
  make(mixture: Uint8Array, lead: number): void {
    const end = lead + mixture.length
    this.noise.set(mixture, lead)
    this.maker.make(this.clean.subarray(lead, end), this.noise.subarray(lead, end))
  }
}

/**
 * Returns where in the buffer a read belongs. The read starts at `position` of the file, and
 * its data begin `lead` bytes later. The data are then aligned. They are also half a page away from
 * the place of the same bytes in the system's page cache. Copies take half as long again if the
 * last twelve bits of both addresses are nearly equal (4K aliasing).
 *
 * @param room offset of the buffer in memory that begins at a page boundary
 */
function placeInRoom(room: number, position: number, lead: number): number {
  const data = ((position + PAGE_BYTES / 2 + PAGE_BYTES - (room % PAGE_BYTES)) % PAGE_BYTES) + lead
  return Math.ceil((room + data) / ALIGNMENT) * ALIGNMENT - room - lead
}

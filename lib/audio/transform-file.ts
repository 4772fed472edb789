/**
 * The whole job of a transform for one file: it reads the samples, calls the function of a user with
 * them, and writes what that returns, or hands it on.
 */

import { setImmediate } from 'node:timers/promises'
import { type EtlFigures, type EtlJob, runEtl } from '../core/etl.js'
import { caughtFailure, Failure } from '../core/failure.js'
import { InputFile, nameExists, OutputFile, removeFile } from '../core/files.js'
import type { Kernels } from '../core/kernels.js'
import type { CodecName } from '../core/wav/codecs.js'
import { openSamples } from '../core/wav/decoded.js'
import { readHeader, refuseWarnings, type WavHeader } from '../core/wav/header.js'
import type { Input } from '../core/wav/reader.js'
import { sampleFormats } from '../core/wav/samples.js'
import type { Audio } from './audio.js'
import { ChunkWriter, emptyFile } from './chunks.js'
import type {
  AudioFigures,
  GivenSamples,
  HandedOn,
  Moment,
  PlacedNoise,
  TransformJob,
  TransformOutcome,
  TransformWarning,
} from './job.js'
import { Random } from './random.js'
import { countNonFinite, nonFiniteIn, readFrames } from './read.js'
import { checkLike, type Signal, signalOf } from './returned.js'
import { SampleTally, SampleWriter } from './write.js'

/** Bytes of a file that are read first. Most headers are shorter. */
const HEAD_BYTES = 4096
/** How long blocks may follow each other before messages, such as that of an abort, have their turn. */
const TURN_MILLISECONDS = 20

/** How the function of a user is called, and what it needs. */
export interface TransformContext {
  call(audio: Audio): unknown
  readonly signal: AbortSignal
  readonly attempt: number
  /** Asked before a file gets its name. */
  mayPublish(): boolean
  /** Returns the kernels of the thread. */
  kernels(): Kernels
}

/** What the function of the user threw. */
class Thrown {
  constructor(readonly value: unknown) {}
}

/** Runs a job to its end. It rejects only with what the function threw; another failure is part of the outcome. */
export async function transformFile(job: TransformJob, context: TransformContext): Promise<TransformOutcome> {
  const transform = new FileTransform(job, context)
  const abort = () => transform.close()
  context.signal.addEventListener('abort', abort)
  try {
    return await transform.run()
  } catch (error) {
    if (error instanceof Thrown) throw error.value
    return { failure: caughtFailure(error) }
  } finally {
    context.signal.removeEventListener('abort', abort)
    transform.close()
  }
}

/** Where results of calls go. */
interface Sink {
  readonly tally: SampleTally
  add(signal: Signal): void
}

class FileTransform {
  readonly #started = performance.now()
  readonly #job: TransformJob
  readonly #context: TransformContext
  readonly #warnings = new Set<TransformWarning>()
  readonly #noise: Partial<Record<Moment, EtlFigures>> = {}
  #file: InputFile | undefined
  /** The file, or its decoded form if it is coded; the head of a new file if the item has samples. */
  #input!: Input
  #header!: WavHeader
  #codec: CodecName | null = null
  #output: OutputFile | undefined
  /** Number of samples given that are not finite. */
  #givenNonFinite = 0
  #isClosed = false

  constructor(job: TransformJob, context: TransformContext) {
    this.#job = job
    this.#context = context
  }

  get #isOver(): boolean {
    return this.#isClosed || !this.#context.mayPublish()
  }

  async run(): Promise<TransformOutcome> {
    const { output, dryRun } = this.#job
    this.#open()
    if (dryRun) return { figures: this.#figures(this.#header, { clipped: 0, dropped: [], bytesOut: 0 }) }
    return output.length > 0 ? this.#write() : this.#handOn()
  }

  #open(): void {
    const { input, samples, follow, strict, noise, dryRun } = this.#job
    if (samples !== undefined) {
      this.#openGiven(samples)
      this.#checkOutput()
      return
    }
    this.#file = new InputFile(input, follow)
    this.#checkOutput()
    if (noise.before !== undefined && !dryRun) this.#file = this.#noisy(this.#file, noise.before)
    this.#file.hold(Math.min(this.#file.size, HEAD_BYTES))
    const opened = openSamples(this.#file)
    this.#input = opened.input
    this.#header = opened.header
    this.#codec = this.#noise.before?.codec ?? opened.codec
    if (strict) refuseWarnings(opened.header.warnings)
    for (const warning of opened.header.warnings) this.#warnings.add(warning)
    if (opened.header.format.wide) this.#warnings.add('W_ROUNDED')
  }

  /** The head of a new file stands for the input. */
  #openGiven({ channels, sampleRate, format: name }: GivenSamples): void {
    const format = sampleFormats.find((known) => known.name === name)!
    this.#input = emptyFile({ channels: channels.length, sampleRate, format })
    this.#header = { ...readHeader(this.#input), frames: channels[0].length }
    for (const samples of channels) this.#givenNonFinite += nonFiniteIn(samples)
  }

  /** Checks the output's name early. `publish` checks it again, because the name may be taken in the meantime. */
  #checkOutput(): void {
    const { output, overwrite, free } = this.#job
    if (output.length === 0 || free || !nameExists(output)) return
    if (this.#file?.isSameFile(output)) throw new Failure('E_OUTPUT_IS_INPUT')
    if (!overwrite) throw new Failure('E_OUTPUT_EXISTS')
  }

  async #write(): Promise<TransformOutcome> {
    const { temporary, fsync } = this.#job
    const header = this.#header
    const mode = this.#file?.mode ?? 0o666 & ~process.umask()
    const tally = new SampleTally()
    let writer: SampleWriter | undefined
    let first: Signal | undefined
    const add = (signal: Signal) => {
      if (first === undefined) {
        first = signal
        this.#output = this.#create(temporary, mode, fsync)
        writer = new SampleWriter(this.#output, header, signal.channels.length, header.dataOffset, tally)
      } else checkLike(signal, first)
      writer!.write(signal.channels)
    }
    await this.#callAll({ tally, add })
    const output = this.#output!
    const { channels, sampleRate } = first!
    const chunks = new ChunkWriter(this.#input, this.#inputHeader, output)
    const written = { channels: channels.length, sampleRate, frames: tally.frames }
    const bytesOut = chunks.write(written)
    this.#checkFinite(tally)
    if (chunks.dropped.length > 0) this.#warnings.add('W_METADATA_DROPPED')
    this.#publish(output)
    const { clipped } = tally
    return { figures: this.#figures(written, { clipped, dropped: chunks.dropped, bytesOut }) }
  }

  /** Adds the noise that comes before the function, and opens the noisy file. */
  #noisy(file: InputFile, { file: noisy }: PlacedNoise): InputFile {
    file.close()
    this.#file = undefined
    const { input, strict } = this.#job
    this.#addNoise('before', { input, output: noisy, overwrite: true, free: true, fsync: false, strict })
    try {
      return new InputFile(noisy)
    } finally {
      removeFile(noisy)
    }
  }

  /** Gives the output its final name. If noise comes after the function, it is added before that. */
  #publish(written: OutputFile): void {
    const { output, noise, overwrite, free, fsync } = this.#job
    written.complete()
    if (noise.after === undefined) {
      if (this.#isOver) throw new Failure('E_CANCELLED')
      if (!written.publish(output, overwrite)) this.#warnings.add('W_NO_HARD_LINKS')
      this.#output = undefined
      return
    }
    const { file } = noise.after
    written.publish(file, true)
    this.#output = undefined
    try {
      this.#addNoise('after', { input: file, output, overwrite, free, fsync, strict: false })
    } finally {
      removeFile(file)
    }
  }

  #addNoise(moment: Moment, files: Pick<EtlJob, 'input' | 'output' | 'overwrite' | 'free' | 'fsync' | 'strict'>): void {
    const { temporary, noise, follow } = this.#job
    const job: EtlJob = { ...files, temporary, noise: noise[moment]!.noise, follow, dryRun: false, verify: false }
    const outcome = runEtl(job, () => this.#isOver, this.#context.kernels())
    if ('failure' in outcome) {
      const { code, detail, errno } = outcome.failure
      throw new Failure(code, detail, errno)
    }
    this.#noise[moment] = outcome.figures
    for (const warning of outcome.figures.warnings) this.#warnings.add(warning)
  }

  /** Size and time of the input. */
  get #sizes(): Pick<AudioFigures, 'bytesIn' | 'modified'> {
    return { bytesIn: this.#file?.size ?? 0, modified: this.#file?.modified ?? 0 }
  }

  /** The head of a new file has no samples. */
  get #inputHeader(): WavHeader {
    return this.#file === undefined ? { ...this.#header, frames: 0 } : this.#header
  }

  #create(temporary: TransformJob['temporary'], mode: number, fsync: boolean): OutputFile {
    // The thread of an earlier attempt may have been ended while it wrote. A worker of a queue chooses other names.
    if (this.#context.attempt > 1 && this.#job.cancelled === undefined) removeFile(temporary)
    return new OutputFile(temporary, mode, fsync)
  }

  async #handOn(): Promise<TransformOutcome> {
    const tally = new SampleTally()
    const parts: Signal[] = []
    const add = (signal: Signal) => {
      if (parts.length > 0) checkLike(signal, parts[0])
      tally.look(signal.channels, 0, signal.channels[0].length)
      // The function may use its memory again, and what is handed on leaves the thread.
      parts.push({ ...signal, channels: signal.channels.map((samples) => Float32Array.from(samples)) })
    }
    await this.#callAll({ tally, add })
    this.#checkFinite(tally)
    const audio: HandedOn = {
      channels: parts[0].channels.map((_, channel) => joined(parts.map(({ channels }) => channels[channel]))),
      sampleRate: parts[0].sampleRate,
    }
    const written = { channels: audio.channels.length, sampleRate: audio.sampleRate, frames: tally.frames }
    return { figures: this.#figures(written, { clipped: 0, dropped: [], bytesOut: 0 }), audio }
  }

  /** Calls the function with the whole file, or with one block after the other. */
  async #callAll({ add }: Sink): Promise<void> {
    const { samples, blockFrames, shown, copy, randomKey } = this.#job
    const { frames, format, sampleRate } = this.#header
    const random = new Random(randomKey, this.#context.kernels)
    const state = {}
    const size = blockFrames ?? frames
    let turn = performance.now()
    let frame = 0
    do {
      const count = Math.min(size, frames - frame)
      const channels =
        samples === undefined
          ? readFrames(this.#input, this.#header, frame, count)
          : samples.channels.map((channel) => channel.slice(frame, frame + count))
      const isLast = frame + count === frames
      const audio: Audio = {
        channels,
        sampleRate,
        format: format.name,
        frames,
        frame,
        isLast,
        ...shown,
        copy,
        random,
        state,
      }
      add(signalOf(await this.#call(audio), audio))
      frame += count
      if (performance.now() - turn > TURN_MILLISECONDS) {
        await setImmediate()
        this.#checkOpen()
        turn = performance.now()
      }
    } while (frame < frames)
  }

  async #call(audio: Audio): Promise<unknown> {
    let returned: unknown
    try {
      returned = this.#context.call(audio)
      if (typeof (returned as PromiseLike<unknown> | undefined)?.then === 'function') returned = await returned
    } catch (thrown) {
      throw new Thrown(thrown)
    }
    this.#checkOpen()
    return returned
  }

  /** Throws E_CANCELLED if the files were closed meanwhile, because the result is no longer wanted. */
  #checkOpen(): void {
    if (this.#isClosed) throw new Failure('E_CANCELLED')
  }

  /** Throws Failure E_TRANSFORM_RESULT if the output has more samples that are not finite than the input. */
  #checkFinite({ nonFinite, oddity }: SampleTally): void {
    if (nonFinite === 0) return
    const given = this.#file === undefined ? this.#givenNonFinite : countNonFinite(this.#input, this.#header)
    if (nonFinite > given) throw new Failure('E_TRANSFORM_RESULT', oddity)
    this.#warnings.add('W_NON_FINITE')
  }

  #figures(
    { channels, sampleRate, frames }: Pick<WavHeader, 'channels' | 'sampleRate' | 'frames'>,
    written: Pick<AudioFigures, 'clipped' | 'dropped' | 'bytesOut'>,
  ): AudioFigures {
    return {
      format: this.#header.format.name,
      channels,
      sampleRate,
      frames,
      codec: this.#codec,
      ...written,
      bytesIn: (this.#noise.before ?? this.#sizes).bytesIn,
      modified: (this.#noise.before ?? this.#sizes).modified,
      seconds: (performance.now() - this.#started) / 1000,
      warnings: [...this.#warnings],
      noise: this.#noise,
    }
  }

  /** Closes the files, whether or not the job succeeded. An output that was not published is removed. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#output?.discard()
    this.#file?.close()
  }
}

function joined(parts: readonly Float32Array[]): Float32Array {
  if (parts.length === 1) return parts[0]
  const whole = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0))
  let done = 0
  for (const part of parts) {
    whole.set(part, done)
    done += part.length
  }
  return whole
}

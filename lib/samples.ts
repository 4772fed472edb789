/** `addNoise` and `addNoiseToWav`, which add noise to samples and to WAV files in memory. */

import { setImmediate } from 'node:timers/promises'
import { types } from 'node:util'
import { checkBoolean, checkInteger, checkSignal, given } from './checks.js'
import { Failure } from './core/failure.js'
import { gainOf, Measuring, totalDeviation } from './core/measuring.js'
import { checkSampleRate, surveysMixture } from './core/noise/noise.js'
import { NOTHING_MEASURED, type PassSettings } from './core/transform.js'
import type { CodecName } from './core/wav/codecs.js'
import { openSamples } from './core/wav/decoded.js'
import { MAX_CHANNELS } from './core/wav/format.js'
import { endOfData, refuseWarnings } from './core/wav/header.js'
import type { Input } from './core/wav/reader.js'
import { outputSize, sizeRepairs } from './core/wav/repair.js'
import { type FrameLayout, type SampleFormatName, sampleFormats } from './core/wav/samples.js'
import type { ErrorCode } from './error-codes.js'
import { invalidOption, NoisemillError } from './errors.js'
import { NoiseBanks } from './plan/bank.js'
import { checkNoiseSpec, drawNoise, type NoiseSpec, type NoiseSpecSettings, SPEC_OPTIONS } from './plan/options.js'
import { type SampleFigures, type SampleWarning, sampleFigures } from './plan/results.js'
import { abortReason } from './pool/abort.js'
import { isPool, Pool } from './pool/pool.js'
import { runSlices } from './slices.js'

/**
 * Typed arrays that hold samples: PCM of 8 (unsigned), 16 and 32 bits, and float of 32 and 64 bits,
 * in the machine's byte order.
 *
 * @example
 * import { addNoise, type Samples } from 'noisemill'
 *
 * const silence: Samples[] = [new Int16Array(4), new Float32Array(4)]
 * for (const samples of silence) console.log((await addNoise(samples, { sigma: 0.1 })).constructor.name)
 * // -> Int16Array
 * // -> Float32Array
 */
export type Samples = Uint8Array | Int16Array | Int32Array | Float32Array | Float64Array

/**
 * Options of `addNoiseToWav`. Give exactly one of `sigma`, `snr` and `dbfs`.
 *
 * @example
 * import { readFile } from 'node:fs/promises'
 * import { addNoiseToWav, type WavNoiseOptions } from 'noisemill'
 *
 * const options: WavNoiseOptions = { snr: 10, key: 'a.wav', strict: true, signal: AbortSignal.timeout(60_000) }
 * const noisy = await addNoiseToWav(await readFile('speech/a.wav'), options)
 * console.log(noisy.length) // -> 3244
 */
export interface WavNoiseOptions extends NoiseSpec {
  /**
   * Text that selects the noise: the same seed and key give the same noise. For a file, it is the
   * relative path. '' by default.
   */
  readonly key?: string
  /**
   * Whether to write the result into the memory that was given, instead of a copy; false by
   * default.
   */
  readonly inPlace?: boolean
  /**
   * Whether to refuse a file whose header has faults, or whose active level cannot be measured (E_WAV_STRICT), instead
   * of warning of them; false by default.
   */
  readonly strict?: boolean
  /**
   * Signal that ends the work early: the promise rejects with the signal's reason. With `inPlace`,
   * samples that already have noise keep it.
   */
  readonly signal?: AbortSignal
  /** Pool to run on. By default all calls share one pool. */
  readonly pool?: Pool
  /**
   * Called once, before the promise resolves, with figures of the work, such as the drawn level and
   * the measured SNR.
   */
  readonly onFigures?: (figures: SampleFigures) => void
}

/**
 * Options of `addNoise`.
 *
 * @example
 * import { addNoise, type SampleNoiseOptions } from 'noisemill'
 *
 * const stereo = new Float32Array(2 * 1000)
 * const options: SampleNoiseOptions = { sigma: 0.1, seed: 1, channels: 2, inPlace: true }
 * console.log((await addNoise(stereo, options)) === stereo) // -> true
 */
export interface SampleNoiseOptions extends Omit<WavNoiseOptions, 'strict'> {
  /**
   * Number of channels, 1 to 1024; 1 by default. The samples of a frame, one of each channel, lie
   * next to each other.
   */
  readonly channels?: number
  /**
   * Sample rate in frames per second, an integer from 1 to 4,294,967,295. It is needed only for
   * `snrReference: 'active'` and for some kinds of noise, of which `gaussian` is none.
   */
  readonly sampleRate?: number
}

const COMMON_OPTIONS = [...SPEC_OPTIONS, 'key', 'inPlace', 'signal', 'pool', 'onFigures']

interface SampleType {
  readonly Type: new (length: number) => Samples
  /** Recognises arrays of any realm; `instanceof` does not. */
  readonly is: (value: unknown) => boolean
  readonly format: SampleFormatName
}

const SAMPLE_TYPES: readonly SampleType[] = [
  { Type: Uint8Array, is: types.isUint8Array, format: 'pcm8' },
  { Type: Int16Array, is: types.isInt16Array, format: 'pcm16' },
  { Type: Int32Array, is: types.isInt32Array, format: 'pcm32' },
  { Type: Float32Array, is: types.isFloat32Array, format: 'float32' },
  { Type: Float64Array, is: types.isFloat64Array, format: 'float64' },
]

/** Number of bytes that are decoded at once. */
const DECODED_BYTES = 128 * 1024

let shared: Pool | undefined

/**
 * Returns the pool that calls share, which the first call makes. It is never closed, because an
 * idle pool costs little and does not keep the process alive.
 */
function sharedPool(): Pool {
  shared ??= new Pool()
  return shared
}

/**
 * Adds noise to samples in memory, on the threads of a pool. The result has the same bits as a file
 * of these samples with the same key.
 *
 * Do not change `samples` until the promise settles. If their memory is detached or resized before
 * that, the promise rejects with E_SAMPLES_CHANGED.
 *
 * @param samples interleaved samples. Integers span the range of their type (unsigned for 8 bits);
 * floats have full scale at 1.0. They may be in shared memory.
 * @returns a new array of the same type, or `samples` with `inPlace`
 * @throws NoisemillError (the promise rejects): E_OPTION_INVALID, E_OPTION_UNKNOWN,
 * E_LEVEL_MISSING, E_LEVEL_BOTH, E_NOISE_LOW, E_SIGNAL_POWER, E_SIGNAL_SILENT, E_CLIPPED, E_SAMPLES_CHANGED, E_POOL_CLOSED,
 * E_POOL_TERMINATED, E_NO_MEMORY, E_WORKER_DIED, E_WORKER_START, E_INTERNAL; and the signal's
 * reason
 * @example
 * import { addNoise } from 'noisemill'
 *
 * const clean = Float32Array.from({ length: 16_000 }, (_, n) => 0.5 * Math.sin(n / 10))
 * const noisy = await addNoise(clean, { snr: 10, seed: 1, onFigures: ({ snr }) => console.log(snr?.toFixed(1)) })
 * console.log(noisy.length)
 * // -> 10.0
 * // -> 16000
 */
export async function addNoise<T extends Samples>(samples: T, options: SampleNoiseOptions): Promise<T> {
  const request = checkRequest(options, [...COMMON_OPTIONS, 'channels', 'sampleRate'])
  const known = Buffer.isBuffer(samples) ? undefined : SAMPLE_TYPES.find(({ is }) => is(samples))
  if (known === undefined) {
    const names = SAMPLE_TYPES.map(({ Type }) => Type.name).join(', ')
    throw invalidOption('samples', `a ${names} (use addNoiseToWav for the bytes of a WAV file)`, samples)
  }
  const channels = checkInteger('channels', given(options.channels, 1), 1, MAX_CHANNELS)
  const sampleRate = checkRateOption(options.sampleRate, request.noise)
  const frames = samples.length / channels
  if (!Number.isInteger(frames))
    throw invalidOption('samples', `a length that is a multiple of the ${channels} channels`, samples.length)
  const { Type } = known
  const format = sampleFormats.find((format) => format.name === known.format)!
  const memory = bytesOf(samples)
  const result = request.inPlace ? samples : (new Type(samples.length) as T)
  const to = request.inPlace ? memory : bytesOf(result)
  const blockAlign = channels * format.bytes
  const layout = { format, channels, sampleRate, blockAlign, frames, bigEndian: false, validBits: format.bits }
  const figures = await noiseOnto({ layout, codec: null, warnings: [], strict: false }, request, memory, to)
  request.onFigures?.(figures)
  return result
}

/**
 * Adds noise to a whole WAV file in memory, on the threads of a pool. The result has the same bytes
 * as the output for that file on disk with the same key.
 *
 * Do not change `wav` until the promise settles, as for `addNoise`.
 *
 * @param wav all bytes of the file
 * @returns a new array. With `inPlace` it is an array over the same memory, unless corrected sizes
 * make the file longer or coded samples are decoded.
 * @throws NoisemillError (the promise rejects): as `addNoise`, and a code that begins with E_WAV if
 * the file cannot be read
 * @example
 * import { readFile, writeFile } from 'node:fs/promises'
 * import { addNoiseToFiles, addNoiseToWav } from 'noisemill'
 *
 * const inMemory = await addNoiseToWav(await readFile('speech/a.wav'), { snr: 10, seed: 1, key: 'a.wav' })
 * await writeFile('a-noisy.wav', inMemory)
 * for await (const { output } of addNoiseToFiles('speech/a.wav', { out: 'noisy', snr: 10, seed: 1 }))
 *   console.log((await readFile(output)).equals(inMemory)) // -> true
 */
export async function addNoiseToWav(wav: Uint8Array, options: WavNoiseOptions): Promise<Uint8Array> {
  const request = checkRequest(options, [...COMMON_OPTIONS, 'strict'])
  const strict = checkBoolean('strict', given(options.strict, false))
  if (!types.isUint8Array(wav)) throw invalidOption('wav', 'a Uint8Array', wav)
  const original = bytesOf(wav)
  const file: Input = {
    size: wav.length,
    read: (position, buffer) => buffer.set(original().subarray(position, position + buffer.length)),
  }
  const { input, header, codec } = asError(() => openSamples(file))
  if (strict) asError(() => refuseWarnings(header.warnings))
  const isDecoded = input !== file
  const bytes = isDecoded ? await decode(input, request.signal) : wav
  const memory = isDecoded ? () => bytes : original
  const end = endOfData(header)
  const sizes = asError(() => outputSize(header, bytes.length))
  const { size, shift } = sizes
  const inPlace = (request.inPlace || isDecoded) && shift === 0 && size <= bytes.length
  const result = inPlace ? bytes.subarray(0, size) : new Uint8Array(size)
  const to = inPlace ? memory : () => result
  if (!inPlace) {
    result.set(bytes.subarray(0, header.dataOffset), shift)
    if (!header.sizesLie) result.set(bytes.subarray(end), end)
  }
  const from = () => memory().subarray(header.dataOffset, end)
  const onto = () => to().subarray(header.dataOffset + shift, end + shift)
  const figures = await noiseOnto({ layout: header, codec, warnings: header.warnings, strict }, request, from, onto)
  for (const { position, bytes } of sizeRepairs(header, sizes)) to().set(bytes, position)
  request.onFigures?.(figures)
  return result
}

/** Decodes a whole file of coded samples. The event loop has its turn between reads. */
async function decode(input: Input, signal: AbortSignal | undefined): Promise<Uint8Array> {
  const bytes = new Uint8Array(input.size)
  for (let position = 0; position < bytes.length; position += DECODED_BYTES) {
    if (signal?.aborted) throw abortReason(signal)
    asError(() => input.read(position, bytes.subarray(position, position + DECODED_BYTES)))
    await setImmediate()
  }
  return bytes
}

const MAX_SAMPLE_RATE = 2 ** 32 - 1

/** Returns the sample rate, or 0 if it is neither given nor needed. */
function checkRateOption(value: number | undefined, { layers, mixing }: NoiseSpecSettings): number {
  const isNeeded = layers.some(({ needsSampleRate }) => needsSampleRate) || mixing.reference === 'active'
  if (value === undefined && !isNeeded) return 0
  return checkInteger('sampleRate', value, 1, MAX_SAMPLE_RATE)
}

type Request = ReturnType<typeof checkRequest>

function checkRequest(options: SampleNoiseOptions, known: readonly string[]) {
  const spec = checkNoiseSpec(options, known)
  const { silent, clip } = spec.mixing
  if (silent === 'skip') throw invalidOption('silent', "'copy' or 'error' for samples in memory", silent)
  if (clip === 'error' && options.inPlace === true) throw invalidOption('inPlace', "false with `clip` 'error'", true)
  if (spec.each.length > 0) throw invalidOption('snrMode', "'draw' for samples in memory", 'each')
  const { pool, onFigures } = options
  const key: unknown = given(options.key, '')
  if (typeof key !== 'string' || key.includes('\0')) throw invalidOption('key', 'a string without NUL', key)
  if (pool !== undefined && !isPool(pool)) throw invalidOption('pool', 'a Pool', pool)
  if (onFigures !== undefined && typeof onFigures !== 'function')
    throw invalidOption('onFigures', 'a function', onFigures)
  return {
    noise: spec,
    path: key,
    inPlace: checkBoolean('inPlace', given(options.inPlace, false)),
    signal: checkSignal(options.signal),
    pool,
    onFigures,
  }
}

/**
 * Returns a function that gives the bytes of an array. Both throw E_SAMPLES_CHANGED if the array's
 * memory was detached or resized.
 */
function bytesOf(array: Samples): () => Uint8Array {
  try {
    // An array that was detached, or is beyond the end of a buffer that shrank, looks empty, but
    // its iterators throw.
    array.keys()
  } catch {
    throw new NoisemillError('E_SAMPLES_CHANGED')
  }
  const { byteLength, buffer } = array
  return () => {
    if (array.byteLength !== byteLength || array.buffer !== buffer) throw new NoisemillError('E_SAMPLES_CHANGED')
    return new Uint8Array(buffer, array.byteOffset, byteLength)
  }
}

/** Format of the samples, and warnings about their header. */
interface FoundSamples {
  readonly layout: FrameLayout
  readonly codec: CodecName | null
  readonly warnings: readonly SampleWarning[]
  readonly strict: boolean
}

/** Adds noise. For an SNR it measures the power of the signal first. */
async function noiseOnto(
  found: FoundSamples,
  request: Request,
  from: () => Uint8Array,
  to: () => Uint8Array,
): Promise<SampleFigures> {
  const { layout, codec } = found
  const { path, signal } = request
  const pool = request.pool ?? sharedPool()
  const work = await pool.accept(async (imap) => {
    const banks = new NoiseBanks(request.noise)
    await banks.index((task, items) => imap(task, items, signal ? { signal } : {}))
    const { noise, drawn, layers } = drawNoise(request.noise, path, 1, banks.all)
    asError(() => checkSampleRate(noise, layout.sampleRate))
    const measuring = asError(() => new Measuring(noise, layout, found.strict))
    const threads = { imap, threads: pool.info.threads }
    const walk = (pass: PassSettings) =>
      runSlices(threads, layout, noise, pass, from, pass.pass === 'write' ? to : undefined, signal)
    for (let pass = measuring.next(); pass !== undefined; pass = measuring.next()) {
      const measured = await walk(pass)
      asError(() => measuring.end(measured))
    }
    const { levels } = measuring
    const settings = { ...NOTHING_MEASURED, levels, gain: 1 }
    const surveyed = surveysMixture(noise) ? await walk({ ...settings, pass: 'survey' }) : undefined
    const gain = surveyed === undefined ? 1 : asError(() => gainOf(noise, surveyed, layout))
    const tally = await walk({ ...settings, pass: 'write', gain })
    return { tally, drawn, layers, measuring, gain, peak: surveyed?.peak ?? null }
  })
  const { tally, measuring, ...facts } = work
  const { activity } = measuring
  const warnings = [...found.warnings, ...measuring.warnings]
  const sigma = totalDeviation(measuring.levels)
  if (request.noise.mixing.clip === 'error' && tally.clipped > 0)
    throw new NoisemillError('E_CLIPPED', { received: `${tally.clipped} samples` })
  const figures = measuring.figures()
  return sampleFigures({
    layout,
    codec,
    settings: request.noise,
    ...facts,
    figures,
    sigma,
    activity,
    tally,
    warnings,
    key: path,
  })
}

/** Calls a function, and turns a Failure that core throws into a NoisemillError. */
function asError<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    throw new NoisemillError(error.code as ErrorCode, error.detail === '' ? {} : { received: error.detail })
  }
}

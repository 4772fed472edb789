/** Checks that files have as much noise as they should, whoever added it. */

import { closeSync, fstatSync, openSync, readdirSync, readSync } from 'node:fs'
import path from 'node:path'

const PIECE_FRAMES = 16_384
/** Pieces of a file that are looked at, from its first to its last frame. */
const PIECES = 16
/** Allowed difference of the standard deviation, if the samples are enough to measure it as closely. */
const TOLERANCE = 0.01
/** Allowed error of the measurement, in standard deviations. One trial in millions is farther off by chance. */
const SIGMAS = 6

/**
 * Compares noisy files with the clean ones. All are float32, mono. The clean samples must be so far
 * from full scale that clipping changes hardly any of them.
 *
 * Each file must have the name, the rate and the length of a clean one, samples from -1 to 1, and a
 * difference to the clean one whose standard deviation is `sigma` within 1 %. 16 pieces of each file
 * are looked at, and each must have noise too.
 *
 * @param part the first, and every `part`-th file after it, are expected; all by default
 * @throws Error that says which file is wrong, and how
 */
export function checkNoise(clean: string, noisy: string, sigma: number, part = 1): void {
  for (const name of sameNames(clean, noisy, part)) {
    using from = openFloats(path.join(clean, name))
    using to = openFloats(path.join(noisy, name))
    if (to.rate !== from.rate) throw new Error(`${name} has ${to.rate} Hz instead of ${from.rate}`)
    if (to.frames !== from.frames) throw new Error(`${name} has ${to.frames} frames instead of ${from.frames}`)
    checkPieces(name, from, to, sigma)
  }
}

/** Checks that files are copies. */
export function checkCopies(originals: string, copies: string): void {
  const [mine, other] = [Buffer.alloc(1 << 20), Buffer.alloc(1 << 20)]
  for (const name of sameNames(originals, copies)) {
    using from = open(path.join(originals, name))
    using to = open(path.join(copies, name))
    for (let length = -1; length !== 0; ) {
      length = readSync(from.fd, mine)
      const read = readSync(to.fd, other)
      if (read !== length || mine.compare(other, 0, read, 0, length) !== 0) throw new Error(`${name} is no copy`)
    }
  }
}

/** Names of WAV files in a folder, or of every `part`-th; the other one must have the same. */
function sameNames(folder: string, other: string, part = 1): string[] {
  // noisemill also keeps a journal in the output folder.
  const wavFiles = (each: string) => readdirSync(each).filter((name) => name.endsWith('.wav'))
  const names = wavFiles(folder)
    .sort()
    .filter((_, i) => i % part === 0)
  const others = wavFiles(other)
  const lacking = names.filter((name) => !others.includes(name))
  if (lacking.length > 0)
    throw new Error(`${names.length - lacking.length} of ${names.length} files are there, and ${lacking[0]} is not`)
  const foreign = others.find((name) => !names.includes(name))
  if (foreign !== undefined) throw new Error(`${foreign} should not be there`)
  return names
}

function checkPieces(name: string, from: Floats, to: Floats, sigma: number): void {
  let squares = 0
  let seen = 0
  for (const [first, count] of piecesOf(from.frames)) {
    const [clean, noisy] = [from, to].map(({ read }) => read(first, count))
    const sum = squaredDifference(name, clean, noisy)
    checkDeviation(`${name} from frame ${first} on`, sum, count, sigma)
    squares += sum
    seen += count
  }
  checkDeviation(name, squares, seen, sigma)
}

function squaredDifference(name: string, clean: Float32Array, noisy: Float32Array): number {
  let sum = 0
  for (let i = 0; i < clean.length; i++) {
    const sample = noisy[i]
    // The comparison is also false for NaN.
    if (!(Math.abs(sample) <= 1)) throw new Error(`${name} has the sample ${sample}`)
    sum += (sample - clean[i]) ** 2
  }
  return sum
}

function checkDeviation(what: string, squares: number, count: number, sigma: number): void {
  const deviation = Math.sqrt(squares / count)
  const tolerance = Math.max(TOLERANCE, SIGMAS / Math.sqrt(2 * count))
  if (Math.abs(deviation / sigma - 1) > tolerance)
    throw new Error(`${what} has noise of ${deviation.toPrecision(4)} instead of ${sigma}`)
}

/** The pieces of a file that are looked at, each with its first frame and its length. */
export function piecesOf(frames: number): [first: number, count: number][] {
  if (frames <= PIECES * PIECE_FRAMES) {
    const starts = Array.from({ length: Math.ceil(frames / PIECE_FRAMES) }, (_, i) => i * PIECE_FRAMES)
    return starts.map((first) => [first, Math.min(PIECE_FRAMES, frames - first)])
  }
  const step = (frames - PIECE_FRAMES) / (PIECES - 1)
  return Array.from({ length: PIECES }, (_, i) => [Math.round(i * step), PIECE_FRAMES])
}

interface Floats extends Disposable {
  readonly rate: number
  readonly frames: number
  /** Reads samples. */
  readonly read: (first: number, count: number) => Float32Array
}

const FLOAT = 3
const EXTENSIBLE = 0xfffe
const SAMPLE_BYTES = 4
/** The headers of all contenders are shorter. */
const HEAD_BYTES = 4096

/** Opens a WAV file of float32, mono, as any program may have written it. */
function openFloats(file: string): Floats {
  const opened = open(file)
  try {
    const head = Buffer.alloc(HEAD_BYTES)
    const { format, data } = chunksIn(head.subarray(0, readSync(opened.fd, head, 0, HEAD_BYTES, 0)))
    if (format === undefined || data === undefined) throw new Error('is no WAV file')
    if (!isFloatMono(format)) throw new Error('is not float32, mono')
    if (fstatSync(opened.fd).size < data.start + data.bytes) throw new Error('is truncated')
    return {
      rate: format.readUInt32LE(4),
      frames: data.bytes / SAMPLE_BYTES,
      read(first, count) {
        const samples = new Float32Array(count)
        readSync(opened.fd, samples, 0, samples.byteLength, data.start + first * SAMPLE_BYTES)
        return samples
      },
      [Symbol.dispose]: opened[Symbol.dispose],
    }
  } catch (error) {
    opened[Symbol.dispose]()
    throw new Error(`${path.basename(file)} ${(error as Error).message}`)
  }
}

function open(file: string): { readonly fd: number } & Disposable {
  const fd = openSync(file, 'r')
  return { fd, [Symbol.dispose]: () => closeSync(fd) }
}

interface Chunks {
  readonly format?: Buffer
  readonly data?: { readonly start: number; readonly bytes: number }
}

/** Finds the chunks `fmt ` and `data` of a RIFF file, in its first bytes. */
function chunksIn(head: Buffer): Chunks {
  let format: Buffer | undefined
  if (head.length < 12 || head.toString('latin1', 0, 4) !== 'RIFF') return {}
  for (let at = 12; at + 8 <= head.length; ) {
    const [id, bytes] = [head.toString('latin1', at, at + 4), head.readUInt32LE(at + 4)]
    if (id === 'data') return { ...(format && { format }), data: { start: at + 8, bytes } }
    if (id === 'fmt ' && bytes >= 16) format = head.subarray(at + 8, at + 8 + bytes)
    at += 8 + bytes + (bytes % 2)
  }
  return {}
}

function isFloatMono(format: Buffer): boolean {
  // ffmpeg names the format in the extension, as its first two bytes.
  const tag =
    format.readUInt16LE(0) === EXTENSIBLE && format.length >= 26 ? format.readUInt16LE(24) : format.readUInt16LE(0)
  return tag === FLOAT && format.readUInt16LE(2) === 1 && format.readUInt16LE(14) === 8 * SAMPLE_BYTES
}

/**
 * Presents a file of coded samples as a file of 16-bit PCM, which the ETL reads in its place. Only
 * the fmt chunk and the sizes differ; all other chunks keep their order. The twin is
 * native/core/wav/decoded.cc.
 */

import { Failure } from '../failure.js'
import { type CodecName, decodeBlocks, framesOfData } from './codecs.js'
import { type CodedData, endOfData, hasLongSizes, MAX_U32, readHeader, type WavHeader } from './header.js'
import type { Input } from './reader.js'
import { putLongSizes } from './repair.js'
import { swapBytes } from './samples.js'

const RIFF_HEAD_BYTES = 12
const CHUNK_HEAD_BYTES = 8
const FMT_BYTES = 16
/** Bytes of an RF64 or BW64 file up to the end of the sizes in its ds64 chunk. */
const LONG_HEAD_BYTES = 44
/**
 * Bytes of blocks that are decoded at once. With their samples they stay in a level-1 or level-2
 * cache.
 */
const GROUP_BYTES = 16 * 1024

/**
 * A stretch of the decoded file: new bytes, bytes of the input from `from` on, or decoded samples.
 */
interface Stretch {
  readonly length: number
  readonly bytes?: Uint8Array
  readonly from?: number
}

class DecodedInput implements Input {
  readonly size: number
  /** Header of the decoded file. */
  readonly header: WavHeader
  readonly #stretches: readonly Stretch[]
  readonly #coded: CodedData
  readonly #dataOffset: number
  readonly #dataEnd: number

  /**
   * Throws Failure E_WAV_TOO_LONG if RIFF or RIFX cannot hold the decoded file, or a failure of
   * reading.
   *
   * @param header header of the input, whose samples are coded
   */
  constructor(
    readonly input: Input,
    header: WavHeader,
  ) {
    const { container, blockAlign, frames, dataOffset, dataBytes, sizesLie, bigEndian } = header
    this.#coded = header.coded!
    this.#dataOffset = dataOffset
    this.#dataEnd = endOfData(header)
    const isLong = hasLongSizes(container)
    const head = Buffer.alloc(isLong ? LONG_HEAD_BYTES : RIFF_HEAD_BYTES)
    input.read(0, head)
    const decodedBytes = frames * blockAlign
    // If the sizes in the header are wrong, the data extend to the end of the file, and nothing
    // follows them.
    const tail = Math.min(sizesLie ? input.size : this.#dataEnd + (dataBytes % 2), input.size)
    const { formatOffset, formatEnd } = this.#coded
    const before = [
      made(head),
      carried(head.length, formatOffset),
      made(pcmFormat(header)),
      carried(formatEnd, dataOffset - CHUNK_HEAD_BYTES),
      made(chunkHead('data', isLong ? MAX_U32 : decodedBytes, bigEndian)),
    ]
    this.#stretches = [...before, { length: decodedBytes }, carried(tail, input.size)]
    this.size = lengthOf(this.#stretches)
    if (isLong) putLongSizes(head, this.size, decodedBytes, frames)
    else if (this.size - CHUNK_HEAD_BYTES < MAX_U32) put32(head, 4, this.size - CHUNK_HEAD_BYTES, bigEndian)
    else throw new Failure('E_WAV_TOO_LONG', `${this.size} bytes of ${container}, decoded`)
    const place = { dataOffset: lengthOf(before), dataBytes: decodedBytes, sizesLie: false }
    this.header = { ...header, ...place, coded: undefined }
  }

  /** Reads a range of the decoded file. Each call decodes the blocks that it needs. */
  read(position: number, buffer: Uint8Array): void {
    let at = 0
    for (const { length, bytes, from } of this.#stretches) {
      const start = Math.max(position, at)
      const stop = Math.min(position + buffer.length, at + length)
      if (start < stop) {
        const into = buffer.subarray(start - position, stop - position)
        if (bytes) into.set(bytes.subarray(start - at, stop - at))
        else if (from !== undefined) this.input.read(from + start - at, into)
        else this.#readSamples(start - at, into)
      }
      at += length
    }
  }

  /** Decodes the blocks that `into` overlaps, a group at a time. */
  #readSamples(position: number, into: Uint8Array): void {
    const { blockAlign, blockFrames } = this.#coded
    const { blockAlign: frameBytes, format, bigEndian } = this.header
    const blockBytes = blockFrames * frameBytes
    const blocksOf = (bytes: number) => Math.ceil(bytes / blockBytes)
    const groupBlocks = Math.min(Math.max(1, Math.floor(GROUP_BYTES / blockAlign)), blocksOf(into.length) + 1)
    const room = new Uint8Array(groupBlocks * blockAlign)
    const samples = new Int16Array((groupBlocks * blockBytes) / Int16Array.BYTES_PER_ELEMENT)
    for (let done = 0; done < into.length; ) {
      const first = Math.floor((position + done) / blockBytes)
      const within = position + done - first * blockBytes
      const start = this.#dataOffset + first * blockAlign
      const blocks = Math.min(groupBlocks, blocksOf(within + into.length - done))
      const coded = room.subarray(0, Math.min(blocks * blockAlign, this.#dataEnd - start))
      this.input.read(start, coded)
      const damaged = decodeBlocks(this.#coded, coded, samples)
      if (damaged !== undefined) throw new Failure('E_WAV_DAMAGED', `in the block at byte ${start + damaged}`)
      const bytes = new Uint8Array(samples.buffer, 0, framesOfData(this.#coded, coded.length) * frameBytes)
      if (bigEndian) swapBytes(format, bytes)
      const part = bytes.subarray(within, within + into.length - done)
      into.set(part, done)
      done += part.length
    }
  }
}

const made = (bytes: Uint8Array): Stretch => ({ bytes, length: bytes.length })

const carried = (from: number, end: number): Stretch => ({ from, length: end - from })

const lengthOf = (stretches: readonly Stretch[]) => stretches.reduce((sum, { length }) => sum + length, 0)

const put16 = (bytes: Buffer, at: number, value: number, isBig: boolean) =>
  isBig ? bytes.writeUInt16BE(value, at) : bytes.writeUInt16LE(value, at)

/** Writes the low 32 bits of a number. */
const put32 = (bytes: Buffer, at: number, value: number, isBig: boolean) =>
  isBig ? bytes.writeUInt32BE(value % 2 ** 32, at) : bytes.writeUInt32LE(value % 2 ** 32, at)

function chunkHead(id: string, size: number, isBig: boolean): Buffer {
  const head = Buffer.alloc(CHUNK_HEAD_BYTES)
  head.write(id, 'latin1')
  put32(head, 4, size, isBig)
  return head
}

function pcmFormat({ channels, sampleRate, blockAlign, format, bigEndian }: WavHeader): Buffer {
  const body = Buffer.alloc(FMT_BYTES)
  put16(body, 0, 1, bigEndian)
  put16(body, 2, channels, bigEndian)
  put32(body, 4, sampleRate, bigEndian)
  put32(body, 8, sampleRate * blockAlign, bigEndian)
  put16(body, 12, blockAlign, bigEndian)
  put16(body, 14, format.bits, bigEndian)
  return Buffer.concat([chunkHead('fmt ', FMT_BYTES, bigEndian), body])
}

/**
 * The input of a job: samples that are not coded, and their header. The header keeps the warnings
 * about the original file.
 */
export interface Readable {
  /** The original input, if its samples are not coded. */
  readonly input: Input
  readonly header: WavHeader
  /** Codec of the original samples; null if they are not coded. */
  readonly codec: CodecName | null
}

/**
 * Reads the header and opens the samples for reading. Throws Failure with a code E_WAV_..., or a
 * failure of reading.
 */
export function openSamples(input: Input): Readable {
  const header = readHeader(input)
  if (header.coded === undefined) return { input, header, codec: null }
  const decoded = new DecodedInput(input, header)
  return { input: decoded, header: decoded.header, codec: header.coded.codec.name }
}

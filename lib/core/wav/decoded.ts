/**
 * A file of coded samples as the WAV file of 16-bit PCM that it stands for: what the ETL reads in its place. Only the fmt chunk and the two
 * sizes are other; every other chunk is where it was among its neighbours.
 */

import { Failure } from '../failure.js'
import { decodeBlocks, framesOfBlock, unusedOfBlock } from './codecs.js'
import { type CodedData, endOfData, type HeaderWarning, readHeader, type WavHeader } from './header.js'
import type { Input } from './reader.js'

const SAMPLE_BYTES = 2
const RIFF_HEAD_BYTES = 12
const CHUNK_HEAD_BYTES = 8
const FMT_BYTES = 16
/** Bytes of coded data that are decoded at once. */
const LOT_BYTES = 64 * 1024
const MAX_RIFF_BYTES = 0xffffffff + CHUNK_HEAD_BYTES

/** A stretch of the decoded file: bytes that are made here, bytes of the input from `from` on, or decoded samples. */
interface Stretch {
  readonly length: number
  readonly bytes?: Uint8Array
  readonly from?: number
}

class DecodedInput implements Input {
  readonly size: number
  /** Of the file that it stands for. */
  readonly header: WavHeader
  /** What is wrong with the data. */
  readonly warnings: readonly HeaderWarning[]
  readonly #stretches: readonly Stretch[]
  readonly #coded: CodedData
  readonly #dataOffset: number
  readonly #dataEnd: number
  readonly #lotBytes: number
  readonly #lotFrames: number
  #lot: { readonly index: number; readonly bytes: Uint8Array } | undefined

  /**
   * Throws Failure E_WAV_TOO_LONG where RIFF cannot hold it decoded.
   *
   * @param header of the input, whose samples are coded
   */
  constructor(
    readonly input: Input,
    header: WavHeader,
  ) {
    const { dataOffset, dataBytes, sizesLie } = header
    const coded = header.coded!
    const { channels, blockAlign, formatOffset, formatEnd } = coded
    this.#coded = coded
    this.#dataOffset = dataOffset
    this.#dataEnd = endOfData(header)
    const lotBlocks = Math.max(1, Math.floor(LOT_BYTES / blockAlign))
    this.#lotBytes = lotBlocks * blockAlign
    this.#lotFrames = lotBlocks * framesOfBlock(coded, blockAlign)
    const blocks = Math.floor(dataBytes / blockAlign)
    const shortBytes = dataBytes - blocks * blockAlign
    const frames = blocks * framesOfBlock(coded, blockAlign) + framesOfBlock(coded, shortBytes)
    const decodedBytes = frames * channels * SAMPLE_BYTES
    this.warnings = unusedOfBlock(coded, shortBytes) > 0 ? ['W_PARTIAL_FRAME'] : []

    // Sizes that lie leave nothing to carry after the data.
    const tail = Math.min(sizesLie ? input.size : this.#dataEnd + (dataBytes % 2), input.size)
    const inside: Stretch[] = [
      carried(RIFF_HEAD_BYTES, formatOffset),
      made(pcmFormat(header)),
      carried(formatEnd, dataOffset - CHUNK_HEAD_BYTES),
      made(chunkHead('data', decodedBytes)),
      { length: decodedBytes },
      carried(tail, input.size),
    ]
    this.size = inside.reduce((sum, { length }) => sum + length, RIFF_HEAD_BYTES)
    if (this.size > MAX_RIFF_BYTES) throw new Failure('E_WAV_TOO_LONG', `${this.size} bytes, decoded`)
    this.#stretches = [made(riffHead(this.size)), ...inside]
    const before = inside.slice(0, 4).reduce((sum, { length }) => sum + length, RIFF_HEAD_BYTES)
    const data = { dataOffset: before, dataBytes: decodedBytes, frames, sizesLie: false }
    this.header = { ...header, ...data, coded: undefined, warnings: [] }
  }

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

  #readSamples(position: number, into: Uint8Array): void {
    const lotBytes = this.#lotFrames * this.#coded.channels * SAMPLE_BYTES
    for (let done = 0; done < into.length; ) {
      const index = Math.floor((position + done) / lotBytes)
      const within = position + done - index * lotBytes
      const part = this.#decoded(index).subarray(within, within + into.length - done)
      into.set(part, done)
      done += part.length
    }
  }

  /** The samples of a lot of blocks, which are kept until another is asked for. */
  #decoded(index: number): Uint8Array {
    if (this.#lot?.index === index) return this.#lot.bytes
    const start = this.#dataOffset + index * this.#lotBytes
    const blocks = new Uint8Array(Math.min(this.#lotBytes, this.#dataEnd - start))
    this.input.read(start, blocks)
    const samples = decodeBlocks(this.#coded, blocks)
    if (samples === undefined) throw new Failure('E_WAV_DAMAGED', `in the ${blocks.length} bytes from ${start} on`)
    const bytes = new Uint8Array(samples.buffer)
    this.#lot = { index, bytes }
    return bytes
  }
}

const made = (bytes: Uint8Array): Stretch => ({ bytes, length: bytes.length })

const carried = (from: number, end: number): Stretch => ({ from, length: end - from })

function riffHead(size: number): Buffer {
  const head = Buffer.from('RIFF    WAVE', 'latin1')
  head.writeUInt32LE(size - CHUNK_HEAD_BYTES, 4)
  return head
}

function chunkHead(id: string, size: number): Buffer {
  const head = Buffer.alloc(CHUNK_HEAD_BYTES)
  head.write(id, 'latin1')
  head.writeUInt32LE(size, 4)
  return head
}

function pcmFormat({ channels, sampleRate }: WavHeader): Buffer {
  const blockAlign = channels * SAMPLE_BYTES
  const body = Buffer.alloc(FMT_BYTES)
  body.writeUInt16LE(1, 0)
  body.writeUInt16LE(channels, 2)
  body.writeUInt32LE(sampleRate, 4)
  body.writeUInt32LE((sampleRate * blockAlign) % 2 ** 32, 8)
  body.writeUInt16LE(blockAlign, 12)
  body.writeUInt16LE(8 * SAMPLE_BYTES, 14)
  return Buffer.concat([chunkHead('fmt ', FMT_BYTES), body])
}

/** What a job works on: samples that are not coded, their header, and what is wrong with it or with what they were decoded from. */
export interface Readable {
  /** The input itself where its samples are not coded. */
  readonly input: Input
  readonly header: WavHeader
  readonly warnings: readonly HeaderWarning[]
}

/** Throws Failure with a code E_WAV_... or one of reading. */
export function openSamples(input: Input): Readable {
  const header = readHeader(input)
  if (header.coded === undefined) return { input, header, warnings: header.warnings }
  const decoded = new DecodedInput(input, header)
  return { input: decoded, header: decoded.header, warnings: [...header.warnings, ...decoded.warnings] }
}

/**
 * Finds the format and the data of a RIFF WAVE file, and trusts nothing in it: every bound is checked against the file,
 * nothing is allocated from a size in it. All other bytes are left for the ETL to carry over as they are.
 *
 * Sources: Microsoft and IBM, "Multimedia Programming Interface and Data Specifications 1.0" (1991), and Microsoft,
 * "Multiple Channel Audio Data and WAVE Files" (2007) for WAVE_FORMAT_EXTENSIBLE.
 */

import { Failure } from '../failure.js'
import { type FrameLayout, sampleFormats } from './samples.js'

export const MAX_CHANNELS = 1024
/** A chunk takes eight bytes, so a small file can hold millions; no real one has this many before its data. */
const MAX_CHUNKS = 100_000

const FORMAT_PCM = 0x0001
const FORMAT_FLOAT = 0x0003
const FORMAT_EXTENSIBLE = 0xfffe
const FMT_MIN_BYTES = 16
const FMT_EXTENSIBLE_BYTES = 40
const EXTENSION_BYTES = 22
/** What follows the format tag in the GUID of every sub-format that stands for a tag. */
const GUID_TAIL = [0x00, 0x00, 0x00, 0x00, 0x10, 0x00, 0x80, 0x00, 0x00, 0xaa, 0x00, 0x38, 0x9b, 0x71]

/** Sizes that writers to a pipe leave in the header: the largest there is, and SoX's. */
const STREAMED_SIZES = [0xffffffff, 0x7ffff000]

export interface WavHeader extends FrameLayout {
  /** Frames a second. */
  readonly sampleRate: number
  /** Where the first frame starts in the file. */
  readonly dataOffset: number
  /** Bytes of the whole frames. */
  readonly dataBytes: number
  /** Whether the header's data size runs past the end of the file, so that the output's sizes are written anew. */
  readonly sizesLie: boolean
  /** Bytes of an unfinished frame at the end of the data. */
  readonly partialFrameBytes: number
}

/** Where a header is read from: a file, or memory. */
export interface Input {
  /** In bytes. */
  readonly size: number
  /** Fills `buffer` with what is at `position`; all of it lies within the size. */
  read(position: number, buffer: Uint8Array): void
}

class HeaderReader {
  readonly #window = Buffer.alloc(4096)
  #start = 0
  #length = 0

  constructor(readonly input: Input) {}

  /** At least `length` (at most 64) bytes from `position`; the caller knows that the file has them. */
  bytes(position: number, length: number): Buffer {
    if (position < this.#start || position + length > this.#start + this.#length) {
      this.#start = position
      this.#length = Math.min(this.#window.length, this.input.size - position)
      this.input.read(position, this.#window.subarray(0, this.#length))
    }
    const at = position - this.#start
    return this.#window.subarray(at, at + length)
  }
}

const hex = (bytes: Uint8Array) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ')

const isId = (bytes: Buffer, id: string) => bytes.subarray(0, 4).equals(Buffer.from(id, 'latin1'))

/** Reads the header. Throws Failure with a code E_WAV_... or one of reading. */
export function readHeader(input: Input): WavHeader {
  const reader = new HeaderReader(input)
  checkContainer(reader)
  let format: Omit<WavHeader, 'frames' | 'dataOffset' | 'dataBytes' | 'sizesLie' | 'partialFrameBytes'> | undefined
  let position = 12
  for (let chunk = 0; position + 8 <= input.size; chunk++) {
    if (chunk === MAX_CHUNKS) throw new Failure('E_WAV_NO_DATA', `no data in the first ${MAX_CHUNKS} chunks`)
    const head = reader.bytes(position, 8)
    const size = head.readUInt32LE(4)
    const start = position + 8
    if (isId(head, 'data')) {
      if (format === undefined) throw new Failure('E_WAV_NO_FORMAT', 'the data come before any fmt chunk')
      return { ...format, ...locateData(input.size, start, size, format.blockAlign) }
    }
    if (isId(head, 'fmt ') && format === undefined) format = readFormat(reader, start, size)
    position = start + size + (size & 1)
  }
  if (format === undefined) throw new Failure('E_WAV_NO_FORMAT', 'the file ends before any fmt chunk')
  throw new Failure('E_WAV_NO_DATA', 'the file ends before any data chunk')
}

function checkContainer(reader: HeaderReader): void {
  const size = reader.input.size
  if (size < 12) throw new Failure('E_WAV_TRUNCATED', `${size} bytes long, where a RIFF header takes 12`)
  const head = reader.bytes(0, 12)
  if (isId(head, 'RIFX') || isId(head, 'RF64') || isId(head, 'BW64'))
    throw new Failure('E_WAV_UNSUPPORTED', `container ${head.toString('latin1', 0, 4)}`)
  if (isId(head, 'riff')) throw new Failure('E_WAV_UNSUPPORTED', 'container Wave64')
  if (!isId(head, 'RIFF')) throw new Failure('E_WAV_NOT_RIFF', `starts with the bytes ${hex(head.subarray(0, 4))}`)
  if (!isId(head.subarray(8), 'WAVE'))
    throw new Failure('E_WAV_NOT_RIFF', `RIFF of the form ${hex(head.subarray(8, 12))}`)
}

function readFormat(reader: HeaderReader, start: number, size: number) {
  const malformed = (detail: string) => new Failure('E_WAV_FORMAT', detail)
  if (size < FMT_MIN_BYTES) throw malformed(`fmt chunk of ${size} bytes`)
  if (start + FMT_MIN_BYTES > reader.input.size) throw new Failure('E_WAV_TRUNCATED', 'the file ends in its fmt chunk')
  const head = reader.bytes(start, FMT_MIN_BYTES)
  const channels = head.readUInt16LE(2)
  const sampleRate = head.readUInt32LE(4)
  const blockAlign = head.readUInt16LE(12)
  const bits = head.readUInt16LE(14)
  let tag = head.readUInt16LE(0)
  if (tag === FORMAT_EXTENSIBLE) tag = readExtension(reader, start, size, bits)

  if (tag !== FORMAT_PCM && tag !== FORMAT_FLOAT)
    throw new Failure('E_WAV_UNSUPPORTED', `format tag 0x${tag.toString(16).padStart(4, '0')}`)
  if (channels === 0) throw malformed('0 channels')
  if (channels > MAX_CHANNELS) throw new Failure('E_WAV_UNSUPPORTED', `${channels} channels`)
  if (sampleRate === 0) throw malformed('sample rate 0')
  if (bits === 0) throw malformed('0 bits a sample')
  const format = sampleFormats.find((known) => known.bits === bits && known.float === (tag === FORMAT_FLOAT))
  if (format === undefined)
    throw new Failure('E_WAV_UNSUPPORTED', `${tag === FORMAT_FLOAT ? 'float' : 'PCM'} of ${bits} bits`)
  if (blockAlign !== channels * format.bytes)
    throw malformed(`block align ${blockAlign}, where ${channels} x ${bits} bits take ${channels * format.bytes}`)
  return { format, channels, sampleRate, blockAlign, bigEndian: false, validBits: bits }
}

/** The format tag that the extension of an EXTENSIBLE format stands for. */
function readExtension(reader: HeaderReader, start: number, size: number, bits: number): number {
  if (size < FMT_EXTENSIBLE_BYTES) throw new Failure('E_WAV_FORMAT', `EXTENSIBLE fmt chunk of ${size} bytes`)
  if (start + FMT_EXTENSIBLE_BYTES > reader.input.size)
    throw new Failure('E_WAV_TRUNCATED', 'the file ends in its fmt chunk')
  const bytes = reader.bytes(start, FMT_EXTENSIBLE_BYTES)
  const extensionBytes = bytes.readUInt16LE(16)
  if (extensionBytes < EXTENSION_BYTES)
    throw new Failure('E_WAV_FORMAT', `EXTENSIBLE format with an extension of ${extensionBytes} bytes`)
  if (!bytes.subarray(26, 40).equals(Buffer.from(GUID_TAIL)))
    throw new Failure('E_WAV_UNSUPPORTED', `sub-format ${hex(bytes.subarray(24, 40))}`)
  const validBits = bytes.readUInt16LE(18)
  if (validBits > bits) throw new Failure('E_WAV_FORMAT', `${validBits} valid bits in ${bits}`)
  if (validBits !== 0 && validBits !== bits)
    throw new Failure('E_WAV_UNSUPPORTED', `${validBits} valid bits in a container of ${bits}`)
  return bytes.readUInt16LE(24)
}

function locateData(fileSize: number, dataOffset: number, declared: number, blockAlign: number) {
  const available = fileSize - dataOffset
  const sizesLie = declared > available || (STREAMED_SIZES.includes(declared) && declared !== available)
  const bytes = sizesLie ? available : declared
  const frames = Math.floor(bytes / blockAlign)
  const dataBytes = frames * blockAlign
  return { frames, dataOffset, dataBytes, sizesLie, partialFrameBytes: bytes - dataBytes }
}

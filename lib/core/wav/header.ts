/**
 * Finds the format and the data of a WAVE file. It trusts nothing: it checks every bound against
 * the file, and allocates no more than a 16-bit field can ask for. The ETL copies all other bytes
 * unchanged.
 *
 * Sources: Microsoft and IBM, "Multimedia Programming Interface and Data Specifications 1.0" (1991)
 * for RIFF and RIFX; EBU Tech 3306, "MBWF / RF64: an extended file format for audio" (2009); ITU-R
 * BS.2088 (2019) for BW64. For formats see format.ts.
 */

import { Failure } from '../failure.js'
import { type CodedLayout, endsInFrame, framesOfData } from './codecs.js'
import { type FormatWarning, readFormat, type WavFormat } from './format.js'
import { HeaderReader, hex, type Input } from './reader.js'
import type { FrameLayout } from './samples.js'
import { hasTrailingBytes, isRecording } from './tail.js'

/**
 * Maximum number of chunks that are read before the data. A chunk takes only eight bytes, so a
 * small file can have millions. No real file has this many.
 */
const MAX_CHUNKS = 100_000
/**
 * Maximum number of entries that are read from the table of long chunks. Each entry stands for 4
 * GiB or more.
 */
const MAX_LONG_CHUNKS = 100

/**
 * The ds64 chunk, which is always the first: start of its body, size of the body without a table,
 * start of the table, size of an entry.
 */
const DS64_BODY = 20
const DS64_MIN_BYTES = 24
const DS64_TABLE = DS64_BODY + 28
const DS64_ENTRY_BYTES = 12

export const MAX_U32 = 0xffffffff
/**
 * The data size that SoX leaves in the header when it writes to a pipe; it rounds this down to
 * whole frames. Other writers leave 0xffffffff.
 */
const SOX_STREAMED_SIZE = 0x7ffff000

export type Container = 'RIFF' | 'RIFX' | 'RF64' | 'BW64'

/** Faults of a header that can be read nevertheless. */
export type HeaderWarning =
  | 'W_SIZE_UNKNOWN'
  | 'W_DATA_CUT_SHORT'
  | 'W_PARTIAL_FRAME'
  | 'W_TRAILING_BYTES'
  | FormatWarning

export interface CodedData extends CodedLayout {
  /** Where the fmt chunk starts (at its id), and where the next chunk starts. */
  readonly formatOffset: number
  readonly formatEnd: number
}

export interface WavHeader extends FrameLayout {
  readonly container: Container
  /** Where the first frame starts in the file. */
  readonly dataOffset: number
  /** Bytes of the whole frames. For coded samples, all bytes of the data. */
  readonly dataBytes: number
  /**
   * Whether the header's data size is unknown or exceeds the file. The sizes in the output are then
   * corrected.
   */
  readonly sizesLie: boolean
  readonly warnings: readonly HeaderWarning[]
  /** How the samples are coded, if they are. The layout describes the decoded samples. */
  readonly coded: CodedData | undefined
}

export const endOfData = (header: WavHeader) => header.dataOffset + header.dataBytes

/** Whether a container keeps long sizes in a ds64 chunk. */
export const hasLongSizes = (container: Container) => container === 'RF64' || container === 'BW64'

/** Reads the header. Throws Failure with a code E_WAV_..., or a failure of reading. */
export function readHeader(input: Input): WavHeader {
  const reader = new HeaderReader(input)
  const container = readContainer(reader)
  reader.bigEndian = container === 'RIFX'
  const sizes = new ChunkSizes(reader, container)
  let format: WavFormat | undefined
  let formatChunk = { formatOffset: 0, formatEnd: 0 }
  let position = 12
  for (let chunk = 0; position + 8 <= input.size; chunk++) {
    if (chunk === MAX_CHUNKS) throw new Failure('E_WAV_NO_DATA', `no data in the first ${MAX_CHUNKS} chunks`)
    const id = reader.id(position)
    const field = reader.u32(position + 4)
    const start = position + 8
    if (id === 'data') {
      if (format === undefined) throw new Failure('E_WAV_NO_FORMAT', 'the data come before any fmt chunk')
      const { warnings, ...layout } = format
      const size = sizes.ofData(field, start, format.coded?.blockAlign ?? format.blockAlign)
      const data = locateData(size, start, format)
      const coded = format.coded && { ...format.coded, ...formatChunk }
      const trailing: HeaderWarning[] =
        !data.sizesLie && hasTrailingBytes(reader, start + size.declared) ? ['W_TRAILING_BYTES'] : []
      return { container, ...layout, ...data, coded, warnings: [...data.warnings, ...trailing, ...warnings] }
    }
    const size = sizes.of(id, field)
    const next = start + size + (size % 2)
    if (id === 'fmt ' && format === undefined) {
      format = readFormat(reader, start, size)
      formatChunk = { formatOffset: position, formatEnd: next }
    }
    position = next
  }
  if (format === undefined) throw new Failure('E_WAV_NO_FORMAT', 'the file ends before any fmt chunk')
  throw new Failure('E_WAV_NO_DATA', 'the file ends before any data chunk')
}

/** Throws Failure E_WAV_STRICT if there is any warning. */
export function refuseWarnings(warnings: readonly string[]): void {
  if (warnings.length > 0) throw new Failure('E_WAV_STRICT', warnings.join(', '))
}

/** Other formats whose files may be named like WAV files, by their first bytes. */
const otherFormats: readonly (readonly [magic: string, name: string])[] = [
  ['riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb', 'Sony Wave64'],
  ['ID3', 'an ID3 tag, as before MP3'],
  ['FORM', 'AIFF'],
  ['fLaC', 'FLAC'],
  ['OggS', 'Ogg'],
  ['NIST', 'NIST SPHERE'],
  ['caff', 'Core Audio'],
  ['.snd', 'Sun audio'],
  ['wvpk', 'WavPack'],
  ['MAC ', "Monkey's Audio"],
]

function readContainer(reader: HeaderReader): Container {
  const { size } = reader.input
  if (size < 12) throw new Failure('E_WAV_TRUNCATED', `${size} bytes long, where a RIFF header takes 12`)
  const start = reader.bytes(0, 12).toString('latin1')
  const other = otherFormats.find(([magic]) => start.startsWith(magic))
  if (other) throw new Failure('E_WAV_NOT_RIFF', other[1])
  const id = reader.id(0)
  if (id !== 'RIFF' && id !== 'RIFX' && id !== 'RF64' && id !== 'BW64')
    throw new Failure('E_WAV_NOT_RIFF', `starts with the bytes ${hex(reader.bytes(0, 4))}`)
  if (reader.id(8) !== 'WAVE') throw new Failure('E_WAV_NOT_RIFF', `${id} of the form ${hex(reader.bytes(8, 4))}`)
  return id
}

/** The size of the data: as the header declares it, and as the file has it. */
interface DataSize {
  readonly declared: number
  /** Bytes to the end of the file, without a padding byte that is known to be one. */
  readonly available: number
  /** Whether the header does not declare the size, or declares one that is clearly wrong. */
  readonly isUnknown: boolean
}

/** Finds the sizes of chunks. RF64 and BW64 keep sizes of 4 GiB and more in their ds64 chunk. */
class ChunkSizes {
  /** Size of the file without its first eight bytes, as the header declares it. */
  readonly #riff: number
  /** Sizes in ds64: that of the data, and those of other chunks by name. */
  readonly #data: number | undefined
  readonly #others = new Map<string, number>()

  constructor(
    readonly reader: HeaderReader,
    container: Container,
  ) {
    this.#riff = reader.u32(4)
    if (!hasLongSizes(container)) return
    const { size: fileSize } = reader.input
    if (fileSize < DS64_BODY || reader.id(12) !== 'ds64')
      throw new Failure('E_WAV_FORMAT', `${container} that does not begin with a ds64 chunk`)
    const size = reader.u32(16)
    // Sizes of 4 GiB and more are in the ds64 chunk, so it cannot be that long itself.
    if (size < DS64_MIN_BYTES || size === MAX_U32) throw new Failure('E_WAV_FORMAT', `ds64 chunk of ${size} bytes`)
    if (DS64_BODY + DS64_MIN_BYTES > fileSize) throw new Failure('E_WAV_TRUNCATED', 'the file ends in its ds64 chunk')
    if (this.#riff === MAX_U32) this.#riff = longSize(reader, DS64_BODY)
    this.#data = longSize(reader, DS64_BODY + 8)
    const room = Math.min(fileSize, DS64_BODY + size) - DS64_TABLE
    const entries = room < 0 ? 0 : Math.min(reader.u32(DS64_TABLE - 4), Math.floor(room / DS64_ENTRY_BYTES))
    for (let entry = 0; entry < Math.min(entries, MAX_LONG_CHUNKS); entry++) {
      const at = DS64_TABLE + entry * DS64_ENTRY_BYTES
      const id = reader.id(at)
      if (!this.#others.has(id)) this.#others.set(id, longSize(reader, at + 4))
    }
  }

  /**
   * Returns the size of a chunk other than data. A long size that ds64 lacks counts as longer than
   * any file.
   */
  of(id: string, field: number): number {
    if (field !== MAX_U32 || this.#data === undefined) return field
    return this.#others.get(id) ?? Number.MAX_SAFE_INTEGER
  }

  /**
   * Returns the size of the data.
   *
   * @param start where the data start
   */
  ofData(field: number, start: number, blockAlign: number): DataSize {
    const available = this.reader.input.size - start
    const isLong = field === MAX_U32 && this.#data !== undefined
    const declared = isLong ? this.#data! : field
    if (declared > Number.MAX_SAFE_INTEGER) throw new Failure('E_WAV_FORMAT', 'data of 2^53 bytes or more')
    const isUnfinished = declared === 0 && this.#isUnfinished(start)
    const soxSizes = [SOX_STREAMED_SIZE, SOX_STREAMED_SIZE - (SOX_STREAMED_SIZE % blockAlign)]
    const isStreamed = !isLong && (declared === MAX_U32 || soxSizes.includes(declared))
    if (isUnfinished || isStreamed) return { declared, available, isUnknown: declared !== available }
    const wrapped = this.#data === undefined ? this.#wrappedSize(declared, start) : undefined
    return { declared, available: wrapped ?? available, isUnknown: wrapped !== undefined }
  }

  /**
   * Returns the true size of data that end with the file, if the declared size wrapped around at
   * 2^32. Some writers keep to RIFF for 4 GiB and more. Throws Failure E_WAV_FORMAT if other bytes
   * than a padding byte seem to follow such data.
   */
  #wrappedSize(declared: number, start: number): number | undefined {
    const { size } = this.reader.input
    for (let bytes = declared + 2 ** 32; start + bytes <= size; bytes += 2 ** 32) {
      const rest = size - start - bytes
      if (rest === 0 || (rest === 1 && bytes % 2 === 1)) return bytes
      if (hasTrailingBytes(this.reader, start + declared) && !hasTrailingBytes(this.reader, start + bytes))
        throw new Failure('E_WAV_FORMAT', `data of ${declared} bytes, or of ${bytes} with ${rest} bytes after them`)
    }
    return undefined
  }

  /**
   * Whether the file is a recording whose writer never filled in the sizes. The size of the data is
   * then 0. RIFF's size is 0, the largest number, or that of a file without data.
   */
  #isUnfinished(start: number): boolean {
    if (this.#riff === 0 || this.#riff === MAX_U32) return true
    return 8 + this.#riff <= start && isRecording(this.reader, start)
  }
}

/**
 * Reads a 64-bit size, limited to 2^53. JavaScript's numbers are exact below that, and no file is
 * that long.
 */
const longSize = (reader: HeaderReader, position: number) => Math.min(Number(reader.u64(position)), 2 ** 53)

function locateData({ declared, available, isUnknown }: DataSize, dataOffset: number, format: WavFormat) {
  const sizesLie = isUnknown || declared > available
  const bytes = sizesLie ? available : declared
  const { coded, blockAlign } = format
  const frames = coded ? framesOfData(coded, bytes) : Math.floor(bytes / blockAlign)
  const dataBytes = coded ? bytes : frames * blockAlign
  const warnings: HeaderWarning[] = []
  if (sizesLie) warnings.push(isUnknown ? 'W_SIZE_UNKNOWN' : 'W_DATA_CUT_SHORT')
  if (coded ? endsInFrame(coded, bytes) : dataBytes < bytes) warnings.push('W_PARTIAL_FRAME')
  return { frames, dataOffset, dataBytes, sizesLie, warnings }
}

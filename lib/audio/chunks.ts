/**
 * The chunks of an output besides its samples. If the output has the frames, the channels and the
 * rate of its input, they are those of the input, byte for byte. Otherwise the fields that describe
 * the samples are corrected, and chunks that cannot fit any more are left out.
 */

import { Failure } from '../core/failure.js'
import { endOfData, hasLongSizes, MAX_U32, type WavHeader } from '../core/wav/header.js'
import { HeaderReader, type Input } from '../core/wav/reader.js'
import { putLongSizes } from '../core/wav/repair.js'
import type { Output } from './write.js'

const CHUNK_HEAD_BYTES = 8
const RIFF_HEAD_BYTES = 12
/** Bytes of an RF64 or BW64 file up to the end of the sizes in its ds64 chunk. */
const LONG_HEAD_BYTES = 44
/** Offset of the size of the data in those files. */
const DATA_SIZE = 28
const COPY_BYTES = 256 * 1024
const FORMAT_EXTENSIBLE = 0xfffe

/** What of a file a transform may change. */
interface Change {
  readonly frames: boolean
  readonly sampleRate: boolean
  readonly channels: boolean
}

/** When the chunks that describe samples do not fit any more. Other chunks always fit. */
const fits: Readonly<Record<string, (change: Change) => boolean>> = {
  // Frame numbers.
  'cue ': ({ frames, sampleRate }) => !frames && !sampleRate,
  plst: ({ frames, sampleRate }) => !frames && !sampleRate,
  smpl: ({ frames, sampleRate }) => !frames && !sampleRate,
  adtl: ({ frames, sampleRate }) => !frames && !sampleRate,
  // The time of the first frame, in frames.
  bext: ({ sampleRate }) => !sampleRate,
  // What each channel is.
  chna: ({ channels }) => !channels,
  axml: ({ channels }) => !channels,
  bxml: ({ channels }) => !channels,
  sxml: ({ channels }) => !channels,
  // Largest values, with their places.
  PEAK: () => false,
  levl: () => false,
}

interface Chunk {
  readonly id: string
  /** The id, or for LIST the type of the list. */
  readonly kind: string
  readonly position: number
  readonly size: number
  readonly next: number
}

/** Whether a name of a chunk consists of printable characters, as all do. */
const isPrintable = (id: string) => /^[ -~]{4}$/.test(id)

/** The samples of an output. */
export interface WrittenSamples {
  readonly channels: number
  readonly sampleRate: number
  readonly frames: number
}

/** Writes everything but the samples, which follow the head at the same place as in the input. */
export class ChunkWriter {
  /** Names of chunks that were left out. */
  readonly dropped: string[] = []
  readonly #input: Input
  readonly #header: WavHeader
  readonly #output: Output
  readonly #reader: HeaderReader

  constructor(input: Input, header: WavHeader, output: Output) {
    this.#input = input
    this.#header = header
    this.#output = output
    this.#reader = new HeaderReader(input)
    this.#reader.bigEndian = header.bigEndian
  }

  /** Writes the head, and what follows the samples. Returns the size of the output. Throws E_WAV_TOO_LONG. */
  write(samples: WrittenSamples): number {
    const header = this.#header
    const { dataOffset, sizesLie } = header
    const change: Change = {
      frames: samples.frames !== header.frames,
      sampleRate: samples.sampleRate !== header.sampleRate,
      channels: samples.channels !== header.channels,
    }
    const isSame = !change.frames && !change.sampleRate && !change.channels
    this.#copy(0, dataOffset, 0)
    if (!isSame) this.#correctHead(samples, change)
    if (isSame && !sizesLie) {
      const end = endOfData(header)
      this.#copy(end, this.#input.size, end)
      return this.#input.size
    }
    const dataBytes = samples.frames * samples.channels * header.format.bytes
    let end = dataOffset + dataBytes
    if (end % 2 === 1) this.#output.write(end++, new Uint8Array(1))
    const { riffEnd, size } = sizesLie ? { riffEnd: end, size: end } : this.#writeTail(end, samples.frames, change)
    this.#writeSizes(riffEnd, dataBytes, samples.frames)
    return size
  }

  /**
   * Yields the chunks from one position to another, and returns where the last one ends.
   *
   * @param isId whether these bytes can be the name of a chunk
   */
  *#chunks(from: number, end: number, isId = (_id: string) => true): Generator<Chunk, number> {
    let position = from
    while (position + CHUNK_HEAD_BYTES <= end) {
      const id = this.#reader.id(position)
      const size = this.#reader.u32(position + 4)
      const next = position + CHUNK_HEAD_BYTES + size + (size % 2)
      if (!isId(id) || position + CHUNK_HEAD_BYTES + size > end) break
      const kind = id === 'LIST' && size >= 4 ? this.#reader.id(position + CHUNK_HEAD_BYTES) : id
      yield { id, kind, position, size, next: Math.min(next, end) }
      position = next
    }
    return Math.min(position, end)
  }

  #isDropped({ kind }: Chunk, change: Change): boolean {
    const isDropped = Object.hasOwn(fits, kind) && !fits[kind](change)
    if (isDropped) this.dropped.push(kind.trimEnd())
    return isDropped
  }

  /** Corrects the fields that describe the samples. Chunks that are left out become empty space. */
  #correctHead(samples: WrittenSamples, change: Change): void {
    let hasFormat = false
    for (const chunk of this.#chunks(RIFF_HEAD_BYTES, this.#header.dataOffset - CHUNK_HEAD_BYTES)) {
      const body = chunk.position + CHUNK_HEAD_BYTES
      if (chunk.id === 'fmt ' && !hasFormat) {
        this.#correctFormat(body, chunk.size, samples, change)
        hasFormat = true
      } else if (chunk.id === 'fact' && chunk.size >= 4) this.#word(body, Math.min(samples.frames, MAX_U32))
      else if (this.#isDropped(chunk, change)) {
        this.#output.write(chunk.position, Buffer.from('JUNK'))
        for (let at = body; at < body + chunk.size; at += COPY_BYTES)
          this.#output.write(at, new Uint8Array(Math.min(COPY_BYTES, body + chunk.size - at)))
      }
    }
    // A chunk of 4 GiB or more is before it.
    if (!hasFormat) throw new Failure('E_WAV_UNSUPPORTED', 'a fmt chunk after a long chunk')
  }

  #correctFormat(body: number, size: number, { channels, sampleRate }: WrittenSamples, change: Change): void {
    const blockAlign = channels * this.#header.format.bytes
    this.#word(body + 2, channels, 2)
    this.#word(body + 4, sampleRate)
    this.#word(body + 8, (sampleRate * blockAlign) % 2 ** 32)
    this.#word(body + 12, blockAlign, 2)
    // The mask says where the loudspeakers of the channels are.
    const isExtensible = size >= 24 && this.#reader.u16(body) === FORMAT_EXTENSIBLE
    if (change.channels && isExtensible) this.#word(body + 20, 0)
  }

  /** Copies the chunks after the samples that still fit, and whatever follows them. A `fact` gets the number of frames. */
  #writeTail(position: number, frames: number, change: Change): { readonly riffEnd: number; readonly size: number } {
    let at = position
    const chunks = this.#chunks(this.#tailStart(), this.#input.size, isPrintable)
    let chunk = chunks.next()
    for (; !chunk.done; chunk = chunks.next()) {
      if (this.#isDropped(chunk.value, change)) continue
      const { id, size, position, next } = chunk.value
      this.#copy(position, next, at)
      if (id === 'fact' && size >= 4) this.#word(at + CHUNK_HEAD_BYTES, Math.min(frames, MAX_U32))
      at += next - position
    }
    this.#copy(chunk.value, this.#input.size, at)
    return { riffEnd: at, size: at + this.#input.size - chunk.value }
  }

  /** Returns where the first chunk after the samples starts. */
  #tailStart(): number {
    const { container, dataOffset } = this.#header
    const field = this.#reader.u32(dataOffset - 4)
    // A frame that is not whole may be at the end of the data.
    const bytes = field === MAX_U32 && hasLongSizes(container) ? Number(this.#reader.u64(DATA_SIZE)) : field
    const end = dataOffset + bytes
    const isChunk = (position: number) =>
      position + CHUNK_HEAD_BYTES <= this.#input.size && isPrintable(this.#reader.id(position))
    // Some writers omit the padding byte after data of odd size.
    if (bytes % 2 === 0 || (isChunk(end) && !isChunk(end + 1))) return end
    return Math.min(end + 1, this.#input.size)
  }

  #writeSizes(riffEnd: number, dataBytes: number, frames: number): void {
    const { container, dataOffset } = this.#header
    if (hasLongSizes(container)) {
      const head = Buffer.alloc(LONG_HEAD_BYTES)
      putLongSizes(head, riffEnd, dataBytes, frames)
      this.#output.write(4, head.subarray(4, 8))
      this.#output.write(20, head.subarray(20))
      this.#word(dataOffset - 4, MAX_U32)
      return
    }
    if (riffEnd - CHUNK_HEAD_BYTES >= MAX_U32) throw new Failure('E_WAV_TOO_LONG', `${riffEnd} bytes of ${container}`)
    this.#word(4, riffEnd - CHUNK_HEAD_BYTES)
    this.#word(dataOffset - 4, dataBytes)
  }

  #word(position: number, value: number, length = 4): void {
    const bytes = Buffer.alloc(length)
    if (this.#header.bigEndian) bytes.writeUIntBE(value, 0, length)
    else bytes.writeUIntLE(value, 0, length)
    this.#output.write(position, bytes)
  }

  #copy(from: number, end: number, to: number): void {
    const room = new Uint8Array(Math.min(COPY_BYTES, Math.max(0, end - from)))
    for (let done = 0; done < end - from; done += room.length) {
      const bytes = room.subarray(0, end - from - done)
      this.#input.read(from + done, bytes)
      this.#output.write(to + done, bytes)
    }
  }
}

/** Makes the head of a file without samples, which chunks are written for if an item has samples. */
export function emptyFile({
  channels,
  sampleRate,
  format,
}: Pick<WavHeader, 'channels' | 'sampleRate' | 'format'>): Input {
  const head = Buffer.alloc(44)
  const blockAlign = channels * format.bytes
  head.write('RIFF')
  head.writeUInt32LE(36, 4)
  head.write('WAVEfmt ', 8)
  head.writeUInt32LE(16, 16)
  head.writeUInt16LE(format.float ? 3 : 1, 20)
  head.writeUInt16LE(channels, 22)
  head.writeUInt32LE(sampleRate, 24)
  head.writeUInt32LE((sampleRate * blockAlign) % 2 ** 32, 28)
  head.writeUInt16LE(blockAlign, 32)
  head.writeUInt16LE(format.bits, 34)
  head.write('data', 36)
  return {
    size: head.length,
    read(position, buffer) {
      buffer.set(head.subarray(position, position + buffer.length))
    },
  }
}

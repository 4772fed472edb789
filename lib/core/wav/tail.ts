/**
 * Classifies the bytes after the data that a header declares. They are chunks, a tag of another
 * format, or samples that the header does not count. The twin is native/core/wav/tail.cc.
 */

import type { HeaderReader } from './reader.js'

/** Maximum number of chunks that are read. No real file has more. */
const MAX_CHUNKS = 100_000
/** Fewer bytes than this after an empty data chunk are not a recording. */
const MIN_RECORDING_BYTES = 4096
/** Up to this many bytes after the last chunk count as padding and cause no warning. */
const FEW_BYTES = 16
/** Tags that other programs append to files of any format. */
const TAGS = ['TAG', 'ID3', 'APETAGEX', 'LYRICS']
const LONGEST_TAG = 8

/**
 * Whether samples begin at `start`, although the data chunk is empty and the container ends with
 * it. Writers that were interrupted leave such files.
 */
export function isRecording(reader: HeaderReader, start: number): boolean {
  const { size } = reader.input
  if (size - start < MIN_RECORDING_BYTES || beginsWithTag(reader, start)) return false
  const end = endOfChunks(reader, start)
  const isChunks = end > start && size - end <= FEW_BYTES
  return !isChunks && !isZero(reader, start)
}

/**
 * Whether more than a few bytes follow the last chunk and are not a tag.
 *
 * @param dataEnd end of the data that the header declares, without padding
 */
export function hasTrailingBytes(reader: HeaderReader, dataEnd: number): boolean {
  const { size } = reader.input
  let end = endOfChunks(reader, dataEnd + (dataEnd % 2))
  // Some writers omit the padding byte after data of odd size.
  if (dataEnd % 2 === 1 && end === dataEnd + 1) end = Math.max(end, endOfChunks(reader, dataEnd))
  return size - end > FEW_BYTES && !beginsWithTag(reader, end)
}

/**
 * Returns the end of the consecutive chunks that start at `position`; `position` itself if there
 * are none.
 */
function endOfChunks(reader: HeaderReader, position: number): number {
  const { size } = reader.input
  let end = position
  for (let chunk = 0; chunk < MAX_CHUNKS && end + 8 <= size && isChunkId(reader.bytes(end, 4)); chunk++) {
    const length = reader.u32(end + 4)
    if (end + 8 + length > size) break
    end += 8 + length + (length % 2)
  }
  return Math.min(end, size)
}

/** Whether the bytes are four printable ASCII characters or spaces. */
const isChunkId = (bytes: Uint8Array): boolean => bytes.every((byte) => byte >= 0x20 && byte <= 0x7e)

function beginsWithTag(reader: HeaderReader, position: number): boolean {
  const length = Math.min(LONGEST_TAG, reader.input.size - position)
  if (length <= 0) return false
  const start = reader.bytes(position, length).toString('latin1')
  return TAGS.some((tag) => start.startsWith(tag))
}

function isZero(reader: HeaderReader, start: number): boolean {
  const { size } = reader.input
  for (let at = start; at < size; at += 64) {
    if (reader.bytes(at, Math.min(64, size - at)).some((byte) => byte !== 0)) return false
  }
  return true
}

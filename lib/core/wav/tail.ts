/** What stands behind the data that a header declares: chunks, a tag of another format, or samples that the header does not count. */

import type { HeaderReader } from './reader.js'

/** As many chunks are looked at; no real file has more. */
const MAX_CHUNKS = 100_000
/** Fewer bytes than this behind an empty data chunk are no recording. */
const MIN_RECORDING_BYTES = 4096
/** Up to so many bytes behind the last chunk are padding, and not worth a word. */
const FEW_BYTES = 16
/** Tags that other programs append to files of any format. */
const TAGS = ['TAG', 'ID3', 'APETAGEX', 'LYRICS']
const LONGEST_TAG = 8

/** Whether samples begin at `start`, though the data chunk is empty and the container ends with it: as writers leave a file that they never finished. */
export function isRecording(reader: HeaderReader, start: number): boolean {
  const { size } = reader.input
  if (size - start < MIN_RECORDING_BYTES || beginsWithTag(reader, start)) return false
  const end = endOfChunks(reader, start)
  const isChunks = end > start && size - end <= FEW_BYTES
  return !isChunks && !isZero(reader, start)
}

/**
 * Whether more than a few bytes stand behind the last chunk and are no tag.
 *
 * @param dataEnd where the data end by the header, before any padding
 */
export function hasTrailingBytes(reader: HeaderReader, dataEnd: number): boolean {
  const { size } = reader.input
  let end = endOfChunks(reader, dataEnd + (dataEnd % 2))
  // Some writers leave out the byte that pads data of odd size.
  if (dataEnd % 2 === 1 && end === dataEnd + 1) end = Math.max(end, endOfChunks(reader, dataEnd))
  return size - end > FEW_BYTES && !beginsWithTag(reader, end)
}

/** Where the chunks end that stand one behind the other from `position` on; `position` itself if there is none. */
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

/** Four characters of ASCII that can be seen, or spaces. */
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

/**
 * Corrects the sizes in the header of an output if those of its input were wrong, and changes
 * nothing else.
 */

import { Failure } from '../failure.js'
import { endOfData, hasLongSizes, MAX_U32, type WavHeader } from './header.js'

/**
 * Converting RIFF to RF64 inserts a ds64 chunk (EBU Tech 3306) after the first 12 bytes. All later
 * bytes move.
 */
const DS64_BYTES = 28
const GROWTH = 8 + DS64_BYTES
const GROWN_HEAD_BYTES = 12 + GROWTH

/** Length of an output compared with its input. */
export interface OutputSize {
  /** In bytes. */
  readonly size: number
  /** Number of bytes by which everything after the head moves. */
  readonly shift: number
}

/**
 * Returns the size of the output. Throws Failure E_WAV_TOO_LONG if its container cannot hold that
 * size.
 */
export function outputSize(header: WavHeader, inputSize: number): OutputSize {
  if (!header.sizesLie) return { size: inputSize, shift: 0 }
  // Chunks start at even positions.
  const size = endOfData(header) + (header.dataBytes % 2)
  // The largest number in RIFF's size field means that the size is unknown.
  if (size - 8 < MAX_U32 || hasLongSizes(header.container)) return { size, shift: 0 }
  if (header.container === 'RIFX') throw new Failure('E_WAV_TOO_LONG', `${size} bytes of RIFX`)
  return { size: size + GROWTH, shift: GROWTH }
}

/** Bytes of an output that are not those of its input. */
export interface Repair {
  readonly position: number
  readonly bytes: Uint8Array
}

/** Returns the true sizes, which replace those of the header, and a missing pad byte. */
export function sizeRepairs(header: WavHeader, { size, shift }: OutputSize): Repair[] {
  if (!header.sizesLie) return []
  const repairs: Repair[] = header.dataBytes % 2 === 1 ? [{ position: size - 1, bytes: new Uint8Array(1) }] : []
  const put = (position: number, bytes: Uint8Array) => repairs.push({ position, bytes })
  const dataSizeAt = header.dataOffset + shift - 4
  if (shift > 0 || hasLongSizes(header.container)) {
    const head = Buffer.alloc(GROWN_HEAD_BYTES)
    head.write('RF64')
    head.write('WAVEds64', 8)
    head.writeUInt32LE(DS64_BYTES, 16)
    putLongSizes(head, size, header.dataBytes, header.frames)
    // A file that already has a ds64 chunk keeps its name, and the size and the table of that
    // chunk.
    if (shift > 0) put(0, head)
    else {
      put(4, head.subarray(4, 8))
      put(20, head.subarray(20, 44))
    }
    put(dataSizeAt, head.subarray(4, 8))
    return repairs
  }
  put(4, word(size - 8, header.bigEndian))
  put(dataSizeAt, word(header.dataBytes, header.bigEndian))
  return repairs
}

/** Makes the repairs in those bytes of an output that begin at `start`. */
export function repairBytes(bytes: Uint8Array, start: number, repairs: readonly Repair[]): void {
  for (const { position, bytes: repaired } of repairs) {
    const from = Math.max(position, start)
    const to = Math.min(position + repaired.length, start + bytes.length)
    if (from < to) bytes.set(repaired.subarray(from - position, to - position), from - start)
  }
}

/**
 * Writes the sizes of RF64 or BW64: the field of RIFF, and the sizes in ds64. `head` must reach to
 * the end of the number of frames.
 */
export function putLongSizes(head: Buffer, size: number, dataBytes: number, frames: number): void {
  head.writeUInt32LE(MAX_U32, 4)
  head.writeBigUInt64LE(BigInt(size - 8), 20)
  head.writeBigUInt64LE(BigInt(dataBytes), 28)
  head.writeBigUInt64LE(BigInt(frames), 36)
}

function word(value: number, bigEndian: boolean): Buffer {
  const bytes = Buffer.alloc(4)
  if (bigEndian) bytes.writeUInt32BE(value)
  else bytes.writeUInt32LE(value)
  return bytes
}

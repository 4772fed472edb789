/** True sizes for outputs whose input has none: what a header says of them is put right, and nothing else. */

import { Failure } from '../failure.js'
import { endOfData, hasLongSizes, MAX_U32, type WavHeader } from './header.js'

/** What RIFF takes to become RF64, the ds64 chunk (EBU Tech 3306): behind these first 12 bytes all else moves on. */
const DS64_BYTES = 28
const GROWTH = 8 + DS64_BYTES
const GROWN_HEAD_BYTES = 12 + GROWTH

/** How an output differs in length from its input. */
export interface OutputSize {
  /** In bytes. */
  readonly size: number
  /** How far behind its place in the input everything stands, once the head is repaired. */
  readonly shift: number
}

/** Throws Failure E_WAV_TOO_LONG where a container cannot hold the size that the output has. */
export function outputSize(header: WavHeader, inputSize: number): OutputSize {
  if (!header.sizesLie) return { size: inputSize, shift: 0 }
  // Chunks stand at even positions.
  const size = endOfData(header) + (header.dataBytes % 2)
  // The largest number that the field of RIFF takes stands for a size that is not known.
  if (size - 8 < MAX_U32 || hasLongSizes(header.container)) return { size, shift: 0 }
  if (header.container === 'RIFX') throw new Failure('E_WAV_TOO_LONG', `${size} bytes of RIFX`)
  return { size: size + GROWTH, shift: GROWTH }
}

/** Where the parts of an output are put. */
export interface Output {
  write(position: number, buffer: Uint8Array): void
}

/** Puts true sizes where the header has others, once all else of the output stands at its place. */
export function repairSizes(output: Output, header: WavHeader, { size, shift }: OutputSize): void {
  if (header.dataBytes % 2 === 1) output.write(size - 1, new Uint8Array(1))
  const dataSizeAt = header.dataOffset + shift - 4
  if (shift > 0 || hasLongSizes(header.container)) {
    const head = Buffer.alloc(GROWN_HEAD_BYTES)
    head.write('RF64')
    head.write('WAVEds64', 8)
    head.writeUInt32LE(DS64_BYTES, 16)
    putLongSizes(head, size, header.dataBytes, header.frames)
    // What has a ds64 chunk keeps its name, that chunk's size and its table.
    if (shift > 0) output.write(0, head)
    else {
      output.write(4, head.subarray(4, 8))
      output.write(20, head.subarray(20, 44))
    }
    output.write(dataSizeAt, head.subarray(4, 8))
    return
  }
  output.write(4, word(size - 8, header.bigEndian))
  output.write(dataSizeAt, word(header.dataBytes, header.bigEndian))
}

/** Puts sizes into the head of RF64 or BW64: the field of RIFF, and ds64, which the head has up to its number of frames. */
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

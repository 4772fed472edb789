/**
 * Coded samples, decoded to 16-bit PCM by the package wavefile: A-law and mu-law (ITU-T G.711) and IMA ADPCM as Microsoft has it in WAV.
 * TypeScript only: the C++ half hands files of these over.
 *
 * wavefile reads a whole file at once and trusts its header, so it is given small WAV files of our own making, of a few blocks each.
 */

import { createRequire } from 'node:module'
import { placeOf } from '../../places.js'

export type CodecName = 'A-law' | 'mu-law' | 'IMA ADPCM'

export interface Codec {
  readonly name: CodecName
  /** Format tag in the fmt chunk. */
  readonly tag: number
  /** Bits a sample that the fmt chunk must say. */
  readonly bits: number
}

export const codecs: readonly Codec[] = [
  { name: 'A-law', tag: 0x0006, bits: 8 },
  { name: 'mu-law', tag: 0x0007, bits: 8 },
  { name: 'IMA ADPCM', tag: 0x0011, bits: 4 },
]

/** How coded samples lie: in blocks of all channels. */
export interface CodedLayout {
  readonly codec: Codec
  readonly channels: number
  /** Bytes of a block. */
  readonly blockAlign: number
}

/** A channel's part of an IMA block begins with its first sample and the index of its step. */
const IMA_HEAD_BYTES = 4
/** Then its codes come in words of eight, of each channel in turn. */
const IMA_WORD_BYTES = 4
const IMA_WORD_FRAMES = 8
const IMA_MAX_INDEX = 88

/** Frames that a block of this many bytes holds; the last may be shorter than blockAlign. */
export function framesOfBlock({ codec, channels }: CodedLayout, bytes: number): number {
  if (codec.name !== 'IMA ADPCM') return Math.floor(bytes / channels)
  const words = Math.floor((bytes / channels - IMA_HEAD_BYTES) / IMA_WORD_BYTES)
  return words < 0 ? 0 : 1 + words * IMA_WORD_FRAMES
}

/** Bytes of such a block, at its end, that are too few for a frame of all channels. */
export function unusedOfBlock(layout: CodedLayout, bytes: number): number {
  const { codec, channels } = layout
  if (codec.name !== 'IMA ADPCM') return bytes % channels
  const frames = framesOfBlock(layout, bytes)
  return frames === 0 ? bytes : bytes - (IMA_HEAD_BYTES + ((frames - 1) / IMA_WORD_FRAMES) * IMA_WORD_BYTES) * channels
}

/** Why blocks cannot be of this layout; undefined if they can. */
export function layoutFault({ codec, channels, blockAlign }: CodedLayout): string | undefined {
  const unit = codec.name === 'IMA ADPCM' ? IMA_WORD_BYTES * channels : channels
  const fits = codec.name === 'IMA ADPCM' ? blockAlign > 0 && blockAlign % unit === 0 : blockAlign === unit
  return fits ? undefined : `block align ${blockAlign} of ${channels} channels`
}

/**
 * The frames of whole blocks, of which the last may be shorter, interleaved.
 *
 * @returns undefined where they are no such blocks: an IMA block with an index beyond its table
 */
export function decodeBlocks(layout: CodedLayout, bytes: Uint8Array): Int16Array | undefined {
  return layout.codec.name === 'IMA ADPCM' ? decodeIma(layout, bytes) : decodeMono(layout.codec, 1, bytes)
}

function decodeIma(layout: CodedLayout, bytes: Uint8Array): Int16Array | undefined {
  const { codec, channels, blockAlign } = layout
  const blocks = Math.ceil(bytes.length / blockAlign)
  const monoAlign = blockAlign / channels
  const last = bytes.length - (blocks - 1) * blockAlign
  const blockFrames = framesOfBlock(layout, blockAlign)
  const decoded = new Int16Array(((blocks - 1) * blockFrames + framesOfBlock(layout, last)) * channels)
  for (let channel = 0; channel < channels; channel++) {
    // One block more: wavefile leaves out the last.
    const mono = new Uint8Array((blocks + 1) * monoAlign)
    const first = new Int16Array(blocks)
    for (let block = 0; block < blocks; block++) {
      const part = mono.subarray(block * monoAlign, (block + 1) * monoAlign)
      const from = block * blockAlign
      for (let at = 0; at < monoAlign; at += IMA_WORD_BYTES) {
        const word = from + at * channels + channel * IMA_WORD_BYTES
        part.set(bytes.subarray(word, Math.max(word, Math.min(word + IMA_WORD_BYTES, bytes.length))), at)
      }
      if (part[2] > IMA_MAX_INDEX) return undefined
      first[block] = part[0] | (part[1] << 8)
      // wavefile takes -32768 for +32768, and goes no lower than -32767.
      if (first[block] === -32768) part[0] = 1
    }
    const samples = decodeMono(codec, monoAlign, mono)
    // wavefile gives the first sample of each block twice.
    const stride = blockFrames + 1
    for (let i = channel, frame = 0; i < decoded.length; i += channels, frame++) {
      const block = Math.floor(frame / blockFrames)
      const within = frame % blockFrames
      decoded[i] = within === 0 ? first[block] : samples[block * stride + 1 + within]
    }
  }
  return decoded
}

const SIZE = 60

/** Decodes the blocks of one channel, or samples that stand alone, through a WAV file made for them. */
function decodeMono(codec: Codec, blockAlign: number, bytes: Uint8Array): Int16Array {
  const file = Buffer.alloc(SIZE + bytes.length + (bytes.length % 2))
  file.write('RIFF', 0, 'latin1')
  file.writeUInt32LE(file.length - 8, 4)
  file.write('WAVEfmt ', 8, 'latin1')
  file.writeUInt32LE(20, 16)
  file.writeUInt16LE(codec.tag, 20)
  file.writeUInt16LE(1, 22)
  file.writeUInt32LE(8000, 24)
  file.writeUInt32LE(8000, 28)
  file.writeUInt16LE(blockAlign, 32)
  file.writeUInt16LE(codec.bits, 34)
  file.writeUInt16LE(2, 36)
  file.writeUInt16LE(Math.max(0, 2 * (blockAlign - IMA_HEAD_BYTES) + 1), 38)
  file.write('fact', 40, 'latin1')
  file.writeUInt32LE(4, 44)
  file.writeUInt32LE(bytes.length, 48)
  file.write('data', 52, 'latin1')
  file.writeUInt32LE(bytes.length, 56)
  file.set(bytes, SIZE)
  const wav = new (waveFile())(file)
  if (codec.name === 'A-law') wav.fromALaw()
  else if (codec.name === 'mu-law') wav.fromMuLaw()
  else wav.fromIMAADPCM()
  const { samples } = wav.data as { samples: Uint8Array }
  return new Int16Array(samples.buffer.slice(samples.byteOffset, samples.byteOffset + samples.length))
}

let loaded: typeof import('wavefile').WaveFile | undefined

/** Loaded at the first coded file: it takes as long as a short file. */
function waveFile() {
  loaded ??= (createRequire(placeOf('dist/'))('wavefile') as typeof import('wavefile')).WaveFile
  return loaded
}
